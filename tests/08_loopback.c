// SPDX-License-Identifier: MIT
/**
 * @file tests/08_loopback.c
 * @brief Step 8: what a name means, and that loopback stays at home.
 *
 * Most machines have one address for localhost, so the tests bring names of
 * their own: the witness answers getaddrinfo for them.
 */
#include "lab/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/// The line of an address that works, whatever else it says of it.
static const char *expect_works(struct program *p, const char *name,
                                const char *ip)
{
    return expect_line(p, text("%s is %s, ", name, ip));
}

/// The whole line. Returns the bytes that lo carried.
static unsigned long long expect_trip(struct program *p, const char *name,
                                      const char *ip, const char *kind)
{
    const char *line = expect_line(p, text("%s is ", name));
    const char *want = text("%s is %s, %s: Received \"Hello friend\", lo "
                            "carried ",
                            name, ip, kind);
    unsigned long long bytes = 0;

    if (strncmp(line, want, strlen(want)) != 0)
        fail(p, ABOUT_LINE, text("the line \"%sN bytes\"", want),
             text("the line %s", quoted(line, strlen(line))));
    sscanf(line + strlen(want), "%llu", &bytes);
    return bytes;
}

/// The number of a line, as much of it as is needed.
static unsigned long long expect_carried(struct program *p, const char *ip)
{
    const char *line = expect_works(p, "lab", ip);
    const char *at = strstr(line, "lo carried ");
    unsigned long long bytes = 0;

    if (at == NULL || sscanf(at, "lo carried %llu", &bytes) != 1)
        fail(p, ABOUT_LINE, "\"lo carried N bytes\" in each line",
             text("the line %s", quoted(line, strlen(line))));
    return bytes;
}

/// How often a text has these words.
static int count_of(const char *all, const char *words)
{
    int count = 0;
    for (const char *at = all; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

TEST(loopback, refuses_more_than_one_name, GIVEN)
{
    expect_usage(run(ARGS("localhost", "too many")));
}

TEST(loopback, asks_for_localhost_when_told_nothing)
{
    struct program *p = run(NO_ARGS, .hosts = "localhost=127.0.0.1");

    expect_trip(p, "localhost", "127.0.0.1", "loopback");
    expect_exit(p, 0, "the address works");
}

TEST(loopback, gives_every_address_of_this_host_s_own_localhost)
{
    struct program *p = run(NO_ARGS);
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;

    if (getaddrinfo("localhost", NULL, &hints, &list) != 0)
        skip_test("this host does not know localhost");
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        char ip[64];
        getnameinfo(at->ai_addr, at->ai_addrlen, ip, sizeof ip, NULL, 0,
                    NI_NUMERICHOST);
        if (can_bind(ip))
            expect_works(p, "localhost", ip);
        else
            expect_error_text(p, text("localhost is %s: ", ip));
    }
}

TEST(loopback, tries_every_address_in_the_order_given)
{
    struct program *p =
        run(ARGS("lab"), .hosts = "lab=127.0.0.3,127.0.0.1,127.0.0.2");

    expect_works(p, "lab", "127.0.0.3");
    expect_works(p, "lab", "127.0.0.1");
    expect_works(p, "lab", "127.0.0.2");
}

TEST(loopback, has_one_line_for_an_address)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1");

    expect_works(p, "lab", "127.0.0.1");
    wait_for_end(p);
    int lines = count_of(output_of(p), "lab is 127.0.0.1") +
                count_of(errors_of(p), "lab is 127.0.0.1: ");
    if (lines > 1)
        fail(p, ABOUT_LINE, "one line \"lab is 127.0.0.1…\"",
             text("%d of them, on stdout and stderr", lines));
}

TEST(loopback, speaks_ipv6_too)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=::1");

    if (can_bind("::1"))
        expect_trip(p, "lab", "::1", "loopback");
    else // no IPv6 here: that is an address that does not work
        expect_error_text(p, "lab is ::1: ");
}

TEST(loopback, knows_that_all_of_127_is_loopback)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.200.3.4");
    expect_trip(p, "lab", "127.200.3.4", "loopback");
}

TEST(loopback, tells_an_address_of_this_host_that_is_not_loopback)
{
    // In a network of its own, so that nothing goes to any real interface.
    struct program *p = run(ARGS("lab"), .hosts = "lab=198.51.100.7",
                            .own_network = "198.51.100.7");
    expect_trip(p, "lab", "198.51.100.7", "not loopback");
}

TEST(loopback, tells_an_address_of_ipv6_that_is_not_loopback)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=2001:db8::7,127.0.0.1",
                            .own_network = "2001:db8::7");
    expect_trip(p, "lab", "2001:db8::7", "not loopback");
}

