/* Running programs on a disk that fails: full, read-only, refusing to sync, losing what was not synced;
 * and on files that are not what they were. */
#include "tests/integration/disk.h"
#include "tests/integration/load.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"
#include "tests/support/memory.h"

#define STORE_FAILED 4 /* exit code */
#define POWER_ROUNDS (TEST_SANITIZED ? 3 : 9)
#define ROUNDS_MAX 60
#define FLIPS (TEST_SANITIZED ? 4 : 12)

struct scene {
    struct disk disk;
    struct system *system;
};

static int set_up_with(void **state, unsigned faults)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    disk_init(&scene->disk);
    disk_set(&scene->disk, faults);
    scene->system = system_new("isfahan");
    *state = scene;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 0);
}

static int set_up_volatile(void **state)
{
    return set_up_with(state, FAULT_DISK_VOLATILE);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    system_free(scene->system);
    disk_fini(&scene->disk);
    free(scene);
    return 0;
}

/* --- helpers --- */

/* `timeout`: seconds, for as long as it tries when its server has ended. */
static struct output try_register(struct scene *scene, const char *words, const char *timeout)
{
    return system_vafa(scene->system, ARGS("register", "--topic", "asphalt", "--words", words,
                                           "--json", "--lang", "en", "--timeout", timeout));
}

/* Registers; the code in ret_code. */
static void must_register(struct scene *scene, char ret_code[16])
{
    json_t *answer =
        system_json(scene->system, ARGS("register", "--topic", "asphalt", "--words", "نمونه"));
    snprintf(ret_code, 16, "%s", json_string_value(json_object_get(answer, "code")));
    json_decref(answer);
}

static bool can_be_read(struct scene *scene, const char *code)
{
    struct output shown = system_vafa(scene->system, ARGS("show", code));
    bool good = shown.code == 0;
    output_free(&shown);
    return good;
}

static void check_good(struct scene *scene)
{
    struct output verified = system_vafa(scene->system, ARGS("verify", "--lang", "en"));
    if (verified.code != 0) {
        fail_msg("exit code %d: %s%s", verified.code, verified.out, verified.err);
    }
    output_free(&verified);
}

static void assert_says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, what);
    }
}

static void store_file(const struct scene *scene, const char *name, char ret_path[300])
{
    snprintf(ret_path, 300, "%s/intake/%s", scene->system->data, name);
}

/* Starts the program that has intake; it must refuse, and say so. */
static void must_not_start(struct scene *scene, const char *words)
{
    struct output output = run_program(system_program(scene->system, 0),
                                       ARGS("--data", scene->system->data, "--city", "isfahan"));
    assert_int_equal(output.code, 1);
    assert_says(output.err, words);
    output_free(&output);
}

/* The program that has intake ends by itself; of the others, those that wrote meanwhile (1: it was
 * ending already, and this is its second SIGTERM). */
static void must_end_by_itself(struct scene *scene)
{
    struct system *system = scene->system;
    assert_int_equal(wait_for_end(system->pids[0]), STORE_FAILED);
    system->pids[0] = 0;
    for (size_t i = 1; i < system->program_count; i++) {
        assert_int_equal(kill(system->pids[i], SIGTERM), 0);
        int code = wait_for_end(system->pids[i]);
        assert_true(code == 0 || code == 1 || code == STORE_FAILED);
        system->pids[i] = 0;
    }
}

/* --- full --- */

/* As long as they may be: 4,000 characters, of four bytes each. */
static char *long_words(void)
{
    enum { COUNT = 4000, BYTES = 4 };
    char *words = malloc(COUNT * BYTES + 1);
    assert_non_null(words);
    for (int i = 0; i < COUNT; i++) {
        memcpy(words + i * BYTES, "\U0001F642", BYTES);
    }
    words[COUNT * BYTES] = '\0';
    return words;
}

static void refuses_to_write_when_the_disk_is_full_and_goes_on_when_there_is_room(void **state)
{
    struct scene *scene = *state;
    char before[16], after[16];
    char *words = long_words();
    int code = 0;
    must_register(scene, before);
    disk_set(&scene->disk, FAULT_DISK_FULL);
    for (int i = 0; i < 10000 && code == 0; i++) { /* as many as were given room before */
        struct output output = try_register(scene, words, "120");
        code = output.code;
        if (code != 0) {
            assert_says(output.err, "full");
        }
        output_free(&output);
    }
    assert_int_not_equal(code, 0);
    assert_true(disk_refused(&scene->disk) > 0);
    assert_true(can_be_read(scene, before));

    disk_set(&scene->disk, 0);
    must_register(scene, after); /* nothing was restarted */
    assert_true(can_be_read(scene, before) && can_be_read(scene, after));
    check_good(scene);
    free(words);
}

