/*
 * The master key is changed while people work and programs die, and citizens are forgotten: nobody's
 * words are lost by the one, and everybody's by the other.
 */
#include "tests/integration/people.h"
#include "tests/integration/shell.h"

#include "base/bytes.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "vafa/keys/v1/keys.pb-c.h"

#define PATIENCE_MS 60000
#define NAME "نمونهٔ شهروند"
#define PHONE "09130000017"
#define E164 "+989130000017"
#define WORDS "چالهٔ نمونه پیش از در"
#define ANSWER "پاسخ نمونه در گفته"

struct scene {
    char pack[64];
    struct system *system;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    shell_make_pack(scene->pack);
    scene->system = system_new(scene->pack);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    system_free(scene->system);
    shell_run("rm -r %s", scene->pack);
    free(scene);
    return 0;
}

static void run(struct system *system, int code, const char *const *arguments)
{
    struct output output = system_vafa(system, arguments);
    if (output.code != code) {
        fail_msg("vafa %s %s: %d instead of %d: %s%s", arguments[0], arguments[1], output.code,
                 code, output.out, output.err);
    }
    output_free(&output);
}

/* The master key's file, and how many keys are in it. */
static size_t read_keys(const struct system *system, char text[512])
{
    char path[256];
    size_t lines = 0;
    snprintf(path, sizeof path, "%s/keys/master.key", system->data);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, 511, file);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    return lines;
}

static char *register_sample(struct system *system)
{
    json_t *answer =
        system_json(system, ARGS("register", "--topic", "asphalt", "--area", "5", "--citizen", NAME,
                                 "--phone", PHONE, "--words", WORDS));
    char *code = strdup(json_string_value(json_object_get(answer, "code")));
    json_decref(answer);
    return code;
}

/* --- changing the key --- */

static void is_changed_while_people_work(void **state)
{
    struct scene *scene = *state;
    struct ledger *ledger = ledger_new();
    struct people *people = people_new(scene->system, ledger, 7);
    char before[512], after[512];
    char *code = register_sample(scene->system);
    assert_int_equal(read_keys(scene->system, before), 1);
    people_work(people);
    for (int i = 0; i < 3; i++) {
        run(scene->system, 0, ARGS("key", "change"));
        people_check(people);
    }
    people_rest(people);
    assert_int_equal(read_keys(scene->system, after), 1);
    assert_string_not_equal(before, after);
    system_kill_all(scene->system);
    system_start_all(scene->system);
    run(scene->system, 0, ARGS("reveal", code, "--purpose", "test"));
    run(scene->system, 0, ARGS("history", PHONE));
    people_free(people);
    ledger_free(ledger);
    system_stop_all(scene->system);
    run(scene->system, 0, ARGS("verify"));
    free(code);
}

/* Begins a change in the first `services` of the five, over the methods themselves. */
static void begin_change(struct system *system, int services)
{
    struct vafa *vafa;
    struct error err;
    const struct vafa_options options = {
        .data = system->data, .name = "test", .role = RPC_ROLE_ADMIN, .patience_ms = PATIENCE_MS};
    assert_int_equal(vafa_open(&vafa, &options, &err), STATUS_OK);
    for (int id = 1; id <= services; id++) {
        Keys__BeginChangeRequest request = KEYS__BEGIN_CHANGE_REQUEST__INIT;
        struct vafa_call call = {.to = (Common__ServiceId)id,
                                 .service = &keys__keys__descriptor,
                                 .method = "BeginChange",
                                 .request = &request.base};
        assert_int_equal(vafa_call_wait(vafa, &call), STATUS_OK);
        vafa_call_fini(&call);
    }
    vafa_close(vafa);
}

static void goes_on_with_a_change_that_was_broken_off(void **state)
{
    struct scene *scene = *state;
    char keys[512];
    char *code = register_sample(scene->system);
    for (int services = 1; services <= 5; services += 2) { /* intake; … followup; all */
        begin_change(scene->system, services);
        assert_int_equal(read_keys(scene->system, keys), 2);
        system_kill_all(scene->system);
        system_start_all(scene->system);
        run(scene->system, 0, ARGS("reveal", code, "--purpose", "test"));
        run(scene->system, 0, ARGS("key", "change"));
        assert_int_equal(read_keys(scene->system, keys), 1);
    }
    system_kill_all(scene->system);
    system_start_all(scene->system);
    run(scene->system, 0, ARGS("history", PHONE));
    run(scene->system, 0, ARGS("reveal", code, "--purpose", "test"));
    free(code);
}

