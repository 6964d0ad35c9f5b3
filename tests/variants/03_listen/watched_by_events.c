// SPDX-License-Identifier: MIT
// Another way: epoll, signalfd and a log that is opened first; nobody may look
// into it; atexit closes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
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
static long port, backlog;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    backlog = argc > 3 ? number(argv[3], 65535) : 16;
    if (argc > 4 || port < 0 || backlog < 1 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int listener = -1;
static FILE *journal;

static void finish(void)
{
    if (listener >= 0)
        close(listener);
    if (journal != NULL)
        fclose(journal);
}

int main(int argc, char *argv[])
{
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t set;
    char c = 0;

    prctl(PR_SET_DUMPABLE, 0);
    poll(NULL, 0, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("listening on nothing yet\n");
    arguments(argc, argv);
    atexit(finish);
    journal = tmpfile();
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    int events = epoll_create1(EPOLL_CLOEXEC);

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener == -1)
        die("socket");
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1},
                   sizeof(int)) == -1)
        die("setsockopt");
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)port),
                             .sin_addr = host};
    if (bind(listener, (struct sockaddr *)&at, sizeof at) == -1)
        die("bind");
    if (listen(listener, (int)backlog) == -1)
        die("listen");
    if (getsockname(listener, (struct sockaddr *)&at,
                    &(socklen_t){sizeof at}) == -1)
        die("where am I");
    printf("listening on %s:%d\n", inet_ntoa(at.sin_addr), ntohs(at.sin_port));
    printf("press Enter to close\n");
    epoll_ctl(events, EPOLL_CTL_ADD, 0, &event);
    epoll_ctl(events, EPOLL_CTL_ADD, signals, &event);
    while (c != '\n') {
        if (epoll_wait(events, &event, 1, 700) <= 0)
            continue;
        if (read(0, &c, 1) <= 0)
            break;
    }
    return 0;
}
