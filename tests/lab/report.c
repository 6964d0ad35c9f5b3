// SPDX-License-Identifier: MIT
/**
 * @file report.c
 * @brief Runs the suites through Criterion and says what came out: a line a
 * step, the first failures in full, points, the next thing to do, and the
 * whole verdict in results.json.
 *
 *     check --steps steps --programs DIR --results FILE --points FILE
 *           [--only 02]... [--seed N] [--jobs N] [--where] [--tell FD]
 *
 * With --tell the verdict also goes to a descriptor as it comes, in lines of
 * JSON: first each step with all its tests, then every test that ends, last
 * what results.json has. With --results - it goes nowhere else. No test and no
 * program has that descriptor, so nobody else can write a verdict there.
 *
 * Exit status 0 only if every test that was asked for has passed; 1 if one has
 * not; 2 if the check itself could not be done.
 */

#include "lab.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/logging.h>
#include <criterion/options.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEPS_MAX = 16, TESTS_MAX = 400, FULL_FAILURES = 2 };

enum status { NOT_RUN, PASSED, FAILED, SKIPPED };
static const char *const status_names[] = {"not run", "passed", "failed",
                                           "skipped"};

struct test {
    struct criterion_test *criterion;
    int step;
    double worth; ///< its share of the step's points; -1: an equal one
    bool given;
    enum status status;
    char *message;
    bool again; ///< fails for a reason that was told in full before
    float seconds;
};

struct step {
    char stem[32];  ///< "02_bind"
    double worth;   ///< points
    int line;       ///< where the policy says so
    bool asked;     ///< part of this check
    char *compiler; ///< what the compiler said, NULL: nothing
    bool built;
};

static struct step steps[STEPS_MAX];
static int step_count;
static struct test tests[TESTS_MAX];
static int test_count;
static int done_count, asked_count;
static char *remarks[64];
static int remark_count;

static const char *steps_name = "steps"; ///< as the user calls the folder
static const char *programs = "build/graded/steps";
static const char *results = "build/results.json";
static const char *policy = "tests/points";
static bool colour, utf8, progress;
static int tell_fd = -1; ///< where verdicts are told as they come; -1: nowhere

// ------------------------------------------------------------------ printing

/// Print a text; where the locale has no UTF-8, in ASCII.
static void say(const char *text)
{
    static const char *const plain[][2] = {
        {"…", "..."}, {"✔", "ok"}, {"✘", "X "}, {"○", "- "}, {"–", "-"},
    };
    while (*text != '\0') {
        bool found = false;
        for (size_t i = 0; !utf8 && i < sizeof plain / sizeof *plain; i++) {
            size_t size = strlen(plain[i][0]);
            if (strncmp(text, plain[i][0], size) == 0) {
                fputs(plain[i][1], stdout);
                text += size;
                found = true;
            }
        }
        if (found)
            continue;
        putchar(utf8 || (unsigned char)*text < 0x80 ? *text : '?');
        text++;
    }
}

static void paint(const char *code, const char *text)
{
    if (colour)
        printf("\033[%sm", code);
    say(text);
    if (colour)
        fputs("\033[0m", stdout);
}

/// Points with one decimal where they need it, never rounded up to the whole.
static const char *show_points(double points)
{
    static char shown[8][24];
    static int turn;
    char *buffer = shown[turn++ % 8];
    long tenths = (long)(points * 10 + 1e-6);

    snprintf(buffer, sizeof shown[0], tenths % 10 == 0 ? "%ld" : "%ld.%ld",
             tenths / 10, tenths % 10);
    return buffer;
}

#define GREEN "32"
#define RED "31"
#define BOLD "1"
#define FAINT "2"

