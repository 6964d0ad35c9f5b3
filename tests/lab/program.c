// SPDX-License-Identifier: MIT
/**
 * @file program.c
 * @brief Runs a program: starts it alone with its pipes, waits for what it
 * says or does, knows when to stop waiting, and leaves nothing of it behind.
 */

#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    DEADLINE_MS = 10000, ///< the longest wait for any one thing
    TICK_MS = 100,       ///< how often a sleeping program is looked at
    QUIET_MS = 1500,     ///< asleep so long with nothing to wake it: for ever
    AFTER_MS = 500,      ///< for what an ended program sent to be delivered
    SPIN_MS = 2000,      ///< CPU time in one wait that only a busy loop needs
    HOLD_SPIN_MS = 400, ///< the same where nothing is left to do: at the prompt
    LAST_WORDS_MS = 300, ///< for what a program says when its stdin ends
    PROGRAMS_MAX = 8,    ///< in one test
};

struct stream {
    int fd; ///< -1 at its end
    char *text;
    size_t size;
};

struct program {
    pid_t pid;
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
    pid_t network; ///< the process that keeps its own network, 0: none
    const char *stem, *binary, *arguments;
};

static struct program programs[PROGRAMS_MAX];
static int program_count;

// ------------------------------------------------------------------ start

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void lab_begin(void)
{
    // Children of the program's that outlive it become ours, to be reaped.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    program_count = 0;
}

/// A child that makes such a network and keeps it until the test ends, so that
/// its counters can be read when the program is gone. Returns -errno where that
/// is not allowed.
static pid_t keep_own_network(const char *extra_address)
{
    int tells[2], error = EPERM;
    pid_t pid = pipe2(tells, O_CLOEXEC) == -1 ? -1 : fork();

    if (pid == -1)
        return -errno;
    if (pid == 0) {
        // Who may join its network may look into it: it keeps nothing else.
        dup2(tells[1], 3);
        close_range(4, ~0U, 0);
        error = enter_own_network(extra_address);
        prctl(PR_SET_DUMPABLE, 1); // LAB_UID has cleared it
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(3, &error, sizeof error) == sizeof error && error == 0)
            pause(); // lab_end kills it
        _exit(1);
    }
    close(tells[1]);
    if (read(tells[0], &error, sizeof error) != sizeof error)
        error = EPERM;
    close(tells[0]);
    return error == 0 ? pid : -error;
}

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

struct program *run_program(const char *suite_file, struct setup setup)
{
    cr_assert(program_count < PROGRAMS_MAX, "too many programs in one test");
    struct program *p = &programs[program_count++];
    const char *name = strrchr(suite_file, '/');
    name = name == NULL ? suite_file : name + 1;

    *p = (struct program){.setup = setup, .in = -1};
    p->stem = text("%.*s", (int)strcspn(name, "."), name);
    p->binary =
        text("%s/%s%s", environment("LAB_PROGRAMS", "build/graded/steps"),
             p->stem, setup.plain ? ".plain" : ".checked");
    if (access(p->binary, X_OK) == -1)
        fail(NULL, ABOUT_OPEN, text("a program %s that can be run", p->binary),
             "it is not there: it did not compile, or it was not built "
             "(make check builds it)");

    if (setup.own_network != NULL) {
        p->network = keep_own_network(setup.own_network);
        if (p->network < 0)
            cr_skip("needs a network namespace, and this machine allows "
                    "none: %s",
                    strerror(-p->network));
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
    if (!setup.unaided)
        envp[n++] = "LAB_LINES=1";
    if (setup.held)
        envp[n++] = "LAB_HELD=1";
    if (setup.faults != NULL)
        envp[n++] = text("LAB_FAULTS=%s", setup.faults);
    if (setup.hosts != NULL)
        envp[n++] = text("LAB_HOSTS=%s", setup.hosts);
    if (setup.nofile != 0)
        envp[n++] = text("LAB_NOFILE=%d", setup.nofile);
    envp[n] = NULL;

    struct started started;
    const char *failed = start_program(
        &(struct start){p->binary, argv, envp, setup.taken, p->network},
        &started);
    cr_assert(failed == NULL, "the lab can't start a program: %s: %s", failed,
              strerror(errno));
    p->pid = started.pid;
    p->pidfd = started.pidfd;
    p->record = started.record;
    p->in = started.in;
    p->out = (struct stream){started.out, calloc(1, 1), 0};
    p->err = (struct stream){started.err, calloc(1, 1), 0};
    return p;
}

// ------------------------------------------------------------------- stop

/// Where Criterion can't fork it sends SIGKILL to -1: to everything that this
/// user has. It gets this kill() instead of libc's.
int kill(pid_t pid, int number)
{
    if (pid == -1) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_kill, pid, number);
}

