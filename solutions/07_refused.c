// SPDX-License-Identifier: MIT
/**
 * @file 07_refused.c
 * @brief Tell a host that says no from one that says nothing.
 *
 * "Connection refused" is an answer: the host is there, and at this port nobody
 * listens (RST), or a firewall says no. Silence is none: a host that is off, or
 * a firewall that drops what we send. connect(2) would repeat its SYN for two
 * minutes; this program decides how long it waits.
 *
 * You will call:  fcntl(2), connect(2), poll(2), getsockopt(2) with SO_ERROR
 * Run it:         build/steps/07_refused [HOST [PORT [TIMEOUT_MS]]]
 * You should see: connect to 127.0.0.1:4444: Connection refused
 *                 and three lines that say why that may be
 * Try next:       03_listen with BACKLOG 1, two clients that stay, then this:
 *                 a full queue is silent, with no firewall anywhere
 */
#define _POSIX_C_SOURCE 200809L

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

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    const char *timeout_text = argc > 3 ? argv[3] : "500";
    char *port_end, *timeout_end;
    long port = strtol(port_text, &port_end, 10);
    long timeout = strtol(timeout_text, &timeout_end, 10); // milliseconds
    struct in_addr ip;

    if (argc > 4 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *port_end != '\0' || port < 0 || port > 65535 || *timeout_end != '\0' ||
        timeout < 1 || timeout > 60000) {
        fprintf(stderr, "usage: %s [HOST [PORT [TIMEOUT_MS]]]\n", argv[0]);
        return 2;
    }

    // Nonblocking: connect sends its SYN and returns at once.
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
        perror("fcntl");
        close(fd);
        return 1;
    }

    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    int reason = 0;
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1)
        reason = errno;

    // EINPROGRESS is no failure: the answer is on its way, or will not come.
    // The socket becomes writable when it is decided either way, and which
    // way is in SO_ERROR.
    if (reason == EINPROGRESS) {
        struct pollfd decided = {.fd = fd, .events = POLLOUT};
        socklen_t size = sizeof reason;
        int ready = poll(&decided, 1, (int)timeout);
        if (ready == -1) {
            perror("poll");
            close(fd);
            return 1;
        }
        if (ready == 0) {
            reason = ETIMEDOUT;
        } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) == -1) {
            perror("getsockopt");
            close(fd);
            return 1;
        }
    }

    if (reason != 0) {
        fprintf(stderr, "connect to %s:%ld: %s\n", host, port,
                strerror(reason));
        if (reason == ECONNREFUSED)
            fputs("maybe the port is wrong\n"
                  "maybe the server is not running\n"
                  "maybe a firewall says no\n",
                  stderr);
        if (reason == ETIMEDOUT)
            fputs("no answer: a firewall that drops, or no such host\n",
                  stderr);
        close(fd);
        return 1;
    }

    struct sockaddr_in peer, self;
    socklen_t len = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) == -1) {
        perror("getpeername");
        close(fd);
        return 1;
    }
    len = sizeof self;
    if (getsockname(fd, (struct sockaddr *)&self, &len) == -1) {
        perror("getsockname");
        close(fd);
        return 1;
    }
    char to[INET_ADDRSTRLEN], from[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &peer.sin_addr, to, sizeof to);
    inet_ntop(AF_INET, &self.sin_addr, from, sizeof from);
    printf("connected to %s:%d from %s:%d\n", to, ntohs(peer.sin_port), from,
           ntohs(self.sin_port));

    close(fd);
    return 0;
}
