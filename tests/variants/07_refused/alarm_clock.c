// SPDX-License-Identifier: MIT
/**
 * @file alarm_clock.c
 * @brief Differs: connect blocks until a timer rings, whose handler does not
 * have it restarted: EINTR.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void on_alarm(int number)
{
    (void)number; // that it came is enough
}

static int connect_within(int fd, const struct sockaddr_in *to, long ms)
{
    struct sigaction action = {.sa_handler = on_alarm}; // no SA_RESTART
    struct itimerval once = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};
    struct itimerval off = {{0, 0}, {0, 0}};
    int reason = 0;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &once, NULL);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == -1)
        reason = errno == EINTR ? ETIMEDOUT : errno;
    setitimer(ITIMER_REAL, &off, NULL);
    return reason;
}

/// Say why not, with what it may mean; the exit status.
static int explain(const char *host, long port, int reason)
{
    fprintf(stderr, "connect to %s:%ld: %s\n", host, port, strerror(reason));
    if (reason == ECONNREFUSED) {
        fprintf(stderr, " * is it the right PORT?\n");
        fprintf(stderr, " * does the Server run?\n");
        fprintf(stderr, " * or a firewall that rejects\n");
    } else if (reason == ETIMEDOUT) {
        fprintf(stderr, "is there such a host, or is it a firewall?\n");
    }
    return 1;
}

/// Both ends of the connection; the exit status.
static int tell(int fd)
{
    struct sockaddr_in peer, self;
    socklen_t size = sizeof peer;
    char to[INET_ADDRSTRLEN], from[INET_ADDRSTRLEN];

    if (getpeername(fd, (struct sockaddr *)&peer, &size) == -1) {
        perror("getpeername");
        return 1;
    }
    size = sizeof self;
    if (getsockname(fd, (struct sockaddr *)&self, &size) == -1) {
        perror("getsockname");
        return 1;
    }
    printf("connected to %s:%d from %s:%d\n",
           inet_ntop(AF_INET, &peer.sin_addr, to, sizeof to),
           ntohs(peer.sin_port),
           inet_ntop(AF_INET, &self.sin_addr, from, sizeof from),
           ntohs(self.sin_port));
    return 0;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    const char *ms_text = argc > 3 ? argv[3] : "500";
    char *end, *ms_end;
    long port = strtol(port_text, &end, 10);
    long ms = strtol(ms_text, &ms_end, 10);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((in_port_t)port)};

    if (argc > 4 || inet_pton(AF_INET, host, &addr.sin_addr) != 1 ||
        *port_text == '\0' || *end != '\0' || port < 0 || port > 65535 ||
        *ms_end != '\0' || ms < 1 || ms > 60000) {
        fprintf(stderr, "usage: %s [HOST [PORT [TIMEOUT_MS]]]\n", argv[0]);
        return 2;
    }

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    int reason = connect_within(fd, &addr, ms);
    int status = reason == 0 ? tell(fd) : explain(host, port, reason);
    close(fd);
    return status;
}
