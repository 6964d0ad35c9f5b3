// SPDX-License-Identifier: MIT
/**
 * @file facts.c
 * @brief What can be seen of a program: how it is, and the arguments of its
 * calls.
 */

#include "facts.h"

#include "address.h"
#include "kernel.h"
#include "state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

// -------------------------------------------------------------- the program

/// Let it come to rest, so that no call is seen half done: it ends, or sleeps
/// twice in a row with nothing in between. A fifth of a second at most.
static void settle(struct program *p)
{
    unsigned long since = 0;

    for (int i = 0; i < 40 && !has_ended(p); i++) {
        unsigned long now = asleep_since(p);
        if (now != 0 && now == since)
            break;
        since = now;
        struct pollfd end = {p->pidfd, POLLIN, 0};
        poll(&end, 1, 5);
    }
    // A sanitizer's report is long in coming, and the program ends after it.
    if (!has_ended(p) && strstr(errors_of(p), "Sanitizer") != NULL)
        wait_until(p, is_over, NULL);
    collect(p);
}

/// Copies: the record is a ring, and the program may run on.
static void take_calls(struct facts *f)
{
    static struct call now;
    const struct call *call;
    unsigned total = atomic_load(&record_of(f->p)->count);

    f->whole = total <= RECORD_HEAD + RECORD_TAIL;
    EACH_CALL (f->p, call) {
        int state = atomic_load(&call->state);
        if (state == CALL_RETURNED && f->count < RECORD_HEAD + RECORD_TAIL) {
            f->calls[f->count++] = *call;
        } else if (state == CALL_ENTERED && !has_ended(f->p)) {
            now = *call;
            f->now = &now;
        }
    }
}

/// The line of a stream in which these words stand, or NULL.
static const char *line_with(const char *stream, const char *words)
{
    const char *at = strstr(stream, words), *begin = at;

    if (at == NULL)
        return NULL;
    while (begin > stream && begin[-1] != '\n')
        begin--;
    return text("%.*s", (int)strcspn(begin, "\n"), begin);
}

/// Kind and place of what AddressSanitizer has stopped: its first frame in the
/// student's file.
static const char *sanitizer(struct program *p)
{
    const char *report = strstr(errors_of(p), "ERROR: AddressSanitizer: ");

    if (report == NULL)
        return NULL;
    report += strlen("ERROR: AddressSanitizer: ");
    const char *kind = text("%.*s", (int)strcspn(report, " \n"), report);
    const char *file = text("%s.c:", stem_of(p));
    const char *at = strstr(report, file);
    if (strcmp(kind, "SEGV") == 0)
        kind = "an address where nothing is";
    if (at == NULL)
        return kind;
    return text("%s, at %s%.*s", kind, file,
                (int)strspn(at + strlen(file), "0123456789"),
                at + strlen(file));
}

