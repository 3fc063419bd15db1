/* What the city's IT does: start, stop, back up, restore, verify, look at it. */
#include "tests/integration/shell.h"
#include "tests/integration/system.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/libvafa/vafa.h"

#include "tests/support/memory.h"

#include "vafa/backup/v1/backup.pb-c.h"

#define CASES VAFA_SOURCE_DIR "/tests/data/boston311_2011Q3.csv.gz"
#define PORTS_FROM 10000
#define PORTS 5                               /* one a service */
#define LINES (TEST_SANITIZED ? 4000 : 40000) /* of them, the heading too; there are 31,829 */

static void register_some(struct system *system, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(system_json(system, ARGS("register", "--topic", "asphalt", "--area", "5",
                                             "--phone", "09130000000", "--words", "نمونه")));
    }
}

static int64_t count_of_requests(struct system *system)
{
    json_t *report = system_json(system, ARGS("report", "requests", "--fresh"));
    json_t *rows = json_object_get(report, "rows");
    int64_t count = json_array_size(rows) == 0
                        ? 0
                        : json_integer_value(json_array_get(json_array_get(rows, 0), 0));
    json_decref(report);
    return count;
}

static void check_verified(struct system *system, int code, const char *text)
{
    struct output verified = system_vafa(system, ARGS("verify", "--lang", "en"));
    if (verified.code != code || strstr(verified.out, text) == NULL) {
        fail_msg("exit code %d: %s%s", verified.code, verified.out, verified.err);
    }
    output_free(&verified);
}

static void stops_on_sigterm_and_starts_again_with_everything(void **state)
{
    (void)state;
    struct system *system = system_new("isfahan");
    register_some(system, 5);
    system_stop_all(system);
    system_start_all(system);
    assert_int_equal(count_of_requests(system), 5);
    check_verified(system, 0, "good");
    system_free(system);
}

static void a_second_server_on_the_same_folder_is_refused(void **state)
{
    (void)state;
    struct system *system = system_new("isfahan");
    struct output second =
        run_program(system_program(system, 0), ARGS("--data", system->data, "--city", "isfahan"));
    assert_int_equal(second.code, 1);
    assert_non_null(strstr(second.err, "FAILED_PRECONDITION"));
    output_free(&second);
    register_some(system, 1); /* the first one serves on */
    system_free(system);
}

static void a_data_folder_keeps_its_city(void **state)
{
    (void)state;
    struct system *system = system_new("isfahan");
    system_stop_all(system);
    struct output other =
        run_program("vafad", ARGS("--data", system->data, "--city", "boston-2011"));
    assert_int_equal(other.code, 2);
    assert_non_null(strstr(other.err, "isfahan"));
    output_free(&other);
    system_free(system);
}

static void a_wrong_option_is_told_and_good_configuration_is_confirmed(void **state)
{
    (void)state;
    struct output output = run_program("vafad", ARGS("--no-such-option"));
    assert_int_equal(output.code, 2);
    assert_non_null(strstr(output.err, "--no-such-option"));
    output_free(&output);
    output = run_program(
        "vafad", ARGS("--check-config", "--city", VAFA_SOURCE_DIR "/deploy/cities/isfahan"));
    assert_int_equal(output.code, 0);
    output_free(&output);
    output = run_program("vafad", ARGS("--check-config", "--map-size", "1"));
    assert_int_equal(output.code, 2);
    assert_non_null(strstr(output.err, "map-size"));
    output_free(&output);
}

static void every_program_says_what_it_is_and_how_it_is_used(void **state)
{
    (void)state;
    static const char *const programs[] = {"vafad", "vafa-intake", "vafa-report"};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        char version[64];
        struct output output = run_program(programs[i], ARGS("--version"));
        snprintf(version, sizeof version, "%s %s\n", programs[i], VAFA_VERSION);
        assert_int_equal(output.code, 0);
        assert_string_equal(output.out, version);
        output_free(&output);
        output = run_program(programs[i], ARGS("--help"));
        assert_int_equal(output.code, 0);
        assert_non_null(strstr(output.out, "Usage: "));
        assert_non_null(strstr(output.out, "  --map-size MiB"));
        assert_non_null(strstr(output.out, "Exit codes: "));
        output_free(&output);
    }
}

