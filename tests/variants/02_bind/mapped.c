// SPDX-License-Identifier: MIT
// Another way: an IPv6 socket whose address is an IPv4 address in disguise
// (::ffff:127.0.0.1).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
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
    puts("bound to be good: step 2");
    arguments(argc, argv);
    int fd = socket(AF_INET6, SOCK_STREAM, 0), off = 0;
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    struct sockaddr_in6 a = mapped(host, port);
    socklen_t len = sizeof a;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == -1) {
        perror("bind");
        return 1;
    }
    puts("bound to something");
    if (getsockname(fd, (struct sockaddr *)&a, &len) == -1) {
        perror("getsockname of the bound socket");
        return 1;
    }
    char text[64];
    printf("bound to %s\n", plain(&a, text, sizeof text));
    fflush(stdout);
    hold();
    close(fd);
    return 0;
}
