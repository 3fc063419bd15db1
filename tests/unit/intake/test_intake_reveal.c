/* Personal data: who looked is on disk before anything is shown. */
#include "intake_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *register_sample(struct rig *rig)
{
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    citizen.name = "شهروند نمونه";
    citizen.phone = "۰۹۱۳ ۱۲۳ ۴۵۶۷";
    request.citizen = &citizen;
    request.words = "چالهٔ جلوی خانه";
    return desk_register(rig, &request)->code;
}

static void shows_name_phone_and_words(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const Intake__RevealCaseResponse *response = desk_reveal(rig, register_sample(rig));
    assert_string_equal(response->citizen->name, "شهروند نمونه");
    assert_string_equal(response->citizen->phone, DESK_E164);
    assert_string_equal(response->words, "چالهٔ جلوی خانه");
    rig_free(rig);
}

static void writes_down_who_looked_and_for_what(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)desk_reveal(rig, register_sample(rig));
    assert_int_equal(rig_event_count(rig), 2);
    const struct event *event = rig_event(rig, 2);
    const Intake__Event *open = (const void *)event->open;
    assert_int_equal(open->kind_case, INTAKE__EVENT__KIND_CASE_REVEALED);
    assert_int_equal(open->case_revealed->number, 1);
    assert_string_equal(open->case_revealed->purpose, "call-back");
    assert_string_not_equal(event->actor, "");
    assert_int_equal(event->sealed.size, 0);
    rig_free(rig);
}

static void opens_again_when_the_same_key_is_sent_twice(void **state)
{
    struct rig *rig = desk_open();
    uint8_t key[16];
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    (void)state;
    request.code = (char *)(uintptr_t)register_sample(rig);
    request.purpose = "call-back";
    request.idempotency_key = desk_key(rig, key);
    for (size_t i = 0; i < 2; i++) {
        const ProtobufCMessage *response = NULL;
        assert_int_equal(
            rig_call(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, &response, NULL),
            STATUS_OK);
        assert_string_equal(((const Intake__RevealCaseResponse *)response)->words,
                            "چالهٔ جلوی خانه");
    }
    assert_int_equal(rig_event_count(rig), 2);
    rig_free(rig);
}

static void shows_nothing_where_nothing_was_given(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest registration = desk_request();
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    (void)state;
    request.code = (char *)(uintptr_t)desk_register(rig, &registration)->code;
    request.purpose = "call-back";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, STATUS_NOT_FOUND, "");
    rig_free(rig);
}

static void names_the_field_of_a_bad_look(void **state)
{
    struct rig *rig = desk_open();
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    (void)state;
    request.code = (char *)(uintptr_t)register_sample(rig);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "purpose");
    request.purpose = "  \t ";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "purpose");
    request.purpose = desk_repeat("چ", 201);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "purpose");
    free(request.purpose);
    request.purpose = "call-back";
    request.code = "123";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "code");
    rig_free(rig);
}

static void lets_desks_look_and_nobody_else(void **state)
{
    static const enum rpc_role others[] = {RPC_ROLE_NONE, RPC_ROLE_OFFICE, RPC_ROLE_SERVICE,
                                           RPC_ROLE_LEADERSHIP, RPC_ROLE_IMPORT};
    struct rig *rig = desk_open();
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    (void)state;
    request.code = (char *)(uintptr_t)register_sample(rig);
    request.purpose = "curiosity";
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        desk_refuses(rig, others[i], "RevealCase", &request.base, STATUS_PERMISSION_DENIED, "");
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_name_phone_and_words),
        cmocka_unit_test(writes_down_who_looked_and_for_what),
        cmocka_unit_test(opens_again_when_the_same_key_is_sent_twice),
        cmocka_unit_test(shows_nothing_where_nothing_was_given),
        cmocka_unit_test(names_the_field_of_a_bad_look),
        cmocka_unit_test(lets_desks_look_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
