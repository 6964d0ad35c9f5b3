// SPDX-License-Identifier: MIT
/**
 * @file print.c
 * @brief The verdict for people.
 */

#include "print.h"

#include "../lab/text.h"
#include "road.h"
#include "score.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>

enum {
    FULL_FAILURES = 2, ///< of a step, where not every one is wanted
    MARGIN = 4,
    LABEL = 10,      ///< columns of "Expected  "
    CALL_WIDTH = 43, ///< the source's lines begin in one column
    WIDTH = 80,      ///< at the least
    STEP_WIDTH = 34, ///< columns before what is said of a step
};

/// Points with one decimal where they need it, never rounded up to the whole.
static const char *show_points(double points)
{
    long tenths = (long)(points * 10 + 1e-6);
    return tenths % 10 == 0 ? text("%ld", tenths / 10)
                            : text("%ld.%ld", tenths / 10, tenths % 10);
}

// ------------------------------------------------------------------ a failure

static void say_part(const char *label, const char *what)
{
    bool bold = strcmp(label, "Likely") == 0;

    paint(PLAIN, 0, text("%*s", MARGIN, ""));
    paint(bold ? BOLD : FAINT, MARGIN, label);
    paint(PLAIN, 0, text("%*s", LABEL - (int)strlen(label), ""));
    say_line(MARGIN + LABEL, what);
}

static void say_field(const char *label, const json_t *what)
{
    if (json_is_string(what))
        say_part(label, json_string_value(what));
}

/// Texts beside a label, with this between them.
static void say_list(const char *label, const json_t *list, const char *between)
{
    const char *all = "";
    size_t i;
    json_t *one;

    json_array_foreach ((json_t *)list, i, one)
        all = text("%s%s%s", all, i > 0 ? between : "", json_string_value(one));
    if (*all != '\0')
        say_part(label, all);
}

static const char *show_call(const json_t *call)
{
    const char *what = json_string_value(json_object_get(call, "text"));
    const char *where = json_string_value(json_object_get(call, "where"));
    const char *file = strrchr(where, '/');
    const char *line = file == NULL ? NULL : strchr(file, ':');
    int times = (int)json_integer_value(json_object_get(call, "times"));

    if (times > 1)
        what = text("%s (%d times)", what, times);
    if (*where == '\0')
        return what;
    where = file == NULL ? where : file + 1;
    // One line a call: where there is no room the line's number has to do.
    bool fits = strlen(what) <= CALL_WIDTH ||
                MARGIN + LABEL + strlen(what) + strlen(where) < WIDTH;
    return text("%-*s %s", CALL_WIDTH, what,
                fits || line == NULL ? where : line);
}

static void say_calls(const json_t *failure)
{
    const json_t *calls = json_object_get(failure, "calls");
    json_int_t made =
        json_integer_value(json_object_get(failure, "calls_made"));
    json_int_t told = 0;
    const char *all = made == 0 ? "none to a socket" : "";
    size_t i;
    json_t *call;

    json_array_foreach ((json_t *)calls, i, call) {
        all = text("%s%s%s", all, i > 0 ? "\n" : "", show_call(call));
        if (strcmp(json_string_value(json_object_get(call, "text")), "…") != 0)
            told += json_integer_value(json_object_get(call, "times"));
    }
    if (told < made)
        all = text("%s\n%d calls in all", all, (int)made);
    say_part("Calls", all);
}

static void say_failure(const struct test *t)
{
    const json_t *f = t->failure;

    end_line();
    paint(RED, 0, "✘ ");
    paint(PLAIN, 2, text("%s: ", check.steps[t->step].row->stem));
    paint(BOLD, 2, sentence_of(t));
    end_line();
    if (t->why != NULL)
        say_line(MARGIN, text("%*s%s", MARGIN, "", t->why));
    if (f == NULL)
        return;
    say_field("Expected", json_object_get(f, "expected"));
    say_field("Saw", json_object_get(f, "saw"));
    say_field("Likely", json_object_get(json_object_get(f, "reason"), "text"));
    say_field("In use", json_object_get(f, "in_use"));
    say_list("stdout", json_object_get(f, "stdout"), "\n");
    say_list("stderr", json_object_get(f, "stderr"), "\n");
    say_calls(f);
    say_list("Look at", json_object_get(f, "look"), ", ");
    say_field("Ran", json_object_get(f, "ran"));
}

