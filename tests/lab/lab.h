// SPDX-License-Identifier: MIT
/**
 * @file lab.h
 * @brief The equipment of the suites: run a program, be its peer, ask the
 * kernel, expect something, and say well what was missing.
 *
 * Every function that waits has a deadline on the monotonic clock and stops
 * waiting when the program has ended or will clearly never do it. Every
 * function that is disappointed ends the test with a message in four parts
 * (message.c), so a test reads as a script without a single if.
 */
#ifndef LAB_H
#define LAB_H

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "witness.h"

/// A test that begins with clean equipment and leaves nothing behind.
/// Options of Criterion may follow; GIVEN is one of ours.
#define TEST(suite, ...)                                                       \
    TEST_(suite, __VA_ARGS__, .init = lab_begin, .fini = lab_end)
#define TEST_(suite, name, ...) Test(suite, name, __VA_ARGS__)

/// The starter does this already: it earns points only beside something that
/// the student did.
#define GIVEN .description = "given"

void lab_begin(void);
void lab_end(void);

// ------------------------------------------------------------- the program

/// How to run a program.
struct setup {
    const char *const *args; ///< its arguments, ARGS(…); NULL: none
    bool plain;              ///< without sanitizers, for what they disturb
    bool unaided;            ///< stdout is buffered as the program has it
    const char *own_network; ///< in a new network namespace, whose lo has this
                             ///< address too; skips where that is not allowed
    int nofile;              ///< RLIMIT_NOFILE, 0: as it is
    int taken;          ///< so many descriptors from 3 up are in use already
    bool held;          ///< its first receive waits for let_go()
    int naps_ms;        ///< it rightly sleeps so long with nothing to wake it
    const char *hosts;  ///< "name=127.0.0.1,::1": what getaddrinfo answers
    const char *faults; ///< FAULT("accept", EINTR) or "send:short:7"
};

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGS NULL

/// Make the program's first call of this family fail: see witness.c.
#define FAULT(family, error) text("%s:%d:1", family, error)
/// The same for its second call.
#define SECOND_FAULT(family, error) text("%s:%d:-2", family, error)

/// A program that runs, or has run.
struct program;

/// Start the program of this suite: tests/02_bind.c runs 02_bind.
/// `run(ARGS("127.0.0.1", "0"), .plain = true)`
#define run(...) run_program(__FILE__, (struct setup){.args = __VA_ARGS__})
struct program *run_program(const char *suite_file, struct setup setup);

void press_enter(struct program *p);
void end_stdin(struct program *p);

pid_t pid_of(const struct program *p);
const char *output_of(const struct program *p); ///< stdout so far
const char *errors_of(const struct program *p); ///< stderr so far
struct record *record_of(const struct program *p);
bool has_ended(struct program *p);

/// Most memory it has had in core so far, in KiB (VmHWM).
long memory_of(const struct program *p);
/// CPU time it has used, in milliseconds.
long cpu_of(const struct program *p);
/// How often Enter was pressed; -1 after the end of its stdin.
int enters_of(const struct program *p);
/// Not 0 while it, and all that it has forked, sleep in the kernel; the same
/// number again means that none of them has run meanwhile.
unsigned long asleep_since(const struct program *p);
/// Whether a fault has been injected: not if the program makes the call in a
/// way that the witness does not see (stdio, sendfile).
bool fault_happened(const struct program *p);
/// The bytes that the lo of its own network has received.
unsigned long long own_lo_bytes(const struct program *p);
/// Wait until the program is held before its first receive (.held). False: it
/// has ended, or receives in a way that the witness does not see.
bool is_held(struct program *p);
/// It may go on.
void let_go(struct program *p);

/// Ctrl-Z and `fg`: SIGSTOP, SIGCONT to the program.
void stop_and_continue(struct program *p);

/// Wait until a descriptor of the test is ready (events as in poll(2)), while
/// the program's output is collected. False: it will not be.
bool wait_for(struct program *p, int fd, short events);

