// SPDX-License-Identifier: MIT
/**
 * @file 05_connect.c
 * @brief Be the one who calls: the client's side of the handshake.
 *
 * connect(2) sends SYN and sleeps until the answer is here: SYN-ACK, and the
 * connection stands; or RST, and nobody listens there. A client need not bind:
 * connect has the kernel choose its address and an ephemeral port.
 *
 * You will call:  socket(2), connect(2), getpeername(2), getsockname(2)
 * Run it:         build/steps/05_connect [HOST [PORT]]
 *                 with 03_listen or `nc -l 127.0.0.1 4444` in another terminal
 * You should see: connected to 127.0.0.1:4444 from 127.0.0.1:47060
 * While it waits: ss -tan 'sport = :4444 or dport = :4444' shows both ends
 * Try next:       stop the server first; then HOST 0.0.0.0, which is no
 *                 address to call, and yet: who answers?
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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

    /* TODO(05): a stream socket, and with it a connection to ip and port. A
       client need not bind: the kernel chooses this end's port. If nobody is
       there, perror("connect") says it. connect(2) */
    int fd = -1;
    fputs("TODO(05) is open: make a socket and connect it\n", stderr);
    return 1;

    /* TODO(05): ask the kernel for both ends: the other one's address into
       peer, this one's into self. getpeername(2), getsockname(2) */
    struct sockaddr_in peer = {0}, self = {0};
    fprintf(stderr, "TODO(05) is open: ask %d for both addresses\n", fd);
    return 1;

    char to[INET_ADDRSTRLEN], from[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &peer.sin_addr, to, sizeof to);
    inet_ntop(AF_INET, &self.sin_addr, from, sizeof from);
    printf("connected to %s:%d from %s:%d\n", to, ntohs(peer.sin_port), from,
           ntohs(self.sin_port));

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    /* TODO(05): end the connection, and end well. close(2) */
    fputs("TODO(05) is open: close the socket\n", stderr);
    return 1;
}
