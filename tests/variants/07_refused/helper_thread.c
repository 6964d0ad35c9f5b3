// SPDX-License-Identifier: MIT
// Another way: a thread calls connect, and main waits for it on a condition
// for so long.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static int fd, begun, done, error;
static struct timespec until;

static void *caller(void *unused)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = host,
                            .sin_port = htons((in_port_t)port)};
    pthread_mutex_lock(&lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000 + 5000000; // connect is yet to come
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    begun = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    int result = connect(fd, (struct sockaddr *)&a, sizeof a) == -1 ? errno : 0;

    pthread_mutex_lock(&lock);
    error = result;
    done = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(int argc, char *argv[])
{
    pthread_condattr_t attributes;
    pthread_t thread;

    arguments(argc, argv);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1)
        die("socket");
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_mutex_lock(&lock);
    if (pthread_create(&thread, NULL, caller, NULL) != 0) {
        fputs("no thread\n", stderr);
        return 1;
    }
    while (!begun)
        pthread_cond_wait(&changed, &lock);
    while (!done)
        if (pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT) {
            error = done ? error : ETIMEDOUT;
            break;
        }
    if (error != 0)
        no_connection(error);
    tell(fd);
    close(fd);
    return 0;
}
