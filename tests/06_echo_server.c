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
    return fd;
}

/// The same, once the server has accepted it.
static int accepted_client_of(struct program *p)
{
    int fd = client_of(p);
    expect_line(p, "Connected by ");
    return fd;
}

/// All of it comes back. The client has nothing more to send, and says so:
/// when the answer comes is another test's question.
static void expect_back(struct program *p, int fd, const void *data,
                        size_t size)
{
    send_bytes(p, fd, data, size);
    shutdown(fd, SHUT_WR);
    expect_bytes(p, fd, data, size);
}

/// Bytes that any string could hold, and no line end: every kind of byte is a
/// test of its own.
static void random_letters(char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (char)('!' + random_below('~' - '!'));
}

TEST(echo_server, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 2);
}

TEST(echo_server, takes_every_argument_up_to_its_limit, GIVEN)
{
    expect_accepted(run(ARGS("127.0.0.1", "65535")));
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
    expect_default_bind(__FILE__, "listening on ");
}

TEST(echo_server, sends_back_what_it_has_got)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    char more[64];

    expect_back(p, fd, "Hello friend", 12);
    size_t n = receive_bytes(p, fd, more, sizeof more, NULL);
    if (n > 0)
        fail(p, ABOUT_BYTES, "the 12 bytes that were sent, and no more",
             text("more bytes: %s", quoted(more, n)));
}

TEST(echo_server, sends_back_any_bytes_zeros_too)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    unsigned char data[256], back[256];

    for (int i = 0; i < 256; i++)
        data[i] = (unsigned char)(255 - i);
    send_bytes(p, fd, data, sizeof data);
    shutdown(fd, SHUT_WR);
    size_t n = receive_bytes(p, fd, back, sizeof back, NULL);
    if (n < sizeof data || memcmp(data, back, sizeof data) != 0)
        fail(p, ABOUT_BYTES,
             "all values of a byte back, from 255 to 0, line ends and zeros "
             "too: what comes is bytes, no string",
             text("%zu bytes: %s", n, quoted(back, n)));
}

TEST(echo_server, answers_each_piece_as_it_comes)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    // The client waits for each answer before it goes on, as people do.
    for (int i = 0; i < 50; i++) {
        char piece[200];
        size_t size = 1 + random_below(sizeof piece);
        random_letters(piece, size);
        send_bytes(p, fd, piece, size);
        expect_bytes(p, fd, piece, size);
    }
}

TEST(echo_server, goes_on_after_a_byte_of_any_kind)
{
    static const char *const pieces[] = {
        "one\n", "two\r\n", "\n", "three\x04", "four\x1a", "\xff", "five"};
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        send_bytes(p, fd, pieces[i], strlen(pieces[i]));
        expect_bytes(p, fd, pieces[i], strlen(pieces[i]));
    }
    send_bytes(p, fd, "", 1); // a zero
    expect_bytes(p, fd, "", 1);
    send_bytes(p, fd, "end", 3);
    expect_bytes(p, fd, "end", 3);
}

TEST(echo_server, sends_back_much_at_once)
{
    enum { SIZE = 2 << 16 };
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    static char data[SIZE];

    random_letters(data, SIZE);
    expect_echo(p, fd, data, SIZE);
}

TEST(echo_server, continues_after_a_partial_send)
{
    struct program *p = run(ARGS("127.0.0.1", "0"), .faults = "send:short:7");
    char data[703]; // the last piece is shorter than what a call may take
    int fd = client_of(p);

    random_letters(data, sizeof data);
    expect_back(p, fd, data, sizeof data);
    expect_end(p, fd);
}

/// The server sleeps although there is something to read: it waits for room to
/// send. (What it has read and not sent is then in its own memory.)
static bool waits_to_send(struct program *p, void *context)
{
    const struct sockaddr_in *ends = context;
    unsigned long since = asleep_since(p);
    struct tcp_socket server;

    if (has_ended(p) ||
        !find_tcp(ntohs(ends[1].sin_port), 0, ntohs(ends[0].sin_port), &server))
        return true;
    if (server.queued == 0)
        return true; // it has read everything: there may be more
    return since != 0 && since == asleep_since(p);
}

