// SPDX-License-Identifier: MIT
// Wait until the peer has ended, and send all the same: after_close [TEXT]
// TEXT is sent before.
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void report(const char *call, ssize_t result)
{
    if (result == -1)
        perror(call);
    else
        printf("%s: %zd\n", call, result);
}

// [safely]
/// End a connection without a reset that could destroy what we have sent.
static void close_safely(int fd)
{
    char rest[4096];

    shutdown(fd, SHUT_WR); // FIN: we have said everything
    while (recv(fd, rest, sizeof rest, 0) > 0)
        ; // what the peer still says has to be read
    close(fd);
}
// [safely]

int main(int argc, char *argv[])
{
    char buf[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(4444),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (fd == -1 ||
        connect(fd, (struct sockaddr *)&server, sizeof server) == -1) {
        perror("connect");
        return 1;
    }
    if (argc > 1)
        report("send", send(fd, argv[1], strlen(argv[1]), MSG_NOSIGNAL));

    // [late]
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    poll(&ended, 1, -1); // sleeps until there is something: here, the end
    report("send", send(fd, "Hello", 5, MSG_NOSIGNAL));
    report("send", send(fd, "Hello", 5, MSG_NOSIGNAL));
    report("recv", recv(fd, buf, sizeof buf, 0));
    // [late]

    close_safely(fd);
    return 0;
}
