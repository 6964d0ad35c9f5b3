// SPDX-License-Identifier: MIT
// Another way: AI_NUMERICHOST, a nap before the start, the socket asked for
// this and that, and a stream (fdopen) that is closed at the end.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
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

static FILE *stream;

static void close_stream(void)
{
    if (stream != NULL)
        fclose(stream);
}

static int end(const char *words)
{
    perror(words);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM},
                    *at;
    struct in_addr unused;
    struct sockaddr_in end_of[2];
    char text[2][64];
    int size;

    poll(NULL, 0, 25);
    setvbuf(stdout, NULL, _IOLBF, 4096);
    if (argc > 3 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &unused) != 1 ||
        number(argc > 2 ? argv[2] : "4444", 65535) < 0 ||
        getaddrinfo(argc > 1 ? argv[1] : "127.0.0.1",
                    argc > 2 ? argv[2] : "4444", &hints, &at) != 0) {
        fprintf(stderr, "step 5\nusage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    int fd =
        socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd == -1)
        return end("socket");
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
                   &(socklen_t){sizeof size}) == 0)
        fprintf(stderr, "receive buffer: %d\n", size);
    if (getsockname(fd, (struct sockaddr *)&end_of[0],
                    &(socklen_t){sizeof end_of[0]}) == 0)
        fprintf(stderr, "before: port %d\n", ntohs(end_of[0].sin_port));
    if (connect(fd, at->ai_addr, at->ai_addrlen) == -1)
        return end("connect");
    freeaddrinfo(at);
    if (getpeername(fd, (struct sockaddr *)&end_of[0],
                    &(socklen_t){sizeof end_of[0]}) == -1)
        return end("who is the peer");
    if (getsockname(fd, (struct sockaddr *)&end_of[1],
                    &(socklen_t){sizeof end_of[1]}) == -1)
        return end("who am I");
    stream = fdopen(fd, "r+");
    atexit(close_stream);
    for (int i = 0; i < 2; i++)
        snprintf(text[i], sizeof text[i], "%s:%u",
                 inet_ntoa(end_of[i].sin_addr), ntohs(end_of[i].sin_port));
    printf("connected to %s from %s\npress Enter to close\n", text[0], text[1]);
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL &&
           strchr(line, '\n') == NULL)
        continue;
    return 0;
}
