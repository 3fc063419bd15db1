/* Suggesting topics: from the pack's words, and from what operators chose. All sentences are made up. */
#include "intake_desk.h"

#include "service/node.h"
#include "services/intake/intake_tables.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOUNTAIN "آبنما و فواره خراب است"
#define KEYS_MAX 256
#define LESSONS 80 /* of each of three topics */
#define FOUNTAIN_ASKED "فواره و آبنما خراب"

static const Intake__SuggestTopicsResponse *suggest(struct rig *rig, const char *words)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response;
    Intake__SuggestTopicsRequest request = INTAKE__SUGGEST_TOPICS_REQUEST__INIT;
    request.words = (char *)(uintptr_t)words;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "SuggestTopics", &request.base, &response, &err) !=
        STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return (const Intake__SuggestTopicsResponse *)response;
}

static void expect_first(struct rig *rig, const char *words, const char *topic)
{
    const Intake__SuggestTopicsResponse *response = suggest(rig, words);
    assert_true(response->n_suggestions > 0);
    assert_string_equal(response->suggestions[0]->topic, topic);
}

static void register_with(struct rig *rig, const char *topic, const char *words, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        Intake__RegisterCaseRequest request = desk_request();
        request.topic = (char *)(uintptr_t)topic;
        request.words = (char *)(uintptr_t)words;
        (void)desk_register(rig, &request);
    }
}

/* Enough for a topic that the pack's words do not name. */
static void teach(struct rig *rig)
{
    register_with(rig, "park-furniture", FOUNTAIN, LESSONS);
    register_with(rig, "asphalt", "چاله در آسفالت", LESSONS);
    register_with(rig, "bins", "سطل شکسته", LESSONS);
    rig_advance(rig, SECOND_US);
}

static void suggests_from_the_pack_on_the_first_day(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const Intake__SuggestTopicsResponse *response = suggest(rig, "سلام، چراغ کوچه سوخته است");
    assert_in_range(response->n_suggestions, 1, 3);
    assert_string_equal(response->suggestions[0]->topic, "lighting");
    assert_string_equal(response->suggestions[0]->name_fa, "روشنایی معابر");
    assert_string_equal(response->suggestions[0]->name_en, "Street lighting");
    assert_true(response->suggestions[0]->confidence > 0.3 &&
                response->suggestions[0]->confidence <= 1);
    assert_int_equal(response->lessons, 0);
    assert_int_equal(rig_event_count(rig), 0);
    rig_free(rig);
}

static void is_silent_when_it_knows_nothing(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    assert_int_equal(suggest(rig, "سلام، خسته نباشید")->n_suggestions, 0);
    assert_int_equal(suggest(rig, FOUNTAIN_ASKED)->n_suggestions, 0);
    rig_free(rig);
}

static void learns_from_what_operators_choose(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    teach(rig);
    expect_first(rig, FOUNTAIN_ASKED, "park-furniture");
    assert_int_equal(suggest(rig, "آب")->lessons, 3 * LESSONS);
    rig_free(rig);
}

static void learns_again_after_a_restart(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    teach(rig);
    rig_restart(rig);
    rig_advance(rig, SECOND_US);
    expect_first(rig, FOUNTAIN_ASKED, "park-furniture");
    const Intake__SuggestTopicsResponse *response = suggest(rig, "آب");
    assert_int_equal(response->lessons, 3 * LESSONS);
    assert_false(response->is_learning_past);
    register_with(rig, "bins", "سطل شکسته", 1); /* and goes on */
    rig_advance(rig, SECOND_US);
    assert_int_equal(suggest(rig, "آب")->lessons, 3 * LESSONS + 1);
    rig_free(rig);
}

static void learns_nothing_from_requests_without_words_or_of_unlisted_topics(void **state)
{
    struct rig *rig = desk_open();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    register_with(rig, "asphalt", "", 3);
    register_with(rig, "asphalt", "۱۲۳ ۰۹۱۳۱۲۳۴۵۶۷", 3); /* no word in it */
    Intake__RegisterCaseRequest request = desk_request();
    history.occurred_at_us = rig_now_us(rig) - HOUR_US;
    request.history = &history;
    request.topic = "Unheard Of";
    request.words = FOUNTAIN;
    (void)desk_import(rig, &request);
    rig_advance(rig, SECOND_US);
    assert_int_equal(suggest(rig, "آب")->lessons, 0);
    request.topic = "asphalt";
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    (void)desk_import(rig, &request); /* a history with a listed topic is a lesson */
    rig_advance(rig, SECOND_US);
    assert_int_equal(suggest(rig, "آب")->lessons, 1);
    rig_free(rig);
}

