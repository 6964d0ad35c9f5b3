// SPDX-License-Identifier: MIT
/**
 * @file fork_hold.c
 * @brief Differs: a child holds the connection, the parent waits for it; the
 * connection is shut down before it is closed.
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "4444";
    char *end;
    long number = strtol(port, &end, 10);
    struct sockaddr_in peer = {0}, self;
    socklen_t len = sizeof self;
    char to[INET_ADDRSTRLEN], from[INET_ADDRSTRLEN];
    int status;

    if (argc > 3 || inet_pton(AF_INET, host, &peer.sin_addr) != 1 ||
        *port == '\0' || *end != '\0' || number < 0 || number > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        return 2;
    }
    sigaction(SIGCONT, &(struct sigaction){.sa_handler = on_signal}, NULL);
    peer.sin_family = AF_INET;
    peer.sin_port = htons((in_port_t)number);

    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (fd == -1)
        return perror("socket"), 1;
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer) == -1)
        return perror("connect"), close(fd), 1;
    if (getsockname(fd, (struct sockaddr *)&self, &len) == -1)
        return perror("getsockname"), close(fd), 1;
    len = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) == -1)
        return perror("getpeername"), close(fd), 1;
    inet_ntop(AF_INET, &peer.sin_addr, to, sizeof to);
    inet_ntop(AF_INET, &self.sin_addr, from, sizeof from);
    printf("connected to %s:%d from %s:%d\n", to, ntohs(peer.sin_port), from,
           ntohs(self.sin_port));
    puts("press Enter to close");
    fflush(stdout);

    pid_t child = fork();
    if (child == -1)
        return perror("fork"), 1;
    if (child == 0) {
        int c;
        while ((c = getchar()) != '\n' && c != EOF)
            ;
        shutdown(fd, SHUT_WR);
        close(fd);
        _exit(0);
    }
    close(fd);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