/// A client with a small receive buffer: little is on the way to it.
static int narrow_client_of(struct program *p)
{
    struct sockaddr_in at = expect_address(p, "listening on ");
    struct sockaddr_in from;
    int fd = bind_at("127.0.0.1", &from), small = 4096;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    expect_connect(p, fd, at);
    return fd;
}

/// Send and read nothing, until the server's send has to wait: there is no room
/// for more before the client begins to read. Returns how much was sent: data
/// again and again.
static size_t send_until_it_waits(struct program *p, int fd, const char *data,
                                  size_t piece)
{
    enum { MOST = 256, SLOW_MS = 3000 };
    struct sockaddr_in ends[] = {own_address(fd), peer_address(fd)};
    struct tcp_socket server;

    for (int i = 1; i <= MOST; i++) {
        send_bytes(p, fd, data, piece);
        wait_until(p, waits_to_send, ends);
        // One byte a call is right too, and takes too long to fill all.
        if (has_ended(p) || cpu_of(p) > SLOW_MS ||
            (find_tcp(ntohs(ends[1].sin_port), 0, ntohs(ends[0].sin_port),
                      &server) &&
             server.queued > 0))
            return (size_t)i * piece;
    }
    return MOST * piece;
}

TEST(echo_server, waits_for_a_client_that_reads_late)
{
    enum { PIECE = 1 << 16 };
    struct program *p = run(ARGS("127.0.0.1", "0"), .plain = true);
    int fd = narrow_client_of(p);
    static char data[PIECE];

    random_letters(data, PIECE);
    size_t sent = send_until_it_waits(p, fd, data, PIECE);
    if (has_ended(p))
        fail(p, ABOUT_END, "it serves until the client's stream ends",
             "the client had not ended its stream");
    shutdown(fd, SHUT_WR);
    for (size_t got = 0; got < sent; got += PIECE)
        expect_bytes(p, fd, data, PIECE);
}

TEST(echo_server, sends_everything_to_a_client_that_half_closes)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = client_of(p);
    char data[700];

    random_letters(data, sizeof data);
    expect_back(p, fd, data, sizeof data);
    expect_end(p, fd);
    expect_exit(p, 0, "the client's stream has ended, so its work is done");
}

TEST(echo_server, ends_when_the_client_sends_nothing_at_all)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));

    close(client_of(p));
    expect_exit(p, 0, "the end of the stream is no error");
}

TEST(echo_server, tries_again_when_receiving_is_interrupted)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("recv", EINTR));
    expect_back(p, client_of(p), "Hello friend", 12);
}

TEST(echo_server, sees_the_end_after_a_signal)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("recv", EINTR));
    int fd = client_of(p);

    send_bytes(p, fd, "Hello friend", 12);
    shutdown(fd, SHUT_WR);
    expect_exit(p, 0, "the client's stream has ended, signal or not");
}

TEST(echo_server, tries_again_when_sending_is_interrupted)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("send", EINTR));
    expect_back(p, client_of(p), "Hello friend", 12);
}

TEST(echo_server, tries_again_when_accepting_is_interrupted)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", EINTR));
    expect_back(p, client_of(p), "Hello friend", 12);
}

TEST(echo_server, tries_again_when_a_client_has_hung_up)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = FAULT("accept", ECONNABORTED));

    accepted_client_of(p); // the lab has only said that it was gone
}

TEST(echo_server, says_so_when_the_client_resets)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));

    reset(accepted_client_of(p));
    expect_connection_lost(p);
}

/// The server's end of the connection is in this state.
struct stage {
    struct sockaddr_in client, server;
    int state;
    bool wanted;
};