/// Wait until check() is true, looking again whenever something happens and
/// every few milliseconds. False: it will not be.
bool wait_until(struct program *p, bool (*check)(struct program *, void *),
                void *context);

// ------------------------------------------------------ what it should say

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

// -------------------------------------------------------------- being peer

/// IPv4 address and port.
struct sockaddr_in address(const char *ip, int port);
/// "127.0.0.1:4444"
const char *show_address(struct sockaddr_in a);
/// The port as a decimal text, as an argument.
const char *port_text(struct sockaddr_in a);

/// A port that no other test of any check on this host has now and that is
/// free, outside the range from which the kernel chooses.
struct sockaddr_in free_address(const char *ip);
/// Let only one test of all checks on this host use the default port, 4444,
/// at a time: until this test ends.
void reserve_default_port(void);

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

// -------------------------------------------------------- asking the kernel

/// One socket that a program holds.
struct held {
    int fd;
    unsigned long inode;
    char protocol[16]; ///< "TCP", "UDP", "TCPv6", …: the kernel's name for it
};

/// The sockets that the program (and what it forked) holds.
/// @return how many, at most most
int sockets_held(struct program *p, struct held *held, int most);

/// What the kernel's table of TCP sockets says of one of them.
struct tcp_socket {
    struct sockaddr_in local, remote;
    int state;       ///< TCP_LISTEN … as in <netinet/tcp.h>
    unsigned queued; ///< listening: connections not accepted; else bytes unread
    unsigned limit;  ///< listening: the backlog; else bytes unacknowledged
    unsigned long inode;
};

/// Find a socket by its local port and, unless 0, its state and remote port.
bool find_tcp(int local_port, int state, int remote_port,
              struct tcp_socket *found);
/// Find who listens at this port: at this address if somebody does, else at
/// another one.
bool find_listener(struct sockaddr_in at, struct tcp_socket *found);
/// Where the program listens, as the kernel has it, whatever it says of it.
bool find_listening(struct program *p, struct sockaddr_in *at);
const char *state_name(int state);
/// Wait until a connection of this local address is in TIME-WAIT.
void expect_time_wait(struct sockaddr_in at);
/// Make a connection of the test's own that leaves TIME_WAIT at this address.
void leave_time_wait(struct sockaddr_in at);
/// The bytes that lo has received since the host started.
unsigned long long lo_bytes(void);
/// The same for the network of a process: path is its /proc/PID/net/dev.
unsigned long long lo_bytes_in(const char *path);
/// Let lo carry at least this many bytes more.
void use_lo(size_t bytes);
/// Whether this host lets a socket have this address (bind(2) to port 0).
bool can_bind(const char *ip);

// ----------------------------------------------------------------- messages

/// A text in printf's way, kept until the test ends.
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Bytes as they can be printed: \n, \0, \x1b; cut in the middle if long.
const char *quoted(const void *data, size_t size);
/// "ECONNREFUSED (Connection refused)"
const char *error_name(int error);

/// What an expectation is about: for whoever explains its failure.
enum about {
    ABOUT_USAGE,   ///< arguments that are refused
    ABOUT_LINE,    ///< a line on stdout, its words
    ABOUT_ADDRESS, ///< an address that is told or used
    ABOUT_TIMING,  ///< that a line shows at once
    ABOUT_REPORT,  ///< what a failing call makes of it: stderr, status 1
    ABOUT_RETRY,   ///< that an interrupted call is tried again
    ABOUT_HOLD,    ///< that it waits, and leaves alone what it holds
    ABOUT_OPEN,    ///< sockets and connections: whether they are there
    ABOUT_BYTES,   ///< what comes back, or is counted
    ABOUT_END,     ///< the end of the program or of its stream
    ABOUT_CPU,     ///< that it sleeps
    ABOUT_MEMORY,  ///< what it takes of it
    ABOUT_TIME,    ///< how long it waits for an answer
};

