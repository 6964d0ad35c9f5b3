// SPDX-License-Identifier: MIT
// Another way: every address is served by IPv6 sockets, IPv4 ones as mapped
// addresses.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

static const char *give_up(const char *call, int a, int b, int c)
{
    int error = errno;
    if (a != -1)
        close(a);
    if (b != -1)
        close(b);
    if (c != -1)
        close(c);
    errno = error;
    return call;
}

static const char *trip(const struct addrinfo *a, char *echo)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6};
    socklen_t size = sizeof at;
    int off = 0;

    if (a->ai_family == AF_INET6) {
        memcpy(&at, a->ai_addr, sizeof at);
    } else {
        at.sin6_addr.s6_addr[10] = at.sin6_addr.s6_addr[11] = 255;
        memcpy(&at.sin6_addr.s6_addr[12],
               &((struct sockaddr_in *)a->ai_addr)->sin_addr, 4);
    }
    int l = socket(AF_INET6, SOCK_STREAM, 0), c, s;
    if (l == -1)
        return "socket";
    (void)setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(l, (struct sockaddr *)&at, sizeof at) == -1)
        return give_up("bind", l, -1, -1);
    if (listen(l, 2) == -1)
        return give_up("listen", l, -1, -1);
    if (getsockname(l, (struct sockaddr *)&at, &size) == -1)
        return give_up("getsockname", l, -1, -1);
    if ((c = socket(AF_INET6, SOCK_STREAM, 0)) == -1)
        return give_up("socket", l, -1, -1);
    if (connect(c, (struct sockaddr *)&at, sizeof at) == -1)
        return give_up("connect", l, c, -1);
    if ((s = accept(l, NULL, NULL)) == -1)
        return give_up("accept", l, c, -1);
    if (write(c, "Hello friend", 12) != 12)
        return give_up("write", l, c, s);
    if (recv(s, echo, 12, MSG_WAITALL) != 12)
        return give_up("recv", l, c, s);
    if (write(s, echo, 12) != 12)
        return give_up("write", l, c, s);
    memset(echo, 0, 12);
    if (recv(c, echo, 12, MSG_WAITALL) != 12)
        return give_up("recv", l, c, s);
    return give_up(NULL, l, c, s);
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "localhost";
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM},
                    *list;
    int worked = 0;
    puts("localhost is 127.0.0.1, most say: let us see");
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