TEST(loopback, goes_on_after_an_address_that_does_not_work)
{
    if (can_bind("198.51.100.1"))
        skip_test("198.51.100.1 is an address of this host");
    expect_works(run(ARGS("lab"), .hosts = "lab=198.51.100.1,127.0.0.1"), "lab",
                 "127.0.0.1");
}

TEST(loopback, says_which_address_does_not_work_and_why)
{
    if (can_bind("198.51.100.1"))
        skip_test("198.51.100.1 is an address of this host");
    expect_error_line(
        run(ARGS("lab"), .hosts = "lab=198.51.100.1"),
        text("lab is 198.51.100.1: bind: %s", strerror(EADDRNOTAVAIL)));
}

TEST(loopback, remembers_success_when_a_later_address_fails)
{
    if (can_bind("198.51.100.1"))
        skip_test("198.51.100.1 is an address of this host");
    expect_exit(run(ARGS("lab"), .hosts = "lab=127.0.0.1,198.51.100.1"), 0,
                "at least one address works");
}

TEST(loopback, has_failed_when_no_address_works)
{
    if (can_bind("198.51.100.1") || can_bind("198.51.100.2"))
        skip_test("198.51.100.1 or .2 is an address of this host");
    struct program *p =
        run(ARGS("lab"), .hosts = "lab=198.51.100.1,198.51.100.2");

    expect_error_text(p, "198.51.100.2: ");
    expect_exit(p, 1, "no address works");
}

TEST(loopback, says_in_the_resolver_s_words_that_a_name_is_unknown)
{
    // A label of more than 63 characters is refused without asking anybody.
    const char *name = "there-is-no-host-of-this-name-because-a-label-must-not-"
                       "have-more-than-63-characters";
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(name, NULL, &hints, &list);

    if (error == 0)
        lab_trouble("that name is known here");
    struct program *p = run(ARGS(name));
    expect_error_line(p, text("getaddrinfo: %s", gai_strerror(error)));
    expect_exit(p, 1, "the name is unknown");
}

/// Two messages, each with the headers of IP and TCP: no fewer bytes have passed
/// lo, whatever it counts besides.
enum { LEAST = 2 * (12 + 40) };

TEST(loopback, tells_what_lo_has_carried_meanwhile)
{
    enum { OURS = 1 << 20 };
    unsigned long long before = lo_bytes();
    struct program *p =
        run(ARGS("lab"), .hosts = "lab=127.0.0.1", .gate = true);

    // While the program has its connection and waits for bytes, lo carries
    // some of ours: no number that is known beforehand is right.
    bool gated = is_at_gate(p);
    if (gated)
        use_lo(OURS);
    open_gate(p);

    unsigned long long bytes = expect_carried(p, "127.0.0.1");
    unsigned long long most = lo_bytes() - before;
    unsigned long long least = gated ? OURS : LEAST;
    if (bytes < least)
        fail(p, ABOUT_BYTES,
             text("at least the %llu bytes that lo carried between the "
                  "connect and the answer, read from its counter",
                  least),
             text("%llu bytes", bytes));
    if (bytes > most)
        fail(p, ABOUT_BYTES,
             text("at most the %llu bytes that lo carried meanwhile", most),
             text("%llu bytes", bytes));
}

TEST(loopback, sends_over_lo_as_much_as_it_says)
{
    // In a network of its own nobody else uses lo.
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1,127.0.0.2",
                            .own_network = "198.51.100.7");
    unsigned long long said = expect_carried(p, "127.0.0.1");

    if (said < LEAST)
        fail(
            p, ABOUT_BYTES,
            text("at least the %d bytes that both messages took on lo, headers "
                 "and all",
                 LEAST),
            text("%llu bytes", said));
    said += expect_carried(p, "127.0.0.2");
    unsigned long long carried = own_lo_bytes(p);
    if (carried == 0)
        fail(p, ABOUT_BYTES, "a connection over lo for each address",
             "not one byte has passed lo: there was no connection");
    if (said > carried)
        fail(p, ABOUT_BYTES,
             text("at most the %llu bytes that lo has received", carried),
             text("%llu bytes in both lines", said));
}

/// Much over other interfaces, less over lo.
static bool use_interfaces(void)
{
    send_over_others(1 << 20); // where the kernel has none, only lo
    return send_over_lo(1 << 16);
}

