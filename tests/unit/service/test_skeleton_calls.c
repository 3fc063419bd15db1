/* What the skeleton does for every method: keys, roles, positions, waits, refusals. */
#include "toy.h"

#include "vafa/health/v1/health.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PARKED_MAX 3 /* of the toy */

static struct toy toy;

static int set_up(void **state)
{
    (void)state;
    toy_init(&toy);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    toy_fini(&toy);
    return 0;
}

static void add(const char *text)
{
    assert_int_equal(toy_add_note(&toy, text, 0, NULL, NULL), STATUS_OK);
}

/* AddNote under this key, begun; `call` is zeroed but for what the test has set. */
static void start_add(struct toy_call *call, const char *text, const void *key, size_t key_size)
{
    Toy__AddNoteRequest request = TOY__ADD_NOTE_REQUEST__INIT;
    request.text = (char *)(uintptr_t)text;
    request.idempotency_key = (ProtobufCBinaryData){key_size, (uint8_t *)(uintptr_t)key};
    toy_start(&toy, call, TOY_ADD_NOTE, &request.base);
}

/* To its end; `err` may be NULL. */
static enum status add_with_key(const char *text, const void *key, size_t key_size,
                                struct error *err)
{
    struct toy_call call = {0};
    start_add(&call, text, key, key_size);
    enum status status = toy_end(&toy, &call);
    if (err != NULL) {
        *err = call.call.error;
    }
    rpc_client_call_fini(&call.call);
    return status;
}

static void start_read(struct toy_call *call, uint64_t known, uint32_t wait_ms, const char *reader)
{
    Toy__ReadNotesRequest request = TOY__READ_NOTES_REQUEST__INIT;
    request.known = known;
    request.wait_ms = wait_ms;
    request.reader = (char *)(uintptr_t)reader;
    toy_start(&toy, call, TOY_READ_NOTES, &request.base);
}

static uint64_t count_in(const struct toy_call *call)
{
    return ((const Toy__ReadNotesResponse *)call->call.response)->count;
}

/* A read at this position and within this deadline; *ret_waited_us: how long it took. */
static enum status read_at(Common__Position *position, uint32_t deadline_ms, int64_t *ret_waited_us,
                           struct error *err)
{
    struct toy_call call = {.call = {.deadline_ms = deadline_ms, .at_least_count = 1}};
    call.call.at_least[0] = position;
    int64_t begun_us = toy.now_us;
    start_read(&call, 0, 0, "");
    enum status status = toy_end(&toy, &call);
    *ret_waited_us = toy.now_us - begun_us;
    *err = call.call.error;
    rpc_client_call_fini(&call.call);
    return status;
}

/* --- what is refused before anything is done --- */

static void refuses_a_role_that_may_not_call_it(void **state)
{
    (void)state;
    uint8_t key[UUID_BYTES];
    struct toy_call call = {.client = toy.leader};
    uuid7_make(random_system(), toy.now_us, key);
    start_add(&call, "a note", key, sizeof key);
    assert_int_equal(toy_end(&toy, &call), STATUS_PERMISSION_DENIED);
    rpc_client_call_fini(&call.call);
    assert_int_equal(toy_notes(&toy), 0);
}

