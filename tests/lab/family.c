// SPDX-License-Identifier: MIT
/**
 * @file family.c
 * @brief A program and all that it has forked, as /proc shows them.
 */

#include "family.h"
#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

bool asleep(pid_t group, unsigned long *activity, long *cpu_ms)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    bool all_asleep = true;
    unsigned long ticks = 0;

    *activity = 0;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        char path[300], line[1024];
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            continue;
        char *after =
            fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
        fclose(file);
        char state;
        int its_group;
        unsigned long user, system;
        if (after == NULL ||
            sscanf(after, ") %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &state, &its_group, &user, &system) != 4 ||
            its_group != group)
            continue;
        if (state != 'S' && state != 'Z')
            all_asleep = false;
        ticks += user + system;

        snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
        file = fopen(path, "r");
        unsigned long switches;
        while (file != NULL && fgets(line, sizeof line, file) != NULL)
            if (sscanf(line, "voluntary_ctxt_switches: %lu", &switches) == 1 ||
                sscanf(line, "nonvoluntary_ctxt_switches: %lu", &switches) == 1)
                *activity += switches;
        if (file != NULL)
            fclose(file);
    }
    if (proc != NULL)
        closedir(proc);
    *activity += ticks << 16;
    *cpu_ms = (long)(ticks * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
    return all_asleep;
}

/// Add the sockets of one process to those that are found already.
static int add_sockets_of(const char *pid, struct open_socket *sockets,
                          int count, int most)
{
    DIR *fds = opendir(text("/proc/%s/fd", pid));
    struct dirent *entry;

    while (fds != NULL && count < most && (entry = readdir(fds)) != NULL) {
        char target[64] = "";
        const char *path = text("/proc/%s/fd/%s", pid, entry->d_name);
        struct open_socket *one = &sockets[count];

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

int open_sockets_of(pid_t group, struct open_socket *sockets, int most)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && getpgid(pid) == group)
            count = add_sockets_of(entry->d_name, sockets, count, most);
    }
    if (proc != NULL)
        closedir(proc);
    return count;
}

/// Where Criterion can't fork it sends SIGKILL to -1: to everything that this
/// user has. It gets this kill() instead of libc's.
int kill(pid_t pid, int number)
{
    if (pid == -1) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_kill, pid, number);
}

void kill_children(void)
{
    char path[64] = "/proc/self/task/", digits[16], list[16384];
    size_t end = strlen(path), count = 0;
    pid_t pid = 0;

    for (pid_t left = getpid(); left > 0; left /= 10)
        digits[count++] = (char)('0' + left % 10);
    while (count > 0)
        path[end++] = digits[--count];
    memcpy(path + end, "/children", sizeof "/children");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd == -1 ? 0 : read(fd, list, sizeof list);
    for (ssize_t i = 0; i < size; i++) {
        if (list[i] >= '0' && list[i] <= '9') {
            pid = pid * 10 + (list[i] - '0');
        } else {
            if (pid > 0)
                kill(pid, SIGKILL);
            pid = 0;
        }
    }
    close(fd);
}

void reap_children(void)
{
    for (int round = 0; round < 100; round++) {
        pid_t pid;
        kill_children();
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid == -1)
            return; // ECHILD: none is left
        struct timespec nap = {0, 1000000};
        nanosleep(&nap, NULL); // they are dying; SIGKILL can't be refused
    }
}
