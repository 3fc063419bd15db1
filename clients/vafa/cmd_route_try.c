/* vafa route try: what other rules would have done with the requests there were. */
#include "base/check.h"
#include "base/message.h"
#include "city/city_find.h"
#include "clients/vafa/cmd_city.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"
#include "service/city_request.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_EVENTS 500
#define EVENT_ARENA_BYTES (8u * 1024 * 1024)
#define CODE_SIZE_SHOWN 16
#define MOVES_MAX 10000 /* kinds of change: nobody reads more */

static const struct option_def options[] = {
    {"since", 0, "TIME", "only requests registered since then, e.g. 1405-09-01 or -30d"},
    {NULL, 0, NULL, NULL},
};

/* Requests that would go elsewhere alike, or be due at another time. Keys are the packs' own; topic is
 * "" for one that neither lists. */
struct move {
    const char *topic, *from, *to;
    uint32_t hours_before, hours_after;
    bool working_before, working_after;
    uint64_t requests;
    char code[CODE_SIZE_SHOWN]; /* of the first of them */
};

struct trial {
    struct session *session;
    const struct city *now;
    const struct city *tried;
    int64_t since_us;
    uint64_t after; /* the last event that was read */
    bool more;
    uint64_t requests, moved, due_otherwise, left_out;
    struct move *moves;
    size_t count, room;
    struct arena *arena;
};

/* --- one request --- */

static int compare_hours(uint32_t hours, bool working, uint32_t other_hours, bool other_working)
{
    return hours != other_hours ? (hours > other_hours) - (hours < other_hours)
                                : working - other_working;
}

static int compare(const struct move *one, const struct move *other)
{
    int order = strcmp(one->topic, other->topic);
    order = order != 0 ? order : strcmp(one->from, other->from);
    order = order != 0 ? order : strcmp(one->to, other->to);
    order = order != 0 ? order
                       : compare_hours(one->hours_before, one->working_before, other->hours_before,
                                       other->working_before);
    return order != 0 ? order
                      : compare_hours(one->hours_after, one->working_after, other->hours_after,
                                      other->working_after);
}

/* What happens most often comes first. */
static int compare_for_people(const void *a, const void *b)
{
    const struct move *one = a;
    const struct move *other = b;
    return one->requests != other->requests ? (one->requests < other->requests ? 1 : -1)
                                            : compare(one, other);
}

static enum status keep(struct trial *trial, const struct move *move, struct error *err)
{
    for (size_t i = 0; i < trial->count; i++) {
        if (compare(&trial->moves[i], move) == 0) {
            trial->moves[i].requests++;
            return STATUS_OK;
        }
    }
    if (trial->count == MOVES_MAX) {
        return error_set(
            err, STATUS_FAILED_PRECONDITION, "since",
            "more than %d kinds of change: give a later --since, or change fewer rules", MOVES_MAX);
    }
    if (trial->count == trial->room) {
        trial->room = trial->room == 0 ? 256 : 2 * trial->room;
        trial->moves = realloc(trial->moves, trial->room * sizeof(*trial->moves));
        CHECK(trial->moves != NULL);
    }
    trial->moves[trial->count++] = *move;
    return STATUS_OK;
}

/* The topic as a pack has it, which outlives the event. */
static const char *topic_of(const struct trial *trial, const char *key)
{
    const struct city_topic *topic = city_topic(trial->tried, key);
    topic = topic != NULL ? topic : city_topic(trial->now, key);
    return topic != NULL ? topic->key : "";
}

static enum status try_request(struct trial *trial, const Intake__RequestRegistered *request,
                               const Common__EventRecord *record, struct error *err)
{
    struct city_route before, after;
    bool historical = record->historical;
    if (request->unit[0] != '\0' || request->incident != 0) {
        trial->left_out++; /* a history's own unit, or another's task: no rule was asked */
        return STATUS_OK;
    }
    struct city_request asked =
        city_request_of(request->topic, request->place, request->urgency, request->answers,
                        request->n_answers, record->occurred_at_us);
    city_route(trial->now, &asked, &before);
    city_route(trial->tried, &asked, &after);
    before.unit = city_unit_in_charge(trial->now, before.unit, record->recorded_at_us);
    after.unit = city_unit_in_charge(trial->tried, after.unit, record->recorded_at_us);
    bool moves = strcmp(before.unit, after.unit) != 0;
    bool due_otherwise = /* a history has its own due dates */
        !historical &&
        compare_hours(before.due_hours, before.working, after.due_hours, after.working) != 0;
    trial->requests++;
    trial->moved += moves;
    trial->due_otherwise += due_otherwise;
    if (!moves && !due_otherwise) {
        return STATUS_OK;
    }
    if (historical) {
        after.due_hours = before.due_hours;
        after.working = before.working;
    }
    struct move move = {
        .topic = topic_of(trial, request->topic),
        .from = before.unit,
        .to = after.unit,
        .hours_before = before.due_hours,
        .hours_after = after.due_hours,
        .working_before = before.working,
        .working_after = after.working,
        .requests = 1,
    };
    if (strlen(request->code) < sizeof(move.code)) { /* else it is none of ours */
        snprintf(move.code, sizeof(move.code), "%s", request->code);
    }
    return keep(trial, &move, err);
}

