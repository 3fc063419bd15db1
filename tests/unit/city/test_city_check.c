/* Every kind of mistake in a pack is told with its file and line. */
#include "tests/unit/city/pack_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A change to one file of the good pack, and what is then to be found. */
struct mistake {
    const char *file;
    const char *from; /* NULL: the file becomes `to`; both NULL: it is removed */
    const char *to;
    const char *told_file; /* NULL: `file` */
    int line;
    const char *part;
};

static const struct mistake mistakes[] = {
    /* files */
    {"rules.csv", NULL, NULL, NULL, 0, "is missing"},
    {"city.ini", NULL, NULL, NULL, 0, "is missing"},
    {"areas.csv", NULL, "", NULL, 0, "is empty"},
    {"areas.csv", NULL, "# only a comment\n", NULL, 0, "is empty"},
    {"areas.csv", "منطقه ۲", "\xD9\x20", NULL, 3, "is not UTF-8"},
    {"areas.csv", "District 2\n", "District \"2\n", NULL, 3, "quote"},
    {"areas.csv", "District 2\n", "\"District 2\n\n\n", NULL, 3, "never closed"},
    {"areas.csv", "District 2\n", "District 2,x\n", NULL, 3, "4 cells and the first row has 3"},
    {"areas.csv", "key,name_fa", "key,colour", NULL, 1, "unknown column \"colour\""},
    {"areas.csv", "key,name_fa", "key,key", NULL, 1, "\"key\" is there twice"},
    {"areas.csv", "key,name_fa,name_en\n", "key,name_fa\n", NULL, 1, "\"name_en\" is missing"},
    {"areas.csv", "key,name_fa,name_en", "key;name_fa;name_en", NULL, 1, "by commas"},
    /* keys and names */
    {"areas.csv", "2,منطقه", "1,منطقه", NULL, 3, "\"1\" is already on line 2"},
    {"areas.csv", "2,منطقه", ",منطقه", NULL, 3, "key is empty"},
    {"areas.csv", "2,منطقه", "*,منطقه", NULL, 3, "choose another key"},
    {"areas.csv", "2,منطقه", "{2},منطقه", NULL, 3, "choose another key"},
    {"areas.csv", "2,منطقه",
     "a2345678901234567890123456789012345678901234567890123456789012345,منطقه", NULL, 3,
     "cannot be used"},
    {"areas.csv", "منطقه ۲", "", NULL, 3, "name_fa is empty"},
    {"areas.csv", "منطقه ۲", "\"a\nb\"", NULL, 3, "cannot be used"},
    /* units */
    {"units.csv", "bus,company", "bus,firm", NULL, 7, "kind \"firm\""},
    {"units.csv", "Bus,\n", "Bus,nobody\n", NULL, 7, "parent \"nobody\""},
    {"units.csv", "Bus,\n", "Bus,bus\n", NULL, 7, "its own parent"},
    {"units.csv", "District 1,\n", "District 1,district-1-civil\n", NULL, 3, "its own parent"},
    {"units.csv", NULL,
     "key,kind,name_fa,name_en,parent,urgent_desk\ncentre,centre,مرکز,Centre,,\"a\x01\"\n", NULL, 2,
     "urgent_desk \""},
    /* topics and levels */
    {"topics.csv", NULL,
     "key,name_fa,name_en,group,level,urgent,emergency\ncollapse,فروریزش,Collapse,,danger,yes,call "
     "us\n",
     NULL, 2, "phone \"call us\""},
    {"topics.csv", "bus,normal", "bus,never", NULL, 3, "level \"never\""},
    {"topics.csv", "danger,yes", "danger,perhaps", NULL, 4, "yes or no"},
    {"levels.csv", "168", "0", NULL, 2, "\"due_hours\" must be a whole number"},
    {"levels.csv", "168", "7 days", NULL, 2, "\"due_hours\" must be a whole number"},
    {"levels.csv", "168", "87601", NULL, 2, "\"due_hours\" must be a whole number"},
    {"levels.csv", "4,2", "4,-2", NULL, 3, "\"urgent_hours\" must be a whole number"},
    /* rules */
    {"rules.csv", "bus-headway,*", "bus-hedway,*", NULL, 2, "topic \"bus-hedway\""},
    {"rules.csv", "asphalt,2", "asphalt,02", NULL, 3, "area \"02\""},
    {"rules.csv", "2,yes", "2,true", NULL, 3, "urgent is \"true\""},
    {"rules.csv", "bus,slow", "buss,slow", NULL, 2, "unit \"buss\""},
    {"rules.csv", "bus,slow", "bus,slowly", NULL, 2, "level \"slowly\""},
    {"rules.csv", "district-{area}-civil", "district-{ward}-civil", NULL, 4, "only {area}"},
    {"rules.csv", "district-{area}-civil", "{area}-{area}", NULL, 4, "only {area}"},
    {"rules.csv", "district-{area}-civil", "office-{area}", NULL, 4, "for any area"},
    {"rules.csv", "*,*,*,centre", "*,*,no,centre", NULL, 7, "must match everything"},
    {"rules.csv", "*,*,*,centre", "*,*,*,district-{area}", NULL, 7, "must match everything"},
    {"rules.csv", NULL, "topic,area,urgent,unit,level\n", NULL, 0, "must match everything"},
    /* settings */
    {"city.ini", "key = small\n", "", NULL, 0, "\"key\" is missing under [city]"},
    {"city.ini", "key = small\n", "key =\n", NULL, 2, "\"key\" is missing"},
    {"city.ini", "language = fa", "language = tlh", NULL, 5, "fa or en"},
    {"city.ini", "name_fa = شهر کوچک\n", "", NULL, 0, "\"name_fa\" is missing"},
    {"city.ini", "Asia/Tehran", "Asia/Isfahan", NULL, 6, "\"zone\""},
    {"city.ini", "jalali", "lunar", NULL, 7, "jalali or gregorian"},
    {"city.ini", "saturday", "6", NULL, 8, "\"week_start\""},
    {"city.ini", "coordinator = centre", "coordinator = boss", NULL, 9, "\"boss\" is not in units"},
    {"city.ini", "key = small\n", "key = small\nkey = big\n", NULL, 3, "a second time"},
    {"city.ini", "key = small\n", "key = small\ncolour = blue\n", NULL, 3, "unknown name"},
    {"city.ini", "[phone]", "[phones]", NULL, 11, "unknown name \"country\" under [phones]"},
    {"city.ini", "key = small\n", "key = small\njust words\n", NULL, 3, "neither"},
    {"city.ini", "country = 98", "country = +98", NULL, 11, "digits"},
    {"city.ini", "country = 98", "country = 9876", NULL, 11, "digits"},
    {"city.ini", "mobile = 9", "mobile = 9,x", NULL, 17, "commas"},
    {"city.ini", "mobile = 9", "mobile = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL, 17,
     "commas"},
    {"city.ini", "local_digits = 8", "local_digits = 7", NULL, 14, "make 9 digits"},
    {"city.ini", "digits_min = 10", "digits_min = 11", NULL, 15, "national_digits_min"},
    {"city.ini", "attempts_max = 3", "attempts_max = 21", NULL, 21, "from 1 to 20"},
    {"city.ini", "lease_minutes = 10", "lease_minutes = ten", NULL, 22, "whole number"},
    {"city.ini", "[callback]", "[urgent]\nack_minutes = 0\n[callback]", NULL, 19, "from 1 to 1440"},
    {"city.ini", "[callback]", "[urgent]\nminutes = 5\n[callback]", NULL, 19, "unknown name"},
    /* profiles */
    {"imports/export.ini", "source = oldsystem\n", "", NULL, 0, "\"source\" is missing"},
    {"imports/export.ini", "topic = type\n", "", NULL, 0, "\"topic\" is missing under [columns]"},
    {"imports/export.ini", "topic = type\n", "topic = type\ncolour = c\n", NULL, 8, "unknown name"},
    {"imports/export.ini", "topic = type\n", "topic = type\nlatitude = lat\n", NULL, 0, "both"},
    {"imports/export.ini", "%Y-%m-%d", "%Y-%Q-%d", NULL, 3, "time_format"},
    {"imports/export.ini", "%Y-%m-%d", "%Y-%m", NULL, 3, "a year, a month and a day"},
    {"imports/export.ini", "topic = type\n", "topic = type\n[default_points]\na = here\n", NULL, 9,
     "LATITUDE,LONGITUDE"},
    {"imports/export.ini", "topic = type\n", "topic = type\n[default_points]\na = 91,0\n", NULL, 9,
     "LATITUDE,LONGITUDE"},
    {"imports/export.ini", "topic = type\n", "topic = type\n[values.channel]\nCall = fax\n", NULL,
     9, "channel \"fax\""},
    {"imports/export.ini", "topic = type\n", "topic = type\n[values.colour]\na = b\n", NULL, 9,
     "unknown name"},
    {"imports/export.ini", "topic = type\n", "topic = type\n[strip_zeros]\narea = 1\n", NULL, 9,
     "yes or no"},
    {"imports/export.ini", "[columns]", "zone = Nowhere\n[columns]", NULL, 4, "\"zone\""},
};

