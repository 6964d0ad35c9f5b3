// SPDX-License-Identifier: MIT
/**
 * @file tests/04_accept.c
 * @brief Step 4: one connection is taken out of the queue.
 */
#include "lab/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// Wait until it says that it listens. Where, we ask the kernel: what it says
/// of that is for the tests of the words.
static struct sockaddr_in expect_listening(struct program *p)
{
    struct sockaddr_in told = expect_address(p, "listening on "), at;

    if (!find_listening(p, &told, &at))
        fail(p, ABOUT_LINE, "a socket of the program listens",
             text("only the line \"listening on %s\"", show_address(told)));
    return at;
}

TEST(accept, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 2);
}

TEST(accept, takes_every_argument_up_to_its_limit, GIVEN)
{
    expect_accepted(run(ARGS("127.0.0.1", "65535")));
}

TEST(accept, listens_at_the_address_and_port_of_its_arguments)
{
    struct sockaddr_in want = free_address("127.0.0.2");
    struct program *p = run(ARGS("127.0.0.2", port_text(want)));

    expect_told(p, "listening on ", want);
    connect_to(p, want);
    expect_line(p, "Connected by ");
}

TEST(accept, tells_which_port_the_kernel_chose)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in told = expect_address(p, "listening on "), at;

    if (find_listening(p, &told, &at) && told.sin_port != at.sin_port)
        fail(p, ABOUT_ADDRESS, text("listening on %s", show_address(at)),
             text("listening on %s", show_address(told)));
}

TEST(accept, uses_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_bind(__FILE__, "listening on ");
}

TEST(accept, names_the_true_peer)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);
    struct sockaddr_in from;
    int client = bind_at("127.0.0.1", &from);

    expect_connect(p, client, at);
    expect_told(p, "Connected by ", from);
}

TEST(accept, names_a_peer_that_has_another_address)
{
    struct program *p = run(ARGS("0.0.0.0", "0"));
    struct sockaddr_in at = expect_listening(p);
    struct sockaddr_in from;
    int client = bind_at("127.0.0.5", &from);

    at.sin_addr.s_addr = inet_addr("127.0.0.1");
    expect_connect(p, client, at);
    // Its port is the business of the test before.
    struct sockaddr_in told = expect_address(p, "Connected by ");
    if (told.sin_addr.s_addr != from.sin_addr.s_addr)
        fail(p, ABOUT_ADDRESS, text("Connected by %s", show_address(from)),
             text("Connected by %s", show_address(told)));
}

TEST(accept, sleeps_until_a_client_comes)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);

    expect_asleep(p);
    connect_to(p, at);
    expect_line(p, "Connected by ");
}

TEST(accept, waits_for_a_client_that_comes_late)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);

    // As long as the lab waits for anything that does not come.
    if (wait_until(p, is_over, NULL))
        fail(p, ABOUT_HOLD, "it waits for a client as long as it takes",
             "nobody had come yet, and it ended");
    connect_to(p, at);
    expect_line(p, "Connected by ");
}

TEST(accept, keeps_the_connection_open_while_it_holds)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);
    int client = connect_to(p, at);
    struct tcp_socket end = {0};

    expect_line(p, "Connected by ");
    expect_hold(p);
    find_tcp(ntohs(at.sin_port), 0, ntohs(own_address(client).sin_port), &end);
    struct open_socket sockets[8];
    int count = open_sockets(p, sockets, 8);
    while (count > 0 && sockets[count - 1].inode != end.inode)
        count--;
    if (hides_sockets(p))
        count = 1; // nobody can look: the kernel's table decides
    if (end.state != TCP_ESTABLISHED || count == 0)
        fail(p, ABOUT_HOLD,
             "the connection is ESTABLISHED, and the program has it open",
             end.state != TCP_ESTABLISHED
                 ? state_name(end.state)
                 : "no descriptor of the program is that connection");
}

TEST(accept, goes_on_holding_when_the_client_ends_or_resets)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);
    int client = connect_to(p, at);

    expect_line(p, "Connected by ");
    expect_hold(p);
    shutdown(client, SHUT_WR);
    expect_asleep(p);
    reset(client);
    expect_asleep(p);
}

