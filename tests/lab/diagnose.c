// SPDX-License-Identifier: MIT
/**
 * @file diagnose.c
 * @brief Knows the classic mistakes by the traces that they leave.
 *
 * Each function looks for one mistake and returns its description, or NULL.
 * They only explain: a verdict never comes from here. The first one that finds
 * something is believed, so the surest come first.
 */

#include "address.h"
#include "kernel.h"
#include "reason.h"
#include "state.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool receives(const struct call *call)
{
    return call->id >= CALL_recv && call->id <= CALL_readv;
}

static bool sends(const struct call *call)
{
    return call->id >= CALL_send && call->id <= CALL_writev;
}

static bool accepts(const struct call *call)
{
    return call->id == CALL_accept || call->id == CALL_accept4;
}

static const struct call *first(struct program *p, int id, int fd)
{
    const struct call *call;
    EACH_CALL (p, call)
        if (call->id == id && (fd == -1 || call->fd == fd))
            return call;
    return NULL;
}

static const char *todo(struct program *p)
{
    const char *open = strstr(errors_of(p), "TODO(");
    if (open == NULL || strstr(open, "is open") == NULL)
        return NULL;
    return text("this is not written yet: \"%.*s\". Write it in place of the "
                "comment and of the lines under it, up to return 1 or exit(1)",
                (int)strcspn(open, "\n"), open);
}

/// The place that a sanitizer names: its first frame in the student's file.
static const char *sanitizer(struct program *p)
{
    const char *errors = errors_of(p);
    const char *at = strstr(errors, "ERROR: AddressSanitizer: ");
    const char *ub = strstr(errors, "runtime error: ");

    if (at != NULL) {
        at += strlen("ERROR: AddressSanitizer: ");
        const char *kind = text("%.*s", (int)strcspn(at, " \n"), at);
        const char *file = text("%s.c:", stem_of(p));
        const char *where = strstr(at, file);
        return text("memory that is not yours (%s)%s%s: AddressSanitizer "
                    "stopped the program there",
                    kind, where != NULL ? ", at " : "",
                    where != NULL
                        ? text("%s%.*s", file,
                               (int)strspn(where + strlen(file), "0123456789"),
                               where + strlen(file))
                        : "");
    }
    if (ub != NULL) {
        ub += strlen("runtime error: ");
        const char *begin = ub;
        while (begin > errors && begin[-1] != '\n')
            begin--;
        return text("undefined behaviour: %.*s", (int)strcspn(begin, "\n"),
                    begin);
    }
    return NULL;
}

static const char *killed(struct program *p)
{
    const char *end = how_it_ended(p);

    if (strstr(end, "SIGPIPE") != NULL)
        return "sending to a peer that is gone raises SIGPIPE, which ends a "
               "program without a word: send with MSG_NOSIGNAL, or ignore the "
               "signal; then send returns -1 with EPIPE";
    if (strstr(end, "SIGALRM") != NULL)
        return "the alarm rang, and SIGALRM ends a program that has no handler "
               "for it: with sigaction, without SA_RESTART, connect returns "
               "EINTR";
    return NULL;
}

static int swapped(int port)
{
    return (port & 0xff) << 8 | port >> 8;
}

/// The address that the arguments ask for: HOST [PORT], or the defaults.
static struct sockaddr_in asked(struct program *p)
{
    if (strncmp(stem_of(p), "08", 2) == 0)
        return (struct sockaddr_in){.sin_family = AF_UNSPEC}; // for a name
    const char *const *args = setup_of(p)->args;
    const char *host = args != NULL && args[0] != NULL ? args[0] : "127.0.0.1";
    const char *port =
        args != NULL && args[0] != NULL && args[1] != NULL ? args[1] : "4444";
    return address(host, atoi(port));
}

static const char *byte_order(struct program *p)
{
    struct sockaddr_in want = asked(p);
    int port = ntohs(want.sin_port);
    const struct call *call;

    EACH_CALL (p, call) {
        const struct sockaddr_in *got = (const void *)&call->address;
        if ((call->id != CALL_bind && call->id != CALL_connect) ||
            got->sin_family != AF_INET || want.sin_family != AF_INET ||
            (call->id == CALL_bind && first(p, CALL_connect, call->fd) != NULL))
            continue;
        const char *name = call->id == CALL_bind ? "bind" : "connect";
        int used = ntohs(got->sin_port);
        if (port != 0 && used != port && used == swapped(port))
            return text("%d is 0x%04x and %d is 0x%04x: the two bytes of the "
                        "port are swapped. sin_port is in network byte order: "
                        "htons",
                        port, (unsigned)port, used, (unsigned)used);
        if (used == 0 && call->id == CALL_bind && port != 0)
            return text("bind was asked for port 0, not %d: sin_port was not "
                        "set, or with htonl, whose four bytes do not fit. A "
                        "port has two: htons",
                        port);
        if (used != port && call->id == CALL_bind && port != 0)
            return text("bind was asked for port %d, not for %d of the "
                        "arguments",
                        used, port);
        if (got->sin_addr.s_addr == want.sin_addr.s_addr)
            continue;
        if (got->sin_addr.s_addr == htonl(ntohl(want.sin_addr.s_addr)) ||
            ntohl(got->sin_addr.s_addr) == want.sin_addr.s_addr)
            return text("the four bytes of the address are reversed: %s. What "
                        "inet_pton gives is in network byte order already, "
                        "without htonl",
                        show_address(*got));
        if (got->sin_addr.s_addr == htonl(INADDR_ANY))
            return text("%s was asked for 0.0.0.0, every address of this host "
                        "(INADDR_ANY): sin_addr was not set from HOST",
                        name);
        return text("%s was asked for %s, not for HOST of the arguments: "
                    "sin_addr is to be set from it",
                    name, show_address(*got));
    }
    return NULL;
}

static const char *family(struct program *p)
{
    const struct call *call;
    EACH_CALL (p, call)
        // Before it has returned, its address may not be noted yet.
        if ((call->id == CALL_bind || call->id == CALL_connect) &&
            atomic_load(&call->state) == CALL_RETURNED &&
            call->address.ss_family != AF_INET &&
            call->address.ss_family != AF_INET6)
            return "sin_family was not set: it must be AF_INET, and the rest "
                   "of the struct zero";
    return NULL;
}