/* Without the citizens' keys nothing can be opened, so nothing is learned after the next start. */
static void forgets_with_the_citizens_keys(void **state)
{
    struct rig *rig = desk_open();
    struct store_txn *txn;
    (void)state;
    teach(rig);
    assert_int_equal(store_write_begin(node_store(rig_node(rig)), &txn, NULL), STATUS_OK);
    static struct key keys[KEYS_MAX];
    size_t count = 0;
    struct txn_scan scan;
    struct bytes key, value;
    txn_scan_begin_all(&scan, txn, STORE_KEYS);
    while (count < KEYS_MAX && txn_scan_next(&scan, &key, &value)) {
        keys[count].size = (uint16_t)key.size;
        memcpy(keys[count++].data, key.data, key.size);
    }
    txn_scan_end(&scan);
    assert_in_range(count, 3 * LESSONS, KEYS_MAX - 1);
    for (size_t i = 0; i < count; i++) {
        txn_put(txn, STORE_KEYS, &keys[i], (struct bytes){NULL, 0}); /* as of the forgotten */
    }
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
    rig_restart(rig);
    rig_advance(rig, SECOND_US);
    assert_int_equal(suggest(rig, FOUNTAIN_ASKED)->n_suggestions, 0);
    assert_int_equal(suggest(rig, "آب")->lessons, 0);
    rig_free(rig);
}

/* Else the loop would look at every number up to it, for long or for ever, and serve nobody. */
static void does_not_count_up_to_a_damaged_number(void **state)
{
    static const uint64_t damaged[] = {800000000, UINT64_MAX - 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct rig *rig = desk_open();
        struct store_txn *txn;
        teach(rig);
        assert_int_equal(store_write_begin(node_store(rig_node(rig)), &txn, NULL), STATUS_OK);
        intake_tables_case_put(txn, damaged[i], 1);
        assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
        rig_advance(rig, SECOND_US);
        expect_first(rig, FOUNTAIN_ASKED, "park-furniture");
        if (damaged[i] < CODE_NUMBER_MAX) { /* what comes behind it is learned, too */
            uint64_t lessons = suggest(rig, FOUNTAIN_ASKED)->lessons;
            register_with(rig, "asphalt", "چاله", 1);
            rig_advance(rig, SECOND_US);
            /* The damaged row names a request, and is taken for a lesson as well. */
            assert_int_equal(suggest(rig, FOUNTAIN_ASKED)->lessons, lessons + 2);
        }
        rig_restart(rig);
        rig_advance(rig, SECOND_US);
        expect_first(rig, FOUNTAIN_ASKED, "park-furniture");
        rig_drop(rig);
    }
}

static void refuses_what_it_cannot_read(void **state)
{
    struct rig *rig = desk_open();
    Intake__SuggestTopicsRequest request = INTAKE__SUGGEST_TOPICS_REQUEST__INIT;
    char *longest = desk_repeat("آ", 4001);
    (void)state;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SuggestTopics", &request.base, STATUS_INVALID_ARGUMENT,
                 "words");
    request.words = " \n ";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SuggestTopics", &request.base, STATUS_INVALID_ARGUMENT,
                 "words");
    request.words = longest;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SuggestTopics", &request.base, STATUS_INVALID_ARGUMENT,
                 "words");
    longest[8000] = '\0'; /* 4,000 are taken */
    assert_int_equal(suggest(rig, longest)->n_suggestions, 0);
    request.words = "چاله";
    desk_refuses(rig, RPC_ROLE_OFFICE, "SuggestTopics", &request.base, STATUS_PERMISSION_DENIED,
                 "");
    free(longest);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggests_from_the_pack_on_the_first_day),
        cmocka_unit_test(is_silent_when_it_knows_nothing),
        cmocka_unit_test(learns_from_what_operators_choose),
        cmocka_unit_test(learns_again_after_a_restart),
        cmocka_unit_test(learns_nothing_from_requests_without_words_or_of_unlisted_topics),
        cmocka_unit_test(forgets_with_the_citizens_keys),
        cmocka_unit_test(does_not_count_up_to_a_damaged_number),
        cmocka_unit_test(refuses_what_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