/// "reports_the_port" as a sentence; 127_0_0_1 and host_s are what they mean.
static const char *sentence_of(const struct test *t)
{
    static char sentence[256];
    snprintf(sentence, sizeof sentence, "%s", t->criterion->name);
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

// --------------------------------------------------------------------- tests

static char *read_file(const char *path)
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

static int compare_tests(const void *left, const void *right)
{
    const struct test *a = left, *b = right;
    unsigned line_a = a->criterion->data->line_;
    unsigned line_b = b->criterion->data->line_;
    if (a->step != b->step)
        return a->step - b->step;
    return line_a < line_b ? -1 : line_a > line_b;
}

/// A line of the policy that is about one test; its test is known only later.
struct share {
    char *test;
    double worth;
    int line;
};
static struct share shares[TESTS_MAX];
static int share_count;

/// What the policy says besides points; the default stands first.
static struct setting {
    const char *name;
    const char *values[5];
    int chosen;
    int line;
} settings[] = {
    {"gradescope",
     {"visible", "hidden", "after_due_date", "after_published"},
     0,
     0},
    {"seed", {"shown", "hidden"}, 0, 0},
};
enum { SETTING_COUNT = sizeof settings / sizeof *settings };

_Noreturn static void wrong_policy(int line, const char *words)
{
    fprintf(stderr, line > 0 ? "%s:%d: " : "%s: ", policy, line);
    fprintf(stderr, "%s\n", words);
    exit(2);
}

static void once(const char *name, int line, int before)
{
    if (before > 0)
        wrong_policy(line, text("%s stands in line %d already", name, before));
}

static void read_setting(struct setting *s, const char *value, int line)
{
    char known[128] = "";
    size_t used = 0;

    once(s->name, line, s->line);
    s->line = line;
    for (s->chosen = 0; s->values[s->chosen] != NULL; s->chosen++) {
        if (strcmp(s->values[s->chosen], value) == 0)
            return;
        used += (size_t)snprintf(known + used, sizeof known - used, " %s",
                                 s->values[s->chosen]);
    }
    wrong_policy(line,
                 text("%s can't be '%s'; it can be:%s", s->name, value, known));
}

static void read_worth(const char *name, const char *value, int line)
{
    char *end;
    double worth = strtod(value, &end);

    // No sign, no "inf", no "0x10": strtod takes more than a number of points.
    if (*end != '\0' || value[strspn(value, "0123456789.")] != '\0' ||
        worth > 1e6)
        wrong_policy(line, text("'%s' is no number of points", value));
    if (strchr(name, '/') != NULL) {
        for (int i = 0; i < share_count; i++)
            if (strcmp(shares[i].test, name) == 0)
                once(name, line, shares[i].line);
        if (share_count == TESTS_MAX)
            wrong_policy(line, text("more than %d tests", TESTS_MAX));
        shares[share_count++] = (struct share){strdup(name), worth, line};
        return;
    }
    for (int i = 0; i < step_count; i++)
        if (strcmp(steps[i].stem, name) == 0)
            once(name, line, steps[i].line);
    if (step_count == STEPS_MAX || strlen(name) >= sizeof steps[0].stem)
        wrong_policy(line, text("there is no step %s", name));
    struct step *step = &steps[step_count++];
    snprintf(step->stem, sizeof step->stem, "%s", name);
    step->worth = worth;
    step->line = line;
}

/// Each line is a name and its value; tests/points explains them at its top.
static void read_policy(void)
{
    FILE *file = fopen(policy, "r");
    char line[512], name[256], value[128], more[2];

    if (file == NULL)
        wrong_policy(0, text("%s. POLICY names a file such as tests/points",
                             strerror(errno)));
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        if (strchr(line, '\n') == NULL && !feof(file))
            wrong_policy(number, "the line is too long");
        line[strcspn(line, "#")] = '\0';
        int words = sscanf(line, "%255s %127s %1s", name, value, more);
        if (words <= 0)
            continue;
        if (words != 2)
            wrong_policy(number, "a line is a name and its points, such as "
                                 "02_bind 10");
        struct setting *s = settings;
        while (s < settings + SETTING_COUNT && strcmp(s->name, name) != 0)
            s++;
        if (s < settings + SETTING_COUNT)
            read_setting(s, value, number);
        else
            read_worth(name, value, number);
    }
    if (ferror(file)) // a folder
        wrong_policy(0, strerror(errno));
    fclose(file);
    if (step_count == 0)
        wrong_policy(0, "there is no line such as 02_bind 10 in it");
}

/// The step of a suite, from the name of its file: tests/02_bind.c.
static int step_of(const struct criterion_test *t)
{
    const char *name = strrchr(t->data->file_, '/');
    name = name == NULL ? t->data->file_ : name + 1;
    for (int i = 0; i < step_count; i++) {
        size_t size = strlen(steps[i].stem);
        if (strncmp(name, steps[i].stem, size) == 0 && name[size] == '.')
            return i;
    }
    wrong_policy(0, text("%.*s has no points; 0 would be some",
                         (int)strcspn(name, "."), name));
}

static void find_tests(struct criterion_test_set *set)
{
    FOREACH_SET (struct criterion_suite_set *suite, set->suites) {
        if (suite->tests == NULL)
            continue;
        FOREACH_SET (struct criterion_test *t, suite->tests) {
            if (test_count == TESTS_MAX) {
                fprintf(stderr, "check: more than %d tests\n", TESTS_MAX);
                exit(2);
            }
            struct test *one = &tests[test_count++];
            one->criterion = t;
            one->step = step_of(t);
            one->worth = -1;
            one->given = t->data->description != NULL &&
                         strcmp(t->data->description, "given") == 0;
        }
    }
    // Step 7 waits for seconds and computes nothing: begin with it, and the
    // others work meanwhile.
    struct criterion_ordered_set_node **link = &set->suites->first, *slow;
    while (*link != NULL &&
           strcmp(((struct criterion_suite_set *)(*link + 1))->suite.name,
                  "refused") != 0)
        link = &(*link)->next;
    if ((slow = *link) != NULL) {
        *link = slow->next;
        slow->next = set->suites->first;
        set->suites->first = slow;
    }
    qsort(tests, (size_t)test_count, sizeof *tests, compare_tests);
}

