// SPDX-License-Identifier: MIT
/**
 * @file 09_udp_client.c
 * @brief Ask by datagram, and ask again when no answer comes.
 *
 * A datagram can be lost, and so can its answer. Nobody tells the sender, so
 * it is the client that waits, for a limited time, and asks again: here three
 * times. connect(2) sends nothing; it makes the kernel keep away datagrams
 * from anybody else, and report when the host says that nobody is there.
 *
 * You will call:  connect(2), send(2), poll(2), recv(2)
 * Run it:         build/steps/09_udp_client [HOST [PORT [MESSAGE [TIMEOUT_MS]]]]
 * You should see: Received "Hello friend"
 * Try next:       end the server with Ctrl-C, ask again; then stop it with
 *                 Ctrl-Z instead. Which is quicker, and why?
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 3 };

static char answer[65536]; // larger than any datagram over IPv4

/// Send the message once and wait for an answer, at most timeout milliseconds.
/// Return its size, -1 when none came in time, -2 once an error is reported.
static ssize_t ask(int fd, const char *message, size_t size, int timeout)
{
    struct pollfd come = {.fd = fd, .events = POLLIN};
    ssize_t got;
    int ready;

    while (send(fd, message, size, 0) == -1) {
        if (errno == EINTR)
            continue;
        perror("send"); // also for an earlier try, of which it hears now
        return -2;
    }

    do {
        ready = poll(&come, 1, timeout); // after a signal: the whole time again
        if (ready == 0)
            return -1;
        if (ready == -1 && errno != EINTR) {
            perror("poll");
            return -2;
        }
        got = ready == -1 ? -1 : recv(fd, answer, sizeof answer, 0);
    } while (got == -1 && errno == EINTR);
    if (got == -1) {
        perror("recv");
        return -2;
    }
    return got;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    const char *message = argc > 3 ? argv[3] : "Hello friend";
    const char *timeout_text = argc > 4 ? argv[4] : "500";
    char *port_end, *timeout_end;
    long port = strtol(port_text, &port_end, 10);
    long timeout = strtol(timeout_text, &timeout_end, 10); // milliseconds
    struct in_addr ip;

    if (argc > 5 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *port_end != '\0' || port < 0 || port > 65535 || *timeout_end != '\0' ||
        timeout < 1 || timeout > 60000) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE [TIMEOUT_MS]]]]\n",
                argv[0]);
        return 2;
    }

    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1) {
        perror("connect");
        close(fd);
        return 1;
    }

    size_t size = strlen(message);
    ssize_t got = ask(fd, message, size, (int)timeout);
    for (int tries = 1; got == -1 && tries < TRIES; tries++)
        got = ask(fd, message, size, (int)timeout);
    close(fd);
    if (got == -1)
        fprintf(stderr, "no answer from %s:%ld after %d tries\n", host, port,
                TRIES);
    if (got < 0)
        return 1;

    // The answer is one datagram: what is missing now will not come later.
    for (size_t i = 0; i < size; i++) {
        if (i == (size_t)got) {
            fprintf(stderr, "ended after %zu of %zu bytes\n", i, size);
            return 1;
        }
        if (answer[i] != message[i]) {
            fprintf(stderr, "the answer differs at byte %zu\n", i);
            return 1;
        }
    }
    printf("Received \"");
    fwrite(answer, 1, size, stdout);
    printf("\"\n");
    return 0;
}
