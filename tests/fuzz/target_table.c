/*
 * Rows of the five services' tables, as a damaged disk may have them, read by the services
 * themselves: whatever lies in the tables, a call, a timer or an event ends well or with a refusal
 * that can be sent.
 *
 * The first line is the service's name. What follows are choices: rows with their keys and records,
 * events of the own log, then what is done with them.
 */
#include "service/engine.h"
#include "service/node_internal.h"
#include "services/feedback/feedback_tables.h"
#include "services/followup/followup_tables.h"
#include "services/intake/intake_tables.h"
#include "services/report/report_tables.h"
#include "services/report/report_tables_surges.h"
#include "services/routing/routing_tables.h"
#include "tests/fuzz/fuzz_contract.h"
#include "tests/fuzz/fuzz_store.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

#define OPERATIONS 3
#define NUMBERS 6 /* of requests, tasks, calls and offsets that rows and requests name */
#define UNIT "district-5"

/* --- the tables --- */

struct table {
    const char *service;
    enum store_space space;
    uint8_t class;
    const char *key;                          /* its parts: q u64, i i64, h i32, b u8, t text */
    const ProtobufCMessageDescriptor *record; /* NULL: no message */
};

static const struct table tables[] = {
    {"intake", STORE_STATE, INTAKE_CLASS_CASE, "q", &intake__case_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_CITIZEN_CASE, "qq", NULL},
    {"intake", STORE_STATE, INTAKE_CLASS_EXTERNAL, "tt", &intake__external_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_LOOK, "qq", &intake__look_record__descriptor},
    {"intake", STORE_VIEW, INTAKE_CLASS_LOOK_ELSEWHERE, "qq", &intake__look_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_CALL, "q", &intake__call_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_CASE_CHANGES, "q",
     &intake__case_changes_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_CASE_STORY, "qbq", &intake__timeline_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_LOOKUP, "q", &intake__look_up_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_LOOKUP_UNTIL, "iq", NULL},
    {"intake", STORE_STATE, INTAKE_CLASS_LOOKUP_COUNT, "",
     &intake__look_up_count_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_STORM, "bq", &intake__storm_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_STORM, "b", &intake__running_storms_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_STORM, "bqq", NULL},
    {"intake", STORE_STATE, STORE_CLASS_TIMER, "ibq", NULL},
    {"intake", STORE_STATE, STORE_CLASS_TIMER_OF, "bq", NULL},
    {"intake", STORE_VIEW, INTAKE_CLASS_TIMELINE, "qbq", &intake__timeline_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_HEAD, "q", &intake__head_record__descriptor},
    {"intake", STORE_STATE, INTAKE_CLASS_MEMBER, "qq", NULL},
    {"intake", STORE_STATE, INTAKE_CLASS_JOINED, "q", &intake__joined_record__descriptor},
    {"intake", STORE_VIEW, INTAKE_CLASS_OPEN, "tbqq", &intake__spot_record__descriptor},
    {"intake", STORE_VIEW, INTAKE_CLASS_INCIDENT, "q", &intake__incident_record__descriptor},
    {"intake", STORE_KEYS, 1, "q", NULL},
    {"routing", STORE_STATE, ROUTING_CLASS_TASK, "q", &routing__task_record__descriptor},
    {"routing", STORE_STATE, ROUTING_CLASS_CASE, "q", &routing__case_record__descriptor},
    {"routing", STORE_STATE, ROUTING_CLASS_UNIT, "tbq", NULL},
    {"routing", STORE_STATE, ROUTING_CLASS_FEED, "tq", NULL},
    {"routing", STORE_STATE, ROUTING_CLASS_OFFICE, "t", &routing__office_record__descriptor},
    {"routing", STORE_STATE, ROUTING_CLASS_INCIDENT, "qq", &routing__joined_record__descriptor},
    {"routing", STORE_STATE, ROUTING_CLASS_RUNNING, "q", &routing__running_record__descriptor},
    {"routing", STORE_STATE, ROUTING_CLASS_STORM, "q", &routing__storm_record__descriptor},
    {"routing", STORE_STATE, STORE_CLASS_TIMER, "ibq", NULL},
    {"routing", STORE_STATE, STORE_CLASS_TIMER_OF, "bq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_CALL, "q", &followup__call_record__descriptor},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_QUEUE, "iq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_STATE, "bq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_TASK, "qq", &followup__task_record__descriptor},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_OPEN_OF, "qq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_FORGOTTEN, "q", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_SESSION, "q", &followup__session_record__descriptor},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_SESSION_OF, "tq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_SESSION_STATE, "bq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_WATCH, "tq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_SHOWN, "qq", &followup__shown_record__descriptor},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_URGENT, "q", &followup__urgent_record__descriptor},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_URGENT_OPEN, "tbq", NULL},
    {"followup", STORE_STATE, FOLLOWUP_CLASS_URGENT_DESK, "ttq", NULL},
    {"followup", STORE_STATE, STORE_CLASS_TIMER, "ibq", NULL},
    {"followup", STORE_STATE, STORE_CLASS_TIMER_OF, "bq", NULL},
    {"followup", STORE_KEYS, 1, "q", NULL},
    {"feedback", STORE_STATE, FEEDBACK_CLASS_ANSWER, "qq", &feedback__answer_record__descriptor},
    {"feedback", STORE_STATE, FEEDBACK_CLASS_RATE, "t", &feedback__rate_record__descriptor},
    {"report", STORE_VIEW, REPORT_CLASS_CASE, "q", &report__case_row__descriptor},
    {"report", STORE_VIEW, REPORT_CLASS_CELL, "htttb", NULL},
    {"report", STORE_STATE, REPORT_CLASS_SURGE, "q", &report__surge_record__descriptor},
    {"report", STORE_STATE, REPORT_CLASS_SURGE_OPEN, "tt", &report__open_surge_record__descriptor},
    {"report", STORE_STATE, STORE_CLASS_TIMER, "ibq", NULL},
    {"report", STORE_STATE, STORE_CLASS_TIMER_OF, "bq", NULL},
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static const struct table *choose_table(struct fuzz_input *in, const struct service_def *def)
{
    const struct table *own[TABLES];
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++) {
        if (strcmp(tables[i].service, def->name) == 0) {
            own[count++] = &tables[i];
        }
    }
    CHECK(count > 0);
    return own[fuzz_below(in, count)];
}

