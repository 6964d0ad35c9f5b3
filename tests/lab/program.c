// SPDX-License-Identifier: MIT
/**
 * @file program.c
 * @brief Runs a program: starts it alone with its pipes, waits for what it
 * says or does, knows when to stop waiting, and leaves nothing of it behind.
 */

#include "program.h"
#include "address.h"
#include "family.h"
#include "launch.h"
#include "outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 100,     ///< how often a sleeping program is looked at
    QUIET_MS = 1500,   ///< asleep so long with nothing to wake it: for ever
    AFTER_MS = 500,    ///< for what an ended program sent to be delivered
    SPIN_MS = 2000,    ///< CPU time in one wait that only a busy loop needs
    PROGRAMS_MAX = 16, ///< in one test
};

static struct program programs[PROGRAMS_MAX];
static int program_count;

int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// ------------------------------------------------------------------- start

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

struct program *run_program(const char *suite_file, struct setup setup)
{
    if (program_count == PROGRAMS_MAX)
        lab_trouble("too many programs in one test");
    struct program *p = &programs[program_count++];
    const char *name = strrchr(suite_file, '/');
    name = name == NULL ? suite_file : name + 1;

    *p = (struct program){.setup = setup, .in = -1};
    p->stem = text("%.*s", (int)strcspn(name, "."), name);
    p->binary =
        text("%s/%s%s", environment("LAB_PROGRAMS", "build/graded/steps"),
             p->stem, setup.plain ? ".plain" : ".checked");
    if (access(p->binary, X_OK) == -1)
        lab_trouble("%s is not there: it did not compile, or it was not built "
                    "(make check builds it)",
                    p->binary);

    if (setup.own_network != NULL) {
        p->network = keep_own_network(setup.own_network);
        if (p->network < 0 && setup.or_here)
            p->network = 0;
        if (p->network < 0)
            skip_test("needs a network of its own with the address %s, and "
                      "this machine allows none: %s",
                      setup.own_network, strerror(-p->network));
    }

    // The caller's array may be gone when a message wants to name them.
    static const char *kept[PROGRAMS_MAX][16];
    const char **argv = kept[p - programs];
    memset(kept[p - programs], 0, sizeof kept[0]);
    argv[0] = p->stem;
    p->arguments = "";
    for (int i = 0; setup.args != NULL && setup.args[i] != NULL; i++) {
        argv[i + 1] = setup.args[i];
        p->arguments = text("%s %s", p->arguments,
                            *setup.args[i] == '\0' ||
                                    strpbrk(setup.args[i], " \n'") != NULL
                                ? text("'%.200s'", setup.args[i])
                                : text("%.200s", setup.args[i]));
    }

    p->setup.args = setup.args == NULL ? NULL : argv + 1;

    const char *envp[16];
    int n = 0;
    envp[n++] = text("PATH=%s", environment("PATH", "/usr/bin:/bin"));
    envp[n++] = "LC_ALL=C";
    envp[n++] = text("LAB_WITNESS=%d", 3 + setup.taken);
    // Leaks are looked for through ptrace, which may be denied.
    envp[n++] = "ASAN_OPTIONS=detect_leaks=0:exitcode=99:abort_on_error=0";
    envp[n++] = "UBSAN_OPTIONS=print_stacktrace=0";
    envp[n] = NULL;
    struct orders orders = {.gate = setup.gate, .lines = !setup.unaided};
    snprintf(orders.faults, sizeof orders.faults, "%s",
             setup.faults != NULL ? setup.faults : "");
    snprintf(orders.hosts, sizeof orders.hosts, "%s",
             setup.hosts != NULL ? setup.hosts : "");

    struct started started;
    p->watched.uid = (uid_t)atol(environment("LAB_UID", "0"));
    plan_faults(&p->watched, setup.faults);
    const char *failed =
        start_program(&(struct start){p->binary, argv, envp, setup.taken,
                                      p->network, orders, &p->watched},
                      &started);
    if (failed != NULL)
        lab_trouble("can't start a program: %s: %s", failed, strerror(errno));
    p->started_ms = now_ms();
    p->pid = started.pid;
    p->pidfd = started.pidfd;
    p->record = started.record;
    p->in = started.in;
    p->out = (struct stream){started.out, calloc(1, 1), 0};
    p->err = (struct stream){started.err, calloc(1, 1), 0};
    return p;
}

// -------------------------------------------------------------------- stop

void stop_program(struct program *p)
{
    if (p->pid > 0) {
        signal_family(p->pid, SIGKILL); // what is in no group of its
        kill(-p->pid, SIGKILL);
    }
    if (!p->ended && p->pid > 0) {
        waitpid(p->pid, &p->status, 0);
        p->ended = true;
    }
}

void remark(struct program *p, const char *what)
{
    note_remark(text("%s: %s", stem_of(p), what));
}

/// Where there is no way out, a program that looked for one is worth a word.
static void tell_tries_outside(struct program *p)
{
    const struct call *call;

    if (p->network != 0) // a test has sent it there
        return;
    EACH_CALL (p, call) {
        const struct sockaddr_in *to = (const void *)&call->address;
        if (call->error == ENETUNREACH && call->injected == 0 &&
            to->sin_family == AF_INET &&
            ntohl(to->sin_addr.s_addr) >> 24 != 127)
            remark(p, text("tried to connect to %s", show_address(*to)));
    }
}

