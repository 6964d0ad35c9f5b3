// SPDX-License-Identifier: MIT
/**
 * @file outcome.c
 * @brief How a test ends before its end.
 */

#include "outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_and_exit(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

static void print_only(const char *what)
{
    fprintf(stderr, "%s\n", what);
}

static struct outcome does = {print_and_exit, print_and_exit, print_and_exit,
                              print_only};

void set_outcome(struct outcome what)
{
    does = what;
}

void end_failed(const char *why)
{
    does.failed(why);
    abort(); // it does not return; the compiler can't know
}

static const char *formatted(const char *format, va_list arguments)
{
    char *result = NULL;

    if (vasprintf(&result, format, arguments) == -1)
        abort();
    return result;
}

void skip_test(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const char *why = formatted(format, arguments);
    va_end(arguments);
    does.skipped(why);
    abort();
}

void lab_trouble(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const char *why = formatted(format, arguments);
    va_end(arguments);
    does.trouble(why);
    abort();
}

void call_trouble(const char *call)
{
    lab_trouble("%s: %s", call, strerror(errno));
}

void note_remark(const char *what)
{
    does.remark(what);
}