/* --- a running service, without its threads --- */

struct stage {
    const struct service_def *def;
    struct store *store;
    struct keyring *keyring;
    struct engine *engine;
    void *memory;      /* it has learned nothing; NULL: the service has none */
    uint8_t operation; /* of the input: each command has a key of its own */
};

static const struct city *isfahan(void)
{
    static struct city *city;
    if (city == NULL) {
        PROPERTY(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL) == STATUS_OK,
                 "the shipped pack is good");
    }
    return city;
}

static struct stage *stage_of(struct bytes name)
{
    static struct stage stages[FUZZ_SERVICES];
    size_t i = name.size % FUZZ_SERVICES;
    for (size_t known = 0; known < FUZZ_SERVICES; known++) {
        if (bytes_equal(name, bytes_of_text(fuzz_services[known]->name))) {
            i = known;
        }
    }
    struct stage *stage = &stages[i];
    if (stage->def == NULL) {
        stage->def = fuzz_services[i];
        stage->store = fuzz_store(stage->def->name);
        stage->keyring = stage->def->holds_words ? fuzz_keyring(stage->store) : NULL;
        const struct engine_options options = {
            .def = stage->def,
            .store = stage->store,
            .city = isfahan(),
            .keyring = stage->keyring,
            .clock = fuzz_clock(),
            .random = fuzz_random(),
        };
        PROPERTY(engine_new(&stage->engine, &options, NULL) == STATUS_OK, "an engine is made");
        stage->memory = stage->def->memory != NULL ? stage->def->memory->make(isfahan()) : NULL;
    }
    return stage;
}

/* --- rows --- */

static uint64_t make_number(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return how < 0xE0 ? how % NUMBERS : fuzz_u64(in);
}

static void make_key(struct fuzz_input *in, const struct table *table, struct key *key)
{
    key_begin(key, table->class);
    for (const char *part = table->key; *part != '\0'; part++) {
        switch (*part) {
        case 'q': key_add_u64(key, make_number(in)); break;
        case 'i': key_add_i64(key, (int64_t)(FUZZ_NOW_US - make_number(in))); break;
        case 'h':
            key_add_i32(key, (int32_t)(FUZZ_NOW_US / (uint64_t)HOUR_US - make_number(in)));
            break;
        case 'b': key_add_u8(key, (uint8_t)make_number(in)); break;
        default:
            key_add_text(key,
                         fuzz_bool(in) ? UNIT : fuzz_utf8_of(in, fuzz_take(in, fuzz_u8(in) % 16)));
        }
    }
}

/* Cut, or longer than it should be. */
static void spoil_key(struct fuzz_input *in, struct key *key)
{
    key->size = (uint16_t)(1 + fuzz_below(in, key->size));
    struct bytes more = fuzz_take(in, fuzz_u8(in) % 16);
    if (more.size > 0) {
        key_add_bytes(key, more.data, more.size);
    }
}

