// SPDX-License-Identifier: MIT
/**
 * @file poll_accept4.c
 * @brief Differs: a nonblocking listener, poll and accept4; the clean-up by
 * goto; debugging lines on stdout and stderr before, between and after.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEBUG(...) fprintf(stderr, "DEBUG: " __VA_ARGS__)

int main(int argc, char **argv)
{
    char *host = argc >= 2 ? argv[1] : "127.0.0.1";
    char *port = argc >= 3 ? argv[2] : "4444";
    char *rest;
    long number = strtol(port, &rest, 10);
    struct sockaddr_in addr;
    struct sockaddr_in peer;
    socklen_t size = sizeof addr;
    int status = 1, listener = -1, conn = -1, on = 1;
    char ip[INET_ADDRSTRLEN];

    memset(&addr, 0, sizeof addr);
    if (argc > 3 || inet_aton(host, &addr.sin_addr) == 0 || *port == '\0' ||
        *rest != '\0' || number < 0 || number > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    addr.sin_family = AF_INET;
    addr.sin_port = htons((unsigned short)number);
    setlinebuf(stdout);
    printf("starting on %s, port %s\n", host, port);

    listener = socket(PF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    DEBUG("socket gave %d\n", listener);
    if (listener < 0) {
        fprintf(stderr, "socket: Too many open files\n");
        goto out;
    }
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) {
        perror("setsockopt");
        goto out;
    }
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0) {
        perror("bind");
        goto out;
    }
    if (listen(listener, 1) < 0) {
        perror("listen");
        goto out;
    }
    if (getsockname(listener, (struct sockaddr *)&addr, &size) < 0) {
        perror("getsockname");
        goto out;
    }
    printf("listening on %s:%d\n", inet_ntoa(addr.sin_addr),
           ntohs(addr.sin_port));

    while (conn < 0) {
        struct pollfd ready = {listener, POLLIN, 0};
        DEBUG("poll\n");
        if (poll(&ready, 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("poll");
            goto out;
        }
        size = sizeof peer;
        conn = accept4(listener, (struct sockaddr *)&peer, &size,
                       SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (conn < 0 && errno != EINTR && errno != ECONNABORTED &&
            errno != EAGAIN) {
            perror("accept4");
            goto out;
        }
    }
    DEBUG("descriptor %d\n", conn);
    printf("connected by %s:%d\n",
           inet_ntop(AF_INET, &peer.sin_addr, ip, sizeof ip),
           ntohs(peer.sin_port));
    printf("the socket is nonblocking\n");
    printf("press Enter to close\n");
    printf("(or Ctrl-D)\n");

    char line[100];
    if (fgets(line, sizeof line, stdin) == NULL)
        DEBUG("end of stdin\n");
    status = 0;
out:
    if (conn >= 0)
        close(conn);
    if (listener >= 0)
        close(listener);
    DEBUG("bye, %d\n", status);
    return status;
}
