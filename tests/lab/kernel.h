// SPDX-License-Identifier: MIT
/**
 * @file kernel.h
 * @brief What the kernel's tables say: the TCP sockets, the counters of lo.
 */

#ifndef LAB_KERNEL_H
#define LAB_KERNEL_H

#include <netinet/in.h>
#include <stdbool.h>

struct inet_diag_msg;
/// Visit the TCP sockets of the kernel's table, as ss does (sock_diag(7)). The
/// kernel picks those that are wanted (0: any): a long list comes in pieces,
/// and can lack a socket when others end in between. False: errno says why.
bool each_tcp(int family, int local_port, int state, int remote_port,
              void (*visit)(const struct inet_diag_msg *, void *),
              void *context);

/// What the kernel's table of TCP sockets says of one of them.
struct tcp_socket {
    struct sockaddr_in local, remote;
    int state;       ///< TCP_LISTEN … as in <netinet/tcp.h>
    unsigned queued; ///< listening: connections not accepted; else bytes unread
    unsigned limit;  ///< listening: the backlog; else bytes unacknowledged
    unsigned long inode;
};

/// Find a socket by its local port, its state and its remote port, unless 0.
/// One of IPv6 counts if its addresses are those of IPv4 in disguise.
bool find_tcp(int local_port, int state, int remote_port,
              struct tcp_socket *found);
/// Find who listens at this port: at this address if somebody does, else at
/// another one.
bool find_listener(struct sockaddr_in at, struct tcp_socket *found);

/// Find who listens with this inode (/proc/PID/fd tells it).
bool find_listener_by_inode(unsigned long inode, struct tcp_socket *found);
/// "ESTABLISHED", as RFC 9293 names it
const char *state_name(int state);

/// The bytes that lo has received since the host started.
unsigned long long lo_bytes(void);
/// The same for the network of a process: path is its /proc/PID/net/dev.
unsigned long long lo_bytes_in(const char *path);

#endif
