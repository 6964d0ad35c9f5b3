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
    unsigned long long bytes = 0;
    char line[512];
    FILE *file = fopen("/proc/net/dev", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, " lo: %llu", &bytes) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return bytes;
}

/// Whether an address is in 127.0.0.0/8 (RFC 1122) or is ::1 (RFC 4291).
static int is_loopback(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
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

    // One process can be both ends: the kernel completes the handshake
    // alone, so connect returns before anybody has called accept.
    if ((listen_fd = socket(at->ai_family, SOCK_STREAM, 0)) == -1)
        failed = "socket";
    else if (bind(listen_fd, at->ai_addr, at->ai_addrlen) == -1)
        failed = "bind"; // to port 0, any free one: we asked for no service
    else if (listen(listen_fd, 1) == -1)
        failed = "listen";
    else if (getsockname(listen_fd, (struct sockaddr *)&addr, &len) == -1)
        failed = "getsockname";
    else if ((fd = socket(at->ai_family, SOCK_STREAM, 0)) == -1)
        failed = "socket";
    else if (connect(fd, (struct sockaddr *)&addr, len) == -1)
        failed = "connect";
    else if ((conn_fd = accept(listen_fd, NULL, NULL)) == -1)
        failed = "accept";
    else if (send(fd, "Hello friend", SIZE, MSG_NOSIGNAL) == -1)
        failed = "send";
    else if ((got = recv(conn_fd, echo, SIZE, MSG_WAITALL)) != SIZE)
        failed = "recv";
    else if (send(conn_fd, echo, SIZE, MSG_NOSIGNAL) == -1)
        failed = "send";
    else if ((got = recv(fd, echo, SIZE, MSG_WAITALL)) != SIZE)
        failed = "recv";

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

    // AF_UNSPEC: IPv4 and IPv6, in the order in which they should be tried
    // (RFC 6724). getaddrinfo doesn't use errno; it has errors of its own.
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int error = getaddrinfo(name, NULL, &hints, &list);
    if (error != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        return 1;
    }

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

    freeaddrinfo(list);
    return status;
}
