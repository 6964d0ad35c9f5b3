// SPDX-License-Identifier: MIT
// Another way: the socket is made and bound first, then the program runs
// itself again with it, as inetd and systemd do.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long number(const char *text, long most)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || n > most
               ? -1
               : n;
}

static struct in_addr host;
static long port, backlog;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    backlog = argc > 3 ? number(argv[3], 65535) : 16;
    if (argc > 4 || port < 0 || backlog < 1 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static void hold(void)
{
    char c;
    puts("press Enter to close");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0 && c != '\n')
        continue;
}

int main(int argc, char *argv[])
{
    const char *given = getenv("LISTEN_HERE");
    int fd, on = 1;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (given == NULL) {
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons((in_port_t)port),
                                 .sin_addr = host};
        char text[20];
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd == -1)
            die("socket");
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
            die("setsockopt");
        if (bind(fd, (struct sockaddr *)&at, sizeof at) == -1)
            die("bind");
        snprintf(text, sizeof text, "%d", fd);
        setenv("LISTEN_HERE", text, 1);
        execv("/proc/self/exe", argv);
        given = text;
    }
    fd = atoi(given);
    if (listen(fd, (int)backlog) == -1)
        die("listen");
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        die("getsockname");
    printf("listening on %s:%d\n", inet_ntoa(at.sin_addr), ntohs(at.sin_port));
    hold();
    return close(fd) != 0;
}
