// SPDX-License-Identifier: MIT
/**
 * @file select_hold.c
 * @brief Differs: the hold selects on stdin and the connection, reads what the
 * server sends, and goes on holding when the server has ended or reset.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static void hold(int fd)
{
    char bytes[512];

    for (;;) {
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(0, &readable);
        if (fd != -1)
            FD_SET(fd, &readable);
        if (select((fd > 0 ? fd : 0) + 1, &readable, NULL, NULL, NULL) == -1)
            continue;
        if (fd != -1 && FD_ISSET(fd, &readable)) {
            ssize_t n = recv(fd, bytes, sizeof bytes, 0);
            fprintf(stderr, "the server sent %zd bytes\n", n);
            if (n <= 0)
                fd = -1;
        }
        if (FD_ISSET(0, &readable) && read(0, bytes, sizeof bytes) >= 0)
            return;
    }
}

int main(int argc, char *argv[])
{
    struct sockaddr_in server = {.sin_family = AF_INET}, me, other;
    socklen_t my_size = sizeof me, other_size = sizeof other;
    const char *port = argc > 2 ? argv[2] : "4444";
    char *end;
    long number = strtol(port, &end, 10);

    if (argc > 3 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1",
                  &server.sin_addr) != 1 ||
        *port == '\0' || *end != '\0' || number < 0 || number > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    server.sin_port = htons((in_port_t)number);
    setlinebuf(stdout);

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        perror("socket");
        exit(1);
    }
    if (connect(fd, (void *)&server, sizeof server) != 0) {
        perror("connect");
        close(fd);
        exit(1);
    }
    if (getpeername(fd, (void *)&other, &other_size) != 0) {
        perror("getpeername");
        close(fd);
        exit(1);
    }
    if (getsockname(fd, (void *)&me, &my_size) != 0) {
        perror("getsockname");
        close(fd);
        exit(1);
    }
    char *to = strdupa(inet_ntoa(other.sin_addr)); // inet_ntoa has one buffer
    printf("connected to %s:%d from %s:%d\n", to, ntohs(other.sin_port),
           inet_ntoa(me.sin_addr), ntohs(me.sin_port));
    printf("press Enter to close\n");
    hold(fd);
    close(fd);
    exit(0);
}
