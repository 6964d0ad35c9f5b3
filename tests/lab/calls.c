// SPDX-License-Identifier: MIT
/**
 * @file calls.c
 * @brief The calls that the witness recorded, as text.
 */

#include "calls.h"
#include "address.h"
#include "text.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
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

/// A number that has a name, at a level of options.
struct constant {
    int level, number;
    const char *name;
};

static const struct constant options[] = {
    {SOL_SOCKET, SO_DEBUG, "SO_DEBUG"},
    {SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"},
    {SOL_SOCKET, SO_TYPE, "SO_TYPE"},
    {SOL_SOCKET, SO_ERROR, "SO_ERROR"},
    {SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST"},
    {SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF"},
    {SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF"},
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
    {SOL_SOCKET, SO_LINGER, "SO_LINGER"},
    {SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"},
    {SOL_SOCKET, SO_RCVTIMEO, "SO_RCVTIMEO"},
    {SOL_SOCKET, SO_SNDTIMEO, "SO_SNDTIMEO"},
    {SOL_SOCKET, SO_ACCEPTCONN, "SO_ACCEPTCONN"},
    {SOL_SOCKET, SO_PROTOCOL, "SO_PROTOCOL"},
    {SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN"},
    {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"},
    {IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG"},
    {IPPROTO_TCP, TCP_CORK, "TCP_CORK"},
    {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
    {IPPROTO_TCP, TCP_INFO, "TCP_INFO"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
    {IPPROTO_IP, IP_TOS, "IP_TOS"},
    {IPPROTO_IP, IP_TTL, "IP_TTL"},
    {IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"},
};

static const char *option_name(const struct call *call)
{
    int level = (int)call->arg[0], name = (int)call->arg[1];
    const char *where = level == SOL_SOCKET     ? "SOL_SOCKET"
                        : level == IPPROTO_TCP  ? "IPPROTO_TCP"
                        : level == IPPROTO_IP   ? "IPPROTO_IP"
                        : level == IPPROTO_IPV6 ? "IPPROTO_IPV6"
                                                : text("%d", level);

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].level == level && options[i].number == name)
            return text("%s, %s", where, options[i].name);
    return text("%s, %d", where, name);
}

/// What an option was set to, or what the kernel said that it is.
static const char *option_value(const struct call *call)
{
    long long value = (long long)call->arg[2];
    bool number = call->arg[0] == SOL_SOCKET;

    if (call->length == -1 || (call->id == CALL_getsockopt &&
                               (call->result != 0 || call->length < 4)))
        return "…"; // nobody knows
    if (number && (call->arg[1] == SO_RCVTIMEO || call->arg[1] == SO_SNDTIMEO))
        return text("%lld.%06lld s", value / 1000000, value % 1000000);
    if (number && call->arg[1] == SO_LINGER)
        return value < 0 ? "off" : text("%lld s", value);
    if (number && call->id == CALL_getsockopt && call->arg[1] == SO_ERROR)
        return value == 0 ? "0" : strerrorname_np((int)value);
    if (number && call->id == CALL_getsockopt && call->arg[1] == SO_TYPE)
        return type_name(value);
    if (number && call->id == CALL_getsockopt && call->arg[1] == SO_DOMAIN)
        return domain_name(value);
    return text("%lld", value);
}

static const char *protocol_name(int64_t protocol)
{
    return protocol == IPPROTO_TCP   ? "IPPROTO_TCP"
           : protocol == IPPROTO_UDP ? "IPPROTO_UDP"
                                     : text("%d", (int)protocol);
}

/// The address that a call was given, as far as it can be read as one.
static const char *given_address(const struct call *call)
{
    int family = call->address.ss_family;

    if (call->arg[0] < 2 || (family == AF_UNSPEC && call->arg[0] < 16))
        return "…";
    return family == AF_INET || family == AF_INET6
               ? show_any_address(&call->address)
               : text("%s of family %d", show_any_address(&call->address),
                      family);
}

const char *show_arguments(const struct call *call)
{
    switch (call->id) {
    case CALL_socket:
        return text("%s, %s, %s", domain_name(call->arg[0]),
                    type_name(call->arg[1]), protocol_name(call->arg[2]));
    case CALL_bind:
    case CALL_connect:
        return text("%d, %s", call->fd, given_address(call));
    case CALL_listen:
        return text("%d, %d", call->fd, (int)call->arg[0]);
    case CALL_setsockopt:
    case CALL_getsockopt:
        return text("%d, %s, %s", call->fd, option_name(call),
                    option_value(call));
    case CALL_shutdown:
        return text("%d, %s", call->fd,
                    call->arg[0] == SHUT_WR   ? "SHUT_WR"
                    : call->arg[0] == SHUT_RD ? "SHUT_RD"
                                              : "SHUT_RDWR");
    case CALL_getaddrinfo:
        return "…";
    case CALL_poll:
    case CALL_ppoll:
    case CALL_select:
    case CALL_pselect:
    case CALL_epoll_wait:
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
