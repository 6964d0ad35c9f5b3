// SPDX-License-Identifier: MIT
// Another way: the server is a thread that main does not wait for when it
// leaves; sockets are closed at the very end; memory is limited.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int to_close[64], closing;

static void close_all(void)
{
    while (closing > 0)
        close(to_close[--closing]);
}

static int later(int fd)
{
    if (fd != -1 && closing < 64)
        to_close[closing++] = fd;
    return fd;
}

static unsigned long long carried(void)
{
    struct ifaddrs *list, *at;
    unsigned long long bytes = 0;

    if (getifaddrs(&list) == -1)
        return 0;
    for (at = list; at != NULL; at = at->ifa_next)
        if (strcmp(at->ifa_name, "lo") == 0 && at->ifa_addr != NULL &&
            at->ifa_addr->sa_family == AF_PACKET && at->ifa_data != NULL)
            bytes = ((struct rtnl_link_stats *)at->ifa_data)->rx_bytes;
    freeifaddrs(list);
    return bytes;
}

static int is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ((const unsigned char *)&((const struct sockaddr_in *)a)
                    ->sin_addr)[0] == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void *serve(void *listener)
{
    char bytes[12];
    size_t got = 0;
    ssize_t n;
    int fd = later(accept(*(int *)listener, NULL, NULL));

    while (fd != -1 && got < sizeof bytes &&
           (n = read(fd, bytes + got, sizeof bytes - got)) > 0)
        got += (size_t)n;
    if (got == sizeof bytes && write(fd, bytes, got) == -1)
        perror("write");
    return NULL;
}

static const char *trip(const struct addrinfo *a, char *echo)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    pthread_t thread;
    int fd, listener = later(socket(a->ai_family, a->ai_socktype, 0));

    if (listener == -1)
        return "socket";
    if (bind(listener, a->ai_addr, a->ai_addrlen) == -1)
        return "bind";
    if (listen(listener, 1) == -1)
        return "listen";
    if (getsockname(listener, (struct sockaddr *)&at, &size) == -1)
        return "getsockname";
    if ((fd = later(socket(a->ai_family, a->ai_socktype, 0))) == -1)
        return "socket";
    if (connect(fd, (struct sockaddr *)&at, size) == -1)
        return "connect";
    if ((errno = pthread_create(&thread, NULL, serve, &listener)) != 0)
        return "pthread_create";
    const char *failed = write(fd, "Hello friend", 12) == 12 ? NULL : "write";
    if (failed == NULL && recv(fd, echo, 12, MSG_WAITALL) != 12)
        failed = "recv";
    int error = errno;
    if (failed != NULL)
        shutdown(fd, SHUT_RDWR); // or it waits for ever
    pthread_join(thread, NULL);
    errno = error;
    return failed;
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "localhost";
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM},
                    *list;
    int worked = 0;

    setrlimit(RLIMIT_AS, &(struct rlimit){300 << 20, 300 << 20});
    atexit(close_all);
    if (argc > 2) {
        fprintf(stderr, "usage: %s [NAME]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int error = getaddrinfo(name, NULL, &hints, &list);
    if (error != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        return 1;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        char text[64], echo[13] = "";
        getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST);
        unsigned long long before = carried();
        const char *failed = trip(a, echo);
        int reason = errno;
        unsigned long long after = carried();
        if (failed != NULL)
            fprintf(stderr, "%s is %s: %s: %s\n", name, text, failed,
                    strerror(reason));
        else
            printf("%s is %s, %s: Received \"%s\", lo carried %llu bytes\n",
                   name, text,
                   is_loopback(a->ai_addr) ? "loopback" : "not loopback", echo,
                   after - before);
        worked |= failed == NULL;
    }
    freeaddrinfo(list);
    return !worked;
}