static void tells_every_kind_of_mistake_with_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        const struct mistake *mistake = &mistakes[i];
        struct pack_rig rig;
        pack_rig_init(&rig);
        if (mistake->to == NULL) {
            pack_rig_remove(&rig, mistake->file);
        } else if (mistake->from == NULL) {
            pack_rig_write(&rig, mistake->file, mistake->to);
        } else {
            pack_rig_replace(&rig, mistake->file, mistake->from, mistake->to);
        }
        pack_rig_expect_error(&rig, mistake->told_file != NULL ? mistake->told_file : mistake->file,
                              mistake->line, mistake->part);
        pack_rig_fini(&rig);
    }
}

static void good_pack_has_no_findings(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_check(&rig);
    assert_int_equal(pack_rig_errors(&rig), 0);
    assert_int_equal(rig.found, 0);
    pack_rig_fini(&rig);
}

static void warns_of_what_does_nothing(void **state)
{
    (void)state;
    static const struct mistake doubts[] = {
        {"rules.csv", "*,1,*,district-1,\n", "", "topics.csv", 5,
         "no rule names the topic \"snow\""},
        {"rules.csv", "*,1,*,district-1,\n", "", "units.csv", 8, "\"spare\""},
        {"rules.csv", "asphalt,2,yes", "asphalt,*,*,bus,\nasphalt,2,yes", NULL, 4, "line 3"},
        {"rules.csv", "collapse,*,yes", "collapse,*,no,bus,\ncollapse,*,yes", NULL, 5,
         "always urgent"},
        {"rules.csv", "*,1,*,district-1", "asphalt,1,*,district-1", NULL, 6, "line 4"},
        {"rules.csv", "bus,slow", "bus,", "levels.csv", 4, "\"slow\""},
        {"units.csv", "district-2-civil", "district-3-civil", "rules.csv", 4, "1 of 2 areas"},
        {"rules.csv", "bus-headway,*,*,bus,slow\n", "*,2,*,bus,slow\n", "topics.csv", 3,
         "no rule names the topic \"bus-headway\""},
        {"rules.csv", "collapse,*,yes,district-{area}-civil,\n", "*,*,*,district-{area},\n",
         "topics.csv", 4, "\"collapse\", which is always urgent"},
        {"units.csv", "office,کشیک,عمران ۲", "office,,عمران ۲", NULL, 6, "no urgent_desk"},
        {"units.csv", "district,کشیک", "district,", NULL, 4, "the topic \"asphalt\" first"},
        {"units.csv", NULL,
         "key,kind,name_fa,name_en,parent\ncentre,centre,م,Centre,\ndistrict-1,district,م,,\n"
         "district-2,district,م,,\ndistrict-1-civil,office,م,,\ndistrict-2-civil,office,م,,\n"
         "bus,company,م,,\n",
         NULL, 0, "no unit has an urgent_desk"},
        {"city.ini", "[urgent]\nack_minutes = 10\n", "", NULL, 0, "no ack_minutes"},
        {"ladder.csv", "*,*,1,100,,unit-head,رئیس,Head,centre\n", "", NULL, 0,
         "there is no ladder"},
        {"ladder.csv", "Head,centre\n", "Head,\n", NULL, 2, "(6 such units): no desk hears"},
        {"imports/notes.txt", NULL, "x", NULL, 0, "ends in .ini"},
        {"festivals.csv", NULL, "x", NULL, 0, "is not read"},
    };
    for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
        const struct mistake *doubt = &doubts[i];
        struct pack_rig rig;
        pack_rig_init(&rig);
        if (i < 2) {
            pack_rig_replace(&rig, "topics.csv", "danger,yes\n", "danger,yes\nsnow,برف,Snow,,,\n");
            pack_rig_replace(&rig, "units.csv", "Bus,\n", "Bus,\nspare,office,,یدکی,Spare,\n");
        }
        if (doubt->from == NULL) {
            pack_rig_write(&rig, doubt->file, doubt->to);
        } else {
            pack_rig_replace(&rig, doubt->file, doubt->from, doubt->to);
        }
        pack_rig_expect_warning(&rig, doubt->told_file != NULL ? doubt->told_file : doubt->file,
                                doubt->line, doubt->part);
        pack_rig_fini(&rig);
    }
}

