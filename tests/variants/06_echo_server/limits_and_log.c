// SPDX-License-Identifier: MIT
// Another way: limits its own memory and descriptors, keeps a log, and runs
// itself again before all that.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static void echo(int conn)
{
    char buffer[10000];
    for (;;) {
        ssize_t got = recv(conn, buffer, sizeof buffer, 0);
        if (got == 0)
            return;
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            die("recv");
        for (ssize_t done = 0; done < got;) {
            ssize_t n =
                send(conn, buffer + done, (size_t)(got - done), MSG_NOSIGNAL);
            if (n == -1 && errno != EINTR)
                die("send");
            done += n == -1 ? 0 : n;
        }
    }
}

int main(int argc, char *argv[])
{
    struct rlimit memory = {400 << 20, 400 << 20}, descriptors = {20, 20};

    if (getenv("AGAIN") == NULL) {
        setenv("AGAIN", "1", 1);
        execv("/proc/self/exe", argv);
    }
    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_NOFILE, &descriptors);
    FILE *journal = tmpfile();
    int fd = listen_here();
    if (journal != NULL)
        fprintf(journal, "listens\n");
    int conn = accept_one(fd);
    if (journal != NULL)
        fprintf(journal, "has a client\n");
    echo(conn);
    close(conn);
    close(fd);
    if (journal != NULL)
        fclose(journal);
    return 0;
}
