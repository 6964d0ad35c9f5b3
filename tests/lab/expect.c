// SPDX-License-Identifier: MIT
/**
 * @file expect.c
 * @brief What a program should say, and that it holds what it has.
 */

#include "expect.h"
#include "address.h"
#include "failure.h"
#include "family.h"
#include "find.h"
#include "outcome.h"
#include "peer.h"
#include "state.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PROMPT "press Enter to close"

enum { LAST_WORDS_MS = 300 }; ///< for what a program says when its stdin ends

// ------------------------------------------------------------------- lines

/// Why there is no line that begins so. A program that sleeps is asked for its
/// last words: the end of stdin shows what stdio has kept back.
static const char *why_no_line(struct program *p, const char *before)
{
    const char *there = strstr(p->out.text, before);

    if (there != NULL && there < p->out.text + p->seen)
        return "that line only before one that should have come first";
    if (there != NULL)
        return "those words, but not as a line of their own (a line ends with "
               "a newline)";
    if (strstr(p->err.text, before) != NULL)
        return "that line on stderr; a result belongs on stdout";
    if (p->ended || p->spun)
        return "no such line";
    end_stdin(p);
    for (int64_t end = now_ms() + LAST_WORDS_MS; now_ms() < end && !p->ended;) {
        struct pollfd fds[] = {{p->pidfd, POLLIN, 0}};
        poll(fds, 1, 10);
        collect(p);
    }
    collect(p);
    if (strstr(p->out.text, before) != NULL)
        return p->setup.unaided
                   ? "no such line until the program ended. To a pipe, stdio "
                     "writes only when its buffer is full: setvbuf(stdout, "
                     "NULL, _IOLBF, 0) or fflush"
                   : "those words only at the end of the program: stdio kept "
                     "them until then, for the line has no newline (\\n) at "
                     "its end";
    return p->setup.unaided
               ? "no such line while it runs. To a pipe, stdio writes only "
                 "when its buffer is full: setvbuf(stdout, NULL, _IOLBF, 0) or "
                 "fflush"
               : "no such line";
}

const char *expect_line(struct program *p, const char *before)
{
    struct line_search search = {before, NULL};

    if (wait_until(p, line_is_there, &search))
        return search.line;
    const char *near = nearest_miss(p->out.text + p->seen, before);
    if (near != NULL)
        fail(p, ABOUT_LINE, text("the line \"%s\"", form_of(before)),
             text("the line %s", quoted(near, strlen(near))));
    fail(p, p->setup.unaided ? ABOUT_TIMING : ABOUT_LINE,
         text("a line on stdout that begins \"%s\"%s", before,
              p->setup.unaided ? ", at once, though stdout is a pipe" : ""),
         why_no_line(p, before));
}

struct sockaddr_in expect_address(struct program *p, const char *before)
{
    struct sockaddr_in a = {0};

    read_address(expect_line(p, before) + strlen(before), &a);
    return a;
}

void expect_told(struct program *p, const char *before, struct sockaddr_in want)
{
    struct sockaddr_in got = expect_address(p, before);

    if (got.sin_port != want.sin_port ||
        got.sin_addr.s_addr != want.sin_addr.s_addr)
        fail(p, ABOUT_ADDRESS, text("%s%s", before, show_address(want)),
             text("%s%s", before, show_address(got)));
}

void expect_connected(struct program *p, struct sockaddr_in to,
                      const struct sockaddr_in *from)
{
    const char *line = expect_line(p, "connected to ");
    struct sockaddr_in one, other = {0};
    const char *rest = line + strlen("connected to ");
    const char *want =
        text("connected to %s from %s", show_address(to),
             from != NULL ? show_address(*from) : "ADDRESS:PORT");

    rest += read_address(rest, &one);
    read_address(rest + strlen(" from "), &other);
    if (strcmp(show_address(one), show_address(to)) != 0 ||
        other.sin_port == 0 ||
        (from != NULL && strcmp(show_address(other), show_address(*from)) != 0))
        fail(p, ABOUT_ADDRESS, text("the line \"%s\"", want),
             text("the line %s", quoted(line, strlen(line))));
}

static bool line_or_end(struct program *p, void *context)
{
    return p->ended || line_is_there(p, context);
}

/// Its address.
static const struct sockaddr_in *first_address(struct program *p, int id)
{
    const struct call *call = first_call(p, id);
    return call != NULL ? (const struct sockaddr_in *)&call->address : NULL;
}

void expect_default_bind(const char *suite_file, const char *before)
{
    struct line_search search = {before, NULL};
    struct sockaddr_in want = address("127.0.0.1", 4444);
    bool free = reserve_default_port();
    // Where somebody has it, in a network where nobody has.
    struct program *p = run_program(
        suite_file, (struct setup){.own_network = free ? NULL : "127.0.0.2",
                                   .or_here = true});

    wait_until(p, line_or_end, &search);
    p->seen = 0;
    // Whether it says that the port is taken is for another test.
    const struct call *call = first_call(p, CALL_bind);
    if (strstr(p->err.text, ": Address already in use") == NULL &&
        (call == NULL || call->error != EADDRINUSE)) {
        expect_told(p, before, want);
        return;
    }
    if (call == NULL && makes_unseen_calls(p))
        skip_test("127.0.0.1:4444 is taken, and nobody sees what the program "
                  "asks for");
    const struct sockaddr_in *asked = first_address(p, CALL_bind);
    if (asked == NULL || strcmp(show_address(*asked), "127.0.0.1:4444") != 0)
        fail(p, ABOUT_ADDRESS, "without arguments it binds to 127.0.0.1:4444",
             asked == NULL ? "it has not called bind"
                           : text("bind to %s", show_address(*asked)));
    const char *holder = default_port_holder(p);
    if (holder != NULL) // what to do about it is a matter for a failure
        remark(p, text("%.*s", (int)strcspn(holder, "\n"), holder));
}

