/* Topics and areas as operators type them. */
#include "clients/vafa/city_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct city *city;

static int load(void **state)
{
    (void)state;
    return city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL) == STATUS_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    city_free(city);
    return 0;
}

static void finds_keys_and_names_in_any_digits_letters_and_case(void **state)
{
    (void)state;
    const struct {
        enum city_items items;
        const char *text;
        const char *key;
    } cases[] = {
        {CITY_ITEMS_AREAS, "5", "5"},
        {CITY_ITEMS_AREAS, "۵", "5"},
        {CITY_ITEMS_AREAS, "٥", "5"},
        {CITY_ITEMS_AREAS, "منطقه ۵", "5"},
        {CITY_ITEMS_AREAS, "منطقة 5", "5"},
        {CITY_ITEMS_AREAS, " district 5 ", "5"},
        {CITY_ITEMS_TOPICS, "Asphalt", "asphalt"},
        {CITY_ITEMS_TOPICS, "سرفاصله اتوبوس", "bus-headway"},
        {CITY_ITEMS_TOPICS, "سرفاصلهٔ اتوبوس", "bus-headway"},
        {CITY_ITEMS_UNITS, "DISTRICT-5-CIVIL", "district-5-civil"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *key = city_items_find(city, cases[i].items, cases[i].text);
        assert_non_null(key);
        assert_string_equal(key, cases[i].key);
    }
}

static void finds_nothing_that_is_not_listed(void **state)
{
    (void)state;
    assert_null(city_items_find(city, CITY_ITEMS_AREAS, "99"));
    assert_null(city_items_find(city, CITY_ITEMS_TOPICS, "asphal"));
    assert_null(city_items_find(city, CITY_ITEMS_TOPICS, ""));
    assert_null(city_items_find(city, CITY_ITEMS_TOPICS, " "));
    assert_null(city_items_find(city, CITY_ITEMS_TOPICS, "\xFF"));
}

static void finds_every_item_by_its_own_key(void **state)
{
    (void)state;
    for (int items = CITY_ITEMS_TOPICS; items <= CITY_ITEMS_AREAS; items++) {
        size_t count = city_items_count(city, (enum city_items)items);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++) {
            struct city_item item = city_items_at(city, (enum city_items)items, i);
            assert_ptr_equal(city_items_find(city, (enum city_items)items, item.key), item.key);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_keys_and_names_in_any_digits_letters_and_case),
        cmocka_unit_test(finds_nothing_that_is_not_listed),
        cmocka_unit_test(finds_every_item_by_its_own_key),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
