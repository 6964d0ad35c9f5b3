// SPDX-License-Identifier: MIT
// Another way: a child does the work, and the parent waits for it.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void work(int type)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        perror("socket");
        exit(1);
    }
    int domain, kind;
    socklen_t len = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &len)) {
        perror("getsockopt");
        exit(1);
    }
    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "?",
           kind == SOCK_DGRAM ? "SOCK_DGRAM" : "SOCK_STREAM");
    printf("press Enter to close\n");
    fflush(stdout);
    while (!feof(stdin) && getchar() != '\n')
        continue;
    close(fd);
    exit(0);
}

int main(int argc, char *argv[])
{
    int type = SOCK_STREAM, status;

    if (argc > 2 || (argc == 2 && strcmp(argv[1], "stream") != 0 &&
                     strcmp(argv[1], "dgram") != 0)) {
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }
    if (argc == 2 && strcmp(argv[1], "dgram") == 0)
        type = SOCK_DGRAM;

    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0)
        work(type);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
