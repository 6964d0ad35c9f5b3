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
    /* TODO(06): all of step 3: socket, SO_REUSEADDR, bind, listen, and the
       address that the kernel gave back into *addr. When a call fails, report
       it first, then close the socket: close(2) may change errno. */
    fprintf(stderr, "TODO(06) is open: listen on port %d\n",
            ntohs(addr->sin_port));
    exit(1);
}

/// Echo until the client's end of stream. Return 0, or 1 once it is reported.
static int echo(int conn_fd)
{
    /* TODO(06): send back what comes, in order and at once, until recv says
       that the client's stream has ended. Bytes, not strings: zeros are as
       good as letters. recv may give you less than there is, send may take
       less than you offer, a signal may interrupt either (EINTR: again), and
       when the client is gone send must not kill you (SIGPIPE). Any other
       failure is reported and ends it with 1. recv(2), send(2) */
    fprintf(stderr, "TODO(06) is open: echo what comes on %d\n", conn_fd);
    exit(1);
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

    /* TODO(06): write ip and port into addr, as in step 2. */
    struct sockaddr_in addr = {0};
    fputs("TODO(06) is open: write ip and port into addr\n", stderr);
    return 1;

    int listen_fd = listen_on(&addr);
    if (listen_fd == -1)
        return 1;

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("listening on %s:%d\n", text, ntohs(addr.sin_port));

    /* TODO(06): wait for the client, as in step 4. accept(2) */
    struct sockaddr_in peer = {0};
    int conn_fd = -1;
    fputs("TODO(06) is open: accept a connection\n", stderr);
    return 1;

    inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
    printf("Connected by %s:%d\n", text, ntohs(peer.sin_port));

    int status = echo(conn_fd);

    /* TODO(06): close both sockets, and end with the status of echo(). */
    fprintf(stderr, "TODO(06) is open: close the sockets, end with %d\n",
            status);
    return 1;
}