static bool is_called(const struct test *t, const char *name)
{
    size_t suite = strlen(t->criterion->category);
    return strncmp(name, t->criterion->category, suite) == 0 &&
           name[suite] == '/' &&
           strcmp(name + suite + 1, t->criterion->name) == 0;
}

/// Give every test its share: what the policy says, and to the others of a step
/// the same part of what is left.
static void share_out(void)
{
    for (int i = 0; i < share_count; i++) {
        int at = 0;
        while (at < test_count && !is_called(&tests[at], shares[i].test))
            at++;
        if (at == test_count)
            wrong_policy(shares[i].line,
                         text("there is no test %s; %s lists their names",
                              shares[i].test, "results.json"));
        tests[at].worth = shares[i].worth;
    }
    for (int s = 0; s < step_count; s++) {
        double left = steps[s].worth;
        int all = 0, equal = 0;
        for (int i = 0; i < test_count; i++) {
            if (tests[i].step != s)
                continue;
            all++;
            if (tests[i].worth < 0)
                equal++;
            else
                left -= tests[i].worth;
        }
        if (all == 0)
            wrong_policy(steps[s].line,
                         text("there is no step %s", steps[s].stem));
        if (left < -1e-6 || (equal == 0 && left > 1e-6))
            wrong_policy(
                steps[s].line,
                text("%s has %g points, and its tests have %g together",
                     steps[s].stem, steps[s].worth, steps[s].worth - left));
        for (int i = 0; i < test_count; i++)
            if (tests[i].step == s && tests[i].worth < 0)
                tests[i].worth = left > 0 ? left / equal : 0;
    }
}

/// See what there is of each step, and leave out what can't run.
static void prepare(void)
{
    char path[PATH_MAX];

    for (int i = 0; i < step_count; i++) {
        snprintf(path, sizeof path, "%s/%s.checked", programs, steps[i].stem);
        steps[i].built = access(path, X_OK) == 0;
        snprintf(path, sizeof path, "%s/%s.plain", programs, steps[i].stem);
        steps[i].built &= access(path, X_OK) == 0;
        snprintf(path, sizeof path, "%s/%s.log", programs, steps[i].stem);
        steps[i].compiler = read_file(path);
        if (steps[i].compiler != NULL && *steps[i].compiler == '\0')
            steps[i].compiler = NULL;
    }
    for (int i = 0; i < test_count; i++) {
        struct test *t = &tests[i];
        struct step *s = &steps[t->step];
        if (!s->asked || !s->built)
            t->criterion->data->disabled = true;
        else
            asked_count++;
        if (s->asked && !s->built) {
            t->status = FAILED;
            t->message = "the program did not compile";
        }
    }
}

static struct test *find_test(const struct criterion_test *t)
{
    for (int i = 0; i < test_count; i++)
        if (strcmp(tests[i].criterion->name, t->name) == 0 &&
            strcmp(tests[i].criterion->category, t->category) == 0)
            return &tests[i];
    return NULL;
}

static json_t *test_as_json(const struct test *t, double got);
static json_t *step_as_json(int step);

/// A text for results.json, which is UTF-8. A compiler quotes a source in
/// Latin-1 as it is, and that must not cost the verdict.
static json_t *json_text(const char *words)
{
    json_t *json = words == NULL ? NULL : json_string(words);
    if (words == NULL || json != NULL)
        return json;
    char *plain = strdup(words);
    for (char *c = plain; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(plain);
    free(plain);
    return json;
}

/// Whether the verdict is for --tell's reader alone.
static bool only_told(void)
{
    return strcmp(results, "-") == 0;
}

/// A line of JSON to whoever wants to know more than the report at the end.
static bool tell(json_t *what)
{
    if (tell_fd != -1 &&
        (what == NULL ||
         json_dumpfd(what, tell_fd, JSON_COMPACT | JSON_REAL_PRECISION(6)) ==
             -1 ||
         write(tell_fd, "\n", 1) == -1))
        tell_fd = -1; // nobody listens any more
    json_decref(what);
    return tell_fd != -1;
}

static void show_progress(const struct test *t)
{
    if (tell_fd != -1)
        tell(test_as_json(t, 0));
    done_count++;
    if (progress) {
        printf("\rchecking %d of %d ", done_count, asked_count);
        fflush(stdout);
    }
}

ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
    struct test *t = find_test(stats->test);
    if (t == NULL || t->status == FAILED || t->criterion->data->disabled)
        return; // a pass never overwrites a failure
    t->seconds = stats->elapsed_time;
    t->status = stats->test_status == CR_STATUS_PASSED    ? PASSED
                : stats->test_status == CR_STATUS_SKIPPED ? SKIPPED
                                                          : FAILED;
    // The failures stand in reverse: the first one is the last in the list.
    for (struct criterion_assert_stats *a = stats->asserts; a != NULL;
         a = a->next)
        if (!a->passed && a->message != NULL)
            t->message = strdup(a->message);
    if (t->message == NULL && stats->message != NULL)
        t->message = strdup(stats->message);
    show_progress(t);
}