static void facts_of_program(struct facts *f)
{
    struct program *p = f->p;
    const char *err = errors_of(p), *out = output_of(p);
    bool over = has_ended(p), exited = over && WIFEXITED(p->status);
    int number = over && WIFSIGNALED(p->status) ? WTERMSIG(p->status) : 0;
    static const char *const success[] = {"",
                                          "fd ",
                                          "bound to ",
                                          "listening on ",
                                          "Connected by ",
                                          "connected to ",
                                          "Received \"",
                                          "connected to ",
                                          ", lo carried"};

    if_so(f, over, ENDED);
    if_so(f, !over, GOES_ON);
    if_so(f, exited && WEXITSTATUS(p->status) == 0, ENDED_0);
    if_so(f, exited && WEXITSTATUS(p->status) == 1, ENDED_1);
    if_so(f, p->spun, SPINS);
    if_so(f, number == SIGPIPE, SIGPIPE_DIED);
    if_so(f, number == SIGALRM, SIGALRM_DIED);
    if (number != 0)
        set(f, KILLED_BY, text("SIG%s", sigabbrev_np(number)));

    const char *line = line_with(err, "is open: ");
    if (line != NULL && strncmp(line, "TODO(", 5) == 0)
        set(f, TODO_REACHED, line);
    set(f, SANITIZER, sanitizer(p));
    if (so(f, SANITIZER))
        set(f, UNDEFINED, NULL);
    else
        set(f, UNDEFINED, line_with(err, "runtime error: "));
    if_so(f, *err == '\0', SAYS_NOTHING);
    set(f, SAYS_SUCCESS, line_with(err, ": Success"));
    set(f, SAYS_DIFFERS, line_with(err, "differs at byte"));
    if_so(f,
          so(f, SAYS_DIFFERS) &&
              strstr(f->failure->expected, "differ") == NULL &&
              strstr(f->failure->expected, "another byte") == NULL,
          FALSE_DIFFERENCE);
    if (so(f, FALSE_DIFFERENCE))
        set(f, FALSE_DIFFERENCE, f->words[SAYS_DIFFERS]);
    set(f, SAYS_AFTER, line_with(err, " bytes"));
    if (so(f, SAYS_AFTER) && strstr(f->words[SAYS_AFTER], "after ") == NULL)
        set(f, SAYS_AFTER, NULL);
    if_so(f, strstr(err, strerror(EINPROGRESS)) != NULL, SAYS_PROGRESS);
    if_so(f, strstr(err, strerror(ECONNREFUSED)) != NULL, SAYS_REFUSED);
    if_so(f,
          f->step == 7 && strcasestr(out, "firewall") != NULL &&
              strcasestr(err, "firewall") == NULL,
          ADVICE_ON_STDOUT);
    if_so(f, strstr(out, "press Enter") != NULL, PROMPTED);
    for (int i = 1; i < 9; i++) // a line of a step before is none of success
        if_so(f,
              (i == f->step || (i == 4 && f->step == 6)) &&
                  strstr(out, success[i]) != NULL,
              SAID_SO);
    if_so(f, so(f, SAID_SO) && f->step != 4 && f->step != 8 && !f->server,
          SUCCESS);
    const char *saw = f->failure->saw, *prompt = strstr(out, "press Enter");
    if_so(f, strncmp(saw, "it ended with status", 20) == 0, SAW_STATUS);
    if_so(f, strstr(saw, "reset") != NULL, SAW_RESET);
    if_so(f, strstr(saw, "still open") != NULL, SAW_OPEN);
    if_so(f, exited && WEXITSTATUS(p->status) == 255, STATUS_255);
    if_so(f, f->step == 7 && strstr(err, "connect to ") != NULL, SAYS_CONNECT);
    if_so(f, prompt != NULL && prompt != out && prompt[-1] != '\n',
          PROMPT_GLUED);
    for (int i = 0; i < f->count && f->server; i++)
        if_so(f,
              accepts(&f->calls[i]) && f->calls[i].result >= 0 &&
                  strstr(out, "onnected by ") == NULL,
              LINE_KEPT);

    if_so(f, enters_of(p) == 0, NOT_PRESSED);
    if_so(f, enters_of(p) > 0, PRESSED);
    if_so(f, enters_of(p) == -1, STDIN_ENDED);

    const char *in = over ? NULL : blocked_in(p);
    if_so(f, in != NULL && strstr(in, "Enter") != NULL, IN_READ_STDIN);
    if (in != NULL && f->now == NULL &&
        (strstr(in, "sleep") != NULL || strstr(in, "pause") != NULL))
        set(f, IN_SLEEP, in);
    if_so(f, f->now != NULL && accepts(f->now), IN_ACCEPT);
    if_so(f, f->now != NULL && f->now->id == CALL_connect, IN_CONNECT);
    if (f->now != NULL && receives(f->now))
        set(f, IN_RECV, text("%s(%d)", call_name(f->now), f->now->fd));
}

// ---------------------------------------------------- the call that failed