static bool stage_reached(struct program *p, void *context)
{
    const struct stage *s = context;

    (void)p;
    return find_tcp(ntohs(s->server.sin_port), s->state,
                    ntohs(s->client.sin_port), NULL) == s->wanted;
}

TEST(echo_server, is_not_killed_when_the_client_is_gone)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = accepted_client_of(p);
    struct stage at = {own_address(fd), peer_address(fd), TCP_CLOSE_WAIT, true};

    // While the server is stopped (as by Ctrl-Z) the bytes come, the end of the
    // client's stream, and then its reset. So it receives the bytes, and its
    // send finds nobody: the kernel says EPIPE, and SIGPIPE.
    suspend(p);
    send_bytes(p, fd, "Hello friend", 12);
    shutdown(fd, SHUT_WR);
    wait_until(p, stage_reached, &at);
    reset(fd);
    at.wanted = false;
    wait_until(p, stage_reached, &at);
    resume(p);
    expect_connection_lost(p);
}

TEST(echo_server, needs_no_more_memory_for_more_bytes)
{
    enum { PIECE = 1 << 20, FIRST = 65536, MOST = 96, SOME = 8, SLOW_MS = 50 };
    struct program *p = run(ARGS("127.0.0.1", "0"), .plain = true);
    int fd = client_of(p);
    char *data = malloc(PIECE);
    long memory[MOST + 1], cpu = cpu_of(p);

    random_letters(data, FIRST);
    for (size_t part = FIRST; part < PIECE; part += FIRST)
        memcpy(data + part, data, FIRST);
    expect_echo(p, fd, data, FIRST);
    // One byte a call is right too, only slow: a little of it must do.
    size_t size = cpu_of(p) - cpu > SLOW_MS ? FIRST : PIECE;
    memory[0] = memory_of(p);
    // A large buffer is right: it is in core once it is used, and then no more
    // comes. What keeps its traffic grows by as much as has come.
    for (int done = 1; done <= MOST; done++) {
        expect_echo(p, fd, data, size);
        memory[done] = memory_of(p);
        if (done >= SOME &&
            (memory[done] - memory[done - SOME]) * 4 < SOME * (long)size / 1024)
            return;
    }
    fail(p, ABOUT_MEMORY, "memory that does not grow with the traffic",
         text("%ld KiB more after %ld KiB, and still growing",
              memory[MOST] - memory[0], MOST * (long)size / 1024));
}

TEST(echo_server, waits_for_a_client_that_comes_late)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    struct sockaddr_in at = expect_address(p, "listening on ");

    // As long as the lab waits for anything that does not come.
    if (wait_until(p, is_over, NULL))
        fail(p, ABOUT_HOLD, "it waits for a client as long as it takes",
             "nobody had come yet, and it ended");
    connect_to(p, at);
    expect_line(p, "Connected by ");
}

TEST(echo_server, sleeps_while_a_client_is_silent)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));
    int fd = accepted_client_of(p);

    expect_asleep(p);
    send_bytes(p, fd, "Hello friend", 12);
    expect_read(p, fd);
    expect_asleep(p);
}

TEST(echo_server, closes_its_sockets_itself)
{
    struct program *p = run(ARGS("127.0.0.1", "0"));

    close(client_of(p));
    expect_exit(p, 0, "the end of the stream is no error");
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
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("socket", EMFILE));
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
    accepted_client_of(p);
}

TEST(echo_server, says_so_when_an_option_can_not_be_set)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("reuse", ENOMEM));
    expect_failure(p, "setsockopt", ENOMEM, "listening on ");
}

TEST(echo_server, says_so_when_listen_fails)
{
    struct program *p = run(ARGS("127.0.0.1", "0"),
                            .faults = EVERY_FAULT("listen", EADDRINUSE));
    expect_failure(p, "listen", EADDRINUSE, "listening on ");
}

TEST(echo_server, says_so_when_the_kernel_does_not_tell_its_address)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("name", ENOBUFS));
    expect_failed_question(p, "getsockname", ENOBUFS, "listening on ");
}
