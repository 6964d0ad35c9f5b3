// SPDX-License-Identifier: MIT
// Another way: other files are open, so the socket is not 3; debugging prints
// everywhere; the clean-up is at one place, with goto.
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    int status = EXIT_FAILURE;
    int type = -1, fd = -1, log1 = -1, log2 = -1;
    int domain, real_type;
    socklen_t len;
    char line[100];

    if (argc == 1 || (argc == 2 && strcmp(argv[1], "stream") == 0))
        type = SOCK_STREAM;
    else if (argc == 2 && strcmp(argv[1], "dgram") == 0)
        type = SOCK_DGRAM;
    if (type == -1) {
        fprintf(stderr, "what is that?\nusage: 01_socket [stream|dgram]\n");
        exit(2);
    }

    printf("DEBUG: argc=%d type=%d\n", argc, type);
    fprintf(stderr, "DEBUG: opening my files\n");
    log1 = open("/dev/null", O_WRONLY);
    log2 = open("/dev/null", O_WRONLY);
    printf("DEBUG: log1=%d log2=%d\n", log1, log2);

    fd = socket(AF_INET, type, 0);
    if (fd < 0) {
        fprintf(stderr, "socket: %s\n", strerror(errno));
        goto out;
    }
    fprintf(stderr, "DEBUG: socket ok\n");

    len = sizeof(domain);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0) {
        perror("getsockopt");
        goto out;
    }
    printf("DEBUG: domain=%d\n", domain);
    len = sizeof(real_type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &real_type, &len) < 0) {
        perror("getsockopt");
        goto out;
    }

    printf("fd %d: ", fd);
    printf("%s ", domain == AF_INET ? "AF_INET" : "?");
    printf("%s\n", real_type == SOCK_STREAM ? "SOCK_STREAM" : "SOCK_DGRAM");
    printf("DEBUG: now the hold\n");
    printf("press Enter to close\n");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        printf("DEBUG: end of stdin\n");
    else
        printf("DEBUG: got a line\n");
    status = EXIT_SUCCESS;

out:
    if (fd >= 0)
        close(fd);
    if (log1 >= 0)
        close(log1);
    if (log2 >= 0)
        close(log2);
    fprintf(stderr, "DEBUG: bye\n");
    return status;
}
