// SPDX-License-Identifier: MIT
// Another way: main has left, a thread holds in a process that nobody may look
// into; its parent waits in another session.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
static long port;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    if (argc > 3 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
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

static int fd;

static void *rest(void *unused)
{
    hold();
    close(fd);
    exit(0);
    return unused;
}

static void client(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)port)},
                       me;
    socklen_t len = sizeof to;
    pthread_t thread;
    char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN];

    prctl(PR_SET_DUMPABLE, 0);
    setsid();
    to.sin_addr = host;
    if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
        die("socket");
    if (connect(fd, (struct sockaddr *)&to, len) == -1)
        die("connect");
    if (getpeername(fd, (struct sockaddr *)&to, &len) == -1)
        die("getpeername");
    len = sizeof me;
    if (getsockname(fd, (struct sockaddr *)&me, &len) == -1)
        die("getsockname");
    inet_ntop(AF_INET, &to.sin_addr, a, sizeof a);
    inet_ntop(AF_INET, &me.sin_addr, b, sizeof b);
    printf("connected to %s:%d from %s:%d\n", a, ntohs(to.sin_port), b,
           ntohs(me.sin_port));
    if (pthread_create(&thread, NULL, rest, NULL) != 0)
        rest(NULL);
    pthread_exit(NULL);
}

int main(int argc, char *argv[])
{
    int status;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t pid = fork();
    if (pid == 0)
        client();
    if (pid == -1)
        die("fork");
    waitpid(pid, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
