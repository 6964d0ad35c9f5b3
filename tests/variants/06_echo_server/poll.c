// SPDX-License-Identifier: MIT
// Non-blocking, with poll, and a buffer whose rest moves to the front.
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

static int accepted(int listen_fd)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    char text[INET_ADDRSTRLEN];
    int fd;

    while ((fd = accept(listen_fd, (struct sockaddr *)&peer, &len)) < 0) {
        if (errno != EINTR && errno != ECONNABORTED)
            die("accept");
        len = sizeof peer;
    }
    printf("Connected by %s:%d\n",
           inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text),
           ntohs(peer.sin_port));
    fflush(stdout);
    return fd;
}

/// What has come and has not been sent yet is moved to the front.
static void echo(int fd)
{
    static char buf[8192];
    size_t kept = 0;
    bool ended = false;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (!ended || kept > 0) {
        short want = (short)((!ended && kept < sizeof buf ? POLLIN : 0) |
                             (kept > 0 ? POLLOUT : 0));
        struct pollfd p = {fd, want, 0};
        if (poll(&p, 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            die("poll");
        }
        if (want & POLLIN) {
            ssize_t n = recv(fd, buf + kept, sizeof buf - kept, 0);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                die("recv");
            ended = n == 0;
            kept += n > 0 ? (size_t)n : 0;
        }
        if (kept > 0) {
            ssize_t n = send(fd, buf, kept, MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                die("send");
            if (n > 0)
                memmove(buf, buf + n, kept -= (size_t)n);
        }
    }
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
    int fd = accepted(listen_fd);
    echo(fd);
    close(fd);
    close(listen_fd);
    return 0;
}
