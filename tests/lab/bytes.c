// SPDX-License-Identifier: MIT
/**
 * @file bytes.c
 * @brief Facts of the course of a program: which calls there are and in which
 * order, what became of the bytes, and how it waits.
 */

#include "facts.h"

#include "address.h"
#include "kernel.h"
#include "state.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_socket_call(const struct facts *f, int id)
{
    return next_call(f, 0, id, -1) != NULL;
}

// ---------------------------------------------------------- calls and order

static void facts_of_presence(struct facts *f)
{
    const struct call *bound = last_call(f, CALL_bind, -1);
    const struct call *listening = last_call(f, CALL_listen, -1);
    bool server = f->step == 3 || f->step == 4 || f->server;

    struct open_socket open[1]; // the witness may have seen nothing of it
    if_so(f,
          !is_socket_call(f, CALL_socket) && so(f, SAID_SO) && so(f, GOES_ON) &&
              open_sockets(f->p, open, 1) == 0,
          NO_SOCKET);
    if_so(f,
          f->step == 2 && bound == NULL && is_socket_call(f, CALL_getsockname),
          NO_BIND);
    if_so(f, f->step == 2 && is_socket_call(f, CALL_connect), CONNECTS_HERE);
    if_so(f, f->step == 2 && listening != NULL, LISTENED);
    if_so(f,
          (f->step == 5 || f->step == 7 || f->client) &&
              !is_socket_call(f, CALL_connect) && bound != NULL &&
              (f->now == NULL || f->now->id != CALL_connect),
          NO_CONNECT);
    struct open_socket has[16];
    int count = so(f, GOES_ON) ? open_sockets(f->p, has, 16) : 0;
    bool listens = so(f, GOES_ON) && hides_sockets(f->p);
    for (int i = 0; i < count; i++) { // in a way that the record has not
        struct tcp_socket unused = {0};
        listens |= find_listener_by_inode(has[i].inode, &unused);
    }
    if ((server || f->step == 8) && !listens && bound != NULL &&
        bound->result == 0 && listening == NULL &&
        (so(f, SAID_SO) ||
         (f->blamed != NULL && !so(f, FAULT) &&
          (accepts(f->blamed) || f->blamed->id == CALL_connect))))
        set(f, NO_LISTEN, text("%d", bound->fd));
    if (server && listening != NULL && listening->result == 0) {
        const struct call *before = next_call(f, 0, CALL_bind, listening->fd);
        if (before == NULL)
            set(f, LISTEN_ALONE, text("%d", listening->fd));
        else if (place_of(f, before) > place_of(f, listening))
            set(f, LISTEN_FIRST, text("%d", listening->fd));
    }
    if (f->step == 1 && so(f, SAID_SO)) {
        int type = 0, domain = 0;
        for (int i = 0; i < f->count; i++) {
            bool asks = f->calls[i].id == CALL_getsockopt;
            type += asks && f->calls[i].arg[1] == SO_TYPE;
            domain += asks && f->calls[i].arg[1] == SO_DOMAIN;
        }
        // One may be known by another call; the same asked twice is a slip.
        if ((type == 0 && domain > 1) || (domain == 0 && type > 1))
            set(f, NO_TYPE_ASKED, type > 0 ? "SO_DOMAIN" : "SO_TYPE");
    }
    for (int i = 0, ports = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        if (call->id != CALL_bind)
            continue;
        if_so(f,
              ports == call->fd + 1 && i > 0 && f->step != 8 &&
                  last_call(f, CALL_bind, call->fd) == call &&
                  next_call(f, 0, CALL_bind, call->fd)->error == EADDRINUSE,
              TRIES_PORTS);
        ports = call->fd + 1;
    }
    if_so(f,
          so(f, REUSEPORT) && bound != NULL && bound->result == 0 &&
              so(f, GOES_ON) && strstr(f->failure->expected, "in use") != NULL,
          SHARES_PORT);
}

