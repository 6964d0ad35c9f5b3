// SPDX-License-Identifier: MIT
/**
 * @file tests/06_echo_client.c
 * @brief Step 6, the client: all of the message goes, all of its echo comes.
 */
#include "lab/lab.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// A client that has connected to a server of the test.
struct pair {
    struct program *p;
    int server;
};

static struct pair pair_of(const char *file, const char *message,
                           const char *faults)
{
    struct sockaddr_in at;
    int on = 1, listener = listen_at("127.0.0.1", 4, &at);
    struct setup setup = {.args = ARGS("127.0.0.1", port_text(at), message),
                          .faults = faults};
    struct pair pair = {run_program(file, setup), -1};

    pair.server = accept_from(pair.p, listener);
    setsockopt(pair.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return pair;
}

/// Connect with this message (NULL: the default one).
static struct pair connected(const char *message)
{
    return pair_of(__FILE__, message, NULL);
}

/// All of the message arrives; only then is it answered.
static void expect_message(struct pair pair, const char *message)
{
    expect_bytes(pair.p, pair.server, message, strlen(message));
}

/// The server sends this echo, and ends its stream. (It has got all of the
/// message; whether the client ends its own first is another test's question.)
static void answer(struct pair pair, const char *echo, size_t size)
{
    send_bytes(pair.p, pair.server, echo, size);
    shutdown(pair.server, SHUT_WR);
}

/// What came is printed, and that is a success.
static void expect_received(struct pair pair, const char *message)
{
    const char *want = text("Received \"%s\"", message);

    expect_exit(pair.p, 0, "the echo is complete and right");
    const char *there = strstr(output_of(pair.p), text("%s\n", want));
    if (there == NULL || (there != output_of(pair.p) && there[-1] != '\n'))
        fail(pair.p, ABOUT_LINE,
             text("on stdout %s", quoted(want, strlen(want))),
             "something else");
}

/// Exit status 1, and no word of success.
static void expect_no_echo(struct pair pair, const char *because)
{
    expect_exit(pair.p, 1, because);
    if (has_said(pair.p, "Received "))
        fail(pair.p, ABOUT_REPORT, text("no Received line: %s", because),
             "a Received line");
}

TEST(echo_client, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 3);
}

TEST(echo_client, takes_every_argument_up_to_its_limit, GIVEN)
{
    const char *refused = FAULT("connect", ECONNREFUSED);

    expect_accepted(run(ARGS("127.0.0.1", "65535"), .faults = refused));
}

TEST(echo_client, sends_hello_friend_and_prints_its_echo)
{
    struct pair pair = connected(NULL);
    const char *want = "Received \"Hello friend\"";

    expect_message(pair, "Hello friend");
    send_bytes(pair.p, pair.server, "Hello friend", 12);
    // Like any server this one ends its stream once the client has ended its
    // own: now, if it half-closes, or when it has printed what came.
    if (wait_for(pair.p, pair.server, POLLIN))
        shutdown(pair.server, SHUT_WR);
    const char *line = expect_line(pair.p, "Received ");
    if (strcmp(line, want) != 0)
        fail(pair.p, ABOUT_LINE,
             text("the line %s", quoted(want, strlen(want))),
             text("the line %s", quoted(line, strlen(line))));
    expect_exit(pair.p, 0, "the echo is complete and right");
}

TEST(echo_client, sends_the_message_and_nothing_more)
{
    struct pair pair = connected(NULL);
    char more[64];

    expect_message(pair, "Hello friend");
    answer(pair, "Hello friend", 12);
    size_t n = receive_bytes(pair.p, pair.server, more, sizeof more, NULL);
    if (n > 0)
        fail(pair.p, ABOUT_BYTES,
             "12 bytes, and then the end of the client's stream",
             text("more bytes: %s%s", quoted(more, n),
                  n == 1 && *more == '\0'
                      ? ", the terminating zero of a string (strlen + 1, or "
                        "sizeof)"
                      : ""));
}

TEST(echo_client, sends_the_message_of_its_arguments)
{
    const char *message = "100% of %s, 50%n caf\xc3\xa9";
    struct pair pair = connected(message);

    expect_message(pair, message);
    answer(pair, message, strlen(message));
    expect_received(pair, message);
}

TEST(echo_client, calls_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_connect(__FILE__);
}

TEST(echo_client, collects_an_echo_that_comes_byte_by_byte)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    for (int i = 0; i < 11; i++) {
        send_bytes(pair.p, pair.server, &"Hello friend"[i], 1);
        expect_read(pair.p, pair.server); // so no two come together
    }
    answer(pair, "d", 1);
    expect_received(pair, "Hello friend");
}

