// SPDX-License-Identifier: MIT
// Another way: the work is done in a grandchild with a session of its own, and
// nobody may look into it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static long number(const char *text, long most)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || n > most
               ? -1
               : n;
}

static struct in_addr host;
static long port;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    if (argc > 3 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static void hold(void)
{
    char c;
    puts("press Enter to close");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0 && c != '\n')
        continue;
}

static int work(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)port),
                             .sin_addr = host};
    socklen_t size = sizeof at;
    char ip[20];

    setsid();
    prctl(PR_SET_DUMPABLE, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd == -1)
        die("socket");
    if (bind(fd, (struct sockaddr *)&at, size) == -1)
        die("bind");
    if (getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        die("getsockname");
    printf("bound to %s:%u\n", inet_ntop(AF_INET, &at.sin_addr, ip, sizeof ip),
           ntohs(at.sin_port));
    hold();
    close(fd);
    return 0;
}

static int parent_of(int (*job)(void))
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        exit(job());
    if (pid == -1)
        die("fork");
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int middle(void)
{
    return parent_of(work);
}

int main(int argc, char *argv[])
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    arguments(argc, argv);
    return parent_of(middle);
}
