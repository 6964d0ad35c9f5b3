// SPDX-License-Identifier: MIT
/**
 * @file getaddrinfo_loop.c
 * @brief Differs: the loop over getaddrinfo's list that every textbook has,
 * getnameinfo for both ends, and debugging lines on both streams.
 */
#define _GNU_SOURCE

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *name_of(int fd, int (*ask)(int, struct sockaddr *, socklen_t *),
                     const char *call)
{
    struct sockaddr_storage addr;
    socklen_t size = sizeof addr;
    char host[NI_MAXHOST], port[NI_MAXSERV], *result;

    if (ask(fd, (struct sockaddr *)&addr, &size) == -1) {
        perror(call);
        close(fd);
        exit(1);
    }
    int error = getnameinfo((struct sockaddr *)&addr, size, host, sizeof host,
                            port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    if (error != 0 || asprintf(&result, "%s:%s", host, port) == -1) {
        fprintf(stderr, "getnameinfo: %s\n", gai_strerror(error));
        exit(1);
    }
    return result;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "4444";
    struct addrinfo hints = {.ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list, *one;
    char *end;
    long number = strtol(port, &end, 10);
    int fd = -1;

    if (argc > 3 || *port == '\0' || *end != '\0' || number < 0 ||
        number > 65535 || *host == '\0' ||
        getaddrinfo(host, port, &hints, &list) != 0) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    for (one = list; one != NULL; one = one->ai_next) {
        fd = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (fd == -1) {
            perror("socket");
            continue;
        }
        fprintf(stderr, "trying with descriptor %d\n", fd);
        if (connect(fd, one->ai_addr, one->ai_addrlen) == 0)
            break;
        perror("connect");
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd == -1) {
        fputs("no address worked\n", stderr);
        return 1;
    }
    char *to = name_of(fd, getpeername, "getpeername");
    char *from = name_of(fd, getsockname, "getsockname");
    printf("hooray\nconnected to %s from %s\nand now\npress Enter to close\n"
           "(I wait)\n",
           to, from);
    fflush(stdout);
    free(to);
    free(from);
    while (getc(stdin) != '\n' && !feof(stdin))
        ;
    puts("closing");
    close(fd);
    return 0;
}
