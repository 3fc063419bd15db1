/* Rows of Boston's export, and what a row may look like that cannot be taken. */
#include "clients/vafa/import_row.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "case_enquiry_id,open_dt,target_dt,closed_dt,type,department,ward,source,latitude,longitude,"  \
    "location,closure_reason\n"
#define NOW_US (INT64_C(1500000000) * SECOND_US) /* 2017 */

/* A file of one row, its profile and where its columns are. */
struct rig {
    char path[64];
    struct city *city;
    struct city_profile *profile;
    struct import_csv *csv;
    struct import_map map;
    struct arena *arena;
    struct import_row row;
    struct error err;
};

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof(rig));
    rig.arena = arena_new(4 * 1024 * 1024);
    strcpy(rig.path, "/tmp/test_import_row.XXXXXX");
    int fd = mkstemp(rig.path);
    return fd < 0 || close(fd) != 0 ||
           city_load(&rig.city, VAFA_SOURCE_DIR "/deploy/cities/boston-2011", NULL) != STATUS_OK ||
           city_profile_load(&rig.profile, rig.city, "boston311", NULL) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    import_csv_close(rig.csv);
    city_profile_free(rig.profile);
    city_free(rig.city);
    arena_free(rig.arena);
    return unlink(rig.path);
}

static enum status read_row(const char *text)
{
    const struct import_csv_row *csv_row;
    FILE *file = fopen(rig.path, "w");
    assert_non_null(file);
    fputs(HEAD, file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    import_csv_close(rig.csv);
    rig.csv = NULL;
    assert_int_equal(import_csv_open(&rig.csv, rig.path, NULL), STATUS_OK);
    assert_int_equal(import_map_init(&rig.map, rig.profile, rig.csv, NULL), STATUS_OK);
    assert_int_equal(import_csv_next(rig.csv, &csv_row, NULL), STATUS_OK);
    assert_non_null(csv_row);
    rig.err = ERROR_NONE;
    return import_row_read(&rig.map, csv_row, NOW_US, rig.arena, &rig.row, &rig.err);
}

static void reads_a_row_in_our_words(void **state)
{
    (void)state;
    assert_int_equal(
        read_row("101,2011-07-01 01:32:33,2011-07-15 01:32:32,2011-07-01 05:06:58,Street Lights,"
                 "PWDx,Ward 03,Constituent Call,42.2715,-71.0772,A St & B St,\"Case, closed\"\n"),
        STATUS_OK);
    const Intake__RegisterCaseRequest *request = &rig.row.request;
    assert_string_equal(request->source, "boston311");
    assert_string_equal(request->external_id, "101");
    assert_string_equal(request->topic, "Street Lights");
    assert_int_equal(request->channel, COMMON__CHANNEL__CHANNEL_PHONE);
    assert_string_equal(request->place->area, "3");
    assert_string_equal(request->place->street, "A St & B St");
    assert_true(request->place->point->latitude == 42.2715);
    assert_string_equal(request->history->unit, "PWDx");
    /* 01:32:33 of Boston's summer is 05:32:33 UTC. */
    assert_int_equal(request->history->occurred_at_us, INT64_C(1309498353) * SECOND_US);
    assert_int_equal(request->history->due_at_us, INT64_C(1310707952) * SECOND_US);
    assert_int_equal(rig.row.closed_us, INT64_C(1309511218) * SECOND_US);
    assert_string_equal(rig.row.note, "Case, closed");
    assert_false(rig.row.closed_too_early);
    assert_false(rig.row.note_cut);
}

static void leaves_out_what_the_row_does_not_have(void **state)
{
    (void)state;
    assert_int_equal(
        read_row("102,2011-07-01 01:32:33,,,Other,,,Carrier Pigeon,42.3594,-71.0587,,\n"),
        STATUS_OK);
    assert_int_equal(rig.row.closed_us, 0);
    assert_int_equal(rig.row.history.due_at_us, 0);
    assert_null(rig.row.place.point); /* City Hall stands for "no place" */
    assert_int_equal(rig.row.request.channel, COMMON__CHANNEL__CHANNEL_IMPORT);
    assert_string_equal(rig.row.history.unit, "");
}

static void takes_a_closing_before_the_opening_as_closed_at_once(void **state)
{
    (void)state;
    assert_int_equal(read_row("103,2011-07-01 01:32:33,,2011-06-30 00:00:00,T,U,1,x,,,,\n"),
                     STATUS_OK);
    assert_int_equal(rig.row.closed_us, rig.row.history.occurred_at_us);
    assert_true(rig.row.closed_too_early);
}

static void cuts_an_over_long_note_between_characters(void **state)
{
    (void)state;
    struct buffer text = BUFFER_EMPTY;
    buffer_append_text(&text, "104,2011-07-01 01:32:33,,2011-07-02 00:00:00,T,U,1,x,,,,");
    for (int i = 0; i < IMPORT_NOTE_MAX; i++) {
        buffer_append_text(&text, "ی");
    }
    assert_int_equal(read_row(buffer_text(&text)), STATUS_OK);
    assert_false(rig.row.note_cut);
    assert_int_equal(strlen(rig.row.note), 2 * IMPORT_NOTE_MAX);
    buffer_append_text(&text, "ی");
    assert_int_equal(read_row(buffer_text(&text)), STATUS_OK);
    assert_true(rig.row.note_cut);
    assert_int_equal(strlen(rig.row.note), 2 * (IMPORT_NOTE_MAX - 1) + strlen("…"));
    assert_string_equal(rig.row.note + 2 * (IMPORT_NOTE_MAX - 1), "…");
    buffer_fini(&text);
}

static void rejects_rows_by_the_column_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *field;
    } cases[] = {
        {",2011-07-01 01:32:33,,,T,U,1,x,,,,\n", "case_enquiry_id"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789,"
         "2011-07-01 01:32:33,,,T,U,1,x,,,,\n",
         "case_enquiry_id"},
        {"1,,,,T,U,1,x,,,,\n", "open_dt"},
        {"1,yesterday,,,T,U,1,x,,,,\n", "open_dt"},
        {"1,2011-02-30 00:00:00,,,T,U,1,x,,,,\n", "open_dt"},
        {"1,2011-07-01 01:32:33,,2018-01-01 00:00:00,T,U,1,x,,,,\n", "closed_dt"},
        {"1,2011-07-01 01:32:33,,,T,U,1,x,north,,,\n", "latitude"},
        {"1,2011-07-01 01:32:33,,,T,U,1,x,1,nan,,\n", "longitude"},
        {"1,2011-07-01 01:32:33,,,\xFFT,U,1,x,,,,\n", "type"},
        {"1,2011-07-01 01:32:33,,,T\n", ""},
        {"1,2011-07-01 01:32:33,,,T,U,1,x,,,,,too many\n", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_row(cases[i].row), STATUS_INVALID_ARGUMENT);
        assert_string_equal(rig.err.field, cases[i].field);
        assert_true(rig.err.message[0] != '\0');
    }
}

static void tells_a_file_that_lacks_a_column(void **state)
{
    (void)state;
    FILE *file = fopen(rig.path, "w");
    assert_non_null(file);
    fputs("case_enquiry_id,open_dt\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(import_csv_open(&rig.csv, rig.path, NULL), STATUS_OK);
    assert_int_equal(import_map_init(&rig.map, rig.profile, rig.csv, &rig.err), STATUS_NOT_FOUND);
    assert_non_null(strstr(rig.err.message, "target_dt"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_row_in_our_words),
        TEST(leaves_out_what_the_row_does_not_have),
        TEST(takes_a_closing_before_the_opening_as_closed_at_once),
        TEST(cuts_an_over_long_note_between_characters),
        TEST(rejects_rows_by_the_column_that_is_wrong),
        TEST(tells_a_file_that_lacks_a_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
