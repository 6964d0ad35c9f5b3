// SPDX-License-Identifier: MIT
// Another way: a child in a session of its own has the socket; the parent
// waits for it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *kind(int type)
{
    return type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?";
}

static int child(int type)
{
    int domain, its;
    socklen_t len = sizeof domain;
    int fd = socket(AF_INET, type, 0);

    setsid();
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == -1 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &its, &len) == -1) {
        perror("getsockopt");
        return 1;
    }
    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "?",
           kind(its));
    puts("press Enter to close");
    int c;
    while ((c = getchar()) != EOF)
        if (c == '\n')
            break;
    return close(fd) == 0 ? 0 : 1;
}

int main(int argc, char *argv[])
{
    int dgram = argc == 2 && strcmp(argv[1], "dgram") == 0, status;

    if (argc > 2 || (argc == 2 && !dgram && strcmp(argv[1], "stream") != 0))
        return fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]), 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t pid = fork();
    if (pid == 0)
        return child(dgram ? SOCK_DGRAM : SOCK_STREAM);
    if (pid == -1 || waitpid(pid, &status, 0) == -1)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
