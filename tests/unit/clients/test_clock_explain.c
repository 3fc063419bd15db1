/* `vafa clock explain` on the shipped packs: the program itself is run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <jansson.h>

static char output[65536];

/* Gives the exit status; what was printed is in `output`. */
static int run(const char *options)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "VAFA_CITIES=" VAFA_SOURCE_DIR "/deploy/cities " VAFA_BIN_DIR
             "/vafa clock explain %s 2>&1",
             options);
    FILE *stream = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(stream);
    size_t size = fread(output, 1, sizeof(output) - 1, stream);
    output[size] = '\0';
    int status = pclose(stream);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void tells_what_counts_and_why_the_rest_does_not(void **state)
{
    (void)state;
    assert_int_equal(run("--city isfahan --lang en --from '1404-12-27 10:00' --hours 16"), 0);
    assert_non_null(strstr(output, "due: 1405-01-06 08:15"));
    assert_non_null(strstr(output, "holiday: Nowruz; Eid al-Fitr"));
    assert_non_null(strstr(output, "hours of 1404-11-30 … 1404-12-29 (hours.csv:"));
    assert_int_equal(run("--city isfahan --from '1404-12-27 10:00' --hours 16"), 0);
    assert_non_null(strstr(output, "تعطیل: جشن نوروز؛ عید سعید فطر"));
    assert_non_null(strstr(output, "مهلت: 1405-01-06 08:15"));
}

static void json_has_the_sum_of_its_dates(void **state)
{
    (void)state;
    assert_int_equal(run("--city isfahan --from '1404-12-27 10:00' --hours 40 --json "
                         "--unit district-5-civil"),
                     0);
    json_t *json = json_loads(output, 0, NULL);
    assert_non_null(json);
    json_int_t sum = 0;
    size_t i;
    json_t *date;
    json_array_foreach(json_object_get(json, "dates"), i, date)
    {
        sum += json_integer_value(json_object_get(date, "counted_us"));
        assert_int_equal(json_integer_value(json_object_get(date, "sum_us")), sum);
    }
    assert_int_equal(sum, INT64_C(40) * 3600 * 1000000);
    assert_int_equal(json_integer_value(json_object_get(json, "amount_us")), sum);
    assert_string_equal(json_string_value(json_object_get(json, "schedule")), "default");
    json_decref(json);
}

static void counts_every_hour_where_there_are_no_working_hours(void **state)
{
    (void)state;
    assert_int_equal(run("--city boston-2011 --from 2011-07-01 --hours 80"), 0);
    assert_non_null(strstr(output, "due: 2011-07-04 08:00"));
    assert_int_equal(run("--city isfahan --lang en --from 1405-01-01 --hours 80 --wall"), 0);
    assert_non_null(strstr(output, "due: 1405-01-04 08:00"));
}

static void says_when_the_deadline_lies_behind_the_known_holidays(void **state)
{
    (void)state;
    assert_int_equal(run("--city isfahan --lang en --from 1407-12-20 --hours 80"), 0);
    assert_non_null(strstr(output, "known up to 1407-12-29"));
}

/* Without a pack of one's own it is the server's; that there is none is not a wrong command line. */
static void asks_the_server_it_is_told(void **state)
{
    (void)state;
    assert_int_equal(run("--connect ipc:///nowhere --hours 5"), 4);
    assert_int_equal(run("--connect ipc:///nowhere --city isfahan --hours 5"), 0);
}

static void refuses_what_it_cannot_read(void **state)
{
    (void)state;
    assert_int_equal(run("--city isfahan"), 2);
    assert_int_equal(run("--city isfahan --hours many"), 2);
    assert_int_equal(run("--city isfahan --hours 5 --from whenever"), 2);
    assert_int_equal(run("--city isfahan --hours 5 --unit nobody"), 3);
    assert_int_equal(run("--city isfahan --hours 87600"), 1); /* beyond 20 years at 41.75 a week */
    assert_non_null(strstr(output, "at most 20 years"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_counts_and_why_the_rest_does_not),
        cmocka_unit_test(json_has_the_sum_of_its_dates),
        cmocka_unit_test(counts_every_hour_where_there_are_no_working_hours),
        cmocka_unit_test(says_when_the_deadline_lies_behind_the_known_holidays),
        cmocka_unit_test(asks_the_server_it_is_told),
        cmocka_unit_test(refuses_what_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
