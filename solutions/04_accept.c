// SPDX-License-Identifier: MIT
/**
 * @file 04_accept.c
 * @brief Take one connection out of the queue, and see who called.
 *
 * accept(2) waits until the kernel has finished a handshake and returns a new
 * socket for that one connection. The listening socket stays what it was:
 * from now on there are two descriptors, and only the new one carries data.
 *
 * You will call:  accept(2) and what you know
 * Run it:         build/steps/04_accept [HOST [PORT]], then elsewhere
 *                 nc 127.0.0.1 4444
 * You should see: listening on 127.0.0.1:4444
 *                 Connected by 127.0.0.1:47060
 * While it waits: ss -tan 'sport = :4444 or dport = :4444' has three lines
 * Try next:       Ctrl-Z and fg while it waits; type a line into nc before
 *                 you press Enter here: why does nc see a reset now?
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/// Listen at an address and replace it by the one that the kernel gave.
/// Return the listening descriptor, or -1 once the error is reported.
static int listen_on(struct sockaddr_in *addr)
{
    int on = 1; // bind although an old connection is still in TIME_WAIT
    socklen_t len = sizeof *addr;
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);

    if (listen_fd == -1) {
        perror("socket");
        return -1;
    }
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        perror("setsockopt");
    else if (bind(listen_fd, (struct sockaddr *)addr, sizeof *addr) == -1)
        perror("bind");
    else if (listen(listen_fd, 16) == -1)
        perror("listen");
    else if (getsockname(listen_fd, (struct sockaddr *)addr, &len) == -1)
        perror("getsockname");
    else
        return listen_fd;

    close(listen_fd); // after perror: close has an errno of its own
    return -1;
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
    setvbuf(stdout, NULL, _IOLBF, 0); // each line at once, in a pipe too

    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;

    int listen_fd = listen_on(&addr);
    if (listen_fd == -1)
        return 1;

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("listening on %s:%d\n", text, ntohs(addr.sin_port));

    // Two errors say nothing about us: a signal came while we slept (EINTR),
    // or the caller had hung up before we answered (ECONNABORTED).
    struct sockaddr_in peer;
    int conn_fd;
    do {
        socklen_t len = sizeof peer; // in: the size; out: what was used
        conn_fd = accept(listen_fd, (struct sockaddr *)&peer, &len);
    } while (conn_fd == -1 && (errno == EINTR || errno == ECONNABORTED));
    if (conn_fd == -1) {
        perror("accept");
        close(listen_fd);
        return 1;
    }

    inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
    printf("Connected by %s:%d\n", text, ntohs(peer.sin_port));

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    // A clean end (FIN), unless the peer sent bytes that nobody has read:
    // then the kernel resets, so that the peer learns that they are lost.
    close(conn_fd);
    close(listen_fd);
    return 0;
}
