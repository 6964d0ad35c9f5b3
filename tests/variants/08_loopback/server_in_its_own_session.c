// SPDX-License-Identifier: MIT
// Another way: for each address the server is a child in a session of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long long carried(void)
{
    unsigned long long bytes = 0;
    char line[300];
    FILE *f = fopen("/proc/net/dev", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, " lo: %llu", &bytes) == 1)
            break;
    if (f != NULL)
        fclose(f);
    return bytes;
}

static int is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ((const unsigned char *)&((const struct sockaddr_in *)a)
                    ->sin_addr)[0] == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void serve(int listener)
{
    char all[12];
    size_t got = 0;

    setsid();
    alarm(20);
    int fd = accept(listener, NULL, NULL);
    if (fd == -1)
        _exit(1);
    while (got < sizeof all) {
        ssize_t n = recv(fd, all + got, sizeof all - got, 0);
        if (n <= 0)
            _exit(1);
        got += (size_t)n;
    }
    send(fd, all, sizeof all, MSG_NOSIGNAL);
    close(fd);
    close(listener);
    _exit(0);
}

static const char *trip(const struct addrinfo *a, char *echo)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    const char *failed = NULL;
    pid_t child = -1;
    int fd = -1,
        listener = socket(a->ai_family, a->ai_socktype, a->ai_protocol);

    if (listener == -1)
        return "socket";
    if (bind(listener, a->ai_addr, a->ai_addrlen) == -1)
        failed = "bind";
    else if (listen(listener, 1) == -1)
        failed = "listen";
    else if (getsockname(listener, (struct sockaddr *)&at, &size) == -1)
        failed = "getsockname";
    else if ((fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol)) == -1)
        failed = "socket";
    else if ((child = fork()) == -1)
        failed = "fork";
    else if (child == 0)
        serve(listener);
    else if (connect(fd, (struct sockaddr *)&at, size) == -1)
        failed = "connect";
    else if (send(fd, "Hello friend", 12, MSG_NOSIGNAL) == -1)
        failed = "send";
    for (size_t got = 0; failed == NULL && got < 12;) {
        ssize_t n = recv(fd, echo + got, 12 - got, 0);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0 || errno != EINTR)
            failed = "recv";
    }
    int error = errno;
    if (fd != -1)
        close(fd);
    close(listener);
    if (child > 0 && failed != NULL)
        kill(child, SIGKILL);
    if (child > 0)
        waitpid(child, NULL, 0);
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
