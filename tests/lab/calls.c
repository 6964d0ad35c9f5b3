// SPDX-License-Identifier: MIT
/**
 * @file calls.c
 * @brief The calls that the witness recorded, as text.
 */

#include "calls.h"
#include "address.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define X(name, family) #name,
    WITNESSED_CALLS(X)
#undef X
};

/// The program can write into its record whenever it likes, and anything: what
/// is looked at is a copy.
static struct call *copies_of(const struct record *record)
{
    static struct copies {
        struct copies *next;
        const struct record *of;
        struct call calls[RECORD_HEAD + RECORD_TAIL];
    } * all;
    struct copies *it = all;

    while (it != NULL && it->of != record)
        it = it->next;
    if (it == NULL) {
        it = calloc(1, sizeof *it);
        if (it == NULL)
            abort();
        it->of = record;
        it->next = all;
        all = it;
    }
    return it->calls;
}

const struct call *call_at(const struct record *record, unsigned number)
{
    unsigned count = atomic_load(&record->count);
    bool kept = number < count &&
                (number < RECORD_HEAD || number + RECORD_TAIL >= count);
    const struct call *theirs = record_slot((struct record *)record, number);

    if (!kept || atomic_load(&theirs->state) == CALL_FREE)
        return NULL;
    struct call *ours = copies_of(record) + (theirs - record->calls);
    memcpy(ours, theirs, sizeof *ours);
    bool sane = ours->id >= 0 && ours->id < CALL_COUNT;
    return sane && ours->state != CALL_FREE ? ours : NULL;
}

unsigned after_call(unsigned number, unsigned count)
{
    unsigned next = number + 1;
    return next == RECORD_HEAD && count > RECORD_HEAD + RECORD_TAIL
               ? count - RECORD_TAIL
               : next;
}

static const char *domain_name(int64_t domain)
{
    return domain == AF_INET    ? "AF_INET"
           : domain == AF_INET6 ? "AF_INET6"
           : domain == AF_UNIX  ? "AF_UNIX"
                                : text("%d", (int)domain);
}

static const char *type_name(int64_t type)
{
    int64_t flags = SOCK_NONBLOCK | SOCK_CLOEXEC, base = type & ~flags;
    return text("%s%s%s",
                base == SOCK_STREAM  ? "SOCK_STREAM"
                : base == SOCK_DGRAM ? "SOCK_DGRAM"
                                     : text("%d", (int)base),
                type & SOCK_NONBLOCK ? "|SOCK_NONBLOCK" : "",
                type & SOCK_CLOEXEC ? "|SOCK_CLOEXEC" : "");
}

static const char *option_name(const struct call *call)
{
    int64_t level = call->arg[0], name = call->arg[1];

    if (level == SOL_SOCKET)
        return name == SO_REUSEADDR   ? "SOL_SOCKET, SO_REUSEADDR"
               : name == SO_REUSEPORT ? "SOL_SOCKET, SO_REUSEPORT"
               : name == SO_ERROR     ? "SOL_SOCKET, SO_ERROR"
               : name == SO_TYPE      ? "SOL_SOCKET, SO_TYPE"
               : name == SO_DOMAIN    ? "SOL_SOCKET, SO_DOMAIN"
               : name == SO_PROTOCOL  ? "SOL_SOCKET, SO_PROTOCOL"
               : name == SO_RCVTIMEO  ? "SOL_SOCKET, SO_RCVTIMEO"
               : name == SO_SNDTIMEO  ? "SOL_SOCKET, SO_SNDTIMEO"
               : name == SO_LINGER    ? "SOL_SOCKET, SO_LINGER"
                                      : text("SOL_SOCKET, %d", (int)name);
    return text("%d, %d", (int)level, (int)name);
}

const char *show_arguments(const struct call *call)
{
    switch (call->id) {
    case CALL_socket:
        return text("%s, %s, %d", domain_name(call->arg[0]),
                    type_name(call->arg[1]), (int)call->arg[2]);
    case CALL_bind:
    case CALL_connect:
        return text("%d, %s", call->fd, show_any_address(&call->address));
    case CALL_listen:
        return text("%d, %d", call->fd, (int)call->arg[0]);
    case CALL_setsockopt:
    case CALL_getsockopt:
        return text("%d, %s, %d", call->fd, option_name(call),
                    (int)call->arg[2]);
    case CALL_shutdown:
        return text("%d, %s", call->fd,
                    call->arg[0] == SHUT_WR   ? "SHUT_WR"
                    : call->arg[0] == SHUT_RD ? "SHUT_RD"
                                              : "SHUT_RDWR");
    case CALL_getaddrinfo:
        return "…";
    case CALL_poll:
        return call->arg[1] < 0
                   ? text("%d, for ever", call->fd)
                   : text("%d, %lld ms", call->fd, (long long)call->arg[1]);
    case CALL_recv:
    case CALL_recvfrom:
    case CALL_recvmsg:
    case CALL_read:
    case CALL_readv:
    case CALL_send:
    case CALL_sendto:
    case CALL_sendmsg:
    case CALL_write:
    case CALL_writev:
        return text("%d, %lld bytes", call->fd, (long long)call->arg[0]);
    default:
        return text("%d", call->fd);
    }
}

const char *call_name(const struct call *call)
{
    return names[call->id];
}

const char *show_call(const struct call *call)
{
    const char *begin = text("%s(%s)", names[call->id], show_arguments(call));

    if (atomic_load(&call->state) == CALL_ENTERED)
        return text("%s: has not returned", begin);
    if (call->injected != 0)
        return text("%s = -1 %s, made by the lab", begin,
                    strerrorname_np(call->injected));
    if (call->id == CALL_getaddrinfo && call->arg[2])
        return text("%s = %lld, answered by the lab", begin,
                    (long long)call->result);
    if (call->result == -1)
        return text("%s = -1 %s", begin,
                    call->error != 0 ? strerrorname_np(call->error) : "");
    bool tells = call->address.ss_family != AF_UNSPEC &&
                 call->id != CALL_bind && call->id != CALL_connect;
    return text("%s = %lld%s%s", begin, (long long)call->result,
                tells ? ", " : "",
                tells ? show_any_address(&call->address) : "");
}

void find_lines(const char *binary, const struct call *const *calls, int count,
                const char *lines[])
{
    char command[8192], answer[4096];
    const char *uid = getenv("LAB_UID"); // what reads a stranger's program
                                         // need not be root
    int used =
        snprintf(command, sizeof command, "%s addr2line -e '%s' 2>/dev/null",
                 uid == NULL ? ""
                             : text("setpriv --reuid=%s --regid=%s "
                                    "--clear-groups --",
                                    uid, uid),
                 binary);

    for (int i = 0; i < count; i++) {
        lines[i] = "";
        used += snprintf(command + used, sizeof command - (size_t)used,
                         " 0x%llx", (unsigned long long)calls[i]->pc - 1);
    }
    FILE *tool = popen(command, "r");
    for (int i = 0; tool != NULL && i < count; i++) {
        char *name, *more;
        if (fgets(answer, sizeof answer, tool) == NULL)
            break;
        answer[strcspn(answer, "\n")] = '\0';
        if ((more = strstr(answer, " (discriminator")) != NULL)
            *more = '\0'; // not at the first blank: a path may have some
        if ((name = strrchr(answer, '/')) != NULL && strstr(name, ":?") == NULL)
            lines[i] = text("%s", name + 1);
    }
    if (tool != NULL)
        pclose(tool);
}
