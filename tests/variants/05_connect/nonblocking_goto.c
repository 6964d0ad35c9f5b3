// SPDX-License-Identifier: MIT
/**
 * @file nonblocking_goto.c
 * @brief Differs: a nonblocking connect, poll and SO_ERROR; one way out, by
 * goto; Enter is read with read, byte by byte.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// Connect; 0 or an errno.
static int connect_and_wait(int fd, const struct sockaddr_in *to)
{
    struct pollfd decided = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;

    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    while (poll(&decided, 1, -1) == -1)
        if (errno != EINTR)
            return errno;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
        return errno;
    return error;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    const char *port = argc > 2 ? argv[2] : "4444";
    char *end, c = 0;
    long number = strtol(port, &end, 10);
    char ip[2][INET_ADDRSTRLEN];
    int status = EXIT_FAILURE, error;

    if (argc > 3 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &addr.sin_addr) !=
            1 ||
        *port == '\0' || *end != '\0' || number < 0 || number > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    addr.sin_port = htons((in_port_t)number);

    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        perror("socket");
        goto out;
    }
    error = connect_and_wait(fd, &addr);
    if (error != 0) {
        fprintf(stderr, "connect: %s\n", strerror(error));
        goto out;
    }
    struct sockaddr_in self;
    socklen_t size = sizeof self;
    if (getsockname(fd, (struct sockaddr *)&self, &size) == -1) {
        perror("getsockname");
        goto out;
    }
    size = sizeof addr;
    if (getpeername(fd, (struct sockaddr *)&addr, &size) == -1) {
        perror("getpeername");
        goto out;
    }
    dprintf(1, "connected to %s:%d from %s:%d\n",
            inet_ntop(AF_INET, &addr.sin_addr, ip[0], sizeof ip[0]),
            ntohs(addr.sin_port),
            inet_ntop(AF_INET, &self.sin_addr, ip[1], sizeof ip[1]),
            ntohs(self.sin_port));
    dprintf(1, "press Enter to close\n");
    while (c != '\n' && read(0, &c, 1) == 1)
        ;
    status = EXIT_SUCCESS;
out:
    if (fd != -1)
        close(fd);
    return status;
}
