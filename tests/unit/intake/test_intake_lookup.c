/* The citizen's own look: code and last four digits, and what guessing comes to. */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "base/clock.h"
#include "service/node.h"
#include "services/intake/intake_amend.h"
#include "text/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum status look(struct rig *rig, char *code, const char *digits,
                        const Intake__LookUpCaseResponse **ret_response, struct error *err)
{
    Intake__LookUpCaseRequest request = INTAKE__LOOK_UP_CASE_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.code = code;
    request.phone_digits = text(digits);
    enum status status = rig_call(rig, RPC_ROLE_NONE, "LookUpCase", &request.base, &response, err);
    *ret_response = (const Intake__LookUpCaseResponse *)response;
    return status;
}

static void wrong_with(struct rig *rig, char *code, const char *digits, uint32_t tries_left)
{
    const Intake__LookUpCaseResponse *response;
    assert_int_equal(look(rig, code, digits, &response, NULL), STATUS_OK);
    assert_false(response->found);
    assert_null(response->case_data);
    assert_int_equal(response->n_timeline, 0);
    assert_int_equal(response->tries_left, tries_left);
}

static void wrong(struct rig *rig, char *code, uint32_t tries_left)
{
    wrong_with(rig, code, "9999", tries_left);
}

static void locked(struct rig *rig, char *code)
{
    const Intake__LookUpCaseResponse *response;
    struct error err = ERROR_NONE;
    uint64_t before = rig_event_count(rig);
    assert_int_equal(look(rig, code, "4567", &response, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(err.field, "code");
    assert_non_null(strstr(err.message, "minutes"));
    assert_int_equal(rig_event_count(rig), before);
}

static void right(struct rig *rig, char *code)
{
    const Intake__LookUpCaseResponse *response;
    assert_int_equal(look(rig, code, "۴۵۶۷", &response, NULL), STATUS_OK);
    assert_true(response->found);
    assert_int_equal(response->case_data->number, 1);
    assert_int_equal(response->n_timeline, 1);
    assert_string_equal(response->timeline[0]->actor, ""); /* that is staff's */
}

static void shows_state_and_story_to_whoever_has_code_and_digits(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    right(rig, code);
    assert_int_equal(rig_event_count(rig), 1); /* looking at one's own leaves nothing */
    rig_free(rig);
}

static void locks_a_code_after_five_wrong_tries_for_half_an_hour(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    for (uint32_t left = INTAKE_LOOKUP_TRIES_MAX; left > 0; left--) {
        wrong(rig, code, left - 1);
    }
    locked(rig, code);
    rig_restart(rig);
    rig_advance(rig, INTAKE_LOOKUP_LOCK_US - MINUTE_US);
    locked(rig, code);
    rig_advance(rig, 2 * MINUTE_US);
    right(rig, code);
    wrong(rig, code, INTAKE_LOOKUP_TRIES_MAX - 1);
    rig_free(rig);
}

static void right_digits_forget_the_wrong_ones(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char *code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    wrong(rig, code, 4);
    wrong(rig, code, 3);
    right(rig, code);
    wrong(rig, code, 4);
    rig_free(rig);
}

static void tells_nothing_of_whether_there_is_such_a_request(void **state)
{
    struct rig *rig = desk_open();
    char missing[CODE_SIZE];
    (void)state;
    char *nobodys = text(desk_register_from(rig, NULL, "")->code);
    code_encode(store_secret(node_store(rig_node(rig))), 77, missing);
    char *codes[] = {nobodys, missing};
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t left = INTAKE_LOOKUP_TRIES_MAX; left > 0; left--) {
            wrong(rig, codes[i], left - 1);
        }
        locked(rig, codes[i]);
    }
    rig_free(rig);
}

static void wrong_tries_are_forgotten_so_that_their_rows_stay_few(void **state)
{
    struct rig *rig = desk_open();
    char code[CODE_SIZE];
    (void)state;
    for (uint64_t round = 0; round < 4; round++) {
        for (uint64_t i = 0; i < 50; i++) {
            code_encode(store_secret(node_store(rig_node(rig))), 1000 + 50 * round + i, code);
            wrong(rig, code, 4);
        }
        rig_advance(rig, INTAKE_LOOKUP_LOCK_US + SECOND_US);
    }
    struct store_txn *txn;
    struct arena *arena = arena_new(4096);
    assert_int_equal(store_read_begin(node_store(rig_node(rig)), &txn, NULL), STATUS_OK);
    assert_true(intake_tables_lookup_count(txn, arena) <= 100);
    store_read_end(txn);
    arena_free(arena);
    rig_free(rig);
}

static void wrong_for_others(struct rig *rig, uint64_t count, const char *digits)
{
    const Intake__LookUpCaseResponse *response;
    char other[CODE_SIZE];
    for (uint64_t i = 0; i < count; i++) {
        code_encode(store_secret(node_store(rig_node(rig))), 1000 + i, other);
        assert_int_equal(look(rig, other, digits, &response, NULL), STATUS_OK);
        assert_false(response->found);
    }
}