static void takes_what_spreadsheets_write(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_write(&rig, "areas.csv",
                   "\xEF\xBB\xBF# a comment, with a comma and a \"quote\r\n"
                   "\r\n"
                   "\"name_en\",\"name_fa\",\"key\"\r\n"
                   "\"# a comment, \"\"saved\"\" by a spreadsheet\",,\r\n"
                   ",,\r\n"
                   "  District 1 , منطقه ۱ , 1\r\n"
                   "District 2,منطقه ۲,2");
    pack_rig_replace(&rig, "city.ini", "[city]\n", "\xEF\xBB\xBF; comment\r\n[city]\r\n");
    pack_rig_replace(&rig, "city.ini", "key = small\n", "   key = small ; remark\r\n");
    struct city *city = pack_rig_load(&rig);
    assert_string_equal(city_key(city), "small");
    assert_int_equal(city_area_count(city), 2);
    assert_string_equal(city_area(city, "1")->name_en, "District 1");
    assert_string_equal(city_area(city, "1")->name_fa, "منطقه ۱");
    city_free(city);

    pack_rig_replace(&rig, "areas.csv", "District 2,", "District 2,x,");
    pack_rig_expect_error(&rig, "areas.csv", 7, "4 cells");
    pack_rig_fini(&rig);
}

