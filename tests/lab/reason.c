// SPDX-License-Identifier: MIT
/**
 * @file reason.c
 * @brief Finds the rule that explains a failure.
 *
 * A rule speaks if all that it needs is so and nothing that speaks against it.
 * Of those that speak the most specific one is believed; if two are equally
 * specific, none is.
 */

#include "reason.h"

#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool speaks(const struct facts *f, const struct rule *rule)
{
    unsigned about = 1u << f->failure->about;
    const struct call *failed = f->blamed;

    if (rule->about != ANY ? (rule->about & about) == 0
                           : f->failure->about == ABOUT_USAGE)
        return false;
    // What the lab makes fail is to be reported; how the rest of the program
    // was written is no reason for that.
    bool reported = so(f, FAULT) && (about & (ABOUT(REPORT) | ABOUT(END))) != 0;
    if (reported && rule->level != TREATMENT && rule->level != CERTAIN)
        return false;
    if (so(f, FAULT) && !reported && rule->level == TREATMENT)
        return false;
    const char *step = *rule->steps == '\0'
                           ? stem_of(f->p)
                           : strstr(rule->steps, text("%02d", f->step));
    if (step == NULL || (step[2] == '_' && strncmp(step, stem_of(f->p),
                                                   strlen(stem_of(f->p))) != 0))
        return false;
    if ((rule->calls != 0 || rule->error != 0) &&
        (failed == NULL || failed->injected != 0 ||
         failed->error != rule->error ||
         (rule->calls != 0 && (rule->calls & 1u << failed->id) == 0)))
        return false;
    for (int i = 0; i < 4 && rule->needs[i] != NO_FACT; i++)
        if (!so(f, rule->needs[i]))
            return false;
    for (int i = 0; i < 8 && rule->unless[i] != NO_FACT; i++)
        if (so(f, rule->unless[i]))
            return false;
    return true;
}

/// The sentence with the words of its facts.
static const char *sentence(const struct facts *f, const struct rule *rule)
{
    char *result;
    size_t size;
    FILE *out = open_memstream(&result, &size);

    for (const char *at = rule->sentence; *at != '\0'; at++) {
        if (*at != '{') {
            fputc(*at, out);
            continue;
        }
        int number = at[1] - '0';
        fputs(f->words[number == 0 ? BLAMED : rule->needs[number - 1]], out);
        at += 2;
    }
    fclose(out);
    return result;
}

struct reason find_reason(struct program *p, const struct failure *failure)
{
    static struct facts f;
    const struct rule *best = NULL;
    bool tie = false;

    find_facts(&f, p, failure);
    for (int i = 0; i < rule_count; i++) {
        if (!speaks(&f, &rules[i]))
            continue;
        if (getenv("LAB_RULES") != NULL)
            fprintf(stderr, "rule %s %d\n", rules[i].id, rules[i].level);
        if (best == NULL || rules[i].level > best->level) {
            best = &rules[i];
            tie = false;
        } else if (rules[i].level == best->level) {
            tie = true;
        }
    }
    struct reason reason = {NULL, NULL};
    if (best != NULL && !tie)
        reason = (struct reason){best->id, sentence(&f, best)};
    if (getenv("LAB_RULES") != NULL)
        fprintf(stderr, "reason %s\n", reason.text != NULL ? reason.text : "");
    return reason;
}

void doubt_rules(struct program *p)
{
    static struct facts f;
    // No expectation failed, so any of them might have.
    struct failure failure = {ABOUT_USAGE, "differs", ""};

    find_facts(&f, p, &failure);
    for (int i = 0; i < rule_count; i++)
        for (int about = ABOUT_LINE; about <= ABOUT_TIME; about++) {
            failure.about = (enum about)about;
            if (!speaks(&f, &rules[i]))
                continue;
            remark(p, text("the rule %s speaks of it", rules[i].id));
            break;
        }
}
