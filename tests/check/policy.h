// SPDX-License-Identifier: MIT
/**
 * @file policy.h
 * @brief What steps and tests are worth, and how the verdict is shown.
 */
#ifndef CHECK_POLICY_H
#define CHECK_POLICY_H

#include <jansson.h>

/// The steps of the table with the points of check.policy or, without one,
/// the table's. Ends the check with a word about a line that is wrong.
void read_policy(void);
/// Give every test its share: what the policy says, and to the others of a step
/// the same part of what is left. The tests have been found.
void share_out(void);
/// The step of a suite, from the name of its file: tests/02_bind.c.
int step_of_suite(const char *file);
/// What the policy says besides points.
json_t *policy_as_json(void);

#endif
