/* Searching what citizens said: what is found, who is told to have looked, and how far one page goes. */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "base/clock.h"
#include "service/node.h"
#include "services/intake/intake_tables.h"
#include "store/event_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OTHER_PHONE "09137654321"

static Intake__SearchWordsRequest asks(const char *words)
{
    Intake__SearchWordsRequest request = INTAKE__SEARCH_WORDS_REQUEST__INIT;
    request.words = text(words);
    request.purpose = text("the caller has no code");
    return request;
}

static const Intake__SearchWordsResponse *search(struct rig *rig,
                                                 Intake__SearchWordsRequest *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "SearchWords", &request->base, &response, &err) !=
        STATUS_OK) {
        fail_msg("field \"%s\": %s", err.field, err.message);
    }
    return (const Intake__SearchWordsResponse *)response;
}

/* Under a key of its own. */
static const Intake__SearchWordsResponse *search_anew(struct rig *rig,
                                                      Intake__SearchWordsRequest *request)
{
    request->idempotency_key = (ProtobufCBinaryData){0, NULL};
    return search(rig, request);
}

/* Fails unless just these numbers are found, in this order. */
static void finds(struct rig *rig, Intake__SearchWordsRequest request, const uint64_t *numbers,
                  size_t count)
{
    const Intake__SearchWordsResponse *response = search(rig, &request);
    assert_int_equal(response->n_cases, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(response->cases[i]->number, numbers[i]);
        assert_int_equal(strlen(response->cases[i]->code), 10);
    }
}

static void add_words(struct rig *rig, const char *code, const char *words)
{
    Intake__AddWordsRequest request = INTAKE__ADD_WORDS_REQUEST__INIT;
    request.code = text(code);
    request.words = text(words);
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AddWords", &request.base, NULL, NULL),
                     STATUS_OK);
}

static void forget(struct rig *rig, const char *phone)
{
    Intake__ForgetCitizenRequest request = INTAKE__FORGET_CITIZEN_REQUEST__INIT;
    request.phone = text(phone);
    request.reason = text("asked");
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ForgetCitizen", &request.base, NULL, NULL),
                     STATUS_OK);
}

static void finds_all_the_words_wherever_they_were_said(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "چاله‌ای بزرگ سر کوچه است");
    const char *second = desk_register_from(rig, OTHER_PHONE, "درخت افتاده است")->code;
    (void)desk_register_from(rig, NULL, "");
    finds(rig, asks("كوچه"), (const uint64_t[]){1}, 1);
    finds(rig, asks("بزرگ چاله"), (const uint64_t[]){1}, 1); /* in any order */
    finds(rig, asks("است"), (const uint64_t[]){2, 1}, 2);
    finds(rig, asks("چاله درخت"), NULL, 0); /* no request has both */
    add_words(rig, second, "چاله هم شده");
    finds(rig, asks("چاله درخت"), (const uint64_t[]){2}, 1);
    rig_free(rig);
}

static void looks_only_among_what_fits(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest narrow = INTAKE__SEARCH_CASES_REQUEST__INIT;
    Intake__SearchWordsRequest request = asks("چاله");
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "چاله");
    (void)desk_register_from(rig, OTHER_PHONE, "چاله");
    narrow.phone = text(OTHER_PHONE);
    request.among = &narrow;
    finds(rig, request, (const uint64_t[]){2}, 1);
    assert_int_equal(search_anew(rig, &request)->opened, 1);
    narrow.state = INTAKE__CASE_STATE__CASE_STATE_CONFIRMED;
    const Intake__SearchWordsResponse *response = search_anew(rig, &request);
    assert_int_equal(response->n_cases, 0);
    assert_int_equal(response->opened, 0);
    rig_free(rig);
}

/* It is an event, which names what was found, and not what was searched for. */
static void who_searched_is_told_like_who_looked(void **state)
{
    struct rig *rig = desk_open();
    const ProtobufCMessage *response = NULL;
    Intake__SearchWordsRequest request = asks("چاله");
    Intake__ListLooksRequest looks = INTAKE__LIST_LOOKS_REQUEST__INIT;
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "چاله")->code;
    (void)desk_register_from(rig, OTHER_PHONE, "درخت");
    (void)search(rig, &request);
    const Intake__Event *event = (const void *)rig_event(rig, rig_event_count(rig))->open;
    assert_int_equal(event->kind_case, INTAKE__EVENT__KIND_WORDS_SEARCHED);
    assert_string_equal(event->words_searched->purpose, "the caller has no code");
    assert_int_equal(event->words_searched->n_found, 1);
    assert_int_equal(event->words_searched->found[0], 1);
    assert_int_equal(event->words_searched->opened, 2);
    assert_int_equal(event->words_searched->first, 2);
    assert_int_equal(event->words_searched->last, 1);
    looks.code = text(code);
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "ListLooks", &looks.base, &response, NULL),
                     STATUS_OK);
    const Intake__ListLooksResponse *told = (const Intake__ListLooksResponse *)response;
    assert_int_equal(told->n_looks, 1);
    assert_string_equal(told->looks[0]->purpose, "the caller has no code");
    rig_free(rig);
}

static void finds_nothing_of_the_forgotten_not_even_with_the_key_of_before(void **state)
{
    struct rig *rig = desk_open();
    uint8_t storage[16];
    Intake__SearchWordsRequest request = asks("چاله");
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "چاله");
    request.idempotency_key = desk_key(rig, storage);
    assert_int_equal(search(rig, &request)->n_cases, 1);
    uint64_t events = rig_event_count(rig);
    assert_int_equal(search(rig, &request)->n_cases, 1); /* the same answer */
    assert_int_equal(rig_event_count(rig), events);
    forget(rig, DESK_PHONE);
    assert_int_equal(search(rig, &request)->n_cases, 0);
    finds(rig, asks("چاله"), NULL, 0);
    rig_free(rig);
}

