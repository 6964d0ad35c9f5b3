// SPDX-License-Identifier: MIT
/**
 * @file score.h
 * @brief How many points a verdict is.
 */
#ifndef CHECK_SCORE_H
#define CHECK_SCORE_H

#include "verdict.h"

/// How a step stands.
struct score {
    double points;
    int passed, all; ///< tests, without those that were skipped
};
struct score score_of(const struct step *s);
/// All steps that were asked: those of the 100, or those beyond.
struct total {
    double points, of;
    int passed, all;
};
struct total total_of(const char *part);
/// What a test is worth, in points; nothing if it was skipped.
double worth_of(const struct test *t);
/// What it has earned, in a step of which so much has been reached.
double earned_by(const struct test *t, double points_of_step);
/// The first test of a step that has failed, or NULL.
struct test *first_failure(const struct step *s);
/// Mark each failure whose reason an earlier one of its step has, too.
void find_repeats(void);
/// The line of an open TODO if that is why the step fails, else NULL.
const char *open_todo(const struct step *s);

#endif