/// What made this descriptor, and that it is still open.
static void facts_of_closing(struct facts *f)
{
    int fd, left = left_open(f->p, &fd);
    const struct call *made = NULL;

    for (int i = 0; i < f->count; i++)
        if ((f->calls[i].id == CALL_socket || accepts(&f->calls[i])) &&
            f->calls[i].result == fd)
            made = &f->calls[i];
    if (left > 0 && so(f, ENDED)) {
        set(f, LEFT_OPEN,
            made == NULL
                ? text("descriptor %d", fd)
                : text("descriptor %d, which %s gave%s", fd, call_name(made),
                       next_call(f, 0, CALL_listen, fd) != NULL
                           ? " and which listens,"
                           : ","));
        if_so(f, next_call(f, 0, CALL_shutdown, fd) != NULL && made != NULL,
              SHUT_ONLY);
    }
    if (!so(f, GOES_ON) || !so(f, PROMPTED) || !so(f, NOT_PRESSED) ||
        hides_sockets(f->p))
        return;
    // While it holds: what has it closed? A copy may have kept it open.
    struct open_socket open[16];
    int count = open_sockets(f->p, open, 16), listening = 0;
    for (int i = 0; i < count; i++) {
        struct tcp_socket unused = {0};
        listening += find_listener_by_inode(open[i].inode, &unused);
    }
    bool has = f->step == 4 ? count > listening : count > 0;

    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        bool listener = next_call(f, 0, CALL_listen, call->fd) != NULL;
        if (call->result != 0 || (f->step == 4 && listener))
            continue;
        if ((call->id == CALL_close && !has) ||
            (call->id == CALL_shutdown && f->step != 2))
            set(f, CLOSED_EARLY, show_call(call));
    }
}

/// What is done to a connection that should be left alone (steps 4 and 5).
static void facts_of_connection(struct facts *f)
{
    int fd = -1;

    for (int i = 0; i <= f->count; i++) {
        const struct call *call = i < f->count ? &f->calls[i] : f->now;
        if (call == NULL)
            break;
        if (fd != -1 && call->fd == fd && receives(call) && f->step < 6)
            set(f, READS_PEER, show_call(call));
        if (fd != -1 && call->fd == fd && sends(call) && f->step < 6)
            set(f, SENDS_WORDS, show_call(call));
        if (fd != -1 && accepts(call) && call == f->now) {
            if_so(f, f->step == 4, ACCEPTS_AGAIN);
            if_so(f, f->server, SERVES_NEXT);
        }
        if (accepts(call) && call != f->now && call->result >= 0)
            fd = (int)call->result;
        if (call->id == CALL_connect && call != f->now && call->result == 0)
            fd = call->fd;
        if_so(f,
              call->id == CALL_getpeername && call->error == ENOTCONN &&
                  f->step == 4 && fd != -1 && call->fd == fd,
              PEER_GONE);
    }
    const struct call *shut = last_call(f, CALL_shutdown, -1);
    if (shut == NULL)
        return;
    for (int i = place_of(f, shut) + 1; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        if (call->fd != shut->fd)
            continue;
        if_so(f, shut->arg[0] != SHUT_WR && receives(call) && call->result == 0,
              SHUT_BOTH);
        if (shut->arg[0] != SHUT_RD && sends(call) && call->error == EPIPE)
            set(f, SHUT_THEN_SENT, show_call(shut));
    }
}

// -------------------------------------------------------------------- bytes

/// The message that the client of step 6 is told to send.
static const char *message_of(const struct facts *f)
{
    const char *message = argument(f, 0) != NULL && argument(f, 1) != NULL
                              ? argument(f, 2)
                              : NULL;
    return message != NULL ? message : "Hello friend";
}