void stop_program(struct program *p)
{
    if (p->pid > 0)
        kill(-p->pid, SIGKILL);
    if (!p->ended && p->pid > 0) {
        waitpid(p->pid, &p->status, 0);
        p->ended = true;
    }
}

/// Where there is no way out, a program that looked for one is worth a word.
static void tell_tries_outside(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call) {
        const struct sockaddr_in *to = (const void *)&call->address;
        if (call->error == ENETUNREACH && call->injected == 0 &&
            to->sin_family == AF_INET &&
            ntohl(to->sin_addr.s_addr) >> 24 != 127)
            remark(p, text("tried to connect to %s", show_address(*to)));
    }
}

void lab_end(void)
{
    for (int i = 0; i < program_count; i++) {
        stop_program(&programs[i]);
        tell_tries_outside(&programs[i]);
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

static bool collect(struct program *p)
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

void stop_and_continue(struct program *p)
{
    char line[1024] = "";
    kill(p->pid, SIGSTOP);
    for (int i = 0; i < 2000; i++) { // until it has stopped: state T
        FILE *file = fopen(text("/proc/%d/stat", p->pid), "r");
        char *after = file != NULL && fgets(line, sizeof line, file) != NULL
                          ? strrchr(line, ')')
                          : NULL;
        if (file != NULL)
            fclose(file);
        if (after == NULL || after[2] == 'T' || after[2] == 'Z')
            break;
        poll(NULL, 0, 1);
    }
    kill(p->pid, SIGCONT);
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
        cr_assert_fail("the lab can't write to the program: %s",
                       strerror(errno));
    p->enters++;
}

void end_stdin(struct program *p)
{
    if (p->in != -1)
        close(p->in);
    p->in = -1;
}

// ----------------------------------------------------------------- output

/// Whether all of it sleeps, or clearly never will.
struct rest {
    long cpu_begin; ///< CPU time when the wait began; -1: not known yet
    unsigned long activity;
    int looks; ///< how often it was seen asleep
    int still; ///< how often in a row, and nothing had happened in between
    int busy;  ///< how often it was looked at without a result
};

/// After Enter only closing is left to do: more CPU time than that is a loop's.
static bool ended_or_spins(struct program *p, void *context)
{
    struct rest *rest = context;
    long cpu = cpu_of(p);

    if (rest->cpu_begin == -1)
        rest->cpu_begin = cpu;
    if (!p->ended && cpu - rest->cpu_begin > HOLD_SPIN_MS)
        p->spun = true;
    return p->ended || p->spun;
}

static bool ended(struct program *p, void *unused)
{
    (void)unused;
    return p->ended;
}

/// Find the next whole line that begins so.
struct line_search {
    const char *before;
    const char *line;
};

static bool line_is_there(struct program *p, void *context)
{
    struct line_search *search = context;
    size_t size = strlen(search->before);
    char *at = p->out.text + p->seen, *end;

    while ((end = strchr(at, '\n')) != NULL) {
        // The article says "Connected", but the case of it is free.
        bool same = strncmp(search->before, "Connected", 9) == 0
                        ? strncasecmp(at, search->before, size) == 0
                        : strncmp(at, search->before, size) == 0;
        if (same) {
            search->line = text("%.*s", (int)(end - at), at);
            p->seen = (size_t)(end + 1 - p->out.text);
            return true;
        }
        at = end + 1;
    }
    return false;
}

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

    if (!wait_until(p, line_is_there, &search))
        fail(p, p->setup.unaided ? ABOUT_TIMING : ABOUT_LINE,
             text("a line on stdout that begins \"%s\"%s", before,
                  p->setup.unaided ? ", at once, though stdout is a pipe" : ""),
             why_no_line(p, before));
    return search.line;
}

struct sockaddr_in expect_address(struct program *p, const char *before)
{
    const char *line = expect_line(p, before);
    const char *rest = line + strlen(before);
    char ip[INET_ADDRSTRLEN];
    int port, used = -1;
    struct sockaddr_in a;

    if (sscanf(rest, "%15[0-9.]:%d%n", ip, &port, &used) != 2 ||
        rest[used] != '\0' || port < 0 || port > 65535)
        fail(p, ABOUT_LINE,
             text("the line \"%sADDRESS:PORT\", like %s127.0.0.1:4444", before,
                  before),
             text("the line %s", quoted(line, strlen(line))));
    a = address(ip, port);
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
    char to_text[32], from_text[32], ip[32];
    int port, used = -1;
    const char *want =
        text("connected to %s from %s", show_address(to),
             from != NULL ? show_address(*from) : "ADDRESS:PORT");

    if (sscanf(line, "connected to %31s from %31s%n", to_text, from_text,
               &used) != 2 ||
        line[used] != '\0' || strcmp(to_text, show_address(to)) != 0 ||
        sscanf(from_text, "%31[0-9.]:%d", ip, &port) != 2 || port == 0 ||
        (from != NULL && strcmp(from_text, show_address(*from)) != 0))
        fail(p, ABOUT_ADDRESS, text("the line \"%s\"", want),
             text("the line %s", quoted(line, strlen(line))));
}

static bool line_or_end(struct program *p, void *context)
{
    return p->ended || line_is_there(p, context);
}

/// The program's first call of this kind.
static const struct call *first_call(struct program *p, int id)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->id == id)
            return call;
    return NULL;
}

