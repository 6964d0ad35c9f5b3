// SPDX-License-Identifier: MIT
// Another way: two branches, each with the constants that it prints. What it
// says is what the socket is. The hold looks ten times a second.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static int hold(void)
{
    char line[64];

    printf("press Enter to close\n");
    for (;;) {
        fd_set in;
        struct timeval tick = {0, 100000};
        FD_ZERO(&in);
        FD_SET(0, &in);
        if (select(1, &in, NULL, NULL, &tick) > 0)
            return (int)read(0, line, sizeof line);
    }
}

int main(int argc, char *argv[])
{
    int fd;

    setlinebuf(stdout);
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "stream") == 0)) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd != -1)
            printf("fd %d: AF_INET SOCK_STREAM\n", fd);
    } else if (argc == 2 && strcmp(argv[1], "dgram") == 0) {
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd != -1)
            printf("fd %d: AF_INET SOCK_DGRAM\n", fd);
    } else {
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    hold();
    dup2(2, fd); // closes the socket
    close(fd);
    return 0;
}
