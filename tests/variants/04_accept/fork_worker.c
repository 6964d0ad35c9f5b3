// SPDX-License-Identifier: MIT
/**
 * @file fork_worker.c
 * @brief Differs: a child serves the connection, as in a server for many; the
 * parent closes its own copy at once, and waits for the child.
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void serve(int conn, const struct sockaddr_in *peer)
{
    char ip[INET_ADDRSTRLEN];
    int c;

    inet_ntop(AF_INET, &peer->sin_addr, ip, sizeof ip);
    printf("Connected by %s:%d\n", ip, ntohs(peer->sin_port));
    printf("press Enter to close\n");
    fflush(stdout);
    do
        c = getchar();
    while (c != '\n' && c != EOF);
    close(conn);
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    char *end;
    long port = strtol(port_text, &end, 10);
    struct sockaddr_in addr = {0}, peer;
    socklen_t size = sizeof addr;
    int on = 1, status = 0;

    addr.sin_family = AF_INET;
    if (argc > 3 || inet_pton(AF_INET, host, &addr.sin_addr) != 1 ||
        *port_text == '\0' || *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    addr.sin_port = htons((in_port_t)port);

    int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (listener == -1)
        return perror("socket"), 1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        return perror("setsockopt"), 1;
    if (bind(listener, (void *)&addr, sizeof addr) == -1)
        return perror("bind"), 1;
    if (listen(listener, 5) == -1)
        return perror("listen"), 1;
    if (getsockname(listener, (void *)&addr, &size) == -1)
        return perror("getsockname"), 1;
    printf("listening on %s:%d\n", inet_ntoa(addr.sin_addr),
           ntohs(addr.sin_port));
    fflush(stdout); // before fork, or the child prints it again

    int conn;
    do {
        size = sizeof peer;
        conn = accept(listener, (void *)&peer, &size);
    } while (conn == -1 && (errno == EINTR || errno == ECONNABORTED));
    if (conn == -1)
        return perror("accept"), 1;

    pid_t child = fork();
    if (child == -1)
        return perror("fork"), 1;
    if (child == 0) {
        close(listener);
        serve(conn, &peer);
        _exit(0);
    }
    close(conn);
    close(listener);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
