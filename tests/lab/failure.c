// SPDX-License-Identifier: MIT
/**
 * @file failure.c
 * @brief What a student reads when a test fails: what was expected, what was
 * seen, the calls that the program made, and where to look next.
 */

#include "failure.h"
#include "outcome.h"
#include "reason.h"
#include "state.h"
#include "text.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WIDTH = 80,
    LABEL = 10, ///< columns of "Expected  "
    CALLS_MOST = 24,
};

/// One a line, with its line of source.
static const char *list_calls(struct program *p)
{
    const struct record *record = record_of(p);
    unsigned count = atomic_load(&record->count);
    const struct call *calls[CALLS_MOST];
    const char *lines[CALLS_MOST];
    unsigned repeats[CALLS_MOST] = {0};
    int shown = 0;
    char *result;
    size_t length;

    if (count == 0)
        return "none to a socket";

    // A loop's calls stand once, with how often; when there are still too
    // many, the last ones matter more.
    const struct call *call;
    EACH_CALL (p, call) {
        if (shown > 0 && calls[shown - 1]->id == call->id &&
            calls[shown - 1]->fd == call->fd &&
            calls[shown - 1]->pc == call->pc &&
            calls[shown - 1]->result == call->result &&
            calls[shown - 1]->injected == call->injected) {
            repeats[shown - 1]++;
            continue;
        }
        if (shown == CALLS_MOST) {
            memmove(calls + CALLS_MOST / 2, calls + CALLS_MOST / 2 + 1,
                    (CALLS_MOST / 2 - 1) * sizeof *calls);
            memmove(repeats + CALLS_MOST / 2, repeats + CALLS_MOST / 2 + 1,
                    (CALLS_MOST / 2 - 1) * sizeof *repeats);
            shown--;
        }
        calls[shown] = call;
        repeats[shown++] = 0;
    }
    find_lines(p->binary, calls, shown, lines);

    FILE *out = open_memstream(&result, &length);
    unsigned listed = 0;
    for (int i = 0; i < shown; i++) {
        listed += 1 + repeats[i];
        if (i == CALLS_MOST / 2 && shown == CALLS_MOST)
            fprintf(out, "…\n");
        fprintf(out, "%-46s %s%s\n", show_call(calls[i]), lines[i],
                repeats[i] > 0 ? text("  (%u times)", repeats[i] + 1) : "");
    }
    if (listed < count)
        fprintf(out, "%u calls in all\n", count);
    fclose(out);
    result[strlen(result) - 1] = '\0';
    return result;
}

/// Print a label and text beside it, broken at the width of a terminal.
static void print_part(FILE *out, const char *label, const char *what)
{
    int column = fprintf(out, "%-*s", LABEL, label);

    for (const char *at = what; *at != '\0';) {
        size_t word = strcspn(at, " \n");
        size_t space = strspn(at, " ");
        int width = 0; // in characters, not bytes
        for (size_t i = space;
             i < (space > 0 ? strcspn(at + space, " \n") + space : word); i++)
            width += ((unsigned char)at[i] & 0xc0) != 0x80;
        if (*at == '\n') {
            fprintf(out, "\n%*s", LABEL, "");
            column = LABEL;
            at++;
        } else if (space > 0) {
            if (column + (int)space + width > WIDTH && column > LABEL) {
                fprintf(out, "\n%*s", LABEL, "");
                column = LABEL;
            } else {
                column += fprintf(out, "%*s", (int)space, "");
            }
            at += space;
        } else {
            fprintf(out, "%.*s", (int)word, at);
            column += width;
            at += word;
        }
    }
    fputc('\n', out);
}

/// The first lines of a stream, each quoted so that no byte of it can play
/// tricks with the terminal.
static const char *show_stream(const char *content)
{
    enum { LINES = 6 };
    char *result;
    size_t length;
    FILE *out = open_memstream(&result, &length);
    int lines = 0;

    for (const char *at = content; *at != '\0'; lines++) {
        size_t size = strcspn(at, "\n");
        if (lines < LINES)
            fprintf(out, "%s%s", lines > 0 ? "\n" : "",
                    quoted_up_to(200, at, size));
        at += size + (at[size] == '\n');
    }
    if (lines > LINES)
        fprintf(out, "\n… %d lines more", lines - LINES);
    fclose(out);
    return result;
}

const char *default_port_holder(struct program *p)
{
    const struct sockaddr_in *asked = NULL;
    const struct call *call;
    bool taken = false, reuse = false;
    char sentence[1024];

    EACH_CALL (p, call) {
        reuse |= call->id == CALL_setsockopt && call->arg[0] == SOL_SOCKET &&
                 call->arg[1] == SO_REUSEADDR && call->arg[2] != 0;
        if (call->id == CALL_bind)
            asked = (const struct sockaddr_in *)&call->address;
        taken |= call->error == EADDRINUSE && call->injected == 0 &&
                 asked != NULL && ntohs(asked->sin_port) == 4444;
    }
    if (!taken)
        return NULL;
    // The lab is no outsider: whatever this check has started is left out.
    FILE *tool = popen(text("python3 -m tests.tools.look --brief --apart %d %s "
                            "2>/dev/null </dev/null",
                            getppid(), reuse ? "--reuse" : ""),
                       "r");
    size_t size =
        tool != NULL ? fread(sentence, 1, sizeof sentence - 1, tool) : 0;
    if (tool != NULL)
        pclose(tool);
    sentence[size] = '\0';
    return size > 1 ? text("%.*s", (int)size - 1, sentence) : NULL;
}

static const char *manuals(const char *stem)
{
    static const char *const pages[][2] = {
        {"01", "socket(2), getsockopt(2)"},
        {"02", "bind(2), ip(7), getsockname(2)"},
        {"03", "listen(2), socket(7)"},
        {"04", "accept(2)"},
        {"05", "connect(2), getpeername(2)"},
        {"06_echo_s", "recv(2), send(2)"},
        {"06_echo_c", "send(2), recv(2)"},
        {"07", "connect(2), poll(2), getsockopt(2)"},
        {"08", "getaddrinfo(3), proc(5)"},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strncmp(stem, pages[i][0], strlen(pages[i][0])) == 0)
            return pages[i][1];
    return "";
}

void fail(struct program *p, enum about about, const char *expected,
          const char *saw)
{
    struct failure failure = {about, expected, saw};
    char *message;
    size_t length;
    FILE *out = open_memstream(&message, &length);
    const char *steps = getenv("LAB_STEPS");

    print_part(out, "Expected", expected);
    if (p != NULL) {
        const char *end = how_it_ended(p);
        print_part(out, "Saw",
                   strcmp(saw, end) == 0 ? saw : text("%s; %s", saw, end));
        if (*output_of(p) != '\0')
            print_part(out, "stdout", show_stream(output_of(p)));
        if (*errors_of(p) != '\0')
            print_part(out, "stderr", show_stream(errors_of(p)));
        print_part(out, "Calls", list_calls(p));
        struct reason reason = find_reason(p, &failure);
        if (reason.text != NULL)
            print_part(out, "Likely", reason.text);
        const char *holder = default_port_holder(p);
        if (holder != NULL)
            print_part(out, "In use", holder);
        print_part(out, "Look at",
                   text("%s/%s.c, docs/%s.md, %s",
                        steps != NULL ? steps : "steps", stem_of(p), stem_of(p),
                        manuals(stem_of(p))));
        print_part(out, "Ran", text("%s%s", stem_of(p), p->arguments));
        stop_program(p);
    } else {
        print_part(out, "Saw", saw);
    }
    fclose(out);
    message[strlen(message) - 1] = '\0';
    end_failed(message);
}
