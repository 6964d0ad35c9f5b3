// SPDX-License-Identifier: MIT
/**
 * @file tests/07_refused.c
 * @brief Step 7: somebody says no, and nobody says anything.
 */
#include "lab/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/// The line of the reason, no line of success, and status 1.
static void expect_reason(struct program *p, struct sockaddr_in at, int error)
{
    const char *reason =
        text("connect to %s: %s", show_address(at), strerror(error));

    expect_error_line(p, reason);
    expect_exit(p, 1, "there is no connection");
    if (has_said(p, "connected to "))
        fail(p, ABOUT_REPORT, "no line of success after a failure",
             "connected to …");
}

/// After the line of the reason exactly so many lines. Returns the first of
/// them. What the line itself says is for the tests of that.
static const char *expect_advice(struct program *p, struct sockaddr_in at,
                                 int error, int lines)
{
    const char *reason =
        text("connect to %s: %s", show_address(at), strerror(error));

    wait_until(p, is_over, NULL);
    const char *after = strstr(errors_of(p), reason);
    if (after == NULL)
        after = strstr(errors_of(p), strerror(error));
    if (after == NULL)
        after = strstr(errors_of(p), "connect");
    if (after == NULL)
        fail(p, ABOUT_REPORT, text("the line \"%s\" on stderr", reason),
             "no such line");

    after += strcspn(after, "\n");
    int count = -1; // its own newline
    for (const char *c = after; *c != '\0'; c++)
        count += *c == '\n';
    if (after[strlen(after) - 1] != '\n')
        count++;
    if (count != lines)
        fail(p, ABOUT_REPORT,
             text("\"%s\" and after it %d line%s on stderr", reason, lines,
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

/// Milliseconds from the program's call of connect until now; from its start,
/// if nobody saw the call.
static long since_connect(struct program *p)
{
    const struct call *call;
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    EACH_CALL (p, call)
        if (call->id == CALL_connect)
            return (long)(((int64_t)t.tv_sec * 1000000000 + t.tv_nsec -
                           call->entered_ns) /
                          1000000);
    return (long)(now_ms() - p->started_ms);
}

/// Silence for so long (the last argument, or the default). What is said then
/// is for the test of the words.
static void expect_patience(const char *argument, long ms)
{
    enum { TIMES = 3 };
    const char *expected = text("it waits %ld ms for an answer, and not much "
                                "longer",
                                ms);
    struct sockaddr_in at = silent_address();

    for (int i = 1;; i++) {
        struct program *p =
            run(ARGS("127.0.0.1", port_text(at), argument), .naps_ms = (int)ms);
        if (!wait_until(p, is_over, NULL))
            fail(p, ABOUT_TIME, expected, "it goes on waiting");
        long waited = since_connect(p);
        // The test sees the end later than it is, never earlier. But who sets
        // an alarm first, and then loses the processor for a moment, calls
        // later than meant: one such wait says nothing, three do.
        if (waited < ms && (i == TIMES || waited < ms / 2))
            fail(p, ABOUT_TIME, expected,
                 text("it gave up after %ld ms", waited));
        // A busy machine may be late; one that waits twice as long is wrong.
        if (waited > ms + ms / 10 + 1000)
            fail(p, ABOUT_TIME, expected,
                 text("it gave up after %ld ms", waited));
        if (waited >= ms)
            return;
    }
}

TEST(refused, refuses_arguments_that_are_no_address_port_and_time, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 3);
    expect_usage(run(ARGS("127.0.0.1", "1", "0")));
    expect_usage(run(ARGS("127.0.0.1", "1", "60001")));
    expect_usage(run(ARGS("127.0.0.1", "1", "soon")));
    expect_usage(run(ARGS("127.0.0.1", "1", "")));
}

TEST(refused, takes_every_argument_up_to_its_limit, GIVEN)
{
    const char *refused = FAULT("connect", ECONNREFUSED);

    expect_accepted(run(ARGS("127.0.0.1", "65535"), .faults = refused));
    expect_accepted(run(ARGS("127.0.0.1", "1", "1"), .faults = refused));
    expect_accepted(run(ARGS("127.0.0.1", "1", "60000"), .faults = refused));
}

TEST(refused, waits_half_a_second_when_told_nothing)
{
    expect_patience(NULL, 500);
}

TEST(refused, tells_both_addresses_when_somebody_answers)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.2", 4, &at);

    // More than one: a port that the kernel chooses may be the same in either
    // byte order.
    for (int i = 0; i < 2; i++) {
        struct program *p = run(ARGS("127.0.0.2", port_text(at)));
        struct sockaddr_in from = peer_address(accept_from(p, listener));
        expect_connected(p, at, &from);
    }
}

TEST(refused, tells_who_answered_when_it_called_0_0_0_0)
{
    struct sockaddr_in at;
    listen_at("0.0.0.0", 4, &at);
    struct program *p = run(ARGS("0.0.0.0", port_text(at)));

    at.sin_addr.s_addr = inet_addr("127.0.0.1");
    // From where is the business of the test before.
    const char *line = expect_line(p, "connected to ");
    const char *want = text("connected to %s from ", show_address(at));
    if (strncmp(line, want, strlen(want)) != 0)
        fail(p, ABOUT_ADDRESS, text("a line that begins \"%s\"", want),
             text("the line %s", quoted(line, strlen(line))));
}

TEST(refused, does_not_wait_for_enter)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "60000"));

    expect_exit(p, 0, "this step has no hold: it ends by itself");
    expect_all_closed(p);
}

