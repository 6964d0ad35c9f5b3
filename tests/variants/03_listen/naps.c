// SPDX-License-Identifier: MIT
// Another way: stdin is non-blocking and looked at every 50 ms in between
// naps; what the program says is put together first and written in one piece.
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int usage(const char *name)
{
    fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", name);
    return 2;
}

static int failure(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    return 1;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    long number[2] = {4444, 16};

    if (argc > 4)
        return usage(argv[0]);
    if (inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &at.sin_addr) != 1)
        return usage(argv[0]);
    for (int i = 2; i < argc; i++) {
        char *end;
        errno = 0;
        number[i - 2] = strtol(argv[i], &end, 10);
        if (errno != 0 || end == argv[i] || *end != '\0' ||
            number[i - 2] < i - 2 || number[i - 2] > 65535)
            return usage(argv[0]);
    }
    at.sin_port = htons((uint16_t)number[0]);

    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0)
        return failure("socket");
    int one = 1;
    if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
        return failure("setsockopt");
    if (bind(s, (struct sockaddr *)&at, sizeof at) != 0)
        return failure("bind");
    if (listen(s, (int)number[1]) != 0)
        return failure("listen");
    socklen_t length = sizeof at;
    if (getsockname(s, (struct sockaddr *)&at, &length) != 0)
        return failure("getsockname");

    char text[200], ip[INET_ADDRSTRLEN], c = 0;
    inet_ntop(AF_INET, &at.sin_addr, ip, sizeof ip);
    int size = snprintf(text, sizeof text,
                        "hello\nlistening on %s:%d\nsoon:\n"
                        "press Enter to close\n",
                        ip, ntohs(at.sin_port));
    if (write(1, text, (size_t)size) != size)
        return failure("write");

    fcntl(0, F_SETFL, O_NONBLOCK);
    while (c != '\n') {
        struct timespec nap = {0, 50000000};
        ssize_t got = read(0, &c, 1);
        if (got == 0 || (got == -1 && errno != EAGAIN))
            break;
        if (got == -1)
            nanosleep(&nap, NULL);
    }
    close(s);
    return 0;
}
