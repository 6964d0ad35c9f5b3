// SPDX-License-Identifier: MIT
/**
 * @file steps.h
 * @brief The table of the steps, tests/steps, as it was when this was compiled:
 * a check in a sandbox has no other file.
 */
#ifndef LAB_STEPS_H
#define LAB_STEPS_H

/// A line of the table, every column as it stands there.
struct step_row {
    const char *stem;
    const char *points;
    const char *part;  ///< "core": of the 100; "beyond": more than that
    const char *other; ///< the stem that plays its other end, or "-"
    const char *title;
    const char *manuals; ///< "bind(2), ip(7)"
};

extern const struct step_row step_rows[];
extern const int step_row_count;

/// The line of a step, or NULL.
const struct step_row *find_step_row(const char *stem);

#endif
