// SPDX-License-Identifier: MIT
/**
 * @file 02_bind.c
 * @brief Give a socket its address: an IPv4 address and a port.
 *
 * A peer can only find a socket that has an address. bind(2) gives it one, in
 * the byte order of the network, and the kernel says no while another socket
 * has the same. Port 0 means: choose a free one for me.
 *
 * You will call:  socket(2), inet_pton(3), htons(3), bind(2), getsockname(2)
 * Run it:         build/steps/02_bind [HOST [PORT]]
 * You should see: bound to 127.0.0.1:4444
 * While it waits: lsof -p PID shows the socket; ss -tan does not, for a
 *                 bound socket does not listen yet.
 * Try next:       port 0; port 80; 198.51.100.1 (no address of this host's);
 *                 the same port from a second terminal.
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
    struct in_addr ip; // in network byte order: inet_pton sees to that

    if (argc > 3 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); // each line at once, in a pipe too

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }

    // The port goes over the wire with its high byte first (RFC 9293, 3.1).
    // Most of our machines keep the low byte first: 4444 is 11 5c there and
    // 5c 11 here, and without htons we would bind to port 23569.
    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) == -1) {
        perror("bind");
        close(fd);
        return 1;
    }

    // What did we get? With port 0 only the kernel knows. The length goes in
    // as the size of our buffer and comes out as what was used.
    struct sockaddr_in bound;
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == -1) {
        perror("getsockname");
        close(fd);
        return 1;
    }

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &bound.sin_addr, text, sizeof text);
    printf("bound to %s:%d\n", text, ntohs(bound.sin_port));

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    close(fd);
    return 0;
}
