// SPDX-License-Identifier: MIT
// Another way: a thread does everything and main leaves with pthread_exit;
// what is open is closed by atexit.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
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

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int fd = -1;

static void close_it(void)
{
    if (fd != -1)
        close(fd);
}

static void *work(void *argument)
{
    int *type = argument, domain, its;
    socklen_t size = sizeof domain;
    char line[100];

    puts("fd 0 is a pipe, or a terminal");
    if ((fd = socket(AF_INET, *type, 0)) < 0)
        die("socket");
    puts("fd made: asking what it is");
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
        die("asking for the domain");
    size = sizeof its;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &its, &size) < 0)
        die("asking for the type");
    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "?",
           kind(its));
    printf("press Enter to close\n");
    if (fgets(line, sizeof line, stdin) == NULL)
        puts("(end of stdin)");
    exit(0);
}

int main(int argc, char **argv)
{
    static int type = SOCK_STREAM;
    pthread_t thread;

    setvbuf(stdout, NULL, _IONBF, 0);
    printf("01_socket, a thread of its own\n");
    if (argc > 2 ||
        (argc == 2 && strcmp(argv[1], "stream") && strcmp(argv[1], "dgram"))) {
        fprintf(stderr,
                "this program makes a socket\nusage: %s [stream|dgram]\n",
                *argv);
        return 2;
    }
    if (argc == 2 && argv[1][0] == 'd')
        type = SOCK_DGRAM;
    atexit(close_it);
    if (pthread_create(&thread, NULL, work, &type) != 0)
        return 1;
    pthread_exit(NULL);
}
