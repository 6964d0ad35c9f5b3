// SPDX-License-Identifier: MIT
/**
 * @file launch.h
 * @brief Start a program with the witness, cut off from all that is not its own.
 */

#ifndef LAB_LAUNCH_H
#define LAB_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "witness.h"

/// What a program is started with.
struct start {
    const char *binary;
    const char *const *argv, *const *envp;
    int taken;            ///< the witness's record is descriptor 3 + taken
    pid_t network;        ///< the process that keeps its network, 0: this one
    struct orders orders; ///< to the witness
    struct supervised *watched; ///< what is seen of it from outside, or NULL
};

/// What then connects it with us.
struct started {
    pid_t pid; ///< of a process group, too
    int pidfd, in, out, err;
    struct record *record;
};

/// Start a program with the witness. NULL, or the call that failed (errno).
const char *start_program(const struct start *what, struct started *it);
/// A network of this process's own: only lo, up, with more addresses ("10.0.0.1",
/// "10.0.0.1,2001:db8::1", or NULL). Needs no privilege where user namespaces are
/// allowed. 0, or errno.
int enter_own_network(const char *extra_addresses);
/// Let a child do something in the network that this process keeps.
bool do_in_network(pid_t keeper, bool (*work)(void));

/// Whether this machine allows such networks. It is tried.
bool can_have_own_network(void);
/// A child that makes such a network and keeps it until it is killed, so that
/// its counters can be read when the program is gone. Returns -errno where that
/// is not allowed.
pid_t keep_own_network(const char *extra_address);

#endif
