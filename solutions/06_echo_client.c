// SPDX-License-Identifier: MIT
/**
 * @file 06_echo_client.c
 * @brief Send a message, and collect its echo however it is cut.
 *
 * The way back is a stream too: twelve bytes may come as twelve, as 5 and 7,
 * or one by one. A client that asks once prints what happened to be there. So
 * it counts: as many bytes must come back as went out, and the same ones.
 *
 * You will call:  connect(2), send(2), recv(2), close(2)
 * Run it:         build/steps/06_echo_client [HOST [PORT [MESSAGE]]]
 * You should see: Received "Hello friend"
 * Try next:       `nc -l 127.0.0.1 4444` as the server: answer by hand, wrong
 *                 and too short (Ctrl-C). What does the client say?
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// Send all of the message, then end our stream.
/// Return 0, or 1 once the error is reported.
static int send_message(int fd, const char *message, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, message + sent, size - sent, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR) {
            perror("send");
            return 1;
        }
        sent += n == -1 ? 0 : (size_t)n; // maybe less than we offered
    }

    // Half-close: the server learns that it has got everything, and can still
    // send. (If this fails, the next recv says why.)
    shutdown(fd, SHUT_WR);
    return 0;
}

/// Collect the echo, and compare it with the message as it comes.
/// Return 0, or 1 once the error is reported.
static int receive_echo(int fd, char *echo, const char *message, size_t size)
{
    for (size_t got = 0; got < size;) {
        ssize_t n = recv(fd, echo + got, size - got, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1) {
            perror("recv");
            return 1;
        }
        if (n == 0) {
            fprintf(stderr, "ended after %zu of %zu bytes\n", got, size);
            return 1;
        }
        for (size_t end = got + (size_t)n; got < end; got++) {
            if (echo[got] != message[got]) {
                fprintf(stderr, "the echo differs at byte %zu\n", got);
                return 1;
            }
        }
    }
    return 0;
}

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    const char *message = argc > 3 ? argv[3] : "Hello friend";
    char *end;
    long port = strtol(port_text, &end, 10);
    struct in_addr ip;

    if (argc > 4 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE]]]\n", argv[0]);
        return 2;
    }

    int fd = socket(AF_INET, SOCK_STREAM, 0);
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

    // Its echo is as long as the message, and how long an argument may be
    // depends on the machine. (malloc(0) may give NULL: ask for one more.)
    size_t size = strlen(message);
    char *echo = malloc(size + 1);
    if (echo == NULL) {
        perror("malloc");
        close(fd);
        return 1;
    }

    int status = send_message(fd, message, size);
    if (status == 0)
        status = receive_echo(fd, echo, message, size);

    if (status == 0) {
        // What came may hold any bytes: write them by count.
        printf("Received \"");
        fwrite(echo, 1, size, stdout);
        printf("\"\n");
    }
    free(echo);
    close(fd);
    return status;
}
