/*
 * Callers that speak for a unit: no unit sees or touches another's tasks, and only those concerned
 * are woken. The engine is run directly here, because that takes any caller and shows the signals.
 */
#include "services/routing/routing.h"

#include "service/engine.h"
#include "service/event_record.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL_5 "district-5-civil"
#define CIVIL_6 "district-6-civil"

/* Routing in a folder of its own, with task 1 at CIVIL_5 and task 2 at CIVIL_6. */
struct desk {
    char folder[64];
    struct store *store;
    struct city *city;
    struct engine *engine;
    struct arena *arena;
};

static void feed(struct desk *desk, uint64_t number, char *area)
{
    struct buffer packed = BUFFER_EMPTY;
    Common__Place place = COMMON__PLACE__INIT;
    place.area = area;
    Intake__RequestRegistered registered = INTAKE__REQUEST_REGISTERED__INIT;
    registered.number = number;
    registered.topic = (char *)(uintptr_t) "asphalt";
    registered.place = &place;
    Intake__Event open = INTAKE__EVENT__INIT;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    message_pack(&open.base, &packed);
    Common__EventRecord record = COMMON__EVENT_RECORD__INIT;
    record.kind = (uint32_t)open.kind_case;
    record.occurred_at_us = clock_wall_us(clock_system());
    record.open = (ProtobufCBinaryData){packed.size, packed.data};

    struct store_txn *txn;
    const struct log_position position = {.offset = number};
    assert_int_equal(store_write_begin(desk->store, &txn, NULL), STATUS_OK);
    assert_int_equal(engine_run_event(desk->engine, txn, 0, &position, &record, desk->arena, NULL),
                     STATUS_OK);
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
    buffer_fini(&packed);
}

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    assert_non_null(desk);
    snprintf(desk->folder, sizeof(desk->folder), "/tmp/vafa-routing-XXXXXX");
    assert_non_null(mkdtemp(desk->folder));
    const struct store_options store_options = {
        .folder = desk->folder,
        .service = "routing",
        .map_bytes = UINT64_C(1) << 28,
        .no_sync = true,
        .random = random_system(),
    };
    assert_int_equal(store_open(&desk->store, &store_options, NULL), STATUS_OK);
    assert_int_equal(city_load(&desk->city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL),
                     STATUS_OK);
    const struct engine_options options = {
        .def = &routing_service,
        .store = desk->store,
        .city = desk->city,
        .clock = clock_system(),
        .random = random_system(),
    };
    assert_int_equal(engine_new(&desk->engine, &options, NULL), STATUS_OK);
    desk->arena = arena_new(16 * 1024 * 1024);
    feed(desk, 1, (char *)(uintptr_t) "5");
    feed(desk, 2, (char *)(uintptr_t) "6");
    *state = desk;
    return 0;
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    engine_free(desk->engine);
    store_free(desk->store);
    city_free(desk->city);
    arena_free(desk->arena);
    int rc = nftw(desk->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(desk);
    return rc;
}

/* --- calls as a unit's office --- */

static struct rpc_caller office_of(const char *unit)
{
    struct rpc_caller caller = {.name = "desk", .role = RPC_ROLE_OFFICE};
    snprintf(caller.unit, sizeof(caller.unit), "%s", unit);
    return caller;
}

