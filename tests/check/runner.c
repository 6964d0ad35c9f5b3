// SPDX-License-Identifier: MIT
/**
 * @file runner.c
 * @brief Runs the tests through Criterion, and is sure to end.
 */

#include "runner.h"

#include "../lab/family.h"
#include "../lab/text.h"
#include "policy.h"
#include "print.h"
#include "results.h"
#include "road.h"
#include "verdict.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/logging.h>
#include <criterion/options.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct criterion_test_set *set;

// --------------------------------------------------------------- before tests

static int compare_tests(const void *left, const void *right)
{
    const struct test *a = left, *b = right;
    if (a->step != b->step)
        return a->step - b->step;
    return a->line < b->line ? -1 : a->line > b->line;
}

/// Step 7 waits for seconds and computes nothing: begin with it, and the
/// others work meanwhile.
static void begin_with_the_slow_one(void)
{
    struct criterion_ordered_set_node **link = &set->suites->first, *slow;

    while (*link != NULL &&
           strcmp(((struct criterion_suite_set *)(*link + 1))->suite.name,
                  "refused") != 0)
        link = &(*link)->next;
    if ((slow = *link) == NULL)
        return;
    *link = slow->next;
    slow->next = set->suites->first;
    set->suites->first = slow;
}

void find_tests(void)
{
    set = criterion_initialize();
    FOREACH_SET (struct criterion_suite_set *suite, set->suites) {
        if (suite->tests == NULL)
            continue;
        FOREACH_SET (struct criterion_test *t, suite->tests) {
            const char *about = t->data->description;
            if (check.test_count == TESTS_MAX) {
                fprintf(stderr, "check: more than %d tests\n", TESTS_MAX);
                exit(2);
            }
            check.tests[check.test_count++] = (struct test){
                .suite = t->category,
                .name = t->name,
                .step = step_of_suite(t->data->file_),
                .line = t->data->line_,
                .given = about != NULL && strcmp(about, "given") == 0,
                .worth = -1,
                .criterion = t,
            };
        }
    }
    begin_with_the_slow_one();
    qsort(check.tests, (size_t)check.test_count, sizeof *check.tests,
          compare_tests);
    share_out();
}

/// Leave out what can't run.
static void leave_out(void)
{
    EACH_STEP (s) {
        EACH_TEST_OF (s, t) {
            struct criterion_test *its = t->criterion;
            if (!s->asked || !s->built)
                its->data->disabled = true;
            else
                check.asked_count++;
            if (s->asked && !s->built) {
                t->status = FAILED;
                t->why = "the program did not compile";
            }
        }
    }
}

// --------------------------------------------------------------- while they run

static void note_end(struct test *t)
{
    check.done_count++;
    tell_test(t);
    print_progress();
}

/// Why a test failed: failure.c's JSON; else it is the lab that speaks.
static void take_message(struct test *t, const char *message)
{
    t->failure = message != NULL ? json_loads(message, 0, NULL) : NULL;
    if (t->failure != NULL) {
        t->status = FAILED;
        return;
    }
    t->status = LAB;
    t->why = message != NULL ? strdup(message) : "the test did not report";
}

ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
    struct test *t = find_test(stats->test->category, stats->test->name);
    const char *message = NULL;

    if (t == NULL || t->status == FAILED || t->status == LAB ||
        stats->test->data->disabled)
        return; // a pass never overwrites a failure
    t->seconds = stats->elapsed_time;
    // The failures stand in reverse: the first one is the last in the list.
    for (struct criterion_assert_stats *a = stats->asserts; a != NULL;
         a = a->next)
        if (!a->passed && a->message != NULL)
            message = a->message;
    if (message == NULL)
        message = stats->message;
    if (stats->test_status == CR_STATUS_PASSED)
        t->status = PASSED;
    else if (stats->test_status == CR_STATUS_SKIPPED) {
        t->status = SKIPPED;
        t->why = message != NULL ? strdup(message) : "";
    } else
        take_message(t, message);
    note_end(t);
}

ReportHook(TEST_CRASH)(struct criterion_test_stats *stats)
{
    struct test *t = find_test(stats->test->category, stats->test->name);
    if (t == NULL)
        return;
    t->status = LAB;
    t->why = "the test itself crashed: this is the lab's fault, not yours. "
             "Please report it";
    note_end(t);
}

static void keep_remark(enum criterion_severity severity, const char *message)
{
    (void)severity;
    if (strncmp(message, "remark ", 7) != 0 ||
        check.remark_count == REMARKS_MAX)
        return;
    for (int i = 0; i < check.remark_count; i++)
        if (strcmp(check.remarks[i], message + 7) == 0)
            return;
    check.remarks[check.remark_count++] = strdup(message + 7);
}

