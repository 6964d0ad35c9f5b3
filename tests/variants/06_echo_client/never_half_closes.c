// SPDX-License-Identifier: MIT
// Counts the bytes and never half-closes; MSG_WAITALL; descriptors above 3, and
// prints everywhere.
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
    static char echo[200000];
    size_t sent = 0, got = 0;

    printf("debug: message of %zu bytes\n", size);
    open("/dev/null", O_RDONLY);
    int first = connected(ip, port), fd = dup(first);
    close(first);
    fprintf(stderr, "connected\n");
    while (sent < size) {
        ssize_t n = send(fd, message + sent, size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            die("send");
        sent += n > 0 ? (size_t)n : 0;
    }
    while (got < size) {
        ssize_t n = recv(fd, echo + got, size - got, MSG_WAITALL);
        if (n < 0 && errno != EINTR)
            die("recv");
        if (n == 0) {
            fprintf(stderr, "after %zu of %zu bytes the end\n", got, size);
            if (memcmp(echo, message, got) != 0)
                fprintf(stderr, "and wrong ones\n");
            return 1;
        }
        got += n > 0 ? (size_t)n : 0;
        fprintf(stderr, "now %zu bytes\n", got);
    }
    for (size_t i = 0; i < size; i++)
        if (echo[i] != message[i])
            return fprintf(stderr, "differs at byte %zu\n", i), 1;
    printf("Received \"");
    for (size_t i = 0; i < size; i++)
        putchar(echo[i]);
    puts("\"");
    fflush(stdout);
    close(fd);
    puts("bye");
    return 0;
}