/* --- read-only --- */

static void does_not_start_on_a_read_only_disk_and_says_so(void **state)
{
    struct scene *scene = *state;
    char code[16];
    must_register(scene, code);
    system_stop_all(scene->system);
    disk_set(&scene->disk, FAULT_DISK_READ_ONLY);
    must_not_start(scene, "Read-only");
    disk_set(&scene->disk, 0);
    system_start_all(scene->system);
    assert_true(can_be_read(scene, code));
}

/* --- a disk that fails while running --- */

static void check_stops(struct scene *scene, unsigned faults)
{
    char before[16];
    must_register(scene, before);
    disk_set(&scene->disk, faults);
    struct output output = try_register(scene, "نمونه", "10");
    assert_int_not_equal(output.code, 0); /* not acknowledged */
    output_free(&output);
    must_end_by_itself(scene);
    assert_true(disk_refused(&scene->disk) > 0);

    disk_set(&scene->disk, 0);
    system_start_all(scene->system);
    assert_true(can_be_read(scene, before));
    check_good(scene);
}

static void stops_when_the_disk_does_not_sync(void **state)
{
    check_stops(*state, FAULT_DISK_SYNC);
}

static void stops_when_the_disk_has_become_read_only(void **state)
{
    check_stops(*state, FAULT_DISK_READ_ONLY);
}

/* Most of these answers come from the journal: its write fails too. */
static void acknowledges_nothing_that_a_failing_disk_did_not_take(void **state)
{
    struct scene *scene = *state;
    struct load *load = load_begin(scene->system, 32);
    load_wait(load, 500);
    disk_set(&scene->disk, FAULT_DISK_SYNC);
    must_end_by_itself(scene);
    load_stop(load);
    disk_set(&scene->disk, 0);
    system_start_all(scene->system);
    load_end(load);
    load_check(load);
    load_free(load);
    check_good(scene);
}

/* --- loss of power --- */

static unsigned number_of(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static void keeps_what_it_acknowledged_when_power_is_lost(void **state)
{
    struct scene *scene = *state;
    unsigned seed = number_of("TEST_SEED", (unsigned)time(NULL));
    unsigned rounds = number_of("TEST_ROUNDS", POWER_ROUNDS);
    unsigned hits = 0; /* rounds in which something was on its way to the disk */
    print_message("TEST_SEED=%u\n", seed);
    for (unsigned round = 0; round < rounds || (hits == 0 && round < ROUNDS_MAX); round++) {
        struct load *load = load_begin(scene->system, 1 + (unsigned)rand_r(&seed) % 48);
        load_wait(load, 1 + (unsigned)rand_r(&seed) % 300);
        for (size_t i = 0; i < scene->system->program_count; i++) {
            system_kill(scene->system, i);
        }
        load_stop(load);
        hits +=
            disk_lose(scene->system, (enum disk_loss)(round % DISK_LOSS_COUNT), &seed) > 0 ? 1 : 0;
        system_start_all(scene->system);
        load_end(load);
        load_check(load);
        load_free(load);
    }
    print_message("something was lost in %u rounds\n", hits);
    assert_true(hits > 0); /* else nothing was tried */
    check_good(scene);
}

/* --- files that are not what they were --- */

static void does_not_start_on_a_store_that_was_cut(void **state)
{
    struct scene *scene = *state;
    char path[300], code[16];
    struct stat info;
    must_register(scene, code);
    system_stop(scene->system, 0);
    store_file(scene, "data.mdb", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, 8192), 0);
    must_not_start(scene, "cut short");
    assert_int_equal(truncate(path, 0), 0);
    must_not_start(scene, "gone or empty");
    assert_int_equal(unlink(path), 0);
    must_not_start(scene, "gone or empty");
}

static void does_not_start_on_a_journal_that_was_cut(void **state)
{
    struct scene *scene = *state;
    char path[300];
    struct load *load = load_begin(scene->system, 16); /* so close together that it is used */
    load_wait(load, 200);
    load_end(load);
    load_free(load);
    system_stop(scene->system, 0);
    store_file(scene, "journal", path);
    assert_int_equal(truncate(path, 4096), 0);
    must_not_start(scene, "restore the whole set");
    assert_int_equal(unlink(path), 0);
    must_not_start(scene, "is gone");
}