/// Criterion must not take orders from the environment.
static void heed_no_variables(void)
{
    extern char **environ;
    for (char **e = environ; *e != NULL;) {
        if (strncmp(*e, "CRITERION_", 10) == 0) {
            unsetenv(text("%.*s", (int)strcspn(*e, "="), *e));
            e = environ;
        } else {
            e++;
        }
    }
}

double run_tests(long jobs)
{
    static struct criterion_logger quiet;
    struct timespec begin, end;

    heed_no_variables();
    see_programs();
    leave_out();
    tell_steps();
    quiet.log_message = keep_remark;
    criterion_options.logger = &quiet;
    criterion_options.logging_threshold = CRITERION_INFO;
    criterion_options.jobs = (size_t)jobs;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (check.asked_count > 0)
        criterion_run_all_tests(set);
    clock_gettime(CLOCK_MONOTONIC, &end);
    for (int i = 0; i < check.test_count; i++)
        if (check.tests[i].status == WAITING)
            take_message(&check.tests[i], NULL);
    return (double)(end.tv_sec - begin.tv_sec) +
           (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/// Criterion begins each process of a test by starting libgit2, for showing
/// differences as we never do; that reads the certificates of the whole web,
/// which cost a quarter of the time of all tests. So it is not started.
int git_libgit2_init(void)
{
    return 1;
}

int git_libgit2_shutdown(void)
{
    return 0;
}

// ------------------------------------------------------------------ interrupts

static void interrupted(int signal_number)
{
    static const char word[] = "\ninterrupted: no verdict\n";
    ssize_t unused = write(STDERR_FILENO, word, sizeof word - 1);

    (void)unused;
    // The tests' processes; their programs die with them.
    kill_children(); // NOLINT(bugprone-signal-handler): it says it may be
    _exit(128 + signal_number);
}

static pid_t foreground; // the process group that we were started in

/// Criterion takes itself out of the terminal's foreground, where Ctrl-C would
/// not reach it, and sets handlers of its own. Back, and ours.
static void heed_interrupts(void)
{
    setpgid(0, foreground);
    signal(SIGINT, interrupted);
    signal(SIGTERM, interrupted);
}

ReportHook(PRE_ALL)(struct criterion_test_set *all)
{
    (void)all;
    heed_interrupts();
}

ReportHook(PRE_TEST)(struct criterion_test *test)
{
    (void)test;
    heed_interrupts();
}

// ------------------------------------------------------------------ supervisor

static pid_t runner;

static void too_long(int signal_number)
{
    (void)signal_number;
    kill(runner, SIGKILL);
}

/// Criterion's socket, named by the process, is gone or never was. Another
/// user's can't be removed.
static bool no_socket(pid_t pid)
{
    return unlink(text("/tmp/criterion_%d.sock", pid)) == 0 || errno == ENOENT;
}

/// A child whose number is free for Criterion: where a check of another user
/// with that number was killed, Criterion would find its socket and abort.
static pid_t fork_runner(void)
{
    enum { TRIES = 1000 };
    int is_free[2];
    char yes = 1;

    for (int i = 0; i < TRIES && pipe(is_free) == 0; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            if (!no_socket(getpid()))
                _exit(0);
            bool told = write(is_free[1], &yes, 1) == 1;
            close(is_free[0]);
            close(is_free[1]);
            return told ? 0 : -1;
        }
        close(is_free[1]);
        bool found = pid > 0 && read(is_free[0], &yes, 1) == 1;
        close(is_free[0]);
        if (found || pid == -1)
            return pid;
        waitpid(pid, NULL, 0);
        errno = EADDRINUSE;
    }
    return -1;
}

/// Every orphan of a test becomes ours and ends with the check, and so does a
/// check that hangs. (Not the runner itself: Criterion's waits for ever beside
/// a child that is not its own.)
void supervise(void)
{
    enum { LIMIT_S = 600 };
    int status;

    foreground = getpgrp();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    runner = fork_runner();
    if (runner == -1) {
        perror("check: fork");
        exit(2);
    }
    if (runner == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        return;
    }
    signal(SIGINT, SIG_IGN); // the runner ends at it, and then we do
    signal(SIGALRM, too_long);
    alarm(LIMIT_S);
    while (waitpid(runner, &status, 0) == -1 && errno == EINTR)
        ;
    no_socket(runner); // one that was killed leaves it
    reap_children();   // what a killed one leaves behind comes to us only then
    if (WIFSIGNALED(status))
        fprintf(stderr,
                "check: the tests were killed by signal %d%s: no "
                "verdict\n",
                WTERMSIG(status),
                WTERMSIG(status) == SIGKILL ? ", or took too long" : "");
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}
