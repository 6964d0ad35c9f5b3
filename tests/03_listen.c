// SPDX-License-Identifier: MIT
/**
 * @file tests/03_listen.c
 * @brief Step 3: the kernel completes handshakes, and nobody has called accept.
 */
#include "lab/lab.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// The listening socket as the kernel knows it.
static struct tcp_socket expect_listening(struct program *p,
                                          struct sockaddr_in at)
{
    struct tcp_socket found;

    if (!find_listener(at, &found))
        fail(p, ABOUT_OPEN,
             text("a socket in state LISTEN at %s", show_address(at)),
             "the kernel has none at that port");
    if (found.local.sin_addr.s_addr != at.sin_addr.s_addr)
        fail(p, ABOUT_ADDRESS,
             text("a socket in state LISTEN at %s", show_address(at)),
             text("it is at %s", show_address(found.local)));
    return found;
}

/// What the kernel makes of a backlog: net.core.somaxconn is the most.
static unsigned in_kernel(unsigned backlog)
{
    unsigned most = backlog;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "r");

    if (file != NULL) {
        if (fscanf(file, "%u", &most) != 1)
            most = backlog;
        fclose(file);
    }
    return backlog < most ? backlog : most;
}

/// A listening socket that would share its port with whoever sets SO_REUSEPORT.
static struct sockaddr_in listen_shared(void)
{
    struct sockaddr_in at = free_address("127.0.0.1");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == -1 ||
        listen(fd, 1) == -1)
        call_trouble(show_address(at));
    return at;
}

static void expect_backlog(struct program *p, unsigned backlog)
{
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_running(p);
    unsigned limit = expect_listening(p, at).limit;
    if (limit != in_kernel(backlog))
        fail(p, ABOUT_OPEN,
             text("a backlog of %u (Send-Q in ss -tln)", in_kernel(backlog)),
             text("the kernel has %u", limit));
}

/// Finished connections in the queue. The last ACK of a handshake may still be
/// on its way when the client knows already that it is connected.
struct queue {
    struct sockaddr_in at;
    unsigned wanted, queued;
};

static bool is_queued(struct program *p, void *context)
{
    struct queue *queue = context;
    struct tcp_socket found;

    (void)p;
    queue->queued = find_listener(queue->at, &found) ? found.queued : 0;
    return queue->queued == queue->wanted;
}

/// So many, and so many still once the program has done whatever a client may
/// have it do.
static void expect_queued(struct program *p, struct sockaddr_in at,
                          unsigned wanted)
{
    struct queue queue = {at, wanted, 0};

    wait_until(p, is_queued, &queue);
    expect_running(p);
    if (!wait_until(p, is_queued, &queue))
        fail(p, ABOUT_OPEN,
             text("%u finished connections in the queue (Recv-Q in ss -tln)",
                  wanted),
             text("%u", queue.queued));
}

TEST(listen, refuses_arguments_that_are_no_address_port_and_backlog, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 3);
    expect_usage(run(ARGS("127.0.0.1", "0", "0")));
    expect_usage(run(ARGS("127.0.0.1", "0", "65536")));
    expect_usage(run(ARGS("127.0.0.1", "0", "many")));
    expect_usage(run(ARGS("127.0.0.1", "0", "")));
}

TEST(listen, takes_every_argument_up_to_its_limit, GIVEN)
{
    expect_accepted(run(ARGS("127.0.0.1", "65535")));
    expect_accepted(run(ARGS("127.0.0.1", "0", "1")));
    expect_accepted(run(ARGS("127.0.0.1", "0", "65535")));
}

TEST(listen, listens_at_the_address_and_port_of_its_arguments)
{
    // As long as an address can be when it is printed.
    struct sockaddr_in want = free_address("127.101.102.103");
    struct program *p = run(ARGS("127.101.102.103", port_text(want)));

    expect_told(p, "listening on ", want);
    expect_running(p);
    expect_listening(p, want);
}

TEST(listen, reports_the_port_that_the_kernel_chose)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in got = expect_address(p, "listening on ");

    expect_running(p);
    expect_listening(p, got);
}

TEST(listen, uses_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_bind(__FILE__, "listening on ");
}

TEST(listen, lets_clients_connect_although_nobody_accepts)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_running(p);
    connect_to(p, at);
    connect_to(p, at);
    expect_queued(p, at, 2);
}

