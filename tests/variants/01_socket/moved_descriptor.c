// SPDX-License-Identifier: MIT
// Another way: the descriptor is moved to 10 or above, what is said goes out
// with dprintf(3) and no stdio, and Enter is read byte by byte.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *type_name(int type)
{
    switch (type) {
    case SOCK_STREAM:
        return "SOCK_STREAM";
    case SOCK_DGRAM:
        return "SOCK_DGRAM";
    default:
        return "unknown";
    }
}

static int fail(const char *call)
{
    perror(call);
    return 1;
}

int main(int argc, char **argv)
{
    int type = SOCK_STREAM, kind;
    socklen_t size = sizeof kind;

    if (argc > 2)
        goto usage;
    if (argc == 2) {
        if (!strcmp(argv[1], "dgram"))
            type = SOCK_DGRAM;
        else if (strcmp(argv[1], "stream"))
            goto usage;
    }

    int made =
        socket(PF_INET, type, type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
    if (made < 0)
        return fail("socket");
    int fd = fcntl(made, F_DUPFD_CLOEXEC, 10);
    if (fd < 0)
        return fail("fcntl");
    close(made);

    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &length) != 0)
        return fail("getsockname");
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0)
        return fail("getsockopt");
    dprintf(1, "fd %d: %s %s\n", fd,
            name.ss_family == AF_INET ? "AF_INET" : "not AF_INET",
            type_name(kind));
    dprintf(1, "press Enter to close\n");

    char c;
    while (read(0, &c, 1) == 1 && c != '\n')
        ;
    close(fd);
    return 0;

usage:
    dprintf(2, "usage: %s [stream|dgram]\n", argv[0]);
    return 2;
}