void expect_default_connect(const char *suite_file)
{
    struct sockaddr_in at = address("127.0.0.1", 4444);

    if (reserve_default_port()) {
        int listener = listen_exactly(at, 4);
        // With a reset no TIME-WAIT keeps the port from the next.
        reset(
            accept_from(run_program(suite_file, (struct setup){0}), listener));
        return;
    }
    // Somebody listens there, and is left alone.
    struct program *p = run_program(
        suite_file,
        (struct setup){.faults = EVERY_FAULT("connect", ECONNREFUSED)});
    wait_until(p, is_over, NULL);
    const struct sockaddr_in *asked = first_address(p, CALL_connect);
    if (asked == NULL && (makes_unseen_calls(p) || fault_happened(p)))
        skip_test("127.0.0.1:4444 is taken, and nobody sees whom the program "
                  "calls");
    if (asked == NULL || strcmp(show_address(*asked), "127.0.0.1:4444") != 0)
        fail(p, ABOUT_ADDRESS,
             "without arguments it connects to 127.0.0.1:4444",
             asked == NULL ? "it has not called connect"
                           : text("connect to %s", show_address(*asked)));
}

// -------------------------------------------------------------------- hold

/// Whether all of it sleeps, or clearly never will.
struct rest {
    long cpu_begin; ///< CPU time when the wait began; -1: not known yet
    unsigned long activity;
    int looks; ///< how often it was seen asleep
    int still; ///< how often in a row, and nothing had happened in between
    int busy;  ///< how often it was looked at without a result
};

static bool is_resting(struct program *p, void *context)
{
    enum { LOOKS = 10, STILL = 2 };
    struct rest *rest = context;
    unsigned long activity;
    long cpu;

    if (p->ended)
        return false;
    bool idle = asleep(p->pid, &activity, &cpu);
    if (rest->cpu_begin == -1)
        rest->cpu_begin = cpu;
    rest->looks += idle;
    rest->still = idle && activity == rest->activity ? rest->still + 1 : 0;
    rest->activity = activity;
    if (cpu - rest->cpu_begin > HOLD_SPIN_MS)
        p->spun = true;
    // Who takes naps, and looks for Enter in between, is never still.
    return rest->still >= STILL || rest->looks >= LOOKS || p->spun;
}

void expect_hold(struct program *p)
{
    struct rest rest = {.cpu_begin = -1};

    expect_line(p, PROMPT);
    if (!wait_until(p, is_resting, &rest) || p->spun)
        fail(p, ABOUT_HOLD, "after \"press Enter to close\" it waits for Enter",
             "it did not wait");
}

/// The same, or it spins at its prompt, on a machine that is busy otherwise.
static bool is_settled(struct program *p, void *context)
{
    enum { BUSY_LOOKS = 100 };
    struct rest *rest = context;

    return is_resting(p, rest) ||
           (++rest->busy >= BUSY_LOOKS && !p->ended && has_said(p, PROMPT));
}

void expect_running(struct program *p)
{
    struct rest rest = {.cpu_begin = -1};

    if (!wait_until(p, is_settled, &rest) && p->ended)
        fail(p, ABOUT_HOLD, "it goes on running until Enter is pressed",
             "it did not wait");
    p->spun = false; // not here
}

static bool fault_or_prompt(struct program *p, void *met)
{
    *(bool *)met |= fault_happened(p);
    return *(bool *)met || p->ended || has_said(p, PROMPT);
}

bool meets_fault(struct program *p)
{
    bool met = false;

    wait_until(p, fault_or_prompt, &met);
    if (!met && makes_unseen_calls(p))
        skip_test("the program makes calls that can't be made to fail "
                  "(io_uring)");
    return met;
}

void expect_asleep(struct program *p)
{
    enum { LOOKS = 12, LOOK_MS = 15, CPU_MS = 80 };
    long before = cpu_of(p), cpu = before;
    int64_t end = now_ms() + DEADLINE_MS;

    // On a busy machine a program that spins gets little CPU time; but it is
    // never seen asleep either.
    for (int looks = 0; looks < LOOKS;) {
        unsigned long activity;
        struct pollfd fds[] = {{p->pidfd, POLLIN, 0}};
        poll(fds, 1, LOOK_MS);
        if (has_ended(p))
            fail(p, ABOUT_HOLD, "it goes on waiting", "it ended");
        looks += asleep(p->pid, &activity, &cpu);
        if (cpu - before > CPU_MS || now_ms() > end) {
            p->spun = true;
            fail(p, ABOUT_CPU,
                 "it sleeps in the kernel while there is nothing to do",
                 text("%ld ms of CPU time", cpu - before));
        }
    }
}
