// SPDX-License-Identifier: MIT
// Another way: an IPv6 socket calls an IPv4 address; both ends are printed as
// IPv4.
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
    struct sockaddr_in6 to, me;
    socklen_t size = sizeof to;
    char one[64], two[64];
    int on = 1;

    puts("connected to nothing yet");
    fflush(stdout);
    arguments(argc, argv);
    int fd = socket(PF_INET6, SOCK_STREAM, IPPROTO_TCP);
    if (fd == -1)
        die("socket");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        perror("(TCP_NODELAY)");
    to = mapped(host, port);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == -1)
        die("connect");
    if (getpeername(fd, (struct sockaddr *)&to, &size) == -1)
        die("getpeername");
    size = sizeof me;
    if (getsockname(fd, (struct sockaddr *)&me, &size) == -1)
        die("getsockname");
    printf("connected to the server\nconnected to %s from %s\n",
           plain(&to, one, sizeof one), plain(&me, two, sizeof two));
    fflush(stdout);
    hold();
    close(fd);
    return 0;
}
