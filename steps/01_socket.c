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

    /* TODO(01): ask the kernel for a socket of IPv4 and of this type, with the
       protocol that belongs to it. If there is none, say why with
       perror("socket") and end with status 1. socket(2), perror(3) */
    int fd = -1;
    fprintf(stderr, "TODO(01) is open: make a socket of type %d\n", type);
    return 1;

    /* TODO(01): what is it really? Have the kernel tell its domain and its
       type, for a program reports what is, not what it meant. SO_DOMAIN and
       SO_TYPE at the level SOL_SOCKET, getsockopt(2) */
    int domain = 0, kind = 0;
    fputs("TODO(01) is open: ask the socket for its domain and type\n", stderr);
    return 1;

    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "AF_?",
           kind == SOCK_STREAM  ? "SOCK_STREAM"
           : kind == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?");

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    /* TODO(01): give the descriptor back, and end well: status 0. close(2) */
    fputs("TODO(01) is open: close the socket\n", stderr);
    return 1;
}