/// The tests that fail for the same reason as this one: their names, or only
/// how many they are.
static void say_same(const struct step *s, const struct test *as, bool every)
{
    int same = 0;

    EACH_TEST_OF (s, t)
        same += is_failure(t) && t->same_as == as;
    if (same == 0)
        return;
    if (!every) {
        printf("    and %d more for the same reason\n", same);
        return;
    }
    puts("    For the same reason:");
    EACH_TEST_OF (s, t)
        if (is_failure(t) && t->same_as == as) {
            paint(RED, 0, "      ✘ ");
            paint(BOLD, 8, sentence_of(t));
            end_line();
        }
}

/// The failures of a step: each mistake once in full, and below it the tests
/// that fail for the same reason.
static void say_failures(const struct step *s, bool every)
{
    int shown = 0, more = 0;

    EACH_TEST_OF (s, t) {
        if (!is_failure(t) || t->same_as != NULL)
            continue;
        if (!every && shown == FULL_FAILURES) {
            more++;
            continue;
        }
        shown++;
        say_failure(t);
        say_same(s, t, every);
    }
    if (more > 0)
        printf("\n  and %d other%s\n", more, more == 1 ? "" : "s");
}

// --------------------------------------------------------------- the compiler

/// A line of the compiler's, with the folder as the user calls it.
static void say_compiler_line(const struct step *s, const char *line, int size)
{
    const char *name = text("/%s.c:", s->row->stem);
    const char *at = memmem(line, (size_t)size, name, strlen(name));

    if (at == NULL)
        say_exactly(text("    %.*s", size, line));
    else
        say_exactly(
            text("    %s%.*s", check.folder, (int)(line + size - at), at));
}

/// The first error of the compiler, or else its first warning. As it is: the
/// mark under a line says where.
static void say_compiler(const struct step *s)
{
    const char *at = strstr(s->compiler, "error:");
    const char *linker = strstr(s->compiler, "undefined reference");
    if (linker != NULL)
        at = linker;
    // Of the warnings first one that is a mistake for sure, not untidiness.
    static const char *const telling[] = {"-Wparentheses",
                                          "-Wmisleading-indentation",
                                          "-Wint-conversion",
                                          "-Wincompatible-pointer-types",
                                          "-Wuninitialized",
                                          "-Wmaybe-uninitialized",
                                          "-Wsizeof-pointer",
                                          "-Wreturn-type",
                                          "-Wtype-limits",
                                          "-Wimplicit-function-declaration",
                                          "-Wsometimes-uninitialized"};
    for (size_t i = 0; at == NULL && i < sizeof telling / sizeof *telling; i++)
        at = strstr(s->compiler, telling[i]);
    if (at == NULL)
        at = strstr(s->compiler, "warning");
    if (at == NULL)
        at = s->compiler;
    while (at > s->compiler && at[-1] != '\n')
        at--;
    end_line();
    say_exactly(
        text("  %s/%s.c: the compiler says", check.folder, s->row->stem));
    for (int line = 0; line < 4 && *at != '\0'; line++) {
        size_t size = strcspn(at, "\n");
        say_compiler_line(s, at, (int)size);
        at += size + (at[size] == '\n');
    }
}

/// Whether the file is there at all: the Makefile writes it into the log.
static bool missing(const struct step *s)
{
    return !s->built && s->compiler != NULL &&
           strstr(s->compiler, "there is no file") != NULL;
}

// ------------------------------------------------------------------- a verdict

static void say_step_line(const char *code, const char *mark, const char *name,
                          const char *points, double of)
{
    paint(code, 0, text("  %s ", mark));
    paint(strcmp(code, RED) == 0 ? BOLD : code, 0,
          text("%-16s %4s of %-3g", name, points, of));
    paint(PLAIN, 0, "  ");
}

static void say_step(const struct step *s)
{
    struct score score = score_of(s);
    bool whole = score.passed == score.all && score.all > 0;
    const char *todo = whole ? NULL : open_todo(s);
    bool begun = score.points > 0 || todo == NULL;

    say_step_line(whole   ? GREEN
                  : begun ? RED
                          : FAINT,
                  whole   ? "✔"
                  : begun ? "✘"
                          : "○",
                  s->row->stem, show_points(score.points), s->worth);
    say_line(STEP_WIDTH, missing(s)
                             ? text("there is no file %s.c", s->row->stem)
                         : !s->built ? "does not compile"
                         : todo != NULL && score.points == 0
                             ? todo
                             : text("%d of %d tests", score.passed, score.all));
}

