// SPDX-License-Identifier: MIT
// Another way: lo's counter is asked of the kernel through a netlink socket,
// and the name is announced first.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// What lo has received, from RTM_GETLINK.
static unsigned long long carried(void)
{
    static int netlink = -1;
    static char answer[32768] __attribute__((aligned(8)));
    struct {
        struct nlmsghdr head;
        struct ifinfomsg body;
    } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST, 1, 0},
             {.ifi_index = (int)if_nametoindex("lo")}};
    struct rtnl_link_stats64 stats = {0};

    if (netlink == -1)
        netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (send(netlink, &ask, sizeof ask, 0) == -1)
        return 0;
    ssize_t size = recv(netlink, answer, sizeof answer, 0);
    struct nlmsghdr *head = (void *)answer;
    close(netlink);
    netlink = -1;
    if (size <= 0 || head->nlmsg_type != RTM_NEWLINK)
        return 0;
    int left = (int)IFLA_PAYLOAD(head);
    for (struct rtattr *one = IFLA_RTA(NLMSG_DATA(head)); RTA_OK(one, left);
         one = RTA_NEXT(one, left))
        if (one->rta_type == IFLA_STATS64)
            memcpy(&stats, RTA_DATA(one), sizeof stats);
    return stats.tx_bytes;
}

static int is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ((const unsigned char *)&((const struct sockaddr_in *)a)
                    ->sin_addr)[0] == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static const char *trip(const struct addrinfo *a, char *echo)
{
    int s[3] = {-1, -1, -1}, error;
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    const char *call = "socket";

    s[0] = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s[0] == -1)
        goto out;
    call = "bind";
    if (bind(s[0], a->ai_addr, a->ai_addrlen) == -1)
        goto out;
    call = "listen";
    if (listen(s[0], 1) == -1)
        goto out;
    call = "getsockname";
    if (getsockname(s[0], (struct sockaddr *)&at, &size) == -1)
        goto out;
    call = "socket";
    if ((s[1] = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
        goto out;
    call = "connect";
    if (connect(s[1], (struct sockaddr *)&at, size) == -1)
        goto out;
    call = "accept";
    if ((s[2] = accept(s[0], NULL, NULL)) == -1)
        goto out;
    for (int way = 0; way < 2; way++) {
        size_t got = 0;
        call = "send";
        if (send(s[way == 0 ? 1 : 2], "Hello friend", 12, MSG_NOSIGNAL) != 12)
            goto out;
        call = "recv";
        while (got < 12) {
            ssize_t n = recv(s[way == 0 ? 2 : 1], echo + got, 12 - got, 0);
            if (n <= 0)
                goto out;
            got += (size_t)n;
        }
    }
    call = NULL;
out:
    error = errno;
    for (int i = 0; i < 3; i++)
        if (s[i] != -1)
            close(s[i]);
    errno = error;
    return call;
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "localhost";
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM},
                    *list;
    int worked = 0;
    printf("%s is being looked up\n", name);
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
