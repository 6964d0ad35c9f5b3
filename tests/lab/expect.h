// SPDX-License-Identifier: MIT
/**
 * @file expect.h
 * @brief What a program should say and do. Every function that is disappointed
 * ends the test (failure.h), so a test reads as a script without a single if.
 */

#ifndef LAB_EXPECT_H
#define LAB_EXPECT_H

#include <netinet/in.h>

#include "program.h"

/// The next line on stdout that begins so; what follows is an address.
struct sockaddr_in expect_address(struct program *p, const char *before);
/// The same, and it must be this one.
void expect_told(struct program *p, const char *before,
                 struct sockaddr_in want);
/// `connected to … from …`: the server's address, and the client's (or NULL).
void expect_connected(struct program *p, struct sockaddr_in to,
                      const struct sockaddr_in *from);
/// The next line on stdout that begins so. Returns the whole line.
const char *expect_line(struct program *p, const char *before);
/// `press Enter to close`, and that it really waits then.
void expect_hold(struct program *p);
/// It has done what it does by itself and goes on running: what the kernel
/// says of it now is settled. How it holds is the matter of another test.
void expect_running(struct program *p);
/// A line on stderr that is, or contains, this text.
void expect_error_line(struct program *p, const char *line);
void expect_error_text(struct program *p, const char *text);
/// Whether the lab has made a call fail, as .faults asks, before the prompt.
/// Who learns by another call what the failing one tells is right, too.
bool meets_fault(struct program *p);
/// It ends, in whatever way.
void wait_for_end(struct program *p);
/// The program ends with this status.
void expect_exit(struct program *p, int status, const char *because);
/// `CALL: REASON` on stderr and status 1; afterwards nothing on stdout that
/// begins with success, and no prompt.
void expect_failure(struct program *p, const char *call, int error,
                    const char *success);
/// The same, of whichever of two calls the student made first.
void expect_failure_of_either(struct program *p, const char *call,
                              const char *other, int error,
                              const char *success);
/// `CALL: Connection reset by peer` or `CALL: Broken pipe`, and status 1.
void expect_connection_lost(struct program *p);
/// Wait until the program has made this call (enum call_id).
void expect_called(struct program *p, int id);
/// `usage: …` on stderr, status 2, no socket call, nothing on stdout.
void expect_usage(struct program *p);
/// Its arguments are in range: whatever else it does, no `usage`.
void expect_accepted(struct program *p);
/// Enter, and the program closes its sockets itself and ends with 0.
void expect_clean_close(struct program *p);
/// It sleeps in the kernel while there is nothing to do.
void expect_asleep(struct program *p);
/// A server without arguments binds to 127.0.0.1:4444, or says that it is taken
/// (by whoever has it: the user's own server, another check).
void expect_default_bind(struct program *p, const char *before);
/// A client without arguments calls 127.0.0.1:4444. Whoever may listen there is
/// left alone: run it with FAULT("connect", ECONNREFUSED).
void expect_default_connect(struct program *p);
/// The program has closed every socket that it made.
void expect_all_closed(struct program *p);

#endif
