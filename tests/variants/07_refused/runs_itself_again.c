// SPDX-License-Identifier: MIT
// Another way: runs itself again first; then select with a deadline of its
// own, after a getsockopt for the curious.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
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
static long port, ms;
static const char *host_text;

static void arguments(int argc, char *argv[])
{
    host_text = argc > 1 ? argv[1] : "127.0.0.1";
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    ms = argc > 3 ? number(argv[3], 60000) : 500;
    if (argc > 4 || port < 0 || ms < 1 ||
        inet_pton(AF_INET, host_text, &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [TIMEOUT_MS]]]\n", argv[0]);
        exit(2);
    }
}

static _Noreturn void no_connection(int error)
{
    fprintf(stderr, "connect to %s:%ld: %s\n", host_text, port,
            strerror(error));
    if (error == ECONNREFUSED)
        fputs("- another port?\n- is the server running?\n- a firewall that "
              "rejects?\n",
              stderr);
    if (error == ETIMEDOUT)
        fputs("a firewall may drop what we send, or the host is not there\n",
              stderr);
    exit(1);
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static void tell(int fd)
{
    struct sockaddr_in end[2];
    if (getpeername(fd, (struct sockaddr *)&end[0],
                    &(socklen_t){sizeof end[0]}) == -1)
        die("getpeername");
    if (getsockname(fd, (struct sockaddr *)&end[1],
                    &(socklen_t){sizeof end[1]}) == -1)
        die("getsockname");
    printf("connected to %s:%d ", inet_ntoa(end[0].sin_addr),
           ntohs(end[0].sin_port));
    printf("from %s:%d\n", inet_ntoa(end[1].sin_addr), ntohs(end[1].sin_port));
}

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char *argv[])
{
    int size, error = 0;

    if (getenv("TWICE") == NULL) {
        setenv("TWICE", "", 1);
        execv("/proc/self/exe", argv);
    }
    arguments(argc, argv);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd == -1)
        die("socket");
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
                   &(socklen_t){sizeof size}) == 0)
        printf("room to send: %d\n", size);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = host,
                            .sin_port = htons((in_port_t)port)};
    long end = now() + ms * 1000;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1)
        error = errno;
    while (error == EINPROGRESS) {
        long left = end - now();
        fd_set out;
        FD_ZERO(&out);
        FD_SET(fd, &out);
        struct timeval wait = {left / 1000000, left % 1000000};
        int n = left > 0 ? select(fd + 1, NULL, &out, NULL, &wait) : 0;
        if (n == -1 && errno != EINTR)
            die("select");
        if (n == 0 && now() >= end)
            error = ETIMEDOUT;
        if (n == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
                                 &(socklen_t){sizeof error}) == -1)
            die("getsockopt");
    }
    if (error != 0) {
        close(fd);
        no_connection(error);
    }
    tell(fd);
    close(fd);
    return 0;
}