TEST(refused, calls_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_connect(__FILE__);
}

TEST(refused, says_connection_refused_and_to_which_address)
{
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    expect_reason(run(ARGS("127.0.0.1", port_text(at))), at, ECONNREFUSED);
}

TEST(refused, names_port_server_and_firewall_as_what_it_may_be)
{
    static const char *const words[] = {"port", "server", "firewall"};
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));
    const char *line = expect_advice(p, at, ECONNREFUSED, 3);
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
        fail(p, ABOUT_REPORT,
             "three lines on stderr, one with the word port, one with server, "
             "one with firewall",
             "not those three");
}

TEST(refused, calls_silence_a_time_out)
{
    struct sockaddr_in at = silent_address();
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "100"));

    expect_reason(p, at, ETIMEDOUT);
}

TEST(refused, names_firewall_and_host_as_what_silence_may_mean)
{
    struct sockaddr_in at = silent_address();
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "100"));
    const char *advice = expect_advice(p, at, ETIMEDOUT, 1);

    if (!line_has(advice, "firewall") || !line_has(advice, "host"))
        fail(p, ABOUT_REPORT,
             "a line with the words firewall and host: what silence means",
             quoted(advice, strcspn(advice, "\n")));
}

TEST(refused, waits_as_long_as_it_is_told)
{
    expect_patience("700", 700);
}

TEST(refused, sleeps_while_it_waits)
{
    struct sockaddr_in at = silent_address();
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "60000"));

    expect_syn_sent(p, at);
    expect_asleep(p);
    // And that is no sleep without an end.
    expect_exit(run(ARGS("127.0.0.1", port_text(at), "100")), 1,
                "no answer within TIMEOUT_MS");
}

TEST(refused, tells_any_other_reason_without_advice)
{
    // In a network of its own there is no way to that address. Where none may
    // be made, the lab says so in the kernel's stead.
    struct sockaddr_in at = address("203.0.113.1", 9);
    bool own = can_have_own_network();
    if (!own)
        bind_at("127.0.0.1", &at);
    struct program *p =
        own ? run(ARGS("203.0.113.1", "9"), .own_network = "127.0.0.2")
            : run(ARGS("127.0.0.1", port_text(at)),
                  .faults = FAULT("connect", ENETUNREACH));

    if (!own)
        meets_fault(p);
    expect_reason(p, at, ENETUNREACH);
    expect_advice(p, at, ENETUNREACH, 0);
}

TEST(refused, says_so_when_it_can_not_wait)
{
    struct sockaddr_in at = silent_address();
    struct program *p = run(ARGS("127.0.0.1", port_text(at), "200"),
                            .faults = EVERY_FAULT("wait", ENOMEM));

    if (meets_fault(p)) // poll, or whatever it waits in; it may wait in connect
        expect_failed_question(p, "poll", ENOMEM, "connected to ");
    else
        expect_reason(p, at, ETIMEDOUT);
}

TEST(refused, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "1"), .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "connected to ");
}

TEST(refused, says_so_when_the_kernel_does_not_tell_the_other_end)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)),
                            .faults = EVERY_FAULT("peer", ENOBUFS));

    expect_failed_question(p, "getpeername", ENOBUFS, "connected to ");
}

TEST(refused, says_so_when_the_kernel_does_not_tell_this_end)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)),
                            .faults = EVERY_FAULT("name", ENOBUFS));

    expect_failed_question(p, "getsockname", ENOBUFS, "connected to ");
}

TEST(refused, says_so_when_the_kernel_does_not_tell_how_it_went)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)),
                            .faults = EVERY_FAULT("error", ENOBUFS));

    if (meets_fault(p))
        expect_failed_question(p, "getsockopt", ENOBUFS, "connected to ");
    else // it knows by another call
        expect_line(p, "connected to ");
}
