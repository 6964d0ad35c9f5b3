// SPDX-License-Identifier: MIT
/**
 * @file lab.c
 * @brief The equipment in a test of Criterion's: its beginning, its end, and what
 * becomes of a failure. All else in this folder knows no framework.
 */

#include "lab.h"
#include "reason.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

static void failed(const char *why)
{
    cr_assert_fail("%s", why);
}

static void skipped(const char *why)
{
    cr_skip("%s", why);
}

static void trouble(const char *what)
{
    cr_assert_fail("the lab itself: %s", what);
}

static void remarked(const char *what)
{
    cr_log_info("remark %s", what);
}

void lab_begin(void)
{
    set_outcome((struct outcome){failed, skipped, trouble, remarked});
    // Children of the program's that outlive it become ours, to be reaped.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    begin_random(criterion_current_test->name);
    begin_programs();
}

void lab_end(void)
{
    if (getenv("LAB_DOUBT") != NULL && last_program() != NULL)
        doubt_rules(last_program());
    end_programs();
}
