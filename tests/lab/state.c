// SPDX-License-Identifier: MIT
/**
 * @file state.c
 * @brief What a program is doing just now, as the kernel and the witness say.
 */

#include "state.h"
#include "kernel.h"
#include "launch.h"
#include "text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int enters_of(const struct program *p)
{
    return p->in == -1 ? -1 : p->enters;
}

long memory_of(const struct program *p)
{
    return resident_memory(p->pid);
}

unsigned long long own_lo_bytes(const struct program *p)
{
    return lo_bytes_in(text("/proc/%d/net/dev", p->network));
}

/// A counter of its own network; -1: the kernel has none of this name.
static long own_counter(const struct program *p, const char *file_name,
                        const char *wanted)
{
    char names[8192], values[8192], *name_at, *value_at;
    long found = -1;
    FILE *file = fopen(text("/proc/%d/net/%s", p->network, file_name), "re");

    // Two lines for each group: the names, and the values in the same order.
    while (file != NULL && found == -1 &&
           fgets(names, sizeof names, file) != NULL &&
           fgets(values, sizeof values, file) != NULL) {
        const char *name = strtok_r(names, " \n", &name_at);
        const char *value = strtok_r(values, " \n", &value_at);
        for (; name != NULL && value != NULL;
             name = strtok_r(NULL, " \n", &name_at),
             value = strtok_r(NULL, " \n", &value_at))
            if (strcmp(name, wanted) == 0)
                found = strtol(value, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return found;
}

long own_data_segments(const struct program *p)
{
    return own_counter(p, "netstat", "TCPOrigDataSent");
}

long own_resets(const struct program *p)
{
    return own_counter(p, "snmp", "OutRsts");
}

bool do_in_its_network(const struct program *p, bool (*work)(void))
{
    return do_in_network(p->network, work);
}

static bool at_gate_or_ended(struct program *p, void *unused)
{
    (void)unused;
    return p->ended || atomic_load(&p->record->gate) == GATE_REACHED;
}

bool is_at_gate(struct program *p)
{
    wait_until(p, at_gate_or_ended, NULL);
    return atomic_load(&p->record->gate) == GATE_REACHED;
}

void open_gate(struct program *p)
{
    atomic_store(&p->record->gate, GATE_OPEN);
}

unsigned long asleep_since(const struct program *p)
{
    unsigned long activity;
    long cpu;

    return asleep(p->pid, &activity, &cpu) ? activity + 1 : 0;
}

int left_open(const struct program *p, int *fd)
{
    int seen = atomic_load(&p->watched.left_open);

    *fd = p->watched.left_fd;
    if (seen == 0) { // by nobody from outside
        seen = atomic_load(&p->record->left_open);
        *fd = p->record->left_fd;
    }
    return seen - 1;
}

bool fault_happened(const struct program *p)
{
    const struct call *call;

    if (p->watched.listener != -1 && p->watched.count > 0)
        return atomic_load(&p->watched.happened) > 0;
    EACH_CALL (p, call)
        if (call->injected != 0)
            return true;
    return false;
}

bool fault_was_its_own(const struct program *p)
{
    const struct call *call;

    if (p->watched.listener != -1)
        return atomic_load(&p->watched.faulted) == p->pid;
    EACH_CALL (p, call)
        if (call->injected != 0)
            return call->pid == p->record->main_pid;
    return false;
}

bool makes_unseen_calls(const struct program *p)
{
    const struct call *call;

    if (p->watched.listener != -1)
        return atomic_load(&p->watched.ring);
    EACH_CALL (p, call)
        if (call->id == CALL_socket)
            return hides_sockets(p);
    return true;
}

long cpu_of(const struct program *p)
{
    unsigned long activity;
    long cpu;

    asleep(p->pid, &activity, &cpu);
    return cpu;
}

int open_sockets(const struct program *p, struct open_socket *sockets, int most)
{
    return open_sockets_of(p->pid, sockets, most, NULL);
}

bool hides_sockets(const struct program *p)
{
    struct open_socket sockets[64];
    bool hidden;

    open_sockets_of(p->pid, sockets, 64, &hidden);
    return hidden;
}

/// Where it listens, and what it says of that.
struct listening {
    struct sockaddr_in *at;
    const struct sockaddr_in *told;
};

static bool is_listening(struct program *p, void *context)
{
    struct listening *l = context;
    struct open_socket sockets[64];
    struct tcp_socket found = {0};
    bool hidden;
    int count = open_sockets_of(p->pid, sockets, 64, &hidden);

    for (int i = 0; i < count; i++)
        if (find_listener_by_inode(sockets[i].inode, &found)) {
            *l->at = found.local;
            return true;
        }
    if (!hidden || l->told == NULL || !find_listener(*l->told, &found))
        return false;
    *l->at = found.local; // where it says, and nobody can look closer
    return true;
}

bool find_listening(struct program *p, const struct sockaddr_in *told,
                    struct sockaddr_in *at)
{
    struct listening l = {at, told};

    return wait_until(p, is_listening, &l);
}

const struct call *first_call(struct program *p, int id)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->id == id)
            return call;
    return NULL;
}

/// From /proc/PID/syscall: the number of the call and its first argument. May
/// be denied (Yama); then the witness alone knows.
static const char *syscall_of(pid_t pid)
{
    char line[256] = "";
    long number;
    unsigned long first;
    FILE *file = fopen(text("/proc/%d/syscall", pid), "r");

    if (file != NULL) {
        if (fgets(line, sizeof line, file) == NULL)
            line[0] = '\0';
        fclose(file);
    }
    if (sscanf(line, "%ld %lx", &number, &first) != 2)
        return NULL;
    if (number == SYS_read)
        return text("read(%lu)%s", first,
                    first == 0 ? ": it waits for Enter" : "");
    if (number == SYS_write)
        return text("write(%lu)", first);
    if (number == SYS_clock_nanosleep)
        return "sleep";
#ifdef SYS_nanosleep // not on every machine
    if (number == SYS_nanosleep)
        return "sleep";
#endif
    return NULL;
}

const char *blocked_in(struct program *p)
{
    const struct call *each, *call = NULL;

    if (has_ended(p))
        return NULL;
    EACH_CALL (p, each)
        if (atomic_load(&each->state) == CALL_ENTERED)
            call = each;
    if (call != NULL) {
        const char *name = call->fd == -1
                               ? call_name(call)
                               : text("%s(%d)", call_name(call), call->fd);
        const char *why = call->id == CALL_accept || call->id == CALL_accept4
                              ? ": no one connected"
                          : call->id == CALL_connect ? ": no answer came"
                                                     : "";
        return text("%s%s", name, why);
    }
    return syscall_of(pid_of(p));
}

const char *how_it_ended(struct program *p)
{
    collect(p);
    if (p->ended && WIFSIGNALED(p->status))
        return text("it was killed by %s (%s)",
                    text("SIG%s", sigabbrev_np(WTERMSIG(p->status))),
                    strsignal(WTERMSIG(p->status)));
    if (p->ended)
        return text("it ended with status %d", WEXITSTATUS(p->status));
    if (p->spun)
        return text("it still ran and never slept: %ld ms of CPU time so far. "
                    "A program waits in the kernel, it does not ask again and "
                    "again",
                    cpu_of(p));
    const char *call = blocked_in(p);
    return call != NULL ? text("it still ran, blocked in %s", call)
                        : "it still ran";
}
