// SPDX-License-Identifier: MIT
// select before every call, also before accept.
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
#include <sys/select.h>
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

static void write_all(int fd, const char *at, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die("write");
        at += n;
        size -= (size_t)n;
    }
}

static void wait_for(int fd)
{
    fd_set set;
    do {
        FD_ZERO(&set);
        FD_SET(fd, &set);
        if (select(fd + 1, &set, NULL, NULL, NULL) < 0 && errno != EINTR)
            die("select");
    } while (!FD_ISSET(fd, &set));
}

static void echo(int fd)
{
    char buf[512];
    ssize_t n;

    for (;;) {
        wait_for(fd);
        if ((n = recv(fd, buf, sizeof buf, MSG_DONTWAIT)) == 0)
            return;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            die("recv");
        if (n > 0)
            write_all(fd, buf, (size_t)n);
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
    signal(SIGPIPE, SIG_IGN);
    int listen_fd = listening(ip, port);
    wait_for(listen_fd);
    int fd = accepted(listen_fd);
    close(listen_fd);
    echo(fd);
    close(fd);
    return 0;
}
