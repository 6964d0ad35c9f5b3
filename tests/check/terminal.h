// SPDX-License-Identifier: MIT
/**
 * @file terminal.h
 * @brief Print for people: colours, UTF-8 or ASCII, lines as wide as there is
 * room.
 */
#ifndef CHECK_TERMINAL_H
#define CHECK_TERMINAL_H

#include <stdbool.h>

#define GREEN "32"
#define RED "31"
#define BOLD "1"
#define FAINT "2"
#define PLAIN ""

/// What stdout is, and the locale.
void begin_terminal(void);
/// Whether somebody looks on.
bool on_terminal(void);

/// Print text; where it is too wide, go on in the next line after an indent.
/// It begins where the line was left.
void paint(const char *code, int indent, const char *text);
/// The same, without colour, and the line ends.
void say_line(int indent, const char *text);
/// A line as it is, however long.
void say_exactly(const char *text);
void end_line(void);

#endif