TEST(loopback, counts_lo_and_no_other_interface)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1",
                            .own_network = "198.51.100.7", .gate = true);
    bool used = is_at_gate(p) && do_in_its_network(p, use_interfaces);

    open_gate(p);
    unsigned long long said = expect_carried(p, "127.0.0.1");
    unsigned long long carried = own_lo_bytes(p);
    unsigned long long least = used ? 1 << 16 : LEAST;
    if (said < least || said > carried)
        fail(p, ABOUT_BYTES,
             text("what lo, and only lo, of the program's own network has "
                  "carried: from %llu to %llu bytes",
                  least, carried),
             text("%llu bytes", said));
}

/// A message each way, and the end of the stream each way, which is counted as
/// well; after a reset there may be no ends.
static bool went_both_ways(struct program *p, void *segments)
{
    long *count = segments;
    *count = own_data_segments(p);
    return *count == -1 || *count >= (own_resets(p) > 0 ? 2 : 4);
}

TEST(loopback, sends_the_message_there_and_back)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1",
                            .own_network = "198.51.100.7");
    long count = 0;

    expect_works(p, "lab", "127.0.0.1");
    wait_for_end(p);
    // What a child or the kernel is still about to end has a moment for it.
    for (int i = 0; i < 500 && !went_both_ways(p, &count); i++)
        poll(NULL, 0, 1);
    if (!went_both_ways(p, &count))
        fail(p, ABOUT_BYTES,
             "the message goes there over a connection, and comes back: TCP "
             "sends it once each way, and then the two ends of the stream",
             text("%ld segments with a message or an end", count));
}

TEST(loopback, lets_the_kernel_choose_the_port)
{
    // The first is held while it has its port.
    struct program *one =
        run(ARGS("lab"), .hosts = "lab=127.0.0.1", .gate = true);

    is_at_gate(one);
    expect_works(run(ARGS("lab"), .hosts = "lab=127.0.0.1"), "lab",
                 "127.0.0.1");
    open_gate(one);
    expect_works(one, "lab", "127.0.0.1");
}

TEST(loopback, closes_its_sockets_itself)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1,127.0.0.2");

    expect_works(p, "lab", "127.0.0.1");
    wait_for_end(p);
    expect_all_closed(p);
}

TEST(loopback, closes_the_sockets_of_an_address_that_does_not_work)
{
    // The second socket is the client's: its listener is there already.
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1,127.0.0.2",
                            .faults = SECOND_FAULT("socket", EMFILE));

    meets_fault(p);
    expect_works(p, "lab", "127.0.0.2");
    wait_for_end(p);
    expect_all_closed(p);
}

TEST(loopback, says_so_when_there_is_no_descriptor_left)
{
    struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1",
                            .plain = true, .faults = FAULT("socket", EMFILE));

    expect_error_line(p,
                      text("lab is 127.0.0.1: socket: %s", strerror(EMFILE)));
}

TEST(loopback, names_the_call_that_failed)
{
    const struct {
        const char *fault;
        int error;
    } faults[] = {{FAULT("listen", EADDRINUSE), EADDRINUSE},
                  {FAULT("name", ENOBUFS), ENOBUFS},
                  {SECOND_FAULT("socket", EMFILE), EMFILE},
                  {FAULT("connect", ECONNREFUSED), ECONNREFUSED}};

    for (int i = 0; i < 4; i++) {
        struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1",
                                .faults = faults[i].fault);
        if (!meets_fault(p) && i > 0)
            continue; // it does without that call; but a listener listens
        expect_error_text(p, "lab is 127.0.0.1: ");
        expect_error_text(p, text(": %s\n", strerror(faults[i].error)));
        expect_exit(p, 1, "no address works");
    }
}

TEST(loopback, ends_when_a_call_of_the_connection_fails)
{
    const struct {
        const char *fault;
        int error;
    } faults[] = {{FAULT("accept", EMFILE), EMFILE},
                  {FAULT("send", ENOBUFS), ENOBUFS},
                  {FAULT("recv", ENOMEM), ENOMEM}};

    for (int i = 0; i < 3; i++) {
        struct program *p = run(ARGS("lab"), .hosts = "lab=127.0.0.1",
                                .faults = faults[i].fault);
        bool over = wait_until(p, is_over, NULL);
        if (!fault_happened(p)) // its calls can't be made to fail: it works
            expect_works(p, "lab", "127.0.0.1");
        // What a child or a thread of its could not do it need not hear.
        if (!fault_happened(p) || !fault_was_its_own(p))
            continue;
        if (!over)
            fail(p, ABOUT_END, "it ends when a call has failed",
                 "it did not end");
        expect_error_text(p, "lab is 127.0.0.1: ");
        expect_error_text(p, text(": %s\n", strerror(faults[i].error)));
        expect_exit(p, 1, "no address works");
    }
}
