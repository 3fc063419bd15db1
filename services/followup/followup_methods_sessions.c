/* Sessions: what is refused without the tables, which there are, and what each is shown. */
#include "services/followup/followup_internal.h"
#include "services/followup/followup_rules.h"
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "base/plant.h"
#include "text/utf8.h"

#include <inttypes.h>

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

static enum status check_at_most(uint32_t value, uint32_t max, const char *field, struct error *err)
{
    return value <= max ? STATUS_OK
                        : error_set(err, STATUS_INVALID_ARGUMENT, field, "at most %" PRIu32, max);
}

/* The session, when it is of the caller's unit. */
static enum status find_session(struct read *r, uint64_t number, Followup__Session **ret_session)
{
    Followup__Session *session = followup_tables_session(r->txn, number, r->arena);
    if (session == NULL) {
        enum status status = txn_error(r->txn, r->error);
        return status != STATUS_OK ? status
                                   : read_refuse(r, STATUS_NOT_FOUND, "session_number",
                                                 "there is no session %" PRIu64, number);
    }
    enum status status = followup_rules_check_speaks(r->caller, session->unit, r->error);
    if (status == STATUS_OK) {
        *ret_session = session;
    }
    return status;
}

enum status followup_check_open_session(const struct city *city, const struct rpc_caller *caller,
                                        const ProtobufCMessage *message, struct error *err)
{
    return followup_rules_check_open(city, caller, (const Followup__OpenSessionRequest *)message,
                                     err);
}

enum status followup_read_session(struct read *r, const ProtobufCMessage *message,
                                  ProtobufCMessage *reply)
{
    const Followup__GetSessionRequest *request = (const Followup__GetSessionRequest *)message;
    return find_session(r, request->session_number,
                        &((Followup__GetSessionResponse *)reply)->session);
}

/* --- ListSessions --- */

enum status followup_check_list_sessions(const struct city *city, const struct rpc_caller *caller,
                                         const ProtobufCMessage *message, struct error *err)
{
    const Followup__ListSessionsRequest *request = (const Followup__ListSessionsRequest *)message;
    (void)city;
    if (request->state < FOLLOWUP__SESSION_STATE__SESSION_STATE_UNSPECIFIED ||
        request->state > FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "state", "%d is no state of a session",
                         (int)request->state);
    }
    enum status status = request->unit[0] == '\0'
                             ? STATUS_OK
                             : text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
    if (status == STATUS_OK) {
        status = followup_rules_check_speaks(caller, request->unit, err);
    }
    return status == STATUS_OK
               ? check_at_most(request->page_size, FOLLOWUP_PAGE_SIZE_MAX, "page_size", err)
               : status;
}

static void without_units(Followup__Session *session)
{
    session->n_units = 0;
    session->units = NULL;
}

static bool is_wanted(const Followup__ListSessionsRequest *request,
                      const Followup__Session *session)
{
    return request->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_UNSPECIFIED ||
           request->state == session->state || PLANTED("sessions_of_any_state");
}

/* Puts the session on the page if it is wanted. Its record is large, so it is read into an arena of its own. */
static enum status add_session(struct read *r, const Followup__ListSessionsRequest *request,
                               uint64_t number, struct arena *scratch,
                               Followup__ListSessionsResponse *response)
{
    arena_reset(scratch);
    Followup__Session *session = followup_tables_session(r->txn, number, scratch);
    if (session == NULL) {
        enum status status = txn_error(r->txn, r->error);
        return status != STATUS_OK ? status
                                   : read_refuse(r, STATUS_DATA_LOSS, NULL,
                                                 "session %" PRIu64 " is missing", number);
    }
    if (!is_wanted(request, session)) {
        return STATUS_OK;
    }
    without_units(session);
    struct buffer packed = BUFFER_EMPTY;
    ProtobufCMessage *copy = NULL;
    message_pack(&session->base, &packed);
    enum status status = message_unpack(&followup__session__descriptor, buffer_bytes(&packed),
                                        MESSAGE_UNKNOWN_KEEP, r->arena, &copy, r->error);
    buffer_fini(&packed);
    if (status == STATUS_OK) {
        response->sessions[response->n_sessions++] = (Followup__Session *)copy;
    }
    return status;
}