static const char *size_of_address(struct program *p)
{
    const struct call *call;
    EACH_CALL (p, call) {
        bool in = call->id == CALL_bind || call->id == CALL_connect;
        bool out = accepts(call) || call->id == CALL_getsockname ||
                   call->id == CALL_getpeername;
        if (in && call->result == -1 && call->error == EINVAL &&
            call->arg[0] < 16)
            return text("the length of the address was %lld: it is sizeof the "
                        "struct sockaddr_in, not of a pointer",
                        (long long)call->arg[0]);
        if (out && call->arg[0] != -1 && call->arg[0] < 16 && call->result >= 0)
            return text("the length was %lld before the call: set it to "
                        "sizeof the address each time. It says how much room "
                        "there is",
                        (long long)call->arg[0]);
    }
    return NULL;
}

static const char *order_of_calls(struct program *p)
{
    const struct call *call;
    unsigned long long bound = 0; // descriptors, as bits

    EACH_CALL (p, call) {
        if ((accepts(call) && call->error == EINVAL &&
             first(p, CALL_listen, call->fd) == NULL) ||
            (call->id == CALL_bind && call->result == 0 &&
             strstr(output_of(p), "listening on ") != NULL &&
             first(p, CALL_listen, -1) == NULL))
            return text("listen was never called, no listen between bind and "
                        "accept: descriptor %d does not listen",
                        call->fd);
        if (accepts(call) && call->error == ENOTSOCK)
            return text("accept was given descriptor %d, which is not a "
                        "socket: it wants the listening descriptor",
                        call->fd);
        if (call->id == CALL_bind)
            bound |= call->fd < 64 ? 1ull << call->fd : 0;
        if (call->id == CALL_listen && call->result == 0 && call->fd < 64 &&
            (bound & 1ull << call->fd) == 0)
            return text("listen %s bind on descriptor %d: the kernel "
                        "then chooses a port, on every address",
                        first(p, CALL_bind, call->fd) != NULL ? "before"
                                                              : "without",
                        call->fd);
    }
    return NULL;
}

/// What stands in SO_REUSEADDR's place, if something like it does.
static const char *almost_reuse(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call) {
        if (call->id != CALL_setsockopt)
            continue;
        if (call->arg[0] == SOL_SOCKET && call->arg[1] == SO_REUSEPORT)
            return "SO_REUSEPORT is for several sockets that share a port; "
                   "only SO_REUSEADDR passes over TIME-WAIT";
        if (call->arg[0] == SOL_SOCKET && call->arg[1] == SO_REUSEADDR &&
            call->arg[2] == 0)
            return "SO_REUSEADDR was set to 0, which is off: the value is an "
                   "int that is not 0";
        if (call->arg[0] != SOL_SOCKET && call->arg[1] == SO_REUSEADDR)
            return text("SO_REUSEADDR was set at level %lld: it is an option "
                        "of the level SOL_SOCKET, and %d is another one there",
                        (long long)call->arg[0], SO_REUSEADDR);
    }
    return NULL;
}

static const char *reuse(struct program *p)
{
    const struct call *call, *bound = NULL;
    bool before = false, after = false;

    EACH_CALL (p, call) {
        if (call->id == CALL_bind)
            bound = call;
        if (call->id == CALL_setsockopt && call->arg[0] == SOL_SOCKET &&
            call->arg[1] == SO_REUSEADDR && call->arg[2] != 0) {
            if (bound == NULL)
                before = true;
            else
                after = true;
        }
    }
    if (bound == NULL || bound->error != EADDRINUSE || before)
        return NULL;
    const struct sockaddr_in *at = (const void *)&bound->address;
    if (!find_tcp(ntohs(at->sin_port), TCP_TIME_WAIT, 0, NULL))
        return NULL; // somebody has it
    if (after)
        return "SO_REUSEADDR was set after bind, too late: it is bind that it "
               "changes";
    const char *almost = almost_reuse(p);
    return almost != NULL ? almost
                          : "SO_REUSEADDR was not set before bind (after it "
                            "is too late): a connection in TIME-WAIT keeps the "
                            "port";
}

static const char *wrong_descriptor(struct program *p)
{
    const struct call *call;
    EACH_CALL (p, call)
        if ((receives(call) || sends(call) || call->id == CALL_getpeername) &&
            call->error == ENOTCONN && first(p, CALL_listen, call->fd) != NULL)
            return text("the listening descriptor %d was used as the "
                        "connection: data goes over the one that accept "
                        "returned",
                        call->fd);
    return NULL;
}

/// The name alone: "bind"
static const char *name_of(const struct call *call)
{
    const char *all = show_call(call);
    return text("%.*s", (int)strcspn(all, "("), all);
}

/// What stands before this reason in its line on stderr, without the address
/// that step 8 puts first; NULL if no line gives the reason.
static const char *label_of(struct program *p, const char *reason)
{
    const char *errors = errors_of(p), *colon;
    const char *at = strstr(errors, reason), *begin = at;

    if (at == NULL)
        return NULL;
    while (begin > errors && begin[-1] != '\n')
        begin--;
    size_t size = (size_t)(at - begin);
    size -= size >= 2 && strncmp(at - 2, ": ", 2) == 0 ? 2 : 0;
    const char *label = text("%.*s", (int)size, begin);
    colon = strrchr(label, ' ');
    return colon != NULL && colon[-1] == ':' ? colon + 1 : label;
}

/// Whether a line on stderr is about this call, whatever reason it gives.
static bool has_label(struct program *p, const char *name)
{
    const char *line = text("%s: ", name), *errors = errors_of(p);

    return strncmp(errors, line, strlen(line)) == 0 ||
           strstr(errors, text("\n%s", line)) != NULL ||
           strstr(errors, text(": %s", line)) != NULL;
}

/// Whether the same call is made again after it has failed.
static bool tried_again(struct program *p, const struct call *failed)
{
    const struct call *call;
    bool seen = false;

    EACH_CALL (p, call) {
        if (seen && call->pc == failed->pc && call->fd == failed->fd)
            return true;
        seen |= call == failed;
    }
    return false;
}

