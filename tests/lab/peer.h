// SPDX-License-Identifier: MIT
/**
 * @file peer.h
 * @brief The other end of a program: addresses, connections and bytes of the
 * test itself. Only loopback, and no fixed port.
 */

#ifndef LAB_PEER_H
#define LAB_PEER_H

#include "address.h"
#include "program.h"

/// A port that no other test of any check on this host has now and that is
/// free, outside the range from which the kernel chooses.
struct sockaddr_in free_address(const char *ip);
/// Let only one test of all checks on this host use the default port, 4444,
/// at a time: until this test ends. False: somebody else has it.
bool reserve_default_port(void);
/// A listening socket of the test at this address.
int listen_exactly(struct sockaddr_in at, int backlog);
/// An address where connections go unanswered: a listener whose queue is full.
struct sockaddr_in silent_address(void);
/// Wait until the program's SYN is on its way to a silent address.
void expect_syn_sent(struct program *p, struct sockaddr_in at);

/// A listening socket of the test at a port that the kernel chose, not the same
/// in either byte order; at is where.
int listen_at(const char *ip, int backlog, struct sockaddr_in *at);
/// A socket of the test that is bound and does not listen: its port refuses.
int bind_at(const char *ip, struct sockaddr_in *at);
/// Connect to the program. The test ends if that fails.
int connect_to(struct program *p, struct sockaddr_in at);
/// Connect a socket of the test's that bind_at() made.
void expect_connect(struct program *p, int fd, struct sockaddr_in at);
/// Try to connect, from any test. Returns the descriptor, or -errno.
int try_connect(struct sockaddr_in at);
/// Begin to connect and don't wait. Returns the descriptor.
int begin_connect(struct sockaddr_in at);
/// Accept the program's connection.
int accept_from(struct program *p, int listen_fd);
struct sockaddr_in own_address(int fd);
struct sockaddr_in peer_address(int fd);

/// Send all of it to the program.
void send_bytes(struct program *p, int fd, const void *data, size_t size);
/// Receive up to size bytes; fewer if the stream ends or resets before.
/// @param error  0 after an end, else errno (ECONNRESET); may be NULL
size_t receive_bytes(struct program *p, int fd, void *data, size_t size,
                     int *error);
/// The program must send exactly these bytes, now.
void expect_bytes(struct program *p, int fd, const void *data, size_t size);
/// Send and receive at once, and expect back what was sent.
void expect_echo(struct program *p, int fd, const void *data, size_t size);
/// Wait until the program has read all that was sent to its end of fd.
void expect_read(struct program *p, int fd);
/// The program must end its stream, cleanly (FIN) and without more bytes.
void expect_end(struct program *p, int fd);
/// Close with a reset (SO_LINGER 0).
void reset(int fd);
/// A number below limit from the seed.
unsigned random_below(unsigned limit);
/// Where the seed begins for a test: its name.
void begin_random(const char *test);

/// Wait until a connection of this local address is in TIME-WAIT.
void expect_time_wait(struct sockaddr_in at);
/// Make a connection of the test's own that leaves TIME_WAIT at this address.
void leave_time_wait(struct sockaddr_in at);

/// Let lo carry at least this many bytes more.
void use_lo(size_t bytes);
/// Whether this host lets a socket have this address (bind(2) to port 0).
bool can_bind(const char *ip);

#endif