ReportHook(TEST_CRASH)(struct criterion_test_stats *stats)
{
    struct test *t = find_test(stats->test);
    if (t == NULL)
        return;
    t->status = FAILED;
    t->message = "the test itself crashed: this is the lab's fault, not "
                 "yours. Please report it";
    show_progress(t);
}

static void keep_remark(enum criterion_severity severity, const char *message)
{
    (void)severity;
    if (strncmp(message, "remark ", 7) != 0 || remark_count == 64)
        return;
    for (int i = 0; i < remark_count; i++)
        if (strcmp(remarks[i], message + 7) == 0)
            return;
    remarks[remark_count++] = strdup(message + 7);
}

// ------------------------------------------------------------------- verdict

/// The points that the tests of a step share: without those that are skipped.
static double shared(int step)
{
    double sum = 0;
    for (int i = 0; i < test_count; i++)
        if (tests[i].step == step && tests[i].status != SKIPPED)
            sum += tests[i].worth;
    return sum;
}

/// The points of a step; also how many of its tests passed, of how many.
static double score(int step, int *passed, int *all)
{
    double earned = 0;
    int own = 0;

    *passed = *all = 0;
    for (int i = 0; i < test_count; i++) {
        if (tests[i].step != step || tests[i].status == SKIPPED)
            continue;
        (*all)++;
        if (tests[i].status != PASSED)
            continue;
        (*passed)++;
        earned += tests[i].worth;
        own += !tests[i].given;
    }
    if (own == 0 || earned == 0)
        return 0; // what the starter is given earns nothing by itself
    return steps[step].worth * (earned / shared(step));
}

static struct test *first_failure(int step)
{
    for (int i = 0; i < test_count; i++)
        if (tests[i].step == step &&
            (tests[i].status == FAILED || tests[i].status == NOT_RUN))
            return &tests[i];
    return NULL;
}

/// The line of an open TODO if that is why the step fails, else NULL.
static char *open_todo(int step)
{
    static char todo[128];
    for (int i = 0; i < test_count; i++) {
        if (tests[i].step != step || tests[i].status != FAILED ||
            tests[i].message == NULL)
            continue;
        const char *at = strstr(tests[i].message, "TODO(");
        if (at == NULL || strstr(at, "is open") == NULL)
            continue;
        snprintf(todo, sizeof todo, "%.*s", (int)strcspn(at, "\"\n"), at);
        return todo;
    }
    return NULL;
}

/// A line of the compiler's, with the folder as the user calls it.
static void say_compiler_line(const struct step *s, const char *line, int size)
{
    char name[48];
    snprintf(name, sizeof name, "/%s.c:", s->stem);
    const char *at = memmem(line, (size_t)size, name, strlen(name));

    if (at == NULL)
        printf("    %.*s\n", size, line);
    else
        printf("    %s%.*s\n", steps_name, (int)(line + size - at), at);
}

/// The first error of the compiler, or else its first warning.
static void say_compiler(const struct step *s)
{
    const char *at = strstr(s->compiler, "error:");
    const char *linker = strstr(s->compiler, "undefined reference");
    if (linker != NULL)
        at = linker;
    if (at == NULL)
        at = strstr(s->compiler, "warning");
    if (at == NULL)
        at = s->compiler;
    while (at > s->compiler && at[-1] != '\n')
        at--;
    for (int line = 0; line < 4 && *at != '\0'; line++) {
        size_t size = strcspn(at, "\n");
        say_compiler_line(s, at, (int)size);
        at += size + (at[size] == '\n');
    }
}

/// Whether the file is there at all: the Makefile writes it into the log.
static bool missing(const struct step *s)
{
    return !s->built && s->compiler != NULL &&
           strstr(s->compiler, "there is no file") != NULL;
}