TEST(accept, ends_the_connection_cleanly_at_enter)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);
    int client = connect_to(p, at);

    expect_line(p, "Connected by ");
    expect_hold(p);
    press_enter(p);
    expect_end(p, client);
}

TEST(accept, closes_every_socket_at_enter_and_succeeds)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));

    connect_to(p, expect_listening(p));
    expect_line(p, "Connected by ");
    expect_hold(p);
    expect_clean_close(p);
}

TEST(accept, takes_the_end_of_stdin_for_enter)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));

    connect_to(p, expect_listening(p));
    expect_line(p, "Connected by ");
    end_stdin(p);
    expect_exit(p, 0, "the end of stdin is as good as Enter");
}

/// It announces one of these two clients.
static void expect_true_peer(struct program *p, int one, int other)
{
    struct sockaddr_in first = own_address(one), second = own_address(other);
    struct sockaddr_in told = expect_address(p, "Connected by ");

    if (strcmp(show_address(told), show_address(first)) != 0 &&
        strcmp(show_address(told), show_address(second)) != 0)
        fail(p, ABOUT_RETRY,
             text("Connected by %s: the client that has come",
                  show_address(first)),
             text("Connected by %s", show_address(told)));
}

TEST(accept, tries_again_after_a_signal)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", EINTR));
    struct sockaddr_in at = expect_listening(p);
    int client = connect_to(p, at);

    expect_true_peer(p, client, client);
}

TEST(accept, goes_on_waiting_after_ctrl_z_and_fg)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);

    expect_running(p);
    suspend(p);
    resume(p);
    int client = connect_to(p, at);
    expect_true_peer(p, client, client);
}

TEST(accept, tries_again_when_a_client_has_hung_up)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", ECONNABORTED));
    struct sockaddr_in at = expect_listening(p);

    int client = connect_to(p, at);
    // That one may count as gone, so there is a second; if it does not, the
    // listener may be closed already.
    int second = begin_connect(at);
    expect_true_peer(p, client, second < 0 ? client : second);
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
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "listening on ");
}

TEST(accept, says_so_when_another_socket_listens_there)
{
    // One that would share its port with whoever asks for that too: two
    // programs that are called by turns are what SO_REUSEPORT makes of them.
    struct sockaddr_in taken = free_address("127.0.0.1");
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&taken, sizeof taken) == -1 ||
        listen(fd, 1) == -1)
        call_trouble("listen");
    struct program *p = run(ARGS("127.0.0.1", port_text(taken)));

    expect_failure(p, "bind", EADDRINUSE, "listening on ");
}

TEST(accept, says_so_when_an_option_can_not_be_set)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("reuse", ENOMEM));
    expect_failure(p, "setsockopt", ENOMEM, "listening on ");
}

TEST(accept, says_so_when_the_kernel_does_not_tell_its_address)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("name", ENOBUFS));
    expect_failed_question(p, "getsockname", ENOBUFS, "listening on ");
}

TEST(accept, says_so_when_listen_fails)
{
    struct program *p = run(ARGS("127.0.0.1", "0"),
                            .faults = EVERY_FAULT("listen", EADDRINUSE));
    expect_failure(p, "listen", EADDRINUSE, "listening on ");
}

TEST(accept, lives_through_a_client_that_resets_in_the_queue)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_listening(p);

    // Stopped, it can't be quicker than the reset.
    suspend(p);
    int client = connect_to(p, at);
    int port = ntohs(own_address(client).sin_port);
    reset(client);
    for (int i = 0;
         i < 1000 && find_tcp(ntohs(at.sin_port), TCP_ESTABLISHED, port, NULL);
         i++)
        poll(NULL, 0, 1);
    resume(p);
    begin_connect(at); // the first may be announced or passed over
    expect_line(p, "Connected by ");
}

TEST(accept, starts_again_at_once_on_the_same_port)
{
    struct sockaddr_in at = free_address("127.0.0.1");

    leave_time_wait(at); // as a server that closes first does
    expect_line(run(ARGS("127.0.0.1", port_text(at))), "listening on ");
}

TEST(accept, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(ARGS("127.0.0.1", "0"), .unaided = true);
    struct sockaddr_in at = expect_listening(p);

    connect_to(p, at);
    expect_line(p, "Connected by ");
    expect_line(p, "press Enter to close");
}