/* https://www.freedesktop.org/software/systemd/man/sd_notify.html */
static void the_service_manager_hears_that_it_serves_and_that_it_stops(void **state)
{
    (void)state;
    char folder[64] = "/tmp/vafa-notify-XXXXXX", said[64];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager >= 0);
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    assert_int_equal(bind(manager, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    struct system *system = system_new("isfahan");
    static const char *const wanted[] = {"READY=1", "STOPPING=1"};
    for (size_t word = 0; word < 2; word++) {
        for (size_t i = 0; i < system->program_count; i++) {
            ssize_t size = recv(manager, said, sizeof said - 1, 0);
            assert_true(size > 0);
            said[size] = '\0';
            assert_string_equal(said, wanted[word]);
        }
        system_stop_all(system); /* the second time nothing runs */
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    system_free(system);
    assert_int_equal(close(manager), 0);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* From here on the system gives ports to whoever asks for any, and other tests do at any moment. */
static unsigned ports_given_from(void)
{
    unsigned from = 32768; /* of a kernel that does not tell */
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file != NULL) {
        char text[32] = "";
        unsigned long told = fgets(text, sizeof text, file) != NULL ? strtoul(text, NULL, 10) : 0;
        (void)fclose(file); /* it was only read */
        from = told > PORTS_FROM + PORTS && told < 65536 ? (unsigned)told : from;
    }
    return from;
}

/* The first of five ports that are free, and that nobody is given who does not ask for them. */
static unsigned free_ports(void)
{
    unsigned places = (ports_given_from() - PORTS_FROM) / PORTS;
    for (unsigned i = 0; i < places; i++) {
        unsigned first = PORTS_FROM + ((unsigned)getpid() + i) % places * PORTS;
        unsigned taken = 0;
        for (unsigned port = first; port < first + PORTS && taken == 0; port++) {
            struct sockaddr_in address = {.sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)port),
                                          .sin_addr = {htonl(INADDR_LOOPBACK)}};
            int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            assert_true(fd >= 0);
            taken += bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ? 1 : 0;
            assert_int_equal(close(fd), 0);
        }
        if (taken == 0) {
            return first;
        }
    }
    fail_msg("no five ports in a row are free");
    return 0;
}

/* Services follow each other over it, too: what is registered reaches report. */
static void a_city_is_served_over_tcp(void **state)
{
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", free_ports());
    assert_int_equal(setenv("VAFA_LISTEN", url, 1), 0);
    assert_int_equal(setenv("VAFA_UPSTREAM", url, 1), 0);
    struct system *system = system_new("isfahan");
    assert_int_equal(unsetenv("VAFA_LISTEN"), 0);
    assert_int_equal(unsetenv("VAFA_UPSTREAM"), 0);
    struct output made = run_program("vafa", ARGS("--connect", url, "register", "--topic",
                                                  "asphalt", "--area", "5", "--timeout", "120"));
    struct output report = run_program("vafa", ARGS("--connect", url, "report", "requests",
                                                    "--fresh", "--json", "--timeout", "120"));
    assert_int_equal(made.code, 0);
    assert_int_equal(report.code, 0);
    output_free(&made);
    output_free(&report);
    assert_int_equal(count_of_requests(system), 1); /* the local sockets are there all the same */
    system_free(system);
}

static void what_cannot_be_served_is_refused_before_anything_is_made(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"--listen", "http://x"},
        {"--listen", "tcp://0.0.0.0:4137"},
        {"--listen", "tcp://127.0.0.1:65533"},
        {"--upstream", "nonsense"},
        {"--master-key", "/nonexistent/folder/key"},
        {"--master-key", "/"},
    };
    char data[64] = "/tmp/vafa-refused-XXXXXX";
    assert_non_null(mkdtemp(data));
    assert_int_equal(rmdir(data), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct output checked =
            run_program("vafad", ARGS("--check-config", "--data", data, wrong[i][0], wrong[i][1]));
        struct output started =
            run_program("vafad", ARGS("--data", data, wrong[i][0], wrong[i][1]));
        assert_int_equal(checked.code, 2);
        assert_int_equal(started.code, 2);
        assert_non_null(strstr(checked.err, wrong[i][0] + 2));
        assert_string_equal(checked.err, started.err);
        assert_int_not_equal(access(data, F_OK), 0);
        output_free(&checked);
        output_free(&started);
    }
}

