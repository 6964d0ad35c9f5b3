// SPDX-License-Identifier: MIT
/**
 * @file 10_many_clients.c
 * @brief The echo server of step 6, for all who come, and all at once.
 *
 * A server that sleeps in recv(2) for one client is deaf to the others. This
 * one sleeps in a single place, poll(2), for all of its sockets together, and
 * in between does only what can be done at once. A client that does not read
 * is not read from either: it fills its own buffers and nobody else's.
 *
 * You will call:  poll(2), fcntl(2) with O_NONBLOCK, and what you know
 * Run it:         build/steps/10_many_clients [HOST [PORT]], then elsewhere
 *                 build/steps/06_echo_client, from many terminals
 * You should see: listening on 127.0.0.1:4444
 *                 Connected by 127.0.0.1:47060
 *                 Closed 127.0.0.1:47060 after 12 bytes
 * Try next:       `ulimit -n 8` in the server's shell, and ten times
 *                 `nc 127.0.0.1 4444 &`. Who waits, and who is served?
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS_MOST = 1000,
    PAUSE_MS = 200, ///< without a free descriptor: look again so much later
};

/// What has to be known of one client from one poll to the next.
struct client {
    struct sockaddr_in peer;
    size_t sent, size; ///< buf[sent] to buf[size - 1] has still to go back
    unsigned long long received; ///< bytes in all
    char buf[16384];
};

// watched[0] is the listening socket; watched[i] is that of *clients[i].
static struct pollfd watched[1 + CLIENTS_MOST];
static struct client *clients[1 + CLIENTS_MOST];
static nfds_t count = 1;

/// Listen at an address and replace it by the one that the kernel gave.
/// Return the listening descriptor, or -1 once the error is reported.
static int listen_on(struct sockaddr_in *addr)
{
    int on = 1; // bind although old connections are still in TIME_WAIT
    socklen_t len = sizeof *addr;
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);

    if (listen_fd == -1) {
        perror("socket");
        return -1;
    }
    // Nonblocking: a newcomer may be gone again between poll and accept.
    if (fcntl(listen_fd, F_SETFL, O_NONBLOCK) == -1)
        perror("fcntl");
    else if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ==
             -1)
        perror("setsockopt");
    else if (bind(listen_fd, (struct sockaddr *)addr, sizeof *addr) == -1)
        perror("bind");
    else if (listen(listen_fd, SOMAXCONN) == -1)
        perror("listen");
    else if (getsockname(listen_fd, (struct sockaddr *)addr, &len) == -1)
        perror("getsockname");
    else
        return listen_fd;

    close(listen_fd);
    return -1;
}

/// Milliseconds of a clock that nobody sets.
static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/// Print an address, or a line with one, to stdout.
static void say(const char *what, struct sockaddr_in addr)
{
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("%s %s:%d", what, text, ntohs(addr.sin_port));
}

/// Let one client in. Return how many milliseconds to leave the listening
/// socket alone then, or -1 once an error is reported that ends the server.
static int admit(void)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    int fd = accept(watched[0].fd, (struct sockaddr *)&peer, &len);

    if (fd == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
                     errno == EINTR || errno == ECONNABORTED))
        return 0; // gone again since poll has seen it
    if (fd == -1) {
        bool full = errno == EMFILE || errno == ENFILE;
        perror("accept");
        return full ? PAUSE_MS : -1;
    }

    struct client *client = calloc(1, sizeof *client);
    if (client == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
        perror("one client less"); // and all others are served on
        free(client);
        close(fd);
        return 0;
    }
    client->peer = peer;
    watched[count].fd = fd;
    watched[count].revents = 0;
    clients[count++] = client;
    say("Connected by", peer);
    putchar('\n');
    return 0;
}

/// Do one thing for a client, read or send back, and don't sleep in it.
/// Return whether it stays.
static bool serve(int fd, struct client *c)
{
    bool reads = c->size == 0;
    ssize_t n =
        reads ? recv(fd, c->buf, sizeof c->buf, 0)
              : send(fd, c->buf + c->sent, c->size - c->sent, MSG_NOSIGNAL);

    if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true; // poll says when to try again
    if (n == -1)
        perror(reads ? "recv" : "send");
    if (n == -1 || (reads && n == 0))
        return false; // 0: its stream has ended, and everything has gone back

    if (reads) {
        c->received += (unsigned long long)n;
        c->size = (size_t)n;
        c->sent = 0;
    } else if ((c->sent += (size_t)n) == c->size) {
        c->size = 0;
    }
    return true;
}

/// Part from a client, and give its place to the last one: no holes.
static void drop(nfds_t i)
{
    say("Closed", clients[i]->peer);
    printf(" after %llu bytes\n", clients[i]->received);
    close(watched[i].fd);
    free(clients[i]);
    watched[i] = watched[--count];
    clients[i] = clients[count];
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    char *end;
    long port = strtol(port_text, &end, 10);
    struct in_addr ip;

    if (argc > 3 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); // each line at once, in a pipe too

    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;

    int listen_fd = listen_on(&addr);
    if (listen_fd == -1)
        return 1;
    say("listening on", addr);
    putchar('\n');
    watched[0].fd = listen_fd;

    long long paused_until = 0;
    for (;;) { // until Ctrl-C
        // While no descriptor is free a newcomer stays in the queue, and poll
        // would report it again and again, at once: don't look for a while.
        long long pause = paused_until - now();
        bool room = pause <= 0 && count <= CLIENTS_MOST;
        watched[0].events = room ? POLLIN : 0;
        for (nfds_t i = 1; i < count; i++)
            watched[i].events = clients[i]->size == 0 ? POLLIN : POLLOUT;

        if (poll(watched, count, pause > 0 ? (int)pause : -1) == -1) {
            if (errno == EINTR)
                continue;
            perror("poll");
            return 1;
        }

        // From the end, since drop() moves the last one. POLLHUP and POLLERR
        // come unasked; the call then says what they mean.
        for (nfds_t i = count; i-- > 1;)
            if (watched[i].revents != 0 && !serve(watched[i].fd, clients[i]))
                drop(i);
        if (watched[0].revents != 0) {
            int wait = admit();
            if (wait == -1)
                return 1;
            paused_until = now() + wait;
        }
    }
}
