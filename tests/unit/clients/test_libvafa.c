/* The client library where no server is. */
#include "clients/libvafa/vafa.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char data[64];
static char run[80];

/* A folder in which a server once was. */
static int make_folder(void **state)
{
    (void)state;
    strcpy(data, "/tmp/test_libvafa.XXXXXX");
    if (mkdtemp(data) == NULL) {
        return -1;
    }
    snprintf(run, sizeof(run), "%s/run", data);
    return mkdir(run, 0700);
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(run) == 0 && rmdir(data) == 0 ? 0 : -1;
}

/* Asks for a request; gives how long it took. */
static int64_t ask(struct vafa *vafa, struct error *ret_error)
{
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "GetCase", .request = &request.base};
    int64_t before_us = clock_mono_us(clock_system());
    (void)vafa_call_wait(vafa, &call); /* the error tells */
    *ret_error = call.error;
    vafa_call_fini(&call);
    return clock_mono_us(clock_system()) - before_us;
}

static void tells_soon_that_nobody_opens_to_a_knock_and_how_to_start_a_server(void **state)
{
    (void)state;
    struct vafa *vafa;
    struct error err;
    const struct vafa_options options = {.data = data, .deadline_ms = 60000, .knock_ms = 50};
    assert_int_equal(vafa_open(&vafa, &options, NULL), STATUS_OK);
    assert_true(ask(vafa, &err) < 30 * SECOND_US);
    assert_int_equal(err.status, STATUS_UNAVAILABLE);
    assert_string_equal(err.field, "intake");
    assert_non_null(strstr(err.message, "vafad --data /tmp/test_libvafa."));
    vafa_close(vafa);
}

static void ends_calls_and_waits_by_the_end_of_the_program(void **state)
{
    (void)state;
    struct vafa *vafa;
    struct error err;
    struct vafa_position heads[5];
    const struct vafa_wait wait = {.wait_ms = 60000};
    const struct vafa_options options = {.data = data, .deadline_ms = 60000, .patience_ms = 60000};
    assert_int_equal(vafa_open(&vafa, &options, NULL), STATUS_OK);
    int64_t before_us = clock_mono_us(clock_system());
    vafa_end_by(vafa, before_us + 50 * MS_US);
    (void)ask(vafa, &err);
    assert_int_equal(err.status, STATUS_UNAVAILABLE);
    assert_int_equal(vafa_wait_settled(vafa, heads, &wait, NULL), STATUS_UNAVAILABLE);
    assert_true(clock_mono_us(clock_system()) - before_us < 30 * SECOND_US);
    vafa_close(vafa);
}

static void takes_what_is_said_before_what_the_environment_says(void **state)
{
    (void)state;
    static const char *const url = "tcp://127.0.0.1:4137";
    static const struct {
        const char *env_connect, *env_data;
        struct vafa_options options;
        bool is_url;
    } cases[] = {
        {NULL, data, {.connect = "tcp://127.0.0.1:4137"}, true},
        {"tcp://127.0.0.1:1", data, {.connect = "tcp://127.0.0.1:4137"}, true},
        {"tcp://127.0.0.1:1", "/nowhere", {.data = data}, false},
        {"tcp://127.0.0.1:4137", "/nowhere", {0}, true},
        {"", data, {0}, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vafa *vafa;
        assert_int_equal(setenv("VAFA_DATA", cases[i].env_data, 1), 0);
        if (cases[i].env_connect != NULL) {
            assert_int_equal(setenv("VAFA_CONNECT", cases[i].env_connect, 1), 0);
        }
        assert_int_equal(vafa_open(&vafa, &cases[i].options, NULL), STATUS_OK);
        if (cases[i].is_url) {
            assert_string_equal(vafa_connect(vafa), url);
            assert_null(vafa_data(vafa));
        } else {
            assert_string_equal(vafa_data(vafa), data);
        }
        vafa_close(vafa);
        assert_int_equal(unsetenv("VAFA_DATA"), 0);
        assert_int_equal(unsetenv("VAFA_CONNECT"), 0);
    }
}

static void refuses_both_a_url_and_a_folder(void **state)
{
    (void)state;
    struct vafa *vafa;
    struct error err = ERROR_NONE;
    const struct vafa_options options = {.connect = "tcp://127.0.0.1:4137", .data = data};
    assert_int_equal(vafa_open(&vafa, &options, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "connect");
}

static void refuses_a_url_that_leads_off_this_machine(void **state)
{
    (void)state;
    struct vafa *vafa;
    const char *const urls[] = {"tcp://10.0.0.1:4137", "tcp://localhost:4137", "http://x"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct error err = ERROR_NONE;
        const struct vafa_options options = {.connect = urls[i]};
        assert_int_equal(vafa_open(&vafa, &options, &err), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "connect");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_soon_that_nobody_opens_to_a_knock_and_how_to_start_a_server),
        cmocka_unit_test(ends_calls_and_waits_by_the_end_of_the_program),
        cmocka_unit_test(takes_what_is_said_before_what_the_environment_says),
        cmocka_unit_test(refuses_both_a_url_and_a_folder),
        cmocka_unit_test(refuses_a_url_that_leads_off_this_machine),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