/// Its address.
static const struct sockaddr_in *first_address(struct program *p, int id)
{
    const struct call *call = first_call(p, id);
    return call != NULL ? (const struct sockaddr_in *)&call->address : NULL;
}

void expect_default_bind(struct program *p, const char *before)
{
    struct line_search search = {before, NULL};
    struct sockaddr_in want = address("127.0.0.1", 4444);

    wait_until(p, line_or_end, &search);
    p->seen = 0;
    // Whether it says that the port is taken is for another test.
    const struct call *call = first_call(p, CALL_bind);
    if (strstr(p->err.text, "bind: Address already in use") == NULL &&
        (call == NULL || call->error != EADDRINUSE)) {
        expect_told(p, before, want);
        return;
    }
    const struct sockaddr_in *asked = first_address(p, CALL_bind);
    if (asked == NULL || strcmp(show_address(*asked), "127.0.0.1:4444") != 0)
        fail(p, ABOUT_ADDRESS, "without arguments it binds to 127.0.0.1:4444",
             asked == NULL ? "it has not called bind"
                           : text("bind to %s", show_address(*asked)));
    const char *holder = default_port_holder(p);
    if (holder != NULL) // what to do about it is a matter for a failure
        remark(p, text("%.*s", (int)strcspn(holder, "\n"), holder));
}

void expect_default_connect(struct program *p)
{
    wait_until(p, ended, NULL);
    const struct sockaddr_in *asked = first_address(p, CALL_connect);
    if (asked == NULL || strcmp(show_address(*asked), "127.0.0.1:4444") != 0)
        fail(p, ABOUT_ADDRESS,
             "without arguments it connects to 127.0.0.1:4444",
             asked == NULL ? "it has not called connect"
                           : text("connect to %s", show_address(*asked)));
}

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
    const char *prompt = "press Enter to close";
    const char *line = expect_line(p, prompt);
    struct rest rest = {.cpu_begin = -1};

    if (strcmp(line, prompt) != 0)
        fail(p, ABOUT_HOLD, text("the line \"%s\", alone", prompt),
             text("the line %s", quoted(line, strlen(line))));
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
           (++rest->busy >= BUSY_LOOKS && !p->ended &&
            strstr(p->out.text, "press Enter to close") != NULL);
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
    return *(bool *)met || p->ended ||
           strstr(p->out.text, "press Enter to close") != NULL;
}

bool meets_fault(struct program *p)
{
    bool met = false;

    wait_until(p, fault_or_prompt, &met);
    return met;
}

struct text_search {
    const char *what;
    bool whole_line;
};

static bool error_is_there(struct program *p, void *context)
{
    struct text_search *search = context;
    size_t size = strlen(search->what);
    const char *at = p->err.text;

    while ((at = strstr(at, search->what)) != NULL) {
        if (!search->whole_line || ((at == p->err.text || at[-1] == '\n') &&
                                    (at[size] == '\n' || at[size] == '\0')))
            return true;
        at++;
    }
    return false;
}

