// SPDX-License-Identifier: MIT
/**
 * @file find.c
 * @brief Find a line in what a program says: what counts as one.
 */

#include "find.h"

#include <string.h>
#include <strings.h>

bool line_is_there(struct program *p, void *context)
{
    struct line_search *search = context;
    size_t size = strlen(search->before);
    char *at = p->out.text + p->seen, *end;

    while ((end = strchr(at, '\n')) != NULL) {
        // The article says "Connected", but the case of it is free.
        bool same = strncmp(search->before, "Connected", 9) == 0
                        ? strncasecmp(at, search->before, size) == 0
                        : strncmp(at, search->before, size) == 0;
        if (same) {
            search->line = text("%.*s", (int)(end - at), at);
            p->seen = (size_t)(end + 1 - p->out.text);
            return true;
        }
        at = end + 1;
    }
    return false;
}

bool error_is_there(struct program *p, void *context)
{
    struct text_search *search = context;
    size_t size = strlen(search->what);
    const char *at = p->err.text;

    while ((at = strstr(at, search->what)) != NULL) {
        if (!search->whole_line || ((at == p->err.text || at[-1] == '\n') &&
                                    (at[size] == '\n' || at[size] == '\0')))
            return true;
        at++;
    }
    return false;
}
