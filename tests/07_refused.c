// SPDX-License-Identifier: MIT
/**
 * @file tests/07_refused.c
 * @brief Step 7: somebody says no, and nobody says anything.
 */
#include "lab/lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/// The line of the reason, and after it exactly so many lines.
static const char *expect_reason(struct program *p, struct sockaddr_in at,
                                 int error, int lines)
{
    const char *reason =
        text("connect to %s: %s", show_address(at), strerror(error));

    expect_error_line(p, reason);
    expect_exit(p, 1, "there is no connection");
    if (strstr(output_of(p), "connected to ") != NULL)
        fail(p, "no line of success after a failure", "connected to …");

    const char *after = strstr(errors_of(p), reason) + strlen(reason);
    int count = -1; // its own newline
    for (const char *c = after; *c != '\0'; c++)
        count += *c == '\n';
    if (after[strlen(after) - 1] != '\n')
        count++;
    if (count != lines)
        fail(p, text("\"%s\" and after it %d line%s on stderr", reason, lines,
                     lines == 1 ? "" : "s"),
             text("%d line%s after it", count, count == 1 ? "" : "s"));
    return after + 1;
}

/// Whether a line has a word, in whatever case.
static bool line_has(const char *line, const char *word)
{
    char *one = strndup(line, strcspn(line, "\n"));
    bool has = strcasestr(one, word) != NULL;

    free(one);
    return has;
}

/// An address where connections go unanswered: a listener whose queue is full.
static struct sockaddr_in silent_address(void)
{
    struct sockaddr_in at;

    listen_at("127.0.0.1", 0, &at);
    for (int i = 0; i < 3; i++)
        begin_connect(at);
    return at;
}

/// Milliseconds from the program's call of connect until now.
static long since_connect(struct program *p)
{
    const struct record *record = record_of(p);
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    for (unsigned i = 0; i < atomic_load(&record->count); i++) {
        const struct call *call = call_at(record, i);
        if (call != NULL && call->id == CALL_connect)
            return (long)(((int64_t)t.tv_sec * 1000000000 + t.tv_nsec -
                           call->entered_ns) /
                          1000000);
    }
    fail(p, "it calls connect", "it does not");
}

/// Silence for so long, and then the words for it.
static void expect_patience(struct program *p, struct sockaddr_in at, long ms)
{
    const char *advice = expect_reason(p, at, ETIMEDOUT, 1);
    long waited = since_connect(p);

    if (!line_has(advice, "firewall") || !line_has(advice, "host"))
        fail(p, "a line with the words firewall and host: what silence means",
             quoted(advice, strcspn(advice, "\n")));
    // The test sees the end later than it is, never earlier.
    if (waited < ms)
        fail(p, text("it waits %ld ms for an answer", ms),
             text("it gave up after %ld ms", waited));
    // A busy machine may be late; one that waits twice as long is wrong.
    if (waited > ms + ms / 10 + 1000)
        fail(p, text("it waits %ld ms for an answer, and not much longer", ms),
             text("%ld ms", waited));
}

TEST(refused, refuses_arguments_that_are_no_address_port_and_time, GIVEN)
{
    expect_usage(run(ARGS("nonsense")));
    expect_usage(run(ARGS("127.0.0.1", "65536")));
    expect_usage(run(ARGS("127.0.0.1", "12ab")));
    expect_usage(run(ARGS("127.0.0.1", "1", "0")));
    expect_usage(run(ARGS("127.0.0.1", "1", "60001")));
    expect_usage(run(ARGS("127.0.0.1", "1", "soon")));
    expect_usage(run(ARGS("127.0.0.1", "1", "")));
    expect_usage(run(ARGS("127.0.0.1", "1", "1", "too many")));
}

TEST(refused, waits_two_seconds_when_told_nothing)
{
    struct sockaddr_in at = silent_address();
    expect_patience(run(ARGS("127.0.0.1", port_text(at)), .naps_ms = 2000), at,
                    2000);
}

TEST(refused, tells_both_addresses_when_somebody_answers)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.2", 4, &at);
    struct program *p = run(ARGS("127.0.0.2", port_text(at)));
    struct sockaddr_in from = peer_address(accept_from(p, listener));

    expect_connected(p, at, &from);
    expect_exit(p, 0, "it is connected");
}

TEST(refused, does_not_wait_for_enter)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "60000"));

    expect_line(p, "connected to ");
    expect_exit(p, 0, "this step has no hold: it ends by itself");
    expect_all_closed(p);
}

TEST(refused, calls_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_connect(
        run(NO_ARGS, .faults = FAULT("connect", ECONNREFUSED)));
}

TEST(refused, says_connection_refused_and_to_which_address)
{
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    expect_reason(run(ARGS("127.0.0.1", port_text(at))), at, ECONNREFUSED, 3);
}

TEST(refused, names_port_server_and_firewall_as_what_it_may_be)
{
    static const char *const words[] = {"port", "server", "firewall"};
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));
    const char *line = expect_reason(p, at, ECONNREFUSED, 3);
    bool has[3][3], found = false;

    for (int i = 0; i < 3; i++, line += strcspn(line, "\n") + 1)
        for (int word = 0; word < 3; word++)
            has[i][word] = line_has(line, words[word]);
    // One line each, in any order: some order must do.
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            if (a != b)
                found |= has[a][0] && has[b][1] && has[3 - a - b][2];
    if (!found)
        fail(p,
             "three lines on stderr, one with the word port, one with server, "
             "one with firewall",
             "not those three");
}

TEST(refused, calls_silence_a_time_out)
{
    struct sockaddr_in at = silent_address();
    expect_patience(run(ARGS("127.0.0.1", port_text(at), "300")), at, 300);
}

TEST(refused, waits_as_long_as_it_is_told)
{
    struct sockaddr_in at = silent_address();
    expect_patience(run(ARGS("127.0.0.1", port_text(at), "900")), at, 900);
}

TEST(refused, sleeps_while_it_waits)
{
    struct sockaddr_in at = silent_address();
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "60000"));

    expect_called(p, CALL_connect);
    expect_asleep(p);
}

TEST(refused, tells_any_other_reason_without_advice)
{
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    expect_reason(run(ARGS("127.0.0.1", port_text(at)),
                      .faults = FAULT("connect", ENETUNREACH)),
                  at, ENETUNREACH, 0);
}

TEST(refused, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "1"), .nofile = 3, .plain = true);
    expect_failure(p, "socket", EMFILE, "connected to ");
}

TEST(refused, says_so_when_the_kernel_does_not_tell_an_address)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)),
                            .faults = FAULT("name", ENOBUFS));

    expect_failure_of_either(p, "getpeername", "getsockname", ENOBUFS,
                             "connected to ");
}
