// SPDX-License-Identifier: MIT
/**
 * @file tests/01_socket.c
 * @brief Step 1: a socket is a file descriptor, and nothing more yet.
 */
#include "lab/lab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/// The line `fd 3: AF_INET SOCK_STREAM`, and that it is true.
static void expect_socket(struct program *p, const char *type,
                          const char *protocol)
{
    const char *line = expect_line(p, "fd ");
    int fd, used = -1;

    if (sscanf(line, "fd %d: %n", &fd, &used) != 1 || used == -1 ||
        strcmp(line + used, text("AF_INET %s", type)) != 0)
        fail(p, text("the line \"fd N: AF_INET %s\"", type),
             text("the line %s", quoted(line, strlen(line))));
    expect_hold(p);

    struct held held[8];
    int count = sockets_held(p, held, 8);
    for (int i = 0; i < count; i++) {
        if (held[i].fd != fd)
            continue;
        if (strcmp(held[i].protocol, protocol) != 0)
            fail(p,
                 text("descriptor %d is a socket of AF_INET, %s (%s)", fd, type,
                      protocol),
                 text("the kernel says that its protocol is %s",
                      held[i].protocol));
        return;
    }
    fail(p, text("descriptor %d is a socket", fd),
         count == 0
             ? "the program has no socket open"
             : text("the program's socket is descriptor %d", held[0].fd));
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

TEST(socket, says_so_when_there_is_no_descriptor_left)
{
    struct program *p = run(NO_ARGS, .nofile = 3, .plain = true);
    expect_failure(p, "socket", EMFILE, "fd ");
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

    expect_line(p, "fd ");
    expect_hold(p);
    end_stdin(p);
    expect_exit(p, 0, "the end of stdin is as good as Enter");
}

TEST(socket, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(NO_ARGS, .unaided = true);

    expect_line(p, "fd ");
    expect_line(p, "press Enter to close");
}
