/* Errors as the operator knows things. */
#include "clients/vafa/error_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "text/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static const char *option_of(const struct command *command, const char *field)
{
    static char out[96];
    struct error err = ERROR_NONE;
    error_set(&err, STATUS_INVALID_ARGUMENT, field, "why");
    error_text_field(command, &err, out, sizeof(out));
    return out;
}

static void fields_of_the_contract_are_called_as_the_command_calls_them(void **state)
{
    (void)state;
    assert_string_equal(option_of(&command_phone_open, "answered_at_us"), "--answered");
    assert_string_equal(option_of(&command_phone_list, "until_us"), "--to");
    assert_string_equal(option_of(&command_look_up, "phone_digits"), "--digits");
    assert_string_equal(option_of(&command_look_up, "code"), "CODE");
    assert_string_equal(option_of(&command_phone_end, "call_number"), "CALL");
    assert_string_equal(option_of(&command_register, "call_number"), "--in-call");
    assert_string_equal(option_of(&command_register, "external_id"), "--external-id");
    assert_string_equal(option_of(&command_register, "answers.line"), "--answer line");
    assert_string_equal(option_of(&command_register, "idempotency_key"), "--key");
    assert_string_equal(option_of(&command_phone_end, "unit"), "--to");
    assert_string_equal(option_of(&command_task_return, "to_unit"), "--to");
    assert_string_equal(option_of(&command_task_done, "task_number"), "N");
    assert_string_equal(option_of(&command_task_done, "unit"), "--unit");
    assert_string_equal(option_of(&command_register, "citizen.name"), "--citizen");
    assert_string_equal(option_of(&command_register, "citizen.phone"), "--phone");
    assert_string_equal(option_of(&command_register, "point"), "--point");
    assert_string_equal(option_of(&command_city_locate, "point"), "LAT,LON");
    assert_string_equal(option_of(&command_topics, "topic"), "[TOPIC]");
    assert_string_equal(option_of(&command_metrics, "service"), "[SERVICE]");
    assert_string_equal(option_of(&command_city_take, "dir"), "DIR");
    assert_string_equal(option_of(&command_route_try, "city"), "--city");
}

/* What was said to look for the same thing is said once more to register it. */
static void a_place_is_told_by_the_same_options_of_every_command(void **state)
{
    static const char *const fields[] = {"area",    "neighbourhood", "street", "landmark",
                                         "line",    "direction",     "stop",   "pole",
                                         "vehicle", "thing",         "point"};
    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char option[32];
        snprintf(option, sizeof(option), "--%s", fields[i]);
        assert_string_equal(option_of(&command_register, fields[i]), option);
        assert_string_equal(option_of(&command_amend, fields[i]), option);
        assert_string_equal(option_of(&command_case_same, fields[i]), option);
    }
}

static void who_may_not_is_told_of_the_unit_they_speak_for(void **state)
{
    char out[96];
    struct error err = ERROR_NONE;
    (void)state;
    assert_string_equal(option_of(&command_task_ask_help, "unit"), "--of");
    error_set(&err, STATUS_PERMISSION_DENIED, "unit", "this is another unit's");
    error_text_field(&command_task_ask_help, &err, out, sizeof(out));
    assert_string_equal(out, "--unit");
    error_text_field(&command_task_return, &err, out, sizeof(out));
    assert_string_equal(out, "--unit");
}

static void what_the_command_has_not_keeps_its_name(void **state)
{
    (void)state;
    assert_string_equal(option_of(&command_search, "rows_max"), "rows_max");
    assert_string_equal(option_of(&command_search, ""), "");
    assert_string_equal(option_of(NULL, "code"), "code");
    assert_string_equal(option_of(&command_search, "idempotency_key"), "idempotency_key");
}

static const char *fa(enum status status, const char *field)
{
    struct error err = ERROR_NONE;
    error_set(&err, status, field, "why");
    return error_text_fa(NULL, &err);
}

static void the_commonest_reasons_are_told_in_persian(void **state)
{
    (void)state;
    assert_string_equal(fa(STATUS_NOT_FOUND, "code"), "درخواستی با این کد رهگیری نیست");
    assert_non_null(fa(STATUS_INVALID_ARGUMENT, "answers.line"));
    assert_non_null(fa(STATUS_UNAVAILABLE, "intake"));
    assert_non_null(fa(STATUS_PERMISSION_DENIED, "unit"));
    assert_null(fa(STATUS_INVALID_ARGUMENT, "answers"));
    assert_null(fa(STATUS_INVALID_ARGUMENT, "rows_max"));
}

