// SPDX-License-Identifier: MIT
// Another way: getaddrinfo and getnameinfo, SOCK_NONBLOCK and SOCK_CLOEXEC,
// the listening socket moved to 10 or above, Enter awaited with poll.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long number(const char *s, long low, long high)
{
    char *end;
    long n = strtol(s, &end, 10);
    return *s == '\0' || *end != '\0' || n < low || n > high ? -1 : n;
}

static int check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
    return result;
}

int main(int argc, char *argv[])
{
    char *host = argc > 1 ? argv[1] : "127.0.0.1";
    char *port = argc > 2 ? argv[2] : "4444";
    long backlog = number(argc > 3 ? argv[3] : "16", 1, 65535);
    struct addrinfo *found, hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
                                     .ai_family = AF_INET,
                                     .ai_socktype = SOCK_STREAM};

    if (argc > 4 || backlog == -1 || number(port, 0, 65535) == -1 ||
        *host == '\0' || getaddrinfo(host, port, &hints, &found) != 0) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
        exit(2);
    }

    int fd = check(socket(found->ai_family,
                          found->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          found->ai_protocol),
                   "socket");
    int moved = check(fcntl(fd, F_DUPFD_CLOEXEC, 10), "fcntl");
    check(close(fd), "close");
    check(setsockopt(moved, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)),
          "setsockopt");
    check(bind(moved, found->ai_addr, found->ai_addrlen), "bind");
    check(listen(moved, (int)backlog), "listen");
    freeaddrinfo(found);

    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    char ip[NI_MAXHOST], service[NI_MAXSERV];
    check(getsockname(moved, (struct sockaddr *)&name, &size), "getsockname");
    getnameinfo((struct sockaddr *)&name, size, ip, sizeof ip, service,
                sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
    dprintf(STDOUT_FILENO, "listening on %s:%s\n", ip, service);
    dprintf(STDOUT_FILENO, "press Enter to close\n");

    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    poll(&in, 1, -1);
    close(moved);
    exit(EXIT_SUCCESS);
}