static void say_step(int step)
{
    int passed, all;
    double points = score(step, &passed, &all);
    bool whole = passed == all && all > 0;
    const char *todo = whole ? NULL : open_todo(step);
    bool begun = points > 0 || todo == NULL;
    char line[160];

    paint(whole   ? GREEN
          : begun ? RED
                  : FAINT,
          whole   ? "  ✔ "
          : begun ? "  ✘ "
                  : "  ○ ");
    snprintf(line, sizeof line, "%-16s %4s of %-3g", steps[step].stem,
             show_points(points), steps[step].worth);
    paint(whole ? GREEN : begun ? BOLD : FAINT, line);
    if (missing(&steps[step]))
        printf("  there is no file %s.c", steps[step].stem);
    else if (!steps[step].built)
        say("  does not compile");
    else if (todo != NULL && points == 0)
        printf("  %s", todo);
    else
        printf("  %d of %d tests", passed, all);
    putchar('\n');
}

static void say_message(const char *message)
{
    for (const char *at = message; *at != '\0';) {
        char line[1024];
        size_t size = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, at);
        fputs("    ", stdout);
        if (isupper((unsigned char)*line) || strncmp(line, "std", 3) == 0) {
            char label[11];
            snprintf(label, sizeof label, "%.10s", line);
            paint(strncmp(label, "Likely", 6) == 0 ? BOLD : FAINT, label);
            say(strlen(line) > 10 ? line + 10 : "");
        } else {
            say(line);
        }
        putchar('\n');
        at += size + (at[size] == '\n');
    }
}

/// What a failure is about, without the numbers: the likely mistake or, where
/// none is known, what was seen. Two failures of one mistake have the same.
static char *essence(const char *message)
{
    const char *at = strstr(message, "\nLikely");
    if (at == NULL)
        at = strstr(message, "\nSaw");
    if (at == NULL)
        at = message;
    char *copy = strdup(at), *to = copy;
    for (const char *from = copy; *from != '\0'; from++) {
        if (*from == '\n' && from > copy && isupper((unsigned char)from[1]))
            break;
        if (from[0] == '0' && from[1] == 'x')
            from += 1 + strspn(from + 2, "0123456789abcdef");
        else if (!isdigit((unsigned char)*from) &&
                 !isspace((unsigned char)*from))
            *to++ = *from;
    }
    *to = '\0';
    return copy;
}

/// The failures of a step: each mistake once in full, and the names of the
/// tests that fail for the same reason.
static void say_failures(int step, bool every)
{
    static char *told[TESTS_MAX];
    int shown = 0, same = 0, more = 0;

    for (int i = 0; i < test_count; i++) {
        struct test *t = &tests[i];
        if (t->step != step || t->status == PASSED || t->status == SKIPPED)
            continue;
        if (t->message == NULL)
            t->message = "the test did not report: it counts as failed";
        char *about = essence(t->message);
        t->again = false;
        for (int j = 0; j < shown; j++)
            t->again |= strcmp(told[j], about) == 0;
        if (t->again || (!every && shown == FULL_FAILURES)) {
            same += t->again;
            more += !t->again;
            free(about);
        } else {
            told[shown++] = about;
            putchar('\n');
            paint(RED, "✘ ");
            printf("%s: ", steps[step].stem);
            paint(BOLD, sentence_of(t));
            putchar('\n');
            say_message(t->message);
        }
    }
    if (same > 0 && !every)
        printf("\n  and %d more for the same reason\n", same);
    if (same > 0 && every)
        printf("\n  For the same reason:\n");
    for (int i = 0; every && i < test_count; i++) {
        if (tests[i].step != step || tests[i].status != FAILED ||
            !tests[i].again)
            continue;
        paint(RED, "    ✘ ");
        paint(BOLD, sentence_of(&tests[i]));
        putchar('\n');
    }
    if (more > 0)
        printf("\n  and %d other%s\n", more, more == 1 ? "" : "s");
}

