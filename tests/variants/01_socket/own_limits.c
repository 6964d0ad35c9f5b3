// SPDX-License-Identifier: MIT
// Another way: it limits its own memory, its descriptors and its time, as a
// careful server does; the work is a thread's.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *kind(int type)
{
    return type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?";
}

static void limit(int what, rlim_t most)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now) == 0) {
        now.rlim_cur = most;
        if (setrlimit((__rlimit_resource_t)what, &now) == -1)
            perror("limit");
    }
}

static void *hold(void *fd)
{
    puts("press Enter to close");
    int c;
    do
        c = getchar();
    while (c != EOF && c != '\n');
    close(*(int *)fd);
    return NULL;
}

int main(int argc, char *argv[])
{
    const char *type = argc > 1 ? argv[1] : "stream";
    if (argc > 2 || (strcmp(type, "stream") && strcmp(type, "dgram"))) {
        fprintf(stderr, "%s: what is that?\nusage: %s [stream|dgram]\n",
                argv[0], argv[0]);
        exit(2);
    }
    limit(RLIMIT_AS, 512 << 20);
    limit(RLIMIT_DATA, 256 << 20);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_CPU, 20);
    setvbuf(stdout, malloc(1000), _IOLBF, 1000);

    int fd = socket(AF_INET, *type == 's' ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (fd < 0) {
        perror("socket");
        exit(1);
    }
    int domain = -1, kept = -1;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain,
                   &(socklen_t){sizeof domain}) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &kept, &(socklen_t){sizeof kept})) {
        perror("getsockopt");
        close(fd);
        exit(1);
    }
    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "AF_?",
           kind(kept));
    pthread_t thread;
    if (pthread_create(&thread, NULL, hold, &fd) != 0) {
        fputs("no thread\n", stderr);
        exit(1);
    }
    pthread_join(thread, NULL);
    return 0;
}