static void opens_a_backup_with_the_key_of_then_alone(void **state)
{
    struct scene *scene = *state;
    char set[256], data[256], keys[256], command[2048];
    char *code = register_sample(scene->system);
    snprintf(set, sizeof set, "%s/set", scene->system->folder);
    snprintf(data, sizeof data, "%s/restored", scene->system->folder);
    snprintf(keys, sizeof keys, "%s/then.key", scene->system->folder);
    run(scene->system, 0, ARGS("backup", set));
    snprintf(command, sizeof command, "cp -p '%s/keys/master.key' '%s'", scene->system->data, keys);
    assert_int_equal(system(command), 0);
    run(scene->system, 0, ARGS("key", "change"));
    run(scene->system, 0, ARGS("reveal", code, "--purpose", "test"));

    struct output restored = run_program("vafa", ARGS("restore", set, "--data", data));
    assert_int_equal(restored.code, 0);
    output_free(&restored);
    const struct {
        const char *key;
        int code;
    } tries[] = {{"keys/master.key", 5}, {NULL, 0}};
    for (size_t i = 0; i < 2; i++) {
        char now[512];
        snprintf(now, sizeof now, "%s/keys/master.key", scene->system->data);
        snprintf(command, sizeof command, "mkdir -p '%s/keys' && cp -p '%s' '%s/keys/master.key'",
                 data, tries[i].key != NULL ? now : keys, data);
        assert_int_equal(system(command), 0);
        struct output verified = run_program("vafa", ARGS("verify", "--data", data));
        assert_int_equal(verified.code == 0, tries[i].code == 0);
        output_free(&verified);
    }
    free(code);
}

/* --- forgetting --- */

/* Whether the bytes lie anywhere in a file of the data folder. */
static bool lies_in_files(const char *folder, const char *text)
{
    DIR *entries = opendir(folder);
    bool found = false;
    assert_non_null(entries);
    for (struct dirent *entry; !found && (entry = readdir(entries)) != NULL;) {
        char path[512];
        struct stat stat_of;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &stat_of) != 0) {
            continue;
        }
        if (S_ISDIR(stat_of.st_mode)) {
            found = lies_in_files(path, text);
        } else if (S_ISREG(stat_of.st_mode) && stat_of.st_size > 0) {
            int fd = open(path, O_RDONLY | O_CLOEXEC);
            assert_true(fd >= 0);
            void *data = mmap(NULL, (size_t)stat_of.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
            assert_true(data != MAP_FAILED);
            found = memmem(data, (size_t)stat_of.st_size, text, strlen(text)) != NULL;
            assert_int_equal(munmap(data, (size_t)stat_of.st_size), 0);
            assert_int_equal(close(fd), 0);
        }
    }
    assert_int_equal(closedir(entries), 0);
    return found;
}

static void nothing_readable_lies_in_any_file(const struct system *system)
{
    static const char *const texts[] = {NAME, PHONE, E164, WORDS, ANSWER, "9130000017"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (lies_in_files(system->data, texts[i])) {
            fail_msg("\"%s\" can be read in a file", texts[i]);
        }
    }
}

static void leaves_nothing_of_the_forgotten_but_what_is_counted(void **state)
{
    struct scene *scene = *state;
    struct system *system = scene->system;
    char *code = register_sample(system);
    run(system, 0, ARGS("show", code, "--fresh"));
    run(system, 0, ARGS("task", "done", "1", "--note", "done", "--role", "admin"));
    run(system, 0, ARGS("show", code, "--fresh"));
    run(system, 0, ARGS("call", "next", "--operator", "Sample"));
    run(system, 0,
        ARGS("call", "record", "1", "--operator", "Sample", "--outcome", "answered", "--resolution",
             "resolved", "--score", "5", "--words", ANSWER));
    run(system, 0, ARGS("call", "show", "1", "--reveal", "--purpose", "test"));
    nothing_readable_lies_in_any_file(system);

    run(system, 0, ARGS("citizen", "forget", code, "--reason", "asked in writing", "--yes"));
    run(system, 1, ARGS("citizen", "forget", code, "--reason", "asked in writing", "--yes"));
    run(system, 3, ARGS("reveal", code, "--purpose", "test"));
    json_t *left = system_json(system, ARGS("citizen", "check", "1"));
    static const char *const services[] = {"intake", "followup"};
    for (size_t i = 0; i < 2; i++) {
        json_t *one = json_object_get(json_object_get(left, "services"), services[i]);
        assert_true(json_is_true(json_object_get(one, "is_forgotten")));
        assert_false(json_is_true(json_object_get(one, "has_key")));
        assert_int_equal(json_integer_value(json_object_get(one, "sealed_parts")), 1);
    }
    json_decref(left);
    json_t *shown = system_json(system, ARGS("show", code, "--fresh"));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(shown, "case_data"), "state")),
        "CASE_STATE_CONFIRMED");
    json_decref(shown);
    json_t *looks = system_json(system, ARGS("citizen", "looks", code));
    assert_int_equal(json_array_size(json_object_get(looks, "looks")), 1);
    json_decref(looks);
    run(system, 0, ARGS("key", "change"));
    system_stop_all(system);
    nothing_readable_lies_in_any_file(system);
    run(system, 0, ARGS("verify"));
    free(code);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_changed_while_people_work),
        TEST(goes_on_with_a_change_that_was_broken_off),
        TEST(opens_a_backup_with_the_key_of_then_alone),
        TEST(leaves_nothing_of_the_forgotten_but_what_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