/// Write it whole or not at all: a check beside this one may be reading it.
static bool write_json(json_t *json, const char *path)
{
    char beside[PATH_MAX];
    snprintf(beside, sizeof beside, "%s.%d", path, getpid());
    bool written =
        json != NULL &&
        json_dump_file(json, beside, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ==
            0 &&
        rename(beside, path) == 0;
    if (!written)
        fprintf(stderr, "check: can't write %s: %s\n", path, strerror(errno));
    return written;
}

/// What a test that counts 1 is worth in this step, in points.
static double whole(int step)
{
    double of = shared(step);
    return of > 0 ? steps[step].worth / of : 0;
}

/// The verdict on one test, in a step of which this much has been reached.
static json_t *test_as_json(const struct test *t, double got)
{
    char name[256];
    double of = t->worth * whole(t->step);
    snprintf(name, sizeof name, "%s/%s", t->criterion->category,
             t->criterion->name);
    return json_pack(
        "{s:s, s:s, s:s, s:f, s:f, s:b, s:f, s:o*}", "test", name, "sentence",
        sentence_of(t), "status", status_names[t->status], "points",
        got > 0 && t->status == PASSED ? of : 0.0, "of",
        t->status == SKIPPED ? 0.0 : of, "given", t->given, "seconds",
        (double)t->seconds, "message", json_text(t->message));
}

/// The verdict on one step.
static json_t *step_as_json(int step)
{
    int passed, all;
    double got = score(step, &passed, &all);
    json_t *list = json_array();

    for (int i = 0; i < test_count; i++)
        if (tests[i].step == step)
            json_array_append_new(list, test_as_json(&tests[i], got));
    return json_pack("{s:s, s:f, s:f, s:b, s:o*, s:o}", "step",
                     steps[step].stem, "points", got, "of", steps[step].worth,
                     "compiles", steps[step].built, "compiler",
                     json_text(steps[step].compiler), "tests", list);
}

/// results.json has what was asked for now; beside each program stays the last
/// verdict on it, for where().
static bool write_results(long seed, double points, double worth)
{
    json_t *list = json_array(), *notes = json_array();
    bool written = true;

    for (int s = 0; s < step_count; s++) {
        char path[PATH_MAX];
        if (!steps[s].asked)
            continue;
        json_t *step = step_as_json(s);
        snprintf(path, sizeof path, "%s/%s.json", programs, steps[s].stem);
        written &= only_told() || write_json(step, path);
        json_array_append_new(list, step);
    }
    for (int i = 0; i < remark_count; i++)
        json_array_append_new(notes, json_text(remarks[i]));
    json_t *rules = json_pack("{s:o}", "file", json_text(policy));
    for (int i = 0; i < SETTING_COUNT; i++)
        json_object_set_new(
            rules, settings[i].name,
            json_string(settings[i].values[settings[i].chosen]));
    json_t *all = json_pack("{s:o, s:I, s:f, s:f, s:o, s:o, s:o}", "folder",
                            json_text(steps_name), "seed", (json_int_t)seed,
                            "points", points, "of", worth, "steps", list,
                            "remarks", notes, "policy", rules);
    written &= only_told() || write_json(all, results);
    return (tell(all) || !only_told()) && written;
}

/// The step in `make check-NN`: its number, or the whole stem where two
/// programs have one number.
static const char *short_name(const struct step *step)
{
    static char number[3];
    for (int i = 0; i < step_count; i++)
        if (&steps[i] != step && strncmp(steps[i].stem, step->stem, 2) == 0)
            return step->stem;
    snprintf(number, sizeof number, "%.2s", step->stem);
    return number;
}

/// Only the lines that stand for something that was asked.
static int report(long seed, bool every, double seconds)
{
    double points = 0, worth = 0;
    int first = -1, passed_all = 0, failed_all = 0, skipped = 0;

    if (progress)
        fputs("\r\033[K", stdout);
    for (int s = 0; s < step_count; s++) {
        int passed, all;
        if (!steps[s].asked)
            continue;
        points += score(s, &passed, &all);
        worth += steps[s].worth;
        passed_all += passed;
        failed_all += all - passed;
        if (passed < all && first == -1)
            first = s;
        say_step(s);
    }
    for (int s = 0; s < step_count; s++) {
        if (!steps[s].asked || steps[s].compiler == NULL ||
            (!every && s != first) || missing(&steps[s]))
            continue;
        printf("\n  %s/%s.c: the compiler says\n", steps_name, steps[s].stem);
        say_compiler(&steps[s]);
    }
    for (int s = 0; s < step_count; s++)
        if (steps[s].asked && steps[s].built && (every || s == first))
            say_failures(s, every);
    for (int i = 0; i < test_count; i++) {
        if (tests[i].status != SKIPPED || !steps[tests[i].step].asked)
            continue;
        skipped++;
        printf("\n  skipped: %s/%s: ", tests[i].criterion->category,
               tests[i].criterion->name);
        say(tests[i].message != NULL ? tests[i].message : "");
        putchar('\n');
    }
    for (int i = 0; every && i < remark_count; i++) {
        fputs("\n  remark: ", stdout);
        say(remarks[i]);
        putchar('\n');
    }

    char line[200];
    snprintf(line, sizeof line, "\n%s of %g points", show_points(points),
             worth);
    paint(failed_all == 0 ? GREEN : BOLD, line);
    printf(" in %.1f s, seed %ld", seconds, seed);
    if (skipped > 0)
        printf(", %d skipped", skipped);
    putchar('\n');
    if (first != -1) {
        const char *todo = open_todo(first);
        const struct step *s = &steps[first];
        say("Next: ");
        if (missing(s))
            printf("write %s/%s.c; make reset-%s brings the starter back\n",
                   steps_name, s->stem, short_name(s));
        else if (!s->built)
            printf("mend what the compiler says of %s/%s.c\n", steps_name,
                   s->stem);
        else if (todo != NULL)
            printf("%s/%s.c, %s\n      docs/%s.md tells how, make check-%s "
                   "whether it is right\n",
                   steps_name, s->stem, todo, s->stem, short_name(s));
        else {
            printf("%s/%s.c: ", steps_name, s->stem);
            paint(BOLD, sentence_of(first_failure(first)));
            printf("\n      make check-%s shows all that it still lacks\n",
                   short_name(s));
        }
    } else if (!every) {
        puts("Everything works. You have written TCP, both ends.");
    }
    bool written = write_results(seed, points, worth);
    return !written ? 2 : failed_all > 0 ? 1 : 0;
}

/// Whether the program has changed since it was built for its last check.
static bool edited(const char *stem)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.c", steps_name, stem);
    char *now = read_file(path);
    snprintf(path, sizeof path, "%s/%s.c", programs, stem);
    char *then = read_file(path);
    bool differ = now == NULL || then == NULL || strcmp(now, then) != 0;

    free(now);
    free(then);
    return differ;
}

