// SPDX-License-Identifier: MIT
/**
 * @file kernel.c
 * @brief What the kernel knows: the sockets that a process holds, the table of
 * TCP sockets, the counters of lo. None of it needs a privilege.
 */

#include "lab.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>

/// Add the sockets of one process to those that are held already.
static int add_sockets_of(const char *pid, struct held *held, int count,
                          int most)
{
    DIR *fds = opendir(text("/proc/%s/fd", pid));
    struct dirent *entry;

    while (fds != NULL && count < most && (entry = readdir(fds)) != NULL) {
        char target[64] = "";
        const char *path = text("/proc/%s/fd/%s", pid, entry->d_name);
        struct held *one = &held[count];

        if (readlink(path, target, sizeof target - 1) == -1 ||
            sscanf(target, "socket:[%lu]", &one->inode) != 1)
            continue;
        one->fd = atoi(entry->d_name);
        // The name of the protocol is an extended attribute: lsof's source.
        ssize_t size = getxattr(path, "system.sockprotoname", one->protocol,
                                sizeof one->protocol - 1);
        one->protocol[size > 0 ? size : 0] = '\0';
        count++;
    }
    if (fds != NULL)
        closedir(fds);
    return count;
}

int sockets_held(struct program *p, struct held *held, int most)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && getpgid(pid) == pid_of(p))
            count = add_sockets_of(entry->d_name, held, count, most);
    }
    if (proc != NULL)
        closedir(proc);
    return count;
}

/// What find() looks for, and what it has found so far.
struct search {
    int local_port, state, remote_port;
    unsigned long inode;
    in_addr_t at;
    struct tcp_socket *found;
    bool any, best;
};

static void compare(const struct inet_diag_msg *m, void *context)
{
    struct search *s = context;

    if ((s->inode == 0 ? ntohs(m->id.idiag_sport) != s->local_port
                       : m->idiag_inode != s->inode) ||
        (s->state != 0 && m->idiag_state != s->state) ||
        (s->remote_port != 0 && ntohs(m->id.idiag_dport) != s->remote_port))
        return;
    s->any = true;
    if (s->found == NULL || s->best)
        return;
    s->best = m->id.idiag_src[0] == s->at;
    s->found->local = (struct sockaddr_in){
        AF_INET, m->id.idiag_sport, {m->id.idiag_src[0]}, {0}};
    s->found->remote = (struct sockaddr_in){
        AF_INET, m->id.idiag_dport, {m->id.idiag_dst[0]}, {0}};
    s->found->state = m->idiag_state;
    s->found->queued = m->idiag_rqueue;
    s->found->limit = m->idiag_wqueue;
    s->found->inode = m->idiag_inode;
}

/// The one of this inode; without one the last that fits, but one at this
/// address before all others.
static bool find(int local_port, int state, int remote_port,
                 unsigned long inode, in_addr_t at, struct tcp_socket *found)
{
    struct search search = {local_port, state, remote_port, inode,
                            at,         found, false,       false};

    if (!each_tcp(AF_INET, local_port, state, remote_port, compare, &search))
        cr_assert_fail("the lab can't ask the kernel for its TCP sockets "
                       "(NETLINK_SOCK_DIAG, which ss needs too): %s",
                       strerror(errno));
    return search.any;
}

bool find_tcp(int local_port, int state, int remote_port,
              struct tcp_socket *found)
{
    return find(local_port, state, remote_port, 0, INADDR_NONE, found);
}

bool find_listener(struct sockaddr_in at, struct tcp_socket *found)
{
    return find(ntohs(at.sin_port), TCP_LISTEN, 0, 0, at.sin_addr.s_addr,
                found);
}

bool find_listening(struct program *p, struct sockaddr_in *at)
{
    struct held held[16];
    struct tcp_socket found;
    int count = sockets_held(p, held, 16);

    for (int i = 0; i < count; i++)
        if (find(0, TCP_LISTEN, 0, held[i].inode, INADDR_NONE, &found)) {
            *at = found.local;
            return true;
        }
    return false;
}

void expect_time_wait(struct sockaddr_in at)
{
    for (int i = 0; i < 5000; i++) {
        if (find_tcp(ntohs(at.sin_port), TCP_TIME_WAIT, 0, NULL))
            return;
        poll(NULL, 0, 1); // the last segment is on its way
    }
    cr_assert_fail("the lab itself: no TIME-WAIT at %s came about",
                   show_address(at));
}

void leave_time_wait(struct sockaddr_in at)
{
    int on = 1;
    int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listen_fd, (struct sockaddr *)&at, sizeof at) == -1 ||
        listen(listen_fd, 1) == -1)
        cr_assert_fail("the lab itself: listen at %s: %s", show_address(at),
                       strerror(errno));
    int client = try_connect(at);
    int server = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

    close(server); // first, so TIME_WAIT is at this end
    close(listen_fd);
    struct pollfd end = {client, POLLIN, 0};
    poll(&end, 1, 10000);
    close(client);
    expect_time_wait(at);
}

unsigned long long lo_bytes(void)
{
    return lo_bytes_in("/proc/net/dev");
}

// Not as the solution of step 8 reads it: students have this file, too.
unsigned long long lo_bytes_in(const char *path)
{
    unsigned long long bytes = 0;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return 0;
    while (bytes == 0 && getline(&line, &room, file) != -1)
        if (strncmp(line + strspn(line, " "), "lo:", 3) == 0)
            bytes = strtoull(strchr(line, ':') + 1, NULL, 10);
    free(line);
    fclose(file);
    return bytes;
}

void use_lo(size_t bytes)
{
    enum { SIZE = 8192 };
    static const char nothing[SIZE];
    struct sockaddr_in at = address("127.0.0.1", 0);
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    // To itself: what does not fit is dropped after lo has counted it.
    if (fd == -1 || bind(fd, (struct sockaddr *)&at, size) == -1 ||
        getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        cr_assert_fail("the lab itself: a datagram socket: %s",
                       strerror(errno));
    for (size_t sent = 0; sent < bytes; sent += SIZE)
        if (sendto(fd, nothing, SIZE, 0, (struct sockaddr *)&at, size) == -1)
            cr_assert_fail("the lab itself: sendto: %s", strerror(errno));
    close(fd);
}

bool can_bind(const char *ip)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = address(ip, 0);
    bool is_six = inet_pton(AF_INET6, ip, &six.sin6_addr) == 1;
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool can =
        fd != -1 &&
        bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
             is_six ? sizeof six : sizeof four) == 0;
    if (fd != -1)
        close(fd);
    return can;
}
