// SPDX-License-Identifier: MIT
// Half-closes, and then reads to the end of the stream; read and write.
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *call)
{
    perror(call);
    exit(1);
}

static int connected(struct in_addr ip, long port)
{
    struct sockaddr_in addr = {0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        die("socket");
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("connect");
    return fd;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    char *end;
    long port = strtol(port_text, &end, 10);
    struct in_addr ip;

    if (argc > 4 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE]]]\n", argv[0]);
        return 2;
    }
    const char *message = argc > 3 ? argv[3] : "Hello friend";
    size_t size = strlen(message);
    char *echo = malloc(size + 1);
    size_t sent = 0, got = 0;
    ssize_t n;

    signal(SIGPIPE, SIG_IGN);
    int fd = connected(ip, port);
    for (; sent<size; sent += n> 0 ? (size_t)n : 0)
        if ((n = write(fd, message + sent, size - sent)) < 0 && errno != EINTR)
            die("write");
    if (shutdown(fd, SHUT_WR) < 0)
        die("shutdown");
    while (got <= size && (n = read(fd, echo + got, size + 1 - got)) != 0) {
        if (n < 0 && errno != EINTR)
            die("read");
        got += n > 0 ? (size_t)n : 0;
    }
    for (size_t i = 0; i < got && i < size; i++)
        if (echo[i] != message[i]) {
            fprintf(stderr, "error: the echo differs at byte %zu!\n", i);
            return 1;
        }
    if (got < size) {
        fprintf(stderr, "the server has ended after %zu of %zu bytes.\n", got,
                size);
        return 1;
    }
    printf("Received \"%.*s\"\n", (int)size, echo);
    free(echo);
    close(fd);
    return 0;
}
