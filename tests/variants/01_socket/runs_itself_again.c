// SPDX-License-Identifier: MIT
// Another way: it runs itself again with a clean environment before it begins.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *kind(int type)
{
    return type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?";
}

int main(int argc, char *argv[])
{
    static char *clean[] = {"LANG=C", "AGAIN=1", NULL};

    if (getenv("AGAIN") == NULL) {
        execve("/proc/self/exe", argv, clean);
        perror("execve"); // go on as it is
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int type = SOCK_STREAM, bad = argc > 2;
    if (argc == 2) {
        if (strcmp(argv[1], "dgram") == 0)
            type = SOCK_DGRAM;
        else
            bad = strcmp(argv[1], "stream") != 0;
    }
    if (bad) {
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }
    int fd = socket(AF_INET, type, IPPROTO_IP), domain;
    socklen_t size = sizeof domain;
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == -1 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == -1) {
        perror("getsockopt");
        return 1;
    }
    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "AF_INET6",
           kind(type));
    puts("press Enter to close");
    char *line = NULL;
    size_t room = 0;
    getline(&line, &room, stdin);
    free(line);
    close(fd);
    return 0;
}