/// Not every -1 is a failure: what is to be tried again, what tells that a
/// connection is on its way, what a program may well do without.
static bool is_failure(const struct facts *f, const struct call *call)
{
    bool asks = call->id == CALL_connect || call->id == CALL_getpeername;
    bool option =
        (call->id == CALL_setsockopt || call->id == CALL_getsockopt) &&
        (call->error == ENOPROTOOPT || call->error == EOPNOTSUPP) &&
        f->step != 1;

    if (call->result != -1 || call->injected != 0 || call->error == EINTR ||
        call->error == EAGAIN || call->error == EINPROGRESS ||
        call->error == EALREADY || call->id == CALL_close ||
        call->id == CALL_shutdown || call->id == CALL_getaddrinfo || option)
        return false;
    // A second connect, or getpeername, may be how it learns what became of
    // the first; if nothing comes after, it was no question.
    if (asks && (call->error == EISCONN || call->error == ENOTCONN))
        for (int i = place_of(f, call) + 1; i < f->count; i++)
            if (f->calls[i].id != CALL_close)
                return false;
    return true;
}

static bool same_family(const struct call *a, const struct call *b)
{
    return a->id == b->id || (accepts(a) && accepts(b)) ||
           (receives(a) && receives(b)) || (sends(a) && sends(b));
}

/// Who is to be reported: the call that the lab has made fail, unless it was
/// one to be tried again and was; else the first that failed by itself.
static void facts_of_failed_call(struct facts *f)
{
    const struct call *fault = NULL;

    for (int i = 0; i < f->count; i++)
        if (f->calls[i].injected != 0)
            fault = &f->calls[i];
    if (fault != NULL) {
        bool again = f->now != NULL && same_family(f->now, fault);
        for (int i = place_of(f, fault) + 1; i < f->count; i++)
            again |= same_family(&f->calls[i], fault);
        const char *name = text("%s()", call_name(fault));
        if (fault->injected == EINTR)
            set(f, INTERRUPTED, name);
        else if (fault->injected == ECONNABORTED)
            set(f, ABORTED, name);
        else
            set(f, FAULT,
                text("the lab made %s return %s", name,
                     strerrorname_np(fault->injected)));
        if_so(f, !again, NOT_RETRIED);
        if (so(f, FAULT) || !again)
            f->blamed = fault;
    }
    for (int i = 0; f->blamed == NULL && i < f->count; i++)
        if (is_failure(f, &f->calls[i]))
            f->blamed = &f->calls[i];
    if (f->blamed == NULL)
        return;
    set(f, BLAMED, so(f, FAULT) ? f->words[FAULT] : show_call(f->blamed));
    set(f, BLAMED_NAME, call_name(f->blamed));
    set(f, BLAMED_ERROR,
        strerror(f->blamed->injected != 0 ? f->blamed->injected
                                          : f->blamed->error));
}

// ----------------------------------------------------- arguments of calls

static int swapped(int port)
{
    return (port & 0xff) << 8 | port >> 8;
}

static void facts_of_address(struct facts *f, const struct call *call)
{
    const struct sockaddr_in *got = (const void *)&call->address;
    int port = ntohs(f->asked.sin_port), used = ntohs(got->sin_port);
    const char *name = call_name(call);
    in_addr_t want = f->asked.sin_addr.s_addr, ip = got->sin_addr.s_addr;
    int family = call->address.ss_family;

    if (call->arg[0] < 16) {
        set(f, SHORT_LENGTH, text("%lld", (long long)call->arg[0]));
        return; // the rest of it can't be judged
    }
    if (family != AF_INET && family != AF_INET6) {
        set(f, FAMILY, text("%d", family));
        if_so(f, family == swapped(AF_INET), FAMILY_SWAPPED);
        if_so(f, family != 0 && family == (int)(want & 0xffff), FAMILY_IS_IP);
        if_so(f, family == 0 && used == 0 && ip == 0, ALL_ZERO);
        return;
    }
    if (family == AF_INET6 && call->arg[0] < 28)
        set(f, SHORT_LENGTH, text("%lld", (long long)call->arg[0]));
    if (family == AF_INET6 || f->asked.sin_family != AF_INET)
        return;
    if (port != 0 && used == 0 && want != 0 && ip == 0)
        set(f, ALL_ZERO, name);
    else if (port != 0 && used != port && used == swapped(port))
        set(f, PORT_SWAPPED,
            text("%d is 0x%04x, and %d is 0x%04x", port, (unsigned)port, used,
                 (unsigned)used));
    else if (port != 0 && used == 0)
        set(f, PORT_ZERO, text("%s was asked for port 0, not %d", name, port));
    else if (port != 0 && used != port)
        set(f, PORT_OTHER,
            text("%s was asked for port %d, not for %d of the arguments", name,
                 used, port));
    else if (ip != want && ip == htonl(ntohl(INADDR_ANY)))
        set(f, IP_ANY, name);
    else if (ip != want && (ntohl(ip) == want || ip == htonl(0x0100007f)))
        set(f, IP_REVERSED, show_address(*got));
    else if (ip != want)
        set(f, IP_OTHER, text("%s was asked for %s", name, show_address(*got)));
}