static void put_row(struct fuzz_input *in, struct store_txn *txn, const struct service_def *def)
{
    const struct table *table = choose_table(in, def);
    struct key key;
    struct buffer value = BUFFER_EMPTY;
    uint8_t how = fuzz_u8(in);
    make_key(in, table, &key);
    if (how >= 0xE0) {
        spoil_key(in, &key);
    }
    if (table->record != NULL && how % 8 != 7) {
        message_pack(fuzz_message(in, table->record), &value);
    } else {
        struct bytes taken = fuzz_take(in, fuzz_u8(in) % 64);
        buffer_append_bytes(&value, taken);
    }
    if (how % 8 == 6 && value.size > 0) {
        value.data[fuzz_u32(in) % value.size] ^= (uint8_t)(fuzz_u8(in) | 1);
    }
    if (!key.overflow) {
        txn_put(txn, table->space, &key, buffer_bytes(&value));
    }
    buffer_fini(&value);
}

/* The kind is where the quantifier of an event's oneof points. */
static uint32_t kind_of(const ProtobufCMessage *event)
{
    uint32_t kind;
    memcpy(&kind, (const uint8_t *)event + event->descriptor->fields[0].quantifier_offset,
           sizeof(kind));
    return kind;
}

static Common__EventRecord *make_record(struct fuzz_input *in,
                                        const ProtobufCMessageDescriptor *type)
{
    Common__EventRecord *record =
        (Common__EventRecord *)fuzz_message(in, &common__event_record__descriptor);
    const ProtobufCMessage *event = fuzz_message(in, type);
    struct buffer open = BUFFER_EMPTY;
    message_pack(event, &open);
    record->kind = kind_of(event);
    record->open.len = open.size;
    record->open.data = fuzz_alloc(in, open.size);
    if (open.size > 0) {
        memcpy(record->open.data, open.data, open.size);
    }
    buffer_fini(&open);
    return record;
}

static void append_event(struct fuzz_input *in, struct store_txn *txn,
                         const struct service_def *def)
{
    struct buffer packed = BUFFER_EMPTY;
    struct log_position position;
    if (fuzz_u8(in) < 0xE0) {
        message_pack(&make_record(in, def->event_type)->base, &packed);
    } else {
        buffer_append_bytes(&packed, fuzz_take(in, fuzz_u8(in)));
    }
    log_append(txn, buffer_bytes(&packed), &position);
    buffer_fini(&packed);
}

/* --- what is done with them --- */

static enum status failure_of(struct store_txn *txn, enum status status, struct error *err)
{
    return txn_error(txn, NULL) != STATUS_OK ? txn_error(txn, err) : status;
}

/* There is no call whose caller could go: the input says whether one has (CMakeLists.txt, --wrap). */
static bool caller_is_gone;
bool __wrap_rpc_call_gone(const struct rpc_call *call); /* NOLINT: the linker's name */

bool __wrap_rpc_call_gone(const struct rpc_call *call) /* NOLINT */
{
    CHECK(call == NULL);
    return caller_is_gone;
}

static enum status run_read(struct stage *stage, struct store_txn *txn, struct fuzz_input *in,
                            const struct service_method *method, struct read *r,
                            const ProtobufCMessage *request, ProtobufCMessage *response)
{
    static struct node node;
    struct read_wait wait = {.node = &node};
    node.def = stage->def;
    r->txn = txn;
    r->city = isfahan();
    r->keyring = stage->keyring;
    r->memory = stage->memory;
    r->last = fuzz_bool(in);
    caller_is_gone = fuzz_u8(in) == 0xff;
    r->wait = &wait;
    return failure_of(txn, method->read(r, request, response), r->error);
}

static enum status run_command(struct stage *stage, struct store_txn *txn,
                               const struct service_method *method, const struct read *r,
                               const ProtobufCMessage *request,
                               const ProtobufCMessageDescriptor *type, ProtobufCMessage **response)
{
    uint8_t key[UUID_BYTES];
    struct buffer packed = BUFFER_EMPTY;
    uuid7_make(fuzz_random(), (int64_t)FUZZ_NOW_US, key);
    key[UUID_BYTES - 1] = stage->operation;
    struct engine_command command = {
        .method = method,
        .response_type = type,
        .request = request,
        .key = bytes_of(key, sizeof(key)),
        .caller = r->caller,
        .arena = r->arena,
        .response = &packed,
    };
    enum status status = engine_run_command(stage->engine, txn, &command, r->error);
    if (status == STATUS_OK) {
        PROPERTY(message_unpack(type, buffer_bytes(&packed), MESSAGE_UNKNOWN_REFUSE, r->arena,
                                response, NULL) == STATUS_OK,
                 "an answer can be read");
    }
    buffer_fini(&packed);
    return status;
}

