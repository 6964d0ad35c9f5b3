// SPDX-License-Identifier: MIT
// Another way: the parent makes the listening socket and closes its copy; a
// child holds the other one. Debugging prints everywhere.
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void trouble(const char *call)
{
    perror(call);
    exit(1);
}

static void hold(int fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    int c;

    if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        trouble("getsockname");
    printf("child: I have it\n");
    printf("listening on %s:%d\n", inet_ntoa(a.sin_addr), ntohs(a.sin_port));
    printf("child: now I wait\n");
    printf("press Enter to close\n");
    do
        c = getchar();
    while (c != '\n' && c != EOF);
    close(fd);
    exit(0);
}

int main(int argc, char *argv[])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(4444)};
    int backlog = 16, yes = 1, n = 0, status;
    unsigned port;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (argc > 4 || (argc > 1 && inet_pton(AF_INET, argv[1], &a.sin_addr) != 1))
        goto usage;
    if (argc > 2) {
        if (sscanf(argv[2], "%u%n", &port, &n) != 1 || argv[2][n] != '\0' ||
            port > 65535)
            goto usage;
        a.sin_port = htons((uint16_t)port);
    }
    if (argc > 3 && (sscanf(argv[3], "%d%n", &backlog, &n) != 1 ||
                     argv[3][n] != '\0' || backlog < 1 || backlog > 65535))
        goto usage;

    setlinebuf(stdout);
    signal(SIGPIPE, SIG_IGN);
    fprintf(stderr, "parent: arguments are fine\n");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        trouble("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0)
        trouble("setsockopt");
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
        trouble("bind");
    if (listen(fd, backlog) < 0)
        trouble("listen");
    printf("parent: it listens\n");

    pid_t pid = fork();
    if (pid < 0)
        trouble("fork");
    if (pid == 0)
        hold(fd);
    close(fd);
    waitpid(pid, &status, 0);
    fprintf(stderr, "parent: the child has ended\n");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;

usage:
    fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
    return 2;
}
