// SPDX-License-Identifier: MIT
// Another way: one thread sends, another receives, and main leaves both alone.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
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
    if (argc > 4 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE]]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int fd = -1;
static const char *message = "Hello friend";

static void *reader(void *unused)
{
    size_t size = strlen(message), got = 0;
    char *echo = malloc(size + 1);

    while (got < size) {
        ssize_t n = read(fd, echo + got, size - got);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            die("read");
        if (n == 0) {
            fprintf(
                stderr,
                "only the bytes up to here: after %zu of %zu bytes it ended\n",
                got, size);
            exit(1);
        }
        fprintf(stderr, "%zd bytes more\n", n);
        for (; n > 0; n--, got++)
            if (echo[got] != message[got]) {
                fprintf(stderr, "the echo differs at byte %zu\n", got);
                exit(1);
            }
    }
    printf("Received \"");
    fwrite(echo, 1, size, stdout);
    printf("\"\n");
    free(echo);
    close(fd);
    exit(0);
    return unused;
}

int main(int argc, char *argv[])
{
    pthread_t thread;

    arguments(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (argc > 3)
        message = argv[3];
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((in_port_t)port)};
    a.sin_addr = host;
    if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
        die("socket");
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1)
        die("connect");
    // Before the thread: it would close what is still to be sent.
    for (const char *at = message; *at != '\0';) {
        ssize_t n = write(fd, at, strlen(at));
        if (n == -1 && errno != EINTR)
            die("write");
        at += n > 0 ? n : 0;
    }
    if (pthread_create(&thread, NULL, reader, NULL) != 0)
        reader(NULL);
    pthread_exit(NULL);
}
