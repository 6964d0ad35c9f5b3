// SPDX-License-Identifier: MIT
/**
 * @file tests/06_echo_server.c
 * @brief Step 6, the server: every byte comes back, however it came.
 */
#include "lab/lab.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// A client of a fresh server.
static int client_of(struct program *p)
{
    int fd = connect_to(p, expect_address(p, "listening on "));
    int on = 1; // each send of ours is a segment of its own

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    expect_line(p, "Connected by ");
    return fd;
}

/// The client ends its stream; the server must end its own, and well.
static void expect_good_end(struct program *p, int fd)
{
    shutdown(fd, SHUT_WR);
    expect_end(p, fd);
    expect_exit(p, 0, "the client's stream has ended, so its work is done");
}

TEST(echo_server, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage(run(ARGS("nonsense")));
    expect_usage(run(ARGS("127.0.0.1", "65536")));
    expect_usage(run(ARGS("127.0.0.1", "12ab")));
    expect_usage(run(ARGS("127.0.0.1", "")));
    expect_usage(run(ARGS("127.0.0.1", "0", "too many")));
}

TEST(echo_server, listens_at_the_address_and_port_of_its_arguments)
{
    struct sockaddr_in want = free_address("127.0.0.2");
    struct program *p = run(ARGS("127.0.0.2", port_text(want)));

    expect_told(p, "listening on ", want);
    int fd = connect_to(p, want);
    expect_told(p, "Connected by ", own_address(fd));
}

TEST(echo_server, uses_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_bind(run(NO_ARGS), "listening on ");
}

TEST(echo_server, sends_back_what_it_has_got)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
    expect_good_end(p, fd);
}

TEST(echo_server, sends_back_any_bytes_zeros_too)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    unsigned char data[256];

    for (int i = 0; i < 256; i++)
        data[i] = (unsigned char)(255 - i);
    send_bytes(p, fd, data, sizeof data);
    expect_bytes(p, fd, data, sizeof data);
    send_bytes(p, fd, "\0\0\0", 3);
    expect_bytes(p, fd, "\0\0\0", 3);
    expect_good_end(p, fd);
}

TEST(echo_server, answers_each_piece_as_it_comes)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    // The client waits for each answer before it goes on, as people do.
    for (int i = 0; i < 50; i++) {
        char piece[200];
        size_t size = 1 + random_below(sizeof piece);
        random_bytes(piece, size);
        send_bytes(p, fd, piece, size);
        expect_bytes(p, fd, piece, size);
    }
    expect_good_end(p, fd);
}

TEST(echo_server, puts_single_bytes_in_order)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    char data[500];

    random_bytes(data, sizeof data);
    for (size_t i = 0; i < sizeof data; i++)
        send_bytes(p, fd, data + i, 1);
    expect_bytes(p, fd, data, sizeof data);
    expect_good_end(p, fd);
}

TEST(echo_server, sends_back_much_at_once)
{
    enum { SIZE = 300000 };
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    static char data[SIZE];

    random_bytes(data, SIZE);
    expect_echo(p, fd, data, SIZE);
    expect_good_end(p, fd);
}

TEST(echo_server, continues_after_a_partial_send)
{
    struct program *p = run(ARGS("127.0.0.1", "0"), .faults = "send:short:7");
    int fd = client_of(p);
    char data[1000];

    random_bytes(data, sizeof data);
    send_bytes(p, fd, data, sizeof data);
    expect_bytes(p, fd, data, sizeof data);
    expect_good_end(p, fd);
}

TEST(echo_server, waits_for_a_client_that_reads_slowly)
{
    enum { SIZE = 200000 };
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");
    struct sockaddr_in from;
    int fd = bind_at("127.0.0.1", &from), small = 4096;
    static char data[SIZE], back[SIZE];
    size_t sent = 0, got = 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    expect_connect(p, fd, at);
    random_bytes(data, SIZE);

    // Read only when there is no more room to send, and then only a little:
    // the server's send has to wait, in the kernel.
    while (got < SIZE) {
        ssize_t n = sent < SIZE
                        ? send(fd, data + sent, SIZE - sent, MSG_NOSIGNAL)
                        : 0;
        if (n > 0) {
            sent += (size_t)n;
            continue;
        }
        size_t piece = SIZE - got < 3000 ? SIZE - got : 3000;
        size_t m = receive_bytes(p, fd, back + got, piece, NULL);
        got += m;
        if (m < piece)
            fail(p, text("all %d bytes back, though slowly read", SIZE),
                 text("%zu of %zu bytes that were sent", got, sent));
    }
    if (memcmp(data, back, SIZE) != 0)
        fail(p, "the same bytes back", "others");
    expect_good_end(p, fd);
}