/// A call that could have failed, and that was not made by its name: whether
/// that is stdio or a way round the lab is for a human to see.
static void tell_passes_by(struct program *p)
{
    if (atomic_load(&p->watched.unannounced) > 0 &&
        atomic_load(&p->watched.happened) == 0)
        remark(p, "uses its sockets past the calls of libc (stdio, "
                  "syscall, asm): how it takes a failure was not seen");
}

struct program *last_program(void)
{
    return program_count > 0 ? &programs[program_count - 1] : NULL;
}

void begin_programs(void)
{
    program_count = 0;
}

void end_programs(void)
{
    for (int i = 0; i < program_count; i++) {
        stop_program(&programs[i]);
        tell_tries_outside(&programs[i]);
        tell_passes_by(&programs[i]);
    }
    reap_children();
}

// ------------------------------------------------------------------- wait

static bool drain(struct stream *s)
{
    char chunk[65536];
    bool any = false;

    while (s->fd != -1) {
        ssize_t got = read(s->fd, chunk, sizeof chunk);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            break; // EAGAIN
        if (got == 0) {
            close(s->fd);
            s->fd = -1;
            break;
        }
        any = true;
        if (s->size > 4 << 20)
            continue; // a flood: what it says is no longer of interest
        s->text = realloc(s->text, s->size + (size_t)got + 1);
        memcpy(s->text + s->size, chunk, (size_t)got);
        s->size += (size_t)got;
        s->text[s->size] = '\0';
    }
    return any;
}

bool collect(struct program *p)
{
    bool any = false;

    if (!p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
        p->ended = true;
        any = true;
    }
    any |= drain(&p->out);
    any |= drain(&p->err);
    return any;
}

/// One wait, with all that tells when to give it up.
struct patience {
    int64_t deadline, next_tick;
    int quiet;
    unsigned long activity;
    long cpu_begin;
};

static struct patience patience_begin(void)
{
    int64_t now = now_ms();
    return (struct patience){now + DEADLINE_MS, now + TICK_MS, 0, 0, -1};
}

/// Sleep until something happens to the program, or fd is ready, or some time
/// has passed. Returns false when there is nothing to hope for any more.
static bool wait_a_little(struct program *p, struct patience *w, int fd,
                          short events, int at_most_ms)
{
    struct pollfd fds[] = {{fd, events, 0},
                           {p->out.fd, POLLIN, 0},
                           {p->err.fd, POLLIN, 0},
                           {p->ended ? -1 : p->pidfd, POLLIN, 0}};
    int64_t now = now_ms();
    int64_t until = w->next_tick < w->deadline ? w->next_tick : w->deadline;
    int timeout = until > now ? (int)(until - now) : 0;

    if (at_most_ms < timeout)
        timeout = at_most_ms;
    int ready = poll(fds, 4, timeout);
    if (collect(p))
        w->quiet = 0;
    if (ready > 0 && fds[0].revents != 0)
        return true;

    now = now_ms();
    if (now >= w->deadline) {
        // On a busy machine not even a busy loop gets much CPU time.
        unsigned long activity;
        long cpu;
        if (!p->ended && !asleep(p->pid, &activity, &cpu) &&
            w->cpu_begin != -1 && cpu - w->cpu_begin > HOLD_SPIN_MS)
            p->spun = true;
        return false;
    }
    if (now >= w->next_tick) {
        unsigned long activity;
        long cpu;
        bool idle = asleep(p->pid, &activity, &cpu) && activity == w->activity;

        w->next_tick = now + TICK_MS;
        w->quiet = idle ? w->quiet + 1 : 0;
        w->activity = activity;
        if (w->cpu_begin == -1)
            w->cpu_begin = cpu;
        bool for_ever = w->quiet * TICK_MS >= QUIET_MS + p->setup.naps_ms;
        if (!p->ended && for_ever)
            return false;
        if (!p->ended && cpu - w->cpu_begin > SPIN_MS + p->setup.naps_ms)
            return p->spun = true, false;
        if (p->ended && w->quiet * TICK_MS >= AFTER_MS)
            return false;
    }
    return true;
}

bool wait_for(struct program *p, int fd, short events)
{
    struct patience w = patience_begin();

    for (;;) {
        struct pollfd ready = {fd, events, 0};
        if (poll(&ready, 1, 0) == 1)
            return true;
        if (!wait_a_little(p, &w, fd, events, DEADLINE_MS))
            return poll(&ready, 1, 0) == 1;
    }
}

bool wait_until(struct program *p, bool (*check)(struct program *, void *),
                void *context)
{
    struct patience w = patience_begin();

    for (;;) {
        collect(p);
        bool ended = p->ended;
        if (check(p, context))
            return true;
        if (ended || !wait_a_little(p, &w, -1, 0, 5))
            return collect(p), check(p, context);
    }
}

void suspend(struct program *p)
{
    stop_family(p->pid);
}

void resume(struct program *p)
{
    signal_family(p->pid, SIGCONT);
}

bool is_over(struct program *p, void *unused)
{
    (void)unused;
    return has_ended(p);
}

bool has_ended(struct program *p)
{
    collect(p);
    return p->ended;
}

// ------------------------------------------------------------------ input

void press_enter(struct program *p)
{
    if (p->in != -1 && write(p->in, "\n", 1) == -1 && errno != EPIPE)
        lab_trouble("can't write to the program: %s", strerror(errno));
    p->enters++;
}

void end_stdin(struct program *p)
{
    if (p->in != -1)
        close(p->in);
    p->in = -1;
}
