// SPDX-License-Identifier: MIT
/**
 * @file road.c
 * @brief Where the student stands.
 */

#include "road.h"

#include "../lab/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void see_programs(void)
{
    EACH_STEP (s) {
        s->built = access(path_of(check.programs, s, ".checked"), X_OK) == 0 &&
                   access(path_of(check.programs, s, ".plain"), X_OK) == 0;
        s->compiler = read_file(path_of(check.programs, s, ".log"));
        if (s->compiler != NULL && *s->compiler == '\0')
            s->compiler = NULL;
    }
}

/// Whether the program has changed since it was built for its last check.
static bool edited(const struct step *s)
{
    char *now = read_file(path_of(check.folder, s, ".c"));
    char *then = read_file(path_of(check.programs, s, ".c"));
    bool differ = now == NULL || then == NULL || strcmp(now, then) != 0;

    free(now);
    free(then);
    return differ;
}

struct standing standing_of(const struct step *s)
{
    json_t *verdict =
        json_load_file(path_of(check.programs, s, ".json"), 0, NULL);
    struct standing standing = {
        json_number_value(json_object_get(verdict, "points")), "begun"};

    if (access(path_of(check.folder, s, ".c"), R_OK) == -1)
        standing.state = "missing";
    else if (verdict == NULL)
        standing.state = "unchecked";
    else if (edited(s))
        standing.state = "edited";
    else if (standing.points == s->worth)
        standing.state = "done";
    json_decref(verdict);
    return standing;
}

const char *short_name(const struct step *s)
{
    size_t number = strcspn(s->row->stem, "_");

    EACH_STEP (other)
        if (other != s &&
            strncmp(other->row->stem, s->row->stem, number + 1) == 0)
            return s->row->stem;
    return text("%.*s", (int)number, s->row->stem);
}