static void say_next(const struct step *s)
{
    const char *todo = open_todo(s), *stem = s->row->stem;

    paint(PLAIN, 0, "Next: ");
    if (missing(s))
        say_line(6, text("write %s/%s.c; make reset-%s brings the starter back",
                         check.folder, stem, short_name(s)));
    else if (!s->built)
        say_line(6, text("mend what the compiler says of %s/%s.c", check.folder,
                         stem));
    else if (todo != NULL)
        say_line(6, text("%s/%s.c, %s\ndocs/%s.md tells how, make check-%s "
                         "whether it is right",
                         check.folder, stem, todo, stem, short_name(s)));
    else {
        paint(PLAIN, 6, text("%s/%s.c: ", check.folder, stem));
        paint(BOLD, 6, sentence_of(first_failure(s)));
        say_line(6, text("\nmake check-%s shows all that it still lacks",
                         short_name(s)));
    }
}

static int say_skipped(void)
{
    int skipped = 0;

    for (int i = 0; i < check.test_count; i++) {
        const struct test *t = &check.tests[i];
        if (t->status != SKIPPED || !check.steps[t->step].asked)
            continue;
        skipped++;
        end_line();
        say_line(4, text("  skipped: %s: %s", full_name(t),
                         t->why != NULL ? t->why : ""));
    }
    return skipped;
}

static void say_total(double seconds, int skipped)
{
    struct total core = total_of("core"), beyond = total_of("beyond");
    bool all = core.passed == core.all && beyond.passed == beyond.all;
    const char *code = all ? GREEN : BOLD;

    end_line();
    if (core.all > 0 || beyond.all == 0)
        paint(code, 0,
              text("%s of %g points", show_points(core.points), core.of));
    if (beyond.all > 0)
        paint(code, 0,
              text("%s%s of %g beyond", core.all > 0 ? ", " : "",
                   show_points(beyond.points), beyond.of));
    paint(PLAIN, 0, text(" in %.1f s, seed %ld", seconds, check.seed));
    if (skipped > 0)
        paint(PLAIN, 0, text(", %d skipped", skipped));
    end_line();
}

void print_report(bool every, double seconds)
{
    const struct step *first = NULL;

    if (on_terminal())
        fputs("\r\033[K", stdout);
    EACH_STEP (s) {
        if (!s->asked)
            continue;
        say_step(s);
        if (first == NULL && first_failure(s) != NULL)
            first = s;
    }
    EACH_STEP (s)
        if (s->asked && s->compiler != NULL && (every || s == first) &&
            !missing(s))
            say_compiler(s);
    EACH_STEP (s)
        if (s->asked && s->built && (every || s == first))
            say_failures(s, every);
    int skipped = say_skipped();
    for (int i = 0; every && i < check.remark_count; i++) {
        end_line();
        say_line(4, text("  remark: %s", check.remarks[i]));
    }
    say_total(seconds, skipped);
    if (first != NULL)
        say_next(first);
    else if (!every)
        puts("Everything works. You have written TCP, both ends.");
}

void print_progress(void)
{
    if (!on_terminal())
        return;
    printf("\rchecking %d of %d ", check.done_count, check.asked_count);
    fflush(stdout);
}

void print_road(void)
{
    double points = 0, of = 0;
    const struct step *next = NULL;

    EACH_STEP (s) {
        struct standing now = standing_of(s);
        bool done = strcmp(now.state, "done") == 0;
        if (strcmp(s->row->part, "core") == 0) {
            points += now.points;
            of += s->worth;
        }
        if (!done && next == NULL)
            next = s;
        say_step_line(done ? GREEN : FAINT, done ? "✔" : "○", s->row->stem,
                      show_points(now.points), s->worth);
        say_line(STEP_WIDTH,
                 strcmp(now.state, "missing") == 0     ? "there is no such file"
                 : strcmp(now.state, "unchecked") == 0 ? "not checked yet"
                 : strcmp(now.state, "edited") == 0
                     ? "edited since it was checked"
                     : "");
    }
    printf("\n%s of %g points. ", show_points(points), of);
    if (next != NULL)
        printf("Next: %s/%s.c and docs/%s.md, then make check-%s\n",
               check.folder, next->row->stem, next->row->stem,
               short_name(next));
    else
        puts("Everything works.");
}
