/* Citizens are forgotten: their words go, what is counted stays. And who looked is told. */
#include "intake_desk.h"

#include "service/keyring.h"
#include "service/node_internal.h"

#include "base/clock.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vafa/followup/v1/followup.pb-c.h"

static char *register_words(struct rig *rig, const char *phone)
{
    return desk_register_from(rig, phone, "چالهٔ جلوی خانه")->code;
}

static Intake__ForgetCitizenRequest forget_request(char *code, char *phone)
{
    Intake__ForgetCitizenRequest request = INTAKE__FORGET_CITIZEN_REQUEST__INIT;
    request.code = code;
    request.phone = phone;
    request.reason = "asked in writing";
    return request;
}

static uint64_t forget(struct rig *rig, char *code, char *phone)
{
    Intake__ForgetCitizenRequest request = forget_request(code, phone);
    const ProtobufCMessage *response = NULL;
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &request.base, &response, NULL),
                     STATUS_OK);
    return ((const Intake__ForgetCitizenResponse *)response)->citizen;
}

static void refuses_reveal(struct rig *rig, char *code)
{
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    request.code = code;
    request.purpose = "call-back";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base, STATUS_NOT_FOUND, "");
}

static void opens_nothing_of_a_forgotten_citizen_and_everything_of_others(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    char *first = register_words(rig, DESK_PHONE);
    char *second = register_words(rig, DESK_PHONE);
    char *other = register_words(rig, "09137654321");
    assert_int_equal(forget(rig, first, ""), 1);
    refuses_reveal(rig, first);
    refuses_reveal(rig, second);
    assert_string_equal(desk_reveal(rig, other)->words, "چالهٔ جلوی خانه");
    rig_restart(rig);
    refuses_reveal(rig, second);
    rig_free(rig);
}

static void keeps_the_requests_of_a_forgotten_citizen_without_a_phone_to_call(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    char *code = register_words(rig, DESK_PHONE);
    (void)forget(rig, "", DESK_PHONE);
    const Intake__Case *told = desk_get(rig, code)->case_data;
    assert_int_equal(told->number, 1);
    assert_false(told->can_be_called);
    rig_free(rig);
}

static void takes_the_same_phone_for_somebody_new(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    (void)register_words(rig, DESK_PHONE);
    assert_int_equal(forget(rig, "", DESK_PHONE), 1);
    char *again = register_words(rig, DESK_PHONE);
    assert_int_equal(rig_event(rig, 3)->citizen, 2);
    assert_string_equal(desk_reveal(rig, again)->words, "چالهٔ جلوی خانه");
    assert_int_equal(desk_list(rig, DESK_PHONE, 20, 0)->n_cases, 1);
    rig_free(rig);
}

static void does_not_use_what_was_sealed_for_a_citizen_who_is_forgotten_meanwhile(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    char *code = register_words(rig, DESK_PHONE);
    Intake__SealedWords words = INTAKE__SEALED_WORDS__INIT;
    struct prepare prepare = {.city = rig_city(rig),
                              .keyring = rig_node(rig)->keyring,
                              .arena = arena_new(1u << 20),
                              .random = random_system()};
    assert_int_equal(store_read_begin(node_store(rig_node(rig)), &prepare.txn, NULL), STATUS_OK);
    const struct presealed *presealed =
        keyring_preseal(&prepare, DESK_E164, "request", &words.base);
    store_read_end(prepare.txn);
    assert_non_null(presealed);
    (void)forget(rig, code, "");

    struct error err = ERROR_NONE;
    uint64_t taken;
    struct bytes sealed;
    struct decide d = {.keyring = rig_node(rig)->keyring, .arena = prepare.arena, .error = &err};
    assert_int_equal(store_read_begin(node_store(rig_node(rig)), &d.txn, NULL), STATUS_OK);
    assert_false(decide_take_presealed(&d, presealed, &taken, &sealed));
    store_read_end(d.txn);
    arena_free(prepare.arena);
    rig_free(rig);
}