TEST(echo_client, sends_64_kib_without_waiting_for_their_echo)
{
    enum { SIZE = 65536 };
    char *message = malloc(SIZE + 1);

    for (int i = 0; i < SIZE; i++)
        message[i] = (char)('0' + random_below('z' - '0'));
    message[SIZE] = '\0';
    struct pair pair = connected(message);
    expect_message(pair, message);
    answer(pair, message, SIZE);
    expect_received(pair, message);
}

TEST(echo_client, sends_the_rest_after_a_partial_send)
{
    struct pair pair = pair_of(__FILE__, "Hello again, friend", "send:short:5");

    expect_message(pair, "Hello again, friend");
    send_bytes(pair.p, pair.server, "Hello again, friend", 19);
    expect_end(pair.p, pair.server);
}

TEST(echo_client, tries_again_when_receiving_is_interrupted)
{
    struct pair pair = pair_of(__FILE__, "Hello friend", FAULT("recv", EINTR));

    expect_message(pair, "Hello friend");
    answer(pair, "Hello friend", 12);
    expect_received(pair, "Hello friend");
}

TEST(echo_client, tries_again_when_sending_is_interrupted)
{
    struct pair pair = pair_of(__FILE__, "Hello friend", FAULT("send", EINTR));

    expect_message(pair, "Hello friend");
}

TEST(echo_client, prints_an_empty_message_too)
{
    struct pair pair = connected("");

    answer(pair, "", 0);
    expect_received(pair, "");
}

TEST(echo_client, says_after_how_many_bytes_the_server_has_ended)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    send_bytes(pair.p, pair.server, "Hello", 5);
    shutdown(pair.server, SHUT_WR);
    expect_error_text(pair.p, "after 5 of 12 bytes");
    expect_no_echo(pair, "the server ended the stream early");
}

TEST(echo_client, says_so_when_nothing_comes_back)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    shutdown(pair.server, SHUT_WR);
    expect_error_text(pair.p, "after 0 of 12 bytes");
}

TEST(echo_client, says_so_when_the_server_resets)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    send_bytes(pair.p, pair.server, "Hello", 5);
    expect_read(pair.p, pair.server);
    reset(pair.server);
    expect_no_echo(pair, "the connection was reset");
    if (strstr(errors_of(pair.p), "after 5 of 12 bytes") == NULL)
        expect_connection_lost(pair.p);
}

/// Another byte came back at this place.
static void expect_difference(struct pair pair, int at)
{
    const char *want = text("differs at byte %d", at);

    wait_for_end(pair.p);
    if (strstr(errors_of(pair.p), want) == NULL)
        fail(pair.p, ABOUT_REPORT,
             text("\"%s\" on stderr (counted from 0): every byte of the echo "
                  "is compared, and that one is another",
                  want),
             "no such words");
    expect_no_echo(pair, "another byte came back");
}

TEST(echo_client, tells_the_first_byte_that_differs)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    answer(pair, "HelXo frXend", 12);
    expect_difference(pair, 3);
}

TEST(echo_client, looks_at_the_last_byte_too)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    answer(pair, "Hello frien", 12);                // the last one is a zero
    expect_error_text(pair.p, "differs at byte 1"); // 11, counted from 0
}

TEST(echo_client, is_not_killed_when_the_server_is_gone)
{
    struct pair pair = pair_of(__FILE__, NULL, FAULT("send", EPIPE));

    // A client that sends through stdio has sent now. Its server is gone all
    // the same.
    wait_for(pair.p, pair.server, POLLIN);
    if (!fault_happened(pair.p))
        reset(pair.server);
    expect_no_echo(pair, "the server is gone");
    expect_connection_lost(pair.p);
}

TEST(echo_client, sleeps_until_the_echo_comes)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    expect_asleep(pair.p);
    send_bytes(pair.p, pair.server, "Hello", 5);
    expect_read(pair.p, pair.server);
    expect_asleep(pair.p);
}

TEST(echo_client, closes_its_socket_itself)
{
    struct pair pair = connected(NULL);

    expect_message(pair, "Hello friend");
    answer(pair, "Hello friend", 12);
    wait_for_end(pair.p);
    expect_all_closed(pair.p);
}

TEST(echo_client, says_so_when_nobody_listens)
{
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    expect_failure(p, "connect", ECONNREFUSED, "Received ");
}

TEST(echo_client, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "1"), .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "Received ");
}
