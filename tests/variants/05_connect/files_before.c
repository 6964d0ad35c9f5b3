// SPDX-License-Identifier: MIT
/**
 * @file files_before.c
 * @brief Differs: files are open before, so the socket is not 3; it is moved by
 * dup2, held as a FILE, and closed by fclose; the hold is getline.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int try(int result, const char *call)
{
    if (result == -1) {
        fprintf(stderr, "%s: %s\n", call, strerror(errno));
        exit(1);
    }
    return result;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in a[2];
    socklen_t len;
    const char *port = argc > 2 ? argv[2] : "4444";
    unsigned number;
    char rest, *line = NULL;
    size_t room = 0;

    memset(a, 0, sizeof a);
    if (argc > 3 ||
        !inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &a[0].sin_addr) ||
        port[strspn(port, "0123456789")] != '\0' ||
        sscanf(port, "%u%c", &number, &rest) != 1 || number > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        exit(2);
    }
    FILE *log = fopen("/dev/null", "w");
    open("/dev/zero", O_RDONLY);

    int fd = try(socket(AF_INET, SOCK_STREAM, 0), "socket");
    try(dup2(fd, 42), "dup2");
    close(fd);
    a[0].sin_family = AF_INET;
    a[0].sin_port = htons((in_port_t)number);
    try(connect(42, (struct sockaddr *)&a[0], sizeof a[0]), "connect");
    len = sizeof a[0];
    try(getpeername(42, (struct sockaddr *)&a[0], &len), "getpeername");
    len = sizeof a[1];
    try(getsockname(42, (struct sockaddr *)&a[1], &len), "getsockname");

    FILE *connection = fdopen(42, "r+");
    if (log != NULL)
        fprintf(log, "connected\n");
    printf("connected to %s:%u", inet_ntoa(a[0].sin_addr),
           ntohs(a[0].sin_port));
    printf(" from %s:%u\n", inet_ntoa(a[1].sin_addr), ntohs(a[1].sin_port));
    puts("press Enter to close");
    fflush(NULL);
    if (getline(&line, &room, stdin) == -1)
        fputs("end of stdin\n", stderr);
    free(line);
    fclose(connection);
    if (log != NULL)
        fclose(log);
    return 0;
}
