// SPDX-License-Identifier: MIT
// Another way: getaddrinfo with AI_NUMERICHOST, and a thread that goes on when
// main has left; a destructor of the library's kind closes the socket.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
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

static int fd = -1;
static char big[8 << 20]; // more than it will ever need

__attribute__((destructor(200))) static void at_the_end(void)
{
    if (fd != -1)
        close(fd);
}

static void *wait_for_enter(void *unused)
{
    struct pollfd in = {.fd = 0, .events = POLLIN};
    (void)unused;
    for (;;) {
        if (poll(&in, 1, -1) == -1)
            continue;
        ssize_t n = read(0, big, sizeof big);
        if (n <= 0 || memchr(big, '\n', (size_t)n) != NULL)
            exit(0);
    }
}

int main(int argc, char *argv[])
{
    const char *host = argv[1] ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "4444";
    struct addrinfo want = {.ai_family = AF_INET,
                            .ai_socktype = SOCK_STREAM,
                            .ai_flags =
                                AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE},
                    *list = NULL;
    struct in_addr check;
    struct timespec nap = {0, 20000000};

    nanosleep(&nap, NULL);
    if (argc > 3 || inet_pton(AF_INET, host, &check) != 1 ||
        number(port, 65535) == -1 ||
        getaddrinfo(host, port, &want, &list) != 0) {
        fprintf(stderr, "bad arguments\nusage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    if (bind(fd, list->ai_addr, list->ai_addrlen) == -1) {
        perror("bind");
        return 1;
    }
    freeaddrinfo(list);
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    char ip[NI_MAXHOST], service[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&name, &len) == -1) {
        perror("getsockname");
        return 1;
    }
    getnameinfo((struct sockaddr *)&name, len, ip, sizeof ip, service,
                sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
    printf("bound to %s:%s\n", ip, service);
    puts("press Enter to close");
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_enter, NULL) == 0)
        pthread_exit(NULL);
    wait_for_enter(NULL);
}