static void a_backup_taken_while_writing_is_restored_as_a_set(void **state)
{
    (void)state;
    struct system *system = system_new("boston-2011");
    char set[192], cases[192];
    snprintf(set, sizeof set, "%s/set", system->folder);
    snprintf(cases, sizeof cases, "%s/cases.csv", system->folder);
    shell_run("gzip -dc %s | sed -n 1,%dp >%s", CASES, LINES, cases);
    pid_t import = system_vafa_start(system, ARGS("import", cases, "--profile", "boston311"));
    struct output backup = system_vafa(system, ARGS("backup", set));
    if (backup.code != 0) {
        fail_msg("%s%s", backup.out, backup.err);
    }
    output_free(&backup);
    system_expect_good_end(system, wait_for_end(import));
    int64_t whole = count_of_requests(system);
    system_stop_all(system);

    struct system restored = *system;
    snprintf(restored.data, sizeof restored.data, "%s/restored", system->folder);
    struct output restore = run_program("vafa", ARGS("restore", set, "--data", restored.data));
    if (restore.code != 0) {
        fail_msg("%s%s", restore.out, restore.err);
    }
    output_free(&restore);
    shell_run("cp -p %s/keys/master.key %s/keys/", system->data, restored.data);
    system_start_all(&restored);
    check_verified(&restored, 0, "good");
    assert_true(count_of_requests(&restored) <= whole);
    import = system_vafa_start(&restored, ARGS("import", cases, "--profile", "boston311"));
    system_expect_good_end(&restored, wait_for_end(import)); /* carries on where the set ends */
    assert_int_equal(count_of_requests(&restored), whole);
    system_stop_all(&restored);
    system_free(system);
}

/* One service alone may find its own store empty: the folder's other stores still say no. */
static void a_folder_with_words_is_not_served_without_its_own_master_key(void **state)
{
    (void)state;
    static const char *const programs[] = {"vafad", "vafa-intake", "vafa-followup"};
    struct system *system = system_new("isfahan");
    register_some(system, 1);
    system_stop_all(system);
    shell_run("cd %s/keys && mv master.key kept.key", system->data);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct output missing = run_program(programs[i], ARGS("--data", system->data));
        assert_int_equal(missing.code, 1);
        assert_non_null(strstr(missing.err, "keys/master.key is missing"));
        output_free(&missing);
    }
    shell_run("test ! -e %s/keys/master.key", system->data);
    struct output verified = system_vafa(system, ARGS("verify"));
    assert_int_equal(verified.code, 1);
    assert_non_null(strstr(verified.err, "keys/master.key is missing"));
    output_free(&verified);

    shell_run(
        "cd %s/keys && cut -c -64 kept.key | tr 0-9a-f 1-9a-f0 >master.key && chmod 600 master.key",
        system->data);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct output wrong = run_program(programs[i], ARGS("--data", system->data));
        assert_int_equal(wrong.code, 1);
        assert_non_null(strstr(wrong.err, "is not the key"));
        output_free(&wrong);
    }
    shell_run("cd %s/keys && mv kept.key master.key", system->data);
    system_start_all(system);
    assert_int_equal(count_of_requests(system), 1);
    check_verified(system, 0, "good");
    system_free(system);
}

