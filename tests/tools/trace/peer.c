// SPDX-License-Identifier: MIT
/**
 * @file peer.c
 * @brief The lab's own other end, for a step that has but one. It is linked
 * with the witness, as the student's program is, so its calls are drawn, too.
 *
 *     peer serve HOST PORT         accept one, send back all, to the end
 *     peer call HOST PORT          connect, and receive until the end
 *     peer say HOST PORT WORDS     the same, and send WORDS first
 *     peer pieces HOST PORT WORDS  send in two calls, receive, half-close
 *     peer echo HOST PORT WORDS    send, end the stream (half-close), receive
 *     peer ask HOST PORT WORDS     send, receive as much, end
 *     peer late HOST PORT WORDS    receive to the end, and send only then, twice
 *     peer reset HOST PORT WORDS   send, and reset instead of an end
 *     peer full HOST PORT          listen with a queue that is full: silence
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check(int result, const char *call)
{
    if (result != -1)
        return;
    perror(call);
    exit(1);
}

static int listen_at(const struct sockaddr_in *at, int backlog)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    check(fd, "socket");
    check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on),
          "setsockopt");
    check(bind(fd, (const struct sockaddr *)at, sizeof *at), "bind");
    check(listen(fd, backlog), "listen");
    return fd;
}

static void serve(const struct sockaddr_in *at)
{
    int listen_fd = listen_at(at, 16), fd = accept(listen_fd, NULL, NULL);
    char buffer[65536];
    ssize_t got;

    check(fd, "accept");
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0)
        for (ssize_t sent = 0, n; sent < got; sent += n)
            check((int)(n = send(fd, buffer + sent, (size_t)(got - sent),
                                 MSG_NOSIGNAL)),
                  "send");
    check((int)got, "recv");
    close(fd);
    close(listen_fd);
}

/// Linux lets one more in than the backlog says, and then drops every SYN. The
/// calls go by the witness: they are no part of the scene.
static void stay_full(const struct sockaddr_in *at)
{
    int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

    listen_at(at, 0);
    check((int)syscall(SYS_connect, fd, at, sizeof *at), "connect");
    pause(); // whoever started us kills us
}

static void send_all(int fd, const char *words, size_t size)
{
    check((int)send(fd, words, size, MSG_NOSIGNAL), "send");
}

static void call(const char *how, const struct sockaddr_in *at,
                 const char *words)
{
    struct linger now = {1, 0};
    char buffer[65536];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    check(fd, "socket");
    check(connect(fd, (const struct sockaddr *)at, sizeof *at), "connect");
    if (strcmp(how, "late") == 0) {
        check((int)recv(fd, buffer, sizeof buffer, 0), "recv");
        send(fd, words, strlen(words), MSG_NOSIGNAL);
        send(fd, words, strlen(words), MSG_NOSIGNAL); // it fails: EPIPE
    } else if (strcmp(how, "pieces") == 0) {
        size_t first = strcspn(words, " ") + 1;
        send_all(fd, words, first);
        send_all(fd, words + first, strlen(words + first));
    } else if (*words != '\0') {
        send_all(fd, words, strlen(words));
    }
    if (strcmp(how, "echo") == 0)
        shutdown(fd, SHUT_WR);
    if (strcmp(how, "reset") == 0) {
        check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now),
              "setsockopt");
    } else if (strcmp(how, "ask") == 0) {
        check((int)recv(fd, buffer, strlen(words), MSG_WAITALL), "recv");
    } else if (strcmp(how, "late") != 0) {
        ssize_t got;
        if (strcmp(how, "pieces") == 0) {
            check((int)recv(fd, buffer, sizeof buffer, 0), "recv");
            shutdown(fd, SHUT_WR);
        }
        while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0)
            ;
        check((int)got, "recv");
    }
    close(fd);
}

int main(int argc, char *argv[])
{
    struct sockaddr_in at = {.sin_family = AF_INET};

    if (argc < 4 || inet_pton(AF_INET, argv[2], &at.sin_addr) != 1) {
        fprintf(stderr, "usage: peer serve|call|say|pieces|echo|ask|late|"
                        "reset|full "
                        "HOST PORT [WORDS]\n");
        return 2;
    }
    at.sin_port = htons((in_port_t)atoi(argv[3]));
    if (strcmp(argv[1], "serve") == 0)
        serve(&at);
    else if (strcmp(argv[1], "full") == 0)
        stay_full(&at);
    else
        call(argv[1], &at, argc > 4 ? argv[4] : "");
    return 0;
}
