// SPDX-License-Identifier: MIT
/**
 * @file getaddrinfo_dup2.c
 * @brief Differs: getaddrinfo and getnameinfo with numbers only; files opened
 * before, so that no socket is 3; the listener is closed as soon as there is a
 * connection, and that one is moved by dup2.
 */
#define _DEFAULT_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void show(const char *what, struct sockaddr *addr, socklen_t size)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getnameinfo(addr, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        printf("%s %s:%s\n", what, host, port);
    fflush(stdout);
}

static void give_up(const char *call)
{
    perror(call);
    exit(EXIT_FAILURE);
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "4444";
    struct addrinfo hints, *found = NULL;

    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    if (argc > 3 || *host == '\0' || *port == '\0' ||
        strspn(port, "0123456789") != strlen(port) || strlen(port) > 5 ||
        atoi(port) > 65535 || getaddrinfo(host, port, &hints, &found) != 0) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }

    for (int i = 0; i < 3; i++)
        open("/dev/null", O_RDONLY); // a descriptor more or less

    int on = 1;
    int listener =
        socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (listener == -1)
        give_up("socket");
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(int)) == -1)
        give_up("setsockopt");
    if (bind(listener, found->ai_addr, found->ai_addrlen) == -1)
        give_up("bind");
    freeaddrinfo(found);
    if (listen(listener, SOMAXCONN) == -1)
        give_up("listen");

    struct sockaddr_storage addr;
    socklen_t size = sizeof addr;
    if (getsockname(listener, (struct sockaddr *)&addr, &size) == -1)
        give_up("getsockname");
    show("listening on", (struct sockaddr *)&addr, size);

    int accepted;
    for (;;) {
        size = sizeof addr;
        accepted = accept(listener, (struct sockaddr *)&addr, &size);
        if (accepted >= 0)
            break;
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        give_up("accept");
    }
    close(listener);
    dup2(accepted, 20);
    close(accepted);
    show("Connected by", (struct sockaddr *)&addr, size);

    dprintf(STDOUT_FILENO, "press Enter to close\n");
    char c;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        ;
    close(20);
    exit(EXIT_SUCCESS);
}