static const char *fa_of_option(const char *option, const char *value)
{
    static const char *const choices = "\"x\" is none of a, b";
    char text[64];
    char *argv[] = {"vafa", text, NULL};
    struct args args;
    struct error err = ERROR_NONE;
    uint64_t number;
    snprintf(text, sizeof(text), "--%s=%s", option, value);
    if (args_parse(&args, command_phone_list.options, NULL, 2, argv, &err) == STATUS_OK &&
        args_need(&args, "operator", &err) == STATUS_OK &&
        args_number(&args, "limit", 1, 10, 1, &number, &err) == STATUS_OK) {
        error_set(&err, STATUS_INVALID_ARGUMENT, option, "%s", choices);
    }
    return error_text_fa(&command_phone_list, &err);
}

static void what_is_wrong_with_a_command_line_is_told_in_persian(void **state)
{
    struct civil *civil;
    struct error err = ERROR_NONE;
    int64_t us;
    (void)state;
    assert_string_equal(fa_of_option("from", "now"), "لازم است و گفته نشد");
    assert_string_equal(fa_of_option("nothing", "x"),
                        "چنین گزینه‌ای نیست، یا مقدار نمی‌گیرد");
    assert_string_equal(fa_of_option("operator", "x"),
                        "از گزینه‌های پذیرفتنی نیست");
    assert_int_equal(args_read_number("۱۲", "limit", 1, 10, &(uint64_t){0}, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error_text_fa(NULL, &err), "عددی در بازهٔ پذیرفتنی نیست");
    assert_int_equal(civil_new(&civil, "Asia/Tehran", CIVIL_JALALI, 6, NULL), STATUS_OK);
    assert_int_equal(civil_parse(civil, "never", 0, "from", &us, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error_text_fa(NULL, &err), "این زمان خوانده نشد");
    assert_int_equal(civil_parse(civil, "1405-13-01", 0, "from", &us, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error_text_fa(NULL, &err), "چنین روزی در تقویم نیست");
    civil_free(civil);
}

/* What the message says comes before what the field would: a column "topic" is no topic. */
static void a_message_tells_more_than_its_field(void **state)
{
    static const struct {
        enum status status;
        const char *field, *message, *fa;
    } errors[] = {
        {STATUS_NOT_FOUND, "topic", "the file has no column \"x\"", "پرونده چنین ستونی ندارد"},
        {STATUS_NOT_FOUND, "topic", "the city pack lists no topic x", "این موضوع در بستهٔ شهر نیست"},
        {STATUS_NOT_FOUND, "topic", "the city pack lists no topic must be given",
         "این موضوع در بستهٔ شهر نیست"},
        {STATUS_INVALID_ARGUMENT, "planned_for_us", "this is not in the future",
         "این زمان در آینده نیست"},
        {STATUS_INVALID_ARGUMENT, "until_us", "a session ends at most 12 hours from now",
         "نشست نمی‌تواند چنین دیر پایان یابد"},
        {STATUS_INVALID_ARGUMENT, "reason", "must not be empty", "لازم است و گفته نشد"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct error err;
        (void)error_set(&err, errors[i].status, errors[i].field, "%s", errors[i].message);
        assert_string_equal(error_text_fa(NULL, &err), errors[i].fa);
    }
}

/* --- as it is printed --- */

static char *told;
static size_t told_size;

/* What the program says to that error of a command that was called so. */
static int tell(const struct command *command, bool asked, enum status status, const char *field,
                const char *const *words)
{
    char *argv[8] = {"vafa"};
    int argc = 1;
    struct session session;
    struct error err = ERROR_NONE;
    FILE *outside = stderr;
    for (; *words != NULL; words++) {
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    free(told);
    stderr = open_memstream(&told, &told_size);
    assert_int_equal(session_init(&session, command, argc, argv, &err), STATUS_OK);
    if (asked) {
        (void)session_key(&session);
    }
    error_set(&err, status, field, "why %s", "so");
    int code = output_error(&err);
    session_fini(&session);
    fclose(stderr);
    stderr = outside;
    return code;
}

#define TELL(command, asked, status, field, ...)                                                   \
    tell(command, asked, status, field, (const char *const[]){__VA_ARGS__, NULL})

static void an_error_is_told_with_the_option_in_the_language(void **state)
{
    (void)state;
    assert_int_equal(TELL(&command_chase, true, STATUS_NOT_FOUND, "code", "12", "--lang=en"),
                     EXIT_NOT_FOUND);
    assert_string_equal(told, "vafa: CODE: why so\n");
    assert_int_equal(TELL(&command_chase, true, STATUS_NOT_FOUND, "code", "12", "--lang=fa"),
                     EXIT_NOT_FOUND);
    assert_string_equal(told, "vafa: CODE: درخواستی با این کد رهگیری نیست\n  why so\n");
    (void)TELL(&command_chase, true, STATUS_PERMISSION_DENIED, "unit", "12", "--lang=fa");
    assert_non_null(strstr(told, "--role و --unit را ببینید"));
    (void)TELL(&command_look_up, true, STATUS_RESOURCE_EXHAUSTED, "code", "12", "--lang=fa");
    assert_non_null(strstr(told, "نیم ساعت دیگر"));
    (void)TELL(&command_chase, true, STATUS_RESOURCE_EXHAUSTED, "code", "12", "--lang=fa");
    assert_null(strstr(told, "نیم ساعت دیگر"));
}

static void an_error_is_json_where_json_was_asked_for(void **state)
{
    (void)state;
    assert_int_equal(
        TELL(&command_phone_open, true, STATUS_INVALID_ARGUMENT, "queued_at_us", "--json"),
        EXIT_REFUSED);
    json_t *json = json_loads(told, 0, NULL);
    json_t *error = json_object_get(json, "error");
    assert_string_equal(json_string_value(json_object_get(error, "status")), "INVALID_ARGUMENT");
    assert_string_equal(json_string_value(json_object_get(error, "field")), "queued_at_us");
    assert_string_equal(json_string_value(json_object_get(error, "option")), "--queued");
    assert_string_equal(json_string_value(json_object_get(error, "message")), "why so");
    assert_null(json_object_get(error, "key"));
    json_decref(json);
}

static void what_may_have_been_done_is_told_with_its_key(void **state)
{
    const char *key = "01a21ae8422377b89af129ca5073631b";
    (void)state;
    assert_int_equal(TELL(&command_phone_open, true, STATUS_DEADLINE_EXCEEDED, NULL, "--lang=en",
                          "--key=01a21ae8422377b89af129ca5073631b"),
                     EXIT_UNREACHABLE);
    assert_non_null(strstr(told, "--key 01a21ae8422377b89af129ca5073631b"));
    assert_int_equal(TELL(&command_phone_open, true, STATUS_UNAVAILABLE, NULL, "--json",
                          "--key=01a21ae8422377b89af129ca5073631b"),
                     EXIT_UNREACHABLE);
    json_t *json = json_loads(told, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "error"), "key")),
                        key);
    json_decref(json);
    assert_int_equal(TELL(&command_phone_open, false, STATUS_UNAVAILABLE, NULL, "--lang=en"),
                     EXIT_UNREACHABLE);
    assert_null(strstr(told, "--key"));
    assert_int_equal(TELL(&command_phone_open, true, STATUS_NOT_FOUND, "data", "--lang=en"),
                     EXIT_UNREACHABLE); /* there is no server to have done it */
    assert_null(strstr(told, "--key"));
}

/* --- the key --- */

static void a_key_is_used_once_and_the_next_is_new(void **state)
{
    static char option[] = "--key=01A21AE8422377B89AF129CA5073631B";
    char *argv[] = {"vafa", option, NULL};
    struct session session;
    char text[33];
    (void)state;
    assert_int_equal(session_init(&session, &command_phone_open, 2, argv, NULL), STATUS_OK);
    ProtobufCBinaryData key = session_key(&session);
    assert_int_equal(key.len, 16);
    hex_encode(key.data, key.len, text);
    assert_string_equal(text, "01a21ae8422377b89af129ca5073631b");
    hex_encode(session_key(&session).data, 16, text);
    assert_string_not_equal(text, "01a21ae8422377b89af129ca5073631b");
    session_fini(&session);
}

static void a_key_is_taken_by_what_changes_something_only(void **state)
{
    static const char *const wrong[] = {"--key=12", "--key=zz", "--key="};
    static char option[] = "--key=01a21ae8422377b89af129ca5073631b";
    char *argv[] = {"vafa", option, NULL};
    struct session session;
    struct error err = ERROR_NONE;
    (void)state;
    assert_int_equal(session_init(&session, &command_search, 2, argv, &err),
                     STATUS_INVALID_ARGUMENT);
    session_fini(&session);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        argv[1] = (char *)(uintptr_t)wrong[i];
        assert_int_equal(session_init(&session, &command_phone_open, 2, argv, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "key");
        session_fini(&session);
    }
}

static int forget(void **state)
{
    (void)state;
    free(told);
    told = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_the_contract_are_called_as_the_command_calls_them),
        cmocka_unit_test(a_place_is_told_by_the_same_options_of_every_command),
        cmocka_unit_test(who_may_not_is_told_of_the_unit_they_speak_for),
        cmocka_unit_test(what_the_command_has_not_keeps_its_name),
        cmocka_unit_test(the_commonest_reasons_are_told_in_persian),
        cmocka_unit_test(what_is_wrong_with_a_command_line_is_told_in_persian),
        cmocka_unit_test(a_message_tells_more_than_its_field),
        cmocka_unit_test(an_error_is_told_with_the_option_in_the_language),
        cmocka_unit_test(an_error_is_json_where_json_was_asked_for),
        cmocka_unit_test(what_may_have_been_done_is_told_with_its_key),
        cmocka_unit_test(a_key_is_used_once_and_the_next_is_new),
        cmocka_unit_test(a_key_is_taken_by_what_changes_something_only),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
