// SPDX-License-Identifier: MIT
// Another way: debugging prints everywhere, files open before, SO_REUSEADDR
// (which is free here), a non-blocking socket, goto, naps while it holds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEBUG(...)                                                             \
    do {                                                                       \
        printf("[debug] " __VA_ARGS__);                                        \
        fprintf(stderr, "[debug] " __VA_ARGS__);                               \
    } while (0)

int main(int argc, char *argv[])
{
    int status = 1, fd = -1, on = 1, port = 4444, used = 0;
    struct sockaddr_in a;
    socklen_t len = sizeof(a);
    FILE *log = NULL;

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    if (argc > 3 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &a.sin_addr) <= 0)
        goto usage;
    if (argc > 2 && (sscanf(argv[2], "%5d%n", &port, &used) != 1 ||
                     argv[2][used] != '\0' || port < 0 || port > 65535))
        goto usage;
    a.sin_port = htons(port);

    setlinebuf(stdout);
    DEBUG("port is %d\n", port);
    log = fopen("/dev/null", "w");
    fd = socket(AF_INET, SOCK_STREAM, 0);
    DEBUG("socket gave %d\n", fd);
    errno = fd == -1 ? EMFILE : 0;
    if (fd == -1) {
        perror("socket");
        goto out;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1) {
        perror("setsockopt");
        goto out;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (bind(fd, (void *)&a, sizeof(a)) == -1) {
        int error = errno;
        DEBUG("bind did not work\n");
        fprintf(stderr, "bind: %s\n", strerror(error));
        goto out;
    }
    DEBUG("bind worked\n");
    if (getsockname(fd, (void *)&a, &len) == -1) {
        perror("getsockname");
        goto out;
    }
    printf("bound to %s:%hu\n", inet_ntoa(a.sin_addr), ntohs(a.sin_port));
    DEBUG("family %d, length %u\n", a.sin_family, (unsigned)len);
    printf("press Enter to close\n");
    DEBUG("waiting\n");
    struct pollfd in = {.fd = 0, .events = POLLIN};
    while (poll(&in, 1, 20) == 0)
        if (log != NULL)
            fputc('.', log);
    DEBUG("thank you\n");
    status = 0;
out:
    if (fd != -1)
        close_range((unsigned)fd, (unsigned)fd, 0);
    if (log != NULL)
        fclose(log);
    return status;
usage:
    fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
    return 2;
}
