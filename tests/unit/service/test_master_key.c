/* The master key's file: what it may hold, and how it changes. */
#include "service/master_key.h"

#include "base/bytes.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DIGITS_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGITS_B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static char folder[SCRATCH_SIZE];
static char file[SCRATCH_SIZE + 16];

static void write_file(const char *text, size_t size, mode_t mode)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file, mode), 0);
}

static void write_text(const char *text)
{
    write_file(text, strlen(text), 0600);
}

static void reads_a_key_with_and_without_its_users(void **state)
{
    struct master_keys keys;
    (void)state;
    static const char *const texts[] = {DIGITS_A, DIGITS_A "\n", DIGITS_A " intake\n",
                                        DIGITS_A " intake followup"};
    static const char *const users[] = {"", "", "intake", "intake followup"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(texts[i]);
        assert_int_equal(master_key_read(file, &keys, NULL), STATUS_OK);
        assert_int_equal(keys.count, 1);
        assert_int_equal(keys.keys[0].key[1], 0x23);
        assert_string_equal(keys.keys[0].users, users[i]);
    }
}

static void reads_the_new_key_first(void **state)
{
    struct master_keys keys;
    (void)state;
    write_text(DIGITS_B " intake\n" DIGITS_A " intake\n");
    assert_int_equal(master_key_read(file, &keys, NULL), STATUS_OK);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.keys[0].key[0], 0xfe);
}

static void refuses_what_is_no_master_key(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "0123",
        DIGITS_A "0\n",
        DIGITS_A "\n\n",
        DIGITS_A "\n" DIGITS_B "\n" DIGITS_A "\n",
        DIGITS_A " Intake\n",
        DIGITS_A "\tintake\n",
        DIGITS_A " intake\n junk",
        DIGITS_A
        " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    };
    struct master_keys keys;
    struct error err;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(texts[i]);
        assert_int_equal(master_key_read(file, &keys, &err), STATUS_FAILED_PRECONDITION);
        assert_string_equal(err.field, "master-key");
        assert_non_null(strstr(err.message, file));
        assert_null(strstr(err.message, "0123456789")); /* nothing of it is shown */
    }
    write_file(DIGITS_A "\0\n", 2 * MASTER_KEY_BYTES + 2, 0600);
    assert_int_equal(master_key_read(file, &keys, NULL), STATUS_FAILED_PRECONDITION);
}

static void refuses_a_file_that_others_may_read_or_write(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0644, 0777};
    struct master_keys keys;
    struct error err;
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file(DIGITS_A, 2 * MASTER_KEY_BYTES, modes[i]);
        assert_int_equal(master_key_read(file, &keys, &err), STATUS_FAILED_PRECONDITION);
        assert_non_null(strstr(err.message, "chmod 600"));
    }
}

static void keeps_a_stricter_mode_when_it_is_changed(void **state)
{
    struct stat changed;
    (void)state;
    write_file(DIGITS_A, 2 * MASTER_KEY_BYTES, 0400);
    assert_int_equal(master_key_join(file, "intake", NULL), STATUS_OK);
    assert_int_equal(stat(file, &changed), 0);
    assert_int_equal(changed.st_mode & 0777, 0400);
}

static void tells_what_cannot_be_made(void **state)
{
    struct error err;
    char path[sizeof file + 16];
    (void)state;
    snprintf(path, sizeof path, "%s/missing/key", folder);
    assert_int_equal(master_key_make(path, random_system(), &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(master_key_make(folder, random_system(), &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, folder));
}

static void makes_one_key_however_often_it_is_asked(void **state)
{
    struct master_keys first, second;
    struct stat made;
    (void)state;
    assert_int_equal(master_key_read(file, &first, NULL), STATUS_NOT_FOUND);
    assert_int_equal(master_key_make(file, random_system(), NULL), STATUS_OK);
    assert_int_equal(master_key_read(file, &first, NULL), STATUS_OK);
    assert_int_equal(master_key_make(file, random_system(), NULL), STATUS_OK);
    assert_int_equal(master_key_read(file, &second, NULL), STATUS_OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(stat(file, &made), 0);
    assert_int_equal(made.st_mode & 0777, 0600);
}

static void keeps_the_old_key_until_the_last_of_its_users_has_left(void **state)
{
    struct master_keys before, keys;
    (void)state;
    assert_int_equal(master_key_make(file, random_system(), NULL), STATUS_OK);
    assert_int_equal(master_key_join(file, "intake", NULL), STATUS_OK);
    assert_int_equal(master_key_join(file, "followup", NULL), STATUS_OK);
    assert_int_equal(master_key_join(file, "intake", NULL), STATUS_OK);
    assert_int_equal(master_key_read(file, &before, NULL), STATUS_OK);
    assert_string_equal(before.keys[0].users, "intake followup");

    assert_int_equal(master_key_add(file, random_system(), NULL), STATUS_OK);
    assert_int_equal(master_key_add(file, random_system(), NULL), STATUS_OK); /* as begun */
    assert_int_equal(master_key_leave(file, "intake", NULL), STATUS_OK);
    assert_int_equal(master_key_leave(file, "intake", NULL), STATUS_OK);
    assert_int_equal(master_key_read(file, &keys, NULL), STATUS_OK);
    assert_int_equal(keys.count, 2);
    assert_memory_equal(keys.keys[1].key, before.keys[0].key, MASTER_KEY_BYTES);
    assert_string_equal(keys.keys[0].users, "intake followup");
    assert_string_equal(keys.keys[1].users, "followup");

    assert_int_equal(master_key_leave(file, "followup", NULL), STATUS_OK);
    assert_int_equal(master_key_read(file, &keys, NULL), STATUS_OK);
    assert_int_equal(keys.count, 1);
    assert_memory_not_equal(keys.keys[0].key, before.keys[0].key, MASTER_KEY_BYTES);
    assert_int_equal(master_key_leave(file, "followup", NULL), STATUS_OK);
    assert_int_equal(master_key_read(file, &keys, NULL), STATUS_OK);
    assert_int_equal(keys.count, 1);
}

static void takes_away_a_draft_that_somebody_left(void **state)
{
    char draft[sizeof file + 4];
    (void)state;
    snprintf(draft, sizeof draft, "%s.new", file);
    FILE *out = fopen(draft, "w");
    assert_non_null(out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(master_key_make(file, random_system(), NULL), STATUS_OK);
    assert_int_not_equal(access(draft, F_OK), 0);
}

static void changes_nothing_where_there_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(master_key_add(file, random_system(), NULL), STATUS_NOT_FOUND);
    assert_int_equal(master_key_leave(file, "intake", NULL), STATUS_NOT_FOUND);
    assert_int_not_equal(access(file, F_OK), 0);
}

static int set_up(void **state)
{
    (void)state;
    scratch_new(folder);
    snprintf(file, sizeof file, "%s/master.key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_key_with_and_without_its_users),
        TEST(reads_the_new_key_first),
        TEST(refuses_what_is_no_master_key),
        TEST(refuses_a_file_that_others_may_read_or_write),
        TEST(keeps_a_stricter_mode_when_it_is_changed),
        TEST(tells_what_cannot_be_made),
        TEST(makes_one_key_however_often_it_is_asked),
        TEST(keeps_the_old_key_until_the_last_of_its_users_has_left),
        TEST(takes_away_a_draft_that_somebody_left),
        TEST(changes_nothing_where_there_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
