// SPDX-License-Identifier: MIT
// A child process is the server.
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long long counter(void)
{
    char line[400];
    unsigned long long n, result = 0;
    FILE *f = fopen("/proc/net/dev", "r");

    while (f != NULL && fgets(line, sizeof line, f))
        if (sscanf(line, " lo: %llu", &n) == 1)
            result = n;
    if (f != NULL)
        fclose(f);
    return result;
}

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return *(const unsigned char *)&((const struct sockaddr_in *)a)
                    ->sin_addr == 127;
    return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                  &in6addr_loopback, 16) == 0;
}

static _Noreturn void serve(int listener)
{
    char buf[12];
    ssize_t n;
    int fd = accept(listener, NULL, NULL);
    while ((n = read(fd, buf, sizeof buf)) > 0)
        if (write(fd, buf, (size_t)n) != n)
            _exit(1);
    close(fd);
    close(listener);
    _exit(0);
}

static const char *trip(const struct addrinfo *at, char *echo)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    int one = -1, two = -1, three = -1, saved;
    const char *call = "socket";

    if ((one = socket(at->ai_family, at->ai_socktype, at->ai_protocol)) < 0)
        goto out;
    call = "bind";
    if (bind(one, at->ai_addr, at->ai_addrlen) < 0)
        goto out;
    call = "listen";
    if (listen(one, 5) < 0)
        goto out;
    call = "getsockname";
    if (getsockname(one, (struct sockaddr *)&addr, &len) < 0)
        goto out;
    call = "fork";
    pid_t child = fork();
    if (child < 0)
        goto out;
    if (child == 0)
        serve(one);
    call = "socket";
    if ((two = socket(at->ai_family, SOCK_STREAM, 0)) < 0)
        goto out;
    call = "connect";
    if (connect(two, (struct sockaddr *)&addr, len) < 0)
        goto out;
    call = "write";
    if (write(two, "Hello friend", 12) != 12)
        goto out;
    call = "read";
    for (size_t got = 0; got < 12;) {
        ssize_t n = read(two, echo + got, 12 - got);
        if (n <= 0)
            goto out;
        got += (size_t)n;
    }
    close(two); // its end of stream ends the child
    two = -1;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    call = NULL;
out:
    saved = errno;
    if (three >= 0)
        close(three);
    if (two >= 0)
        close(two);
    if (one >= 0)
        close(one);
    errno = saved;
    return call;
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "localhost";
    struct addrinfo hints = {0}, *list, *at;
    int error, worked = 0;

    if (argc > 2) {
        fprintf(stderr, "usage: %s [NAME]\n", argv[0]);
        return 2;
    }
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    if ((error = getaddrinfo(name, NULL, &hints, &list)) != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        return 1;
    }
    for (at = list; at; at = at->ai_next) {
        char text[INET6_ADDRSTRLEN], echo[13] = "";
        const void *bytes =
            at->ai_family == AF_INET6
                ? (void *)&((struct sockaddr_in6 *)at->ai_addr)->sin6_addr
                : (void *)&((struct sockaddr_in *)at->ai_addr)->sin_addr;
        inet_ntop(at->ai_family, bytes, text, sizeof text);
        unsigned long long before = counter();
        const char *failed = trip(at, echo);
        unsigned long long after = counter();
        if (failed != NULL) {
            fprintf(stderr, "%s is %s: %s: %s\n", name, text, failed,
                    strerror(errno));
            continue;
        }
        printf("%s is %s, %sloopback: Received \"%s\", lo carried %llu bytes\n",
               name, text, is_loopback(at->ai_addr) ? "" : "not ", echo,
               after - before);
        worked++;
    }
    freeaddrinfo(list);
    return worked > 0 ? 0 : 1;
}
