// SPDX-License-Identifier: MIT
/**
 * @file policy.c
 * @brief Reads what steps and tests are worth: the table of the steps, and a
 * policy that says otherwise (docs/reports.md has its form).
 */

#include "policy.h"

#include "../lab/text.h"
#include "verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A line of the policy that is about one test; its test is known only later.
struct share {
    char *test;
    double worth;
    int line;
};
static struct share shares[TESTS_MAX];
static int share_count;

/// What the policy says besides points; the default stands first.
static struct setting {
    const char *name;
    const char *values[5];
    int chosen;
    int line;
} settings[] = {
    {"gradescope",
     {"visible", "hidden", "after_due_date", "after_published"},
     0,
     0},
    {"seed", {"shown", "hidden"}, 0, 0},
};
enum { SETTING_COUNT = sizeof settings / sizeof *settings };

_Noreturn static void wrong(int line, const char *words)
{
    fputs(check.policy != NULL ? check.policy : "tests/steps", stderr);
    fprintf(stderr, line > 0 ? ":%d: " : ": ", line);
    fprintf(stderr, "%s\n", words);
    exit(2);
}

static void once(const char *name, int line, int before)
{
    if (before > 0)
        wrong(line, text("%s stands in line %d already", name, before));
}

static void read_setting(struct setting *s, const char *value, int line)
{
    const char *known = "";

    once(s->name, line, s->line);
    s->line = line;
    for (s->chosen = 0; s->values[s->chosen] != NULL; s->chosen++) {
        if (strcmp(s->values[s->chosen], value) == 0)
            return;
        known = text("%s %s", known, s->values[s->chosen]);
    }
    wrong(line, text("%s can't be '%s'; it can be:%s", s->name, value, known));
}

/// No sign, no "inf", no "0x10": strtod takes more than a number of points.
static double read_points(const char *value, int line)
{
    char *end;
    double worth = strtod(value, &end);

    if (*end != '\0' || value[strspn(value, "0123456789.")] != '\0' ||
        worth > 1e6)
        wrong(line, text("'%s' is no number of points", value));
    return worth;
}

static void read_worth(const char *name, const char *value, int line)
{
    double worth = read_points(value, line);

    if (strchr(name, '/') != NULL) {
        for (int i = 0; i < share_count; i++)
            if (strcmp(shares[i].test, name) == 0)
                once(name, line, shares[i].line);
        if (share_count == TESTS_MAX)
            wrong(line, text("more than %d tests", TESTS_MAX));
        shares[share_count++] = (struct share){strdup(name), worth, line};
        return;
    }
    EACH_STEP (s)
        if (strcmp(s->row->stem, name) == 0) {
            once(name, line, s->line);
            s->worth = worth;
            s->line = line;
            return;
        }
    wrong(line, text("there is no step %s", name));
}

static void read_line(char *line, int number)
{
    char name[256], value[128], more[2];
    int words = sscanf(line, "%255s %127s %1s", name, value, more);

    if (words <= 0)
        return;
    if (words != 2)
        wrong(number, "a line is a name and its points, such as 02_bind 10");
    for (struct setting *s = settings; s < settings + SETTING_COUNT; s++)
        if (strcmp(s->name, name) == 0) {
            read_setting(s, value, number);
            return;
        }
    read_worth(name, value, number);
}

/// Each line is a name and its value.
static void read_file_of_policy(void)
{
    FILE *file = fopen(check.policy, "r");
    char line[512];

    if (file == NULL)
        wrong(0, text("%s. POLICY names a file of points", strerror(errno)));
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        if (strchr(line, '\n') == NULL && !feof(file))
            wrong(number, "the line is too long");
        line[strcspn(line, "#")] = '\0';
        read_line(line, number);
    }
    if (ferror(file)) // a folder
        wrong(0, strerror(errno));
    fclose(file);
    bool any = false;
    EACH_STEP (s)
        any |= s->line > 0;
    if (!any)
        wrong(0, "there is no line such as 02_bind 10 in it");
    EACH_STEP (s)
        if (s->line == 0 && strcmp(s->row->part, "core") == 0)
            wrong(0, text("%s has no points; 0 would be some", s->row->stem));
}

void read_policy(void)
{
    for (int i = 0; i < step_row_count; i++) {
        if (check.step_count == STEPS_MAX)
            wrong(0, text("more than %d steps", STEPS_MAX));
        check.steps[check.step_count++] = (struct step){
            .row = &step_rows[i], .worth = read_points(step_rows[i].points, 0)};
    }
    if (check.policy != NULL)
        read_file_of_policy();
}

int step_of_suite(const char *file)
{
    const char *name = strrchr(file, '/');

    name = name == NULL ? file : name + 1;
    EACH_STEP (s) {
        size_t size = strlen(s->row->stem);
        if (strncmp(name, s->row->stem, size) == 0 && name[size] == '.')
            return (int)(s - check.steps);
    }
    wrong(0, text("%s is the suite of no step in tests/steps", name));
}

static void share_out_step(struct step *s)
{
    double left = s->worth;
    int all = 0, equal = 0;

    EACH_TEST_OF (s, t) {
        all++;
        if (t->worth < 0)
            equal++;
        else
            left -= t->worth;
    }
    if (all == 0)
        wrong(s->line, text("%s has no tests", s->row->stem));
    if (left < -1e-6 || (equal == 0 && left > 1e-6))
        wrong(s->line, text("%s has %g points, and its tests have %g together",
                            s->row->stem, s->worth, s->worth - left));
    EACH_TEST_OF (s, t)
        if (t->worth < 0)
            t->worth = left > 0 ? left / equal : 0;
}

void share_out(void)
{
    for (int i = 0; i < share_count; i++) {
        char *slash = strchr(shares[i].test, '/');
        *slash = '\0';
        struct test *t = find_test(shares[i].test, slash + 1);
        *slash = '/';
        if (t == NULL)
            wrong(shares[i].line,
                  text("there is no test %s; results.json lists their names",
                       shares[i].test));
        t->worth = shares[i].worth;
    }
    EACH_STEP (s)
        share_out_step(s);
}

json_t *policy_as_json(void)
{
    json_t *rules = json_pack("{s:s?}", "file", check.policy);

    for (struct setting *s = settings; s < settings + SETTING_COUNT; s++)
        json_object_set_new(rules, s->name, json_string(s->values[s->chosen]));
    return rules;
}
