// SPDX-License-Identifier: MIT
/**
 * @file runner.h
 * @brief Runs the tests through Criterion, and is sure to end.
 */
#ifndef CHECK_RUNNER_H
#define CHECK_RUNNER_H

/// Go on as a child, and stay behind as its parent, who ends what it leaves.
void supervise(void);
/// Find the tests, and give each its share of the points.
void find_tests(void);
/// Run those of the steps that were asked and built. How long it took, in
/// seconds.
double run_tests(long jobs);

#endif