static void facts_of_descriptor(struct facts *f, const struct call *call)
{
    int fd = call->fd, i = place_of(f, call);
    const struct call *made = last_call(f, CALL_socket, -1);
    const struct call *listening = last_call(f, CALL_listen, -1);
    const struct call *closed = NULL;
    bool used = false;

    for (int n = 0; n < i; n++) {
        if (f->calls[n].id == CALL_close && f->calls[n].fd == fd)
            closed = &f->calls[n];
        else if ((f->calls[n].id == CALL_socket || accepts(&f->calls[n])) &&
                 f->calls[n].result == fd)
            closed = NULL;
        used |= made != NULL && f->calls[n].fd == made->result;
    }
    if_so(f, fd == -1, FD_NONE);
    if (closed != NULL)
        set(f, FD_CLOSED, show_call(closed));
    if_so(f, fd > 2 && fd == ntohs(f->asked.sin_port), FD_PORT);
    if_so(f,
          call->id == CALL_listen && made != NULL &&
              call->arg[0] == made->result && fd != made->result,
          FD_SECOND);
    if (fd == 0 && made != NULL && made->result > 0 && !used)
        set(f, FD_STDIN, text("%lld", (long long)made->result));
    if (made != NULL && made->result != fd && made->result >= 0)
        set(f, SOCKET_IS,
            text("%d", listening != NULL && accepts(call) ? listening->fd
                                                          : (int)made->result));
    if (next_call(f, 0, CALL_listen, fd) != NULL)
        set(f, ON_LISTENER, text("%d", fd));
    for (int n = 0; n < i; n++)
        if_so(f,
              f->calls[n].id == CALL_connect && f->calls[n].fd == fd &&
                  f->calls[n].result == 0,
              WAS_CONNECTED);
}

/// A length that says how much room there is for the answer.
static void facts_of_room(struct facts *f, const struct call *call)
{
    bool option = call->id == CALL_getsockopt;
    bool name = accepts(call) || call->id == CALL_getsockname ||
                call->id == CALL_getpeername;
    int64_t room = option ? call->length : call->arg[0];

    if (!option && !name)
        return;
    if (room >= 0 && room < (option ? 4 : 16) && call->result >= 0)
        set(f, NO_ROOM,
            text("%s: the length was %lld", call_name(call), (long long)room));
    if (call->result == -1 && call->error == EINVAL &&
        (room < 0 || room > INT32_MAX))
        set(f, ODD_LENGTH,
            text("%s: the length was %d", call_name(call), (int)room));
}

