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
    /* TODO(06): send the size bytes at message, all of them: send may take
       less than you offer, and EINTR is no reason to stop. A server that is
       gone must not kill you (SIGPIPE). Then, if you like, end your stream and
       go on reading: shutdown(2). send(2) */
    fprintf(stderr, "TODO(06) is open: send %s, %zu bytes, to %d\n", message,
            size, fd);
    exit(1);
}

/// Collect the echo, and compare it with the message as it comes.
/// Return 0, or 1 once the error is reported.
static int receive_echo(int fd, char *echo, const char *message, size_t size)
{
    /* TODO(06): collect size bytes into echo, in as many pieces as they come.
       If the stream ends before, print "ended after 5 of 12 bytes" (the true
       numbers) on stderr; if a byte is not the one that you sent, "the echo
       differs at byte 3", counted from 0. Either is a failure. recv(2) */
    (void)fd, (void)echo, (void)message, (void)size;
    fputs("TODO(06) is open: collect the echo\n", stderr);
    exit(1);
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

    /* TODO(06): connect to ip and port, as in step 5. */
    int fd = -1;
    fputs("TODO(06) is open: connect to the server\n", stderr);
    return 1;

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
    /* TODO(06): close the socket, and end with status. */
    fprintf(stderr, "TODO(06) is open: close, end with %d\n", status);
    return 1;
}
