// SPDX-License-Identifier: MIT
/**
 * @file results.c
 * @brief The verdict as JSON.
 */

#include "results.h"

#include "../lab/json.h"
#include "../lab/text.h"
#include "policy.h"
#include "road.h"
#include "score.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool only_told(void)
{
    return strcmp(check.results, "-") == 0;
}

/// The verdict on one test, in a step of which this much has been reached.
static json_t *test_as_json(const struct test *t, double got)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:b, s:f}", "test", full_name(t),
                  "sentence", sentence_of(t), "status", status_names[t->status],
                  "points", earned_by(t, got), "of", worth_of(t), "given",
                  t->given, "seconds", (double)t->seconds);

    if (t->why != NULL)
        json_object_set_new(json, "why", json_text(t->why));
    if (t->failure != NULL)
        json_object_set(json, "failure", t->failure);
    if (t->same_as != NULL)
        json_object_set_new(json, "same_as",
                            json_string(full_name(t->same_as)));
    return json;
}

/// The verdict on one step.
static json_t *step_as_json(const struct step *s)
{
    double got = score_of(s).points;
    json_t *list = json_array();

    EACH_TEST_OF (s, t)
        json_array_append_new(list, test_as_json(t, got));
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:b, s:o}", "step", s->row->stem,
                  "title", s->row->title, "part", s->row->part, "points", got,
                  "of", s->worth, "compiles", s->built, "tests", list);
    if (s->compiler != NULL)
        json_object_set_new(json, "compiler", json_text(s->compiler));
    return json;
}

static json_t *results_as_json(json_t *steps)
{
    struct total core = total_of("core"), beyond = total_of("beyond");
    json_t *notes = json_array();

    for (int i = 0; i < check.remark_count; i++)
        json_array_append_new(notes, json_text(check.remarks[i]));
    json_t *all =
        json_pack("{s:i, s:o, s:I, s:f, s:f, s:o, s:o, s:o}", "version",
                  RESULTS_VERSION, "folder", json_text(check.folder), "seed",
                  (json_int_t)check.seed, "points", core.points, "of", core.of,
                  "steps", steps, "remarks", notes, "policy", policy_as_json());
    if (beyond.of > 0)
        json_object_set_new(
            all, "beyond",
            json_pack("{s:f, s:f}", "points", beyond.points, "of", beyond.of));
    return all;
}

/// A line of JSON to whoever wants to know more than the report at the end.
static bool tell(json_t *what)
{
    if (check.tell_fd != -1 &&
        (what == NULL ||
         json_dumpfd(what, check.tell_fd,
                     JSON_COMPACT | JSON_REAL_PRECISION(6)) == -1 ||
         write(check.tell_fd, "\n", 1) == -1))
        check.tell_fd = -1; // nobody listens any more
    json_decref(what);
    return check.tell_fd != -1;
}

void tell_steps(void)
{
    EACH_STEP (s)
        if (s->asked)
            tell(step_as_json(s));
}

void tell_test(const struct test *t)
{
    if (check.tell_fd != -1)
        tell(test_as_json(t, 0));
}

/// Write it whole or not at all: a check beside this one may be reading it.
static bool write_json(json_t *json, const char *path)
{
    char beside[PATH_MAX];
    snprintf(beside, sizeof beside, "%s.%d", path, getpid());
    bool written =
        json != NULL &&
        json_dump_file(json, beside, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ==
            0 &&
        rename(beside, path) == 0;
    if (!written)
        fprintf(stderr, "check: can't write %s: %s\n", path, strerror(errno));
    return written;
}

bool write_results(void)
{
    json_t *list = json_array();
    bool written = true;

    EACH_STEP (s) {
        if (!s->asked)
            continue;
        json_t *step = step_as_json(s);
        written &= only_told() ||
                   write_json(step, path_of(check.programs, s, ".json"));
        json_array_append_new(list, step);
    }
    json_t *all = results_as_json(list);
    written &= only_told() || write_json(all, check.results);
    return (tell(all) || !only_told()) && written;
}

/// What a tool wants to know of a step besides its verdict.
static void add_row(json_t *step, const struct step *s)
{
    bool alone = strcmp(s->row->other, "-") == 0;

    json_object_set_new(step, "name", json_string(short_name(s)));
    json_object_set_new(step, "other",
                        alone ? json_null() : json_string(s->row->other));
    json_object_set_new(step, "manuals", json_string(s->row->manuals));
}

void print_results(bool standing)
{
    json_t *list = json_array();
    double points = 0;

    EACH_STEP (s) {
        if (!s->asked)
            continue;
        json_t *step = step_as_json(s);
        if (standing) {
            add_row(step, s);
            struct standing now = standing_of(s);
            json_object_set_new(step, "points", json_real(now.points));
            json_object_set_new(step, "state", json_string(now.state));
            points += strcmp(s->row->part, "core") == 0 ? now.points : 0;
        }
        json_array_append_new(list, step);
    }
    json_t *all = results_as_json(list);
    if (standing)
        json_object_set_new(all, "points", json_real(points));
    json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(all);
}

static void read_test(struct test *t, const json_t *told)
{
    const char *status = json_string_value(json_object_get(told, "status"));

    t->status = LAB;
    for (int i = 0; status != NULL && i < STATUS_COUNT; i++)
        if (strcmp(status, status_names[i]) == 0)
            t->status = (enum status)i;
    t->why = json_string_value(json_object_get(told, "why"));
    t->failure = json_object_get(told, "failure");
    t->seconds = (float)json_number_value(json_object_get(told, "seconds"));
}

void read_results(void)
{
    json_error_t error;
    json_t *all = json_loadf(stdin, 0, &error), *step, *told;
    size_t i, j;

    if (!json_is_array(json_object_get(all, "steps"))) {
        fprintf(stderr, "check: no verdict on stdin: %s\n", error.text);
        exit(2);
    }
    check.seed = (long)json_integer_value(json_object_get(all, "seed"));
    EACH_STEP (s)
        s->asked = false;
    json_array_foreach (json_object_get(all, "steps"), i, step)
        EACH_STEP (s) {
            const char *stem = json_string_value(json_object_get(step, "step"));
            if (stem == NULL || strcmp(stem, s->row->stem) != 0)
                continue;
            s->asked = true;
            s->built = json_is_true(json_object_get(step, "compiles"));
            s->compiler = json_string_value(json_object_get(step, "compiler"));
            EACH_TEST_OF (s, t) {
                t->status = LAB;
                t->why = "the test did not report";
                json_array_foreach (json_object_get(step, "tests"), j, told) {
                    const char *name =
                        json_string_value(json_object_get(told, "test"));
                    if (name != NULL && strcmp(name, full_name(t)) == 0)
                        read_test(t, told);
                }
            }
        }
    find_repeats();
}
