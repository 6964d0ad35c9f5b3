// SPDX-License-Identifier: MIT
// sendmsg and recvmsg one byte at a time, goto for the clean-up, getaddrinfo for
// the address.
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

#include <netdb.h>

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
    struct addrinfo hints = {.ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char *echo = malloc(size + 1), c;
    int status = 1, fd = -1;
    const char *failed = NULL;

    (void)ip;
    if (getaddrinfo(host, port_text, &hints, &list) != 0) {
        fprintf(stderr, "getaddrinfo failed\n");
        goto out;
    }
    failed = "socket";
    if ((fd = socket(list->ai_family, list->ai_socktype, 0)) == -1)
        goto out;
    failed = "connect";
    if (connect(fd, list->ai_addr, list->ai_addrlen) == -1)
        goto out;
    for (size_t sent = 0; sent < size;) {
        struct iovec piece = {(char *)message + sent, size - sent};
        struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
        ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);
        failed = "sendmsg";
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            goto out;
        sent += (size_t)n;
    }
    for (size_t got = 0; got < size;) {
        struct iovec piece = {&c, 1};
        struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
        ssize_t n = recvmsg(fd, &m, 0);
        failed = "recvmsg";
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            goto out;
        failed = NULL;
        if (n == 0) {
            fprintf(stderr, "ended after %zu of %zu bytes\n", got, size);
            goto out;
        }
        if ((echo[got] = c) != message[got]) {
            fprintf(stderr, "differs at byte %zu\n", got);
            goto out;
        }
        got++;
    }
    failed = NULL;
    echo[size] = '\0';
    printf("Received \"%s\"\n", echo);
    status = 0;
out:
    if (failed != NULL)
        perror(failed);
    if (fd != -1)
        close(fd);
    if (list != NULL)
        freeaddrinfo(list);
    free(echo);
    return status;
}
