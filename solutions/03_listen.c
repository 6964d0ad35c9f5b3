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

    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1) {
        perror("socket");
        return 1;
    }

    // A connection that we closed first stays in TIME_WAIT for a minute and
    // would keep the port from us. This says that we don't mind (on Linux it
    // helps if the run before said so, too). It changes bind: set it before.
    int on = 1;
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1) {
        perror("setsockopt");
        close(listen_fd);
        return 1;
    }

    struct sockaddr_in addr = {0};
    addr.sin_family = AF_INET;
    addr.sin_port = htons((in_port_t)port);
    addr.sin_addr = ip;
    if (bind(listen_fd, (struct sockaddr *)&addr, sizeof addr) == -1) {
        perror("bind");
        close(listen_fd);
        return 1;
    }

    // The backlog is how many finished connections may wait for accept.
    // Linux lets one more in, and cuts it to net.core.somaxconn.
    if (listen(listen_fd, (int)backlog) == -1) {
        perror("listen");
        close(listen_fd);
        return 1;
    }

    socklen_t len = sizeof addr;
    if (getsockname(listen_fd, (struct sockaddr *)&addr, &len) == -1) {
        perror("getsockname");
        close(listen_fd);
        return 1;
    }

    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addr.sin_addr, text, sizeof text);
    printf("listening on %s:%d\n", text, ntohs(addr.sin_port));

    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();

    // Whoever still waits in the queue gets a reset now.
    close(listen_fd);
    return 0;
}
