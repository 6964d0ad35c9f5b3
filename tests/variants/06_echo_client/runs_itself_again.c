// SPDX-License-Identifier: MIT
// Another way: the program runs itself again first; poll waits for both
// directions, and the socket is closed by a destructor.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
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

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int fd = -1;

__attribute__((destructor)) static void hang_up(void)
{
    if (fd != -1)
        close(fd);
}

int main(int argc, char *argv[])
{
    if (getenv("SECOND_RUN") == NULL) {
        putenv((char[]){"SECOND_RUN=1"});
        execv("/proc/self/exe", argv);
    }
    puts("Received: to come");
    arguments(argc, argv);
    const char *message = argc > 3 ? argv[3] : "Hello friend";
    size_t size = strlen(message), out = 0, in = 0;
    char *echo = malloc(size + 1);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((in_port_t)port),
                            .sin_addr = host};

    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1)
        die("socket");
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1)
        die("connect");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (in < size) {
        struct pollfd p = {.fd = fd,
                           .events =
                               (short)(out < size ? POLLIN | POLLOUT : POLLIN)};
        if (poll(&p, 1, -1) == -1) {
            if (errno == EINTR)
                continue;
            die("poll");
        }
        if (out < size && p.revents & POLLOUT) {
            ssize_t n = send(fd, message + out, size - out, MSG_NOSIGNAL);
            if (n == -1 && errno != EAGAIN && errno != EINTR)
                die("send");
            out += n > 0 ? (size_t)n : 0;
        }
        if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t n = recv(fd, echo + in, size - in, 0);
            if (n == -1 && errno != EAGAIN && errno != EINTR)
                die("recv");
            if (n == 0) {
                fprintf(stderr, "after %zu of %zu bytes it was over\n", in,
                        size);
                exit(1);
            }
            in += n > 0 ? (size_t)n : 0;
        }
    }
    size_t at = 0;
    while (at < size && echo[at] == message[at])
        at++;
    if (at < size) {
        fprintf(stderr, "the echo differs at byte %zu\n", at);
        exit(1);
    }
    printf("Received \"%.*s\"\n", (int)size, echo);
    free(echo);
    return 0;
}
