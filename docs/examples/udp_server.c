// SPDX-License-Identifier: MIT
// Send each datagram back to where it came from: udp_server [ROOM]
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char *argv[])
{
    static char buf[65536];
    size_t room = argc > 1 ? strtoul(argv[1], NULL, 10) : sizeof buf;
    if (room < 1 || room > sizeof buf)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);

    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in self = {.sin_family = AF_INET,
                               .sin_port = htons(4444),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd == -1 || bind(fd, (struct sockaddr *)&self, sizeof self) == -1) {
        perror("bind");
        return 1;
    }

    // [loop]
    // No listen, no accept: the one socket hears everybody.
    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        ssize_t got =
            recvfrom(fd, buf, room, 0, (struct sockaddr *)&peer, &len);
        if (got == -1) {
            perror("recvfrom");
            return 1;
        }
        printf("%zd bytes from port %d: \"%.*s\"\n", got, ntohs(peer.sin_port),
               (int)got, buf);
        if (sendto(fd, buf, (size_t)got, 0, (struct sockaddr *)&peer, len) ==
            -1)
            perror("sendto"); // one answer less; the others get theirs
    }
    // [loop]
}