static void first_error_is_the_error_of_loading(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_replace(&rig, "city.ini", "jalali", "lunar");
    pack_rig_replace(&rig, "rules.csv", "bus,slow", "buss,slow");
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    assert_int_equal(city_load(&city, rig.folder, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "city.ini:7: "));
    pack_rig_check(&rig);
    assert_true(pack_rig_errors(&rig) >= 2);
    pack_rig_fini(&rig);
}

static void one_unreadable_table_is_told_once(void **state)
{
    (void)state;
    static const char *const files[] = {"levels.csv", "units.csv", "topics.csv", "areas.csv"};
    static const char *const texts[] = {NULL, "", "\xFF", "key;x\n"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            struct pack_rig rig;
            pack_rig_init(&rig);
            if (texts[j] == NULL) {
                pack_rig_remove(&rig, files[i]);
            } else {
                pack_rig_write(&rig, files[i], texts[j]);
            }
            pack_rig_check(&rig);
            for (size_t k = 0; k < rig.found; k++) {
                assert_string_equal(rig.findings[k].file, files[i]);
            }
            assert_true(pack_rig_errors(&rig) >= 1);
            pack_rig_fini(&rig);
        }
    }
}

static void counts_findings_beyond_the_room(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_replace(&rig, "city.ini", "jalali", "lunar");
    pack_rig_replace(&rig, "rules.csv", "bus,slow", "buss,slow");
    struct city_finding one;
    size_t all = city_check(rig.folder, NULL, 0);
    assert_true(all >= 2);
    assert_int_equal(city_check(rig.folder, &one, 1), all);
    assert_string_equal(one.file, "city.ini");
    pack_rig_fini(&rig);
}