static void forgets_once_when_the_same_key_is_sent_twice(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    uint8_t key[16];
    Intake__ForgetCitizenRequest request = forget_request(register_words(rig, DESK_PHONE), "");
    request.idempotency_key = desk_key(rig, key);
    for (size_t i = 0; i < 2; i++) {
        const ProtobufCMessage *response = NULL;
        assert_int_equal(
            rig_call(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &request.base, &response, NULL),
            STATUS_OK);
    }
    assert_int_equal(rig_event_count(rig), 2);
    request = forget_request(request.code, "");
    desk_refuses(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &request.base, STATUS_FAILED_PRECONDITION,
                 "code");
    rig_free(rig);
}

static void names_the_field_of_a_bad_wish(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest anonymous = desk_request();
    char *code = register_words(rig, DESK_PHONE);
    struct {
        char *code, *phone;
        enum status status;
        const char *field;
    } wishes[] = {
        {"", "", STATUS_INVALID_ARGUMENT, "code"},
        {code, DESK_PHONE, STATUS_INVALID_ARGUMENT, "code"},
        {"123", "", STATUS_INVALID_ARGUMENT, "code"},
        {"", "0", STATUS_INVALID_ARGUMENT, "phone"},
        {"", "09130000001", STATUS_NOT_FOUND, "phone"},
        {desk_register(rig, &anonymous)->code, "", STATUS_NOT_FOUND, "code"},
    };
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        Intake__ForgetCitizenRequest request = forget_request(wishes[i].code, wishes[i].phone);
        desk_refuses(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &request.base, wishes[i].status,
                     wishes[i].field);
    }
    Intake__ForgetCitizenRequest request = forget_request(code, "");
    request.reason = "";
    desk_refuses(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &request.base, STATUS_INVALID_ARGUMENT,
                 "reason");
    request.reason = "asked";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ForgetCitizen", &request.base, STATUS_PERMISSION_DENIED,
                 "");
    rig_free(rig);
}

static void tells_who_looked_newest_first(void **state)
{
    (void)state;
    struct rig *rig = desk_open();
    char *code = register_words(rig, DESK_PHONE);
    (void)desk_reveal(rig, code);
    rig_advance(rig, SECOND_US);
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    Followup__CallRevealed revealed = FOLLOWUP__CALL_REVEALED__INIT;
    revealed.call_number = 9;
    revealed.case_number = 1;
    revealed.purpose = "training";
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_REVEALED;
    event.call_revealed = &revealed;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
                              &(struct event){.open = &event.base, .actor = "sample"}, NULL),
                     STATUS_OK);
    Intake__ListLooksRequest request = INTAKE__LIST_LOOKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.code = code;
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ListLooks", &request.base, &response, NULL),
                     STATUS_OK);
    const Intake__ListLooksResponse *looks = (const Intake__ListLooksResponse *)response;
    assert_int_equal(looks->n_looks, 2);
    assert_string_equal(looks->looks[0]->purpose, "training");
    assert_string_equal(looks->looks[0]->actor, "sample");
    assert_int_equal(looks->looks[0]->service, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP);
    assert_string_equal(looks->looks[1]->purpose, "call-back");
    assert_int_equal(looks->looks[1]->service, COMMON__SERVICE_ID__SERVICE_ID_INTAKE);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListLooks", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_nothing_of_a_forgotten_citizen_and_everything_of_others),
        cmocka_unit_test(keeps_the_requests_of_a_forgotten_citizen_without_a_phone_to_call),
        cmocka_unit_test(takes_the_same_phone_for_somebody_new),
        cmocka_unit_test(does_not_use_what_was_sealed_for_a_citizen_who_is_forgotten_meanwhile),
        cmocka_unit_test(forgets_once_when_the_same_key_is_sent_twice),
        cmocka_unit_test(names_the_field_of_a_bad_wish),
        cmocka_unit_test(tells_who_looked_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
