// SPDX-License-Identifier: MIT
/**
 * @file state.h
 * @brief What a program is doing just now, as the kernel and the witness say.
 */

#ifndef LAB_STATE_H
#define LAB_STATE_H

#include <netinet/in.h>

#include "family.h"
#include "program.h"

/// The memory that all of it has in core now, in KiB.
long memory_of(const struct program *p);
/// CPU time it has used, in milliseconds.
long cpu_of(const struct program *p);
/// How often Enter was pressed; -1 after the end of its stdin.
int enters_of(const struct program *p);
/// Not 0 while it, and all that it has forked, sleep in the kernel; the same
/// number again means that none of them has run meanwhile.
unsigned long asleep_since(const struct program *p);
/// How many sockets it has left to the kernel to close, and the number of one;
/// -1: nobody saw its end.
int left_open(const struct program *p, int *fd);
/// Whether a fault has been injected: not if the program makes the call in a
/// way that nobody sees (io_uring; without a supervisor stdio, too).
bool fault_happened(const struct program *p);
/// Whether that was a call of the first thread of the process that was started.
bool fault_was_its_own(const struct program *p);
/// Whether it makes calls, or may make some, that nobody sees: through io_uring,
/// or (without a supervisor) after it has run itself again.
bool makes_unseen_calls(const struct program *p);
/// The bytes that the lo of its own network has received.
unsigned long long own_lo_bytes(const struct program *p);
/// The segments with data, or with an end of a stream (FIN), that TCP has sent in
/// its own network; -1: nobody counts them. And the resets.
long own_data_segments(const struct program *p);
long own_resets(const struct program *p);
/// Let a child of the test do something there.
bool do_in_its_network(const struct program *p, bool (*work)(void));
/// Wait until the program stands at its gate, before its first receive (.gate). False: it
/// has ended, or receives in a way that the witness does not see.
bool is_at_gate(struct program *p);
/// It may go on.
void open_gate(struct program *p);

/// The sockets that the program (and what it forked) has open.
/// @return how many, at most most
int open_sockets(const struct program *p, struct open_socket *sockets,
                 int most);
/// Whether it may have sockets that can't be seen: then the peer and the
/// kernel's tables alone say what it does.
bool hides_sockets(const struct program *p);
/// Where the program listens, as the kernel has it, whatever it says of it;
/// told, or NULL, is believed only where nobody can see its sockets.
bool find_listening(struct program *p, const struct sockaddr_in *told,
                    struct sockaddr_in *at);
/// The program's first call of this kind (enum call_id), or NULL.
const struct call *first_call(struct program *p, int id);
/// In which call it is blocked: "accept(3)"; NULL if in none.
const char *blocked_in(struct program *p);
/// "exit status 1", "killed by SIGSEGV", "still running …"
const char *how_it_ended(struct program *p);

#endif
