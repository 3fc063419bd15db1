/* Follow-up's methods: what is refused without the tables, what is read, and the list of them all.
 */
#include "services/followup/followup_internal.h"
#include "services/followup/followup_rules.h"
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "service/keyring.h"
#include "text/utf8.h"

#include <inttypes.h>

/* --- NextCall, RecordCall --- */

static enum status check_next_call(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Followup__NextCallRequest *request = (const Followup__NextCallRequest *)message;
    return text_require(request->operator_name, FOLLOWUP_OPERATOR_MAX, "operator_name", err);
}

static enum status check_record_call(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Followup__RecordCallRequest *request = (const Followup__RecordCallRequest *)message;
    enum status status =
        text_require(request->operator_name, FOLLOWUP_OPERATOR_MAX, "operator_name", err);
    if (status != STATUS_OK) {
        return status;
    }
    return followup_rules_check_outcome(request->outcome, request->answer, err);
}

/* --- GetCall --- */

static enum status find_call(struct read *r, uint64_t call_number,
                             Followup__CallRecord **ret_record)
{
    Followup__CallRecord *record = followup_tables_call(r->txn, call_number, r->arena);
    if (record == NULL) {
        enum status status = txn_error(r->txn, r->error);
        if (status != STATUS_OK) {
            return status;
        }
        return read_refuse(r, STATUS_NOT_FOUND, "call_number", "there is no call %" PRIu64,
                           call_number);
    }
    *ret_record = record;
    return STATUS_OK;
}

static enum status read_get_call(struct read *r, const ProtobufCMessage *message,
                                 ProtobufCMessage *reply)
{
    const Followup__GetCallRequest *request = (const Followup__GetCallRequest *)message;
    Followup__GetCallResponse *response = (Followup__GetCallResponse *)reply;
    Followup__CallRecord *record = NULL;
    enum status status = find_call(r, request->call_number, &record);
    if (status == STATUS_OK) {
        response->call = record->call;
    }
    return status;
}

/* --- ListCalls --- */

static enum status check_list_calls(const struct city *city, const struct rpc_caller *caller,
                                    const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Followup__ListCallsRequest *request = (const Followup__ListCallsRequest *)message;
    if (request->state < FOLLOWUP__CALL_STATE__CALL_STATE_UNSPECIFIED ||
        request->state > FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "state", "%d is no state of a call",
                         (int)request->state);
    }
    if (request->page_size > FOLLOWUP_PAGE_SIZE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "page_size", "a page has 1 to %d calls",
                         FOLLOWUP_PAGE_SIZE_MAX);
    }
    return STATUS_OK;
}

static enum status read_list_calls(struct read *r, const ProtobufCMessage *message,
                                   ProtobufCMessage *reply)
{
    const Followup__ListCallsRequest *request = (const Followup__ListCallsRequest *)message;
    Followup__ListCallsResponse *response = (Followup__ListCallsResponse *)reply;
    uint64_t numbers[FOLLOWUP_PAGE_SIZE_MAX + 1]; /* one more tells whether there is another page */
    size_t page = request->page_size != 0 ? request->page_size : FOLLOWUP_PAGE_SIZE_DEFAULT;
    size_t found =
        followup_tables_list(r->txn, request->state, request->page_token, numbers, page + 1);
    size_t shown = found < page ? found : page;

    Followup__Call **calls = arena_alloc(r->arena, (shown + 1) * sizeof(*calls));
    if (calls == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "page_size",
                           "such a page needs more memory than a call may have");
    }
    for (size_t i = 0; i < shown; i++) {
        Followup__CallRecord *record = NULL;
        enum status status = find_call(r, numbers[i], &record);
        if (status != STATUS_OK) {
            return status;
        }
        calls[i] = record->call;
    }
    response->calls = calls;
    response->n_calls = shown;
    response->next_page_token = found > page ? numbers[shown - 1] : 0;
    return STATUS_OK;
}

/* --- RevealCall --- */

static enum status check_reveal_call(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Followup__RevealCallRequest *request = (const Followup__RevealCallRequest *)message;
    return text_require(request->purpose, FOLLOWUP_PURPOSE_MAX, "purpose", err);
}

