// SPDX-License-Identifier: MIT
/**
 * @file text.c
 * @brief Texts, and bytes and errors as texts.
 */

#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *text(const char *format, ...)
{
    va_list arguments;
    char *result = NULL;

    va_start(arguments, format);
    if (vasprintf(&result, format, arguments) == -1)
        abort();
    va_end(arguments);
    return result;
}

const char *error_name(int error)
{
    const char *name = strerrorname_np(error);
    return text("%s (%s)", name != NULL ? name : "?", strerror(error));
}

/// One character as it can be printed; returns its width.
static int print_byte(FILE *out, unsigned char c)
{
    if (c == '\n')
        return fprintf(out, "\\n");
    if (c == '"' || c == '\\')
        return fprintf(out, "\\%c", c);
    return fprintf(out, isprint(c) ? "%c" : "\\x%02x", c);
}

const char *quoted_up_to(size_t most, const void *data, size_t size)
{
    const unsigned char *byte = data;
    char *result;
    size_t length;
    FILE *out = open_memstream(&result, &length);

    fputc('"', out);
    size_t columns = 0, i;
    for (i = 0; i < size && columns < most; i++)
        columns += (size_t)print_byte(out, byte[i]);
    fprintf(out, i < size ? "\"…" : "\"");
    fclose(out);
    return result;
}

const char *quoted(const void *data, size_t size)
{
    return quoted_up_to(100, data, size);
}
