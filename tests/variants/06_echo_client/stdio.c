// SPDX-License-Identifier: MIT
// stdio on the socket: one FILE to write and one to read, SIGPIPE ignored.
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *call)
{
    perror(call);
    exit(1);
}

static int connected(struct in_addr ip, long port)
{
    struct sockaddr_in addr = {0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        die("socket");
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("connect");
    return fd;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    char *end;
    long port = strtol(port_text, &end, 10);
    struct in_addr ip;

    if (argc > 4 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE]]]\n", argv[0]);
        return 2;
    }
    const char *message = argc > 3 ? argv[3] : "Hello friend";
    size_t size = strlen(message);
    signal(SIGPIPE, SIG_IGN);
    int fd = connected(ip, port);
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
    char *echo = malloc(size + 1);
    size_t got;
    int c;

    if (in == NULL || out == NULL)
        die("fdopen");
    setvbuf(out, NULL, _IONBF, 0); // a buffer would be lost at EINTR
    for (got = 0; got < size;) {
        got += fwrite(message + got, 1, size - got, out);
        if (got < size && errno != EINTR)
            die("send");
        clearerr(out);
    }
    for (got = 0; got < size; got++) {
        while ((c = getc(in)) == EOF && ferror(in) && errno == EINTR)
            clearerr(in);
        if (c == EOF)
            break;
        if ((echo[got] = (char)c) != message[got]) {
            fprintf(stderr, "differs at byte %zu\n", got);
            return 1;
        }
    }
    if (ferror(in))
        die("recv");
    if (got < size) {
        fprintf(stderr, "ended after %zu of %zu bytes\n", got, size);
        return 1;
    }
    echo[got] = '\0';
    fclose(out);
    fclose(in);
    printf("Received \"%s\"\n", echo);
    free(echo);
    return 0;
}
