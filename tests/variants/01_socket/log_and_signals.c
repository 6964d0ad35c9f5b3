// SPDX-License-Identifier: MIT
// Another way: a log file, a signalfd and an epoll before the socket; a
// destructor closes it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *kind(int type)
{
    return type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?";
}

static int log_fd = -1, sock = -1;

__attribute__((destructor)) static void clean_up(void)
{
    if (sock != -1)
        close(sock);
    if (log_fd != -1)
        close(log_fd);
}

static int problem(const char *what)
{
    dprintf(log_fd, "%s failed\n", what);
    dprintf(2, "%s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char *argv[])
{
    sigset_t set;
    int type =
        argc == 2 && strcmp(argv[1], "dgram") == 0 ? SOCK_DGRAM : SOCK_STREAM;

    if (argc > 2 ||
        (argc == 2 && type == SOCK_STREAM && strcmp(argv[1], "stream") != 0)) {
        dprintf(2, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }
    log_fd = open("/dev/null", O_WRONLY | O_APPEND);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, 0);
    int events = epoll_create1(0);
    if (log_fd == -1 || signals == -1 || events == -1) {
        dprintf(2, "no log, no signals, no events: %s\n", strerror(errno));
        return 1;
    }
    struct epoll_event in = {.events = EPOLLIN, .data.fd = 0};
    epoll_ctl(events, EPOLL_CTL_ADD, 0, &in);
    in.data.fd = signals;
    epoll_ctl(events, EPOLL_CTL_ADD, signals, &in);

    if ((sock = socket(PF_INET, type, 0)) == -1)
        return problem("socket");
    int domain, its;
    socklen_t n = sizeof domain;
    if (getsockopt(sock, SOL_SOCKET, SO_TYPE, &its, &n) == -1)
        return problem("getsockopt");
    n = sizeof domain;
    if (getsockopt(sock, SOL_SOCKET, SO_DOMAIN, &domain, &n) == -1)
        return problem("getsockopt");
    dprintf(1, "fd %d is open\n", sock);
    dprintf(1, "fd %d: %s %s\npress Enter to close\n", sock,
            domain == PF_INET ? "AF_INET" : "AF_?", kind(its));
    for (;;) {
        char c;
        if (epoll_wait(events, &in, 1, -1) == -1)
            continue;
        if (in.data.fd == signals)
            break;
        if (read(0, &c, 1) <= 0 || c == '\n')
            break;
    }
    exit(EXIT_SUCCESS);
}
