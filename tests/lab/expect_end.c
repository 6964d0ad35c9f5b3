// SPDX-License-Identifier: MIT
/**
 * @file expect_end.c
 * @brief How a program should end, and what it should say when a call fails.
 */

#include "expect.h"
#include "failure.h"
#include "find.h"
#include "state.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

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
    if (!wait_until(p, is_over, NULL))
        fail(p, ABOUT_END, "it ends", "it did not end");
}

/// After Enter only closing is left to do: more CPU time than that is a loop's.
static bool ended_or_spins(struct program *p, void *context)
{
    long *cpu_begin = context, cpu = cpu_of(p);

    if (*cpu_begin == -1)
        *cpu_begin = cpu;
    if (!p->ended && cpu - *cpu_begin > HOLD_SPIN_MS)
        p->spun = true;
    return p->ended || p->spun;
}

void expect_exit(struct program *p, int status, const char *because)
{
    long cpu_begin = -1;
    bool told = p->in == -1 || p->enters > 0;

    if (!wait_until(p, told ? ended_or_spins : is_over, &cpu_begin) ||
        !p->ended)
        fail(p, ABOUT_END, text("it ends with status %d: %s", status, because),
             "it did not end");
    if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != status)
        fail(p, ABOUT_END, text("it ends with status %d: %s", status, because),
             how_it_ended(p));
}

/// The names that a call may have on stderr.
struct names {
    const char *of[2]; ///< NULL: any
};

static void expect_failure_named(struct program *p, const char *call,
                                 struct names names, int error,
                                 const char *success)
{
    bool any = names.of[0] == NULL;
    const char *line =
        text("%s: %s", any ? "CALL" : names.of[0], strerror(error));
    const char *expected =
        text("when %s fails: the line \"%s\" on stderr and exit status 1%s",
             call, line, any ? " (whatever it is called)" : "");
    bool told = false;

    if (p->setup.faults != NULL)
        meets_fault(p);
    if (!wait_until(p, is_over, NULL))
        fail(p, ABOUT_REPORT, expected, "it did not end");
    for (int i = 0; i < 2 && !any; i++) {
        struct text_search search = {
            text("%s: %s", names.of[i], strerror(error)), true};
        told |= error_is_there(p, &search);
    }
    if (any) {
        struct text_search search = {strerror(error), false};
        told = error_is_there(p, &search);
    }
    if (!told)
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
                 text("the line %s", quoted(after.line, strlen(after.line))));
    }
    int fd, left = left_open(p, &fd);
    if (left > 0)
        remark(p, text("%s failed and the program ended with descriptor %d "
                       "still open. The kernel closes it; good manners close "
                       "it before",
                       call, fd));
}

void expect_failure(struct program *p, const char *call, int error,
                    const char *success)
{
    // accept4 may call itself by either name.
    const char *other = strcmp(call, "accept") == 0 ? "accept4" : call;
    expect_failure_named(p, call, (struct names){{call, other}}, error,
                         success);
}

void expect_failed_question(struct program *p, const char *call, int error,
                            const char *success)
{
    expect_failure_named(p, call, (struct names){{NULL, NULL}}, error, success);
}

void expect_connection_lost(struct program *p)
{
    const char *expected = "the line \"CALL: Connection reset by peer\" or "
                           "\"CALL: Broken pipe\" on stderr, and exit status 1";
    static const char *const reasons[] = {": Connection reset by peer",
                                          ": Broken pipe"};

    if (!wait_until(p, is_over, NULL))
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

/// Only sockets of the internet: who naps in poll, or asks a resolver, has made
/// none.
static bool has_made_socket(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->id == CALL_socket &&
            (call->arg[0] == AF_INET || call->arg[0] == AF_INET6))
            return true;
    return false;
}

void expect_usage(struct program *p)
{
    const char *expected = text("\"usage: …\" on stderr and exit status 2, "
                                "before it makes a socket, for the arguments%s",
                                p->arguments);
    if (!wait_until(p, is_over, NULL))
        fail(p, ABOUT_USAGE, expected, "it did not end");
    if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != 2)
        fail(p, ABOUT_USAGE, expected, how_it_ended(p));
    if (strncmp(p->err.text, "usage: ", 7) != 0 &&
        strstr(p->err.text, "\nusage: ") == NULL)
        fail(p, ABOUT_USAGE, expected, "no line that begins \"usage: \"");
    for (const char *at = output_of(p), *end; (end = strchr(at, '\n')) != NULL;
         at = end + 1)
        if (tells_success(at))
            fail(p, ABOUT_USAGE, expected,
                 text("the line %s on stdout", quoted(at, (size_t)(end - at))));
    if (has_made_socket(p))
        fail(p, ABOUT_USAGE, expected,
             "a socket before the arguments were checked");
}

void expect_usage_of_addresses(const char *suite_file, int most)
{
    char host[1001];
    const char *const wrong[][2] = {
        {"nonsense", NULL},     {"localhost", NULL},
        {host, NULL},           {"", "80"},
        {"127.0.0.1", "65536"}, {"127.0.0.1", "-1"},
        {"127.0.0.1", "12ab"},  {"127.0.0.1", ""},
    };
    const char *many[8] = {"127.0.0.1", "1", "1", "1", "1"};

    // Longer than any address; its beginning is one.
    memset(host, '1', 1000);
    memcpy(host, "127.0.0.1", 9);
    host[1000] = '\0';
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_usage(run_program(
            suite_file,
            (struct setup){.args = ARGS(wrong[i][0], wrong[i][1])}));
    many[most + 1] = NULL;
    expect_usage(run_program(suite_file, (struct setup){.args = many}));
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

void expect_all_closed(struct program *p)
{
    int fd, left = left_open(p, &fd);

    if (left > 0)
        fail(p, ABOUT_OPEN,
             "the program closes every socket itself before it ends",
             text("%d still open at the end, descriptor %d for one", left, fd));
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