/// Why nothing on stderr gives the reason of the call that failed.
static const char *untold(struct program *p, const struct call *failed,
                          const char *what)
{
    if (has_label(p, name_of(failed)))
        return text("%s, and its line gives another reason: a call between "
                    "(close, printf) changed errno. perror first, then clean "
                    "up; or keep errno in a variable",
                    what);
    if (strstr(output_of(p), strerror(failed->error)) != NULL)
        return text("%s, and the program says so on stdout: a message of an "
                    "error belongs on stderr, where perror writes it",
                    what);
    return text("%s, and the program did not say so: its return value was not "
                "looked at",
                what);
}

/// What the program made of a call that failed and that it had to report, if
/// it was not what PROGRAMS.md has it do: CALL: REASON, and status 1.
static const char *badly_told(struct program *p, const struct call *failed,
                              const char *what)
{
    const char *reason = strerror(failed->error), *name = name_of(failed);
    const char *label = label_of(p, reason);
    const char *status = strstr(how_it_ended(p), "ended with status ");
    bool goes_on = strncmp(stem_of(p), "08", 2) == 0; // with the next address
    int number = 1;

    if (!goes_on && tried_again(p, failed))
        return text("%s, and the program tried again. Only EINTR and "
                    "ECONNABORTED say nothing about us; after any other error: "
                    "perror, and exit status 1",
                    what);
    if (label == NULL)
        return untold(p, failed, what);
    // accept4 may call itself accept; a longer label may be right: step 7.
    if (*label == '\0' || (strncmp(name, label, strlen(label)) != 0 &&
                           strncmp(name, label, strlen(name)) != 0))
        return text("it was %s that failed, and its line says %s: "
                    "perror(\"%s\") says \"%s: %s\"",
                    name, *label == '\0' ? "only why" : label, name, name,
                    reason);
    if (goes_on)
        return NULL;
    if (!has_ended(p) || strstr(output_of(p), "press Enter") != NULL)
        return text("%s; the program said so, and went on as if nothing had "
                    "happened: end it there, with return 1",
                    what);
    if (status != NULL &&
        sscanf(status, "ended with status %d", &number) == 1 && number != 1)
        return text("%s failed, and the exit status was %d%s: only the exit "
                    "status tells a shell or a script that something failed. "
                    "It is 1 here",
                    name, number, number == 0 ? ", which means success" : "");
    return NULL;
}

static const char *fault(struct program *p)
{
    const struct call *call, *last = NULL;

    EACH_CALL (p, call)
        if (call->injected != 0)
            last = call;
    if (last == NULL)
        return NULL;
    const char *name = show_call(last);
    const char *short_name = text("%.*s()", (int)strcspn(name, "("), name);
    if (last->injected == EINTR)
        return text("the lab made %s return EINTR, as a signal would; the "
                    "program stopped. Nothing is wrong then: call it again",
                    short_name);
    if (last->injected == ECONNABORTED)
        return text("the lab made %s return ECONNABORTED: that client had "
                    "gone; the program stopped, but it can wait for the next",
                    short_name);
    const char *what = text("the lab made %s return %s", short_name,
                            strerrorname_np(last->injected));
    const char *problem = badly_told(p, last, what);
    return problem != NULL ? problem : what;
}

/// The first call that failed by itself, and not as one that is to be tried
/// again.
static const struct call *first_failed(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->result == -1 && call->injected == 0 && call->error != EINTR &&
            call->error != EAGAIN && call->error != EINPROGRESS &&
            call->error != EALREADY && call->error != EISCONN &&
            call->error != ENOTCONN && call->id != CALL_close &&
            call->id != CALL_shutdown && call->id != CALL_getaddrinfo)
            return call;
    return NULL;
}

static const char *failed_call(struct program *p)
{
    const struct call *failed = first_failed(p);

    return failed != NULL ? badly_told(p, failed, show_call(failed)) : NULL;
}

/// The call on this descriptor that came next, in the same process.
static const struct call *next_on(struct program *p, const struct call *after)
{
    const struct call *call;
    bool seen = false;
    EACH_CALL (p, call) {
        if (seen && call->fd == after->fd)
            return call;
        if (call == after)
            seen = true;
    }
    return NULL;
}

static const char *counts(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call) {
        const struct call *next = next_on(p, call);
        if (receives(call) && call->result > 0 && next != NULL && sends(next)) {
            if (next->arg[0] > call->result)
                return text("recv gave %lld bytes and send was offered %lld: "
                            "send as many as recv returned, not the whole "
                            "buffer",
                            (long long)call->result, (long long)next->arg[0]);
            if (next->arg[0] < call->result)
                return text("recv gave %lld bytes and send was offered %lld: "
                            "counted with strlen? What comes is bytes, zeros "
                            "among them, and no string: use what recv returned",
                            (long long)call->result, (long long)next->arg[0]);
        }
        if (sends(call) && call->result > 0 && call->result < call->arg[0] &&
            next != NULL && sends(next) && next->arg[2] != 0 &&
            next->arg[2] == call->arg[2])
            return text("send took %lld of %lld bytes, a partial send, and "
                        "then the same bytes were offered again: the place "
                        "moves on with the count, buffer + sent",
                        (long long)call->result, (long long)call->arg[0]);
        if (sends(call) && call->result >= 0 && call->result < call->arg[0] &&
            (next == NULL || !sends(next) ||
             next->arg[0] > call->arg[0] - call->result))
            return text("send took %lld of %lld bytes, a partial send, and the "
                        "rest was not sent: send says how many it has taken",
                        (long long)call->result, (long long)call->arg[0]);
    }
    return NULL;
}

static const char *end_of_stream(struct program *p)
{
    const struct call *call;
    int zeros = 0;

    EACH_CALL (p, call)
        if (receives(call) && call->result == 0 && call->arg[0] > 0)
            zeros++;
    if (zeros > 3)
        return "recv returned 0 again and again: 0 is the end of the stream, "
               "and there will never be more";
    return NULL;
}

static const char *busy(struct program *p)
{
    const struct call *call, *last = NULL;
    int again = 0;

    EACH_CALL (p, call)
        if (call->error == EAGAIN || call->error == EINPROGRESS ||
            call->error == EALREADY || call->error == EINTR ||
            call->id == CALL_getsockopt ||
            (call->id == CALL_poll && call->result == 0)) {
            again++;
            last = call;
        }
    if (again > 50 && strstr(how_it_ended(p), "CPU") != NULL)
        return text("%s, %d times and more: busy waiting. Let the kernel wake "
                    "you: a blocking call, or poll(2)",
                    show_call(last), again);
    return NULL;
}

