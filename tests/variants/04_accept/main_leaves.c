// SPDX-License-Identifier: MIT
// Another way: a thread waits for the caller, main has left with pthread_exit;
// a lookout counts the seconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
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

static int listener = -1, conn = -1;

static void close_both(void)
{
    if (conn >= 0)
        close(conn);
    if (listener >= 0)
        close(listener);
}

static void *work(void *unused)
{
    struct sockaddr_in peer;
    socklen_t size;

    (void)unused;
    do {
        size = sizeof peer;
        conn = accept(listener, (struct sockaddr *)&peer, &size);
    } while (conn < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (conn < 0)
        die("accept");
    printf("Connected by %s:%d\n", inet_ntoa(peer.sin_addr),
           ntohs(peer.sin_port));
    hold();
    exit(0);
}

int main(int argc, char *argv[])
{
    pthread_t thread;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    atexit(close_both);
    listener = listen_at_host();
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        work(NULL);
    pthread_detach(thread);
    pthread_exit(NULL);
}
