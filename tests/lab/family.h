// SPDX-License-Identifier: MIT
/**
 * @file family.h
 * @brief A program and all that it has forked: do they sleep, what do they hold,
 * and the end of them.
 */

#ifndef LAB_FAMILY_H
#define LAB_FAMILY_H

#include <stdbool.h>
#include <sys/types.h>

/// What all of a process group have done so far: a number that changes whenever
/// one of them runs. Returns false if one is running.
bool asleep(pid_t group, unsigned long *activity, long *cpu_ms);

/// A socket that a program has open.
struct open_socket {
    int fd;
    unsigned long inode;
    char protocol[16]; ///< "TCP", "UDP", "TCPv6", …: the kernel's name for it
};
/// The sockets that a process group has open.
/// @return how many, at most most
int open_sockets_of(pid_t group, struct open_socket *sockets, int most);

/// Kill every child of this process, as a signal handler may.
void kill_children(void);
/// Kill and reap every child of this process, whatever group it has gone to.
void reap_children(void);

#endif
