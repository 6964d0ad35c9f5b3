// SPDX-License-Identifier: MIT
/**
 * @file road.h
 * @brief Where the student stands: the last verdict on each step, and the
 * files as they are now.
 */
#ifndef CHECK_ROAD_H
#define CHECK_ROAD_H

#include "verdict.h"

/// See which programs there are, and what the compiler said of them.
void see_programs(void);

struct standing {
    double points;     ///< of the last verdict
    const char *state; ///< missing unchecked edited begun done
};
struct standing standing_of(const struct step *s);
/// The step in `make check-NN`: its number, or the whole stem where two
/// programs have one number.
const char *short_name(const struct step *s);

#endif