/* --- the log --- */

static enum status try_event(struct trial *trial, const Eventlog__LoggedEvent *event,
                             struct error *err)
{
    ProtobufCMessage *message;
    const Common__EventRecord *record = event->record;
    if (record == NULL) {
        return session_lacks("record", err);
    }
    if (event->offset <= trial->after) {
        return error_set(err, STATUS_INTERNAL, "offset",
                         "the server's events do not go on behind %" PRIu64, trial->after);
    }
    trial->after = event->offset;
    if (record->kind != INTAKE__EVENT__KIND_REQUEST_REGISTERED ||
        record->occurred_at_us < trial->since_us) {
        return STATUS_OK;
    }
    arena_reset(trial->arena);
    if (message_unpack(&intake__event__descriptor, bytes_of(record->open.data, record->open.len),
                       MESSAGE_UNKNOWN_KEEP, trial->arena, &message, NULL) != STATUS_OK ||
        ((const Intake__Event *)message)->kind_case != INTAKE__EVENT__KIND_REQUEST_REGISTERED) {
        return error_set(err, STATUS_DATA_LOSS, "event",
                         "intake's event %" PRIu64 " cannot be read", event->offset);
    }
    return try_request(trial, ((const Intake__Event *)message)->request_registered, record, err);
}

static enum status try_page(struct trial *trial, struct error *err)
{
    Common__Position position = COMMON__POSITION__INIT;
    Eventlog__ReadEventsRequest request = EVENTLOG__READ_EVENTS_REQUEST__INIT;
    struct vafa_call call = {.to = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                             .service = &eventlog__event_log__descriptor,
                             .method = "ReadEvents",
                             .request = &request.base};
    position.service = COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
    position.offset = trial->after;
    request.after = trial->after > 0 ? &position : NULL;
    request.events_max = PAGE_EVENTS;
    enum status status = session_call(trial->session, &call, err);
    if (status == STATUS_OK) {
        const Eventlog__ReadEventsResponse *page =
            (const Eventlog__ReadEventsResponse *)call.response;
        for (size_t i = 0; i < page->n_events && status == STATUS_OK; i++) {
            status = try_event(trial, page->events[i], err);
        }
        trial->more = page->n_events > 0;
        session_end_in(trial->session, trial->session->timeout_ms); /* the next page's time */
    }
    vafa_call_fini(&call);
    return status;
}

static enum status try_all(struct trial *trial, struct error *err)
{
    enum status status = STATUS_OK;
    trial->arena = arena_new(EVENT_ARENA_BYTES);
    trial->more = true;
    while (status == STATUS_OK && trial->more) {
        status = try_page(trial, err);
        output_progress("%" PRIu64 " …", trial->after);
    }
    output_progress_end();
    arena_free(trial->arena);
    return status;
}

/* --- what would be otherwise --- */

/* Of the new pack, else of the one in use; the rest has one name. */
static const char *topic_name(const struct trial *trial, const char *key)
{
    const struct city_topic *topic = city_topic(trial->tried, key);
    topic = topic != NULL ? topic : city_topic(trial->now, key);
    const char *language = session_language(trial->session);
    bool is_fa = strcmp(language, "fa") == 0;
    return topic == NULL ? label_word("unlisted", language)
           : is_fa       ? topic->name_fa
                         : topic->name_en;
}

static const char *unit_name(const struct trial *trial, const char *key)
{
    const struct city_unit *unit = city_unit(trial->tried, key);
    unit = unit != NULL ? unit : city_unit(trial->now, key);
    bool is_fa = strcmp(session_language(trial->session), "fa") == 0;
    return unit == NULL ? key : is_fa ? unit->name_fa : unit->name_en;
}

/* Whether they are working hours is told where that changes. */
static void due_cell(const struct trial *trial, const struct move *move, struct table *table)
{
    const char *language = session_language(trial->session);
    const char *kinds[] = {label_word("all_hours", language),
                           label_word("working_hours", language)};
    if (move->working_before == move->working_after) {
        table_cell_format(table, "%" PRIu32 " → %" PRIu32, move->hours_before, move->hours_after);
        return;
    }
    table_cell_format(table, "%" PRIu32 " %s → %" PRIu32 " %s", move->hours_before,
                      kinds[move->working_before], move->hours_after, kinds[move->working_after]);
}

