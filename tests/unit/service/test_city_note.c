/* What a data folder remembers of its city. */
#include "service/city_note.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char data[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(data, sizeof data, "/tmp/vafa-note-XXXXXX");
    return mkdtemp(data) == NULL;
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(data, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_text(const char *text)
{
    char path[80];
    snprintf(path, sizeof path, "%s/city", data);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void reads_what_it_wrote_and_nothing_else_is_left(void **state)
{
    (void)state;
    struct city_note read;
    const struct city_note note = {.pack = "/srv/my-city", .digest = DIGEST};
    assert_int_equal(city_note_read(data, &read, NULL), STATUS_NOT_FOUND);
    assert_int_equal(city_note_write(data, &note, NULL), STATUS_OK);
    assert_int_equal(city_note_read(data, &read, NULL), STATUS_OK);
    assert_string_equal(read.pack, note.pack);
    assert_string_equal(read.digest, DIGEST);
    char path[80];
    snprintf(path, sizeof path, "%s/city", data);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(data), 0);
    assert_int_equal(mkdir(data, 0700), 0);
}

static void a_note_without_a_digest_is_one(void **state)
{
    (void)state;
    struct city_note read;
    write_text("isfahan\n");
    assert_int_equal(city_note_read(data, &read, NULL), STATUS_OK);
    assert_string_equal(read.pack, "isfahan");
    assert_string_equal(read.digest, "");
}

static void a_damaged_note_is_told(void **state)
{
    (void)state;
    static const char no_end[] = "isfahan\n" DIGEST;
    static const char *const damaged[] = {"", "\n", "isfahan", "isfahan\n00ff\n", no_end};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct city_note read;
        write_text(damaged[i]);
        assert_int_equal(city_note_read(data, &read, NULL), STATUS_DATA_LOSS);
    }
}

static void writes_nothing_that_could_not_be_read(void **state)
{
    (void)state;
    struct city_note note = {.pack = "two\nlines", .digest = DIGEST};
    assert_int_equal(city_note_write(data, &note, NULL), STATUS_INVALID_ARGUMENT);
    note = (struct city_note){.pack = "isfahan", .digest = "00ff"};
    assert_int_equal(city_note_write(data, &note, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(city_note_read(data, &note, NULL), STATUS_NOT_FOUND);
}

static void a_folder_is_told_from_the_root_on_and_a_name_stays(void **state)
{
    (void)state;
    char pack[CITY_NOTE_PACK_SIZE], given[80];
    snprintf(given, sizeof given, "%s/../%s/.", data, strrchr(data, '/') + 1);
    assert_int_equal(city_note_pack(given, pack, NULL), STATUS_OK);
    assert_string_equal(pack, data);
    assert_int_equal(city_note_pack("isfahan", pack, NULL), STATUS_OK);
    assert_string_equal(pack, "isfahan");
    assert_int_equal(city_note_pack("/nonexistent/pack", pack, NULL), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_what_it_wrote_and_nothing_else_is_left),
        TEST(a_note_without_a_digest_is_one),
        TEST(a_damaged_note_is_told),
        TEST(writes_nothing_that_could_not_be_read),
        TEST(a_folder_is_told_from_the_root_on_and_a_name_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
