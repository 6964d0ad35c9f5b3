// SPDX-License-Identifier: MIT
// Another way: a listener that never blocks, select, and options that are
// tried only.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
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

static void nothing(int signal)
{
    (void)signal;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in peer;
    struct sigaction action = {.sa_handler = nothing};
    int conn = -1, size;

    setbuf(stdout, NULL);
    puts("-- step 4 --");
    arguments(argc, argv);
    sigaction(SIGCONT, &action, NULL);
    int fd = listen_at_host();
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
                   &(socklen_t){sizeof size}) == 0)
        printf("listening on a socket with %d bytes of room\n", size);
    while (conn == -1) {
        fd_set in;
        FD_ZERO(&in);
        FD_SET(fd, &in);
        if (select(fd + 1, &in, NULL, NULL, NULL) == -1) {
            if (errno == EINTR)
                continue;
            die("select");
        }
        conn = accept(fd, (struct sockaddr *)&peer, &(socklen_t){sizeof peer});
        if (conn == -1 && errno != EAGAIN && errno != EINTR &&
            errno != ECONNABORTED)
            die("accept");
    }
    if (setsockopt(conn, SOL_SOCKET, SO_BUSY_POLL, &(int){0}, sizeof(int)) ==
        -1)
        puts("no busy polling, then");
    printf("Connected by %s:%d\n", inet_ntoa(peer.sin_addr),
           ntohs(peer.sin_port));
    hold();
    close(fd);
    close(conn);
    return 0;
}