void expect_error_line(struct program *p, const char *line)
{
    struct text_search search = {line, true};
    if (!wait_until(p, error_is_there, &search))
        fail(p, ABOUT_REPORT, text("the line \"%s\" on stderr", line),
             "no such line");
}

void expect_error_text(struct program *p, const char *what)
{
    struct text_search search = {what, false};
    if (!wait_until(p, error_is_there, &search))
        fail(p, ABOUT_REPORT, text("\"%s\" on stderr", what), "no such words");
}

// -------------------------------------------------------------------- end

void wait_for_end(struct program *p)
{
    if (!wait_until(p, ended, NULL))
        fail(p, ABOUT_END, "it ends", "it did not end");
}

void expect_exit(struct program *p, int status, const char *because)
{
    struct rest rest = {.cpu_begin = -1};
    bool told = p->in == -1 || p->enters > 0;

    if (!wait_until(p, told ? ended_or_spins : ended, &rest) || !p->ended)
        fail(p, ABOUT_END, text("it ends with status %d: %s", status, because),
             "it did not end");
    if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != status)
        fail(p, ABOUT_END, text("it ends with status %d: %s", status, because),
             how_it_ended(p));
}

void expect_failure_of_either(struct program *p, const char *call,
                              const char *other, int error, const char *success)
{
    const char *line = text("%s: %s", call, strerror(error));
    struct text_search search = {line, true};
    struct text_search alias = {text("%s: %s", other, strerror(error)), true};
    const char *expected =
        text("when %s fails: the line \"%s\" on stderr and exit status 1", call,
             line);

    if (!wait_until(p, ended, NULL))
        fail(p, ABOUT_REPORT, expected, "it did not end");
    if (!error_is_there(p, &search) && !error_is_there(p, &alias))
        fail(p, ABOUT_REPORT, expected, "no such line");
    if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != 1)
        fail(p, ABOUT_REPORT, expected, how_it_ended(p));

    const char *forbidden[] = {success, "press Enter to close"};
    for (int i = 0; i < 2; i++) {
        struct line_search after = {forbidden[i], NULL};
        if (line_is_there(p, &after))
            fail(p, ABOUT_REPORT,
                 text("after %s has failed, no line \"%s…\" on stdout", call,
                      forbidden[i]),
                 text("the line \"%s\"", after.line));
    }
    if (atomic_load(&p->record->left_open) > 1)
        remark(p, text("%s failed and the program ended with descriptor %d "
                       "still open. The kernel closes it; good manners close "
                       "it before",
                       call, p->record->left_fd));
}

void expect_failure(struct program *p, const char *call, int error,
                    const char *success)
{
    // accept4 may call itself by either name.
    const char *other = strcmp(call, "accept") == 0 ? "accept4" : call;
    expect_failure_of_either(p, call, other, error, success);
}

void expect_connection_lost(struct program *p)
{
    const char *expected = "the line \"CALL: Connection reset by peer\" or "
                           "\"CALL: Broken pipe\" on stderr, and exit status 1";
    static const char *const reasons[] = {": Connection reset by peer",
                                          ": Broken pipe"};

    if (!wait_until(p, ended, NULL))
        fail(p, ABOUT_REPORT, expected, "it did not end");
    for (int i = 0; i < 2; i++) {
        const char *at = strstr(p->err.text, reasons[i]);
        if (at == NULL || at == p->err.text || !isalnum((unsigned char)at[-1]))
            continue;
        if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != 1)
            fail(p, ABOUT_REPORT, expected, how_it_ended(p));
        return;
    }
    fail(p, ABOUT_REPORT, expected, "no such line");
}

static bool has_called(struct program *p, void *id)
{
    return first_address(p, *(int *)id) != NULL;
}

void expect_called(struct program *p, int id)
{
    if (!wait_until(p, has_called, &id))
        fail(p, ABOUT_OPEN, "it makes the call", "it does not");
}

/// getaddrinfo is none: it may well be what checks the arguments.
static bool has_made_socket_call(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->id != CALL_getaddrinfo)
            return true;
    return false;
}

