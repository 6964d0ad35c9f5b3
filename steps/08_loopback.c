// SPDX-License-Identifier: MIT
/**
 * @file 08_loopback.c
 * @brief Ask what localhost is, and watch the bytes stay on this host.
 *
 * A name can have several addresses, of IPv4 and IPv6. To each of them this
 * program is server and client in one, and it looks at the kernel's counter
 * of the interface lo before and after: whatever goes to an address of this
 * host passes there, and never a wire.
 *
 * You will call:  getaddrinfo(3) and all that you know, for both families
 * Run it:         build/steps/08_loopback [NAME]
 * You should see: localhost is 127.0.0.1, loopback: Received "Hello friend",
 *                 lo carried 560 bytes (one line; the number varies)
 * Try next:       the name that `hostname` prints; 127.9.9.9;
 *                 ::1, if there is IPv6. Why so many bytes for 24? (headers:
 *                 52 or more a segment)
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 12 }; // of "Hello friend", without the terminating zero

/// The bytes that lo has received since the start; 0 if it can't be read.
static unsigned long long lo_bytes(void)
{
    /* TODO(08): read one of lo's two counters of bytes: the first number after
       "lo:" in /proc/net/dev is what it has received. proc(5) */
    fputs("TODO(08) is open: read the counter of lo\n", stderr);
    exit(1);
}

/// Whether an address is in 127.0.0.0/8 (RFC 1122) or is ::1 (RFC 4291).
static int is_loopback(const struct sockaddr *addr)
{
    /* TODO(08): 1 for every address that begins with 127 (all sixteen million
       of them) and for ::1, else 0. Which struct it is, sa_family says.
       ip(7), ipv6(7) */
    fprintf(stderr, "TODO(08) is open: is family %d a loopback address?\n",
            addr->sa_family);
    exit(1);
}

/// Send "Hello friend" to an address of this host and back again. Return
/// NULL, or the name of the call that failed, with errno as it left it.
static const char *round_trip(const struct addrinfo *at, char echo[SIZE])
{
    int listen_fd = -1, fd = -1, conn_fd = -1;
    struct sockaddr_storage addr; // room for either family
    socklen_t len = sizeof addr;
    const char *failed = NULL;
    ssize_t got = SIZE;

    /* TODO(08): listen_fd at this address (its port is 0) and what it got, in
       addr; fd, a client that connects to that; conn_fd from accept; SIZE
       bytes there and back into echo. The first call that fails leaves its
       name in failed, and no other is made. What recv returned goes to got:
       it has to be SIZE. */
    (void)at, (void)echo, (void)len;
    fputs("TODO(08) is open: the round trip\n", stderr);
    exit(1);

    // Close may change errno; close(-1) is harmless. MSG_WAITALL waits for all
    // SIZE bytes, unless a signal comes: then it returns those that are there,
    // and errno says nothing.
    int reason = got >= 0 && got < SIZE ? EINTR : errno;
    close(conn_fd);
    close(fd);
    close(listen_fd);
    errno = reason;
    return failed;
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "localhost";

    if (argc > 2) {
        fprintf(stderr, "usage: %s [NAME]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); // each line at once, in a pipe too

    /* TODO(08): all the addresses of name, of either family, for a stream. It
       has errors of its own: gai_strerror(3) turns them into words.
       getaddrinfo(3) */
    struct addrinfo *list = NULL;
    fprintf(stderr, "TODO(08) is open: look up %s\n", name);
    return 1;

    int status = 1; // until one address works
    for (struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        char text[INET6_ADDRSTRLEN], echo[SIZE];
        unsigned long long before = lo_bytes();
        const char *failed = round_trip(at, echo);
        int reason = errno;

        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0,
                        NI_NUMERICHOST) != 0)
            strcpy(text, "?"); // of a family that it does not know
        if (failed != NULL) {
            fprintf(stderr, "%s is %s: %s: %s\n", name, text, failed,
                    strerror(reason));
            continue;
        }
        printf("%s is %s, %s: Received \"%.*s\", lo carried %llu bytes\n", name,
               text, is_loopback(at->ai_addr) ? "loopback" : "not loopback",
               SIZE, echo, lo_bytes() - before);
        status = 0;
    }

    /* TODO(08): give the list back, and end with status. freeaddrinfo(3) */
    fprintf(stderr, "TODO(08) is open: free the list, end with %d\n", status);
    return 1;
}
