// SPDX-License-Identifier: MIT
/**
 * @file plain.c
 * @brief The plainest echo loop: what the bench measures a server against.
 *
 *     plain BUFFER
 *
 * It listens at a port that the kernel chooses, says which, and echoes one
 * client, BUFFER bytes at a time. Any failure ends it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    static char buf[1048576];
    size_t size = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);

    if (size == 0 || size > sizeof buf)
        return 2;
    if (bind(listen_fd, (struct sockaddr *)&addr, len) == -1 ||
        listen(listen_fd, 1) == -1 ||
        getsockname(listen_fd, (struct sockaddr *)&addr, &len) == -1)
        return 1;
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    fflush(stdout);

    int conn_fd = accept(listen_fd, NULL, NULL);
    ssize_t got, n;
    while ((got = read(conn_fd, buf, size)) > 0)
        for (ssize_t sent = 0; sent < got; sent += n)
            if ((n = write(conn_fd, buf + sent, (size_t)(got - sent))) == -1)
                return 1;
    return got == 0 ? 0 : 1;
}
