// SPDX-License-Identifier: MIT
/**
 * @file tests/01_socket.c
 * @brief Step 1: a socket is a file descriptor, and nothing more yet.
 */
#include "lab/lab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/// The number N in a line `fd N: …`, and where the rest of it begins.
static int expect_descriptor(struct program *p, const char **rest)
{
    const char *line = expect_line(p, "fd ");
    int fd = -1, used = 0;

    sscanf(line, "fd %d: %n", &fd, &used);
    *rest = line + used;
    return fd;
}

/// The line `fd 3: AF_INET SOCK_STREAM`, and a socket of this kind. Whether the
/// number is right is another test's matter.
static void expect_socket(struct program *p, const char *type,
                          const char *protocol)
{
    const char *rest;
    int fd = expect_descriptor(p, &rest);
    if (strcmp(rest, text("AF_INET %s", type)) != 0)
        fail(p, ABOUT_LINE, text("the line \"fd %d: AF_INET %s\"", fd, type),
             text("the line \"fd %d: \" and then %s", fd,
                  quoted(rest, strlen(rest))));
    struct open_socket sockets[8], *one = sockets;

    expect_running(p);
    int count = open_sockets(p, sockets, 8);
    for (int i = 0; i < count; i++)
        if (sockets[i].fd == fd)
            one = &sockets[i];
    if (count == 0 && hides_sockets(p))
        return; // nobody can look
    if (count == 0)
        fail(p, ABOUT_OPEN,
             text("a socket of AF_INET, %s (%s)", type, protocol),
             "the program has no socket open");
    if (strcmp(one->protocol, protocol) != 0)
        fail(p, ABOUT_OPEN,
             text("a socket of AF_INET, %s (%s)", type, protocol),
             text("the kernel says that the protocol of descriptor %d is %s",
                  one->fd, one->protocol));
}

TEST(socket, refuses_arguments_other_than_stream_and_dgram, GIVEN)
{
    expect_usage(run(ARGS("nonsense")));
    expect_usage(run(ARGS("")));
    expect_usage(run(ARGS("stream", "stream")));
}

TEST(socket, makes_a_tcp_socket_when_told_nothing)
{
    expect_socket(run(NO_ARGS), "SOCK_STREAM", "TCP");
}

TEST(socket, makes_a_tcp_socket_for_stream)
{
    expect_socket(run(ARGS("stream")), "SOCK_STREAM", "TCP");
}

TEST(socket, makes_a_udp_socket_for_dgram)
{
    expect_socket(run(ARGS("dgram")), "SOCK_DGRAM", "UDP");
}

TEST(socket, tells_the_number_of_its_descriptor)
{
    struct program *p = run(NO_ARGS, .taken = 1 + (int)random_below(5));
    const char *rest;
    int fd = expect_descriptor(p, &rest);
    struct open_socket sockets[8];

    expect_running(p);
    int count = open_sockets(p, sockets, 8);
    for (int i = 0; i < count; i++)
        if (sockets[i].fd == fd)
            return;
    if (count == 0 && hides_sockets(p))
        return; // nobody can look
    fail(p, ABOUT_LINE,
         text("descriptor %d, as the program says, is a socket", fd),
         count == 0
             ? "the program has no socket open"
             : text("the program's socket is descriptor %d", sockets[0].fd));
}

TEST(socket, says_so_when_there_is_no_descriptor_left)
{
    struct program *p = run(NO_ARGS, .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "fd ");
}

TEST(socket, says_so_when_the_kernel_does_not_tell_the_type)
{
    const char *const faults[] = {EVERY_FAULT("domain", ENOBUFS),
                                  EVERY_FAULT("type", ENOBUFS)};

    for (int i = 0; i < 2; i++) {
        struct program *p = run(NO_ARGS, .faults = faults[i]);
        if (meets_fault(p))
            expect_failed_question(p, "getsockopt", ENOBUFS, "fd ");
        else
            expect_line(p, "fd ");
    }
}

TEST(socket, waits_for_enter_and_closes_the_socket_itself)
{
    struct program *p = run(NO_ARGS);

    expect_line(p, "fd ");
    expect_hold(p);
    expect_clean_close(p);
}

TEST(socket, takes_the_end_of_stdin_for_enter)
{
    struct program *p = run(NO_ARGS);

    end_stdin(p);
    expect_exit(p, 0, "the end of stdin is as good as Enter");
}

TEST(socket, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(NO_ARGS, .unaided = true);

    expect_line(p, "fd ");
    expect_line(p, "press Enter to close");
}
