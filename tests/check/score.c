// SPDX-License-Identifier: MIT
/**
 * @file score.c
 * @brief How many points a verdict is: the only place that knows.
 *
 * The tests of a step share its points. One that is skipped leaves its share to
 * the others. What the starter is given counts only beside a test of the
 * student's own work.
 */

#include "score.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/// The points that the tests of a step share: without those that are skipped.
static double shared(const struct step *s)
{
    double sum = 0;

    EACH_TEST_OF (s, t)
        if (t->status != SKIPPED)
            sum += t->worth;
    return sum;
}

struct score score_of(const struct step *s)
{
    struct score score = {0};
    double earned = 0;
    int own = 0;

    EACH_TEST_OF (s, t) {
        score.all += t->status != SKIPPED;
        if (t->status != PASSED)
            continue;
        score.passed++;
        earned += t->worth;
        own += !t->given;
    }
    if (own > 0 && earned > 0)
        score.points = s->worth * (earned / shared(s));
    return score;
}

struct total total_of(const char *part)
{
    struct total total = {0};

    EACH_STEP (s) {
        if (!s->asked || strcmp(s->row->part, part) != 0)
            continue;
        struct score score = score_of(s);
        total.points += score.points;
        total.of += s->worth;
        total.passed += score.passed;
        total.all += score.all;
    }
    return total;
}

double worth_of(const struct test *t)
{
    const struct step *s = &check.steps[t->step];
    double of = shared(s);

    return t->status == SKIPPED || of <= 0 ? 0 : t->worth * (s->worth / of);
}

double earned_by(const struct test *t, double points_of_step)
{
    return points_of_step > 0 && t->status == PASSED ? worth_of(t) : 0;
}

struct test *first_failure(const struct step *s)
{
    EACH_TEST_OF (s, t)
        if (is_failure(t))
            return t;
    return NULL;
}

static const char *field(const struct test *t, const char *name)
{
    return json_string_value(json_object_get(t->failure, name));
}

/// What a failure is about: the rule that explains it or, where none does, what
/// was seen, without numbers, quoted bytes and what the program did just then.
/// Two failures of one mistake have the same.
static char *essence(const struct test *t)
{
    const char *words = json_string_value(
        json_object_get(json_object_get(t->failure, "reason"), "id"));
    if (words != NULL)
        return strdup(words);
    words = field(t, "saw");
    if (words == NULL)
        words = t->why != NULL ? t->why : "";

    char *copy = strdup(words), *to = copy, *after;
    if ((after = strstr(copy, "; it still ran")) != NULL)
        *after = '\0';
    for (const char *from = copy; *from != '\0'; from++) {
        if (from[0] == '0' && from[1] == 'x')
            from += 1 + strspn(from + 2, "0123456789abcdef");
        else if (!isdigit((unsigned char)*from) &&
                 !isspace((unsigned char)*from))
            *to++ = *from;
    }
    *to = '\0';
    return copy;
}

void find_repeats(void)
{
    static char *about[TESTS_MAX];

    EACH_STEP (s)
        EACH_TEST_OF (s, t) {
            t->same_as = NULL;
            if (!is_failure(t) || t->status == WAITING)
                continue;
            about[t - check.tests] = essence(t);
            EACH_TEST_OF (s, before)
                if (before < t && t->same_as == NULL && is_failure(before) &&
                    before->same_as == NULL &&
                    strcmp(about[before - check.tests],
                           about[t - check.tests]) == 0)
                    t->same_as = before;
        }
}

const char *open_todo(const struct step *s)
{
    size_t i;
    json_t *line;

    EACH_TEST_OF (s, t)
        json_array_foreach (json_object_get(t->failure, "stderr"), i, line) {
            const char *at = strstr(json_string_value(line), "TODO(");
            if (at == NULL || strstr(at, "is open") == NULL)
                continue;
            char *todo = strdup(at);
            todo[strcspn(todo, "\"")] = '\0';
            return todo;
        }
    return NULL;
}