static void print_table(const struct trial *trial)
{
    const char *language = session_language(trial->session);
    static const char *const heads[] = {"requests",   "topic",     "unit_before",
                                        "unit_after", "due_hours", "example"};
    struct table *table = table_new(6);
    table_align_right(table, 0);
    for (size_t i = 0; i < 6; i++) {
        table_head(table, i, label_word(heads[i], language));
    }
    for (size_t i = 0; i < trial->count; i++) {
        const struct move *move = &trial->moves[i];
        table_cell_format(table, "%" PRIu64, move->requests);
        table_cell(table, topic_name(trial, move->topic));
        table_cell(table, unit_name(trial, move->from));
        table_cell(table, strcmp(move->from, move->to) == 0 ? "=" : unit_name(trial, move->to));
        due_cell(trial, move, table);
        table_cell(table, move->code);
    }
    table_print(table, stdout);
    table_free(table);
    putchar('\n');
}

static void print_moves(const struct trial *trial)
{
    const char *language = session_language(trial->session);
    if (trial->count > 0) {
        print_table(trial);
    }
    struct table *table = table_new(2);
    table_align_right(table, 1);
    table_cell(table, label_word("requests", language));
    table_cell_format(table, "%" PRIu64, trial->requests);
    table_cell(table, label_word("would_move", language));
    table_cell_format(table, "%" PRIu64, trial->moved);
    table_cell(table, label_word("due_otherwise", language));
    table_cell_format(table, "%" PRIu64, trial->due_otherwise);
    table_cell(table, label_word("without_rule", language));
    table_cell_format(table, "%" PRIu64, trial->left_out);
    table_print(table, stdout);
    table_free(table);
}

static json_t *move_json(const struct move *move)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:b, s:I, s:b, s:s}", "requests",
                     (json_int_t)move->requests, "topic", move->topic, "unit_before", move->from,
                     "unit_after", move->to, "due_hours_before", (json_int_t)move->hours_before,
                     "working_before", (int)move->working_before, "due_hours_after",
                     (json_int_t)move->hours_after, "working_after", (int)move->working_after,
                     "example", move->code);
}

static void print_moves_json(const struct trial *trial)
{
    json_t *moves = json_array();
    for (size_t i = 0; i < trial->count; i++) {
        (void)json_array_append_new(moves, move_json(&trial->moves[i]));
    }
    json_t *json =
        json_pack("{s:I, s:I, s:I, s:I, s:o}", "requests", (json_int_t)trial->requests, "moved",
                  (json_int_t)trial->moved, "due_otherwise", (json_int_t)trial->due_otherwise,
                  "without_rule", (json_int_t)trial->left_out, "moves", moves);
    output_json(json);
    json_decref(json);
}

/* --- the command --- */

static enum status load_tried(struct session *session, struct city **ret_city, struct error *err)
{
    char folder[CITY_FOLDER_SIZE];
    enum status status = cmd_city_folder(session->args.arguments[0], folder, err);
    return status == STATUS_OK ? city_load(ret_city, folder, err) : status;
}

static int run_try(struct session *session)
{
    struct error err = ERROR_NONE;
    struct city *tried = NULL;
    struct trial trial = {.session = session};
    trial.now = session_city(session, &err);
    if (trial.now == NULL) {
        return output_error(&err);
    }
    if (session_read_time(session, "since", 0, &trial.since_us, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    enum status status = load_tried(session, &tried, &err);
    if (status == STATUS_OK) {
        trial.tried = tried;
        status = try_all(&trial, &err);
    }
    if (status == STATUS_OK) {
        if (trial.count > 0) {
            qsort(trial.moves, trial.count, sizeof(*trial.moves), compare_for_people);
        }
        if (session->json) {
            print_moves_json(&trial);
        } else {
            print_moves(&trial);
        }
    }
    free(trial.moves);
    city_free(tried);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_route_try = {
    .name = "route try",
    .arguments = "DIR",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what another pack's rules would have done with the requests there were",
    .help =
        "Reads intake's log and routes each request twice, by the pack in use (or --city) and by "
        "the "
        "pack in DIR, and shows what would go to another unit or have other due hours, alike ones "
        "in "
        "one row with the code of the first. Nothing is changed.\n"
        "Each is taken as it was registered. Left out, and counted: what a history had a unit for, "
        "and what was joined to another at once. No rule was asked for those.\n"
        "DIR may also be the name of an installed pack. Before this: `vafa city check DIR`.\n"
        "JSON: "
        "{\"requests\":N,\"moved\":N,\"due_otherwise\":N,\"without_rule\":N,\"moves\":[{…}…]}; "
        "topic is \"\" for those in neither pack.",
    .examples = "vafa route try ./my-city --since -30d\nvafa route try ./my-city --json",
    .options = options,
    .role = RPC_ROLE_ADMIN,
    .run = run_try,
};
