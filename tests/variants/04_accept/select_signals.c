// SPDX-License-Identifier: MIT
/**
 * @file select_signals.c
 * @brief Differs: select before a blocking accept; handlers of its own for some
 * signals, without SA_RESTART, and a timer whose signal comes all the time.
 */
#define _XOPEN_SOURCE 700

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static void fail_if(int result, const char *call, int fd)
{
    if (result != -1)
        return;
    perror(call);
    if (fd != -1)
        close(fd);
    exit(1);
}

/// A line from stdin, though a signal may come.
static void wait_for_enter(void)
{
    char c = 0;
    ssize_t got;

    do
        got = read(0, &c, 1);
    while ((got == 1 && c != '\n') || (got == -1 && errno == EINTR));
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET}, peer;
    const char *port = argc > 2 ? argv[2] : "4444";
    char *end;
    long number = strtol(port, &end, 10);

    if (argc > 3 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &addr.sin_addr) !=
            1 ||
        end == port || *end != '\0' || number < 0 || number > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    addr.sin_port = htons((in_port_t)number);
    setvbuf(stdout, NULL, _IONBF, 0);

    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
    struct itimerval often = {{0, 100000}, {0, 100000}};
    setitimer(ITIMER_REAL, &often, NULL);

    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    fail_if(fd, "socket", -1);
    fail_if(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on),
            "setsockopt", fd);
    fail_if(bind(fd, (struct sockaddr *)&addr, sizeof addr), "bind", fd);
    fail_if(listen(fd, 128), "listen", fd);
    socklen_t len = sizeof addr;
    fail_if(getsockname(fd, (struct sockaddr *)&addr, &len), "getsockname", fd);
    printf("listening on %s:%u\n", inet_ntoa(addr.sin_addr),
           ntohs(addr.sin_port));

    int conn = -1;
    while (conn == -1) {
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(fd, &readable);
        if (select(fd + 1, &readable, NULL, NULL, NULL) == -1) {
            if (errno != EINTR)
                fail_if(-1, "select", fd);
            continue;
        }
        len = sizeof peer;
        conn = accept(fd, (struct sockaddr *)&peer, &len);
        if (conn == -1 && errno != EINTR && errno != ECONNABORTED)
            fail_if(-1, "accept", fd);
    }
    printf("Connected by %s:%u\npress Enter to close\n",
           inet_ntoa(peer.sin_addr), ntohs(peer.sin_port));
    wait_for_enter();
    close(fd);
    close(conn);
    return 0;
}