static void facts_of_kind(struct facts *f, const struct call *call)
{
    const char *word = argument(f, 0);
    bool dgram = f->step == 1 && word != NULL && strcmp(word, "dgram") == 0;
    int want = dgram ? SOCK_DGRAM : SOCK_STREAM;
    int type = (int)call->arg[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (f->step == 8)
        return;
    if (call->arg[0] == AF_INET6)
        if_so(f, f->step == 1, DOMAIN_INET6);
    else if (call->arg[0] == want && type == AF_INET && want != AF_INET)
        set(f, SOCKET_ORDER, show_call(call));
    else if (type != want)
        set(f, TYPE_OTHER,
            text("%s, not %s",
                 type == SOCK_DGRAM    ? "SOCK_DGRAM (UDP)"
                 : type == SOCK_STREAM ? "SOCK_STREAM (TCP)"
                                       : text("%d", type),
                 dgram ? "SOCK_DGRAM" : "SOCK_STREAM"));
}

static void facts_of_option(struct facts *f, const struct call *call)
{
    const struct call *bound = next_call(f, 0, CALL_bind, call->fd);
    bool early = bound == NULL || place_of(f, bound) > place_of(f, call);
    int name = (int)call->arg[1];
    bool done = call->result == 0;
    int wanted = f->step == 7 ? SO_ERROR : SO_REUSEADDR;

    if (call->arg[0] != SOL_SOCKET) {
        // A number that is another option's there: only in a call that asks
        // for what the step needs.
        bool meant =
            name == wanted && (call->id == CALL_getsockopt) == (f->step == 7);
        if (meant || (f->step == 1 && (name == SO_TYPE || name == SO_DOMAIN)))
            set(f, OPTION_LEVEL,
                text("%s at level %lld",
                     name == SO_ERROR       ? "SO_ERROR"
                     : name == SO_REUSEADDR ? "SO_REUSEADDR"
                     : name == SO_TYPE      ? "SO_TYPE"
                                            : "SO_DOMAIN",
                     (long long)call->arg[0]));
        return;
    }
    if (call->id == CALL_getsockopt) {
        if (name == SO_ERROR && done && call->length >= 4) {
            set(f, ERROR_ASKED, "");
            if (call->arg[2] != 0)
                set(f, ERROR_SAID, strerror((int)call->arg[2]));
        }
        return;
    }
    if (name == SO_REUSEADDR && done && call->arg[2] != 0)
        set(f, early ? REUSE_SET : REUSE_LATE, "");
    if_so(f, name == SO_REUSEADDR && done && call->arg[2] == 0, REUSE_OFF);
    if_so(f, name == SO_REUSEPORT && done && early, REUSEPORT);
    if (name == SO_KEEPALIVE || name == SO_BROADCAST || name == SO_DEBUG)
        set(f, OTHER_OPTION,
            name == SO_KEEPALIVE   ? "SO_KEEPALIVE"
            : name == SO_BROADCAST ? "SO_BROADCAST"
                                   : "SO_DEBUG");
    if_so(f, name == SO_LINGER && done && call->arg[2] == 0, LINGERS);
    const char *ms = argument(f, 2);
    int64_t want = (ms != NULL ? atoll(ms) : 500) * 1000;
    if (f->step == 7 && name == SO_SNDTIMEO && call->arg[2] != want)
        set(f, SEND_TIME,
            text("SO_SNDTIMEO was set to %lld.%06lld s, and TIMEOUT_MS is "
                 "%lld ms",
                 (long long)(call->arg[2] / 1000000),
                 (long long)(call->arg[2] % 1000000), (long long)want / 1000));
    if (name == SO_RCVTIMEO)
        set(f, RECV_TIME, "");
    if (name == SO_SNDTIMEO)
        set(f, RECV_TIME, NULL);
}

/// How a connect that has begun is waited for, step 7.
static void facts_of_wait(struct facts *f, const struct call *call, int waits)
{
    bool polls = call->id == CALL_poll || call->id == CALL_ppoll;
    const struct call *connecting = next_call(f, 0, CALL_connect, -1);
    const char *text_ms = argument(f, 2);
    long long ms = text_ms != NULL ? atoll(text_ms) : 500, time = call->arg[1];

    if_so(f, call->result == 0, TIMED_OUT);
    if (connecting == NULL || connecting->error != EINPROGRESS)
        return;
    if (polls && call->fd != connecting->fd && call->arg[0] == 1)
        set(f, POLL_ELSEWHERE,
            text("poll watches descriptor %d, and the socket is %d", call->fd,
                 connecting->fd));
    if_so(f, polls && (call->arg[2] & POLLOUT) == 0, POLL_NO_OUT);
    if_so(f, time < 0, POLL_FOR_EVER);
    const char *given = text("the wait was given %lld milliseconds, and "
                             "TIMEOUT_MS is %lld",
                             time, ms);
    if (time > ms + ms / 10 + 100)
        set(f, POLL_LONG, given);
    // It has waited once, in vain, and that was all.
    if (waits == 1 && time >= 0 && time < ms - ms / 10 && call->result == 0 &&
        call != f->now && so(f, ENDED))
        set(f, POLL_SHORT, given);
}

static void facts_of_arguments(struct facts *f)
{
    int waits = 0;
    const struct call *call, *bound = NULL;

    for (int i = 0; i < f->count; i++)
        waits +=
            f->calls[i].id >= CALL_poll && f->calls[i].id <= CALL_epoll_wait;
    if (f->now != NULL && f->now->id >= CALL_poll &&
        f->now->id <= CALL_epoll_wait && f->step == 7)
        facts_of_wait(f, f->now, waits + 1);
    for (int i = 0; i < f->count; i++) {
        call = &f->calls[i];
        facts_of_room(f, call);
        bool again = bound != NULL && bound->fd == call->fd;
        bound = call->id == CALL_bind ? call : bound;
        bool calls = next_call(f, 0, CALL_connect, call->fd) != NULL;
        if (call->id == CALL_connect ||
            (call->id == CALL_bind && !calls && !again))
            facts_of_address(f, call);
        if (call->id == CALL_bind && calls &&
            ((const struct sockaddr_in *)&call->address)->sin_port != 0)
            set(f, FIXED_PORT, show_call(call));
        if (call->id == CALL_socket && call->result >= 0)
            facts_of_kind(f, call);
        if (call->id == CALL_listen && f->step == 3 &&
            call == last_call(f, CALL_listen, -1)) {
            const char *text_backlog = argument(f, 2);
            int want = text_backlog != NULL ? atoi(text_backlog) : 16;
            if (call->arg[0] != want)
                set(f, BACKLOG_OTHER,
                    text("listen was given %d as its backlog, not %d%s",
                         (int)call->arg[0], want,
                         call->arg[0] == SOMAXCONN ? " (it is SOMAXCONN)"
                                                   : ""));
        }
        if (call->id == CALL_setsockopt || call->id == CALL_getsockopt)
            facts_of_option(f, call);
        if (call->id >= CALL_poll && call->id <= CALL_epoll_wait &&
            f->step == 7)
            facts_of_wait(f, call, waits);
    }
    if (f->blamed != NULL)
        facts_of_descriptor(f, f->blamed);
    enum about about = f->failure->about;
    if_so(f,
          about == ABOUT_ADDRESS || about == ABOUT_OPEN ||
              (f->blamed != NULL && !so(f, FAULT) &&
               (f->blamed->id == CALL_bind || f->blamed->id == CALL_connect)),
          ADDRESS_COUNTS);
    const struct sockaddr_in *at =
        bound != NULL ? (const void *)&bound->address : NULL;
    if (bound != NULL && bound->error == EADDRINUSE && bound->injected == 0)
        if_so(f,
              find_tcp(ntohs(at->sin_port), TCP_TIME_WAIT, 0, NULL) &&
                  !find_tcp(ntohs(at->sin_port), TCP_LISTEN, 0, NULL),
              TIME_WAITS);
}

/// HOST and PORT of the arguments, or the defaults.
static struct sockaddr_in asked(const struct facts *f)
{
    const char *host = argument(f, 0);
    const char *port = host != NULL ? argument(f, 1) : NULL;

    if (f->step == 1 || f->step == 8)
        return (struct sockaddr_in){.sin_family = AF_UNSPEC};
    return address(host != NULL ? host : "127.0.0.1",
                   port != NULL ? atoi(port) : 4444);
}

void find_facts(struct facts *f, struct program *p,
                const struct failure *failure)
{
    memset(f, 0, sizeof *f);
    f->p = p;
    f->failure = failure;
    f->step = atoi(stem_of(p));
    f->client = strstr(stem_of(p), "client") != NULL;
    f->server = strstr(stem_of(p), "server") != NULL;
    f->asked = asked(f);
    settle(p);
    take_calls(f);
    facts_of_program(f);
    if (makes_unseen_calls(p))
        return; // what is missing in the record may have been all the same
    facts_of_failed_call(f);
    facts_of_arguments(f);
    facts_of_errors(f);
    facts_of_addresses(f);
    facts_of_bytes(f);
}
