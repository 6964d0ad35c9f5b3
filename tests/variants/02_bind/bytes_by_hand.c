// SPDX-License-Identifier: MIT
// Another way: the address is put together and taken apart byte by byte, so no
// htons is needed; write(2) says everything; the descriptor is moved to 100.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(int fd, const char *what)
{
    if (write(fd, what, strlen(what)) == -1)
        _exit(1);
}

static int failed(const char *call)
{
    perror(call);
    return 1;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port = argc > 2 ? argv[2] : "4444";
    unsigned a[4], number;
    char rest, text[64];

    if (argc > 3 || strspn(host, "0123456789.") != strlen(host) ||
        strspn(port, "0123456789") != strlen(port) ||
        sscanf(host, "%u.%u.%u.%u%c", &a[0], &a[1], &a[2], &a[3], &rest) != 4 ||
        a[0] > 255 || a[1] > 255 || a[2] > 255 || a[3] > 255 ||
        sscanf(port, "%u%c", &number, &rest) != 1 || number > 65535) {
        say(2, "usage: 02_bind [HOST [PORT]]\n");
        return 2;
    }

    int low = socket(AF_INET, SOCK_STREAM, 0);
    if (low == -1)
        return failed("socket");
    int fd = dup2(low, 100);
    if (fd == -1)
        return failed("dup2");
    close(low);

    struct sockaddr any;
    unsigned char *data = (unsigned char *)any.sa_data;
    memset(&any, 0, sizeof any);
    any.sa_family = AF_INET;
    data[0] = (unsigned char)(number / 256);
    data[1] = (unsigned char)(number % 256);
    for (int i = 0; i < 4; i++)
        data[2 + i] = (unsigned char)a[i];
    if (bind(fd, &any, sizeof any) == -1)
        return failed("bind");

    socklen_t size = sizeof any;
    if (getsockname(fd, &any, &size) == -1)
        return failed("getsockname");
    snprintf(text, sizeof text, "bound to %d.%d.%d.%d:%d\n", data[2], data[3],
             data[4], data[5], data[0] * 256 + data[1]);
    say(1, text);
    say(1, "press Enter to close\n");

    char c;
    do
        if (read(0, &c, 1) <= 0)
            break;
    while (c != '\n');
    close(fd);
    _exit(0);
}
