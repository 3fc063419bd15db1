/*
 * Boston's summer of 2011 - 31,828 real requests - against an independent count of the same file
 * (recount/recount.py): imported in one go, imported twice, and imported while programs are killed
 * at random moments.
 *
 * TEST_SEED=N repeats a run's moments.
 */
#include "tests/integration/system.h"

#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 31828
#define ROWS_OF_A_DAY 913 /* opened on 2011-08-28 */
#define KILLS 20
#define PERCENTILE_ERROR 0.01 /* what report promises */
#define LINES_MAX 60000

static const char cases[] = VAFA_SOURCE_DIR "/tests/data/boston311_2011Q3.csv.gz";
static const char recount[] = "python3 " VAFA_SOURCE_DIR "/tests/integration/recount/recount.py";

/* --- figures: sorted lines "metric<TAB>dimension=value...<TAB>figure", as recount.py prints them
 * --- */

struct figures {
    char *lines[LINES_MAX];
    size_t count;
};

static void add_line(struct figures *figures, const char *line)
{
    assert_true(figures->count < LINES_MAX);
    figures->lines[figures->count] = strdup(line);
    assert_non_null(figures->lines[figures->count]);
    figures->count++;
}

static void free_figures(struct figures *figures)
{
    for (size_t i = 0; i < figures->count; i++) {
        free(figures->lines[i]);
    }
    free(figures);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_figures(struct figures *figures)
{
    qsort(figures->lines, figures->count, sizeof figures->lines[0], compare_lines);
}

static struct figures *recounted(void)
{
    char line[1024];
    struct figures *figures = calloc(1, sizeof *figures);
    assert_non_null(figures);
    FILE *pipe = popen(recount, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        add_line(figures, line);
    }
    assert_int_equal(pclose(pipe), 0);
    sort_figures(figures);
    return figures;
}

/* --- what report says, in the same lines --- */

static void print_value(json_t *value, char out[64])
{
    if (json_is_integer(value)) {
        snprintf(out, 64, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(out, 64, "%.6f", json_real_value(value));
    } else {
        assert_true(json_is_null(value));
        out[0] = '\0';
    }
}

/* Dimensions come first in a row; "period" is the recount's "day". `skip`: a column another
 * question has told already. */
static void add_rows(struct figures *figures, json_t *answer, size_t dimensions, const char *skip)
{
    json_t *columns = json_object_get(answer, "columns"), *rows = json_object_get(answer, "rows"),
           *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        char place[512] = "", line[1024], value[64];
        for (size_t d = 0; d < dimensions; d++) {
            const char *name = json_string_value(json_array_get(columns, d));
            size_t used = strlen(place);
            snprintf(place + used, sizeof place - used, "\t%s=%s",
                     strcmp(name, "period") == 0 ? "day" : name,
                     json_string_value(json_array_get(row, d)));
        }
        for (size_t c = dimensions; c < json_array_size(columns); c++) {
            const char *name = json_string_value(json_array_get(columns, c));
            if (strcmp(name, skip) != 0) {
                print_value(json_array_get(row, c), value);
                snprintf(line, sizeof line, "%s%s\t%s", name, place, value);
                add_line(figures, line);
            }
        }
    }
}

static struct figures *reported(struct system *system)
{
    static const struct {
        const char *by; /* NULL: none */
        bool per_day;
    } questions[] = {{NULL, false},      {"topic", false}, {"area", false}, {"unit", false},
                     {"channel", false}, {NULL, true},     {"topic", true}};
    static const struct {
        const char *metric;
        const char *skip;
    } metrics[] = {{"requests", ""},
                   {"done", ""},
                   {"open", ""},
                   {"on_time", ""},
                   {"resolution_hours", "done"}};
    struct figures *figures = calloc(1, sizeof *figures);
    assert_non_null(figures);
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
        for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
            const char *arguments[8] = {"report", metrics[m].metric};
            size_t count = 2, dimensions = 0;
            if (questions[q].by != NULL) {
                arguments[count++] = "--by";
                arguments[count++] = questions[q].by;
                dimensions++;
            }
            if (questions[q].per_day) {
                arguments[count++] = "--per";
                arguments[count++] = "day";
                dimensions++;
            }
            json_t *answer = system_json(system, arguments);
            add_rows(figures, answer, dimensions, metrics[m].skip);
            json_decref(answer);
        }
    }
    sort_figures(figures);
    return figures;
}

static bool is_percentile(const char *line)
{
    return line[0] == 'p' && line[1] >= '0' && line[1] <= '9';
}

/* Counts are equal; shares to six places; percentiles within the promised error. */
static void compare_figures(const struct figures *expected, const struct figures *actual)
{
    assert_int_equal(actual->count, expected->count);
    for (size_t i = 0; i < expected->count; i++) {
        const char *want = expected->lines[i], *have = actual->lines[i];
        size_t want_place = (size_t)(strrchr(want, '\t') - want),
               have_place = (size_t)(strrchr(have, '\t') - have);
        bool same = strcmp(want, have) == 0;
        if (!same && is_percentile(want) && want_place == have_place &&
            strncmp(want, have, want_place) == 0) {
            double exact = strtod(want + want_place + 1, NULL),
                   found = strtod(have + have_place + 1, NULL);
            same = fabs(found - exact) <= exact * PERCENTILE_ERROR + 1e-6;
        }
        if (!same) {
            fail_msg("counted again: %s\nreported:      %s", want, have);
        }
    }
}

