// SPDX-License-Identifier: MIT
/**
 * @file print.h
 * @brief The verdict for people: a line a step, the failures, the points, the
 * next thing to do.
 */
#ifndef CHECK_PRINT_H
#define CHECK_PRINT_H

#include <stdbool.h>

/// @param every  all failures in full, and what was noted of those that passed
void print_report(bool every, double seconds);
/// Where the student stands.
void print_road(void);
/// On a terminal: how many tests have ended.
void print_progress(void);

#endif
