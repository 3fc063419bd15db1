/* Where a server puts its sockets, and where a client looks for them. */
#include "service/address.h"

#include "tests/support/scratch.h"

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

static char scratch[SCRATCH_SIZE];
static char data[256];

/* A data folder whose run/ has a path short enough for sockets. */
static int short_data(void **state)
{
    (void)state;
    scratch_new(scratch);
    snprintf(data, sizeof data, "%s", scratch);
    return 0;
}

/* One that is too deep for them. */
static int long_data(void **state)
{
    (void)state;
    scratch_new(scratch);
    snprintf(data, sizeof data, "%s/%090d", scratch, 0);
    return mkdir(data, 0700);
}

static int remove_data(void **state)
{
    (void)state;
    scratch_remove(scratch);
    return 0;
}

static void in_data(const char *name, char ret_path[300])
{
    snprintf(ret_path, 300, "%s/%s", data, name);
}

static void write_run(const char *text)
{
    char path[300];
    in_data("run", path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void is_private_folder(const char *path)
{
    struct stat stat_of;
    assert_int_equal(lstat(path, &stat_of), 0);
    assert_true(S_ISDIR(stat_of.st_mode));
    assert_int_equal(stat_of.st_mode & 077, 0);
}

static void client_finds(const char *folder)
{
    char connect[ADDRESS_URL_SIZE], wanted[ADDRESS_URL_SIZE + 8];
    snprintf(wanted, sizeof wanted, "ipc://%s", folder);
    assert_int_equal(address_of_data(data, connect, NULL), STATUS_OK);
    assert_string_equal(connect, wanted);
}

/* --- folders --- */

static void sockets_lie_in_the_data_folder(void **state)
{
    (void)state;
    char folder[ADDRESS_URL_SIZE], again[ADDRESS_URL_SIZE], wanted[300];
    in_data("run", wanted);
    assert_int_equal(address_make_run_folder(data, folder, NULL), STATUS_OK);
    assert_string_equal(folder, wanted);
    is_private_folder(folder);
    assert_int_equal(address_make_run_folder(data, again, NULL), STATUS_OK); /* the next start */
    assert_string_equal(again, folder);
    client_finds(folder);
}

static void a_relative_data_folder_is_the_same_as_its_whole_path(void **state)
{
    (void)state;
    char folder[ADDRESS_URL_SIZE], wanted[300], *before = getcwd(NULL, 0);
    in_data("run", wanted);
    assert_non_null(before);
    assert_int_equal(chdir(data), 0);
    assert_int_equal(address_make_run_folder(".", folder, NULL), STATUS_OK);
    assert_int_equal(chdir(before), 0);
    free(before);
    assert_string_equal(folder, wanted);
    client_finds(wanted);
}

static void a_data_folder_too_deep_for_sockets_has_a_short_stand_in(void **state)
{
    (void)state;
    char folder[ADDRESS_URL_SIZE], again[ADDRESS_URL_SIZE], user[32];
    assert_int_equal(address_make_run_folder(data, folder, NULL), STATUS_OK);
    snprintf(user, sizeof user, "/tmp/vafa-%u-", (unsigned)getuid());
    assert_ptr_equal(strstr(folder, user), folder);
    is_private_folder(folder);
    client_finds(folder);
    assert_int_equal(address_make_run_folder(data, again, NULL), STATUS_OK);
    assert_string_equal(again, folder);
    assert_int_equal(rmdir(folder), 0);
}

/* Whoever may write there could stand in for a service. */
static void a_stand_in_that_others_may_enter_is_refused(void **state)
{
    (void)state;
    struct error err;
    char folder[ADDRESS_URL_SIZE], kept[ADDRESS_URL_SIZE] = "untouched";
    assert_int_equal(address_make_run_folder(data, folder, NULL), STATUS_OK);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(address_make_run_folder(data, kept, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, folder));
    assert_string_equal(kept, "untouched");

    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(symlink(data, folder), 0); /* private, but not where it seems to be */
    assert_int_equal(address_make_run_folder(data, kept, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(unlink(folder), 0);
}

static void a_file_in_the_place_of_the_run_folder_is_no_folder(void **state)
{
    (void)state;
    struct error err;
    char folder[ADDRESS_URL_SIZE], run[300];
    write_run("in the way\n");
    in_data("run", run);
    assert_int_equal(address_make_run_folder(data, folder, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, run));
}

static void a_client_is_told_why_it_finds_nobody(void **state)
{
    (void)state;
    struct error err;
    char connect[ADDRESS_URL_SIZE], missing[300];
    in_data("missing", missing);
    assert_int_equal(address_of_data(missing, connect, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, missing));
    assert_int_equal(address_make_run_folder(missing, connect, NULL), STATUS_NOT_FOUND);

    assert_int_equal(address_of_data(data, connect, &err), STATUS_NOT_FOUND); /* never started */
    assert_string_equal(err.field, "data");

    static const char *const damaged[] = {"", "\n", "nowhere\n"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        write_run(damaged[i]);
        assert_int_equal(address_of_data(data, connect, &err), STATUS_DATA_LOSS);
        assert_string_equal(err.field, "data");
    }
}

/* A folder that was moved to a deeper place keeps its run/, which is no use there. */
static void a_run_folder_too_deep_for_sockets_is_not_used(void **state)
{
    (void)state;
    char run[300], connect[ADDRESS_URL_SIZE];
    in_data("run", run);
    assert_int_equal(mkdir(run, 0700), 0);
    assert_int_equal(address_of_data(data, connect, NULL), STATUS_FAILED_PRECONDITION);
}

/* --- urls --- */

static void each_service_has_its_place_under_a_connect_url(void **state)
{
    (void)state;
    static const struct {
        const char *connect;
        Common__ServiceId service;
        const char *url;
    } cases[] = {
        {"ipc:///srv/vafa/run", COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
         "ipc:///srv/vafa/run/intake.sock"},
        {"ipc:///srv/vafa/run", COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
         "ipc:///srv/vafa/run/followup.sock"},
        {"inproc://city", COMMON__SERVICE_ID__SERVICE_ID_REPORT, "inproc://city/report.sock"},
        {"tcp://127.0.0.1:4137", COMMON__SERVICE_ID__SERVICE_ID_INTAKE, "tcp://127.0.0.1:4137"},
        {"tcp://127.0.0.1:4137", COMMON__SERVICE_ID__SERVICE_ID_REPORT, "tcp://127.0.0.1:4141"},
        {"tcp://[::1]:65531", COMMON__SERVICE_ID__SERVICE_ID_REPORT, "tcp://[::1]:65535"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[ADDRESS_URL_SIZE];
        assert_int_equal(address_of_service(cases[i].connect, cases[i].service, url, NULL),
                         STATUS_OK);
        assert_string_equal(url, cases[i].url);
    }
}

static void a_url_that_is_none_is_told_with_an_example(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "/srv/vafa/run",
        "ipc://relative",
        "http://127.0.0.1:4137",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:port",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:-1",
        "tcp://127.0.0.1:65532", /* the fifth port would be beyond the last there is */
        "tcp://127.0.0.1:4137/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct error err;
        char url[ADDRESS_URL_SIZE] = "untouched";
        assert_int_equal(
            address_of_service(urls[i], COMMON__SERVICE_ID__SERVICE_ID_INTAKE, url, &err),
            STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "connect");
        assert_non_null(strstr(err.message, "tcp://127.0.0.1:4137"));
        assert_string_equal(url, "untouched");
    }
    char url[ADDRESS_URL_SIZE], too_long[ADDRESS_URL_SIZE];
    snprintf(too_long, sizeof too_long, "ipc:///%0*d", ADDRESS_URL_SIZE - 20, 0);
    assert_int_equal(address_of_service(too_long, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, url, NULL),
                     STATUS_INVALID_ARGUMENT);
}

#define ON(folder, test) cmocka_unit_test_setup_teardown(test, folder, remove_data)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(short_data, sockets_lie_in_the_data_folder),
        ON(short_data, a_relative_data_folder_is_the_same_as_its_whole_path),
        ON(long_data, a_data_folder_too_deep_for_sockets_has_a_short_stand_in),
        ON(long_data, a_stand_in_that_others_may_enter_is_refused),
        ON(short_data, a_file_in_the_place_of_the_run_folder_is_no_folder),
        ON(short_data, a_client_is_told_why_it_finds_nobody),
        ON(long_data, a_run_folder_too_deep_for_sockets_is_not_used),
        cmocka_unit_test(each_service_has_its_place_under_a_connect_url),
        cmocka_unit_test(a_url_that_is_none_is_told_with_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
