// SPDX-License-Identifier: MIT
/**
 * @file main.c
 * @brief The program that grades.
 *
 *     check --steps steps --programs DIR --results FILE [--points POLICY]
 *           [--only 02]... [--seed N] [--jobs N] [--tell FD]
 *     check --where --steps steps --programs DIR
 *     check --list [--steps steps --programs DIR]
 *     check --score <VERDICT
 *
 * With --tell the verdict also goes to a descriptor as it comes, in lines of
 * JSON: first each step with all its tests, then every test that ends, last
 * what results.json has. With --results - it goes nowhere else. No test and no
 * program has that descriptor, so nobody else can write a verdict there.
 *
 * --where says where the student stands. For other programs: --list writes all
 * steps, their tests and that as JSON; --score reads a verdict that was put
 * together of several, and writes it with its points.
 *
 * Exit status 0 only if every test that was asked for has passed; 1 if one has
 * not; 2 if the check itself could not be done.
 */

#include "../lab/text.h"
#include "policy.h"
#include "print.h"
#include "results.h"
#include "road.h"
#include "runner.h"
#include "score.h"
#include "terminal.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum task { CHECK, WHERE, LIST, SCORE };

static enum task task;
static const char *only[STEPS_MAX];
static int only_count;
static long jobs;

/// For who may not know it: /proc shows our arguments, not our stdin.
static long seed_from_stdin(void)
{
    char line[32] = "";

    if (fgets(line, sizeof line, stdin) == NULL ||
        freopen("/dev/null", "r", stdin) == NULL)
        return -1;
    return atol(line);
}

static void read_options(int argc, char *argv[])
{
    static const struct option options[] = {
        {"steps", required_argument, NULL, 's'},
        {"programs", required_argument, NULL, 'p'},
        {"results", required_argument, NULL, 'r'},
        {"points", required_argument, NULL, 'v'},
        {"only", required_argument, NULL, 'o'},
        {"seed", required_argument, NULL, 'e'},
        {"tell", required_argument, NULL, 't'},
        {"jobs", required_argument, NULL, 'j'},
        {"where", no_argument, NULL, 'W'},
        {"list", no_argument, NULL, 'L'},
        {"score", no_argument, NULL, 'S'},
        {NULL, 0, NULL, 0},
    };
    check.seed = -1;
    jobs = 4 * sysconf(_SC_NPROCESSORS_ONLN);
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 's':
            check.folder = optarg;
            break;
        case 'p':
            check.programs = optarg;
            break;
        case 'r':
            check.results = optarg;
            break;
        case 'v':
            check.policy = *optarg == '\0' ? NULL : optarg;
            break;
        case 'o':
            if (only_count < STEPS_MAX)
                only[only_count++] = optarg;
            break;
        case 'e':
            check.seed = *optarg == '\0'            ? -1
                         : strcmp(optarg, "-") == 0 ? seed_from_stdin()
                                                    : atol(optarg);
            break;
        case 't':
            check.tell_fd = atoi(optarg);
            // Neither a test nor a program gets it.
            fcntl(check.tell_fd, F_SETFD, FD_CLOEXEC);
            break;
        case 'j':
            jobs = atol(optarg);
            break;
        case 'W':
            task = WHERE;
            break;
        case 'L':
            task = LIST;
            break;
        case 'S':
            task = SCORE;
            break;
        default:
            exit(2);
        }
    }
    if (check.seed < 0)
        check.seed = (long)(time(NULL) ^ getpid()) & 0xffffff;
}

/// Mark the steps that were asked for.
static void ask_steps(void)
{
    bool any = false;
    const char *known = "";

    EACH_STEP (s) {
        s->asked = only_count == 0;
        for (int j = 0; j < only_count; j++)
            if (strncmp(s->row->stem, only[j], strlen(only[j])) == 0)
                s->asked = true;
        any |= s->asked;
        known = text("%s %s", known, s->row->stem);
    }
    if (any)
        return;
    fprintf(stderr, "check: there is no step %s. There are:%s\n",
            only_count > 0 ? only[0] : "", known);
    exit(2);
}

/// Exit status.
static int grade(void)
{
    if (only_told())
        prctl(PR_SET_DUMPABLE, 0); // nobody looks for the descriptor
    else
        unlink(check.results); // an old verdict must not pass for this one's
    supervise();
    find_tests();
    double seconds = run_tests(jobs);
    find_repeats();
    print_report(only_count > 0, seconds);
    if (!write_results())
        return 2;
    EACH_STEP (s)
        if (s->asked && first_failure(s) != NULL)
            return 1;
    return 0;
}

int main(int argc, char *argv[])
{
    begin_terminal();
    read_options(argc, argv);
    setenv("LAB_SEED", text("%ld", check.seed), 1);
    setenv("LAB_STEPS", check.folder, 1);
    setenv("LAB_PROGRAMS", check.programs, 1);
    read_policy();
    ask_steps();
    switch (task) {
    case WHERE:
        print_road();
        return 0;
    case LIST:
        find_tests();
        see_programs();
        print_results(true);
        return 0;
    case SCORE:
        find_tests();
        read_results();
        print_results(false);
        return 0;
    default:
        return grade();
    }
}