TEST(echo_server, sends_everything_to_a_client_that_half_closes)
{
    enum { SIZE = 50000 };
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    static char data[SIZE];

    random_bytes(data, SIZE);
    send_bytes(p, fd, data, SIZE);
    shutdown(fd, SHUT_WR);
    expect_bytes(p, fd, data, SIZE);
    expect_end(p, fd);
    expect_exit(p, 0, "the client's stream has ended, so its work is done");
}

TEST(echo_server, ends_when_the_client_sends_nothing_at_all)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    close(fd);
    expect_exit(p, 0, "the end of the stream is no error");
    expect_all_closed(p);
}

TEST(echo_server, tries_again_when_receiving_is_interrupted)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("recv", EINTR));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
    expect_good_end(p, fd);
}

TEST(echo_server, tries_again_when_sending_is_interrupted)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("send", EINTR));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
    expect_good_end(p, fd);
}

TEST(echo_server, tries_again_when_accepting_is_interrupted)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", EINTR));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
}

TEST(echo_server, tries_again_when_a_client_has_hung_up)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", ECONNABORTED));
    struct sockaddr_in at = expect_address(p, "listening on ");

    connect_to(p, at);
    connect_to(p, at); // the first may count as gone
    expect_line(p, "Connected by ");
}

TEST(echo_server, says_so_when_the_client_resets)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
    reset(fd);
    expect_connection_lost(p);
}

TEST(echo_server, is_not_killed_when_the_client_is_gone)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("send", EPIPE));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_connection_lost(p);
}

TEST(echo_server, needs_no_more_memory_for_more_bytes)
{
    enum { PIECE = 1 << 20, MOST = 24, SLACK_KIB = 6 * 1024 };
    struct program *p = run(ARGS("127.0.0.1", "0"), .plain = true);
    int fd = client_of(p);
    char *data = malloc(PIECE);

    random_bytes(data, 65536);
    for (int i = 1; i < PIECE / 65536; i++)
        memcpy(data + i * 65536, data, 65536);
    expect_echo(p, fd, data, 65536);
    long before = memory_of(p);
    // One byte a call is right too, only slow: stop when it is.
    for (int i = 0; i < MOST && cpu_of(p) < 1000; i++)
        expect_echo(p, fd, data, i == 0 ? 65536 : PIECE);
    long grown = memory_of(p) - before;
    if (grown > SLACK_KIB)
        fail(p, "memory that does not grow with the traffic",
             text("%ld KiB more after at most %d MiB", grown, MOST));
    expect_good_end(p, fd);
}

TEST(echo_server, sleeps_while_a_client_is_silent)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    expect_asleep(p);
    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
}

TEST(echo_server, closes_its_sockets_itself)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    expect_bytes(p, fd, "Hello friend", 12);
    expect_good_end(p, fd);
    expect_all_closed(p);
}

TEST(echo_server, starts_again_at_once_on_the_same_port)
{
    struct sockaddr_in at = free_address("127.0.0.1");
    leave_time_wait(at);

    expect_told(run(ARGS("127.0.0.1", port_text(at))), "listening on ", at);
}

TEST(echo_server, says_so_when_another_socket_listens_there)
{
    struct sockaddr_in taken;
    listen_at("127.0.0.1", 1, &taken);
    struct program *p = run(ARGS("127.0.0.1", port_text(taken)));

    expect_failure(p, "bind", EADDRINUSE, "listening on ");
}

TEST(echo_server, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .nofile = 3, .plain = true);
    expect_failure(p, "socket", EMFILE, "listening on ");
}

TEST(echo_server, says_so_when_there_is_no_descriptor_for_the_connection)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", EMFILE));

    begin_connect(expect_address(p, "listening on ")); // for who polls first
    expect_failure(p, "accept", EMFILE, "Connected by ");
}

TEST(echo_server, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(ARGS("127.0.0.1", "0"), .unaided = true);

    client_of(p);
}
