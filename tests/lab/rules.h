// SPDX-License-Identifier: MIT
/**
 * @file rules.h
 * @brief What a rule is: a classic mistake, as the facts that show it.
 */
#ifndef LAB_RULES_H
#define LAB_RULES_H

#include "facts.h"

/// How specific a rule is.
enum level {
    COURSE,    ///< how the program goes as a whole
    TREATMENT, ///< what it makes of a call that failed
    ORDER,     ///< a call that is missing, one too many, or at the wrong time
    ARGUMENT,  ///< one argument of one call
    CERTAIN,   ///< the program or the kernel says it
};

#define ABOUT(word) (1u << ABOUT_##word)
/// What can fail because the program has ended, or has gone another way.
#define ANY 0u

struct rule {
    const char *id;
    enum level level;
    unsigned about;    ///< what it can explain; ANY: all but wrong arguments
    const char *steps; ///< "": all
    unsigned calls;    ///< the call that failed by itself is one of these …
    int error;         ///< … with this errno
    enum fact needs[4], unless[8];
    /// {1}: the words of the first fact that it needs; {0}: the call that failed
    const char *sentence;
};

extern const struct rule rules[];
extern const int rule_count;

#endif
