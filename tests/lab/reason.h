// SPDX-License-Identifier: MIT
/**
 * @file reason.h
 * @brief Why an expectation was not met: the classic mistakes, known by the
 * traces that they leave.
 */

#ifndef LAB_REASON_H
#define LAB_REASON_H

#include "about.h"
#include "program.h"

/// A mistake that the traces show; text is NULL if none is known.
struct reason {
    const char *id, *text;
};
struct reason find_reason(struct program *p, const struct failure *failure);

/// For `make selftest`: a remark for each rule that speaks of a program whose
/// test has passed. None may.
void doubt_rules(struct program *p);

#endif
