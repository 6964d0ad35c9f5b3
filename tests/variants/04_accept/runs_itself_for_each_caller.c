// SPDX-License-Identifier: MIT
// Another way: once somebody has called, the program runs itself again, with
// the connection as an argument in the environment.
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
static long port;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    if (argc > 3 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int listen_at_host(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = host,
                             .sin_port = htons((in_port_t)port)};
    socklen_t size = sizeof at;
    char ip[INET_ADDRSTRLEN];
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == -1)
        die("bind");
    if (listen(fd, 5) == -1)
        die("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        die("getsockname");
    inet_ntop(AF_INET, &at.sin_addr, ip, sizeof ip);
    printf("listening on %s:%d\n", ip, ntohs(at.sin_port));
    return fd;
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
    const char *given = getenv("CONNECTION");

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (given == NULL) {
        int fd = listen_at_host(), conn;
        struct sockaddr_in peer;
        char text[16], name[64];
        do
            conn =
                accept(fd, (struct sockaddr *)&peer, &(socklen_t){sizeof peer});
        while (conn == -1 && (errno == EINTR || errno == ECONNABORTED));
        if (conn == -1)
            die("accept");
        close(fd);
        snprintf(text, sizeof text, "%d", conn);
        snprintf(name, sizeof name, "%s:%d", inet_ntoa(peer.sin_addr),
                 ntohs(peer.sin_port));
        setenv("CONNECTION", text, 1);
        setenv("CALLER", name, 1);
        execv("/proc/self/exe", argv);
        die("execv");
    }
    printf("Connected by %s\n", getenv("CALLER"));
    hold();
    close(atoi(given));
    return 0;
}
