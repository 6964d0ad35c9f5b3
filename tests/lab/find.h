// SPDX-License-Identifier: MIT
/**
 * @file find.h
 * @brief Find a line in what a program says: for the expectations.
 */

#ifndef LAB_FIND_H
#define LAB_FIND_H

#include "program.h"

/// The next whole line on stdout that begins so.
struct line_search {
    const char *before;
    const char *line; ///< what was found
};
bool line_is_there(struct program *p, void *line_search);

/// Words on stderr.
struct text_search {
    const char *what;
    bool whole_line;
};
bool error_is_there(struct program *p, void *text_search);

#endif
