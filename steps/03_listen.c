// SPDX-License-Identifier: MIT
/**
 * @file 03_listen.c
 * @brief Let the kernel take calls: from here on it completes handshakes.
 *
 * listen(2) turns a socket into a listening one, state LISTEN. It will never
 * carry data itself. Each handshake (SYN, SYN-ACK, ACK) is done by the kernel
 * alone and the finished connection waits in a queue, although this program
 * sleeps and never calls accept(2).
 *
 * You will call:  setsockopt(2), listen(2) and what you know
 * Run it:         build/steps/03_listen [HOST [PORT [BACKLOG]]]
 * You should see: listening on 127.0.0.1:4444
 * While it waits: ss -tln 'sport = :4444' (Send-Q is the backlog, Recv-Q who
 *                 waits), then ss -tan, netstat -an, lsof -i -n
 * Try next:       BACKLOG 1 and three times `nc 127.0.0.1 4444`: what does
 *                 the third client see, and what does ss say of it?
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    const char *port_text = argc > 2 ? argv[2] : "4444";
    const char *backlog_text = argc > 3 ? argv[3] : "16";
    char *port_end, *backlog_end;
    long port = strtol(port_text, &port_end, 10);
    long backlog = strtol(backlog_text, &backlog_end, 10);
    struct in_addr ip;

    if (argc > 4 || inet_pton(AF_INET, host, &ip) != 1 || *port_text == '\0' ||
        *port_end != '\0' || port < 0 || port > 65535 || *backlog_end != '\0' ||
        backlog < 1 || backlog > 65535) {
        fprintf(stderr, "usage: %s [HOST [PORT [BACKLOG]]]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); // each line at once, in a pipe too

    /* TODO(03): a socket that is bound to ip and port, as in step 2. But before
       you bind, set SO_REUSEADDR: else a connection of an earlier run that is
       still in TIME_WAIT keeps the port from you for a minute.
       setsockopt(2), socket(7) */
    int listen_fd = -1;
    struct sockaddr_in addr = {0};
    fputs("TODO(03) is open: make a socket, SO_REUSEADDR, bind\n", stderr);
    return 1;

    /* TODO(03): turn it into a listening socket; at most backlog connections
       may wait to be accepted. listen(2) */
    fprintf(stderr, "TODO(03) is open: listen on %d\n", listen_fd);
    return 1;

    /* TODO(03): which address did it get? As in step 2. getsockname(2) */
    fputs("TODO(03) is open: ask the socket for its address\n", stderr);
    return 1;

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("listening on %s:%d\n", text, ntohs(addr.sin_port));

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    /* TODO(03): close the listening socket and end well. What becomes of a
       client that still waits in its queue? close(2) */
    fputs("TODO(03) is open: close the socket\n", stderr);
    return 1;
}
