// SPDX-License-Identifier: MIT
/**
 * @file family.c
 * @brief A program and all that it has started, as /proc shows them.
 */

#include "family.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { FAMILY_MOST = 512, APART_MOST = 32 };

/// Processes, each once.
struct family {
    pid_t pids[FAMILY_MOST];
    int count;
};

static pid_t apart[APART_MOST];
static int apart_count;

void keep_apart(pid_t pid)
{
    apart[apart_count++ % APART_MOST] = pid;
}

static bool is_apart(pid_t pid)
{
    for (int i = 0; i < apart_count && i < APART_MOST; i++)
        if (apart[i] == pid)
            return true;
    return false;
}

/// The first line of a file of /proc. False: it has none, or has gone.
static bool first_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    bool any = file != NULL && fgets(line, (int)size, file) != NULL;

    if (file != NULL)
        fclose(file);
    return any;
}

/// Call visit() with each number that is a name in a folder of /proc.
static void each_number(const char *path, void (*visit)(int, void *),
                        void *context)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)*entry->d_name))
            visit(atoi(entry->d_name), context);
    if (folder != NULL)
        closedir(folder);
}

static void add_process(struct family *f, pid_t pid)
{
    for (int i = 0; i < f->count; i++)
        if (f->pids[i] == pid)
            return;
    if (f->count < FAMILY_MOST)
        f->pids[f->count++] = pid;
}

/// The children of a process, and who asks for them.
struct parent {
    pid_t pid;
    struct family *children;
    bool orphans; ///< not those that are the test's own
};

static void add_child(struct parent *p, pid_t child)
{
    if (!p->orphans || !is_apart(child))
        add_process(p->children, child);
}

static void add_children_of_task(int task, void *context)
{
    char path[64], list[4096];
    struct parent *p = context;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", p->pid, task);
    if (!first_line(path, list, sizeof list))
        return;
    for (char *at = list, *end; *at != '\0'; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        add_child(p, (pid_t)child);
    }
}

/// Where the kernel does not list children (CONFIG_PROC_CHILDREN): ask all.
static void add_if_child(int pid, void *context)
{
    char path[64], line[1024];
    struct parent *p = context;
    int its_parent;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (first_line(path, line, sizeof line) && strrchr(line, ')') != NULL &&
        sscanf(strrchr(line, ')'), ") %*c %d", &its_parent) == 1 &&
        its_parent == p->pid)
        add_child(p, pid);
}

static void add_children(pid_t pid, bool orphans, struct family *f)
{
    struct parent p = {pid, f, orphans};
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    if (access(path, R_OK) == -1) {
        each_number("/proc", add_if_child, &p);
        return;
    }
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    each_number(path, add_children_of_task, &p);
}

/// A program, what it has started, what that has started … Whose parent has
/// gone is a child of ours (PR_SET_CHILD_SUBREAPER).
static struct family family_of(pid_t root)
{
    struct family f = {{root}, 1};

    add_children(getpid(), true, &f);
    for (int i = 0; i < f.count; i++)
        add_children(f.pids[i], false, &f);
    return f;
}

/// What a family is found to do.
struct look {
    pid_t pid;
    bool all_asleep, all_stopped;
    unsigned long activity, ticks;
};

static void look_at_task(int task, void *context)
{
    struct look *look = context;
    char path[64], line[1024], state;
    unsigned long user, system, switches;

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", look->pid, task);
    if (!first_line(path, line, sizeof line) || strrchr(line, ')') == NULL ||
        sscanf(strrchr(line, ')'),
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state,
               &user, &system) != 3)
        return;
    look->all_asleep &= state == 'S' || state == 'Z' || state == 'X';
    look->all_stopped &= state == 'T' || state == 'Z' || state == 'X';

    snprintf(path, sizeof path, "/proc/%d/task/%d/status", look->pid, task);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &switches) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lu", &switches) == 1)
            look->activity += switches;
    if (file != NULL)
        fclose(file);
}

static struct look look_at(const struct family *f)
{
    struct look look = {0, true, true, 0, 0};
    char path[64], line[1024];
    unsigned long user, system;

    for (int i = 0; i < f->count; i++) {
        look.pid = f->pids[i];
        snprintf(path, sizeof path, "/proc/%d/task", look.pid);
        each_number(path, look_at_task, &look);
        // Of the whole process, with the threads that have ended.
        snprintf(path, sizeof path, "/proc/%d/stat", look.pid);
        if (first_line(path, line, sizeof line) && strrchr(line, ')') != NULL &&
            sscanf(strrchr(line, ')'),
                   ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &user, &system) == 2)
            look.ticks += user + system;
    }
    return look;
}

