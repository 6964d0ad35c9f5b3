// SPDX-License-Identifier: MIT
/**
 * @file diag.c
 * @brief The kernel's table of TCP sockets (sock_diag(7)). As process.c, it
 * knows nothing of Criterion.
 */

#include "lab.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

bool each_tcp(int family, int local_port, int state, int remote_port,
              void (*visit)(const struct inet_diag_msg *, void *),
              void *context)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0},
        {.sdiag_family = (uint8_t)family,
         .sdiag_protocol = IPPROTO_TCP,
         .idiag_states = state != 0 ? 1U << state : ~0U,
         .id = {.idiag_sport = htons((in_port_t)local_port),
                .idiag_dport = htons((in_port_t)remote_port)}},
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    static _Alignas(struct nlmsghdr) char buffer[65536];

    if (fd == -1)
        return false;
    if (send(fd, &request, sizeof request, 0) == -1)
        return close(fd), false;
    for (bool done = false; !done;) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0)
            break;
        unsigned left = (unsigned)got;
        for (struct nlmsghdr *head = (struct nlmsghdr *)buffer;
             NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_type == NLMSG_DONE ||
                head->nlmsg_type == NLMSG_ERROR) {
                done = true;
                break;
            }
            visit(NLMSG_DATA(head), context);
        }
    }
    close(fd);
    return true;
}

const char *state_name(int state)
{
    static const char *const names[] = {
        "no state",   "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
        "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
        "CLOSE-WAIT", "LAST-ACK",    "LISTEN",    "CLOSING",
    };
    return state > 0 && state < 12 ? names[state] : names[0];
}