TEST(listen, hands_its_backlog_to_the_kernel)
{
    // Not the default, and more than a byte holds.
    unsigned backlog = 257 + random_below(700);
    expect_backlog(run(ARGS("127.0.0.1", "0", text("%u", backlog))), backlog);
}

TEST(listen, has_a_backlog_of_16_when_told_none)
{
    expect_backlog(run(ARGS("127.0.0.1", "0")), 16);
}

TEST(listen, lets_one_more_than_the_backlog_in_and_no_other)
{
    struct program *p = run(ARGS("127.0.0.1", "0", "2"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_running(p);
    struct sockaddr_in client;
    for (int i = 0; i < 3; i++)
        expect_connect(p, bind_at("127.0.0.1", &client), at);
    expect_queued(p, at, 3);
    int silent = begin_connect(at);
    struct tcp_socket found = {0};
    find_tcp(ntohs(own_address(silent).sin_port), 0, ntohs(at.sin_port),
             &found);
    if (found.state != TCP_SYN_SENT)
        fail(p, ABOUT_OPEN,
             "with a backlog of 2, the SYN of the fourth client goes "
             "unanswered: SYN-SENT",
             state_name(found.state));
}

TEST(listen, binds_although_an_old_connection_is_in_time_wait)
{
    struct sockaddr_in at = free_address("127.0.0.1");
    leave_time_wait(at);
    struct program *p = run(ARGS("127.0.0.1", port_text(at)));

    struct sockaddr_in got = expect_address(p, "listening on ");
    if (got.sin_port != at.sin_port)
        fail(p, ABOUT_ADDRESS, text("listening on %s", show_address(at)),
             text("listening on %s", show_address(got)));
}

TEST(listen, says_so_when_another_socket_listens_there)
{
    struct sockaddr_in taken = listen_shared();
    struct program *p = run(ARGS("127.0.0.1", port_text(taken)));

    expect_failure(p, "bind", EADDRINUSE, "listening on ");
}

TEST(listen, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "listening on ");
}

TEST(listen, says_so_when_an_option_can_t_be_set)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("reuse", ENOBUFS));
    expect_failure(p, "setsockopt", ENOBUFS, "listening on ");
}

TEST(listen, says_so_when_listen_fails)
{
    struct program *p = run(ARGS("127.0.0.1", "0"),
                            .faults = EVERY_FAULT("listen", EADDRINUSE));
    expect_failure(p, "listen", EADDRINUSE, "listening on ");
}

TEST(listen, says_so_when_the_kernel_does_not_tell_the_address)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("name", ENOBUFS));

    if (meets_fault(p))
        expect_failed_question(p, "getsockname", ENOBUFS, "listening on ");
    else
        expect_line(p, "listening on ");
}

TEST(listen, accepts_nobody_while_it_holds)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_line(p, "press Enter to close");
    int client = connect_to(p, at);
    expect_queued(p, at, 1);
    expect_asleep(p);
    struct tcp_socket found = {0};
    find_listener(at, &found);
    char byte;
    ssize_t got = recv(client, &byte, 1, MSG_DONTWAIT);
    if (found.queued != 1 || got != -1 || errno != EAGAIN)
        fail(p, ABOUT_OPEN,
             "a client that connects during the hold waits in the queue: "
             "nobody accepts it, and nobody ends its connection",
             found.queued != 1 ? "the queue is empty: it was accepted"
                               : "its connection has ended");
}

TEST(listen, goes_on_holding_whatever_its_clients_do)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_running(p);
    int rude = begin_connect(at);
    expect_running(p); // one connection has not ended it
    int polite = connect_to(p, at);
    send_bytes(p, polite, "hello", 5);
    close(polite);
    reset(rude);
    expect_asleep(p);
    expect_listening(p, at);
}

TEST(listen, closes_the_listening_socket_at_enter)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    expect_hold(p);
    expect_clean_close(p);
    int error = try_connect(at);
    if (error != -ECONNREFUSED)
        fail(p, ABOUT_OPEN, "nobody listens any more",
             "a client could still connect");
}

TEST(listen, takes_the_end_of_stdin_for_enter)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));

    end_stdin(p);
    expect_exit(p, 0, "the end of stdin is as good as Enter");
}

TEST(listen, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(ARGS("127.0.0.1", "0"), .unaided = true);

    expect_line(p, "listening on ");
    expect_line(p, "press Enter to close");
}
