/*
 * Listing calls: from the newest back, each looked at once, until the page is full or so many were
 * looked at. Calls are opened in the order of their numbers, so a span of time is a span of numbers.
 *
 * A page's token is the number of the last call that was looked at: new calls have higher numbers.
 */
#include "services/intake/intake_calls.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"

#include "base/plant.h"
#include "text/utf8.h"

#include <string.h>

#define EXAMINED_MAX 2000 /* for one page */
#define ASKED_EVERY 64    /* whether somebody still waits for it */

enum status intake_check_list_calls(const struct city *city, const struct rpc_caller *caller,
                                    const ProtobufCMessage *message, struct error *err)
{
    const Intake__ListCallsRequest *request = (const Intake__ListCallsRequest *)message;
    uint32_t page_size;
    (void)city;
    (void)caller;
    enum status status = intake_rules_page_size(request->page_size, &page_size, err);
    if (status == STATUS_OK &&
        protobuf_c_enum_descriptor_get_value(&intake__call_result__descriptor,
                                             (int)request->result) == NULL) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "result", "%d is no end of a call",
                           (int)request->result);
    }
    if (status == STATUS_OK && request->open_only &&
        request->result != INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "result",
                           "a call that goes on has none: not with open_only");
    }
    if (status == STATUS_OK) {
        status = text_check(request->operator_name, INTAKE_OPERATOR_MAX, "operator_name", err);
    }
    if (status == STATUS_OK &&
        (request->from_us < 0 || request->until_us < 0 ||
         (request->until_us != 0 && request->until_us <= request->from_us))) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "until_us",
                           "the end must be later than the beginning, and neither before 1970");
    }
    return status;
}

static enum status opened_at(struct read *r, uint64_t number, struct arena *scratch,
                             int64_t *ret_us)
{
    struct read aside = *r;
    Intake__Call *call = NULL;
    aside.arena = scratch;
    arena_reset(scratch);
    enum status status = intake_tell_call(&aside, number, &call);
    if (status == STATUS_OK) {
        *ret_us = call->opened_at_us;
    }
    return status;
}

/* The highest number of a call opened before then, 0 for none: by halves. */
static enum status last_before(struct read *r, int64_t until_us, struct arena *scratch,
                               uint64_t *ret_number)
{
    enum status status = STATUS_OK;
    uint64_t low = 0; /* opened before then, or 0 */
    uint64_t high = intake_tables_last_call(r->txn);
    while (status == STATUS_OK && low < high) {
        int64_t at_us = 0;
        uint64_t middle = high - (high - low) / 2;
        status = opened_at(r, middle, scratch, &at_us);
        if (at_us < until_us) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    *ret_number = low;
    return status;
}

static bool fits(const Intake__ListCallsRequest *request, const Intake__Call *call)
{
    return (!request->open_only || call->ended_at_us == 0) &&
           (request->result == INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED ||
            request->result == call->result) &&
           (request->operator_name[0] == '\0' ||
            strcmp(request->operator_name, call->operator_name) == 0);
}

static enum status fill_page(struct read *r, const Intake__ListCallsRequest *request,
                             uint64_t number, size_t page_size, struct arena *scratch,
                             Intake__ListCallsResponse *response)
{
    enum status status = STATUS_OK;
    size_t bytes = 0;
    for (size_t examined = 0; status == STATUS_OK && number != 0; number--) {
        struct read aside = *r;
        Intake__Call *call = NULL;
        if (response->n_calls == page_size || examined == EXAMINED_MAX ||
            bytes >= INTAKE_LIST_BYTES_MAX) {
            response->next_page_token = number + (PLANTED("call_passed_over") ? 0 : 1);
            break;
        }
        aside.arena = scratch;
        arena_reset(scratch);
        status = examined++ % ASKED_EVERY == ASKED_EVERY - 1 ? read_wanted(r) : STATUS_OK;
        if (status == STATUS_OK) {
            status = intake_tell_call(&aside, number, &call);
        }
        if (status != STATUS_OK || call->opened_at_us < request->from_us) {
            break;
        }
        if (fits(request, call)) {
            /* Again, to stay: what an answer points to lives in its arena. */
            status = intake_tell_call(r, number, &response->calls[response->n_calls]);
            bytes += protobuf_c_message_get_packed_size(&call->base);
            response->n_calls += status == STATUS_OK;
        }
    }
    return status;
}

enum status intake_read_list_calls(struct read *r, const ProtobufCMessage *message,
                                   ProtobufCMessage *answer)
{
    const Intake__ListCallsRequest *request = (const Intake__ListCallsRequest *)message;
    Intake__ListCallsResponse *response = (Intake__ListCallsResponse *)answer;
    struct arena *scratch = arena_new(INTAKE_STORY_ARENA_BYTES);
    uint64_t number = intake_tables_last_call(r->txn);
    uint32_t page_size = 0;
    enum status status = intake_rules_page_size(request->page_size, &page_size, r->error);
    if (status == STATUS_OK && request->until_us != 0) {
        status = last_before(r, request->until_us, scratch, &number);
    }
    if (request->page_token != 0 && request->page_token <= number) {
        number = request->page_token - 1;
    }
    response->calls = arena_alloc(r->arena, (page_size + 1) * sizeof(*response->calls));
    if (status == STATUS_OK && response->calls == NULL) {
        status = read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "page_size",
                             "the page needs more memory than a call may have");
    }
    if (status == STATUS_OK) {
        status = fill_page(r, request, number, page_size, scratch, response);
    }
    arena_free(scratch);
    return status;
}
