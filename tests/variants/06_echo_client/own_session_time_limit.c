// SPDX-License-Identifier: MIT
// Another way: a child in a session of its own does the talking; recv looks up
// every 200 ms (SO_RCVTIMEO), for as long as it takes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
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

static int fail_at(const char *call, int fd)
{
    perror(call);
    if (fd != -1)
        close(fd);
    return 1;
}

static int talk(const char *message)
{
    size_t size = strlen(message);
    struct timeval little = {0, 200000};
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((in_port_t)port),
                            .sin_addr = host};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsid();
    prctl(PR_SET_DUMPABLE, 0);
    if (fd == -1)
        return fail_at("socket", fd);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1)
        return fail_at("connect", fd);
    for (size_t n = 0; n < size;) {
        ssize_t k = send(fd, message + n, size - n, MSG_NOSIGNAL);
        if (k == -1 && errno != EINTR && errno != EAGAIN)
            return fail_at("send", fd);
        n += k == -1 ? 0 : (size_t)k;
    }
    char *echo = malloc(size + 1);
    for (size_t n = 0; n < size;) {
        ssize_t k = recv(fd, echo + n, size - n, 0);
        if (k == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (k == -1)
            return fail_at("recv", fd);
        if (k == 0) {
            fprintf(stderr, "ended after %zu of %zu bytes\n", n, size);
            close(fd);
            return 1;
        }
        n += (size_t)k;
    }
    for (size_t i = 0; i < size; i++)
        if (echo[i] != message[i]) {
            fprintf(stderr, "differs at byte %zu\n", i);
            close(fd);
            return 1;
        }
    printf("Received \"");
    for (size_t i = 0; i < size; i++)
        putchar(echo[i]);
    printf("\"\n");
    close(fd);
    free(echo);
    return 0;
}

int main(int argc, char *argv[])
{
    int status = 0;
    arguments(argc, argv);
    pid_t pid = fork();
    if (pid == 0)
        exit(talk(argc > 3 ? argv[3] : "Hello friend"));
    if (pid == -1 || waitpid(pid, &status, 0) == -1)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
