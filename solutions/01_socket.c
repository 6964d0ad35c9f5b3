// SPDX-License-Identifier: MIT
/**
 * @file 01_socket.c
 * @brief Ask the kernel for a socket and see that it is a file descriptor.
 *
 * A socket is one end of a conversation that has not begun. The kernel makes
 * the object and gives the process a small number for it, as open(2) does for
 * a file. No address, no peer, not one packet: that is for the next steps.
 *
 * You will call:  socket(2), getsockopt(2), close(2)
 * Run it:         build/steps/01_socket [stream|dgram]
 * You should see: fd 3: AF_INET SOCK_STREAM
 * While it waits: lsof -p PID (the PID from `pgrep 01_socket`)
 * Try next:       dgram; then the program with stdin closed, `<&-`. Which
 *                 number has the socket now, and why?
 */
#define _DEFAULT_SOURCE // POSIX, and Linux's SO_DOMAIN

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    int type = SOCK_STREAM;

    if (argc == 2 && strcmp(argv[1], "dgram") == 0) {
        type = SOCK_DGRAM;
    } else if (argc > 2 || (argc == 2 && strcmp(argv[1], "stream") != 0)) {
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }

    // Without this, stdio keeps what is printed into a pipe until it has a
    // whole buffer of it. A terminal would hide that.
    setvbuf(stdout, NULL, _IOLBF, 0);

    // AF_INET is IPv4. Protocol 0 is the one that belongs to the type: TCP
    // for a stream, UDP for datagrams.
    int fd = socket(AF_INET, type, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }

    // Nothing but the number is ours; the rest is in the kernel. So ask it,
    // rather than print what we meant.
    int domain = 0, kind = 0;
    socklen_t len = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == -1) {
        perror("getsockopt");
        close(fd);
        return 1;
    }
    len = sizeof kind;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &len) == -1) {
        perror("getsockopt");
        close(fd);
        return 1;
    }

    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "AF_?",
           kind == SOCK_STREAM  ? "SOCK_STREAM"
           : kind == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?");

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    // The end of the process would close it too. A server that runs for a
    // year can't wait for that, so make it a habit from the first one on.
    close(fd);
    return 0;
}