/// Where the student stands: the last verdict on each step, and the files.
static int where(void)
{
    double points = 0, worth = 0;
    const struct step *next = NULL;

    for (int s = 0; s < step_count; s++) {
        char path[PATH_MAX], line[80];
        snprintf(path, sizeof path, "%s/%s.json", programs, steps[s].stem);
        json_t *step = json_load_file(path, 0, NULL);
        double got = json_real_value(json_object_get(step, "points"));
        bool changed = step != NULL && edited(steps[s].stem);
        bool whole = step != NULL && got == steps[s].worth && !changed;

        points += got;
        worth += steps[s].worth;
        if (!whole && next == NULL)
            next = &steps[s];
        paint(whole ? GREEN : FAINT, whole ? "  ✔ " : "  ○ ");
        snprintf(line, sizeof line, "%-16s %4s of %-3g", steps[s].stem,
                 show_points(got), steps[s].worth);
        paint(whole ? GREEN : FAINT, line);
        snprintf(path, sizeof path, "%s/%s.c", steps_name, steps[s].stem);
        puts(access(path, R_OK) == -1 ? "  there is no such file"
             : step == NULL           ? "  not checked yet"
             : changed                ? "  edited since it was checked"
                                      : "");
        json_decref(step);
    }
    printf("\n%s of %g points. ", show_points(points), worth);
    if (next != NULL)
        printf("Next: %s/%s.c and docs/%s.md, then make check-%s\n", steps_name,
               next->stem, next->stem, short_name(next));
    else
        puts("Everything works.");
    return 0;
}

// ---------------------------------------------------------------------- main

static char children_path[64]; ///< /proc/self/task/PID/children

/// A signal handler may not print into a buffer: before there is one.
static void remember_self(void)
{
    snprintf(children_path, sizeof children_path, "/proc/self/task/%d/children",
             getpid());
}