static void opens_so_many_for_one_page_and_says_that_there_is_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest among = INTAKE__SEARCH_CASES_REQUEST__INIT;
    Intake__SearchWordsRequest request = asks("درخت");
    uint64_t expected = 30;
    (void)state;
    for (size_t i = 1; i <= 130; i++) {
        (void)desk_register_from(rig, NULL, i <= 30 ? "درخت" : "چاله");
    }
    request.among = &among;
    const Intake__SearchWordsResponse *response = search(rig, &request);
    assert_int_equal(response->n_cases, 0);
    assert_int_equal(response->opened, 100);
    assert_int_equal(response->next_page_token, 31);
    (void)desk_register_from(rig, NULL, "درخت"); /* moves nothing */
    while (response->next_page_token != 0) {
        among.page_token = response->next_page_token;
        response = search_anew(rig, &request);
        assert_true(response->n_cases <= 20);
        for (size_t i = 0; i < response->n_cases; i++) {
            assert_int_equal(response->cases[i]->number, expected--);
        }
    }
    assert_int_equal(expected, 0);
    rig_free(rig);
}

/* Another registration takes the place of request 2's: the same, but for one bit of what is sealed. */
static void damage_second(struct rig *rig)
{
    struct store_txn *txn;
    struct bytes record;
    struct log_position position;
    struct arena *arena = arena_new(65536);
    struct buffer packed = BUFFER_EMPTY;
    assert_int_equal(store_write_begin(node_store(rig_node(rig)), &txn, NULL), STATUS_OK);
    assert_true(log_get(txn, 2, &record, NULL));
    Common__EventRecord *event = (Common__EventRecord *)(uintptr_t)table_unpack(
        txn, record, &common__event_record__descriptor, arena);
    assert_non_null(event);
    event->sealed.data[event->sealed.len - 1] ^= 1;
    message_pack(&event->base, &packed);
    log_append(txn, buffer_bytes(&packed), &position);
    intake_tables_case_put(txn, 2, position.offset);
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
    buffer_fini(&packed);
    arena_free(arena);
}

static void what_is_damaged_is_told_and_hides_nothing_behind_it(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchWordsRequest request = asks("چاله");
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "چاله");
    (void)desk_register_from(rig, OTHER_PHONE, "چاله");
    assert_int_equal(search(rig, &request)->unreadable, 0);
    damage_second(rig);
    (void)desk_register_from(rig, OTHER_PHONE, "درخت");
    const Intake__SearchWordsResponse *response = search_anew(rig, &request);
    assert_int_equal(response->n_cases, 1);
    assert_int_equal(response->cases[0]->number, 1);
    assert_int_equal(response->opened, 2);
    assert_int_equal(response->unreadable, 1);
    rig_drop(rig);
}

/* An event that cannot be read at all, in the place of request 2's. */
static void damage_event_of_second(struct rig *rig)
{
    struct store_txn *txn;
    struct log_position position;
    assert_int_equal(store_write_begin(node_store(rig_node(rig)), &txn, NULL), STATUS_OK);
    log_append(txn, bytes_of_text("\xff\xff\xff"), &position);
    intake_tables_case_put(txn, 2, position.offset);
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
}

static void nor_does_a_damaged_event(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchWordsRequest request = asks("چاله");
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "چاله");
    (void)desk_register_from(rig, OTHER_PHONE, "چاله");
    (void)desk_register_from(rig, OTHER_PHONE, "درخت");
    rig_advance(rig, SECOND_US);
    damage_event_of_second(rig);
    const Intake__SearchWordsResponse *response = search(rig, &request);
    assert_int_equal(response->n_cases, 1);
    assert_int_equal(response->cases[0]->number, 1);
    assert_int_equal(response->opened, 2);
    assert_int_equal(response->unreadable, 1);
    rig_drop(rig);
}

static void names_the_field_of_a_bad_search(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest among = INTAKE__SEARCH_CASES_REQUEST__INIT;
    Intake__SearchWordsRequest request = asks("");
    (void)state;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchWords", &request.base, STATUS_INVALID_ARGUMENT,
                 "words");
    request = asks("\xd9\x8b"); /* a fathatan alone */
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchWords", &request.base, STATUS_INVALID_ARGUMENT,
                 "words");
    request = asks("چاله");
    request.purpose = text("");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchWords", &request.base, STATUS_INVALID_ARGUMENT,
                 "purpose");
    request = asks("چاله");
    among.page_size = 101;
    request.among = &among;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchWords", &request.base, STATUS_INVALID_ARGUMENT,
                 "page_size");
    request = asks("چاله");
    desk_refuses(rig, RPC_ROLE_OFFICE, "SearchWords", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_the_words_wherever_they_were_said),
        cmocka_unit_test(looks_only_among_what_fits),
        cmocka_unit_test(who_searched_is_told_like_who_looked),
        cmocka_unit_test(finds_nothing_of_the_forgotten_not_even_with_the_key_of_before),
        cmocka_unit_test(opens_so_many_for_one_page_and_says_that_there_is_more),
        cmocka_unit_test(what_is_damaged_is_told_and_hides_nothing_behind_it),
        cmocka_unit_test(nor_does_a_damaged_event),
        cmocka_unit_test(names_the_field_of_a_bad_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
