// SPDX-License-Identifier: MIT
/**
 * @file results.h
 * @brief The verdict as JSON (docs/maintainer.md has its form): results.json,
 * a line a test for those who wait, and what other programs ask.
 */
#ifndef CHECK_RESULTS_H
#define CHECK_RESULTS_H

#include "verdict.h"

enum { RESULTS_VERSION = 2 };

/// Whether the verdict is for the reader of check.tell_fd alone.
bool only_told(void);
/// To the same: each step that was asked, before its tests begin.
void tell_steps(void);
/// One test, when it has ended.
void tell_test(const struct test *t);
/// results.json has what was asked for now; beside each program stays the last
/// verdict on it. False: it could not be written.
bool write_results(void);
/// On stdout, with the columns of the table: the verdict, or where the student
/// stands since the last one.
void print_results(bool standing);
/// Take statuses from a verdict on stdin, in the form of results.json.
void read_results(void);

#endif
