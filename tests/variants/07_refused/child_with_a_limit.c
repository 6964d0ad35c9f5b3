// SPDX-License-Identifier: MIT
// Another way: a child in a session of its own calls, and is told by a timer
// when it is time.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
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
static long port, ms;
static const char *host_text;

static void arguments(int argc, char *argv[])
{
    host_text = argc > 1 ? argv[1] : "127.0.0.1";
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    ms = argc > 3 ? number(argv[3], 60000) : 500;
    if (argc > 4 || port < 0 || ms < 1 ||
        inet_pton(AF_INET, host_text, &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [TIMEOUT_MS]]]\n", argv[0]);
        exit(2);
    }
}

static _Noreturn void no_connection(int error)
{
    fprintf(stderr, "connect to %s:%ld: %s\n", host_text, port,
            strerror(error));
    if (error == ECONNREFUSED)
        fputs("- another port?\n- is the server running?\n- a firewall that "
              "rejects?\n",
              stderr);
    if (error == ETIMEDOUT)
        fputs("a firewall may drop what we send, or the host is not there\n",
              stderr);
    exit(1);
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static void tell(int fd)
{
    struct sockaddr_in end[2];
    if (getpeername(fd, (struct sockaddr *)&end[0],
                    &(socklen_t){sizeof end[0]}) == -1)
        die("getpeername");
    if (getsockname(fd, (struct sockaddr *)&end[1],
                    &(socklen_t){sizeof end[1]}) == -1)
        die("getsockname");
    printf("connected to %s:%d ", inet_ntoa(end[0].sin_addr),
           ntohs(end[0].sin_port));
    printf("from %s:%d\n", inet_ntoa(end[1].sin_addr), ntohs(end[1].sin_port));
}

static void rings(int signal)
{
    (void)signal;
}

static int client(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = host,
                            .sin_port = htons((in_port_t)port)};
    struct sigaction action = {.sa_handler = rings};
    struct itimerval timer = {{0, 20000}, {ms / 1000, ms % 1000 * 1000}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsid();
    if (fd == -1)
        die("socket");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1) {
        int error = errno == EINTR ? ETIMEDOUT : errno;
        close(fd);
        no_connection(error);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    tell(fd);
    close(fd);
    return 0;
}

int main(int argc, char *argv[])
{
    int status;

    arguments(argc, argv);
    pid_t pid = fork();
    if (pid == 0)
        exit(client());
    if (pid == -1)
        die("fork");
    while (waitpid(pid, &status, 0) == -1)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