/// `if ((fd = socket(…) == -1))`: fd is the result of the comparison.
static const char *precedence(struct program *p)
{
    const struct call *call, *made = NULL;

    EACH_CALL (p, call) {
        if (call->id == CALL_socket && call->result > 0)
            made = call;
        else if (made != NULL && call->fd == made->result)
            return NULL; // it has the descriptor
        else if (made != NULL && call->fd == 0 && call->error == ENOTSOCK)
            return text("socket gave %lld, and %s was called with 0: in fd = "
                        "socket(…) == -1 the comparison comes first, and fd "
                        "is its result. It takes parentheses: (fd = "
                        "socket(…)) == -1",
                        (long long)made->result, name_of(call));
    }
    return NULL;
}

/// A socket of another kind than the step has.
static const char *kind_of_socket(struct program *p)
{
    const char *const *args = setup_of(p)->args;
    const struct call *call = first(p, CALL_socket, -1);
    bool dgram = strncmp(stem_of(p), "01", 2) == 0 && args != NULL &&
                 strcmp(args[0], "dgram") == 0;
    int want = dgram ? SOCK_DGRAM : SOCK_STREAM;

    if (call == NULL || strncmp(stem_of(p), "08", 2) == 0)
        return NULL;
    int type = (int)call->arg[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (call->arg[0] == AF_INET6)
        return "the socket is of AF_INET6, IPv6: the domain of IPv4 is AF_INET";
    if (type != want)
        return text("the type of the socket is %s, not %s",
                    type == SOCK_DGRAM    ? "SOCK_DGRAM (UDP)"
                    : type == SOCK_STREAM ? "SOCK_STREAM (TCP)"
                                          : text("%d", type),
                    dgram ? "SOCK_DGRAM" : "SOCK_STREAM");
    return NULL;
}

static const char *no_socket(struct program *p)
{
    if (first(p, CALL_socket, -1) == NULL && *output_of(p) != '\0' &&
        strstr(output_of(p), "usage") == NULL)
        return "the program says so without having made a socket: it must be "
               "true, the lab asks the kernel";
    return NULL;
}

/// How the program waits for Enter.
static const char *waits_for_enter(struct program *p)
{
    bool held = strstr(output_of(p), "press Enter") != NULL;
    const char *in = has_ended(p) ? NULL : blocked_in(p);

    if (strstr(how_it_ended(p), "CPU") != NULL && enters_of(p) == -1)
        return "at the end of stdin getchar returns EOF (fgets NULL, read 0), "
               "and so for ever: a loop that looks only for '\\n' never ends";
    if (strstr(how_it_ended(p), "CPU") != NULL && held)
        return "busy waiting: it asks again and again whether Enter was "
               "pressed. getchar, fgets and read sleep until there is a line";
    if (in != NULL && enters_of(p) > 0 && strstr(in, "Enter") != NULL)
        return "Enter was pressed, and it waits for more: scanf passes over "
               "an empty line. getchar and fgets take it";
    if (in != NULL && enters_of(p) != 0 &&
        (strstr(in, "sleep") != NULL || strstr(in, "pause") != NULL))
        return text("it waits in %s, for a time and not for Enter: a program "
                    "that reads stdin is woken by a line, or by its end",
                    in);
    if (in != NULL && held && strncmp(in, "accept", 6) == 0)
        return "accept waits for a client, not for Enter; and it takes the "
               "client out of the queue";
    return NULL;
}

/// Step 4 has its connection, and may close the listener before Enter.
static bool may_close(struct program *p, int fd)
{
    return strncmp(stem_of(p), "04", 2) == 0 &&
           first(p, CALL_listen, fd) != NULL;
}

/// Sockets that are closed too early.
static const char *closed_early(struct program *p)
{
    const struct call *call;

    if (strstr(output_of(p), "press Enter") == NULL || enters_of(p) != 0)
        return NULL;
    EACH_CALL (p, call)
        if ((call->id == CALL_close || call->id == CALL_shutdown) &&
            call->result == 0 && !has_ended(p) && !may_close(p, call->fd))
            return text("%s came before Enter: the socket is to stay open for "
                        "as long as the program holds",
                        show_call(call));
    if (has_ended(p))
        return "it did not wait: after the prompt, read a line from stdin "
               "(getchar, fgets), and close only then";
    return NULL;
}

/// What the kernel said, and what the program made of it.
static const char *told_wrongly(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call) {
        const struct sockaddr_in *a = (const void *)&call->address;
        int port = ntohs(a->sin_port);
        if (call->id != CALL_getsockname || call->result != 0 ||
            a->sin_family != AF_INET)
            continue;
        if (strstr(output_of(p), text(" %s\n", show_address(*a))) != NULL)
            return NULL;
        if (strstr(output_of(p), text(":%d\n", port)) != NULL)
            return text("getsockname said %s, and that is not what was "
                        "printed. inet_ntop writes nothing and returns NULL "
                        "when there is too little room: INET_ADDRSTRLEN",
                        show_address(*a));
        if (strstr(output_of(p), text(":%d\n", swapped(port))) != NULL)
            return text("getsockname said port %d, and %d was printed: its two "
                        "bytes are swapped. What is in sin_port is in network "
                        "byte order: ntohs before it is printed",
                        port, swapped(port));
        if (strstr(output_of(p), text(":%d\n", (int16_t)port)) != NULL)
            return text("getsockname said port %d, and %d was printed: a port "
                        "is unsigned, and a short ends at 32767",
                        port, (int16_t)port);
    }
    return NULL;
}

/// Step 3: the backlog of the arguments, or 16.
static const char *backlog(struct program *p)
{
    const char *const *args = setup_of(p)->args;
    const struct call *call = first(p, CALL_listen, -1);
    int want = 16;

    if (call == NULL || strncmp(stem_of(p), "03", 2) != 0)
        return NULL;
    if (args != NULL && args[0] != NULL && args[1] != NULL && args[2] != NULL)
        want = atoi(args[2]);
    if (call->arg[0] != want)
        return text("listen was given %d as its backlog, not %d%s",
                    (int)call->arg[0], want,
                    call->arg[0] == SOMAXCONN ? " (it is SOMAXCONN)" : "");
    return NULL;
}