/* Every "format" row of a file, of the trees in force and of those before, gets another number. */
static void set_format(const char *path, char number)
{
    static const char row[] = "format\0\0\0\0\0\0\0"; /* and the number's last byte */
    unsigned found = 0;
    char page[4096];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (off_t at = 0; pread(fd, page, sizeof page, at) == sizeof page; at += (off_t)sizeof page) {
        char *place = memmem(page, sizeof page - 1, row, sizeof row - 1);
        if (place != NULL) {
            place[sizeof row - 1] = number;
            assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
            found++;
        }
    }
    assert_int_equal(close(fd), 0);
    assert_int_not_equal(found, 0);
}

static void does_not_start_on_a_store_of_a_newer_format_and_names_both(void **state)
{
    struct scene *scene = *state;
    char path[300], code[16], words[64];
    must_register(scene, code);
    system_stop_all(scene->system);
    store_file(scene, "data.mdb", path);
    set_format(path, STORE_FORMAT + 1);
    snprintf(words, sizeof words, "format %d, this program reads %d", STORE_FORMAT + 1,
             STORE_FORMAT);
    must_not_start(scene, words);
    struct output verified = system_vafa(scene->system, ARGS("verify", "--lang", "en"));
    assert_int_equal(verified.code, 1); /* not damaged: not ours to read */
    assert_says(verified.err, words);
    output_free(&verified);
    set_format(path, STORE_FORMAT);
    system_start_all(scene->system);
    assert_true(can_be_read(scene, code));
}

/* One bit of a byte that means something, anywhere in intake's store; returns its place. */
static off_t flip_bit(const char *path, unsigned *seed, char *ret_before)
{
    char before = 0, after;
    off_t at = 0;
    struct stat info;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    while (before == 0) {
        at = rand_r(seed) % info.st_size;
        assert_int_equal(pread(fd, &before, 1, at), 1);
    }
    after = (char)(before ^ 1 << rand_r(seed) % 8);
    assert_int_equal(pwrite(fd, &after, 1, at), 1);
    assert_int_equal(close(fd), 0);
    *ret_before = before;
    return at;
}

static void put_back(const char *path, off_t at, char before)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &before, 1, at), 1);
    assert_int_equal(close(fd), 0);
}

/* Some flips lie in pages of the past, which nobody reads, and some say that the store is not ours. */
static void verify_survives_a_flipped_bit_anywhere_and_tells_the_way_back(void **state)
{
    struct scene *scene = *state;
    unsigned seed = number_of("TEST_SEED", (unsigned)time(NULL));
    unsigned flips = number_of("TEST_FLIPS", FLIPS), found = 0;
    char path[300], code[16], before;
    print_message("TEST_SEED=%u\n", seed);
    for (int i = 0; i < 10; i++) {
        must_register(scene, code);
    }
    json_decref(system_json(scene->system, ARGS("report", "requests", "--fresh")));
    system_stop_all(scene->system);
    store_file(scene, "data.mdb", path);
    for (unsigned i = 0; i < flips; i++) {
        off_t at = flip_bit(path, &seed, &before);
        struct output verified = system_vafa(scene->system, ARGS("verify", "--lang", "en"));
        if (verified.code == 5) {
            assert_says(verified.err, "vafa restore");
            found++;
        } else if (verified.code != 0) {
            assert_says(verified.err, "FAILED_PRECONDITION");
        }
        output_free(&verified);
        put_back(path, at, before);
    }
    print_message("%u of %u flips were found\n", found, flips);
    check_good(scene); /* and verifying has changed nothing */
    system_start_all(scene->system);
    assert_true(can_be_read(scene, code));
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(refuses_to_write_when_the_disk_is_full_and_goes_on_when_there_is_room),
        ON_DISK(does_not_start_on_a_read_only_disk_and_says_so),
        ON_DISK(stops_when_the_disk_does_not_sync),
        ON_DISK(stops_when_the_disk_has_become_read_only),
        ON_DISK(acknowledges_nothing_that_a_failing_disk_did_not_take),
        cmocka_unit_test_setup_teardown(keeps_what_it_acknowledged_when_power_is_lost,
                                        set_up_volatile, tear_down),
        ON_DISK(does_not_start_on_a_store_that_was_cut),
        ON_DISK(does_not_start_on_a_journal_that_was_cut),
        ON_DISK(does_not_start_on_a_store_of_a_newer_format_and_names_both),
        ON_DISK(verify_survives_a_flipped_bit_anywhere_and_tells_the_way_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
