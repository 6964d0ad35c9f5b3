// SPDX-License-Identifier: MIT
// Another way: an event loop with epoll and a signalfd, as a bigger server has
// it. Ctrl-C ends it like Enter does. What listens is not watched: nobody
// accepts here.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct options {
    struct sockaddr_in address;
    int backlog;
};

static int to_number(const char *s, int most)
{
    long n = 0;

    if (*s == '\0')
        return -1;
    for (; *s >= '0' && *s <= '9' && n <= most; s++)
        n = 10 * n + (*s - '0');
    return *s != '\0' || n > most ? -1 : (int)n;
}

static int read_options(int argc, char *argv[], struct options *o)
{
    int port = to_number(argc > 2 ? argv[2] : "4444", 65535);

    o->backlog = to_number(argc > 3 ? argv[3] : "16", 65535);
    memset(&o->address, 0, sizeof o->address);
    o->address.sin_family = AF_INET;
    o->address.sin_port = htons((in_port_t)port);
    return argc <= 4 && port >= 0 && o->backlog > 0 &&
           inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1",
                     &o->address.sin_addr) == 1;
}

static int start(struct options *o)
{
    const char *call = "socket";
    socklen_t size = sizeof o->address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        goto error;
    call = "setsockopt";
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        goto error;
    call = "bind";
    if (bind(fd, (struct sockaddr *)&o->address, size) == -1)
        goto error;
    call = "listen";
    if (listen(fd, o->backlog) == -1)
        goto error;
    call = "getsockname";
    if (getsockname(fd, (struct sockaddr *)&o->address, &size) == -1)
        goto error;
    return fd;
error:
    perror(call);
    if (fd != -1)
        close(fd);
    return -1;
}

static void wait_for_the_end(int signals)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = 0};
    int loop = epoll_create1(EPOLL_CLOEXEC);

    epoll_ctl(loop, EPOLL_CTL_ADD, 0, &event);
    event.data.fd = signals;
    epoll_ctl(loop, EPOLL_CTL_ADD, signals, &event);
    while (epoll_wait(loop, &event, 1, -1) < 1)
        ;
    close(loop);
}

int main(int argc, char *argv[])
{
    struct options options;
    sigset_t mask;
    char ip[INET_ADDRSTRLEN];

    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
        return 2;
    }
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int signals = signalfd(-1, &mask, SFD_CLOEXEC);
    int fd = start(&options);
    if (fd == -1)
        return 1;

    inet_ntop(AF_INET, &options.address.sin_addr, ip, sizeof ip);
    fprintf(stdout, "listening on %s:%d\n", ip,
            ntohs(options.address.sin_port));
    fprintf(stdout, "press Enter to close\n");
    fflush(stdout);
    wait_for_the_end(signals);
    close(fd);
    close(signals);
    return 0;
}
