// SPDX-License-Identifier: MIT
// epoll for the listening socket and the connection, accept4 without waiting.
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *call)
{
    perror(call);
    exit(1);
}

static int listening(struct in_addr ip, long port)
{
    struct sockaddr_in addr = {0};
    socklen_t len = sizeof addr;
    char text[INET_ADDRSTRLEN];
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        die("setsockopt");
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("bind");
    if (listen(fd, 16) < 0)
        die("listen");
    if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
        die("getsockname");
    printf("listening on %s:%d\n",
           inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text),
           ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

// What has come and has not been sent yet is moved to the front.
static char buf[8192];
static size_t kept;
static bool at_end;

static void serve(int fd)
{
    ssize_t n = recv(fd, buf + kept, sizeof buf - kept, 0);
    if (kept < sizeof buf && n == 0)
        at_end = true;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        die("recv");
    kept += n > 0 ? (size_t)n : 0;
    n = kept > 0 ? send(fd, buf, kept, MSG_NOSIGNAL) : 0;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        die("send");
    if (n > 0)
        memmove(buf, buf + n, kept -= (size_t)n);
}

static void echo(int listen_fd, int set)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listen_fd};
    char text[INET_ADDRSTRLEN];
    int fd = -1;

    fcntl(listen_fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(set, EPOLL_CTL_ADD, listen_fd, &e) < 0)
        die("epoll_ctl");
    while (fd == -1 || !at_end || kept > 0) {
        if (epoll_wait(set, &e, 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            die("epoll_wait");
        }
        if (fd == -1) {
            struct sockaddr_in peer;
            socklen_t len = sizeof peer;
            fd = accept4(listen_fd, (struct sockaddr *)&peer, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd == -1 && errno != EAGAIN && errno != EINTR &&
                errno != ECONNABORTED)
                die("accept4");
            if (fd == -1)
                continue;
            inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
            printf("connected by %s:%d\n", text, ntohs(peer.sin_port));
            fflush(stdout);
            epoll_ctl(set, EPOLL_CTL_DEL, listen_fd, NULL);
            e = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
            if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) < 0)
                die("epoll_ctl");
            continue;
        }
        serve(fd);
        e.events = (!at_end && kept < sizeof buf ? EPOLLIN : 0) |
                   (kept > 0 ? EPOLLOUT : 0);
        e.data.fd = fd;
        epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
    }
    close(fd);
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
    int listen_fd = listening(ip, port);
    int set = epoll_create1(0);
    if (set < 0)
        die("epoll_create1");
    echo(listen_fd, set);
    close(set);
    close(listen_fd);
    return 0;
}
