// SPDX-License-Identifier: MIT
/**
 * @file 09_udp_server.c
 * @brief Send each datagram back to whom it came from.
 *
 * UDP carries datagrams: each arrives whole or not at all, once, twice or
 * never, and in any order. There is no connection and no end of one, so one
 * socket serves everybody, and each datagram brings its sender's address.
 *
 * You will call:  socket(2) with SOCK_DGRAM, bind(2), recvfrom(2), sendto(2)
 * Run it:         build/steps/09_udp_server [HOST [PORT]], then elsewhere
 *                 build/steps/09_udp_client
 * You should see: bound to 127.0.0.1:4444
 *                 12 bytes from 127.0.0.1:47060
 * Try next:       two clients at once, and `nc -u 127.0.0.1 4444`: what ends
 *                 this program? (Ctrl-C does.)
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/// Answer whoever asks, one datagram after the other. Return only once an
/// error is reported that leaves no hope for the next one.
static void serve(int fd)
{
    /* TODO(09): for ever: take one datagram with its sender, print the line
       "N bytes from ADDRESS:PORT", send the same bytes back to that sender.
       Room for the largest (65,507 bytes); one of 0 bytes is answered, too.
       EINTR, and an ECONNREFUSED about an earlier answer: go on. An answer
       that can't be sent is reported and costs nobody else anything; a
       failing recvfrom ends it. recvfrom(2), sendto(2) */
    fprintf(stderr, "TODO(09) is open: answer what comes on %d\n", fd);
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

    /* TODO(09): a socket for datagrams over IPv4. socket(2), udp(7) */
    int fd = -1;
    fputs("TODO(09) is open: make a datagram socket\n", stderr);
    return 1;

    /* TODO(09): bind it to ip and port, as in step 2, and ask which address it
       has got. No listen: nobody connects. bind(2), getsockname(2) */
    struct sockaddr_in addr = {0};
    fputs("TODO(09) is open: bind, and ask for the address\n", stderr);
    return 1;

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("bound to %s:%d\n", text, ntohs(addr.sin_port));

    serve(fd); // until Ctrl-C: nothing in UDP says that a client is done
    close(fd);
    return 1;
}