static void a_pack_given_as_a_folder_is_remembered_from_the_root_on_and_restored(void **state)
{
    (void)state;
    struct system *system = system_new("isfahan");
    char set[192];
    snprintf(set, sizeof set, "%s/set", system->folder);
    system_stop_all(system);
    shell_run("cp -r %s %s/my-city", VAFA_SOURCE_DIR "/deploy/cities/isfahan", system->folder);
    assert_int_equal(chdir(system->folder), 0);
    snprintf(system->city, sizeof system->city, "./my-city");
    system_start_all(system);
    assert_int_equal(chdir("/"), 0);
    shell_run("test $(head -n 1 %s/city) = $(realpath %s/my-city)", system->data, system->folder);
    register_some(system, 1);
    struct output backup = system_vafa(system, ARGS("backup", set));
    assert_int_equal(backup.code, 0);
    output_free(&backup);
    system_stop_all(system);

    /* The same pack serves the restored folder, though one of its key is installed, too. */
    shell_run("rm %s/*.log", system->folder);
    system->city[0] = '\0';
    struct system restored = *system;
    snprintf(restored.data, sizeof restored.data, "%s/restored", system->folder);
    struct output restore = run_program("vafa", ARGS("restore", set, "--data", restored.data));
    assert_int_equal(restore.code, 0);
    output_free(&restore);
    shell_run("cmp %s/city %s/city", system->data, restored.data);
    shell_run("cp -p %s/keys/master.key %s/keys/", system->data, restored.data);
    system_start_all(&restored);
    system_stop_all(&restored);
    shell_run("grep -q 'pack /.*/my-city, digest' %s/*.log", system->folder);
    shell_run("! grep -q 'PACK HAS CHANGED' %s/*.log", system->folder);

    shell_run("echo '# changed' >>%s/my-city/rules.csv", system->folder);
    system_start_all(&restored);
    system_stop_all(&restored);
    shell_run("grep -q 'PACK HAS CHANGED' %s/*.log", system->folder);
    shell_run("rm -r %s/my-city", system->folder);
    restore = run_program("vafad", ARGS("--data", restored.data));
    assert_int_equal(restore.code, 1);
    assert_non_null(strstr(restore.err, "/my-city"));
    output_free(&restore);
    system_free(system);
}

static void the_configuration_in_force_is_printed(void **state)
{
    (void)state;
    struct system *system = system_new("boston-2011");
    struct output printed = run_program("vafad", ARGS("--print-config", "--data", system->data));
    assert_int_equal(printed.code, 0);
    assert_non_null(strstr(printed.out, "(data folder)\ncity = boston-2011\n"));
    assert_non_null(strstr(printed.out, "/keys/master.key\n"));
    output_free(&printed);
    system_free(system);
}

/* Flips one byte of an event's words in intake's log: found by its bytes, wherever LMDB put them.
 */
static void flip_byte(const char *path, const char *text)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat stat_of;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &stat_of), 0);
    char *bytes = malloc((size_t)stat_of.st_size);
    assert_non_null(bytes);
    assert_int_equal(pread(fd, bytes, (size_t)stat_of.st_size, 0), stat_of.st_size);
    bool found = false;
    for (off_t i = 0; i + (off_t)strlen(text) <= stat_of.st_size; i++) {
        if (memcmp(bytes + i, text, strlen(text)) == 0) {
            char changed = (char)(bytes[i] ^ 1);
            assert_int_equal(pwrite(fd, &changed, 1, i), 1);
            found = true;
        }
    }
    assert_true(found);
    free(bytes);
    assert_int_equal(close(fd), 0);
}

static void a_changed_byte_of_the_log_is_found_and_the_way_back_is_told(void **state)
{
    (void)state;
    char path[256];
    struct system *system = system_new("isfahan");
    json_decref(system_json(system, ARGS("register", "--topic", "asphalt", "--area", "5",
                                         "--street", "sample-street-77")));
    (void)count_of_requests(system);
    system_stop_all(system);
    check_verified(system, 0, "good");
    snprintf(path, sizeof path, "%s/intake/data.mdb", system->data);
    flip_byte(path, "sample-street-77");
    check_verified(system, 5, "DAMAGED");
    check_verified(system, 5, "estore");
    system_free(system);
}

/* What lies in a damaged store may end whoever reads it: a process of its own does. */
static void a_store_whose_reading_ends_the_reader_is_a_finding(void **state)
{
    (void)state;
    struct system *system = system_new("isfahan");
    register_some(system, 1);
    system_stop_all(system);
    assert_int_equal(setenv("VAFA_FAULT", "store.commit.before=kill", 1), 0);
    struct output verified = run_program("vafad", ARGS("--verify", "--data", system->data));
    assert_int_equal(unsetenv("VAFA_FAULT"), 0);
    assert_int_equal(verified.code, 3);
    assert_non_null(
        strstr(verified.out, "intake    DAMAGED: reading the store ended with signal 9"));
    assert_non_null(strstr(verified.out, "\nreport ")); /* the others are verified all the same */
    assert_non_null(strstr(verified.out, "OPERATIONS.md"));
    output_free(&verified);
    check_verified(system, 0, "good");
    system_free(system);
}

static enum status backup_call(struct vafa *vafa, const char *method,
                               const ProtobufCMessage *request, struct error *err)
{
    struct vafa_call call = {.to = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                             .service = &backup__backup__descriptor,
                             .method = method,
                             .request = request,
                             .once = true};
    enum status status = vafa_call_wait(vafa, &call);
    *err = call.error;
    vafa_call_fini(&call);
    return status;
}

