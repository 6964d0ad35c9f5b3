// SPDX-License-Identifier: MIT
// Another way: an IPv6 socket for IPv4, TCP_NODELAY where it can be had, and a
// line for each piece that comes.
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
    if (argc > 4 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE]]]\n", argv[0]);
        exit(2);
    }
}

/// An IPv4 address as IPv6 sees it: ::ffff:a.b.c.d
static struct sockaddr_in6 mapped(struct in_addr ip, long port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_port = htons((in_port_t)port)};
    a.sin6_addr.s6_addr[10] = a.sin6_addr.s6_addr[11] = 0xff;
    memcpy(a.sin6_addr.s6_addr + 12, &ip, 4);
    return a;
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

int main(int argc, char *argv[])
{
    int on = 1, fd;
    ssize_t n;

    arguments(argc, argv);
    const char *message = argc > 3 ? argv[3] : "Hello friend";
    size_t size = strlen(message), sent = 0, got = 0;
    char *back = calloc(size + 1, 1);
    struct sockaddr_in6 server = mapped(host, port);

    setvbuf(stdout, NULL, _IOLBF, 0);
    if ((fd = socket(AF_INET6, SOCK_STREAM, 0)) == -1)
        die("socket");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        fprintf(stderr, "no TCP_NODELAY\n");
    if (connect(fd, (struct sockaddr *)&server, sizeof server) == -1)
        die("connect");
    printf("connected to the server\nReceived nothing so far\n");
    while (sent < size) {
        if ((n = send(fd, message + sent, size - sent, MSG_NOSIGNAL)) == -1 &&
            errno != EINTR)
            die("send");
        sent += n > 0 ? (size_t)n : 0;
    }
    while (got < size) {
        n = recv(fd, back + got, size - got, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            die("recv");
        if (n == 0) {
            fprintf(stderr, "the server went after %zu of %zu bytes\n", got,
                    size);
            exit(1);
        }
        printf("Received %zd bytes\n", n);
        got += (size_t)n;
    }
    for (size_t i = 0; i < size; i++)
        if (message[i] != back[i]) {
            fprintf(stderr, "it differs at byte %zu\n", i);
            exit(1);
        }
    fputs("Received \"", stdout);
    fwrite(back, size, 1, stdout);
    puts("\"");
    free(back);
    close(fd);
    return 0;
}
