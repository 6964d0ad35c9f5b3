// SPDX-License-Identifier: MIT
// Send each argument as a datagram, then wait for as many: udp_client [TEXT...]
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    char *hello[] = {argv[0], "Hello friend"};
    if (argc < 2) {
        argc = 2;
        argv = hello;
    }

    // [connect]
    // Nothing is sent by connect: it only notes whom we talk to.
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(4444),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd == -1 ||
        connect(fd, (struct sockaddr *)&server, sizeof server) == -1) {
        perror("connect");
        return 1;
    }
    // [connect]

    // [limit]
    // An answer may never come, and nobody would say so: wait a second.
    struct timeval second = {.tv_sec = 1};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == -1) {
        perror("setsockopt");
        return 1;
    }
    // [limit]

    for (int i = 1; i < argc; i++)
        if (send(fd, argv[i], strlen(argv[i]), 0) == -1)
            perror("send");

    for (int i = 1; i < argc; i++) {
        char buf[65536];
        ssize_t got = recv(fd, buf, sizeof buf, 0);
        if (got == -1) {
            perror("recv");
            return 1;
        }
        printf("Received \"%.*s\"\n", (int)got, buf);
    }
    close(fd);
    return 0;
}
