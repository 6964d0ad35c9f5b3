// SPDX-License-Identifier: MIT
/**
 * @file tests/04_accept.c
 * @brief Step 4: one connection is taken out of the queue.
 */
#include "lab/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

TEST(accept, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage(run(ARGS("nonsense")));
    expect_usage(run(ARGS("127.0.0.1", "65536")));
    expect_usage(run(ARGS("127.0.0.1", "12ab")));
    expect_usage(run(ARGS("127.0.0.1", "")));
    expect_usage(run(ARGS("127.0.0.1", "0", "too many")));
}

TEST(accept, listens_at_the_address_and_port_of_its_arguments)
{
    struct sockaddr_in want = free_address("127.0.0.2");
    struct program *p = run(ARGS("127.0.0.2", port_text(want)));

    expect_told(p, "listening on ", want);
    connect_to(p, want);
    expect_line(p, "Connected by ");
}

TEST(accept, uses_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_bind(run(NO_ARGS), "listening on ");
}

TEST(accept, names_the_true_peer)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");
    int client = connect_to(p, at);

    expect_told(p, "Connected by ", own_address(client));
}

TEST(accept, names_a_peer_that_has_another_address)
{
    struct program *p = run(ARGS("0.0.0.0", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");
    struct sockaddr_in from;
    int client = bind_at("127.0.0.5", &from);

    at.sin_addr.s_addr = inet_addr("127.0.0.1");
    expect_connect(p, client, at);
    expect_told(p, "Connected by ", from);
}

TEST(accept, sleeps_until_a_client_comes)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_asleep(p);
    connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_hold(p);
}

TEST(accept, keeps_the_connection_open_while_it_holds)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");
    int client = connect_to(p, at);
    struct tcp_socket end = {0};

    expect_line(p, "Connected by ");
    expect_hold(p);
    find_tcp(ntohs(at.sin_port), 0, ntohs(own_address(client).sin_port), &end);
    struct held held[8];
    int count = sockets_held(p, held, 8);
    while (count > 0 && held[count - 1].inode != end.inode)
        count--;
    if (end.state != TCP_ESTABLISHED || count == 0)
        fail(p, "the connection is ESTABLISHED, and the program has it open",
             end.state != TCP_ESTABLISHED
                 ? state_name(end.state)
                 : "no descriptor of the program is that connection");
}

TEST(accept, goes_on_holding_when_the_client_ends_or_resets)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");
    int client = connect_to(p, at);

    expect_line(p, "Connected by ");
    expect_hold(p);
    shutdown(client, SHUT_WR);
    expect_asleep(p);
    reset(client);
    expect_asleep(p);
    expect_clean_close(p);
}

TEST(accept, ends_the_connection_cleanly_at_enter)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");
    int client = connect_to(p, at);

    expect_line(p, "Connected by ");
    expect_hold(p);
    expect_clean_close(p);
    expect_end(p, client);
}

TEST(accept, tries_again_after_a_signal)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", EINTR));
    struct sockaddr_in at = expect_address(p, "listening on ");
    int client = connect_to(p, at);

    expect_told(p, "Connected by ", own_address(client));
    expect_hold(p);
}

TEST(accept, goes_on_waiting_after_ctrl_z_and_fg)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_asleep(p);
    stop_and_continue(p);
    connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_hold(p);
}

TEST(accept, tries_again_when_a_client_has_hung_up)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", ECONNABORTED));
    struct sockaddr_in at = expect_address(p, "listening on ");

    connect_to(p, at);
    // That one may count as gone, so there is a second.
    connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_hold(p);
}

TEST(accept, says_so_when_there_is_no_descriptor_for_the_connection)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", EMFILE));

    begin_connect(expect_address(p, "listening on ")); // for who polls first
    expect_failure(p, "accept", EMFILE, "Connected by ");
}

TEST(accept, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .nofile = 3, .plain = true);
    expect_failure(p, "socket", EMFILE, "listening on ");
}

TEST(accept, says_so_when_another_socket_listens_there)
{
    struct sockaddr_in taken;
    listen_at("127.0.0.1", 1, &taken);
    struct program *p = run(ARGS("127.0.0.1", port_text(taken)));

    expect_failure(p, "bind", EADDRINUSE, "listening on ");
}

TEST(accept, says_so_when_listen_fails)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("listen", EADDRINUSE));
    expect_failure(p, "listen", EADDRINUSE, "listening on ");
}

TEST(accept, lives_through_a_client_that_resets_in_the_queue)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    reset(connect_to(p, at)); // may be announced or passed over
    connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_hold(p);
    expect_clean_close(p);
}

TEST(accept, starts_again_at_once_on_the_same_port)
{
    struct sockaddr_in at = free_address("127.0.0.1");
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    expect_told(p, "listening on ", at);
    int client = connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_hold(p);
    expect_clean_close(p);
    expect_end(p, client);
    close(client);
    expect_time_wait(at);
    expect_told(run(ARGS("127.0.0.1", port_text(at))), "listening on ", at);
}

TEST(accept, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(ARGS("127.0.0.1", "0"), .unaided = true);
    struct sockaddr_in at = expect_address(p, "listening on ");

    connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_line(p, "press Enter to close");
}