/// bind failed, and then bind again.
static const char *another_port(struct program *p)
{
    const struct call *call, *bound = NULL;

    EACH_CALL (p, call) {
        if (call->id != CALL_bind)
            continue;
        if (bound != NULL && bound->error == EADDRINUSE &&
            bound->fd == call->fd)
            return "bind said Address already in use, and the program tried "
                   "another port: whoever asked for this one must be told";
        bound = call;
    }
    return NULL;
}

/// SO_REUSEPORT lets two servers share a port, and none of them hears of it.
static const char *shared_port(struct program *p)
{
    const struct call *call, *bound = first(p, CALL_bind, -1);

    EACH_CALL (p, call)
        if (call->id == CALL_setsockopt && call->arg[0] == SOL_SOCKET &&
            call->arg[1] == SO_REUSEPORT && bound != NULL &&
            bound->result == 0 && strstr(how_it_ended(p), "still ran") != NULL)
            return "SO_REUSEPORT lets a second server have the same port "
                   "without a word: SO_REUSEADDR alone passes over TIME-WAIT";
    return NULL;
}

/// A step that leaves one of its calls out, or has one too many.
static const char *step(struct program *p)
{
    const struct call *call, *bound = NULL, *listening = NULL;
    int number = atoi(stem_of(p));

    if (number != 2 && number != 3)
        return NULL;
    EACH_CALL (p, call) {
        bound = call->id == CALL_bind ? call : bound;
        listening = call->id == CALL_listen ? call : listening;
    }
    if (bound == NULL && first(p, CALL_getsockname, -1) != NULL)
        return "bind was never called: the socket has no address";
    if (listening == NULL && number == 3 &&
        strstr(output_of(p), "listening") != NULL)
        return "listen was never called: the socket is only bound";
    if (listening != NULL && number == 2)
        return "listen was called: this step only binds";
    return NULL;
}

static const char *one_receive(struct program *p)
{
    const struct call *call;
    int receptions = 0;
    long long got = 0, sent = 0;

    if (strstr(stem_of(p), "client") == NULL)
        return NULL;
    EACH_CALL (p, call) {
        if (receives(call)) {
            receptions++;
            got += call->result > 0 ? call->result : 0;
        }
        if (sends(call) && call->result > 0)
            sent += call->result;
    }
    if (receptions == 1 && got > 0 && got < sent)
        return text("one recv gave %lld bytes, and it was taken for the whole "
                    "message of %lld: the stream has no messages, ask again "
                    "until all have come",
                    got, sent);
    return NULL;
}

/// The call that it is in, if that receives.
static const struct call *receiving(struct program *p)
{
    const struct call *call, *last = NULL;

    EACH_CALL (p, call)
        if (receives(call))
            last = call;
    return !has_ended(p) && last != NULL &&
                   atomic_load(&last->state) == CALL_ENTERED
               ? last
               : NULL;
}

/// Bytes that passed in both directions, as far as the witness has seen.
static void count_bytes(struct program *p, long long *in, long long *out)
{
    const struct call *call;

    *in = *out = 0;
    EACH_CALL (p, call) {
        if (receives(call) && call->result > 0)
            *in += call->result;
        if (sends(call) && call->result > 0)
            *out += call->result;
    }
}

/// The server has got bytes and waits for more, or has ended before the end.
static const char *piece_by_piece(struct program *p)
{
    const struct call *call, *last = NULL, *now = receiving(p);
    long long in, out;

    if (strstr(stem_of(p), "echo_server") == NULL)
        return NULL;
    count_bytes(p, &in, &out);
    bool flags = now != NULL && now->id != CALL_read && now->id != CALL_readv;
    if (flags && (now->arg[1] & MSG_WAITALL) != 0)
        return text("MSG_WAITALL lets recv wait until all of its %lld bytes "
                    "are there: answer what has come",
                    (long long)now->arg[0]);
    if (now != NULL && in > out)
        return text("it has got %lld bytes, has sent back %lld, and waits in "
                    "recv for more: answer each piece as it comes. (Written "
                    "through stdio, it stays in a buffer until fflush)",
                    in, out);
    EACH_CALL (p, call)
        if (receives(call))
            last = call;
    if (now == NULL && last != NULL && last->result > 0 && out >= in)
        return text("recv gave %lld bytes, and that was taken for everything: "
                    "the stream has no messages, go on until recv returns 0, "
                    "its end",
                    (long long)last->result);
    return NULL;
}

static const char *shut_too_early(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call) {
        const struct call *next = next_on(p, call);
        while (next != NULL && !sends(next))
            next = next_on(p, next);
        if (call->id == CALL_shutdown && call->arg[0] != SHUT_RD &&
            next != NULL && next->error == EPIPE)
            return text("shutdown(%d, %s) said that no more will be sent, and "
                        "then more was sent",
                        call->fd,
                        call->arg[0] == SHUT_WR ? "SHUT_WR" : "SHUT_RDWR");
        if (call->id == CALL_setsockopt && call->arg[0] == SOL_SOCKET &&
            call->arg[1] == SO_LINGER)
            return "SO_LINGER with 0 seconds lets close throw away what is not "
                   "sent yet and reset the connection. Against TIME-WAIT there "
                   "is SO_REUSEADDR";
    }
    return NULL;
}

/// What the echo client was told to send.
static const char *message_of(struct program *p)
{
    const char *const *args = setup_of(p)->args;

    if (strstr(stem_of(p), "echo_client") == NULL)
        return NULL;
    return args != NULL && args[0] != NULL && args[1] != NULL && args[2] != NULL
               ? args[2]
               : "Hello friend";
}

static const char *as_format(struct program *p)
{
    const char *message = message_of(p);
    long long in, out;

    if (message == NULL || strchr(message, '%') == NULL || !has_ended(p))
        return NULL;
    count_bytes(p, &in, &out);
    if (in < (long long)strlen(message) ||
        strstr(output_of(p), message) != NULL)
        return NULL;
    return "the % signs of the message have done something: bytes that came "
           "are an argument of printf, never its format";
}

