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
    /* TODO(04): all of step 3: socket, SO_REUSEADDR, bind, listen, and the
       address that the kernel gave back into *addr. When a call fails, report
       it first, then close the socket: close(2) may change errno. */
    fprintf(stderr, "TODO(04) is open: listen on port %d\n",
            ntohs(addr->sin_port));
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

    /* TODO(04): write ip and port into addr, as in step 2. */
    struct sockaddr_in addr = {0};
    fputs("TODO(04) is open: write ip and port into addr\n", stderr);
    return 1;

    int listen_fd = listen_on(&addr);
    if (listen_fd == -1)
        return 1;

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("listening on %s:%d\n", text, ntohs(addr.sin_port));

    /* TODO(04): wait for a client and take its connection: a new descriptor,
       and the client's address. Try again after EINTR (a signal came) and
       ECONNABORTED (the client had gone already); any other error is reported
       and ends the program. accept(2) */
    struct sockaddr_in peer = {0};
    int conn_fd = -1;
    fputs("TODO(04) is open: accept a connection\n", stderr);
    return 1;

    inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
    printf("Connected by %s:%d\n", text, ntohs(peer.sin_port));

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    /* TODO(04): close both sockets, and end well. close(2) */
    fprintf(stderr, "TODO(04) is open: close %d and %d\n", conn_fd, listen_fd);
    return 1;
}
