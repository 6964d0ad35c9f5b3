// SPDX-License-Identifier: MIT
/**
 * @file failure.c
 * @brief Ends a test whose expectation was not met, and hands over all
 * that is known of it as JSON: nothing is broken into lines or coloured here.
 */

#include "failure.h"
#include "json.h"
#include "outcome.h"
#include "reason.h"
#include "state.h"
#include "steps.h"
#include "text.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CALLS_MOST = 24, ///< then those in the middle are left out
    LINES_MOST = 6,  ///< of a stream
    LINE_MOST = 200, ///< columns of such a line
};

static const char *const about_names[] = {
    [ABOUT_USAGE] = "usage",     [ABOUT_LINE] = "line",
    [ABOUT_ADDRESS] = "address", [ABOUT_TIMING] = "timing",
    [ABOUT_REPORT] = "report",   [ABOUT_RETRY] = "retry",
    [ABOUT_HOLD] = "hold",       [ABOUT_OPEN] = "open",
    [ABOUT_BYTES] = "bytes",     [ABOUT_END] = "end",
    [ABOUT_CPU] = "cpu",         [ABOUT_MEMORY] = "memory",
    [ABOUT_TIME] = "time",
};

/// The first lines of a stream, each quoted so that no byte of it can play
/// tricks with a terminal.
static json_t *lines_of(const char *content)
{
    json_t *list = json_array();
    int lines = 0;

    for (const char *at = content; *at != '\0'; lines++) {
        size_t size = strcspn(at, "\n");
        if (lines < LINES_MOST)
            json_array_append_new(list,
                                  json_text(quoted_up_to(LINE_MOST, at, size)));
        at += size + (at[size] == '\n');
    }
    if (lines > LINES_MOST)
        json_array_append_new(
            list, json_text(text("… %d lines more", lines - LINES_MOST)));
    return list;
}

/// A call, or a loop's calls: how often, and between which bounds its sizes and
/// results were.
struct run {
    const struct call *call;
    int times;
    int64_t size[2], result[2];
};

static bool carries_bytes(const struct call *call)
{
    return call->id >= CALL_recv && call->id <= CALL_writev;
}

/// Whether a call is that one once more.
static bool repeats(const struct call *call, const struct run *run)
{
    const struct call *before = run->call;
    bool same = carries_bytes(call)
                    ? (before->result > 0) == (call->result > 0) &&
                          (before->result < 0) == (call->result < 0)
                    : before->result == call->result;

    return same && before->id == call->id && before->fd == call->fd &&
           before->pc == call->pc && before->injected == call->injected &&
           before->error == call->error &&
           atomic_load(&call->state) == atomic_load(&before->state);
}

static void widen(int64_t bounds[2], int64_t value)
{
    bounds[0] = value < bounds[0] ? value : bounds[0];
    bounds[1] = value > bounds[1] ? value : bounds[1];
}

static void add_to(struct run *run, const struct call *call)
{
    if (run->times++ == 0) {
        run->call = call;
        run->size[0] = run->size[1] = call->arg[0];
        run->result[0] = run->result[1] = call->result;
    }
    widen(run->size, call->arg[0]);
    widen(run->result, call->result);
}

static const char *bounds_text(const int64_t bounds[2])
{
    return bounds[0] == bounds[1] ? text("%lld", (long long)bounds[0])
                                  : text("%lld to %lld", (long long)bounds[0],
                                         (long long)bounds[1]);
}

static const char *show_run(const struct run *run)
{
    bool vary =
        run->size[0] != run->size[1] || run->result[0] != run->result[1];

    return vary && carries_bytes(run->call)
               ? text("%s(%d, %s bytes) = %s", call_name(run->call),
                      run->call->fd, bounds_text(run->size),
                      bounds_text(run->result))
               : show_call(run->call);
}

/// The calls of a program; those of a loop, of one call or of two by turns, once
/// with how often. When there are still too many, the last ones matter more.
static json_t *calls_of(struct program *p)
{
    enum { HALF = CALLS_MOST / 2 };
    struct run runs[CALLS_MOST];
    const struct call *call, *calls[CALLS_MOST];
    const char *lines[CALLS_MOST];
    int shown = 0;
    bool gap = false, second = false; // the second of two is due
    json_t *list = json_array();

    EACH_CALL (p, call) {
        struct run *last = shown > 0 ? &runs[shown - 1] : NULL;
        struct run *other = shown > 1 ? &runs[shown - 2] : NULL;
        if (last != NULL && repeats(call, last) &&
            (second || other == NULL || last->times >= other->times ||
             !repeats(other->call, last))) {
            add_to(last, call);
            second = false;
            continue;
        }
        if (other != NULL && !second && repeats(call, other) &&
            other->times == last->times) {
            add_to(other, call);
            second = true;
            continue;
        }
        second = false;
        if (shown == CALLS_MOST) {
            memmove(runs + HALF, runs + HALF + 1, (HALF - 1) * sizeof *runs);
            shown--;
            gap = true;
        }
        runs[shown].times = 0;
        add_to(&runs[shown++], call);
    }
    for (int i = 0; i < shown; i++)
        calls[i] = runs[i].call;
    if (shown > 0)
        find_lines(p->binary, calls, shown, lines);
    const char *folder = getenv("LAB_STEPS");
    for (int i = 0; i < shown; i++) {
        if (gap && i == HALF)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:i}", "text", "…",
                                            "where", "", "times", 1));
        bool own = strncmp(lines[i], stem_of(p), strlen(stem_of(p))) == 0;
        const char *where =
            own ? text("%s/%s", folder != NULL ? folder : "steps", lines[i])
                : lines[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:i}", "text",
                                              json_text(show_run(&runs[i])),
                                              "where", json_text(where),
                                              "times", runs[i].times));
    }
    return list;
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

/// Where to look next: the program, the page, the manual pages.
static json_t *look_at(const char *stem)
{
    const char *folder = getenv("LAB_STEPS");
    const struct step_row *row = find_step_row(stem);
    json_t *list = json_array();

    json_array_append_new(
        list,
        json_text(text("%s/%s.c", folder != NULL ? folder : "steps", stem)));
    json_array_append_new(list, json_text(text("docs/%s.md", stem)));
    for (const char *at = row != NULL ? row->manuals : ""; *at != '\0';) {
        size_t size = strcspn(at, ",");
        json_array_append_new(list, json_text(text("%.*s", (int)size, at)));
        at += size;
        at += strspn(at, ", ");
    }
    return list;
}

void fail(struct program *p, enum about about, const char *expected,
          const char *saw)
{
    const struct failure failure = {about, expected, saw};
    struct reason reason = find_reason(p, &failure); // it has come to rest then
    const char *end = how_it_ended(p);
    json_t *told = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "about",
        about_names[about], "expected", json_text(expected), "saw",
        json_text(strcmp(saw, end) == 0 ? saw : text("%s; %s", saw, end)),
        "stdout", lines_of(output_of(p)), "stderr", lines_of(errors_of(p)),
        "calls", calls_of(p), "calls_made",
        (int)atomic_load(&record_of(p)->count), "reason",
        reason.text == NULL ? json_null()
                            : json_pack("{s:s, s:o}", "id", reason.id, "text",
                                        json_text(reason.text)),
        "in_use", json_text(default_port_holder(p)), "look",
        look_at(stem_of(p)), "ran",
        json_text(text("%s%s", stem_of(p), p->arguments)));

    stop_program(p);
    end_failed(json_dumps(told, JSON_COMPACT));
}