static const char *echo_of_client(struct program *p)
{
    const char *message = message_of(p);
    const struct call *call, *now = receiving(p);
    long long in, out, size = message == NULL ? 0 : (long long)strlen(message);
    bool ended = false, shut = false;

    if (message == NULL)
        return NULL;
    count_bytes(p, &in, &out);
    EACH_CALL (p, call) {
        ended |= receives(call) && call->result == 0 && call->arg[0] > 0;
        shut |= call->id == CALL_shutdown;
    }
    if (shut && out < size)
        return text("it ended its stream after %lld bytes of a message of %lld",
                    out, size);
    if (now != NULL && out > 0 && out < size)
        return text("it waits for an echo before all of the message was sent "
                    "(%lld of %lld bytes): send everything first",
                    out, size);
    if (now != NULL && in >= size && !shut)
        return "it has all of the echo and waits for the end of the server's "
               "stream, and the server waits for the client's: half-close "
               "with shutdown(fd, SHUT_WR), or count the bytes";
    if (ended && in < size && strstr(errors_of(p), "of ") == NULL)
        return text("recv returned 0 after %lld of %lld bytes: that is the end "
                    "of the stream, and not of the echo",
                    in, size);
    return NULL;
}

/// How many addresses a name of the test's has; 0: it has none.
static int address_count(struct program *p)
{
    const char *hosts = setup_of(p)->hosts;
    int count = hosts != NULL;

    for (; hosts != NULL && *hosts != '\0'; hosts++)
        count += *hosts == ',';
    return count;
}

static const char *resolved(struct program *p)
{
    const struct call *asked = first(p, CALL_getaddrinfo, -1), *call;
    int binds = 0;

    if (asked == NULL)
        return NULL;
    if (asked->arg[0] == AF_INET || asked->arg[0] == AF_INET6)
        return text("getaddrinfo was asked for %s only: ai_family AF_UNSPEC "
                    "asks for both",
                    asked->arg[0] == AF_INET ? "AF_INET" : "AF_INET6");
    if (asked->result != 0)
        return strstr(errors_of(p), gai_strerror((int)asked->result)) == NULL
                   ? "getaddrinfo returns errors of its own, and errno is not "
                     "one of them: gai_strerror has the words, not perror"
                   : NULL;
    EACH_CALL (p, call) {
        if (call->id != CALL_bind)
            continue;
        binds++;
        const struct call *made = first(p, CALL_socket, -1);
        if (call->address.ss_family == AF_INET6 && call->result == -1 &&
            made != NULL && made->arg[0] == AF_INET)
            return "a socket of AF_INET can't have an address of IPv6: make "
                   "it with the ai_family of each address";
        if (((const struct sockaddr_in *)&call->address)->sin_port != 0)
            return "bind was asked for a port of its own, which another may "
                   "have: with port 0 the kernel gives one that is free";
    }
    if (asked->arg[1] == 0 && binds > address_count(p) && address_count(p) > 0)
        return "ai_socktype was not set: then each address comes three times, "
               "for TCP, UDP and raw sockets";
    if (has_ended(p) && binds > 0 && binds < address_count(p))
        return text("%d of %d addresses were tried: whether one works or not, "
                    "the next is at ai_next",
                    binds, address_count(p));
    return NULL;
}

static const char *unfinished_line(struct program *p)
{
    const char *prompt = strstr(output_of(p), "press Enter to close");
    const struct call *call;

    if (prompt != NULL && prompt != output_of(p) && prompt[-1] != '\n')
        return "the line before the prompt has no newline (\\n) at its end";
    EACH_CALL (p, call)
        if (accepts(call) && call->result >= 0 && !has_ended(p) &&
            strstr(output_of(p), "onnected by ") == NULL)
            return "accept has returned, and no line \"Connected by …\" has "
                   "come: stdio keeps a line that is not finished, by a "
                   "newline, in its buffer";
    return NULL;
}

/// A socket of the program's that calls its own listener at port 0.
static const char *called_port_0(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call) {
        const struct sockaddr_in *at = (const void *)&call->address;
        if (call->id == CALL_connect && call->result == -1 &&
            at->sin_port == 0 && asked(p).sin_port != 0)
            return text("%s: nobody listens at port 0, which means \"any free "
                        "one\" to bind. getsockname tells which it became",
                        show_call(call));
    }
    return NULL;
}

/// An end without a word, although nothing has failed.
static const char *silent_end(struct program *p)
{
    if (strcmp(how_it_ended(p), "it ended with status 1") != 0 ||
        *errors_of(p) != '\0' || first_failed(p) != NULL)
        return NULL;
    return "it ended with status 1 without a word, and no call had failed: is "
           "a return 1 or exit(1) of a gap still there?";
}

static const char *stuck(struct program *p)
{
    const char *call = has_ended(p) ? NULL : blocked_in(p);

    if (call == NULL || strstr(how_it_ended(p), "CPU") != NULL)
        return NULL;
    if (strncmp(call, "recv", 4) == 0 || strncmp(call, "read(", 5) == 0)
        return strstr(call, "Enter") != NULL
                   ? NULL
                   : text("it sleeps in %s for bytes that will not come: what "
                          "is it waiting for?",
                          call);
    return NULL;
}

static const char *never_asked(struct program *p)
{
    const struct call *call;
    struct sockaddr_in want = asked(p);

    EACH_CALL (p, call)
        if (call->id == CALL_bind && call->result == 0 && want.sin_port == 0 &&
            first(p, CALL_getsockname, -1) == NULL)
            return "the kernel chose the port, and nobody asked it which: "
                   "getsockname";
    return NULL;
}

/// The address in the program's line that begins so; port 0 if there is none.
static struct sockaddr_in told(struct program *p, const char *before)
{
    const char *line = strcasestr(output_of(p), before);
    char ip[16];
    int port;

    if (line == NULL ||
        sscanf(line + strlen(before), "%15[0-9.]:%d", ip, &port) != 2)
        return address("0.0.0.0", 0);
    return address(ip, port);
}