static void files_from_elsewhere_are_checked_as_those_of_a_folder(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *city = pack_rig_load(&rig);
    struct city_file files[32];
    struct city *other = NULL;
    struct error err = ERROR_NONE;
    size_t count = city_file_count(city);
    for (size_t i = 0; i < count; i++) { /* in another order */
        files[count - 1 - i].data = city_file_at(city, i, &files[count - 1 - i].name);
    }
    assert_int_equal(city_load_files(&other, files, count, &err), STATUS_OK);
    assert_true(bytes_equal(city_digest(other), city_digest(city)));
    city_free(other);
    other = NULL;
    assert_int_equal(city_load_files(&other, files, count - 1, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "is missing"));
    files[count] = files[0];
    assert_int_equal(city_load_files(&other, files, count + 1, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "there already"));
    files[count].name = "../etc/passwd";
    assert_int_equal(city_load_files(&other, files, count + 1, &err), STATUS_INVALID_ARGUMENT);
    assert_null(other);
    city_free(city);
    pack_rig_fini(&rig);
}

static void file_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    size_t size = 8 * 1024 * 1024 + 1;
    char *data = malloc(size);
    assert_non_null(data);
    memset(data, '\n', size);
    pack_rig_write_bytes(&rig, "areas.csv", data, size);
    free(data);
    pack_rig_expect_error(&rig, "areas.csv", 0, "larger than 8 MiB");
    pack_rig_fini(&rig);
}

static void line_too_long_for_settings_is_told_not_cut(void **state)
{
    (void)state;
    struct pack_rig rig;
    char line[400];
    pack_rig_init(&rig);
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    pack_rig_replace(&rig, "city.ini", "Small town", line);
    pack_rig_expect_error(&rig, "city.ini", 4, "longer than");
    pack_rig_fini(&rig);
}

static void too_many_rules_are_refused(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct buffer rules = BUFFER_EMPTY;
    buffer_append_text(&rules, "topic,area,urgent,unit,level\n");
    for (int i = 0; i < 10000; i++) {
        buffer_append_text(&rules, "asphalt,1,*,bus,\n");
    }
    buffer_append_text(&rules, "*,*,*,centre,\n");
    pack_rig_write_bytes(&rig, "rules.csv", rules.data, rules.size);
    buffer_fini(&rules);
    pack_rig_expect_error(&rig, "rules.csv", 10002, "more than 10000 rules");
    pack_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_pack_has_no_findings),
        cmocka_unit_test(tells_every_kind_of_mistake_with_file_and_line),
        cmocka_unit_test(warns_of_what_does_nothing),
        cmocka_unit_test(takes_what_spreadsheets_write),
        cmocka_unit_test(first_error_is_the_error_of_loading),
        cmocka_unit_test(one_unreadable_table_is_told_once),
        cmocka_unit_test(counts_findings_beyond_the_room),
        cmocka_unit_test(files_from_elsewhere_are_checked_as_those_of_a_folder),
        cmocka_unit_test(file_beyond_the_limit_is_refused),
        cmocka_unit_test(line_too_long_for_settings_is_told_not_cut),
        cmocka_unit_test(too_many_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
