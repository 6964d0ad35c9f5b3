// SPDX-License-Identifier: MIT
/**
 * @file epoll_stdio.c
 * @brief Differs: epoll; the connection is a FILE and closed by fclose, the
 * listener by close_range; Enter is waited for with poll while the connection
 * is looked at too.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int wait_and_accept(int listener, struct sockaddr_in *peer)
{
    struct epoll_event event = {.events = EPOLLIN};
    int queue = epoll_create1(EPOLL_CLOEXEC), conn;

    if (queue == -1)
        die("epoll_create1");
    if (epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event) == -1)
        die("epoll_ctl");
    for (;;) {
        if (epoll_wait(queue, &event, 1, -1) == -1) {
            if (errno == EINTR)
                continue;
            die("epoll_wait");
        }
        socklen_t size = sizeof *peer;
        conn = accept(listener, (struct sockaddr *)peer, &size);
        if (conn != -1)
            break;
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            die("accept");
    }
    close(queue);
    return conn;
}

/// Until Enter; what the peer does in the meantime is noted, once.
static void hold(int conn)
{
    struct pollfd fds[] = {{0, POLLIN, 0}, {conn, POLLRDHUP, 0}};
    char line[64];

    for (;;) {
        if (poll(fds, 2, -1) == -1 && errno != EINTR)
            die("poll");
        if (fds[1].revents != 0) {
            fputs("the peer has ended\n", stderr);
            fds[1].fd = -1;
        }
        if (fds[0].revents != 0 && read(0, line, sizeof line) >= 0)
            return;
    }
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET}, peer;
    socklen_t size = sizeof addr;
    const char *port = argc > 2 ? argv[2] : "4444";
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    int on = 1;

    if (argc > 3 || *port == '-' || *port == '\0' || *end != '\0' ||
        number > 65535 ||
        !inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &addr.sin_addr)) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    addr.sin_port = htons((in_port_t)number);
    setlinebuf(stdout);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener == -1)
        die("socket");
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1)
        die("bind");
    if (listen(listener, 50) == -1)
        die("listen");
    if (getsockname(listener, (struct sockaddr *)&addr, &size) == -1)
        die("getsockname");
    printf("listening on %s:%hu\n", inet_ntoa(addr.sin_addr),
           ntohs(addr.sin_port));

    FILE *conn = fdopen(wait_and_accept(listener, &peer), "r+");
    if (conn == NULL)
        die("fdopen");
    printf("Connected by %s:%hu\n", inet_ntoa(peer.sin_addr),
           ntohs(peer.sin_port));
    puts("press Enter to close");
    hold(fileno(conn));
    fclose(conn);
    close_range(3, ~0U, 0);
    return 0;
}