/* The command line asks for none of this; whoever writes another one may. */
static void a_snapshot_is_of_one_set_and_goes_into_a_folder_that_is_there(void **state)
{
    (void)state;
    struct error err;
    struct vafa *vafa;
    uint8_t ids[2][16] = {{1}, {2}};
    struct system *system = system_new("isfahan");
    const struct vafa_options options = {.data = system->data, .role = RPC_ROLE_ADMIN};
    assert_int_equal(vafa_open(&vafa, &options, &err), STATUS_OK);
    Backup__BeginSnapshotRequest begin = BACKUP__BEGIN_SNAPSHOT_REQUEST__INIT;
    Backup__CopySnapshotRequest copy = BACKUP__COPY_SNAPSHOT_REQUEST__INIT;
    begin.hold_ms = 100;
    begin.set_id = (ProtobufCBinaryData){16, ids[0]};
    assert_int_equal(backup_call(vafa, "BeginSnapshot", &begin.base, &err), STATUS_OK);
    begin.set_id.data = ids[1];
    assert_int_equal(backup_call(vafa, "BeginSnapshot", &begin.base, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "set_id");
    copy.set_id = begin.set_id;
    copy.folder = system->folder;
    assert_int_equal(backup_call(vafa, "CopySnapshot", &copy.base, &err), STATUS_NOT_FOUND);
    begin.set_id.data = copy.set_id.data = ids[0]; /* the same set may begin again */
    assert_int_equal(backup_call(vafa, "BeginSnapshot", &begin.base, &err), STATUS_OK);
    static const char *const folders[] = {"", "relative", "/nonexistent/folder"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        copy.folder = (char *)(uintptr_t)folders[i];
        assert_int_equal(backup_call(vafa, "CopySnapshot", &copy.base, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "folder");
    }
    copy.folder = system->folder;
    assert_int_equal(backup_call(vafa, "CopySnapshot", &copy.base, &err), STATUS_OK);
    assert_int_equal(backup_call(vafa, "CopySnapshot", &copy.base, &err), STATUS_NOT_FOUND);
    vafa_close(vafa);
    system_free(system);
}

static void metrics_and_health_are_told(void **state)
{
    (void)state;
    struct system *system = system_new("isfahan");
    register_some(system, 1);
    (void)count_of_requests(system);
    struct output metrics = system_vafa(system, ARGS("metrics"));
    assert_int_equal(metrics.code, 0);
    assert_non_null(strstr(metrics.out, "# TYPE vafa_rpc_calls_total counter"));
    assert_non_null(strstr(metrics.out, "vafa_feed_lag_events"));
    output_free(&metrics);
    struct output health = system_vafa(system, ARGS("health"));
    assert_int_equal(health.code, 0);
    output_free(&health);
    system_free(system);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_on_sigterm_and_starts_again_with_everything),
        cmocka_unit_test(a_second_server_on_the_same_folder_is_refused),
        cmocka_unit_test(a_data_folder_keeps_its_city),
        cmocka_unit_test(a_wrong_option_is_told_and_good_configuration_is_confirmed),
        cmocka_unit_test(every_program_says_what_it_is_and_how_it_is_used),
        cmocka_unit_test(the_service_manager_hears_that_it_serves_and_that_it_stops),
        cmocka_unit_test(a_city_is_served_over_tcp),
        cmocka_unit_test(what_cannot_be_served_is_refused_before_anything_is_made),
        cmocka_unit_test(a_backup_taken_while_writing_is_restored_as_a_set),
        cmocka_unit_test(a_folder_with_words_is_not_served_without_its_own_master_key),
        cmocka_unit_test(a_pack_given_as_a_folder_is_remembered_from_the_root_on_and_restored),
        cmocka_unit_test(the_configuration_in_force_is_printed),
        cmocka_unit_test(a_changed_byte_of_the_log_is_found_and_the_way_back_is_told),
        cmocka_unit_test(a_store_whose_reading_ends_the_reader_is_a_finding),
        cmocka_unit_test(a_snapshot_is_of_one_set_and_goes_into_a_folder_that_is_there),
        cmocka_unit_test(metrics_and_health_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
