// SPDX-License-Identifier: MIT
/**
 * @file steps.c
 * @brief The table of the steps: the Makefile makes steps.inc of tests/steps.
 */

#include "steps.h"

#include <stddef.h>
#include <string.h>

const struct step_row step_rows[] = {
#include "steps.inc"
};
const int step_row_count = sizeof step_rows / sizeof *step_rows;

const struct step_row *find_step_row(const char *stem)
{
    for (int i = 0; i < step_row_count; i++)
        if (strcmp(step_rows[i].stem, stem) == 0)
            return &step_rows[i];
    return NULL;
}
