// SPDX-License-Identifier: MIT
/**
 * @file json.c
 * @brief Texts from outside as JSON.
 */

#include "json.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *words)
{
    if (words == NULL)
        return json_null();
    json_t *json = json_string(words);
    if (json != NULL)
        return json;
    char *plain = strdup(words);
    for (char *c = plain; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(plain);
    free(plain);
    return json;
}