/* Whoever walks through the codes is not told from other callers: when many digits are wrong, everybody is asked for more of
 * them, which a citizen knows and nobody guesses. */
static void four_digits_are_too_few_while_many_are_wrong(void **state)
{
    struct rig *rig = desk_open();
    const Intake__LookUpCaseResponse *response;
    struct error err = ERROR_NONE;
    (void)state;
    char *code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    wrong_for_others(rig, INTAKE_LOOKUP_WRONG_MAX - 1, "9999");
    right(rig, code);
    wrong(rig, code, 4);
    uint64_t before = rig_event_count(rig);
    const char *const few[] = {"4567", "9999"}; /* no matter which */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(look(rig, code, few[i], &response, &err), STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(err.field, "phone_digits");
        assert_non_null(strstr(err.message, "last 8 digits"));
    }
    assert_int_equal(rig_event_count(rig), before);
    assert_int_equal(look(rig, code, "99994567", &response, NULL), STATUS_OK);
    assert_false(response->found); /* the last four are right */
    assert_int_equal(response->tries_left, 3);
    rig_restart(rig);
    assert_int_equal(look(rig, code, "4567", &response, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(look(rig, code, "۳۱۲۳۴۵۶۷", &response, NULL), STATUS_OK);
    assert_true(response->found);
    assert_int_equal(response->case_data->number, 1);
    rig_free(rig);
}

static void four_are_enough_again_when_the_wrong_ones_are_long_ago(void **state)
{
    struct rig *rig = desk_open();
    const Intake__LookUpCaseResponse *response;
    (void)state;
    char *code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    wrong_for_others(rig, INTAKE_LOOKUP_WRONG_MAX, "9999");
    rig_advance(rig, INTAKE_LOOKUP_LOCK_US - MINUTE_US);
    assert_int_equal(look(rig, code, "4567", &response, NULL), STATUS_RESOURCE_EXHAUSTED);
    rig_advance(rig, 3 * MINUTE_US); /* from now on they count for less and less */
    right(rig, code);
    wrong_for_others(rig, 50, "99999999");
    assert_int_equal(look(rig, code, "4567", &response, NULL), STATUS_RESOURCE_EXHAUSTED);
    rig_advance(rig, 2 * INTAKE_LOOKUP_LOCK_US);
    right(rig, code);
    rig_free(rig);
}

/* What cannot be counted is not looked at: else right digits could be told from wrong ones for ever. */
static void looks_at_nothing_more_when_too_many_wrong_tries_are_counted(void **state)
{
    struct rig *rig = desk_open();
    const Intake__LookUpCaseResponse *response;
    char other[CODE_SIZE];
    (void)state;
    char *code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    for (uint64_t i = 0; i < INTAKE_LOOKUP_ROWS_MAX; i++) {
        code_encode(store_secret(node_store(rig_node(rig))), 1000 + i, other);
        wrong_with(rig, other, "99999999", 4);
    }
    assert_int_equal(look(rig, code, "99999999", &response, NULL), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(look(rig, code, "31234567", &response, NULL), STATUS_RESOURCE_EXHAUSTED);
    wrong_with(rig, other, "99999999", 3);
    rig_advance(rig, INTAKE_LOOKUP_LOCK_US + SECOND_US);
    assert_int_equal(look(rig, code, "31234567", &response, NULL), STATUS_OK);
    assert_true(response->found);
    rig_free(rig);
}

static void names_the_field_of_a_bad_look(void **state)
{
    static const char *const digits[] = {"", "123", "12345", "12a4", "۱۲۳", "123456789"};
    struct rig *rig = desk_open();
    Intake__LookUpCaseRequest request = INTAKE__LOOK_UP_CASE_REQUEST__INIT;
    (void)state;
    request.code = text(desk_register_from(rig, DESK_PHONE, "")->code);
    for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
        request.phone_digits = text(digits[i]);
        desk_refuses(rig, RPC_ROLE_NONE, "LookUpCase", &request.base, STATUS_INVALID_ARGUMENT,
                     "phone_digits");
    }
    request.phone_digits = text("4567");
    request.code = text("1234567890");
    desk_refuses(rig, RPC_ROLE_NONE, "LookUpCase", &request.base, STATUS_NOT_FOUND, "code");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_state_and_story_to_whoever_has_code_and_digits),
        cmocka_unit_test(locks_a_code_after_five_wrong_tries_for_half_an_hour),
        cmocka_unit_test(right_digits_forget_the_wrong_ones),
        cmocka_unit_test(tells_nothing_of_whether_there_is_such_a_request),
        cmocka_unit_test(wrong_tries_are_forgotten_so_that_their_rows_stay_few),
        cmocka_unit_test(four_digits_are_too_few_while_many_are_wrong),
        cmocka_unit_test(four_are_enough_again_when_the_wrong_ones_are_long_ago),
        cmocka_unit_test(looks_at_nothing_more_when_too_many_wrong_tries_are_counted),
        cmocka_unit_test(names_the_field_of_a_bad_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
