// SPDX-License-Identifier: MIT
/**
 * @file traffic.c
 * @brief Traffic over lo, and over two interfaces that are made for it.
 */

#include "traffic.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 1000, LARGE_PIECE = 8192 };

bool send_over_lo(size_t bytes)
{
    static const char nothing[LARGE_PIECE];
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    // To itself: what does not fit is dropped after lo has counted it.
    if (fd == -1 || bind(fd, (struct sockaddr *)&at, size) == -1 ||
        getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        return false;
    for (size_t sent = 0; sent < bytes; sent += sizeof nothing)
        if (sendto(fd, nothing, sizeof nothing, 0, (struct sockaddr *)&at,
                   size) == -1)
            return false;
    return close(fd) == 0;
}

/// Append an attribute to a message; what it holds may follow. Returns it.
static struct rtattr *append(struct nlmsghdr *message, unsigned short type,
                             const void *data, size_t size)
{
    struct rtattr *one =
        (struct rtattr *)((char *)message + NLMSG_ALIGN(message->nlmsg_len));

    one->rta_type = type;
    one->rta_len = (unsigned short)RTA_LENGTH(size);
    if (size > 0)
        memcpy(RTA_DATA(one), data, size);
    message->nlmsg_len =
        (unsigned)(NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(one->rta_len));
    return one;
}

/// What was appended since belongs into it.
static void enclose(const struct nlmsghdr *message, struct rtattr *outer)
{
    outer->rta_len = (unsigned short)((const char *)message +
                                      message->nlmsg_len - (const char *)outer);
}

/// `ip link add lab0 type veth peer name lab1`
static bool make_pair(void)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg body;
        char room[512];
    } ask = {{NLMSG_LENGTH(sizeof(struct ifinfomsg)), RTM_NEWLINK,
              NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 1, 0},
             {0},
             {0}};
    struct {
        struct nlmsghdr head;
        struct nlmsgerr body;
        char room[512];
    } answer;
    struct ifinfomsg other = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    append(&ask.head, IFLA_IFNAME, "lab0", 5);
    struct rtattr *info = append(&ask.head, IFLA_LINKINFO, NULL, 0);
    append(&ask.head, IFLA_INFO_KIND, "veth", 5);
    struct rtattr *data = append(&ask.head, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer =
        append(&ask.head, VETH_INFO_PEER, &other, sizeof other);
    append(&ask.head, IFLA_IFNAME, "lab1", 5);
    enclose(&ask.head, peer);
    enclose(&ask.head, data);
    enclose(&ask.head, info);
    bool made = fd != -1 && send(fd, &ask, ask.head.nlmsg_len, 0) != -1 &&
                recv(fd, &answer, sizeof answer, 0) > 0 &&
                answer.head.nlmsg_type == NLMSG_ERROR && answer.body.error == 0;
    if (fd != -1)
        close(fd);
    return made;
}

bool send_over_others(size_t bytes)
{
    static const char frame[PIECE];
    struct ifreq request = {.ifr_flags = IFF_UP};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd == -1 || !make_pair())
        return false;
    strcpy(request.ifr_name, "lab0");
    if (ioctl(fd, SIOCSIFFLAGS, &request) == -1)
        return false;
    strcpy(request.ifr_name, "lab1");
    if (ioctl(fd, SIOCSIFFLAGS, &request) == -1)
        return false;
    to.sll_ifindex = (int)if_nametoindex("lab0");
    for (size_t sent = 0; sent < bytes; sent += sizeof frame)
        if (sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&to,
                   sizeof to) == -1)
            return false;
    return close(fd) == 0;
}
