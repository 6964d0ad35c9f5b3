// SPDX-License-Identifier: MIT
// Another way: a child has the socket, and the parent waits for it. Many
// functions, static buffers, inet_aton and inet_ntoa.
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in the_address;
static char line[256];

static int usage(void)
{
    fputs("usage: 02_bind [HOST [PORT]]\n", stderr);
    return 2;
}

static int parse(int argc, char **argv)
{
    char *end;
    unsigned long port = 4444;

    the_address.sin_family = AF_INET;
    the_address.sin_addr.s_addr = inet_addr("127.0.0.1");
    if (argc > 3)
        return -1;
    if (argc > 1 && inet_aton(argv[1], &the_address.sin_addr) == 0)
        return -1;
    if (argc > 2) {
        if (argv[2][0] < '0' || argv[2][0] > '9')
            return -1;
        port = strtoul(argv[2], &end, 10);
        if (*end != 0 || port > 0xffff)
            return -1;
    }
    the_address.sin_port = htons((unsigned short)port);
    return 0;
}

static int open_and_bind(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (fd < 0) {
        perror("socket");
        exit(1);
    }
    if (bind(fd, (struct sockaddr *)&the_address, sizeof the_address) < 0) {
        perror("bind");
        exit(1);
    }
    return fd;
}

static void tell(int fd)
{
    socklen_t len = sizeof the_address;
    if (getsockname(fd, (struct sockaddr *)&the_address, &len) < 0) {
        perror("getsockname");
        exit(1);
    }
    sprintf(line, "bound to %s:%u", inet_ntoa(the_address.sin_addr),
            (unsigned)ntohs(the_address.sin_port));
    puts(line);
    fflush(stdout);
}

static void hold(void)
{
    puts("press Enter to close");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        line[0] = 0;
}

static int child(void)
{
    int fd = open_and_bind();
    tell(fd);
    hold();
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (parse(argc, argv) == -1)
        return usage();
    switch (fork()) {
    case -1:
        perror("fork");
        return 1;
    case 0:
        return child();
    default:
        wait(&status);
        return WEXITSTATUS(status);
    }
}
