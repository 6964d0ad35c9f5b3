// SPDX-License-Identifier: MIT
/**
 * @file peer.c
 * @brief The other end: addresses, connections and bytes of the test itself.
 *
 * Only loopback, and no fixed port. Each wait goes through wait_for(), so it
 * ends when the program has ended or sleeps for good.
 */

#include "peer.h"
#include "failure.h"
#include "kernel.h"
#include "outcome.h"
#include "text.h"
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// ------------------------------------------------------------------- chance

static uint64_t chance;

/// The seed of the run, and the name of the test: the same bytes again for
/// `make check-06 SEED=…`, whatever order the tests run in.
void begin_random(const char *test)
{
    const char *seed = getenv("LAB_SEED");

    chance = seed == NULL ? 1 : strtoull(seed, NULL, 10) + 1;
    for (const char *c = test; *c != '\0'; c++)
        chance = chance * 1099511628211u + (unsigned char)*c;
}

static uint64_t next_random(void)
{
    chance ^= chance << 13; // xorshift64, Marsaglia 2003
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance;
}

unsigned random_below(unsigned limit)
{
    return (unsigned)(next_random() % limit);
}

// ---------------------------------------------------------------- addresses

static int stream_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1)
        call_trouble("socket");
    return fd;
}

struct sockaddr_in own_address(int fd)
{
    struct sockaddr_in a = {0};
    socklen_t size = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &size) == -1)
        call_trouble("getsockname");
    return a;
}

struct sockaddr_in peer_address(int fd)
{
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    if (getpeername(fd, (struct sockaddr *)&a, &size) == -1) {
        if (errno == ENOTCONN)
            fail(last_program(), ABOUT_OPEN, "the connection stands",
                 "it is gone: closed too early, or reset");
        call_trouble("getpeername");
    }
    return a;
}

/// Whether the port is the same in either byte order: nobody would see that
/// htons is missing.
static bool hides_byte_order(struct sockaddr_in a)
{
    return a.sin_port >> 8 == (a.sin_port & 0xff);
}

struct sockaddr_in free_address(const char *ip)
{
    // TCP and UDP have ports of their own. A UDP socket that every lab on
    // this host binds first says "this TCP port is taken by a test" without
    // touching it, and is gone when the test is. Ports that the kernel gives
    // out by itself (from 32768) are avoided.
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    unsigned start = (unsigned)t.tv_nsec ^ (unsigned)getpid() << 10;

    for (unsigned i = 0; i < 10000; i++) {
        unsigned port = 20000 + (start + i) % 12000, low = port & 0xff;
        struct sockaddr_in a = address(ip, (int)port);
        // Without htons it is another port, and one that can be had too: not
        // below 1024, and none that the kernel gives out.
        if (hides_byte_order(a) || low < 0x04 || low > 0x7f)
            continue;
        struct sockaddr_in any = a;
        any.sin_addr.s_addr = htonl(INADDR_ANY);
        int sign = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sign == -1 || probe == -1)
            call_trouble("socket");
        bool ours = bind(sign, (struct sockaddr *)&any, sizeof any) == 0 &&
                    bind(probe, (struct sockaddr *)&any, sizeof any) == 0;
        close(probe);
        if (ours)
            return a; // sign stays open until the test's process ends
        close(sign);
    }
    errno = EADDRINUSE;
    call_trouble("no free port between 20000 and 31999");
}

bool reserve_default_port(void)
{
    // An abstract name of AF_UNIX belongs to one socket of this network
    // namespace at a time, and is free again when the test's process ends.
    struct sockaddr_un name = {.sun_family = AF_UNIX,
                               .sun_path = "\0lab default port"};
    struct sockaddr_in at = address("127.0.0.1", 4444);
    int sign = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int probe = stream_socket();

    if (sign == -1)
        call_trouble("socket");
    for (int i = 0; i < 1000; i++) { // ten seconds, then go on as it is
        if (bind(sign, (struct sockaddr *)&name, sizeof name) == 0)
            break;
        poll(NULL, 0, 10);
    }
    bool free = bind(probe, (struct sockaddr *)&at, sizeof at) == 0;
    close(probe);
    return free;
}

int listen_exactly(struct sockaddr_in at, int backlog)
{
    int fd = stream_socket();

    if (bind(fd, (struct sockaddr *)&at, sizeof at) == -1 ||
        listen(fd, backlog) == -1)
        call_trouble(text("listen at %s", show_address(at)));
    return fd;
}

int listen_at(const char *ip, int backlog, struct sockaddr_in *at)
{
    int fd = bind_at(ip, at);
    if (listen(fd, backlog) == -1)
        call_trouble("listen");
    return fd;
}

