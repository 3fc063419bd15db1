/* same.csv: which requests are about the same thing, in a pack that has it and in one that has not. */
#include "tests/unit/city/pack_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char head[] = "topic,metres,hours,kin\n";

static void write_same(struct pack_rig *rig, const char *rows)
{
    char text[1024];
    (void)snprintf(text, sizeof(text), "%s%s", head, rows);
    pack_rig_write(rig, "same.csv", text);
}

static void expect_same(const struct city *city, const char *topic, uint32_t metres, uint32_t hours)
{
    assert_int_equal(city_same(city, topic)->metres, metres);
    assert_int_equal(city_same(city, topic)->hours, hours);
}

static void does_without_the_file(void **state)
{
    (void)state;
    struct pack_rig rig;
    const char *kin[CITY_KIN_MAX];
    pack_rig_init(&rig);
    struct city *city = pack_rig_load(&rig);
    expect_same(city, "asphalt", CITY_SAME_METRES, CITY_SAME_HOURS);
    expect_same(city, "unlisted", CITY_SAME_METRES, CITY_SAME_HOURS);
    assert_int_equal(city_kin(city, "asphalt", kin), 1);
    assert_string_equal(kin[0], "asphalt");
    city_free(city);
    pack_rig_fini(&rig);
}

static void a_topic_without_a_line_goes_by_the_star(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    write_same(&rig, "asphalt,20,48,\nbus-headway,0,0,\n*,70,100,\n");
    struct city *city = pack_rig_load(&rig);
    expect_same(city, "asphalt", 20, 48);
    expect_same(city, "bus-headway", 0, 0);
    expect_same(city, "collapse", 70, 100);
    expect_same(city, "unlisted", 70, 100);
    city_free(city);
    pack_rig_fini(&rig);
}

static void tells_the_topic_itself_and_its_kin(void **state)
{
    (void)state;
    struct pack_rig rig;
    const char *kin[CITY_KIN_MAX];
    pack_rig_init(&rig);
    write_same(&rig, "asphalt,20,48,road\nbus-headway,5,5,\ncollapse,20,48,road\n");
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(city_kin(city, "collapse", kin), 2);
    assert_string_equal(kin[0], "collapse");
    assert_string_equal(kin[1], "asphalt");
    assert_int_equal(city_kin(city, "bus-headway", kin), 1);
    assert_int_equal(city_kin(city, "unlisted", kin), 1);
    city_free(city);
    pack_rig_fini(&rig);
}

static void the_file_is_part_of_the_digest(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *without = pack_rig_load(&rig);
    write_same(&rig, "*,70,100,\n");
    struct city *with = pack_rig_load(&rig);
    assert_memory_not_equal(city_digest(without).data, city_digest(with).data,
                            city_digest(with).size);
    city_free(with);
    city_free(without);
    pack_rig_fini(&rig);
}

static void tells_mistakes_with_their_lines(void **state)
{
    static const struct {
        const char *rows;
        int line;
        const char *part;
    } mistakes[] = {
        {"asphaltt,20,48,\n", 2, "the topic \"asphaltt\" is not in topics.csv"},
        {"asphalt,20,48,\nasphalt,30,48,\n", 3, "already on line 2"},
        {"asphalt,1001,48,\n", 2, "from 0 to 1000"},
        {"asphalt,,48,\n", 2, "metres"},
        {"asphalt,20,8761,\n", 2, "from 0 to 8760"},
        {"asphalt,20,two,\n", 2, "hours"},
        {"*,20,48,road\n", 2, "all topics cannot be kin"},
        {",20,48,\n", 2, "the topic \"\" is not in topics.csv"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct pack_rig rig;
        pack_rig_init(&rig);
        write_same(&rig, mistakes[i].rows);
        pack_rig_expect_error(&rig, "same.csv", mistakes[i].line, mistakes[i].part);
        pack_rig_fini(&rig);
    }
}

static void warns_of_a_family_of_one(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    write_same(&rig, "asphalt,20,48,road\n");
    pack_rig_expect_warning(&rig, "same.csv", 2, "no other topic is kin \"road\"");
    pack_rig_fini(&rig);
}

static void bounds_a_family(void **state)
{
    (void)state;
    struct pack_rig rig;
    struct buffer topics = BUFFER_EMPTY;
    struct buffer rows = BUFFER_EMPTY;
    pack_rig_init(&rig);
    buffer_append_text(&topics,
                       "key,name_fa,name_en,group,level,urgent\n"
                       "asphalt,a,a,,normal,\nbus-headway,b,b,,slow,\ncollapse,c,c,,danger,"
                       "\n");
    buffer_append_text(&rows, head);
    for (int i = 0; i <= CITY_KIN_MAX; i++) {
        buffer_append_format(&topics, "t%d,t,t,,normal,\n", i);
        buffer_append_format(&rows, "t%d,20,48,many\n", i);
    }
    pack_rig_write(&rig, "topics.csv", buffer_text(&topics));
    pack_rig_write(&rig, "same.csv", buffer_text(&rows));
    pack_rig_expect_error(&rig, "same.csv", 2, "more than 16 topics are kin \"many\"");
    buffer_fini(&topics);
    buffer_fini(&rows);
    pack_rig_fini(&rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_without_the_file),
        cmocka_unit_test(a_topic_without_a_line_goes_by_the_star),
        cmocka_unit_test(tells_the_topic_itself_and_its_kin),
        cmocka_unit_test(the_file_is_part_of_the_digest),
        cmocka_unit_test(tells_mistakes_with_their_lines),
        cmocka_unit_test(warns_of_a_family_of_one),
        cmocka_unit_test(bounds_a_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
