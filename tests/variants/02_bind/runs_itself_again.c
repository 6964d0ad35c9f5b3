// SPDX-License-Identifier: MIT
// Another way: it runs itself again, with its arguments in the environment.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

int main(int argc, char *argv[])
{
    if (getenv("STEP2_AGAIN") == NULL) {
        setenv("STEP2_AGAIN", "yes", 1);
        execv("/proc/self/exe", argv);
    }
    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s == -1)
        die("socket");
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr = host;
    a.sin_port = htons((unsigned short)port);
    if (bind(s, (void *)&a, sizeof a) != 0)
        die("bind");
    socklen_t n = sizeof a;
    if (getsockname(s, (void *)&a, &n) != 0)
        die("getsockname");
    printf("bound to %s:%d\n", inet_ntoa(a.sin_addr), ntohs(a.sin_port));
    printf("press Enter to close\n");
    int c;
    while ((c = fgetc(stdin)) != '\n' && c != EOF)
        ;
    shutdown(s, SHUT_RDWR);
    close(s);
    exit(EXIT_SUCCESS);
}
