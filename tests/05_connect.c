// SPDX-License-Identifier: MIT
/**
 * @file tests/05_connect.c
 * @brief Step 5: the client's half of the handshake, and both its addresses.
 */
#include "lab/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

TEST(connect, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 2);
}

TEST(connect, takes_every_argument_up_to_its_limit, GIVEN)
{
    const char *refused = FAULT("connect", ECONNREFUSED);

    expect_accepted(run(ARGS("127.0.0.1", "65535"), .faults = refused));
}

TEST(connect, connects_to_the_port_of_its_arguments)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    accept_from(p, listener);
}

TEST(connect, connects_to_the_address_of_its_arguments)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.2", 4, &at);
    struct program *p = run(ARGS("127.0.0.2", port_text(at)));

    accept_from(p, listener);
}

TEST(connect, tells_both_ends_of_the_connection)
{
    // More than one: a port that the kernel chooses may be the same in either
    // byte order.
    for (int i = 0; i < 2; i++) {
        // And once two addresses that differ: with one buffer for both, as
        // inet_ntoa has, they would not.
        const char *host = i == 0 ? "127.0.0.1" : "127.0.0.2";
        struct sockaddr_in at;
        int listener = listen_at(host, 4, &at);
        struct program *p = run(ARGS(host, port_text(at)));
        struct sockaddr_in from = peer_address(accept_from(p, listener));
        expect_connected(p, at, &from);
        press_enter(p);
    }
}

TEST(connect, lets_two_of_it_call_one_server)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.1", 4, &at);
    struct program *one = run(ARGS("127.0.0.1", port_text(at)));

    accept_from(one, listener);
    accept_from(run(ARGS("127.0.0.1", port_text(at))), listener);
}

TEST(connect, tells_who_answered_when_it_called_0_0_0_0)
{
    struct sockaddr_in at;
    listen_at("0.0.0.0", 4, &at);
    struct program *p = run(ARGS("0.0.0.0", port_text(at)));

    at.sin_addr.s_addr = inet_addr("127.0.0.1");
    // From where is the business of another test.
    const char *line = expect_line(p, "connected to ");
    const char *want = text("connected to %s from ", show_address(at));
    if (strncmp(line, want, strlen(want)) != 0)
        fail(p, ABOUT_ADDRESS, text("a line that begins \"%s\"", want),
             text("the line %s", quoted(line, strlen(line))));
}

TEST(connect, calls_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_connect(__FILE__);
}

TEST(connect, sleeps_until_an_answer_comes)
{
    struct sockaddr_in at = silent_address();
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    expect_syn_sent(p, at);
    expect_asleep(p);
}

TEST(connect, says_so_when_nobody_listens)
{
    struct sockaddr_in at;
    bind_at("127.0.0.1", &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    expect_failure(p, "connect", ECONNREFUSED, "connected to ");
}

TEST(connect, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "1"), .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "connected to ");
}

TEST(connect, says_so_when_the_kernel_does_not_tell_the_other_end)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)),
                            .faults = EVERY_FAULT("peer", ENOBUFS));

    expect_failed_question(p, "getpeername", ENOBUFS, "connected to ");
}

TEST(connect, says_so_when_the_kernel_does_not_tell_this_end)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)),
                            .faults = EVERY_FAULT("name", ENOBUFS));

    expect_failed_question(p, "getsockname", ENOBUFS, "connected to ");
}

TEST(connect, keeps_the_connection_open_while_it_holds)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));
    int server = accept_from(p, listener);
    char byte;

    expect_line(p, "connected to ");
    expect_hold(p);
    expect_asleep(p);
    if (recv(server, &byte, 1, 0) != -1 || errno != EAGAIN)
        fail(p, ABOUT_HOLD,
             "the connection stays open, and nothing is sent on it",
             "the client has ended it, or has sent something");
}

TEST(connect, goes_on_holding_when_the_server_ends_or_resets)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));
    int server = accept_from(p, listener);

    expect_line(p, "connected to ");
    expect_hold(p);
    send_bytes(p, server, "hello", 5);
    shutdown(server, SHUT_WR);
    expect_asleep(p);
    reset(server);
    expect_asleep(p);
}

TEST(connect, ends_the_connection_cleanly_at_enter)
{
    struct sockaddr_in at;
    int listener = listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));
    int server = accept_from(p, listener);

    expect_line(p, "connected to ");
    press_enter(p);
    expect_end(p, server);
}

TEST(connect, closes_its_socket_at_enter_and_succeeds)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    expect_line(p, "press Enter to close");
    press_enter(p);
    expect_exit(p, 0, "after Enter it closes everything and has succeeded");
    expect_all_closed(p);
}

TEST(connect, takes_the_end_of_stdin_for_enter)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    expect_line(p, "connected to ");
    end_stdin(p);
    expect_exit(p, 0, "the end of stdin is as good as Enter");
}

TEST(connect, shows_each_line_at_once_through_a_pipe)
{
    struct sockaddr_in at;
    listen_at("127.0.0.1", 4, &at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)), .unaided = true);

    expect_line(p, "connected to ");
    expect_line(p, "press Enter to close");
}