bool asleep(pid_t root, unsigned long *activity, long *cpu_ms)
{
    struct family f = family_of(root);
    struct look look = look_at(&f);

    *activity = look.activity + (look.ticks << 16);
    *cpu_ms = (long)(look.ticks * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
    return look.all_asleep;
}

// ------------------------------------------------------------------ sockets

/// What is found in the descriptors of a process.
struct find_sockets {
    const char *folder;
    struct open_socket *sockets;
    int count, most;
    bool hidden;
};

static void add_socket(int fd, void *context)
{
    struct find_sockets *find = context;
    char path[96], target[64] = "";
    struct open_socket *one = &find->sockets[find->count];

    snprintf(path, sizeof path, "%s/%d", find->folder, fd);
    if (find->count == find->most)
        return;
    if (readlink(path, target, sizeof target - 1) == -1) {
        find->hidden |= errno == EACCES;
        return;
    }
    find->hidden |= strcmp(target, "anon_inode:[io_uring]") == 0;
    if (sscanf(target, "socket:[%lu]", &one->inode) != 1)
        return;
    one->fd = fd;
    // The name of the protocol is an extended attribute: lsof's source.
    ssize_t size = getxattr(path, "system.sockprotoname", one->protocol,
                            sizeof one->protocol - 1);
    one->protocol[size > 0 ? size : 0] = '\0';
    find->count++;
}

/// One thread's descriptors are those of its process. The first thread may
/// have ended before the others, and has none then.
static void find_in_task(pid_t pid, int task, struct find_sockets *find)
{
    char path[64];
    struct stat about;

    // Who has a process's user, as far as files go, may look at what it has
    // open: root in a container may not (CAP_SYS_PTRACE).
    snprintf(path, sizeof path, "/proc/%d/task/%d", pid, task);
    uid_t before = (uid_t)setfsuid((uid_t)-1);
    bool other = stat(path, &about) == 0 && about.st_uid != before;
    if (other)
        setfsuid(about.st_uid);
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd", pid, task);
    DIR *folder = opendir(path);
    find->hidden |= folder == NULL && errno == EACCES;
    if (folder != NULL)
        closedir(folder);
    find->folder = path;
    each_number(path, add_socket, find);
    if (other)
        setfsuid(before);
}

struct tasks {
    pid_t pid;
    int task; ///< the first that has not ended; 0: none
};

static void first_alive(int task, void *context)
{
    struct tasks *tasks = context;
    char path[64], line[1024];

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", tasks->pid, task);
    if (tasks->task == 0 && first_line(path, line, sizeof line) &&
        strrchr(line, ')') != NULL &&
        strchr("ZX", strrchr(line, ')')[2]) == NULL)
        tasks->task = task;
}

int open_sockets_of(pid_t root, struct open_socket *sockets, int most,
                    bool *hidden)
{
    struct family f = family_of(root);
    struct find_sockets find = {NULL, sockets, 0, most, false};
    char path[64];

    for (int i = 0; i < f.count; i++) {
        struct tasks tasks = {f.pids[i], 0};
        snprintf(path, sizeof path, "/proc/%d/task", f.pids[i]);
        each_number(path, first_alive, &tasks);
        if (tasks.task != 0)
            find_in_task(f.pids[i], tasks.task, &find);
    }
    if (hidden != NULL)
        *hidden = find.hidden;
    return find.count;
}

// ------------------------------------------------------------ memory, signals

long resident_memory(pid_t root)
{
    struct family f = family_of(root);
    char path[64], line[1024];
    long pages, all = 0;

    for (int i = 0; i < f.count; i++) {
        snprintf(path, sizeof path, "/proc/%d/statm", f.pids[i]);
        if (first_line(path, line, sizeof line) &&
            sscanf(line, "%*d %ld", &pages) == 1)
            all += pages;
    }
    return all * (sysconf(_SC_PAGESIZE) / 1024);
}

void signal_family(pid_t root, int number)
{
    struct family f = family_of(root);

    for (int i = 0; i < f.count; i++)
        kill(f.pids[i], number);
}

void stop_family(pid_t root)
{
    enum { LOOKS = 5000 };

    for (int i = 0; i < LOOKS; i++) {
        struct family f = family_of(root);
        if (look_at(&f).all_stopped)
            return;
        for (int at = 0; at < f.count; at++)
            kill(f.pids[at], SIGSTOP);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
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
        struct family f = {{0}, 0};

        add_children(getpid(), false, &f);
        for (int i = 0; i < f.count; i++)
            kill(f.pids[i], SIGKILL);
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid == -1)
            return; // ECHILD: none is left
        struct timespec nap = {0, 1000000};
        nanosleep(&nap, NULL); // they are dying; SIGKILL can't be refused
    }
}