static void facts_of_client_bytes(struct facts *f, long long in, long long out)
{
    const char *message = message_of(f);
    long long size = (long long)strlen(message);
    int receptions = 0, zeros = 0;
    const struct call *before = NULL;
    bool shut = is_socket_call(f, CALL_shutdown);

    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        if (!receives(call))
            continue;
        receptions++;
        zeros += call->result == 0 && call->arg[0] > 0;
        // A buffer for pieces is filled from its start again, rightly; but
        // room that has shrunk by what came was meant to begin behind it.
        if_so(f,
              before != NULL && before->result > 0 && call->buffer != 0 &&
                  call->buffer == before->buffer &&
                  call->arg[0] == before->arg[0] - before->result,
              SAME_PLACE);
        before = call;
    }
    if_so(f,
          receptions == 1 && in > 0 && in < size && zeros == 0 &&
              f->now == NULL,
          ONE_RECV);
    if (shut && out < size)
        set(f, STREAM_SHORT,
            text("it ended its stream after %lld bytes of a message of %lld",
                 out, size));
    if (so(f, IN_RECV) && out > 0 && out < size)
        set(f, WAITS_BETWEEN, text("%lld of %lld", out, size));
    if_so(f, so(f, IN_RECV) && in >= size && size > 0 && !shut, WAITS_FOR_END);
    if (zeros > 0 && in < size && !so(f, SAYS_AFTER) && !so(f, SHUT_BOTH) &&
        out >= size)
        set(f, EARLY_END,
            text("recv returned 0 after %lld of %lld bytes", in, size));
    long long told = in;
    const char *after =
        so(f, SAYS_AFTER) ? strstr(f->words[SAYS_AFTER], "after ") : NULL;
    if (after != NULL && sscanf(after, "after %lld of", &told) == 1 &&
        told != in && f->now == NULL)
        set(f, MISCOUNTED,
            text("recv gave %lld bytes in all, and the program counted %lld",
                 in, told));
    if_so(f,
          so(f, ENDED_0) && strchr(message, '%') != NULL && in >= size &&
              strstr(output_of(f->p), message) == NULL,
          AS_FORMAT);
    if (out < size)
        set(f, FIRST_BYTE, NULL);
}

/// How the pieces went back, in a server (or in step 8).
static void facts_of_echo(struct facts *f, long long in, long long out)
{
    const struct call *got = NULL, *sent = NULL;
    int pieces = 0, ones = 0, answered = 0, silent = 0;

    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        if (receives(call)) {
            silent += got != NULL && got->result > 0 && sent == NULL;
            got = call;
            sent = NULL;
        } else if (sends(call) && got == NULL && f->server) {
            for (int n = i; n < f->count; n++)
                if_so(f, receives(&f->calls[n]), GREETED);
        } else if (sends(call) && got != NULL && got->result > 0 &&
                   call->fd == got->fd && sent == NULL) {
            long long most = got->result;
            pieces += most > 1;
            ones += most > 1 && call->arg[0] == 1 && call->result == 1;
            answered++;
            if (call->arg[0] > most || call->arg[0] < most)
                set(f, call->arg[0] > most ? RECV_SENT_MORE : RECV_SENT_LESS,
                    text("recv gave %lld bytes, and send was offered %lld",
                         most, (long long)call->arg[0]));
            if_so(f,
                  call->buffer != 0 && got->buffer != 0 &&
                      (call->buffer < got->buffer ||
                       call->buffer >= got->buffer + (uint64_t)most),
                  OTHER_BUFFER);
            sent = call;
        } else if (sends(call)) {
            sent = call;
        }
    }
    if (got != NULL && got->result > 0 && sent == NULL && f->now != NULL)
        silent++;
    // A byte at a time is another way to send all: then the sums agree.
    bool all = out >= in;
    if (all)
        set(f, RECV_SENT_LESS, NULL);
    if_so(f, out == in, ALL_SENT);
    if (out > in && f->server)
        set(f, RECV_SENT_MORE,
            text("recv gave %lld bytes, and send took %lld", in, out));
    if_so(f, !all && pieces > 0 && ones == pieces && out <= answered,
          COMPARED_TRUTH);
    if (!f->server)
        return;
    if (so(f, IN_RECV) && in > out && out >= 0)
        set(f, UNANSWERED,
            text("it has got %lld bytes, has sent back %lld, "
                 "and waits in recv for more",
                 in, out));
    if_so(f, so(f, UNANSWERED) && answered > 0 && silent > 0, LATER_SILENT);
    if (f->now != NULL && f->now->id != CALL_read && f->now->id != CALL_readv &&
        receives(f->now) && (f->now->arg[1] & MSG_WAITALL) != 0)
        set(f, WAITALL, text("%lld", (long long)f->now->arg[0]));
    if (f->now == NULL && got != NULL && got->result > 0 && all &&
        f->blamed == NULL && so(f, ENDED_0))
        set(f, TOOK_FOR_ALL, text("%lld", (long long)got->result));
}

