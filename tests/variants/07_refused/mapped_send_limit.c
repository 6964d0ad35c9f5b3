// SPDX-License-Identifier: MIT
// Another way: an IPv6 socket for IPv4 whose calls are limited by SO_SNDTIMEO.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
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

int main(int argc, char *argv[])
{
    arguments(argc, argv);
    puts("connected to nothing");
    struct timeval most = {ms / 1000, ms % 1000 * 1000};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd == -1)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == -1)
        die("setsockopt");
    struct sockaddr_in6 a = mapped(host, port), b;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1)
        no_connection(errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT
                                                              : errno);
    puts("connected to the server");
    if (getpeername(fd, (struct sockaddr *)&a, &(socklen_t){sizeof a}) == -1)
        die("getpeername");
    if (getsockname(fd, (struct sockaddr *)&b, &(socklen_t){sizeof b}) == -1)
        die("getsockname");
    char to[64], from[64];
    printf("connected to %s from %s\n", plain(&a, to, sizeof to),
           plain(&b, from, sizeof from));
    close(fd);
    return 0;
}
