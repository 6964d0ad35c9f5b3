// SPDX-License-Identifier: MIT
// Non-blocking from connect on: sends and receives at once, with poll.
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
    char *echo = calloc(1, size + 1);
    size_t sent = 0, got = 0;
    int fd = connected(ip, port);

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    while (got < size) {
        struct pollfd p = {fd, (short)(POLLIN | (sent < size ? POLLOUT : 0)),
                           0};
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            die("poll");
        if (sent < size) {
            ssize_t n = send(fd, message + sent, size - sent, MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                die("send");
            sent += n > 0 ? (size_t)n : 0;
        }
        ssize_t n = recv(fd, echo + got, size - got, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            die("recv");
        if (n == 0) {
            fprintf(stderr, "ended after %zu of %zu bytes\n", got, size);
            return 1;
        }
        for (; n > 0; n--, got++)
            if (echo[got] != message[got]) {
                fprintf(stderr, "differs at byte %zu\n", got);
                return 1;
            }
    }
    printf("Received \"%s\"\n", echo);
    free(echo);
    close(fd);
    return 0;
}