/// What a send has taken, and what was made of that.
static void facts_of_sends(struct facts *f)
{
    int count = f->whole ? f->count : RECORD_HEAD; // those in a row

    for (int i = 0; i < count; i++) {
        const struct call *call = &f->calls[i], *next = NULL;
        if (!sends(call) || call->result <= 0)
            continue;
        for (int n = i + 1; n < count && next == NULL; n++)
            if (f->calls[n].fd == call->fd)
                next = &f->calls[n];
        if (next == NULL && f->now != NULL && f->now->fd == call->fd)
            next = f->now;
        if (next == NULL && (so(f, GOES_ON) || !f->whole))
            continue; // the rest may still come
        bool partial = call->result < call->arg[0];
        bool more = next != NULL && sends(next);
        const char *taken =
            text("send took %lld of %lld bytes", (long long)call->result,
                 (long long)call->arg[0]);

        if (more && call->buffer != 0 && next->buffer == call->buffer &&
            next->arg[0] == call->arg[0])
            set(f, partial ? RESENT_PART : RESENT_ALL, taken);
        else if (more && partial && call->buffer != 0 &&
                 next->buffer == call->buffer)
            set(f, RESENT_PART, taken);
        else if (partial && next != NULL &&
                 (next->error == EBADF ||
                  next->buffer == call->buffer + (uint64_t)call->result))
            continue;
        else if (partial &&
                 (!more || next->arg[0] > call->arg[0] - call->result))
            set(f, LOST_REST, taken);
    }
}

/// Step 8: both ends in one program.
static void facts_of_trip(struct facts *f)
{
    bool connected = false, arrived = false;
    int sends_seen = 0;
    const struct call *last_sent = NULL;

    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        const struct sockaddr_in *at = (const void *)&call->address;
        if (call->id == CALL_bind) // a trip begins
            connected = arrived = false, sends_seen = 0;
        connected |= call->id == CALL_connect;
        sends_seen += sends(call) && call->result > 0;
        last_sent = sends(call) ? call : last_sent;
        arrived |= receives(call) && call->result > 0;
        if (call->id == CALL_connect && call->result == -1 &&
            at->sin_port == 0 && call->injected == 0)
            set(f, PORT_0_CALLED, show_call(call));
    }
    if_so(f, so(f, IN_ACCEPT) && !connected, SELF_ACCEPT);
    if (f->now != NULL && receives(f->now) && last_sent != NULL) {
        if (!arrived && f->now->fd == last_sent->fd)
            set(f, SELF_RECV, text("%d", f->now->fd));
        else if (arrived && sends_seen == 1)
            set(f, NO_ANSWER, text("%d", f->now->fd));
    }
    if_so(f, strstr(output_of(f->p), "lo carried 0 bytes") != NULL,
          COUNTER_ZERO);

    const char *saw = f->failure->saw, *want = f->failure->expected;
    bool is = strstr(want, ", loopback") != NULL;
    if_so(f,
          is && strstr(want, " is 127.") != NULL &&
              strstr(saw, "not loopback") != NULL,
          LOOPBACK_DENIED);
    if_so(f,
          is && strstr(want, " is ::1") != NULL &&
              strstr(saw, "not loopback") != NULL,
          LOOPBACK_SIX);
    if_so(f,
          strstr(want, ", not loopback") != NULL &&
              strstr(saw, ", loopback") != NULL,
          LOOPBACK_CLAIMED);
    if_so(f, so(f, SAID_SO), ONE_WORKS);

    const struct call *asked = next_call(f, 0, CALL_getaddrinfo, -1);
    const char *hosts = setup_of(f->p)->hosts;
    int addresses = hosts != NULL, binds = 0;
    if (asked == NULL)
        return;
    for (; hosts != NULL && *hosts != '\0'; hosts++)
        addresses += *hosts == ',';
    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        const struct sockaddr_in *at = (const void *)&call->address;
        const struct call *made = last_call(f, CALL_socket, -1);
        if (call->id != CALL_bind)
            continue;
        binds++;
        if_so(f, at->sin_port != 0, FIXED_PORT);
        if_so(f,
              at->sin_family == AF_INET6 && call->result == -1 &&
                  made != NULL && made->arg[0] == AF_INET,
              SIX_ON_FOUR);
    }
    if (so(f, FIXED_PORT))
        set(f, FIXED_PORT, show_call(last_call(f, CALL_bind, -1)));
    if (asked->arg[0] == AF_INET || asked->arg[0] == AF_INET6)
        set(f, ASKED_FAMILY, asked->arg[0] == AF_INET ? "AF_INET" : "AF_INET6");
    if_so(f,
          asked->result != 0 &&
              strstr(errors_of(f->p), gai_strerror((int)asked->result)) == NULL,
          RESOLVER_ERRNO);
    if_so(f, asked->result != 0 && !so(f, RESOLVER_ERRNO), RESOLVER_TOLD);
    if_so(f, asked->arg[1] == 0 && addresses > 0 && binds > addresses, TRIPLES);
    if (asked->result == 0 && so(f, ENDED) && binds > 0 && binds < addresses)
        set(f, ADDRESSES_LEFT, text("%d of %d", binds, addresses));
}