/* A code that the store itself gave. */
static void give_code(struct fuzz_input *in, struct store_txn *txn, ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field =
        message_field(request->descriptor, "code", PROTOBUF_C_TYPE_STRING);
    if (field != NULL && fuzz_u8(in) < 0xE0) {
        char *code = fuzz_alloc(in, CODE_SIZE);
        intake_tables_code(txn, fuzz_u8(in) % NUMBERS, code);
        memcpy((uint8_t *)request + field->offset, &code, sizeof(code));
    }
}

static enum rpc_role role_for(const struct service_method *method)
{
    enum rpc_role role = RPC_ROLE_ADMIN;
    while (role > RPC_ROLE_NONE && method->roles != 0 && (method->roles & ROLE_BIT(role)) == 0) {
        role--;
    }
    return role;
}

static enum status call(struct stage *stage, struct store_txn *txn, struct fuzz_input *in,
                        struct arena *arena, struct error *err)
{
    unsigned number = (unsigned)fuzz_below(in, stage->def->rpc->n_methods);
    const struct service_method *method = &stage->def->methods[number];
    const ProtobufCMethodDescriptor *types = &stage->def->rpc->methods[number];
    struct rpc_caller caller = {.name = "fuzz", .unit = UNIT, .role = role_for(method)};
    ProtobufCMessage *request = fuzz_message(in, types->input);
    give_code(in, txn, request);
    if (method->check != NULL) {
        enum status status = method->check(isfahan(), &caller, request, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    ProtobufCMessage *response = arena_alloc(arena, types->output->sizeof_message);
    CHECK(response != NULL);
    types->output->message_init(response);
    struct read r = {.arena = arena, .caller = &caller, .error = err};
    enum status status =
        method->kind == METHOD_READ
            ? run_read(stage, txn, in, method, &r, request, response)
            : run_command(stage, txn, method, &r, request, types->output, &response);
    if (status == STATUS_OK) {
        fuzz_check_message(response);
    }
    return status;
}

static enum status fire_timer(struct stage *stage, struct store_txn *txn, struct arena *arena,
                              struct error *err)
{
    struct timer timer;
    if (stage->def->timer == NULL || !timer_first(txn, &timer)) {
        return txn_error(txn, err);
    }
    return engine_run_timer(stage->engine, txn, &timer, arena, err);
}

static enum status follow(struct stage *stage, struct store_txn *txn, struct fuzz_input *in,
                          struct arena *arena, struct error *err)
{
    if (stage->def->feed_count == 0) {
        return STATUS_OK;
    }
    size_t feed = fuzz_below(in, stage->def->feed_count);
    const Common__EventRecord *record = make_record(in, stage->def->feeds[feed].event_type);
    struct log_position position = {.offset = make_number(in)};
    return engine_run_event(stage->engine, txn, feed, &position, record, arena, err);
}

static enum status operate(struct stage *stage, struct store_txn *txn, struct fuzz_input *in,
                           struct arena *arena, struct error *err)
{
    switch (fuzz_below(in, 8)) {
    case 0: return fire_timer(stage, txn, arena, err);
    case 1:
    case 2: return follow(stage, txn, in, arena, err);
    default: return call(stage, txn, in, arena, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct store_txn *txn = NULL;
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    fuzz_begin(&in, data, size);
    struct stage *stage = stage_of(fuzz_line(&in));
    CHECK(store_write_begin(stage->store, &txn, NULL) == STATUS_OK);
    if (stage->keyring != NULL) {
        (void)fuzz_citizen(txn, stage->keyring, 1, "+989131234567");
    }
    for (size_t rows = fuzz_below(&in, 12); rows > 0; rows--) {
        put_row(&in, txn, stage->def);
    }
    for (size_t events = fuzz_below(&in, 4); events > 0; events--) {
        append_event(&in, txn, stage->def);
    }
    for (uint8_t i = 0; i < OPERATIONS && txn_error(txn, NULL) == STATUS_OK; i++) {
        struct error err = ERROR_NONE;
        stage->operation = i;
        if (operate(stage, txn, &in, arena, &err) != STATUS_OK) {
            fuzz_check_refusal(err.status, &err);
        }
    }
    store_write_abort(txn);
    arena_free(arena);
    fuzz_end(&in);
    return 0;
}
