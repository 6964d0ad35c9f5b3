// SPDX-License-Identifier: MIT
/**
 * @file tests/02_bind.c
 * @brief Step 2: a socket gets its address, and the program tells which.
 */
#include "lab/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// What bind(2) to this address says to somebody else: 0, or errno.
static int bind_error(struct sockaddr_in a)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int error = bind(fd, (struct sockaddr *)&a, sizeof a) == -1 ? errno : 0;

    close(fd);
    return error;
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

/// The kernel must know a socket by the address that the program told.
static void expect_taken(struct program *p, struct sockaddr_in a)
{
    if (bind_error(a) != EADDRINUSE)
        fail(p, ABOUT_ADDRESS,
             text("a socket is bound to %s, so nobody else can have it",
                  show_address(a)),
             "another socket could be bound to it");
}

/// The program tells this IP address, and has a port of it. Which port, and
/// which it tells, is another test's matter. Returns where it is.
static struct sockaddr_in expect_ip(struct program *p, struct sockaddr_in want)
{
    struct sockaddr_in got = expect_address(p, "bound to ");

    expect_running(p);
    if (got.sin_addr.s_addr != want.sin_addr.s_addr)
        fail(p, ABOUT_ADDRESS,
             text("bound to %s, as asked", show_address(want)),
             text("bound to %s", show_address(got)));
    if (bind_error(want) == EADDRINUSE)
        return want;
    expect_taken(p, got);
    return got;
}

/// What is not about the address is tried at one that leaves nothing to it:
/// its bytes are the same in either order, and it is what a struct of zeros has.
#define ANYWHERE ARGS("0.0.0.0", "0")

TEST(bind, refuses_arguments_that_are_no_address_and_port, GIVEN)
{
    expect_usage_of_addresses(__FILE__, 2);
}

TEST(bind, takes_every_argument_up_to_its_limit, GIVEN)
{
    expect_accepted(run(ARGS("127.0.0.1", "65535")));
}

TEST(bind, binds_to_the_port_of_its_arguments)
{
    struct sockaddr_in want = free_address("127.0.0.1");
    struct program *p = run(ARGS("127.0.0.1", port_text(want)));

    struct sockaddr_in got = expect_address(p, "bound to ");
    if (got.sin_port != want.sin_port)
        fail(p, ABOUT_ADDRESS,
             text("bound to port %s, as asked", port_text(want)),
             text("bound to %s", show_address(got)));
    expect_running(p);
    expect_taken(p, got);
}

TEST(bind, reports_the_port_that_the_kernel_chose)
{
    struct program *p = run(ANYWHERE);
    struct sockaddr_in got = expect_address(p, "bound to ");

    if (got.sin_port == 0)
        fail(p, ABOUT_ADDRESS,
             "the port that the kernel chose when asked for port 0",
             "port 0, which no socket ever has");
    expect_running(p);
    expect_taken(p, got);
}

TEST(bind, binds_to_the_address_of_its_arguments_only)
{
    // As long as an address can be when it is printed.
    struct sockaddr_in want = free_address("127.101.102.103");
    struct program *p = run(ARGS("127.101.102.103", port_text(want)));
    struct sockaddr_in got = expect_ip(p, want);

    got.sin_addr.s_addr = inet_addr("127.0.0.3");
    if (bind_error(got) != 0)
        fail(p, ABOUT_ADDRESS,
             "bound to 127.101.102.103 only: 127.0.0.3 has the same port free",
             "the port is taken on 127.0.0.3 too");
}

TEST(bind, binds_to_every_address_when_asked_for_0_0_0_0)
{
    struct sockaddr_in want = free_address("0.0.0.0");
    struct program *p = run(ARGS("0.0.0.0", port_text(want)));
    struct sockaddr_in got = expect_ip(p, want);

    got.sin_addr.s_addr = inet_addr("127.0.0.3");
    expect_taken(p, got);
}

TEST(bind, uses_127_0_0_1_port_4444_when_told_nothing)
{
    expect_default_bind(__FILE__, "bound to ");
}

TEST(bind, says_so_when_another_socket_listens_there)
{
    struct sockaddr_in taken = listen_shared();
    struct program *p = run(ARGS("127.0.0.1", port_text(taken)));

    expect_failure(p, "bind", EADDRINUSE, "bound to ");
}

TEST(bind, says_so_when_the_address_is_not_this_host_s)
{
    if (can_bind("198.51.100.1"))
        skip_test("198.51.100.1 is an address of this host");
    expect_failure(run(ARGS("198.51.100.1", "0")), "bind", EADDRNOTAVAIL,
                   "bound to ");
}

TEST(bind, says_so_when_there_is_no_descriptor_left)
{
    struct program *p =
        run(ARGS("127.0.0.1", "0"), .faults = EVERY_FAULT("socket", EMFILE));
    expect_failure(p, "socket", EMFILE, "bound to ");
}

TEST(bind, says_so_when_the_kernel_does_not_tell_the_address)
{
    struct program *p = run(ANYWHERE, .faults = EVERY_FAULT("name", ENOBUFS));

    if (meets_fault(p))
        expect_failed_question(p, "getsockname", ENOBUFS, "bound to ");
    else
        expect_line(p, "bound to ");
}

TEST(bind, does_not_listen_yet)
{
    struct sockaddr_in at = free_address("127.0.0.1");
    struct program *p = run(ARGS("0.0.0.0", port_text(at)));

    expect_running(p);
    int error = try_connect(at);
    if (error != -ECONNREFUSED)
        fail(p, ABOUT_OPEN,
             text("a connection to %s is refused: the socket is bound, it does "
                  "not listen",
                  show_address(at)),
             error >= 0 ? "the connection was made"
                        : text("connect: %s", error_name(-error)));
}

TEST(bind, waits_for_enter_and_closes_the_socket_itself)
{
    struct program *p = run(ANYWHERE);

    expect_hold(p);
    expect_clean_close(p);
}

TEST(bind, takes_the_end_of_stdin_for_enter)
{
    struct program *p = run(ANYWHERE);

    end_stdin(p);
    expect_exit(p, 0, "the end of stdin is as good as Enter");
}

TEST(bind, shows_each_line_at_once_through_a_pipe)
{
    struct program *p = run(ANYWHERE, .unaided = true);

    expect_line(p, "bound to ");
    expect_line(p, "press Enter to close");
}
