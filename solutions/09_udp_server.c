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
    static char buf[65536]; // the largest datagram over IPv4 has 65,507 bytes

    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer; // in: the room, so set it each time
        ssize_t size =
            recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&peer, &len);
        // ECONNREFUSED is about an answer of ours that found nobody. (Linux
        // tells only connected sockets, but POSIX does not promise it.)
        if (size == -1 && (errno == EINTR || errno == ECONNREFUSED))
            continue;
        if (size == -1) {
            perror("recvfrom");
            return;
        }

        char text[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
        printf("%zd bytes from %s:%d\n", size, text, ntohs(peer.sin_port));

        // Whole or not at all: no loop is needed, and 0 bytes are a datagram
        // as well. An answer that can't be sent is one answer lost.
        while (sendto(fd, buf, (size_t)size, 0, (struct sockaddr *)&peer,
                      len) == -1) {
            if (errno == EINTR)
                continue;
            perror("sendto");
            break;
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
    setvbuf(stdout, NULL, _IOLBF, 0); // each line at once, in a pipe too

    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }

    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) == -1) {
        perror("bind");
        close(fd);
        return 1;
    }

    socklen_t len = sizeof addr;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1) {
        perror("getsockname");
        close(fd);
        return 1;
    }
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("bound to %s:%d\n", text, ntohs(addr.sin_port));

    serve(fd); // until Ctrl-C: nothing in UDP says that a client is done
    close(fd);
    return 1;
}
