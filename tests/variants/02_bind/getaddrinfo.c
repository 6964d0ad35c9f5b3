// SPDX-License-Identifier: MIT
// Another way: getaddrinfo makes the address and getnameinfo prints it.
#define _DEFAULT_SOURCE
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int is_port(const char *s)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)s[i]))
            return 0;
    return n > 0 && n < 6 && atoi(s) < 65536;
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "4444";
    struct addrinfo hints = {0}, *list = NULL;

    if (argc > 1)
        host = argv[1];
    if (argc > 2)
        port = argv[2];
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    if (argc > 3 || !is_port(port) || *host == '\0' ||
        getaddrinfo(host, port, &hints, &list) != 0) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }

    int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd < 0)
        die("socket");
    if (bind(fd, list->ai_addr, list->ai_addrlen) < 0)
        die("bind");
    freeaddrinfo(list);

    struct sockaddr_storage storage;
    socklen_t size = sizeof storage;
    char name[NI_MAXHOST], service[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&storage, &size) < 0)
        die("getsockname");
    if (getnameinfo((struct sockaddr *)&storage, size, name, sizeof name,
                    service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        fprintf(stderr, "getnameinfo does not know it\n");
        return 1;
    }
    printf("bound to %s:%s\npress Enter to close\n", name, service);
    fflush(stdout);

    char line[2];
    while (fgets(line, sizeof line, stdin) != NULL && line[0] != '\n')
        ;
    return close(fd) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
