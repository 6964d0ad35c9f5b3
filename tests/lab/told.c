// SPDX-License-Identifier: MIT
/**
 * @file told.c
 * @brief Facts of what a program says: of a call that failed, and of addresses.
 */

#include "facts.h"

#include "address.h"
#include "state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

// ---------------------------------------------------- the call that failed

/// What stands before this reason in its line, without the address that steps
/// 7 and 8 put first; NULL if no line gives the reason.
static const char *label_of(const char *errors, const char *reason)
{
    const char *at = strstr(errors, reason), *begin = at, *colon;

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
static bool has_label(const char *errors, const char *name)
{
    const char *line = text("%s: ", name);

    return strncmp(errors, line, strlen(line)) == 0 ||
           strstr(errors, text("\n%s", line)) != NULL ||
           strstr(errors, text(": %s", line)) != NULL;
}

/// What the program did next as if nothing had happened, or NULL.
static const char *went_on(const struct facts *f)
{
    const struct call *failed = f->blamed;

    for (int i = place_of(f, failed) + 1; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        if (call->id != CALL_close && call->id != CALL_shutdown)
            return f->step == 8 ? NULL : show_call(call);
    }
    if (f->now != NULL)
        return show_call(f->now);
    if (so(f, PROMPTED))
        return "the line \"press Enter to close\"";
    return NULL;
}

void facts_of_errors(struct facts *f)
{
    const char *err = errors_of(f->p);
    int status = so(f, ENDED) && WIFEXITED(f->p->status)
                     ? WEXITSTATUS(f->p->status)
                     : -1;
    bool failed_first =
        f->blamed != NULL && (so(f, FAULT) || f->blamed->injected == 0);

    if (status > 1 && status != 99) // 99: a sanitizer's
        set(f, STATUS_OTHER, text("%d", status));
    if_so(f, so(f, ENDED_1) && *err == '\0' && f->blamed == NULL, SILENT_END);
    if (!failed_first)
        return;

    const struct call *failed = f->blamed;
    const char *reason = f->words[BLAMED_ERROR], *name = f->words[BLAMED_NAME];
    const char *label = label_of(err, reason), *next = went_on(f);

    if (status == 0 && f->step != 8)
        set(f, STATUS_OTHER, "0");
    if_so(f, label != NULL, TOLD);
    if_so(f, label == NULL && has_label(err, name), OTHER_REASON);
    if_so(f, strstr(output_of(f->p), reason) != NULL, ON_STDOUT);
    if_so(f,
          failed->id == CALL_getsockname || failed->id == CALL_getpeername ||
              failed->id == CALL_getsockopt ||
              (f->step == 7 && failed->id == CALL_connect),
          LABEL_FREE);
    // accept4 may call itself accept; a longer label begins with the name.
    if (label != NULL &&
        (*label == '\0' || (strncmp(name, label, strlen(label)) != 0 &&
                            strncmp(name, label, strlen(name)) != 0)))
        set(f, OTHER_LABEL, *label == '\0' ? "only why" : label);
    for (int i = place_of(f, failed) + 1; i < f->count; i++)
        if_so(f,
              f->step != 8 && f->calls[i].pc == failed->pc &&
                  f->calls[i].fd == failed->fd,
              TRIED_AGAIN);
    if_so(f,
          f->step != 8 && f->now != NULL && f->now->pc == failed->pc &&
              f->now->fd == failed->fd,
          TRIED_AGAIN);
    if (!so(f, TRIED_AGAIN))
        set(f, WENT_ON, next);
}

// ---------------------------------------------------------------- addresses

/// An address in the program's words, and in the kernel's.
struct told {
    const char *before; ///< what stands before it in the program's line
    const char *call;   ///< whose answer it should be
    struct sockaddr_in said, knows;
    bool is_said, is_made, is_known, cut;
    int number; ///< the port as it was printed
};

static int swapped(int port)
{
    return (port & 0xff) << 8 | port >> 8;
}

static bool same(struct sockaddr_in a, struct sockaddr_in b)
{
    return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

/// The whole line that begins so, and ends in an address, or has one and then
/// " from " (step 5).
static void read_told(const char *stream, struct told *t)
{
    char ip[16];

    for (const char *line = stream; line != NULL && *line != '\0';
         line = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : NULL) {
        const char *one = text("%.*s", (int)strcspn(line, "\n"), line);
        const char *at = strcasestr(one, t->before);
        if (at == NULL || (*t->before != ' ' && at != one))
            continue;
        at += strlen(t->before);
        const char *colon = strchr(at, ':');
        if (colon == NULL || sscanf(colon, ":%d", &t->number) != 1)
            continue;
        t->is_said = true;
        if (sscanf(at, "%15[0-9.]:", ip) == 1) {
            t->said = address(ip, t->number & 0xffff);
            t->cut = t->said.sin_family != AF_INET;
        } else {
            t->cut = true;
        }
        t->said.sin_port = htons((in_port_t)t->number);
        return;
    }
}

/// The last answer of this call, of descriptor fd unless -1.
static void read_known(const struct facts *f, int id, int fd, struct told *t)
{
    for (int i = 0; i < f->count; i++) {
        const struct call *call = &f->calls[i];
        bool same_call = call->id == id || (id == CALL_accept && accepts(call));
        t->is_made |= same_call;
        if (!same_call || call->result < 0 || (fd != -1 && call->fd != fd) ||
            call->address.ss_family != AF_INET)
            continue;
        t->knows = *(const struct sockaddr_in *)&call->address;
        t->is_known = true;
    }
}

/// What is wrong with this one, if anything is.
static void judge(struct facts *f, const struct told *t)
{
    int real = ntohs(t->knows.sin_port), shown = t->number;

    // Only what was expected of this line, of this address or of this call.
    const char *want = f->failure->expected;
    if (strcasestr(want, t->before) == NULL && strstr(want, t->call) == NULL &&
        strstr(want, show_address(t->said)) == NULL)
        return;
    if (!t->is_said ||
        (t->is_known && !t->cut && shown == real && same(t->said, t->knows)))
        return;
    if (!t->is_known) {
        if (!t->is_made)
            set(f, NOT_ASKED, t->call);
        return;
    }
    if (shown != real && shown == swapped(real))
        set(f, TOLD_SWAPPED,
            text("the port is %d (0x%04x), and %d (0x%04x) was printed", real,
                 (unsigned)real, shown, (unsigned)shown));
    else if (shown < 0 && shown == (int16_t)real)
        set(f, TOLD_SIGNED,
            text("the port is %d, and %d was printed", real, shown));
    else if (t->cut && shown == real)
        set(f, TOLD_CUT, text("%s said %s", t->call, show_address(t->knows)));
    else if (!t->cut)
        set(f, TOLD_ANOTHER,
            text("%s said %s, and %s was printed", t->call,
                 show_address(t->knows), show_address(t->said)));
}

static void facts_of_server(struct facts *f)
{
    const char *out = output_of(f->p);
    const struct call *accepted = NULL;
    struct told at = {.before = f->step == 2 ? "bound to " : "listening on ",
                      .call = "getsockname"};
    struct told by = {.before = "Connected by ", .call = "accept"};
    const struct call *bound = last_call(f, CALL_bind, -1);
    const struct call *own = last_call(f, CALL_getsockname, -1);

    if (bound != NULL && bound->result == 0) {
        read_told(out, &at);
        read_known(f, CALL_getsockname, -1, &at);
        if (own != NULL && own->fd != bound->fd)
            set(f, NAME_ELSEWHERE,
                text("bind was called on descriptor %d, and getsockname on %d",
                     bound->fd, own->fd));
        else
            judge(f, &at);
    }
    for (int i = 0; i < f->count; i++)
        if (accepts(&f->calls[i]) && f->calls[i].result >= 0)
            accepted = &f->calls[i];
    if (accepted == NULL)
        return;
    int fd = (int)accepted->result;
    const char *expected = f->failure->expected;
    read_told(out, &by);
    read_known(f, CALL_accept, -1, &by);
    read_known(f, CALL_getpeername, fd, &by);
    if (!by.is_said || strcasestr(expected, "Connected by ") == NULL)
        return;
    set(f, TOLD_ANOTHER, NULL); // the line before is another matter
    set(f, NOT_ASKED, NULL);
    if (!by.is_known && accepted->arg[0] == -1)
        set(f, ACCEPT_NULL, "");
    else if (by.is_known && same(by.said, by.knows))
        return;
    else if (next_call(f, 0, CALL_getsockname, fd) != NULL)
        set(f, TOLD_OWN, "getsockname of the connection tells this end of it");
    else if (own != NULL && by.said.sin_port != 0 &&
             by.said.sin_port ==
                 ((const struct sockaddr_in *)&own->address)->sin_port)
        set(f, TOLD_OWN,
            text("%s is its own address, where it listens",
                 show_address(by.said)));
    else if (by.is_known)
        judge(f, &by);
}

static void facts_of_client(struct facts *f)
{
    const char *out = output_of(f->p);
    struct told to = {.before = "connected to ", .call = "getpeername"};
    struct told from = {.before = " from ", .call = "getsockname"};
    const struct call *begun = next_call(f, 0, CALL_connect, -1);

    read_told(out, &to);
    read_told(out, &from);
    read_known(f, CALL_getpeername, -1, &to);
    read_known(f, CALL_getsockname, -1, &from);
    if (!to.is_said || begun == NULL)
        return;
    if (from.is_known && same(to.said, from.knows) &&
        same(from.said, from.knows))
        set(f, TOLD_SELF_TWICE, "");
    else if (to.is_known && from.is_known && same(to.said, from.knows) &&
             same(from.said, to.knows))
        set(f, TOLD_EXCHANGED, "");
    else if (to.is_known && from.is_said && same(from.said, to.knows))
        set(f, TOLD_PEER_TWICE, "");
    else {
        judge(f, &from);
        judge(f, &to); // if both are wrong, this one comes first
    }
}

/// A call of getsockname that came before there was anything to tell.
static void facts_of_order(struct facts *f)
{
    int by = f->step == 5 || f->step == 7 ? CALL_connect : CALL_bind;
    const struct call *own = last_call(f, CALL_getsockname, -1);
    const struct call *made = next_call(f, 0, by, own != NULL ? own->fd : -1);

    if (own != NULL && made != NULL && made->result != -1 &&
        place_of(f, own) < place_of(f, made))
        set(f, NAME_EARLY, call_name(made));
}

void facts_of_addresses(struct facts *f)
{
    if (f->step >= 2 && f->step != 8) {
        if (f->step == 5 || f->step == 7)
            facts_of_client(f);
        else if (!f->client)
            facts_of_server(f);
        facts_of_order(f);
    }
    const char *line = strstr(errors_of(f->p), "connect to ");
    char ip[16];
    int port, want = ntohs(f->asked.sin_port);
    if (f->step == 7 && line != NULL &&
        sscanf(line, "connect to %15[0-9.]:%d", ip, &port) == 2 &&
        port != want && port == swapped(want))
        set(f, TOLD_SWAPPED,
            text("the port is %d (0x%04x), and %d (0x%04x) was printed", want,
                 (unsigned)want, port, (unsigned)port));
}
