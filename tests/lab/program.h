// SPDX-License-Identifier: MIT
/**
 * @file program.h
 * @brief Run a program: start it alone with its pipes, wait for what it says or
 * does, know when to stop waiting, and leave nothing of it behind.
 *
 * Every function that waits has a deadline on the monotonic clock and stops
 * waiting when the program has ended or will clearly never do it.
 */

#ifndef LAB_PROGRAM_H
#define LAB_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "calls.h"
#include "supervisor.h"
#include "text.h"

/// How to run a program.
struct setup {
    const char *const *args; ///< its arguments, ARGS(…); NULL: none
    bool plain;              ///< without sanitizers, for what they disturb
    bool unaided;            ///< stdout is buffered as the program has it
    const char *own_network; ///< in a new network namespace, whose lo has this
                             ///< address too; skips where that is not allowed
    bool or_here;            ///< does not skip then: in this network
    int taken;          ///< so many descriptors from 3 up are in use already
    bool gate;          ///< its first receive waits for open_gate()
    int naps_ms;        ///< it rightly sleeps so long with nothing to wake it
    const char *hosts;  ///< "name=127.0.0.1,::1": what getaddrinfo answers
    const char *faults; ///< FAULT("accept", EINTR) or "send:short:7"
};

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGS NULL

/// Make the program's first call of this kind fail: see fault_kinds.
#define FAULT(kind, error) text("%s:%d:1", kind, error)
/// Every call of this kind: who asks out of interest, too, asks again when it
/// matters.
#define EVERY_FAULT(kind, error) text("%s:%d:1000000", kind, error)
/// The same for its second call.
#define SECOND_FAULT(kind, error) text("%s:%d:-2", kind, error)

/// What a program has said on a stream.
struct stream {
    int fd; ///< -1 at its end
    char *text;
    size_t size;
};

/// A program that runs, or has run. Suites ask it through functions.
struct program {
    pid_t pid;
    int64_t started_ms;
    int pidfd;
    int in; ///< its stdin; -1: ended
    int enters;
    struct stream out, err;
    size_t seen; ///< what of out.text the test has consumed
    bool ended;
    int status; ///< as from waitpid(2), when ended
    bool spun;  ///< it was given up because it burned CPU time
    struct setup setup;
    struct record *record;
    struct supervised watched;
    pid_t network; ///< the process that keeps its own network, 0: none
    const char *stem, *binary, *arguments;
};

enum {
    DEADLINE_MS = 10000, ///< the longest wait for any one thing
    HOLD_SPIN_MS = 400,  ///< CPU time that only a busy loop needs where nothing
                         ///< is left to do: at the prompt
};

/// Start the program of this suite: tests/02_bind.c runs 02_bind.
/// `run(ARGS("127.0.0.1", "0"), .plain = true)`
#define run(...) run_program(__FILE__, (struct setup){.args = __VA_ARGS__})
struct program *run_program(const char *suite_file, struct setup setup);

void press_enter(struct program *p);
void end_stdin(struct program *p);

/// Ctrl-Z (SIGSTOP to all of it, and all of it has stopped then), and `fg`.
void suspend(struct program *p);
void resume(struct program *p);

/// Wait until a descriptor of the test is ready (events as in poll(2)), while
/// the program's output is collected. False: it will not be.
bool wait_for(struct program *p, int fd, short events);

/// Wait until check() is true, looking again whenever something happens and
/// every few milliseconds. False: it will not be.
bool wait_until(struct program *p, bool (*check)(struct program *, void *),
                void *context);

bool has_ended(struct program *p);
/// The same, for wait_until().
bool is_over(struct program *p, void *unused);
/// Take in what it has said and whether it has ended. False: nothing new.
bool collect(struct program *p);

/// The program that this test started last.
struct program *last_program(void);
/// Kill it and all that it started. Nothing of it is left afterwards.
void stop_program(struct program *p);
/// A test begins, with no program.
void begin_programs(void);
/// It ends, and all its programs with it.
void end_programs(void);

/// Something worth saying about a program that passes.
void remark(struct program *p, const char *what);
/// CLOCK_MONOTONIC in milliseconds.
int64_t now_ms(void);

static inline pid_t pid_of(const struct program *p)
{
    return p->pid;
}

/// stdout so far
static inline const char *output_of(const struct program *p)
{
    return p->out.text;
}

/// stderr so far
static inline const char *errors_of(const struct program *p)
{
    return p->err.text;
}

static inline struct record *record_of(const struct program *p)
{
    return p->record;
}

static inline const char *stem_of(const struct program *p)
{
    return p->stem;
}

static inline const struct setup *setup_of(const struct program *p)
{
    return &p->setup;
}

/// The calls that it has made, in order, as far as they are kept.
#define EACH_CALL(p, call) EACH_CALL_IN (record_of(p), call)

#endif
