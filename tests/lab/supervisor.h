// SPDX-License-Identifier: MIT
/**
 * @file supervisor.h
 * @brief Watches a program from outside: the kernel asks it before certain
 * system calls (seccomp user notification, seccomp_unotify(2)).
 *
 * The witness lives in the program's memory, where a program that wants to can
 * read and write whatever it likes. What a verdict needs to be sure of comes
 * from here: that a call was really made to fail, whichever way it was made
 * (libc, stdio, syscall(2), a static program), and which sockets were open when
 * the program ended. It takes no privilege, and no debugger's rights. Where it
 * can't be had (a kernel before 5.9, a container that watches with the same
 * means), the witness does what it can.
 */
#ifndef LAB_SUPERVISOR_H
#define LAB_SUPERVISOR_H

#include "witness.h"

#include <stdbool.h>
#include <sys/types.h>

/// A call that is to fail.
struct fault {
    const struct fault_kind *kind;
    int error;
    int times; ///< how often; -2: the second one only
};

/// What is known of one program, in the memory of its test.
struct supervised {
    struct fault faults[4];
    int count;
    pid_t pid;              ///< the program
    uid_t uid;              ///< its user, if it has one of its own; 0: ours
    int listener;           ///< where the kernel asks; -1: there is none
    struct record *record;  ///< to tell the witness what we did
    atomic_int happened;    ///< calls that we made fail
    atomic_int unannounced; ///< those that the witness did not know of
    atomic_int left_open;   ///< sockets open when it ended, plus 1; 0: unknown
    int left_fd;            ///< one of them
    atomic_int faulted;     ///< the thread whose call failed last
    atomic_bool ring; ///< it has asked for an io_uring, which we don't see
};

/// Read "accept:4:1,recv:11:-2"; leaves out "send:short:7": not for us.
void plan_faults(struct supervised *it, const char *text);
/// In a child that shares our descriptors (CLONE_FILES), before it does anything
/// else: from here on the kernel asks. Returns the listener, or -1 and errno.
int ask_supervisor(const struct supervised *it);
/// In the child, last: no system call that no such program needs and that a hole
/// in the kernel may hide behind. False: errno says why.
bool leave_out_calls(void);
/// In the test, once the child has its own descriptors: begin to answer.
bool begin_to_supervise(struct supervised *it);

#endif
