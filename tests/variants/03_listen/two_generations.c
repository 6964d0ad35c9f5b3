// SPDX-License-Identifier: MIT
// Another way: a child in a session of its own listens, and has handed its
// stdin to a thread; main has left.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static long number(const char *text, long most)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || n > most
               ? -1
               : n;
}

static struct in_addr host;
static long port, backlog;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    backlog = argc > 3 ? number(argv[3], 65535) : 16;
    if (argc > 4 || port < 0 || backlog < 1 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static void hold(void)
{
    char c;
    puts("press Enter to close");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0 && c != '\n')
        continue;
}

static void *end_at_enter(void *fd)
{
    hold();
    close(*(int *)fd);
    exit(0);
}

static void serve(void)
{
    static int fd;
    int on = 1;
    pthread_t thread;
    struct sockaddr_in at = {AF_INET, htons((in_port_t)port), host, {0}};
    socklen_t len = sizeof at;

    if (setsid() == -1)
        die("setsid");
    if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    if (bind(fd, (struct sockaddr *)&at, len) == -1)
        die("bind");
    if (listen(fd, (int)backlog) == -1)
        die("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &len) == -1)
        die("getsockname");
    printf("listening on %s:%d\n", inet_ntoa(at.sin_addr), ntohs(at.sin_port));
    if (pthread_create(&thread, NULL, end_at_enter, &fd) != 0)
        end_at_enter(&fd);
    pthread_exit(NULL);
}

int main(int argc, char *argv[])
{
    int status;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t child = fork();
    if (child == 0)
        serve();
    if (child == -1)
        die("fork");
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