void expect_usage(struct program *p)
{
    const char *expected = text("\"usage: …\" on stderr and exit status 2, "
                                "before any socket call, for the arguments%s",
                                p->arguments);
    if (!wait_until(p, ended, NULL))
        fail(p, ABOUT_USAGE, expected, "it did not end");
    if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != 2)
        fail(p, ABOUT_USAGE, expected, how_it_ended(p));
    if (strncmp(p->err.text, "usage: ", 7) != 0 &&
        strstr(p->err.text, "\nusage: ") == NULL)
        fail(p, ABOUT_USAGE, expected, "no line that begins \"usage: \"");
    if (p->out.size != 0)
        fail(p, ABOUT_USAGE, expected, "something on stdout");
    if (has_made_socket_call(p))
        fail(p, ABOUT_USAGE, expected,
             "a socket call before the arguments were checked");
}

static bool said_or_ended(struct program *p, void *unused)
{
    (void)unused;
    return p->ended || p->out.size > 0;
}

void expect_accepted(struct program *p)
{
    wait_until(p, said_or_ended, NULL);
    if (p->ended && WIFEXITED(p->status) && WEXITSTATUS(p->status) == 2)
        fail(p, ABOUT_USAGE, text("the arguments%s are in range", p->arguments),
             "they were refused");
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

void expect_all_closed(struct program *p)
{
    int left = atomic_load(&p->record->left_open);

    if (left > 1)
        fail(p, ABOUT_OPEN,
             "the program closes every socket itself before it ends",
             text("%d still open at the end, descriptor %d for one", left - 1,
                  p->record->left_fd));
}

void expect_clean_close(struct program *p)
{
    if (has_ended(p))
        fail(p, ABOUT_HOLD, "it waits for Enter",
             "it ended before Enter was pressed");
    press_enter(p);
    expect_exit(p, 0, "after Enter it closes everything and has succeeded");
    expect_all_closed(p);
}

// -------------------------------------------------------------- what it is

int enters_of(const struct program *p)
{
    return p->in == -1 ? -1 : p->enters;
}

struct program *last_program(void)
{
    return program_count > 0 ? &programs[program_count - 1] : NULL;
}

pid_t pid_of(const struct program *p)
{
    return p->pid;
}

const char *output_of(const struct program *p)
{
    return p->out.text;
}

const char *errors_of(const struct program *p)
{
    return p->err.text;
}

struct record *record_of(const struct program *p)
{
    return p->record;
}

const char *stem_of(const struct program *p)
{
    return p->stem;
}

const char *binary_of(const struct program *p)
{
    return p->binary;
}

const char *arguments_of(const struct program *p)
{
    return p->arguments;
}

const struct setup *setup_of(const struct program *p)
{
    return &p->setup;
}

long memory_of(const struct program *p)
{
    char line[256];
    long most = -1;
    FILE *file = fopen(text("/proc/%d/status", p->pid), "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %ld", &most) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return most;
}

unsigned long long own_lo_bytes(const struct program *p)
{
    return lo_bytes_in(text("/proc/%d/net/dev", p->network));
}

static bool held_or_ended(struct program *p, void *unused)
{
    (void)unused;
    return p->ended || atomic_load(&p->record->gate) == GATE_REACHED;
}

bool is_held(struct program *p)
{
    wait_until(p, held_or_ended, NULL);
    return atomic_load(&p->record->gate) == GATE_REACHED;
}

void let_go(struct program *p)
{
    atomic_store(&p->record->gate, GATE_OPEN);
}

unsigned long asleep_since(const struct program *p)
{
    unsigned long activity;
    long cpu;

    return asleep(p->pid, &activity, &cpu) ? activity + 1 : 0;
}

bool fault_happened(const struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->injected != 0)
            return true;
    return false;
}

long cpu_of(const struct program *p)
{
    unsigned long activity;
    long cpu;

    asleep(p->pid, &activity, &cpu);
    return cpu;
}

const char *how_it_ended(struct program *p)
{
    collect(p);
    if (p->ended && WIFSIGNALED(p->status))
        return text("it was killed by %s (%s)",
                    text("SIG%s", sigabbrev_np(WTERMSIG(p->status))),
                    strsignal(WTERMSIG(p->status)));
    if (p->ended)
        return text("it ended with status %d", WEXITSTATUS(p->status));
    if (p->spun)
        return text("it still ran and never slept: %ld ms of CPU time so far. "
                    "A program waits in the kernel, it does not ask again and "
                    "again",
                    cpu_of(p));
    const char *call = blocked_in(p);
    return call != NULL ? text("it still ran, blocked in %s", call)
                        : "it still ran";
}