enum status followup_read_sessions(struct read *r, const ProtobufCMessage *message,
                                   ProtobufCMessage *reply)
{
    const Followup__ListSessionsRequest *request = (const Followup__ListSessionsRequest *)message;
    Followup__ListSessionsResponse *response = (Followup__ListSessionsResponse *)reply;
    size_t page = request->page_size != 0 ? request->page_size : FOLLOWUP_PAGE_SIZE_DEFAULT;
    uint64_t *numbers = arena_alloc(r->arena, FOLLOWUP_SESSIONS_LOOK_MAX * sizeof(*numbers));
    response->sessions = arena_alloc(r->arena, page * sizeof(*response->sessions));
    if (numbers == NULL || response->sessions == NULL) {
        return refuse_memory(r);
    }
    size_t found =
        followup_tables_sessions(r->txn, request->unit, request->state, request->page_token,
                                 numbers, FOLLOWUP_SESSIONS_LOOK_MAX);
    struct arena *scratch = arena_new(RPC_MESSAGE_BYTES_MAX);
    enum status status = STATUS_OK;
    size_t at = 0;
    while (status == STATUS_OK && at < found && response->n_sessions < page) {
        status = read_wanted(r);
        if (status == STATUS_OK) {
            status = add_session(r, request, numbers[at++], scratch, response);
        }
    }
    arena_free(scratch);
    bool more = at < found || found == FOLLOWUP_SESSIONS_LOOK_MAX;
    response->next_page_token = status == STATUS_OK && more ? numbers[at - 1] : 0;
    return status == STATUS_OK ? txn_error(r->txn, r->error) : status;
}

/* --- FollowSession --- */

enum status followup_check_follow_session(const struct city *city, const struct rpc_caller *caller,
                                          const ProtobufCMessage *message, struct error *err)
{
    const Followup__FollowSessionRequest *request = (const Followup__FollowSessionRequest *)message;
    (void)city;
    (void)caller;
    enum status status =
        check_at_most(request->changes_max, FOLLOWUP_CHANGES_MAX, "changes_max", err);
    if (status == STATUS_OK) {
        status = check_at_most(request->wait_ms, FOLLOWUP_WAIT_MS_MAX, "wait_ms", err);
    }
    return status == STATUS_OK ? text_check(request->reader, FOLLOWUP_READER_MAX, "reader", err)
                               : status;
}

bool followup_waits_for_session(const ProtobufCMessage *message)
{
    const Followup__FollowSessionRequest *request = (const Followup__FollowSessionRequest *)message;
    return request->wait_ms > 0 && request->after > 0;
}

/* What a session is told of a task: all of it while one of its units has it; afterwards only which it is, and where. */
static void tell_only_where(Followup__UrgentTask *task)
{
    const Followup__UrgentTask known = *task;
    followup__urgent_task__init(task);
    task->task_number = known.task_number;
    task->case_number = known.case_number;
    task->code = known.code;
    task->topic = known.topic;
    task->unit = known.unit;
}

static enum status tell_task(struct read *r, const Followup__Session *session, uint64_t number,
                             Followup__UrgentTask **ret_task)
{
    Followup__UrgentTask *task = followup_tables_urgent(r->txn, number, r->arena);
    if (task == NULL) {
        enum status status = txn_error(r->txn, r->error);
        return status != STATUS_OK ? status
                                   : read_refuse(r, STATUS_DATA_LOSS, NULL,
                                                 "urgent task %" PRIu64 " is missing", number);
    }
    if (!followup_rules_session_shows(session, task->unit)) {
        tell_only_where(task);
    }
    const struct city_topic *topic = city_topic(r->city, task->topic);
    task->emergency = arena_copy_text(r->arena, topic == NULL ? "" : topic->emergency);
    *ret_task = task;
    return task->emergency == NULL ? refuse_memory(r) : STATUS_OK;
}