/// An expectation that was disappointed.
struct failure {
    enum about about;
    const char *expected, *saw;
};

/// End the test: what was expected, what was seen; message.c adds the rest.
_Noreturn void fail(struct program *p, enum about about, const char *expected,
                    const char *saw);

/// The calls that the program made, one a line with its line of source.
const char *list_calls(struct program *p);
/// In which call it is blocked: "accept(3)"; NULL if in none.
const char *blocked_in(struct program *p);
/// A mistake that the traces show; text is NULL if none is known.
struct reason {
    const char *id, *text;
};
struct reason find_reason(struct program *p, const struct failure *failure);
/// Who has port 4444, in the words of `make look`; NULL if the program did not
/// hear from bind or listen that it is taken, or if the lab itself has it.
const char *default_port_holder(struct program *p);
/// Something worth saying about a program that passes.
void remark(struct program *p, const char *what);

// ---------------------------------------------------------------- internal

/// The program that this test started last.
struct program *last_program(void);
const char *stem_of(const struct program *p);
const char *binary_of(const struct program *p);
const char *arguments_of(const struct program *p);
const struct setup *setup_of(const struct program *p);
/// "exit status 1", "killed by SIGSEGV", "still running …"
const char *how_it_ended(struct program *p);
/// Kill it and all that it started. Nothing of it is left afterwards.
void stop_program(struct program *p);

// ------------------------- internal, and without Criterion: for traces, too

/// The call with this number, or NULL if it is not kept (any longer).
const struct call *call_at(const struct record *record, unsigned number);
/// The number after this one, of count, that may be kept: a program that spins
/// makes millions of calls.
unsigned after_call(unsigned number, unsigned count);
/// Loop over the calls that are kept, in order.
#define EACH_CALL(p, call)                                                     \
    for (unsigned i_ = 0, n_ = atomic_load(&record_of(p)->count); i_ < n_;     \
         i_ = after_call(i_, n_))                                              \
        if ((call = call_at(record_of(p), i_)) != NULL)
/// "bind(3, 127.0.0.1:4444) = 0"
const char *show_call(const struct call *call);
const char *call_name(const struct call *call);
/// The arguments that are worth a look.
const char *show_arguments(const struct call *call);
/// "127.0.0.1:4444", "[::1]:4444"
const char *show_any_address(const struct sockaddr_storage *any);
/// Lines of source for program counters, through addr2line(1). Without it, or
/// without debugging information, they stay empty.
void find_lines(const char *binary, const struct call *const *calls, int count,
                const char *lines[]);

/// What a program is started with.
struct start {
    const char *binary;
    const char *const *argv, *const *envp;
    int taken;     ///< the witness's record is descriptor 3 + taken
    pid_t network; ///< the process that keeps its network, 0: this one
};

/// What then connects it with us.
struct started {
    pid_t pid; ///< of a process group, too
    int pidfd, in, out, err;
    struct record *record;
};

/// Start a program with the witness. NULL, or the call that failed (errno).
const char *start_program(const struct start *what, struct started *it);
/// A network of this process's own: only lo, up, with one more address (or
/// NULL). Needs no privilege where user namespaces are allowed. 0, or errno.
int enter_own_network(const char *extra_address);
/// What all of a process group have done so far: a number that changes whenever
/// one of them runs. Returns false if one is running.
bool asleep(pid_t group, unsigned long *activity, long *cpu_ms);
/// Kill and reap every child of this process, whatever group it has gone to.
void reap_children(void);

struct inet_diag_msg;
/// Visit the TCP sockets of the kernel's table, as ss does (sock_diag(7)). The
/// kernel picks those that are wanted (0: any): a long list comes in pieces,
/// and can lack a socket when others end in between. False: errno says why.
bool each_tcp(int family, int local_port, int state, int remote_port,
              void (*visit)(const struct inet_diag_msg *, void *),
              void *context);

#endif
