// SPDX-License-Identifier: MIT
/**
 * @file find.h
 * @brief Find a line in what a program says. A line of PROGRAMS.md is known by
 * its whole form, here and nowhere else: one that only begins like it is one of
 * the others, which a student may print as well.
 */

#ifndef LAB_FIND_H
#define LAB_FIND_H

#include "program.h"

#include <netinet/in.h>

/// The whole form of the lines that begin so, in words: "bound to ADDRESS:PORT".
const char *form_of(const char *before);
/// Whether a line (up to its newline) begins so and has the whole form.
bool has_form(const char *line, const char *before);
/// Whether a line is any of those that say that a program has succeeded.
bool tells_success(const char *line);
/// The address at the beginning of a text, and how much of the text it is; 0:
/// there is none.
size_t read_address(const char *from, struct sockaddr_in *a);

/// The next line on stdout that begins so and has the whole form.
struct line_search {
    const char *before;
    const char *line; ///< what was found
};
bool line_is_there(struct program *p, void *line_search);
/// Whether there is one anywhere on stdout.
bool has_said(const struct program *p, const char *before);
/// The first line from here on that only begins so; NULL: none.
const char *nearest_miss(const char *from, const char *before);

/// Words on stderr.
struct text_search {
    const char *what;
    bool whole_line;
};
bool error_is_there(struct program *p, void *text_search);

#endif