int bind_at(const char *ip, struct sockaddr_in *at)
{
    struct sockaddr_in a = address(ip, 0);

    for (;;) {
        int fd = stream_socket();
        if (bind(fd, (struct sockaddr *)&a, sizeof a) == -1)
            call_trouble(text("bind to %s", ip));
        *at = own_address(fd);
        if (!hides_byte_order(*at))
            return fd;
        close(fd);
    }
}

// -------------------------------------------------------------- connections

int begin_connect(struct sockaddr_in at)
{
    int fd = stream_socket();

    if (connect(fd, (struct sockaddr *)&at, sizeof at) == -1 &&
        errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int try_connect(struct sockaddr_in at)
{
    int fd = begin_connect(at);
    if (fd < 0)
        return fd;

    struct pollfd ready = {fd, POLLOUT, 0};
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (poll(&ready, 1, 10000) == 1 &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
        call_trouble("getsockopt");
    if (error == 0)
        return fd;
    close(fd);
    return -error;
}

int connect_to(struct program *p, struct sockaddr_in at)
{
    int fd = try_connect(at);
    if (fd < 0)
        fail(p, ABOUT_OPEN,
             text("a client can connect to %s", show_address(at)),
             text("connect: %s", error_name(-fd)));
    return fd;
}

void expect_connect(struct program *p, int fd, struct sockaddr_in at)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (connect(fd, (struct sockaddr *)&at, sizeof at) == -1 &&
        errno != EINPROGRESS)
        error = errno;
    else if (!wait_for(p, fd, POLLOUT))
        error = ETIMEDOUT;
    else
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        fail(p, ABOUT_OPEN,
             text("a client can connect to %s", show_address(at)),
             text("connect: %s", error_name(error)));
}

struct sockaddr_in silent_address(void)
{
    struct sockaddr_in at;
    struct tcp_socket listener = {0};

    listen_at("127.0.0.1", 0, &at);
    if (try_connect(at) < 0)
        lab_trouble("the first client of %s can't connect", show_address(at));
    // It is in the queue, and fills it, once its last segment has come.
    for (int i = 0; i < 5000 && listener.queued == 0; i++) {
        find_listener(at, &listener);
        poll(NULL, 0, 1);
    }
    return at;
}

static bool syn_is_sent(struct program *p, void *at)
{
    const struct sockaddr_in *silent = at;

    (void)p;
    return find_tcp(0, TCP_SYN_SENT, ntohs(silent->sin_port), NULL);
}

void expect_syn_sent(struct program *p, struct sockaddr_in at)
{
    if (!wait_until(p, syn_is_sent, &at))
        fail(p, ABOUT_OPEN, text("it calls %s", show_address(at)),
             "it does not");
}

int accept_from(struct program *p, int listen_fd)
{
    if (!wait_for(p, listen_fd, POLLIN))
        fail(p, ABOUT_OPEN,
             text("it connects to the server at %s",
                  show_address(own_address(listen_fd))),
             "no connection came");
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd == -1)
        call_trouble("accept");
    return fd;
}

void reset(int fd)
{
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

// -------------------------------------------------------------------- bytes

void send_bytes(struct program *p, int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n > 0) {
            at += n;
            size -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN)
            fail(p, ABOUT_OPEN, "the connection stands while the peer sends",
                 text("the peer's send: %s", error_name(errno)));
        if (!wait_for(p, fd, POLLOUT))
            fail(p, ABOUT_BYTES, "it reads what the peer sends",
                 text("its receive buffer is full, %zu bytes are still to "
                      "send, and it reads no more",
                      size));
    }
}

size_t receive_bytes(struct program *p, int fd, void *data, size_t size,
                     int *error)
{
    size_t got = 0;

    if (error != NULL)
        *error = EAGAIN;
    while (got < size) {
        ssize_t n = recv(fd, (char *)data + got, size - got, 0);
        if (n > 0) {
            got += (size_t)n;
            continue;
        }
        if (n == -1 && errno == EAGAIN) {
            if (wait_for(p, fd, POLLIN))
                continue;
            break;
        }
        if (error != NULL)
            *error = n == 0 ? 0 : errno;
        break;
    }
    return got;
}

void expect_bytes(struct program *p, int fd, const void *data, size_t size)
{
    char *got = calloc(1, size + 1);
    int error;
    size_t n = receive_bytes(p, fd, got, size, &error);
    const char *expected = text("%zu bytes: %s", size, quoted(data, size));
    size_t same = 0;

    while (same < n && got[same] == ((const char *)data)[same])
        same++;
    if (same < n)
        fail(p, ABOUT_BYTES, expected,
             text("byte %zu differs: %s", same, quoted(got, n)));
    if (n < size)
        fail(p, ABOUT_BYTES, expected,
             text("%zu bytes%s%s, then %s", n, n > 0 ? ": " : "",
                  n > 0 ? quoted(got, n) : "",
                  error == 0        ? "the end of the stream"
                  : error == EAGAIN ? "nothing more"
                                    : error_name(error)));
    free(got);
}

