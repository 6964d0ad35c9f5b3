// SPDX-License-Identifier: MIT
// Another way: the socket becomes a FILE and fclose closes it; stdout has no
// buffer; a table has the names; poll waits for Enter; signals are handled.
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *argument, *name;
    int type;
} types[] = {
    {"stream", "SOCK_STREAM", SOCK_STREAM},
    {"dgram", "SOCK_DGRAM", SOCK_DGRAM},
};

static void on_signal(int number)
{
    (void)number;
}

static int option(int fd, int name)
{
    int value = 0;
    socklen_t length = sizeof value;

    if (getsockopt(fd, SOL_SOCKET, name, &value, &length) == -1) {
        perror("getsockopt");
        exit(EXIT_FAILURE);
    }
    return value;
}

int main(int argc, char *argv[])
{
    const char *wanted = argc > 1 ? argv[1] : "stream";
    int type = -1;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].argument, wanted) == 0)
            type = types[i].type;
    if (argc > 2 || type == -1) {
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }

    setvbuf(stdout, NULL, _IONBF, 0);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);

    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    if (fd == -1) {
        perror("socket");
        return EXIT_FAILURE;
    }
    int kind = option(fd, SO_TYPE), domain = option(fd, SO_DOMAIN);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == kind)
            printf("fd %d: %s %s\n", fd,
                   domain == AF_INET ? "AF_INET" : "some other domain",
                   types[i].name);

    FILE *stream = fdopen(fd, "r+");
    if (stream == NULL) {
        perror("fdopen");
        return EXIT_FAILURE;
    }
    puts("press Enter to close");
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    while (poll(&in, 1, -1) == -1)
        ;
    fclose(stream);
    return EXIT_SUCCESS;
}