static enum status add_change(struct read *r, const Followup__Session *session, uint64_t sequence,
                              struct bytes packed, Followup__FollowSessionResponse *response)
{
    const Followup__ShownRecord *shown = (const Followup__ShownRecord *)table_unpack(
        r->txn, packed, &followup__shown_record__descriptor, r->arena);
    Followup__UrgentChange *change = arena_alloc(r->arena, sizeof(*change));
    if (shown == NULL || change == NULL) {
        enum status status = txn_error(r->txn, r->error);
        return status != STATUS_OK ? status : refuse_memory(r);
    }
    followup__urgent_change__init(change);
    change->sequence = sequence;
    change->kind = shown->kind;
    change->at_us = shown->at_us;
    enum status status = tell_task(r, session, shown->task_number, &change->task);
    if (status == STATUS_OK) {
        response->changes[response->n_changes++] = change;
        response->next = sequence;
    }
    return status;
}

static enum status read_changes(struct read *r, const Followup__Session *session,
                                const Followup__FollowSessionRequest *request,
                                Followup__FollowSessionResponse *response)
{
    size_t max = request->changes_max != 0 ? request->changes_max : FOLLOWUP_CHANGES_DEFAULT;
    struct txn_scan scan;
    struct bytes key, value;
    size_t told = 0;
    enum status status = STATUS_OK;
    response->next = request->after;
    response->changes = arena_alloc(r->arena, max * sizeof(*response->changes));
    if (response->changes == NULL) {
        return refuse_memory(r);
    }
    followup_tables_shown_scan(&scan, r->txn, session->number, request->after);
    while (status == STATUS_OK && response->n_changes < max && told < FOLLOWUP_ANSWER_BYTES_MAX &&
           txn_scan_next(&scan, &key, &value)) {
        status = add_change(r, session, followup_tables_shown_sequence(key), value, response);
        if (status == STATUS_OK) {
            told += protobuf_c_message_get_packed_size(
                &response->changes[response->n_changes - 1]->base);
        }
    }
    txn_scan_end(&scan);
    return status == STATUS_OK ? txn_error(r->txn, r->error) : status;
}

static enum status wait_for_change(struct read *r, const Followup__FollowSessionRequest *request)
{
    const char *reader = "";
    if (request->reader[0] != '\0') {
        reader =
            arena_format(r->arena, "%" PRIu64 "\n%s", request->session_number, request->reader);
        if (reader == NULL) {
            return refuse_memory(r);
        }
    }
    return read_park(r, followup_session_signal(request->session_number), request->wait_ms, reader);
}

enum status followup_read_follow_session(struct read *r, const ProtobufCMessage *message,
                                         ProtobufCMessage *reply)
{
    const Followup__FollowSessionRequest *request = (const Followup__FollowSessionRequest *)message;
    Followup__FollowSessionResponse *response = (Followup__FollowSessionResponse *)reply;
    Followup__Session *session = NULL;
    enum status status = find_session(r, request->session_number, &session);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t last = followup_tables_last_shown(r->txn, session->number);
    if (request->after > last) {
        return read_refuse(r, STATUS_DATA_LOSS, "after",
                           "session %" PRIu64 " was shown %" PRIu64
                           " changes: either this is none of them, or the log was restored from an "
                           "older copy",
                           session->number, last);
    }
    status = read_changes(r, session, request, response);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_open = session->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
    if (response->n_changes == 0 && is_open && !r->last && request->wait_ms > 0) {
        return wait_for_change(r, request);
    }
    without_units(session);
    response->session = session;
    return STATUS_OK;
}
