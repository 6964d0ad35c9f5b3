// SPDX-License-Identifier: MIT
/**
 * @file pump.c
 * @brief The load of `make bench`, and what it compares an echo with.
 *
 *     pump echo PORT SIZE MS   round trips and a stream through an echo server
 *     pump limit PORT SIZE MS  a stream each way, to a peer that echoes nothing
 *     pump peer SIZE           that peer
 *     pump answer SIZE         answers a byte when SIZE bytes have come
 *     pump ask PORT SIZE HOW N asks N times: whole, halves, halves-nodelay
 *     pump costs MS            a system call that does nothing; two processes
 *                              that pass a byte through pipes
 *
 * What is measured stands on stdout, a word and numbers a line. Before the
 * stream of `echo`, and before its end, a line is awaited on stdin: time to
 * look at the server's CPU clock. Every byte of an echo is compared. Status 1
 * and a line on stderr if something is wrong or nothing comes for 4 seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LARGEST = 1048576, ///< bytes in a message
    PERIOD = 65521,    ///< the bytes repeat; prime, so no buffer hides a shift
    PATIENCE_S = 4,    ///< nothing comes for so long: it hangs
};

static unsigned char pattern[PERIOD + LARGEST], buffer[LARGEST];

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

_Noreturn static void fail_at(const char *what, uint64_t at)
{
    fprintf(stderr, "%s %llu\n", what, (unsigned long long)at);
    exit(1);
}

/// A call has failed: a time limit of the socket, or a real error.
_Noreturn static void fail_call(const char *call, uint64_t at)
{
    if (errno == EAGAIN)
        fail_at("hangs: nothing moved for 4 s after byte", at);
    perror(call);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void tell(const char *word, double number, double seconds)
{
    printf("%s %.0f %.9f\n", word, number, seconds);
    fflush(stdout);
}

/// Wait until whoever reads our numbers says go on.
static void await_line(void)
{
    int c;
    while ((c = getchar()) != '\n')
        if (c == EOF)
            exit(1);
}

static int open_socket(struct sockaddr_in *addr, int port)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *addr = (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_port = htons((in_port_t)port)};
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

static int connect_to(int port)
{
    struct sockaddr_in addr;
    int fd = open_socket(&addr, port);

    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1)
        fail_call("connect", 0);
    return fd;
}

static int accept_one(void)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    int listen_fd = open_socket(&addr, 0);

    if (bind(listen_fd, (struct sockaddr *)&addr, len) == -1 ||
        listen(listen_fd, 1) == -1 ||
        getsockname(listen_fd, (struct sockaddr *)&addr, &len) == -1)
        fail_call("listen", 0);
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    int fd = accept(listen_fd, NULL, NULL);
    if (fd == -1)
        fail_call("accept", 0);
    return fd;
}

/// Receive something, and compare it with what must come at this place.
static size_t receive(int fd, size_t most, uint64_t at, int flags)
{
    ssize_t n = recv(fd, buffer, most, flags);

    if (n == -1 && errno == EAGAIN && flags == MSG_DONTWAIT)
        return 0;
    if (n == -1)
        fail_call("recv", at);
    if (n == 0)
        fail_at("ends the stream after byte", at);
    const unsigned char *want = pattern + at % PERIOD;
    for (ssize_t i = 0; memcmp(buffer, want, (size_t)n) != 0; i++)
        if (buffer[i] != want[i])
            fail_at("another byte came back at", at + (uint64_t)i);
    return (size_t)n;
}

/// One message there and back. A large one is received while it is sent: an
/// echo server may have room for a part only.
static void trip(int fd, size_t size, uint64_t at)
{
    size_t sent = 0, got = 0;

    while (got < size) {
        if (sent < size) {
            int flags = MSG_NOSIGNAL | (got < sent ? MSG_DONTWAIT : 0);
            ssize_t n =
                send(fd, pattern + (at + sent) % PERIOD, size - sent, flags);
            if (n == -1 && (errno != EAGAIN || got == sent))
                fail_call("send", at + sent);
            sent += n == -1 ? 0 : (size_t)n;
        }
        got +=
            receive(fd, sent - got, at + got, sent < size ? MSG_DONTWAIT : 0);
    }
}

struct stream {
    int fd;
    size_t size;
    double until;
    _Atomic uint64_t sent;
    atomic_bool over; ///< told to the sender, or by it
};

/// Send messages until the time is up, or until over.
static void *send_stream(void *context)
{
    struct stream *s = context;

    do { // once at least, however late this begins
        // Look at the clock now and then only: it costs more than a byte.
        for (int i = 0; i < (s->size < 4096 ? 64 : 1); i++) {
            ssize_t n =
                send(s->fd, pattern + s->sent % PERIOD, s->size, MSG_NOSIGNAL);
            if (n == -1)
                fail_call("send", s->sent);
            s->sent += (uint64_t)n;
        }
    } while (!atomic_load(&s->over) && now() < s->until);
    atomic_store(&s->over, true);
    return NULL;
}

static void echo(int port, size_t size, double seconds)
{
    int fd = connect_to(port);
    uint64_t at = 0, trips = 0;

    for (int i = 0; i < 2; i++, at += size) // the first ones are not typical
        trip(fd, size, at);
    double began = now(), took;
    do {
        trip(fd, size, at);
        at += size;
        trips++;
    } while ((took = now() - began) < seconds);
    tell("trips", (double)trips, took);

    await_line();
    began = now();
    struct stream s = {fd, size, began + seconds, at, false};
    uint64_t got = at;
    pthread_t sender;
    pthread_create(&sender, NULL, send_stream, &s);
    while (!atomic_load(&s.over) || got < s.sent)
        if (got < s.sent)
            got += receive(fd, LARGEST, got, 0);
    tell("stream", (double)(got - at), now() - began);
    await_line();
}

/// Bytes as fast as they go, each way, and neither waits for the other.
static void pump(int fd, size_t size, double seconds, bool ends_first)
{
    double began = now();
    struct stream s = {fd, size, began + seconds, 0, false};
    pthread_t sender;
    uint64_t got = 0;
    ssize_t n;

    pthread_create(&sender, NULL, send_stream, &s);
    while ((n = recv(fd, buffer, LARGEST, 0)) > 0) {
        got += (uint64_t)n;
        if (ends_first && atomic_load(&s.over))
            shutdown(fd, SHUT_WR);
    }
    if (n == -1)
        fail_call("recv", got);
    atomic_store(&s.over, true);
    pthread_join(sender, NULL);
    shutdown(fd, SHUT_WR);
    tell("stream", (double)(got + s.sent) / 2, now() - began);
}

static void answer(size_t size)
{
    int fd = accept_one();

    for (size_t got = 0;; got = 0) {
        while (got < size) {
            ssize_t n = recv(fd, buffer, size - got, 0);
            if (n == -1)
                fail_call("recv", got);
            if (n == 0)
                return;
            got += (size_t)n;
        }
        if (send(fd, buffer, 1, MSG_NOSIGNAL) == -1)
            fail_call("send", 0);
    }
}

/// A question in one write or in two, and its answer. The times, one a line.
static void ask(int port, size_t size, const char *how, int times)
{
    int fd = connect_to(port), on = 1;
    size_t first = strcmp(how, "whole") == 0 ? size : size / 2;

    if (strcmp(how, "halves-nodelay") == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (int i = 0; i < times; i++) {
        double began = now();
        if (send(fd, pattern, first, MSG_NOSIGNAL) == -1 ||
            (first < size &&
             send(fd, pattern + first, size - first, MSG_NOSIGNAL) == -1))
            fail_call("send", 0);
        if (recv(fd, buffer, 1, 0) != 1)
            fail_call("recv", 0);
        tell("answer", 1, now() - began);
    }
}

static void costs(double seconds)
{
    uint64_t count = 0;
    double began = now(), took;
    do {
        for (int i = 0; i < 1000; i++)
            syscall(SYS_getppid);
        count += 1000;
    } while ((took = now() - began) < seconds);
    tell("call", (double)count, took);

    int there[2], back[2];
    char byte = 0;
    if (pipe(there) == -1 || pipe(back) == -1)
        fail("no pipe");
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1)
                break;
        _exit(0);
    }
    count = 0;
    began = now();
    do {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            fail("the pipe broke");
        count++;
    } while ((took = now() - began) < seconds);
    tell("switches", (double)count, took);
    close(there[1]);
    waitpid(child, NULL, 0);
}

static int number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != '\0' || value < least || value > most)
        fail("pump: a number is out of range");
    return (int)value;
}

int main(int argc, char *argv[])
{
    const char *what = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (unsigned char)((i % PERIOD) * 2654435761u >> 13);
    if (strcmp(what, "echo") == 0 && argc == 5) {
        echo(number(argv[2], 1, 65535), (size_t)number(argv[3], 1, LARGEST),
             number(argv[4], 1, 10000) / 1e3);
    } else if (strcmp(what, "limit") == 0 && argc == 5) {
        pump(connect_to(number(argv[2], 1, 65535)),
             (size_t)number(argv[3], 1, LARGEST),
             number(argv[4], 1, 10000) / 1e3, true);
    } else if (strcmp(what, "peer") == 0 && argc == 3) {
        pump(accept_one(), (size_t)number(argv[2], 1, LARGEST), 20, false);
    } else if (strcmp(what, "answer") == 0 && argc == 3) {
        answer((size_t)number(argv[2], 2, LARGEST));
    } else if (strcmp(what, "ask") == 0 && argc == 6) {
        ask(number(argv[2], 1, 65535), (size_t)number(argv[3], 2, LARGEST),
            argv[4], number(argv[5], 1, 1000));
    } else if (strcmp(what, "costs") == 0 && argc == 3) {
        costs(number(argv[2], 1, 10000) / 1e3);
    } else {
        fail("usage: pump echo|limit|peer|answer|ask|costs ...: see pump.c");
    }
    return 0;
}