static void check_against_recount(struct system *system)
{
    struct figures *expected = recounted(), *actual = reported(system);
    assert_true(expected->count > 50000);
    compare_figures(expected, actual);
    free_figures(expected);
    free_figures(actual);
}

/* --- importing --- */

static int64_t number_at(json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);
    if (!json_is_integer(value)) {
        char *text = json_dumps(json, 0);
        fail_msg("no number %s in %s", name, text);
    }
    return json_integer_value(value);
}

/* A whole import, which must add up; its count of rows is the caller's. */
static json_t *import_all(struct system *system)
{
    json_t *summary = system_json(system, ARGS("import", cases, "--profile", "boston311"));
    json_t *rows = json_object_get(summary, "rows");
    assert_int_equal(number_at(rows, "read"), ROWS);
    assert_int_equal(number_at(rows, "registered") + number_at(rows, "already_there") +
                         number_at(rows, "rejected"),
                     ROWS);
    assert_true(json_is_true(json_object_get(summary, "adds_up")));
    json_incref(rows);
    json_decref(summary);
    return rows;
}

static void check_verified(struct system *system)
{
    struct output verified = system_vafa(system, ARGS("verify"));
    if (verified.code != 0) {
        fail_msg("%s%s", verified.out, verified.err);
    }
    output_free(&verified);
}

/* The service looks at 2,000 of the newest requests for a page; these lie far behind them. */
static void check_search_by_time(struct system *system)
{
    size_t found = 0;
    char after[32] = "";
    do {
        const char *const first[] = {"search",     "--from",  "2011-08-28", "--to",
                                     "2011-08-29", "--limit", "100",        "--json",
                                     "--lang",     "en",      NULL};
        const char *const next[] = {"search",  "--from", "2011-08-28", "--to",    "2011-08-29",
                                    "--json",  "--lang", "en",         "--limit", "100",
                                    "--after", after,    NULL};
        struct output page = system_vafa(system, after[0] == '\0' ? first : next);
        size_t lines = 0;
        assert_int_equal(page.code, 0);
        for (const char *line = page.out; *line != '\0'; line = strchr(line, '\n') + 1) {
            lines++;
        }
        const char *token = strstr(page.err, "There may be more: --after ");
        after[0] = '\0';
        if (token != NULL) {
            assert_int_equal(lines, 100); /* it has looked until there were so many */
            snprintf(after, sizeof after, "%.*s", (int)strspn(token + 27, "0123456789"),
                     token + 27);
        }
        found += lines;
        output_free(&page);
    } while (after[0] != '\0');
    assert_int_equal(found, ROWS_OF_A_DAY);
    const char *const shown[] = {"search",  "--from", "2011-08-28", "--to", "2011-08-29",
                                 "--limit", "1",      "--lang",     "en",   NULL};
    struct output page = system_vafa(system, shown);
    assert_non_null(strstr(page.out, "2011-08-28 ")); /* not when it was brought in */
    output_free(&page);
}

static void figures_equal_an_independent_recount_and_a_second_import_changes_none(void **state)
{
    (void)state;
    struct system *system = system_new("boston-2011");
    json_t *summary = import_all(system);
    assert_int_equal(number_at(summary, "registered"), ROWS);
    json_decref(summary);
    check_against_recount(system);
    check_search_by_time(system);

    summary = import_all(system);
    assert_int_equal(number_at(summary, "registered"), 0);
    assert_int_equal(number_at(summary, "already_there"), ROWS);
    json_decref(summary);
    check_against_recount(system);
    check_verified(system);
    system_free(system);
}

/* --- killing --- */

static bool has_ended(pid_t pid, int *ret_code)
{
    int state;
    if (waitpid(pid, &state, WNOHANG) == 0) {
        return false;
    }
    *ret_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return true;
}

static unsigned choose_seed(void)
{
    const char *given = getenv("TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
                                  : (unsigned)time(NULL) ^ (unsigned)getpid();
    print_message("TEST_SEED=%u\n", seed);
    return seed;
}

/* Imports while programs die; how many died is added to *kills. */
static void import_under_kills(struct system *system, unsigned *seed, size_t *kills)
{
    int code = -1;
    pid_t import = system_vafa_start(system, ARGS("import", cases, "--profile", "boston311"));
    while (!has_ended(import, &code)) {
        /* A moment, not a wait for anything. */
        (void)poll(NULL, 0, 20 + rand_r(seed) % 400);
        if (*kills < KILLS) {
            size_t victim = (size_t)rand_r(seed) % system->program_count;
            system_kill(system, victim);
            system_start(system, victim);
            (*kills)++;
        }
    }
    system_expect_good_end(system, code);
}

static void killed_at_random_moments_the_import_goes_on_and_the_figures_are_the_same(void **state)
{
    (void)state;
    size_t kills = 0;
    unsigned seed = choose_seed();
    while (kills < KILLS) {
        struct system *system = system_new("boston-2011");
        import_under_kills(system, &seed, &kills);
        json_t *again = import_all(system); /* nothing is missing */
        assert_int_equal(number_at(again, "registered"), 0);
        json_decref(again);
        check_against_recount(system);
        check_verified(system);
        system_free(system);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_equal_an_independent_recount_and_a_second_import_changes_none),
        cmocka_unit_test(killed_at_random_moments_the_import_goes_on_and_the_figures_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
