// SPDX-License-Identifier: MIT
/**
 * @file failure.h
 * @brief End a test whose expectation was not met, with all that explains
 * it.
 */

#ifndef LAB_FAILURE_H
#define LAB_FAILURE_H

#include "about.h"
#include "program.h"

/// End the test: what was expected, what was seen; failure.c adds the rest.
_Noreturn void fail(struct program *p, enum about about, const char *expected,
                    const char *saw);

/// Who has port 4444, in the words of `make look`; NULL if the program did not
/// hear from bind or listen that it is taken, or if the lab itself has it.
const char *default_port_holder(struct program *p);

#endif
