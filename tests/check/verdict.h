// SPDX-License-Identifier: MIT
/**
 * @file verdict.h
 * @brief What a check knows: the steps, their tests, and what came of each.
 */
#ifndef CHECK_VERDICT_H
#define CHECK_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "../lab/steps.h"

enum { STEPS_MAX = 32, TESTS_MAX = 600, REMARKS_MAX = 64 };

/// In results.json by these words, nothing else; WAITING before it has ended.
enum status { WAITING, PASSED, FAILED, SKIPPED, TIMEOUT, LAB, STATUS_COUNT };
extern const char *const status_names[STATUS_COUNT];

struct test {
    const char *suite, *name; ///< "bind", "closes_its_socket"
    int step;                 ///< index in steps
    unsigned line;            ///< where it stands in its suite
    bool given;               ///< about what the starter has already
    double worth;    ///< its share of the step's points; -1: an equal one
    void *criterion; ///< Criterion's own, for the runner
    enum status status;
    json_t *failure; ///< of a program that was wrong; else NULL
    const char *why; ///< where there is no failure: a sentence; or NULL
    const struct test *same_as; ///< one before failed for the same reason
    float seconds;
};

struct step {
    const struct step_row *row;
    double worth;         ///< points
    int line;             ///< where the policy says so; 0: the table does
    bool asked;           ///< part of this check
    const char *compiler; ///< what the compiler said, NULL: nothing
    bool built;
};

/// What the whole check is about.
struct check {
    const char *folder;   ///< as the user calls the folder: "steps"
    const char *programs; ///< "build/graded/steps"
    const char *results;  ///< a file; "-": for the reader of tell_fd alone
    const char *policy;   ///< a file; NULL: the table's points
    int tell_fd;          ///< told as it comes; -1: nowhere
    long seed;

    struct step steps[STEPS_MAX];
    int step_count;
    struct test tests[TESTS_MAX];
    int test_count;
    int asked_count, done_count; ///< tests that run, that have run
    char *remarks[REMARKS_MAX];
    int remark_count;
};
extern struct check check;

/// Loops over all steps, all tests of a step.
#define EACH_STEP(s)                                                           \
    for (struct step *s = check.steps; s < check.steps + check.step_count; s++)
#define EACH_TEST_OF(s, t)                                                     \
    for (struct test *t = check.tests; t < check.tests + check.test_count;     \
         t++)                                                                  \
        if (t->step == (int)((s)-check.steps))

/// "closes_its_socket" as a sentence; 127_0_0_1 and host_s are what they mean.
const char *sentence_of(const struct test *t);
/// "bind/closes_its_socket"
const char *full_name(const struct test *t);
struct test *find_test(const char *suite, const char *name);
/// A test that passed or can't be tried is no failure; all else is.
bool is_failure(const struct test *t);
/// A file's content, at most a MiB of it; NULL: there is none.
char *read_file(const char *path);
/// Not that of another step: "program" of "folder/program.c" and the like.
const char *path_of(const char *folder, const struct step *s,
                    const char *ending);

#endif
