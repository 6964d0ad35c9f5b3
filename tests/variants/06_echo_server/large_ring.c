// SPDX-License-Identifier: MIT
// Another way: a ring of 16 MiB between what comes and what goes, filled from
// front to back; both ways wait in poll.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long number(const char *text, long most)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || n > most
               ? -1
               : n;
}

static struct in_addr host;
static long port;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    if (argc > 3 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int listen_here(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = host,
                             .sin_port = htons((in_port_t)port)};
    socklen_t size = sizeof at;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == -1)
        die("bind");
    if (listen(fd, 5) == -1)
        die("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        die("getsockname");
    printf("listening on %s:%d\n", inet_ntoa(at.sin_addr), ntohs(at.sin_port));
    return fd;
}

static int accept_one(int fd)
{
    struct sockaddr_in peer;
    for (;;) {
        socklen_t size = sizeof peer;
        int conn = accept(fd, (struct sockaddr *)&peer, &size);
        if (conn != -1) {
            printf("Connected by %s:%d\n", inet_ntoa(peer.sin_addr),
                   ntohs(peer.sin_port));
            return conn;
        }
        if (errno != EINTR && errno != ECONNABORTED)
            die("accept");
    }
}

enum { ROOM = 16 << 20 };
static char ring[ROOM];

int main(int argc, char *argv[])
{
    size_t in = 0, out = 0; // all that ever came and went
    int ended = 0;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int fd = listen_here(), conn = accept_one(fd);
    fcntl(conn, F_SETFL, O_NONBLOCK);
    while (!ended || out < in) {
        struct pollfd p = {.fd = conn};
        if (!ended && in - out < ROOM)
            p.events |= POLLIN;
        if (out < in)
            p.events |= POLLOUT;
        if (poll(&p, 1, -1) == -1) {
            if (errno == EINTR)
                continue;
            die("poll");
        }
        if (p.revents & (POLLIN | POLLHUP | POLLERR) && !ended &&
            in - out < ROOM) {
            size_t at = in % ROOM, most = ROOM - (in - out);
            ssize_t n =
                recv(conn, ring + at, most < ROOM - at ? most : ROOM - at, 0);
            if (n == -1 && errno != EINTR && errno != EAGAIN)
                die("recv");
            ended = n == 0;
            in += n > 0 ? (size_t)n : 0;
        }
        if (p.revents & POLLOUT) {
            size_t at = out % ROOM, most = in - out;
            ssize_t n = send(conn, ring + at,
                             most < ROOM - at ? most : ROOM - at, MSG_NOSIGNAL);
            if (n == -1 && errno != EINTR && errno != EAGAIN)
                die("send");
            out += n > 0 ? (size_t)n : 0;
        }
    }
    close(conn);
    close(fd);
    return 0;
}
