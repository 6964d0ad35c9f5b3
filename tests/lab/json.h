// SPDX-License-Identifier: MIT
/**
 * @file json.h
 * @brief Texts from outside as JSON.
 */
#ifndef LAB_JSON_H
#define LAB_JSON_H

#include <jansson.h>

/// JSON is UTF-8, and Jansson refuses what isn't, with all around it: a source
/// in Latin-1, as a compiler quotes it, must not cost the verdict. NULL: null.
json_t *json_text(const char *words);

#endif
