// SPDX-License-Identifier: MIT
// Another way: files open before; the options are set for good measure
// (keep-alive, buffers) and looked at again; listen is called twice, which
// changes the backlog; the socket is closed by dup2 over it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool digits(const char *s)
{
    if (*s == '\0' || strlen(s) > 5)
        return false;
    for (; *s != '\0'; s++)
        if (!isdigit((unsigned char)*s))
            return false;
    return true;
}

static _Noreturn void error(int fd, const char *call)
{
    perror(call);
    if (fd != -1)
        close(fd);
    exit(1);
}

static void set(int fd, int name, int value)
{
    if (setsockopt(fd, SOL_SOCKET, name, &value, sizeof value) == -1)
        error(fd, "setsockopt");
}

int main(int argc, char **argv)
{
    const char *args[] = {"127.0.0.1", "4444", "16"};
    struct in_addr ip;

    for (int i = 1; i < argc && i < 4; i++)
        args[i - 1] = argv[i];
    if (argc > 4 || !inet_pton(AF_INET, args[0], &ip) || !digits(args[1]) ||
        !digits(args[2]) || atoi(args[1]) > 65535 || atoi(args[2]) > 65535 ||
        atoi(args[2]) == 0) {
        fprintf(stderr, "%s\nusage: %s [HOST [PORT [BACKLOG]]]\n",
                "that can't be", *argv);
        return 2;
    }

    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1)
        error(fd, "socket");
    set(fd, SO_REUSEADDR, 1);
    set(fd, SO_KEEPALIVE, 1);
    set(fd, SO_RCVBUF, 65536);
    int on = 0;
    socklen_t size = sizeof on;
    if (getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, &size) == -1)
        error(fd, "getsockopt");
    fprintf(stderr, "SO_REUSEADDR is %d\n", on);

    struct sockaddr_in address = {
        AF_INET, htons((uint16_t)atoi(args[1])), ip, {0}};
    if (bind(fd, (const struct sockaddr *)&address, sizeof address))
        error(fd, "bind");
    if (listen(fd, 1) || listen(fd, atoi(args[2])))
        error(fd, "listen");
    size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size))
        error(fd, "getsockname");

    static char text[INET_ADDRSTRLEN];
    printf("listening on %s:%d\n",
           inet_ntop(AF_INET, &address.sin_addr, text, sizeof text),
           ntohs(address.sin_port));
    puts("press Enter to close");
    fflush(stdout);
    char *line = NULL;
    size_t room = 0;
    if (getline(&line, &room, stdin) == -1)
        fputs("stdin has ended\n", stderr);
    free(line);
    dup2(null, fd);
    close(fd);
    close(null);
    close(zero);
    return 0;
}
