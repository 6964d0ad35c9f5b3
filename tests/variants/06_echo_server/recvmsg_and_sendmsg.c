// SPDX-License-Identifier: MIT
// recvmsg and sendmsg, with MSG_NOSIGNAL.
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

static void echo(int fd)
{
    static char buf[30000];

    for (;;) {
        struct iovec piece = {buf, sizeof buf};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        ssize_t n = recvmsg(fd, &message, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            die("recvmsg");
        if (n == 0)
            return;
        piece.iov_len = (size_t)n;
        while (piece.iov_len > 0) {
            n = sendmsg(fd, &message, MSG_NOSIGNAL);
            if (n == -1 && errno != EINTR)
                die("sendmsg");
            if (n > 0) {
                piece.iov_base = (char *)piece.iov_base + n;
                piece.iov_len -= (size_t)n;
            }
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
