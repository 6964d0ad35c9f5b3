// SPDX-License-Identifier: MIT
/**
 * @file expect.h
 * @brief What a program should say and do. A function whose expectation is not
 * met ends the test (failure.h), so a test reads as a script without a single if.
 */

#ifndef LAB_EXPECT_H
#define LAB_EXPECT_H

#include <netinet/in.h>

#include "program.h"

// A line is one of PROGRAMS.md if it has its whole form (find.h). Others are
// passed over, and shown if none fits.

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
/// A program may learn the same by another call, and is right, too. Skips
/// the test of a program whose calls can't be made to fail (io_uring).
bool meets_fault(struct program *p);
/// It ends, in whatever way.
void wait_for_end(struct program *p);
/// The program ends with this status.
void expect_exit(struct program *p, int status, const char *because);
/// `CALL: REASON` on stderr and status 1; afterwards no line of success (that
/// begins so) on stdout, and no prompt.
void expect_failure(struct program *p, const char *call, int error,
                    const char *success);
/// The same of getsockname, getpeername, getsockopt: the label is free.
void expect_failed_question(struct program *p, const char *call, int error,
                            const char *success);
/// `CALL: Connection reset by peer` or `CALL: Broken pipe`, and status 1.
void expect_connection_lost(struct program *p);
/// `usage: …` on stderr, status 2, no socket, no line of success.
void expect_usage(struct program *p);
/// The same for everything that is no HOST or no PORT, and for one argument more
/// than `most`. The program is that of this suite (__FILE__).
void expect_usage_of_addresses(const char *suite_file, int most);
/// Its arguments are in range: whatever else it does, no `usage`.
void expect_accepted(struct program *p);
/// Enter, and the program closes its sockets itself and ends with 0.
void expect_clean_close(struct program *p);
/// It sleeps in the kernel while there is nothing to do.
void expect_asleep(struct program *p);
/// The program of this suite (__FILE__), a server, without arguments: it binds to
/// 127.0.0.1:4444. If somebody has that, it runs in a network of its own.
void expect_default_bind(const char *suite_file, const char *before);
/// A client without arguments calls 127.0.0.1:4444, where the test listens.
/// Whoever else may listen there is left alone.
void expect_default_connect(const char *suite_file);
/// The program has closed every socket that it made.
void expect_all_closed(struct program *p);

#endif