// ------------------------------------------------------------ how it waits

static void facts_of_patience(struct facts *f)
{
    const struct call *last = NULL, *begun = NULL;
    int again = 0, zeros = 0;

    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        if (call->error == EAGAIN || call->error == EINPROGRESS ||
            call->error == EALREADY || call->error == EINTR ||
            call->id == CALL_getsockopt ||
            (call->id == CALL_poll && call->result == 0)) {
            again++;
            last = call;
        }
        zeros += receives(call) && call->result == 0 && call->arg[0] > 0;
        if_so(f, call->id >= CALL_poll && call->id <= CALL_epoll_wait, WATCHES);
        if (call->id == CALL_connect && call->error == EINPROGRESS &&
            begun == NULL) {
            begun = call;
            set(f, BEGUN, "");
            if_so(f,
                  call->returned_ns - call->entered_ns > 50000000 ||
                      so(f, SEND_TIME),
                  BEGUN_LONG);
        } else if (call->id == CALL_connect && begun != NULL) {
            set(f, ERROR_ASKED, ""); // a second connect tells it too
        }
        if_so(f, call->id == CALL_getpeername && call->error == ENOTCONN,
              NOT_CONNECTED);
    }
    if_so(f, zeros > 0, END_SEEN);
    if_so(f, zeros > 3, ZEROS);
    if (again > 50 && so(f, SPINS))
        set(f, BUSY, text("%s, %d times and more", show_call(last), again));
    const struct call *end = NULL;
    for (int i = 0; i < f->count; i++)
        if (f->calls[i].id != CALL_close)
            end = &f->calls[i];
    if (end != NULL && end->error == EAGAIN && so(f, ENDED))
        set(f, AGAIN_ENDED, show_call(end));
}

void facts_of_bytes(struct facts *f)
{
    long long in = 0, out = 0;

    facts_of_patience(f);
    facts_of_presence(f);
    facts_of_closing(f);
    facts_of_connection(f);
    if (f->step == 8)
        facts_of_trip(f);
    if (f->step == 6 || f->step == 8)
        facts_of_sends(f);
    if (!f->whole || f->step < 6 || f->step == 7)
        return; // sums of a part would be wrong
    for (int i = 0; i < f->count; i++) {
        if (f->calls[i].result <= 0)
            continue;
        in += receives(&f->calls[i]) ? f->calls[i].result : 0;
        out += sends(&f->calls[i]) ? f->calls[i].result : 0;
    }
    if_so(f, strncmp(f->failure->saw, "byte 0 differs", 14) == 0, FIRST_BYTE);
    if (f->client)
        facts_of_client_bytes(f, in, out);
    else
        facts_of_echo(f, in, out);
}
