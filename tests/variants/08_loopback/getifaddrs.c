// SPDX-License-Identifier: MIT
// getifaddrs for the counter; the listener is closed before the bytes go.
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
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
    struct ifaddrs *list, *at;
    unsigned long long result = 0;

    if (getifaddrs(&list) == -1)
        return 0;
    for (at = list; at != NULL; at = at->ifa_next)
        if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_PACKET &&
            strcmp(at->ifa_name, "lo") == 0)
            result = ((struct rtnl_link_stats *)at->ifa_data)->rx_bytes;
    freeifaddrs(list);
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
    call = "socket";
    if ((two = socket(at->ai_family, SOCK_STREAM, 0)) < 0)
        goto out;
    call = "connect";
    if (connect(two, (struct sockaddr *)&addr, len) < 0)
        goto out;
    call = "accept";
    if ((three = accept(one, NULL, NULL)) < 0)
        goto out;
    close(one);
    one = -1;
    call = "write";
    if (write(two, "Hello friend", 12) != 12)
        goto out;
    call = "recv";
    for (int i = 0; i < 12; i++)
        if (recv(three, echo + i, 1, 0) < 0 ||
            send(three, echo + i, 1, MSG_NOSIGNAL) < 0)
            goto out;
    for (int i = 0; i < 12; i++)
        if (recv(two, echo + i, 1, 0) < 0)
            goto out;
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
