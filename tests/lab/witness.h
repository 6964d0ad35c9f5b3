// SPDX-License-Identifier: MIT
/**
 * @file witness.h
 * @brief The record that the witness inside a program shares with its test.
 *
 * The test makes a memfd of this layout and hands it over in LAB_WITNESS; the
 * witness maps it and closes the descriptor before main begins. The program
 * could write into it, so it explains verdicts; it never makes one where the
 * kernel or the peer can be asked.
 */
#ifndef LAB_WITNESS_H
#define LAB_WITNESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/// The witnessed calls, as X(name, family). The family says what a fault for
/// "accept", "recv", "send" … applies to, whichever call the student chose.
#define WITNESSED_CALLS(X)                                                     \
    X(socket, SOCKET)                                                          \
    X(bind, BIND)                                                              \
    X(listen, LISTEN)                                                          \
    X(accept, ACCEPT)                                                          \
    X(accept4, ACCEPT)                                                         \
    X(connect, CONNECT)                                                        \
    X(getsockname, NAME)                                                       \
    X(getpeername, PEER)                                                       \
    X(setsockopt, OPTION)                                                      \
    X(getsockopt, ASK)                                                         \
    X(recv, RECV)                                                              \
    X(recvfrom, RECV)                                                          \
    X(recvmsg, RECV)                                                           \
    X(read, RECV)                                                              \
    X(readv, RECV)                                                             \
    X(send, SEND)                                                              \
    X(sendto, SEND)                                                            \
    X(sendmsg, SEND)                                                           \
    X(write, SEND)                                                             \
    X(writev, SEND)                                                            \
    X(poll, WAIT)                                                              \
    X(ppoll, WAIT)                                                             \
    X(select, WAIT)                                                            \
    X(pselect, WAIT)                                                           \
    X(epoll_wait, WAIT)                                                        \
    X(shutdown, CLOSE)                                                         \
    X(close, CLOSE)                                                            \
    X(getaddrinfo, RESOLVE)

#define X(name, family) CALL_##name,
enum call_id { WITNESSED_CALLS(X) CALL_COUNT };
#undef X

enum call_family {
    FAMILY_SOCKET,
    FAMILY_BIND,
    FAMILY_LISTEN,
    FAMILY_ACCEPT,
    FAMILY_CONNECT,
    FAMILY_NAME,
    FAMILY_PEER,
    FAMILY_OPTION,
    FAMILY_ASK,
    FAMILY_RECV,
    FAMILY_SEND,
    FAMILY_WAIT,
    FAMILY_CLOSE,
    FAMILY_RESOLVE,
};

/// What a test can make fail. Of setsockopt and getsockopt only the options
/// that a step needs: what a program asks or tries besides is its own affair.
struct fault_kind {
    const char *name;
    enum call_family family;
    int level, option; ///< 0: any
};

static const struct fault_kind fault_kinds[] = {
    {"socket", FAMILY_SOCKET, 0, 0},
    {"bind", FAMILY_BIND, 0, 0},
    {"listen", FAMILY_LISTEN, 0, 0},
    {"accept", FAMILY_ACCEPT, 0, 0},
    {"connect", FAMILY_CONNECT, 0, 0},
    {"name", FAMILY_NAME, 0, 0},
    {"peer", FAMILY_PEER, 0, 0},
    {"reuse", FAMILY_OPTION, SOL_SOCKET, SO_REUSEADDR},
    {"domain", FAMILY_ASK, SOL_SOCKET, SO_DOMAIN},
    {"type", FAMILY_ASK, SOL_SOCKET, SO_TYPE},
    {"error", FAMILY_ASK, SOL_SOCKET, SO_ERROR},
    {"recv", FAMILY_RECV, 0, 0},
    {"send", FAMILY_SEND, 0, 0},
    {"wait", FAMILY_WAIT, 0, 0},
};
enum { FAULT_KINDS = sizeof fault_kinds / sizeof *fault_kinds };

enum call_state { CALL_FREE, CALL_ENTERED, CALL_RETURNED };

/// One call of the program.
struct call {
    _Atomic int state; ///< enum call_state
    int id;            ///< enum call_id
    int pid;           ///< who called: a program may fork
    int fd;            ///< first argument, or -1
    int injected;      ///< errno that the lab returned instead of calling, or 0
    int error;         ///< errno after a failure
    int64_t result;
    int64_t arg[3];     ///< the plain arguments after fd
    int64_t length;     ///< what a length held before the call; -1: none
    uint64_t buffer;    ///< where bytes came from or went to
    uint64_t pc;        ///< return address in the program: its source line
    int64_t entered_ns; ///< CLOCK_MONOTONIC
    int64_t returned_ns;
    struct sockaddr_storage address; ///< given or returned; ss_family 0: none

    // What the kernel said of the socket after the call (before a close), with
    // orders.states. A socket that the call made is meant, else that of fd.
    int tcp_state;                         ///< TCP_ESTABLISHED …; 0: unknown
    int64_t checked_ns;                    ///< when it was asked
    struct sockaddr_storage local, remote; ///< ss_family 0: none
};

enum {
    RECORD_HEAD = 200, ///< the first calls are kept …
    RECORD_TAIL = 200, ///< … and the last ones; those between are counted
};

enum gate { GATE_NONE, GATE_CLOSED, GATE_REACHED, GATE_OPEN };

/// What the witness is to do. It takes this out of the record before anything
/// of the program's runs: who does not know the test can't act for it.
struct orders {
    char faults[128]; ///< "accept:4:1,…": family:errno:times (-2: the second
                      ///< call only), or family:short:bytes
    char hosts[512];  ///< "name=1.2.3.4,::1": what getaddrinfo answers for it
    bool gate;        ///< the first receive of a connection waits
    bool lines;       ///< stdout by lines, whatever it is connected to
    bool states;      ///< after each call: the state of its socket
};

enum { ANNOUNCED = 64 };

struct record {
    struct orders orders;
    _Atomic int gate;      ///< enum gate: before the first receive
    atomic_uint count;     ///< calls made so far
    int main_pid;          ///< the process that main began in
    _Atomic int left_open; ///< sockets open when it ended, plus 1; 0: unknown
    int left_fd;           ///< one of them
    bool supervised; ///< calls are made to fail from outside (supervisor.c)
    _Atomic int faulted_task; ///< whose call that was
    int faulted_error;        ///< and its errno
    /// Threads that are in one of the calls: a fault is for them, not for stdio,
    /// which could not try again.
    _Atomic int announced[ANNOUNCED];
    struct call calls[RECORD_HEAD + RECORD_TAIL];
};

/// Where the call with this number is kept.
static inline struct call *record_slot(struct record *record, unsigned number)
{
    return &record->calls[number < RECORD_HEAD
                              ? number
                              : RECORD_HEAD +
                                    (number - RECORD_HEAD) % RECORD_TAIL];
}

#endif
