// SPDX-License-Identifier: MIT
/**
 * @file text.h
 * @brief Texts, kept until the test ends.
 */

#ifndef LAB_TEXT_H
#define LAB_TEXT_H

#include <stddef.h>

/// A text in printf's way. A test is a process: its end frees it.
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Bytes as they can be printed: \n, \0, \x1b; cut at the end if long.
const char *quoted(const void *data, size_t size);
const char *quoted_up_to(size_t most, const void *data, size_t size);
/// "ECONNREFUSED (Connection refused)"
const char *error_name(int error);

#endif