/* Opens the sealed part of the event at that offset of the own log. */
static enum status open_words(struct read *r, uint64_t offset,
                              const Followup__SealedAnswer **ret_answer)
{
    struct bytes packed;
    if (!log_get(r->txn, offset, &packed, NULL)) {
        return read_refuse(r, STATUS_DATA_LOSS, NULL, "the log has no event %" PRIu64, offset);
    }
    const Common__EventRecord *event = (const Common__EventRecord *)table_unpack(
        r->txn, packed, &common__event_record__descriptor, r->arena);
    if (event == NULL) {
        return txn_error(r->txn, r->error);
    }
    const ProtobufCMessage *plain = NULL;
    enum status status =
        keyring_open_sealed(r->keyring, r->txn, event->citizen, FOLLOWUP_SEAL_PURPOSE,
                            bytes_of(event->sealed.data, event->sealed.len),
                            &followup__sealed_answer__descriptor, r->arena, &plain, r->error);
    if (status == STATUS_OK) {
        *ret_answer = (const Followup__SealedAnswer *)plain;
    }
    return status;
}

static enum status read_reveal_call(struct read *r, const ProtobufCMessage *message,
                                    ProtobufCMessage *reply)
{
    const Followup__RevealCallRequest *request = (const Followup__RevealCallRequest *)message;
    Followup__RevealCallResponse *response = (Followup__RevealCallResponse *)reply;
    Followup__CallRecord *record = NULL;
    enum status status = find_call(r, request->call_number, &record);
    if (status != STATUS_OK || record->words_offset == 0) {
        return status;
    }
    const Followup__SealedAnswer *opened = NULL;
    status = open_words(r, record->words_offset, &opened);
    if (status == STATUS_OK) {
        response->words = opened->words;
    }
    return status;
}

/* --- all of them --- */

#define ROLES_DESK (ROLE_BIT(RPC_ROLE_FRONT_END) | ROLE_BIT(RPC_ROLE_ADMIN))
#define ROLES_READ (ROLES_DESK | ROLE_BIT(RPC_ROLE_LEADERSHIP))
#define ROLES_SEAT (ROLES_DESK | ROLE_BIT(RPC_ROLE_OFFICE))

const struct service_method followup_methods[] = {
    {
        .name = "NextCall",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = check_next_call,
        .decide = followup_decide_next_call,
    },
    {
        .name = "RecordCall",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = check_record_call,
        .decide = followup_decide_record_call,
    },
    {
        .name = "GetCall",
        .kind = METHOD_READ,
        .roles = ROLES_READ,
        .read = read_get_call,
    },
    {
        .name = "ListCalls",
        .kind = METHOD_READ,
        .roles = ROLES_READ,
        .check = check_list_calls,
        .read = read_list_calls,
    },
    {
        .name = "RevealCall",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = check_reveal_call,
        .decide = followup_decide_reveal_call,
        .read = read_reveal_call,
    },
    {
        .name = "OpenSession",
        .kind = METHOD_COMMAND,
        .roles = ROLES_SEAT,
        .check = followup_check_open_session,
        .decide = followup_decide_open_session,
    },
    {
        .name = "LengthenSession",
        .kind = METHOD_COMMAND,
        .roles = ROLES_SEAT,
        .decide = followup_decide_lengthen_session,
    },
    {
        .name = "CloseSession",
        .kind = METHOD_COMMAND,
        .roles = ROLES_SEAT,
        .decide = followup_decide_close_session,
    },
    {
        .name = "GetSession",
        .kind = METHOD_READ,
        .roles = ROLES_SEAT | ROLES_READ,
        .read = followup_read_session,
    },
    {
        .name = "ListSessions",
        .kind = METHOD_READ,
        .roles = ROLES_SEAT | ROLES_READ,
        .check = followup_check_list_sessions,
        .read = followup_read_sessions,
    },
    {
        .name = "FollowSession",
        .kind = METHOD_READ,
        .is_unhurried = followup_waits_for_session,
        .roles = ROLES_SEAT,
        .check = followup_check_follow_session,
        .read = followup_read_follow_session,
    },
};
