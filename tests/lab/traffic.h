// SPDX-License-Identifier: MIT
/**
 * @file traffic.h
 * @brief Traffic that is none of the program's, for the tests of what it counts.
 */

#ifndef LAB_TRAFFIC_H
#define LAB_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

/// Let lo carry at least this many bytes more. False: errno says why not.
bool send_over_lo(size_t bytes);
/// Make another pair of interfaces (veth) in a network of one's own, and let
/// them carry this much.
bool send_over_others(size_t bytes);

#endif