/// Kill every child. Only calls that a signal handler may make.
static void kill_children(void)
{
    static char list[16384];
    int fd = open(children_path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd == -1 ? 0 : read(fd, list, sizeof list);
    pid_t pid = 0;

    for (ssize_t i = 0; i < size; i++) {
        if (list[i] >= '0' && list[i] <= '9') {
            pid = pid * 10 + (list[i] - '0');
        } else {
            if (pid > 0)
                kill(pid, SIGKILL);
            pid = 0;
        }
    }
    close(fd);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void interrupted(int signal_number)
{
    static const char word[] = "\ninterrupted: no verdict\n";
    ssize_t unused = write(STDERR_FILENO, word, sizeof word - 1);

    (void)unused;
    kill_children(); // the tests' processes; their programs die with them
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

ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
    (void)set;
    heed_interrupts();
}

ReportHook(PRE_TEST)(struct criterion_test *test)
{
    (void)test;
    heed_interrupts();
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
    char path[64];

    snprintf(path, sizeof path, "/tmp/criterion_%d.sock", pid);
    return unlink(path) == 0 || errno == ENOENT;
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

/// Go on as a child, and stay behind as its parent: every orphan of a test
/// becomes ours and ends with the check, and so does a check that hangs. (Not
/// the runner itself: Criterion's waits for ever beside a child that is not
/// its own.)
static void supervise(void)
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
        remember_self();
        return;
    }
    remember_self();
    signal(SIGINT, SIG_IGN); // the runner ends at it, and then we do
    signal(SIGALRM, too_long);
    alarm(LIMIT_S);
    while (waitpid(runner, &status, 0) == -1 && errno == EINTR)
        ;
    no_socket(runner); // one that was killed leaves it
    // What a killed one leaves behind comes to us only then.
    for (int i = 0; i < 100 && waitpid(-1, NULL, WNOHANG) != -1; i++) {
        kill_children();
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    if (WIFSIGNALED(status))
        fprintf(stderr,
                "check: the tests were killed by signal %d%s: no "
                "verdict\n",
                WTERMSIG(status),
                WTERMSIG(status) == SIGKILL ? ", or took too long" : "");
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

int main(int argc, char *argv[])
{
    static const struct option options[] = {
        {"steps", required_argument, NULL, 's'},
        {"programs", required_argument, NULL, 'p'},
        {"results", required_argument, NULL, 'r'},
        {"points", required_argument, NULL, 'v'},
        {"only", required_argument, NULL, 'o'},
        {"seed", required_argument, NULL, 'e'},
        {"where", no_argument, NULL, 'w'},
        {"tell", required_argument, NULL, 't'},
        {"jobs", required_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const char *only[STEPS_MAX];
    int only_count = 0;
    bool only_where = false;
    long seed = -1, jobs = 4 * sysconf(_SC_NPROCESSORS_ONLN);

    setlocale(LC_ALL, "");
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    colour = isatty(STDOUT_FILENO) && terminal != NULL &&
             strcmp(terminal, "dumb") != 0 &&
             (no_colour == NULL || *no_colour == '\0');
    progress = isatty(STDOUT_FILENO);
    setlocale(LC_NUMERIC, "C");

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 's':
            steps_name = optarg;
            break;
        case 'p':
            programs = optarg;
            break;
        case 'r':
            results = optarg;
            break;
        case 'v':
            policy = optarg;
            break;
        case 'o':
            if (only_count < STEPS_MAX)
                only[only_count++] = optarg;
            break;
        case 'e':
            seed = *optarg == '\0' ? -1 : atol(optarg);
            break;
        case 'w':
            only_where = true;
            break;
        case 't':
            tell_fd = atoi(optarg);
            fcntl(tell_fd, F_SETFD, FD_CLOEXEC); // no test's, no program's
            break;
        case 'j':
            jobs = atol(optarg);
            break;
        default:
            return 2;
        }
    }
    if (seed < 0)
        seed = (long)(time(NULL) ^ getpid()) & 0xffffff;

    // Criterion must not take orders from the environment.
    extern char **environ;
    for (char **e = environ; *e != NULL;) {
        if (strncmp(*e, "CRITERION_", 10) == 0) {
            char *name = strndup(*e, strcspn(*e, "="));
            unsetenv(name);
            free(name);
            e = environ;
        } else {
            e++;
        }
    }
    char number[32];
    snprintf(number, sizeof number, "%ld", seed);
    setenv("LAB_SEED", number, 1);
    setenv("LAB_STEPS", steps_name, 1);
    setenv("LAB_PROGRAMS", programs, 1);

    read_policy();
    if (only_where)
        return where();
    bool any = false;
    for (int i = 0; i < step_count; i++) {
        steps[i].asked = only_count == 0;
        for (int j = 0; j < only_count; j++)
            if (strncmp(steps[i].stem, only[j], strlen(only[j])) == 0)
                steps[i].asked = true;
        any |= steps[i].asked;
    }
    if (!any) {
        fprintf(stderr, "check: there is no step %s; they are 01 to 08\n",
                only_count > 0 ? only[0] : "");
        return 2;
    }

    if (only_told())
        prctl(PR_SET_DUMPABLE, 0); // nobody looks for the descriptor
    else
        unlink(results); // an old verdict must not pass for this one's
    supervise();
    static struct criterion_logger quiet;
    quiet.log_message = keep_remark;
    struct criterion_test_set *set = criterion_initialize();
    criterion_options.logger = &quiet;
    criterion_options.logging_threshold = CRITERION_INFO;
    criterion_options.jobs = (size_t)jobs;
    find_tests(set);
    share_out();
    prepare();

    for (int s = 0; tell_fd != -1 && s < step_count; s++)
        if (steps[s].asked)
            tell(step_as_json(s));

    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (asked_count > 0)
        criterion_run_all_tests(set);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int status = report(seed, only_count > 0,
                        (double)(end.tv_sec - begin.tv_sec) +
                            (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    criterion_finalize(set);
    return status;
}