static void refuses_what_its_check_refuses(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(toy_add_note(&toy, "", 0, NULL, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "text");
}

static void refuses_a_change_without_a_key_of_its_caller(void **state)
{
    (void)state;
    struct error err;
    uint8_t key[UUID_BYTES + 1] = {0};
    static const size_t sizes[] = {0, UUID_BYTES - 1, UUID_BYTES + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(add_with_key("a note", key, sizes[i], &err), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "idempotency_key");
    }
    assert_int_equal(add_with_key("a note", key, UUID_BYTES, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "idempotency_key"); /* no UUIDv7 */
    assert_int_equal(toy_notes(&toy), 0);
}

/* --- the same key --- */

static void answers_the_same_to_the_same_key(void **state)
{
    (void)state;
    uint8_t key[UUID_BYTES];
    uint64_t offsets[2];
    uuid7_make(random_system(), toy.now_us, key);
    for (int i = 0; i < 2; i++) {
        struct toy_call call = {0};
        start_add(&call, "a note", key, sizeof key);
        assert_int_equal(toy_end(&toy, &call), STATUS_OK);
        offsets[i] = call.call.position.offset;
        rpc_client_call_fini(&call.call);
        add("another");
        toy_restart(&toy);
    }
    assert_int_equal(offsets[0], 1);
    assert_int_equal(offsets[1], 1); /* where it was done, not where the log is now */
    assert_int_equal(toy_notes(&toy), 1 + 2);
}

static void refuses_a_key_that_was_used_for_something_else(void **state)
{
    (void)state;
    struct error err;
    uint8_t key[UUID_BYTES];
    uuid7_make(random_system(), toy.now_us, key);
    assert_int_equal(add_with_key("a note", key, sizeof key, NULL), STATUS_OK);
    assert_int_equal(add_with_key("another", key, sizeof key, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "idempotency_key");
    assert_int_equal(toy_notes(&toy), 1);
}

static void a_refused_call_leaves_its_key_free(void **state)
{
    (void)state;
    uint8_t key[UUID_BYTES];
    uuid7_make(random_system(), toy.now_us, key);
    assert_int_equal(add_with_key("refuse", key, sizeof key, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(add_with_key("mended", key, sizeof key, NULL), STATUS_OK);
    assert_int_equal(toy_notes(&toy), 1);
}

/* Its answer may have been dropped, so nobody knows whether it was done. */
static void refuses_a_key_older_than_answers_are_kept(void **state)
{
    (void)state;
    uint8_t key[UUID_BYTES];
    uuid7_make(random_system(), toy.now_us, key);
    toy_advance(&toy, 7 * DAY_US + MINUTE_US);
    assert_int_equal(add_with_key("a note", key, sizeof key, NULL), STATUS_FAILED_PRECONDITION);
    uuid7_make(random_system(), toy.now_us + 2 * DAY_US, key);
    assert_int_equal(add_with_key("a note", key, sizeof key, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(toy_notes(&toy), 0);
}

/* --- decisions --- */

static void writes_nothing_of_a_decision_beyond_its_bounds(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(toy_add_note(&toy, "many", 0, NULL, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(toy_notes(&toy), 0);
    assert_int_equal(toy_head(&toy).offset, 0);
    assert_int_equal(toy_trouble(&toy), STATUS_OK);
}

static void adds_to_the_answer_what_is_read_from_the_committed_state(void **state)
{
    (void)state;
    uint64_t count = 0;
    add("a note");
    assert_int_equal(toy_add_note(&toy, "another", 0, &count, NULL), STATUS_OK);
    assert_int_equal(count, 2);
}

static void does_not_begin_a_change_whose_caller_has_gone(void **state)
{
    (void)state;
    bool ended = false;
    uint8_t key[UUID_BYTES];
    Toy__AddNoteRequest request = TOY__ADD_NOTE_REQUEST__INIT;
    uuid7_make(random_system(), toy.now_us, key);
    request.text = "too late";
    request.idempotency_key = (ProtobufCBinaryData){sizeof key, key};
    struct rpc_client_call call = {.service = &toy__toy__descriptor,
                                   .method = TOY_ADD_NOTE,
                                   .request = &request.base,
                                   .done = toy_call_done,
                                   .context = &ended};
    rpc_client_start(toy.front_end, &call);
    assert_true(loop_step(toy.loop)); /* it comes in, and is submitted to the writer */
    assert_int_equal(rpc_router_open_calls(node_router(toy.node)), 1);
    toy_close(&toy.front_end); /* before its turn */
    assert_true(ended);
    rpc_client_call_fini(&call);
    toy_advance(&toy, MINUTE_US);
    assert_int_equal(toy_notes(&toy), 0);
}

static void refuses_changes_on_a_full_disk_and_goes_on_with_room(void **state)
{
    (void)state;
    struct error err;
    add("before");
    toy.full = true;
    assert_int_equal(toy_add_note(&toy, "refused", 0, NULL, &err), STATUS_RESOURCE_EXHAUSTED);
    struct toy_call call = {0};
    start_read(&call, 0, 0, "");
    assert_int_equal(toy_end(&toy, &call), STATUS_OK); /* reads go on */
    assert_int_equal(count_in(&call), 1);
    rpc_client_call_fini(&call.call);
    toy.full = false;
    add("after");
    assert_int_equal(toy_notes(&toy), 2);
}

/* --- positions --- */

/* The toy's own end, or one further on. */
static Common__Position own_position(struct log_position *storage, uint64_t further)
{
    *storage = toy_head(&toy);
    Common__Position position = COMMON__POSITION__INIT;
    position.service = TOY_ID;
    position.offset = storage->offset + further;
    position.log_id = (ProtobufCBinaryData){sizeof storage->log_id, storage->log_id};
    if (further == 0) {
        position.hash = (ProtobufCBinaryData){sizeof storage->hash, storage->hash};
    }
    return position;
}

static void reads_at_once_where_it_has_come_already(void **state)
{
    (void)state;
    int64_t waited_us;
    struct error err;
    struct log_position storage;
    add("a note");
    Common__Position position = own_position(&storage, 0);
    add("another");
    assert_int_equal(read_at(&position, 1000, &waited_us, &err), STATUS_OK);
    assert_int_equal(waited_us, 0);
}

static void waits_for_a_position_within_the_deadline(void **state)
{
    (void)state;
    int64_t waited_us;
    struct error err;
    struct log_position storage;
    add("a note");
    Common__Position position = own_position(&storage, 1);
    assert_int_equal(read_at(&position, 1000, &waited_us, &err), STATUS_DEADLINE_EXCEEDED);
    assert_string_equal(err.field, "at_least");
    assert_in_range(waited_us, 900 * MS_US, 1000 * MS_US);

    struct toy_call call = {.call = {.deadline_ms = 10000, .at_least_count = 1}};
    call.call.at_least[0] = &position;
    start_read(&call, 0, 0, "");
    assert_false(call.ended);
    add("another");
    assert_true(call.ended); /* at once */
    assert_int_equal(count_in(&call), 2);
    rpc_client_call_fini(&call.call);
}

static void waits_until_a_followed_log_is_applied_so_far(void **state)
{
    (void)state;
    Common__Position position = COMMON__POSITION__INIT;
    position.service = TOY_FIRST_LOG;
    position.offset = 1;
    struct toy_call call = {.call = {.deadline_ms = 10000, .at_least_count = 1}};
    call.call.at_least[0] = &position;
    start_read(&call, 0, 0, "");
    assert_false(call.ended);
    (void)toy_log_add(&toy.logs[0], "again");
    toy_advance(&toy, 0);
    assert_true(call.ended);
    assert_int_equal(count_in(&call), 1);
    rpc_client_call_fini(&call.call);
}

static void refuses_positions_of_logs_it_does_not_have(void **state)
{
    (void)state;
    int64_t waited_us;
    struct error err;
    struct log_position storage;
    add("a note");

    Common__Position of_nobody = COMMON__POSITION__INIT;
    of_nobody.service = COMMON__SERVICE_ID__SERVICE_ID_REPORT; /* not followed */
    of_nobody.offset = 1;
    assert_int_equal(read_at(&of_nobody, 1000, &waited_us, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "at_least");

    Common__Position another = own_position(&storage, 0);
    storage.log_id[0] ^= 1;
    assert_int_equal(read_at(&another, 1000, &waited_us, &err), STATUS_DATA_LOSS);

    Common__Position otherwise = own_position(&storage, 0); /* restored, and then went on */
    storage.hash[0] ^= 1;
    assert_int_equal(read_at(&otherwise, 1000, &waited_us, &err), STATUS_DATA_LOSS);
    assert_string_equal(err.field, "at_least");
}

/* --- waits --- */

static void wakes_a_wait_when_something_comes(void **state)
{
    (void)state;
    struct toy_call call = {.call = {.deadline_ms = 60000}};
    start_read(&call, 0, 30000, "");
    assert_false(call.ended);
    toy_advance(&toy, 10 * SECOND_US);
    assert_false(call.ended);
    add("a note");
    assert_true(call.ended);
    assert_int_equal(call.call.error.status, STATUS_OK);
    assert_int_equal(count_in(&call), 1);
    assert_int_equal(call.call.position.offset, 1);
    rpc_client_call_fini(&call.call);
}

static void answers_with_nothing_when_the_wait_is_over(void **state)
{
    (void)state;
    int64_t begun_us = toy.now_us;
    struct toy_call patient = {.call = {.deadline_ms = 60000}};
    start_read(&patient, 0, 5000, "");
    assert_int_equal(toy_end(&toy, &patient), STATUS_OK);
    assert_int_equal(count_in(&patient), 0);
    assert_int_equal(toy.now_us - begun_us, 5 * SECOND_US);
    rpc_client_call_fini(&patient.call);

    begun_us = toy.now_us;
    struct toy_call hurried = {.call = {.deadline_ms = 1000}}; /* its deadline comes first */
    start_read(&hurried, 0, 5000, "");
    assert_int_equal(toy_end(&toy, &hurried), STATUS_OK);
    assert_in_range(toy.now_us - begun_us, 900 * MS_US, 1000 * MS_US);
    rpc_client_call_fini(&hurried.call);
}

static void a_newer_wait_of_the_same_reader_replaces_the_older(void **state)
{
    (void)state;
    struct toy_call calls[3] = {{{0}, NULL, false}};
    start_read(&calls[0], 0, 30000, "office");
    start_read(&calls[1], 0, 30000, "another office");
    calls[2].call.deadline_ms = calls[1].call.deadline_ms = 60000;
    start_read(&calls[2], 0, 30000, "office");
    assert_true(calls[0].ended);
    assert_int_equal(calls[0].call.error.status, STATUS_ABORTED);
    assert_string_equal(calls[0].call.error.field, "reader");
    assert_false(calls[1].ended || calls[2].ended);
    add("a note");
    assert_int_equal(toy_end(&toy, &calls[1]), STATUS_OK);
    assert_int_equal(toy_end(&toy, &calls[2]), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        rpc_client_call_fini(&calls[i].call);
    }
}

static void refuses_one_wait_too_many_until_one_ends(void **state)
{
    (void)state;
    struct toy_call calls[PARKED_MAX + 1] = {{{0}, toy.leader, false}};
    for (int i = 0; i <= PARKED_MAX; i++) {
        calls[i].call.deadline_ms = 60000;
        start_read(&calls[i], 0, 30000, "");
    }
    assert_true(calls[PARKED_MAX].ended);
    assert_int_equal(calls[PARKED_MAX].call.error.status, STATUS_RESOURCE_EXHAUSTED);
    rpc_client_call_fini(&calls[PARKED_MAX].call);

    toy_close(&toy.leader); /* the first one's caller goes */
    assert_int_equal(calls[0].call.error.status, STATUS_CANCELLED);
    rpc_client_call_fini(&calls[0].call);
    toy_advance(&toy, 0);
    calls[PARKED_MAX] = (struct toy_call){.call = {.deadline_ms = 60000}};
    start_read(&calls[PARKED_MAX], 0, 30000, "");
    assert_false(calls[PARKED_MAX].ended); /* it waits in the place of that one */
    add("a note");
    for (int i = 1; i <= PARKED_MAX; i++) {
        assert_int_equal(toy_end(&toy, &calls[i]), STATUS_OK);
        rpc_client_call_fini(&calls[i].call);
    }
}

static void a_stopping_service_ends_waits_and_refuses_calls(void **state)
{
    (void)state;
    struct toy_call waiting = {.call = {.deadline_ms = 60000}};
    start_read(&waiting, 0, 30000, "");
    node_drain(toy.node);
    toy_advance(&toy, 0);
    assert_true(waiting.ended);
    assert_int_equal(waiting.call.error.status, STATUS_UNAVAILABLE); /* a client tries again */
    rpc_client_call_fini(&waiting.call);
    assert_int_equal(toy_add_note(&toy, "too late", 0, NULL, NULL), STATUS_UNAVAILABLE);
}

/* --- health --- */

static void health_tells_what_keeps_it_from_serving_wholly(void **state)
{
    (void)state;
    static const struct {
        bool full, refused;
        Health__ServingState state;
    } cases[] = {
        {false, false, HEALTH__SERVING_STATE__SERVING_STATE_SERVING},
        {true, false, HEALTH__SERVING_STATE__SERVING_STATE_DEGRADED},
        {false, true, HEALTH__SERVING_STATE__SERVING_STATE_DEGRADED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
        struct toy_call call = {0};
        toy.full = cases[i].full;
        if (cases[i].refused) {
            (void)toy_log_add(&toy.logs[0], "refuse");
        }
        toy_advance(&toy, 0);
        toy_start_of(&toy, &call, &health__health__descriptor, 0, &request.base);
        assert_int_equal(toy_end(&toy, &call), STATUS_OK);
        const Health__CheckHealthResponse *health =
            (const Health__CheckHealthResponse *)call.call.response;
        assert_int_equal(health->state, cases[i].state);
        assert_int_equal(health->reason[0] != '\0', cases[i].full || cases[i].refused);
        assert_int_equal(health->n_feeds, 2);
        assert_int_equal(health->feeds[0]->stopped_because[0] != '\0', cases[i].refused);
        assert_string_equal(health->feeds[1]->stopped_because, "");
        rpc_client_call_fini(&call.call);
    }
}

/* --- the description --- */

static void a_description_that_does_not_fit_the_contract_does_not_start(void **state)
{
    (void)state;
    struct error err;
    struct service_def def = toy_def;
    struct service_method methods[] = {toy_methods[TOY_ADD_NOTE], toy_methods[TOY_READ_NOTES]};
    def.methods = methods;
    methods[TOY_READ_NOTES].name = "ReadNote";
    assert_int_equal(toy_try_open(&toy, &def, &err), STATUS_INTERNAL);
    assert_non_null(strstr(err.message, "ReadNotes"));
    methods[TOY_READ_NOTES].name = "ReadNotes";
    methods[TOY_READ_NOTES].kind = METHOD_COMMAND; /* its request bears no key */
    assert_int_equal(toy_try_open(&toy, &def, &err), STATUS_INTERNAL);
    assert_non_null(strstr(err.message, "idempotency_key"));
    methods[TOY_READ_NOTES].kind = METHOD_READ;
    assert_int_equal(toy_try_open(&toy, &def, &err), STATUS_OK);
}

#define ON_A_TOY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TOY(refuses_a_role_that_may_not_call_it),
        ON_A_TOY(refuses_what_its_check_refuses),
        ON_A_TOY(refuses_a_change_without_a_key_of_its_caller),
        ON_A_TOY(answers_the_same_to_the_same_key),
        ON_A_TOY(refuses_a_key_that_was_used_for_something_else),
        ON_A_TOY(a_refused_call_leaves_its_key_free),
        ON_A_TOY(refuses_a_key_older_than_answers_are_kept),
        ON_A_TOY(writes_nothing_of_a_decision_beyond_its_bounds),
        ON_A_TOY(adds_to_the_answer_what_is_read_from_the_committed_state),
        ON_A_TOY(does_not_begin_a_change_whose_caller_has_gone),
        ON_A_TOY(refuses_changes_on_a_full_disk_and_goes_on_with_room),
        ON_A_TOY(reads_at_once_where_it_has_come_already),
        ON_A_TOY(waits_for_a_position_within_the_deadline),
        ON_A_TOY(waits_until_a_followed_log_is_applied_so_far),
        ON_A_TOY(refuses_positions_of_logs_it_does_not_have),
        ON_A_TOY(wakes_a_wait_when_something_comes),
        ON_A_TOY(answers_with_nothing_when_the_wait_is_over),
        ON_A_TOY(a_newer_wait_of_the_same_reader_replaces_the_older),
        ON_A_TOY(refuses_one_wait_too_many_until_one_ends),
        ON_A_TOY(a_stopping_service_ends_waits_and_refuses_calls),
        ON_A_TOY(health_tells_what_keeps_it_from_serving_wholly),
        ON_A_TOY(a_description_that_does_not_fit_the_contract_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
