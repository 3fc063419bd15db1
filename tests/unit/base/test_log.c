/* One line an event, whatever the text. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Standard error goes into a pipe while a line is logged. */
static char logged[16384];

static int saved_stderr;
static int pipe_out;

static void capture_begin(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    pipe_out = ends[0];
    assert_int_equal(fcntl(pipe_out, F_SETFL, O_NONBLOCK), 0);
}

static const char *capture_end(void)
{
    ssize_t size = read(pipe_out, logged, sizeof(logged) - 1);
    logged[size > 0 ? size : 0] = '\0';
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_out);
    return logged;
}

static void writes_one_line_though_the_text_has_several(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    capture_begin();
    log_info("intake", "first\nsecond \"quoted\" \\ %d\xFF", 5);
    const char *line = capture_end();
    assert_non_null(strstr(line, " INFO intake: first\\nsecond \"quoted\" \\ 5\xEF\xBF\xBD\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_int_equal(line[10], 'T');
    assert_int_equal(line[26], 'Z');
}

static void writes_json_that_text_cannot_break(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    capture_begin();
    log_warning("rpc", "a\"b\\c\n\x01");
    assert_non_null(strstr(capture_end(), "\",\"level\":\"WARNING\",\"component\":\"rpc\","
                                          "\"text\":\"a\\\"b\\\\c\\n\\u0001\"}\n"));
}

static void leaves_out_what_is_below_the_level(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
    capture_begin();
    log_info("x", "quiet");
    assert_string_equal(capture_end(), "");
}

static void cuts_very_long_text(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    capture_begin();
    log_info("x", "%9000d", 1);
    const char *line = capture_end();
    assert_in_range(strlen(line), 4000, 4200);
    assert_string_equal(line + strlen(line) - 4, "...\n");
}

static void says_the_field_and_the_status_of_an_error(void **state)
{
    (void)state;
    struct error err;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    error_set(&err, STATUS_NOT_FOUND, "zone", "no such zone");
    capture_begin();
    log_error("vafad", "starting", &err);
    assert_non_null(
        strstr(capture_end(), "ERROR vafad: starting: zone: no such zone (NOT_FOUND)\n"));
    error_set(&err, STATUS_INTERNAL, NULL, "broken");
    capture_begin();
    log_error("vafad", "starting", &err);
    assert_non_null(strstr(capture_end(), "ERROR vafad: starting: broken (INTERNAL)\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_line_though_the_text_has_several),
        cmocka_unit_test(writes_json_that_text_cannot_break),
        cmocka_unit_test(leaves_out_what_is_below_the_level),
        cmocka_unit_test(cuts_very_long_text),
        cmocka_unit_test(says_the_field_and_the_status_of_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