void expect_echo(struct program *p, int fd, const void *data, size_t size)
{
    const char *want = data;
    char got[65536];
    size_t sent = 0, back = 0;

    while (back < size) {
        ssize_t n = sent < size ? send(fd, want + sent, size - sent,
                                       MSG_NOSIGNAL | MSG_DONTWAIT)
                                : 0;
        if (n > 0)
            sent += (size_t)n;
        ssize_t m = recv(fd, got, sizeof got, MSG_DONTWAIT);
        for (ssize_t i = 0; i < m; i++)
            if (back + (size_t)i >= size || got[i] != want[back + (size_t)i])
                fail(p, ABOUT_BYTES,
                     text("the same %zu bytes back, in order", size),
                     text("byte %zu differs: %s instead of %s",
                          back + (size_t)i, quoted(got + i, (size_t)(m - i)),
                          quoted(want + back + i, size - back - (size_t)i)));
        if (m > 0)
            back += (size_t)m;
        bool ended = m == 0 || (m == -1 && errno != EAGAIN);
        if (ended ||
            (n <= 0 && m <= 0 &&
             !wait_for(p, fd, sent < size ? POLLIN | POLLOUT : POLLIN)))
            fail(p, ABOUT_BYTES,
                 text("the same %zu bytes back, in order", size),
                 text("%zu of the %zu bytes that were sent came back, then %s",
                      back, sent,
                      m == 0  ? "the end of the stream"
                      : ended ? error_name(errno)
                              : "nothing more"));
    }
}

static bool nothing_unread(struct program *p, void *context)
{
    struct tcp_socket end = {0};
    const struct sockaddr_in *pair = context;

    (void)p;
    return !find_tcp(ntohs(pair[0].sin_port), 0, ntohs(pair[1].sin_port),
                     &end) ||
           end.queued == 0;
}

void expect_read(struct program *p, int fd)
{
    struct sockaddr_in pair[] = {own_address(fd), own_address(fd)};
    socklen_t size = sizeof pair[0];

    if (getpeername(fd, (struct sockaddr *)&pair[0], &size) == -1)
        fail(p, ABOUT_OPEN, "it reads what has come",
             "it has closed the connection");
    if (!wait_until(p, nothing_unread, pair))
        fail(p, ABOUT_BYTES, "it reads what has come",
             "the bytes stay unread in the kernel");
}

void expect_end(struct program *p, int fd)
{
    char extra[64];
    int error;
    size_t n = receive_bytes(p, fd, extra, sizeof extra, &error);
    const char *expected =
        "then the end of its stream (FIN), and no more bytes";

    if (n > 0)
        fail(p, ABOUT_END, expected, text("more bytes: %s", quoted(extra, n)));
    if (error != 0)
        fail(p, ABOUT_END, expected,
             error == EAGAIN ? "nothing: it keeps the connection open"
                             : text("a reset: %s", error_name(error)));
}

// ----------------------------------------------------------- what it leaves

void expect_time_wait(struct sockaddr_in at)
{
    for (int i = 0; i < 5000; i++) {
        if (find_tcp(ntohs(at.sin_port), TCP_TIME_WAIT, 0, NULL))
            return;
        poll(NULL, 0, 1); // the last segment is on its way
    }
    lab_trouble("no TIME-WAIT at %s came about", show_address(at));
}

void leave_time_wait(struct sockaddr_in at)
{
    int on = 1;
    int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listen_fd, (struct sockaddr *)&at, sizeof at) == -1 ||
        listen(listen_fd, 1) == -1)
        lab_trouble("listen at %s: %s", show_address(at), strerror(errno));
    int client = try_connect(at);
    int server = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

    close(server); // first, so TIME_WAIT is at this end
    close(listen_fd);
    struct pollfd end = {client, POLLIN, 0};
    poll(&end, 1, 10000);
    close(client);
    expect_time_wait(at);
}

void use_lo(size_t bytes)
{
    if (!send_over_lo(bytes))
        call_trouble("a datagram over lo");
}

bool can_bind(const char *ip)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = address(ip, 0);
    bool is_six = inet_pton(AF_INET6, ip, &six.sin6_addr) == 1;
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool can =
        fd != -1 &&
        bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
             is_six ? sizeof six : sizeof four) == 0;
    if (fd != -1)
        close(fd);
    return can;
}