static size_t method_index(const char *name)
{
    for (size_t i = 0; i < routing_service.rpc->n_methods; i++) {
        if (strcmp(routing_service.methods[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("no method %s", name);
    return 0;
}

static enum status run_command(struct desk *desk, const struct rpc_caller *caller, size_t index,
                               const ProtobufCMessage *request)
{
    uint8_t key[UUID_BYTES];
    struct buffer response = BUFFER_EMPTY;
    uuid7_make(random_system(), clock_wall_us(clock_system()), key);
    struct engine_command command = {
        .method = &routing_service.methods[index],
        .response_type = routing_service.rpc->methods[index].output,
        .request = request,
        .key = bytes_of(key, sizeof(key)),
        .caller = caller,
        .arena = desk->arena,
        .response = &response,
    };
    struct store_txn *txn;
    assert_int_equal(store_write_begin(desk->store, &txn, NULL), STATUS_OK);
    enum status status = engine_run_command(desk->engine, txn, &command, NULL);
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
    buffer_fini(&response);
    return status;
}

static enum status run_read(struct desk *desk, const struct rpc_caller *caller, size_t index,
                            const ProtobufCMessage *request)
{
    const ProtobufCMessageDescriptor *type = routing_service.rpc->methods[index].output;
    ProtobufCMessage *response = arena_alloc(desk->arena, type->sizeof_message);
    type->message_init(response);
    struct error err = ERROR_NONE;
    struct read r = {
        .city = desk->city,
        .arena = desk->arena,
        .caller = caller,
        .error = &err,
        .last = true,
        .sees_all = true,
    };
    assert_int_equal(store_read_begin(desk->store, &r.txn, NULL), STATUS_OK);
    enum status status = routing_service.methods[index].read(&r, request, response);
    store_read_end(r.txn);
    return status;
}

static enum status call(struct desk *desk, const char *unit, const char *name,
                        const ProtobufCMessage *request)
{
    struct rpc_caller caller = office_of(unit);
    size_t index = method_index(name);
    const struct service_method *method = &routing_service.methods[index];
    if (method->check != NULL) {
        enum status status = method->check(desk->city, &caller, request, NULL);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return method->kind == METHOD_READ ? run_read(desk, &caller, index, request)
                                       : run_command(desk, &caller, index, request);
}

/* --- tests --- */

static void no_office_sees_another_s_tasks(void **state)
{
    struct desk *desk = *state;
    Routing__FollowTasksRequest follow = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    Routing__ListTasksRequest list = ROUTING__LIST_TASKS_REQUEST__INIT;
    Routing__GetTaskRequest get = ROUTING__GET_TASK_REQUEST__INIT;
    Routing__GetTaskRequest get_case = ROUTING__GET_TASK_REQUEST__INIT;
    follow.unit = (char *)(uintptr_t)CIVIL_5;
    list.unit = (char *)(uintptr_t)CIVIL_5;
    get.task_number = 1;
    get_case.case_number = 1;
    const struct {
        const char *method;
        const ProtobufCMessage *request;
    } calls[] = {
        {"FollowTasks", &follow.base},
        {"ListTasks", &list.base},
        {"GetTask", &get.base},
        {"GetTask", &get_case.base},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        assert_int_equal(call(desk, CIVIL_5, calls[i].method, calls[i].request), STATUS_OK);
        assert_int_equal(call(desk, CIVIL_6, calls[i].method, calls[i].request),
                         STATUS_PERMISSION_DENIED);
    }
}

static void no_office_touches_another_s_tasks(void **state)
{
    struct desk *desk = *state;
    Routing__AcknowledgeTasksRequest acknowledge = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    Routing__AcceptTaskRequest accept = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    Routing__ReportTaskRequest report = ROUTING__REPORT_TASK_REQUEST__INIT;
    Routing__ReturnTaskRequest back = ROUTING__RETURN_TASK_REQUEST__INIT;
    Routing__FinishTaskRequest finish = ROUTING__FINISH_TASK_REQUEST__INIT;
    acknowledge.unit = (char *)(uintptr_t)CIVIL_5;
    acknowledge.sequence = 1;
    accept.task_number = report.task_number = back.task_number = finish.task_number = 1;
    report.note = back.reason = (char *)(uintptr_t) "a word";
    back.to_unit = (char *)(uintptr_t)CIVIL_6;
    const struct {
        const char *method;
        const ProtobufCMessage *request;
    } calls[] = {
        {"AcknowledgeTasks", &acknowledge.base},
        {"AcceptTask", &accept.base},
        {"ReportTask", &report.base},
        {"ReturnTask", &back.base},
        {"FinishTask", &finish.base},
    };
    const size_t returned = 3; /* from then on it is the other's */
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const char *owner = i <= returned ? CIVIL_5 : CIVIL_6;
        const char *other = i <= returned ? CIVIL_6 : CIVIL_5;
        assert_int_equal(call(desk, other, calls[i].method, calls[i].request),
                         STATUS_PERMISSION_DENIED);
        assert_int_equal(call(desk, owner, calls[i].method, calls[i].request), STATUS_OK);
    }
}

static bool is_signalled(const uint64_t *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i] == service_signal_key(name)) {
            return true;
        }
    }
    return false;
}

static void assert_woken(struct desk *desk, bool civil_5, bool civil_6, bool every_unit)
{
    uint64_t keys[SIGNALS_MAX];
    bool all;
    size_t count = engine_take_signals(desk->engine, keys, SIGNALS_MAX, &all);
    assert_false(all);
    assert_int_equal(is_signalled(keys, count, CIVIL_5), civil_5);
    assert_int_equal(is_signalled(keys, count, CIVIL_6), civil_6);
    assert_int_equal(is_signalled(keys, count, "*"), every_unit);
}

static void only_the_offices_concerned_are_woken(void **state)
{
    struct desk *desk = *state;
    Routing__AcceptTaskRequest accept = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    Routing__ReturnTaskRequest back = ROUTING__RETURN_TASK_REQUEST__INIT;
    Routing__AcknowledgeTasksRequest acknowledge = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    accept.task_number = back.task_number = 1;
    back.reason = (char *)(uintptr_t) "a word";
    back.to_unit = (char *)(uintptr_t)CIVIL_6;
    acknowledge.unit = (char *)(uintptr_t)CIVIL_5;
    acknowledge.sequence = 1;
    assert_woken(desk, true, true, true); /* two tasks were routed */
    assert_int_equal(call(desk, CIVIL_5, "AcceptTask", &accept.base), STATUS_OK);
    assert_woken(desk, true, false, true);
    assert_int_equal(call(desk, CIVIL_5, "AcknowledgeTasks", &acknowledge.base), STATUS_OK);
    assert_woken(desk, false, false, false);
    assert_int_equal(call(desk, CIVIL_5, "ReturnTask", &back.base), STATUS_OK);
    assert_woken(desk, true, true, true);
}

/* Whoever follows routing's log need not know of cursors. */
static void followers_may_pass_over_acknowledgements_only(void **state)
{
    struct desk *desk = *state;
    Routing__AcknowledgeTasksRequest acknowledge = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    acknowledge.unit = (char *)(uintptr_t)CIVIL_5;
    acknowledge.sequence = 1;
    assert_int_equal(call(desk, CIVIL_5, "AcknowledgeTasks", &acknowledge.base), STATUS_OK);
    struct store_txn *txn;
    assert_int_equal(store_read_begin(desk->store, &txn, NULL), STATUS_OK);
    for (uint64_t offset = 1; offset <= 3; offset++) {
        struct bytes packed;
        assert_true(log_get(txn, offset, &packed, NULL));
        const Common__EventRecord *record = event_record_unpack(packed, desk->arena, NULL);
        assert_non_null(record);
        assert_int_equal(record->ignorable, offset == 3);
    }
    store_read_end(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_office_sees_another_s_tasks, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(no_office_touches_another_s_tasks, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(only_the_offices_concerned_are_woken, open_desk,
                                        close_desk),
        cmocka_unit_test_setup_teardown(followers_may_pass_over_acknowledgements_only, open_desk,
                                        close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
