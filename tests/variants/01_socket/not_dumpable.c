// SPDX-License-Identifier: MIT
// Another way: nobody may look into it (PR_SET_DUMPABLE), a short rest before
// it begins, and options that are asked for out of interest only.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *kind(int type)
{
    return type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?";
}

int main(int argc, char *argv[])
{
    int want = SOCK_STREAM, status = 1;

    prctl(PR_SET_DUMPABLE, 0);
    poll(NULL, 0, 30); // let the terminal settle
    setlinebuf(stdout);
    puts("== a socket ==");
    if (argc == 2 && !strcmp(argv[1], "dgram"))
        want = SOCK_DGRAM;
    else if (argc != 1 && !(argc == 2 && !strcmp(argv[1], "stream"))) {
        fputs("wrong arguments\n", stderr);
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }

    int s = socket(AF_INET, want | SOCK_CLOEXEC, 0);
    if (s == -1) {
        perror("socket");
        return 1;
    }
    int number;
    socklen_t size = sizeof number;
    if (getsockopt(s, SOL_SOCKET, SO_SNDBUF, &number, &size) == 0)
        printf("its send buffer has %d bytes\n", number);
    if (getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &number, &size) == 0)
        printf("it listens: %s\n", number ? "yes" : "no");
    struct sockaddr_storage name;
    socklen_t room = sizeof name;
    if (getsockname(s, (struct sockaddr *)&name, &room) == -1)
        perror("its family"); // says as much as SO_DOMAIN
    else if (getsockopt(s, SOL_SOCKET, SO_TYPE, &number, &size) == -1)
        perror("its type");
    else {
        printf("fd %d: %s %s\n", s,
               name.ss_family == AF_INET ? "AF_INET" : "AF_OTHER",
               kind(number));
        puts("press Enter to close");
        for (char c = 0; read(0, &c, 1) == 1 && c != '\n';)
            continue;
        status = 0;
    }
    close(s);
    return status;
}
