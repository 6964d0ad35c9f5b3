// SPDX-License-Identifier: MIT
/**
 * @file verdict.c
 * @brief What a check knows: the steps, their tests, and what came of each.
 */

#include "verdict.h"

#include "../lab/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const status_names[STATUS_COUNT] = {
    [WAITING] = "waiting", [PASSED] = "passed",   [FAILED] = "failed",
    [SKIPPED] = "skipped", [TIMEOUT] = "timeout", [LAB] = "lab",
};

struct check check = {
    .folder = "steps",
    .programs = "build/graded/steps",
    .results = "build/results.json",
    .tell_fd = -1,
};

const char *sentence_of(const struct test *t)
{
    char *sentence = strdup(t->name);

    for (char *c = sentence; *c != '\0'; c++) {
        bool ends = c[0] == '_' && (c[2] == '_' || c[2] == '\0');
        if (*c != '_')
            continue;
        *c = (char)(ends && (c[1] == 's' || c[1] == 't') ? '\''
                    : c > sentence && isdigit((unsigned char)c[-1]) &&
                            isdigit((unsigned char)c[1])
                        ? '.'
                        : ' ');
    }
    return sentence;
}

const char *full_name(const struct test *t)
{
    return text("%s/%s", t->suite, t->name);
}

struct test *find_test(const char *suite, const char *name)
{
    for (int i = 0; i < check.test_count; i++)
        if (strcmp(check.tests[i].name, name) == 0 &&
            strcmp(check.tests[i].suite, suite) == 0)
            return &check.tests[i];
    return NULL;
}

bool is_failure(const struct test *t)
{
    return t->status != PASSED && t->status != SKIPPED;
}

char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    char *content = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&content, &size);
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0 && size < 1 << 20)
        fwrite(chunk, 1, n, out);
    fclose(file);
    fclose(out);
    return content;
}

const char *path_of(const char *folder, const struct step *s,
                    const char *ending)
{
    return text("%s/%s%s", folder, s->row->stem, ending);
}
