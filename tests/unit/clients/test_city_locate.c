/* `vafa city locate` on the shipped packs: the program itself is run. */
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
static int run(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "VAFA_CITIES=" VAFA_SOURCE_DIR "/deploy/cities " VAFA_BIN_DIR
             "/vafa city locate %s 2>&1",
             arguments);
    FILE *stream = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(stream);
    size_t size = fread(output, 1, sizeof(output) - 1, stream);
    output[size] = '\0';
    int status = pclose(stream);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void tells_the_area_of_a_point_in_the_city_s_language(void **state)
{
    (void)state;
    assert_int_equal(run("'۳۲٫۶۵۷۹۲،۵۱٫۶۵۶۳۷' --city isfahan"), 0);
    assert_non_null(strstr(output, "منطقه ۱ (1)"));
    assert_int_equal(run("32.65792,51.65637 --city isfahan --lang en"), 0);
    assert_non_null(strstr(output, "District 1 (1)"));
    assert_non_null(strstr(output, "the point lies in it"));
}

static void tells_the_nearest_where_no_area_is_found(void **state)
{
    (void)state;
    assert_int_equal(run("32.65,51.84 --city isfahan --json"), 3);
    json_t *json = json_loads(output, 0, NULL);
    assert_non_null(json);
    assert_true(json_is_null(json_object_get(json, "area")));
    assert_string_equal(json_string_value(json_object_get(json, "found")), "none");
    assert_string_equal(json_string_value(json_object_get(json, "nearest")), "4");
    assert_true(json_number_value(json_object_get(json, "nearest_m")) > 150);
    json_decref(json);
    assert_int_equal(run("32.65,51.84 --city isfahan --neighbourhood خوراسگان --lang en"), 0);
    assert_non_null(strstr(output, "District 15 (15)"));
    assert_int_equal(run("42.36,-71.06 --city boston-2011"), 3); /* it has no polygons */
    assert_int_equal(run("99,51 --city isfahan"), 2);            /* nowhere on earth */
}

static void measures_a_look_up_when_asked(void **state)
{
    (void)state;
    assert_int_equal(run("32.66274,51.70175 --city isfahan --measure --json"), 0);
    json_t *json = json_loads(output, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "found")), "near");
    assert_true(json_number_value(json_object_get(json, "lookup_us")) > 0);
    json_decref(json);
}

static void refuses_what_is_no_point_and_no_pack(void **state)
{
    (void)state;
    assert_int_equal(run("here --city isfahan"), 2);
    assert_non_null(strstr(output, "LATITUDE,LONGITUDE"));
    assert_int_equal(run("32.6,51.6 --city nowhere"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_area_of_a_point_in_the_city_s_language),
        cmocka_unit_test(tells_the_nearest_where_no_area_is_found),
        cmocka_unit_test(measures_a_look_up_when_asked),
        cmocka_unit_test(refuses_what_is_no_point_and_no_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
