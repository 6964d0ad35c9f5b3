// SPDX-License-Identifier: MIT
/**
 * @file family.h
 * @brief A program and all that it has started, in whatever group, session or
 * thread: does it sleep, which sockets has it, how much memory, and the end of it.
 */

#ifndef LAB_FAMILY_H
#define LAB_FAMILY_H

#include <stdbool.h>
#include <sys/types.h>

/// A process of the test's own: no child that a program has left behind.
void keep_apart(pid_t pid);

/// What all of a program have done so far: a number that changes whenever one
/// of them runs. Returns false if one is running.
bool asleep(pid_t root, unsigned long *activity, long *cpu_ms);

/// A socket that a program has open.
struct open_socket {
    int fd;
    unsigned long inode;
    char protocol[16]; ///< "TCP", "UDP", "TCPv6", …: the kernel's name for it
};
/// The sockets that a program has open. Hidden (unless NULL) becomes true if it
/// may have others that can't be seen: nobody may look into one of its
/// processes (PR_SET_DUMPABLE), or it has an io_uring, which may keep some.
/// @return how many, at most most
int open_sockets_of(pid_t root, struct open_socket *sockets, int most,
                    bool *hidden);

/// The memory that it has in core now, in KiB.
long resident_memory(pid_t root);

/// Stop all of it (SIGSTOP), and wait until all of it has stopped.
void stop_family(pid_t root);
/// SIGCONT, or SIGKILL, to all of it.
void signal_family(pid_t root, int number);

/// Kill every child of this process, as a signal handler may.
void kill_children(void);
/// Kill and reap every child of this process, whatever group it has gone to.
void reap_children(void);

#endif
