/* A pack is found by its name or its folder. */
#include "city/city_find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define CITIES VAFA_SOURCE_DIR "/deploy/cities"

static void finds_a_pack_by_its_name_where_the_environment_says(void **state)
{
    char folder[CITY_FOLDER_SIZE];
    (void)state;
    setenv("VAFA_CITIES", CITIES, 1);
    assert_int_equal(city_find("isfahan", folder, NULL), STATUS_OK);
    assert_string_equal(folder, CITIES "/isfahan");
}

static void takes_a_name_with_a_slash_for_the_folder(void **state)
{
    char folder[CITY_FOLDER_SIZE];
    (void)state;
    setenv("VAFA_CITIES", "/nowhere", 1);
    assert_int_equal(city_find(CITIES "/isfahan", folder, NULL), STATUS_OK);
    assert_string_equal(folder, CITIES "/isfahan");
}

static void tells_where_it_looked_when_there_is_none(void **state)
{
    char folder[CITY_FOLDER_SIZE] = "untouched";
    struct error err = ERROR_NONE;
    (void)state;
    setenv("VAFA_CITIES", "/nowhere", 1);
    assert_int_equal(city_find("atlantis", folder, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.field, "city");
    assert_non_null(strstr(err.message, "/nowhere"));
    assert_string_equal(folder, "untouched");
    assert_int_equal(city_find("", folder, NULL), STATUS_NOT_FOUND);
    assert_int_equal(city_find("..", folder, NULL), STATUS_NOT_FOUND);
    unsetenv("VAFA_CITIES");
    assert_int_equal(city_find("atlantis", folder, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "/share/vafa/cities"));
    assert_null(strstr(err.message, ".."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_pack_by_its_name_where_the_environment_says),
        cmocka_unit_test(takes_a_name_with_a_slash_for_the_folder),
        cmocka_unit_test(tells_where_it_looked_when_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
