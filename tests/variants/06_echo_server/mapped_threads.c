// SPDX-License-Identifier: MIT
// Another way: an IPv6 socket for IPv4; one thread reads, another writes, a
// pipe between them; main has left.
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
    if (argc > 3 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        exit(2);
    }
}

/// An IPv4 address as IPv6 sees it: ::ffff:a.b.c.d
static struct sockaddr_in6 mapped(struct in_addr ip, long port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_port = htons((in_port_t)port)};
    a.sin6_addr.s6_addr[10] = a.sin6_addr.s6_addr[11] = 0xff;
    memcpy(a.sin6_addr.s6_addr + 12, &ip, 4);
    return a;
}

/// And back again, as a text of IPv4.
static const char *plain(const struct sockaddr_in6 *a, char *text, size_t size)
{
    char ip[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, a->sin6_addr.s6_addr + 12, ip, sizeof ip);
    snprintf(text, size, "%s:%d", ip, ntohs(a->sin6_port));
    return text;
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int listen_fd, conn, ends[2];

static void *writer(void *unused)
{
    char part[3000];
    ssize_t got;

    while ((got = read(ends[0], part, sizeof part)) != 0) {
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read");
        for (ssize_t at = 0; at < got;) {
            ssize_t n = write(conn, part + at, (size_t)(got - at));
            if (n == -1 && errno != EINTR)
                die("write");
            at += n > 0 ? n : 0;
        }
    }
    close(conn);
    close(listen_fd);
    exit(0);
    return unused;
}

static void *reader(void *unused)
{
    char part[5000];
    ssize_t got;

    while ((got = read(conn, part, sizeof part)) != 0) {
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("read");
        for (ssize_t at = 0; at < got;) {
            ssize_t n = write(ends[1], part + at, (size_t)(got - at));
            if (n == -1 && errno != EINTR)
                die("write");
            at += n > 0 ? n : 0;
        }
    }
    close(ends[1]);
    return unused;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in6 at;
    socklen_t size = sizeof at;
    pthread_t threads[2];
    char text[64];
    int on = 1;

    arguments(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if ((listen_fd = socket(AF_INET6, SOCK_STREAM, 0)) == -1)
        die("socket");
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    at = mapped(host, port);
    if (bind(listen_fd, (struct sockaddr *)&at, sizeof at) == -1)
        die("bind");
    if (listen(listen_fd, 1) == -1)
        die("listen");
    if (getsockname(listen_fd, (struct sockaddr *)&at, &size) == -1)
        die("getsockname");
    printf("listening on %s\n", plain(&at, text, sizeof text));
    do {
        size = sizeof at;
        conn = accept(listen_fd, (struct sockaddr *)&at, &size);
    } while (conn == -1 && (errno == EINTR || errno == ECONNABORTED));
    if (conn == -1)
        die("accept");
    printf("Connected by %s\n", plain(&at, text, sizeof text));
    if (pipe(ends) == -1 ||
        pthread_create(&threads[0], NULL, reader, NULL) != 0 ||
        pthread_create(&threads[1], NULL, writer, NULL) != 0)
        die("threads");
    pthread_exit(NULL);
}
