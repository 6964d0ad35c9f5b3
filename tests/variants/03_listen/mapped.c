// SPDX-License-Identifier: MIT
// Another way: an IPv6 socket listens at an IPv4 address; options that the
// step does not need are tried and forgotten.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
static long port, backlog;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    backlog = argc > 3 ? number(argv[3], 65535) : 16;
    if (argc > 4 || port < 0 || backlog < 1 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
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

static void hold(void)
{
    char c;
    puts("press Enter to close");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0 && c != '\n')
        continue;
}

int main(int argc, char *argv[])
{
    int on = 1, off = 0;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd == -1)
        die("socket");
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        perror("TCP_NODELAY (never mind)");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    struct sockaddr_in6 a = mapped(host, port);
    socklen_t len = sizeof a;
    if (bind(fd, (struct sockaddr *)&a, len) == -1)
        die("bind");
    puts("listening on the socket...");
    if (listen(fd, (int)backlog) == -1)
        die("listen");
    if (getsockname(fd, (struct sockaddr *)&a, &len) == -1)
        die("getsockname");
    char text[64];
    printf("listening on %s\n", plain(&a, text, sizeof text));
    hold();
    close(fd);
    return 0;
}
