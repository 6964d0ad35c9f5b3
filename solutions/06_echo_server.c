// SPDX-License-Identifier: MIT
/**
 * @file 06_echo_server.c
 * @brief Send back every byte that comes, until the client has no more.
 *
 * TCP carries a stream of bytes, not messages. What the client sent in one
 * call may come in five, and five may come in one. An echo server need not
 * know where a message ends: it returns what it has got, as it gets it.
 *
 * You will call:  recv(2), send(2) and what you know
 * Run it:         build/steps/06_echo_server [HOST [PORT]], then elsewhere
 *                 build/steps/06_echo_client
 * You should see: listening on 127.0.0.1:4444
 *                 Connected by 127.0.0.1:47060
 * Try next:       nc 127.0.0.1 4444 and type; Ctrl-D there is the end of the
 *                 stream. Then `head -c 50M /dev/zero | nc -N 127.0.0.1 4444
 *                 | wc -c`: are they all there?
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

/// Echo until the client's end of stream. Return 0, or 1 once it is reported.
static int echo(int conn_fd)
{
    static char buf[65536]; // any size is right; a larger one asks less often
    ssize_t got, n;

    while ((got = recv(conn_fd, buf, sizeof buf, 0)) != 0) {
        if (got == -1 && errno == EINTR)
            continue; // a signal came, not a byte: ask again
        if (got == -1) {
            perror("recv");
            return 1;
        }

        // send takes what the kernel has room for, maybe less than we offer.
        // MSG_NOSIGNAL: if the client is gone, be told (EPIPE), not killed
        // (SIGPIPE).
        for (ssize_t sent = 0; sent < got; sent += n) {
            n = send(conn_fd, buf + sent, (size_t)(got - sent), MSG_NOSIGNAL);
            if (n == -1 && errno == EINTR) {
                n = 0;
            } else if (n == -1) {
                perror("send");
                return 1;
            }
        }
    }
    return 0; // the client's FIN: it sends no more, but may still listen
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

    struct sockaddr_in peer;
    int conn_fd;
    do {
        socklen_t len = sizeof peer;
        conn_fd = accept(listen_fd, (struct sockaddr *)&peer, &len);
    } while (conn_fd == -1 && (errno == EINTR || errno == ECONNABORTED));
    if (conn_fd == -1) {
        perror("accept");
        close(listen_fd);
        return 1;
    }

    inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
    printf("Connected by %s:%d\n", text, ntohs(peer.sin_port));

    int status = echo(conn_fd);

    // The end of our stream: a client that reads to the end waits for it.
    close(conn_fd);
    close(listen_fd);
    return status;
}
