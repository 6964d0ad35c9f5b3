// SPDX-License-Identifier: MIT
// Another way: 2000 buffers of 4 KiB from malloc, used in turn; the socket is
// asked for its sizes on the way.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

static int listen_here(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = host,
                             .sin_port = htons((in_port_t)port)};
    socklen_t size = sizeof at;
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
    printf("listening on %s:%d\n", inet_ntoa(at.sin_addr), ntohs(at.sin_port));
    return fd;
}

static int accept_one(int fd)
{
    struct sockaddr_in peer;
    for (;;) {
        socklen_t size = sizeof peer;
        int conn = accept(fd, (struct sockaddr *)&peer, &size);
        if (conn != -1) {
            printf("Connected by %s:%d\n", inet_ntoa(peer.sin_addr),
                   ntohs(peer.sin_port));
            return conn;
        }
        if (errno != EINTR && errno != ECONNABORTED)
            die("accept");
    }
}

enum { MANY = 2000, SIZE = 4096 };

int main(int argc, char *argv[])
{
    static char *buffers[MANY];
    int on = 1, size;
    long bytes = 0;

    puts("06_echo_server");
    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int fd = listen_here();
    printf("listening on the socket...\n");
    int conn = accept_one(fd);
    printf("Connected by TCP\n");
    if (setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        perror("(no TCP_NODELAY)");
    if (getsockopt(conn, SOL_SOCKET, SO_SNDBUF, &size,
                   &(socklen_t){sizeof size}) == 0)
        printf("send buffer: %d\n", size);
    for (int turn = 0;; turn = (turn + 1) % MANY) {
        if (buffers[turn] == NULL && (buffers[turn] = malloc(SIZE)) == NULL)
            die("malloc");
        ssize_t got = recv(conn, buffers[turn], SIZE, 0), done = 0;
        if (got == 0)
            break;
        if (got == -1 && errno != EINTR)
            die("recv");
        while (done < got) {
            ssize_t n = send(conn, buffers[turn] + done, (size_t)(got - done),
                             MSG_NOSIGNAL);
            if (n == -1 && errno != EINTR)
                die("send");
            done += n > 0 ? n : 0;
        }
        bytes += got > 0 ? got : 0;
    }
    printf("Received %ld bytes in all\n", bytes);
    for (int i = 0; i < MANY; i++)
        free(buffers[i]);
    close(conn);
    close(fd);
    return 0;
}
