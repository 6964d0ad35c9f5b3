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
    /* TODO(09): send the message as one datagram, then wait for an answer, but
       at most timeout milliseconds, and receive it into answer[]. Report what
       fails. Interrupted calls (EINTR) are made again. What does poll return
       when nothing came in time? send(2), poll(2), recv(2) */
    fprintf(stderr,
            "TODO(09) is open: send %zu bytes, \"%s\", on %d, wait %d ms\n",
            size, message, fd, timeout);
    exit(1);
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

    /* TODO(09): a datagram socket that is connected to ip and port: nothing is
       sent by that, but answers from elsewhere are kept away. connect(2) */
    int fd = -1;
    fputs("TODO(09) is open: make a connected datagram socket\n", stderr);
    return 1;

    size_t size = strlen(message);
    ssize_t got = ask(fd, message, size, (int)timeout);
    /* TODO(09): when no answer came in time, ask again: TRIES times in all. */
    fprintf(stderr, "TODO(09) is open: ask again after %zd\n", got);
    return 1;

    close(fd);
    if (got == -1)
        fprintf(stderr, "no answer from %s:%ld after %d tries\n", host, port,
                TRIES);
    if (got < 0)
        return 1;

    // The answer is one datagram: what is missing now will not come later.
    /* TODO(09): compare. A shorter answer: "ended after 5 of 12 bytes", another
       one: "the answer differs at byte 3", on stderr and with status 1. */
    fprintf(stderr, "TODO(09) is open: compare %zd bytes\n", got);
    return 1;

    printf("Received \"");
    fwrite(answer, 1, size, stdout);
    printf("\"\n");
    return 0;
}