static bool same_address(struct sockaddr_in a, struct sockaddr_in b)
{
    return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

/// The last address that the kernel told by this call.
static struct sockaddr_in kernel_said(struct program *p, int id)
{
    const struct call *call;
    struct sockaddr_in said = address("0.0.0.0", 0);

    EACH_CALL (p, call)
        if (call->id == id && call->result == 0)
            said = *(const struct sockaddr_in *)&call->address;
    return said;
}

static const char *no_ntohs(struct sockaddr_in said, struct sockaddr_in told)
{
    int real = ntohs(said.sin_port), shown = ntohs(told.sin_port);

    if (real == 0 || real == shown || shown != swapped(real))
        return NULL;
    return text("the port is %d (0x%04x), and %d (0x%04x) was printed: the two "
                "bytes are swapped. sin_port is in network byte order: "
                "ntohs",
                real, (unsigned)real, shown, (unsigned)shown);
}

/// Who called, in the words of a server.
static const char *wrong_peer(struct program *p)
{
    struct sockaddr_in shown = told(p, "Connected by ");
    const struct call *call, *accepted = NULL;

    EACH_CALL (p, call)
        if (accepts(call) && call->result >= 0)
            accepted = call;
    if (accepted == NULL || strcasestr(output_of(p), "Connected by ") == NULL)
        return NULL;
    struct sockaddr_in peer = *(const struct sockaddr_in *)&accepted->address;
    struct sockaddr_in self = kernel_said(p, CALL_getsockname);

    if (no_ntohs(peer, shown) != NULL)
        return no_ntohs(peer, shown);
    if (same_address(shown, peer))
        return NULL;
    if (first(p, CALL_getsockname, (int)accepted->result) != NULL)
        return "getsockname of the connection tells this end of it. The other "
               "end is what accept fills in, or getpeername";
    if (same_address(shown, self) || shown.sin_port == asked(p).sin_port)
        return text("%s is its own address, where it listens: the peer's is "
                    "what accept fills in",
                    show_address(shown));
    if (shown.sin_port == peer.sin_port)
        return text("it said %s, and the kernel %s: what is printed is not the "
                    "address that accept filled in",
                    show_address(shown), show_address(peer));
    return NULL;
}

/// Both ends, in the words of a client.
static const char *wrong_ends(struct program *p)
{
    struct sockaddr_in to = told(p, "connected to ");
    struct sockaddr_in from = told(p, " from ");
    struct sockaddr_in peer = kernel_said(p, CALL_getpeername);
    struct sockaddr_in self = kernel_said(p, CALL_getsockname);

    if (strstr(output_of(p), "connected to ") == NULL)
        return NULL;
    if (no_ntohs(peer, to) != NULL)
        return no_ntohs(peer, to);
    if (no_ntohs(self, from) != NULL)
        return no_ntohs(self, from);
    if (first(p, CALL_getpeername, -1) == NULL)
        return "nobody asked the kernel who answered: getpeername. What the "
               "arguments say is only who was called";
    const struct call *begun = first(p, CALL_connect, -1);
    const struct call *own = first(p, CALL_getsockname, -1);
    if (own == NULL)
        return "nobody asked the kernel for this end of the connection: "
               "getsockname";
    if (begun != NULL && own->entered_ns < begun->entered_ns)
        return "getsockname was called before connect: it is connect that has "
               "the kernel choose this end's address and port";
    if (same_address(to, self) && same_address(from, peer))
        return "the two ends are exchanged: getpeername tells the other one "
               "(to), getsockname this one (from)";
    if (peer.sin_port != 0 && same_address(from, peer))
        return "after \"from\" stands the other end's address again: this "
               "end's is what getsockname tells";
    return NULL;
}

/// A client that is bound to a port of its choice.
static const char *own_port(struct program *p)
{
    const struct call *call, *bound;

    EACH_CALL (p, call)
        if (call->id == CALL_connect &&
            (bound = first(p, CALL_bind, call->fd)) != NULL &&
            ((const struct sockaddr_in *)&bound->address)->sin_port != 0)
            return text("%s: a client need not bind. With a port of its own "
                        "only one of it can call a server; connect has the "
                        "kernel choose a free one (an ephemeral port)",
                        show_call(bound));
    return NULL;
}

/// A wait that is given a longer time than the program was given.
static const char *too_long(struct program *p, const struct call *call)
{
    const char *const *args = setup_of(p)->args;
    int ms = 500;

    if (strncmp(stem_of(p), "07", 2) != 0 ||
        (call->id != CALL_poll && call->id != CALL_epoll_wait))
        return NULL;
    if (args != NULL && args[0] != NULL && args[1] != NULL && args[2] != NULL)
        ms = atoi(args[2]);
    if (call->arg[1] < 0)
        return text("%s was given no time (-1), and waits for ever: "
                    "TIMEOUT_MS is %d milliseconds",
                    show_call(call), ms);
    if (call->arg[1] > ms + ms / 10 + 100)
        return text("the wait was given %lld milliseconds: TIMEOUT_MS is %d",
                    (long long)call->arg[1], ms);
    return NULL;
}

/// A connect that sleeps, in a step that must not wait so long.
static const char *no_limit(struct program *p)
{
    const struct call *call;
    bool receive_only = false;

    if (strncmp(stem_of(p), "07", 2) != 0)
        return NULL;
    EACH_CALL (p, call) {
        if (call->id == CALL_setsockopt && call->arg[0] == SOL_SOCKET)
            receive_only = call->arg[1] == SO_RCVTIMEO;
        if (call->id == CALL_connect &&
            atomic_load(&call->state) == CALL_ENTERED)
            return receive_only
                       ? "SO_RCVTIMEO limits accept and recv: what limits "
                         "connect is SO_SNDTIMEO"
                       : "connect sleeps in the kernel, and nothing limits "
                         "that to TIMEOUT_MS: O_NONBLOCK, set before connect, "
                         "and poll after it; or SO_SNDTIMEO, or an alarm";
    }
    return NULL;
}

/// What is wrong with the message of a failed connection.
static const char *wrong_message(struct program *p)
{
    const char *line = strstr(errors_of(p), "connect to ");
    char ip[16];
    int port;

    if (line != NULL &&
        sscanf(line, "connect to %15[0-9.]:%d", ip, &port) == 2 &&
        no_ntohs(asked(p), address(ip, port)) != NULL)
        return no_ntohs(asked(p), address(ip, port));
    if (line != NULL && strcasestr(output_of(p), "firewall") != NULL &&
        strcasestr(errors_of(p), "firewall") == NULL)
        return "the advice stands on stdout: it belongs to the error, on "
               "stderr, which is not mixed up with results";
    return NULL;
}

/// A connect that said EINPROGRESS: what the program makes of that word.
static const char *in_progress(struct program *p, const struct call *begun,
                               bool asked_why)
{
    if (label_of(p, strerror(EINPROGRESS)) == NULL)
        return NULL;
    if (begun->returned_ns - begun->entered_ns > 50000000)
        return "EINPROGRESS after SO_SNDTIMEO means that the time is up";
    return asked_why
               ? "errno is still EINPROGRESS, from connect: why there is no "
                 "connection is in the value of SO_ERROR"
               : "EINPROGRESS is no failure: the answer is on its way. Wait "
                 "until the socket is writable, then ask for SO_ERROR";
}

/// How a connect that has begun was waited for.
static const char *begun_connect(struct program *p)
{
    const struct call *call, *begun = NULL;
    bool over = false, asked_why = false;

    EACH_CALL (p, call) {
        bool polls = call->id == CALL_poll || call->id == CALL_ppoll;

        if (call->id == CALL_connect) {
            asked_why |= begun != NULL; // a second connect tells it too
            if (call->error == EINPROGRESS)
                begun = call;
        }
        if (begun == NULL)
            continue;
        if (too_long(p, call) != NULL)
            return too_long(p, call);
        if (polls && (call->arg[2] & POLLOUT) == 0)
            return "poll was not asked for POLLOUT: a connection that stands "
                   "makes the socket writable, and readable only when bytes "
                   "come";
        asked_why |= call->id == CALL_getsockopt && call->arg[1] == SO_ERROR;
        over |= call->result == 0 && (polls || call->id == CALL_select ||
                                      call->id == CALL_epoll_wait);
        if (call->id == CALL_getpeername && call->error == ENOTCONN && over)
            return "the wait returned 0: the time is up and nothing has come. "
                   "That is no connection, and SO_ERROR is 0 still";
        if (call->id == CALL_getpeername && call->error == ENOTCONN &&
            !asked_why)
            return "writable means that it is decided, not that it is "
                   "connected: ask getsockopt for SO_ERROR";
    }
    return begun != NULL ? in_progress(p, begun, asked_why) : NULL;
}

/// What was done to the connection that should have been left alone.
static const char *meddles(const struct call *call)
{
    if (receives(call))
        return text("it reads the connection (%s), and so waits for its peer. "
                    "A hold waits for Enter, on stdin",
                    show_call(call));
    if (sends(call))
        return text("%s: this step sends nothing", show_call(call));
    if (call->id == CALL_setsockopt && call->arg[0] == SOL_SOCKET &&
        call->arg[1] == SO_LINGER)
        return "SO_LINGER with the time 0: close then throws away what is "
               "unsent and sends a reset in place of FIN";
    return NULL;
}

/// What became of the connection before Enter was pressed.
static const char *meddled_with(struct program *p)
{
    const struct call *call;
    int connection = -1;

    if (strncmp(stem_of(p), "04", 2) != 0 && strncmp(stem_of(p), "05", 2) != 0)
        return NULL;
    EACH_CALL (p, call) {
        if (accepts(call) && connection != -1 &&
            atomic_load(&call->state) == CALL_ENTERED)
            return "it calls accept again: this step takes one connection, and "
                   "after Enter it ends";
        if (accepts(call) && call->result >= 0)
            connection = (int)call->result;
        if (call->id == CALL_connect && call->result == 0)
            connection = call->fd;
        if (connection == -1 || call->fd != connection)
            continue;
        if (meddles(call) != NULL)
            return meddles(call);
    }
    return NULL;
}

/// A server that asks for the peer when it has gone.
static const char *gone(struct program *p)
{
    const struct call *call;

    EACH_CALL (p, call)
        if (call->id == CALL_getpeername && call->error == ENOTCONN &&
            first(p, CALL_accept, -1) != NULL)
            return "getpeername fails with ENOTCONN when that client has "
                   "reset in the meantime: accept itself can tell its address, "
                   "or this client is passed over";
    return NULL;
}

/// A detector, and the steps that it is about ("": every one). What is a mistake
/// in one step is what another one is for.
struct detector {
    const char *(*find)(struct program *);
    const char *steps;
};

static const struct detector detectors[] = {
    {todo, ""},
    {as_format, "06 08"},
    {sanitizer, ""},
    {killed, ""},
    {fault, ""},
    {resolved, "06 08"},
    {precedence, ""},
    {another_port, "01 02 03"},
    {byte_order, ""},
    {family, ""},
    {size_of_address, ""},
    {order_of_calls, ""},
    {wrong_descriptor, ""},
    {reuse, ""},
    {kind_of_socket, "01 02 03"},
    {shared_port, ""},
    {shut_too_early, "06 08"},
    {begun_connect, "07"},
    {failed_call, ""},
    {meddled_with, "04 05"},
    {waits_for_enter, "01 02 03 04 05"},
    {end_of_stream, ""},
    {busy, ""},
    {own_port, "04 05 07"},
    {gone, "04"},
    {no_limit, "07"},
    {wrong_message, "07"},
    {counts, ""},
    {one_receive, ""},
    {piece_by_piece, "06 08"},
    {echo_of_client, "06"},
    {never_asked, ""},
    {wrong_peer, "04"},
    {wrong_ends, "05 07"},
    {told_wrongly, "01 02 03"},
    {step, "02 03"},
    {backlog, "03"},
    {no_socket, "01 02 03"},
    {closed_early, "01 02 03 04 05"},
    {unfinished_line, ""},
    {called_port_0, "08"},
    {silent_end, ""},
    {stuck, ""},
};

static const char *diagnose(struct program *p)
{
    const char *number = text("%.2s", stem_of(p));

    for (size_t i = 0; i < sizeof detectors / sizeof *detectors; i++) {
        const char *steps = detectors[i].steps, *mistake = NULL;
        if (*steps == '\0' || strstr(steps, number) != NULL)
            mistake = detectors[i].find(p);
        if (mistake != NULL)
            return mistake;
    }
    return NULL;
}

struct reason find_reason(struct program *p, const struct failure *failure)
{
    const char *mistake = diagnose(p);

    (void)failure; // as yet every detector is asked, whatever it is about
    return (struct reason){mistake != NULL ? "likely" : NULL, mistake};
}
