/* Storms: what is refused without the tables, which there are, and what one has left. */
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_storms.h"

#include "text/utf8.h"

#include <string.h>

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

enum status intake_check_start_storm(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    return intake_rules_check_storm(city, (const Intake__StartStormRequest *)message, err);
}

enum status intake_check_end_storm(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return text_check(((const Intake__EndStormRequest *)message)->reason, INTAKE_STORM_REASON_MAX,
                      "reason", err);
}

enum status intake_check_lengthen_storm(const struct city *city, const struct rpc_caller *caller,
                                        const ProtobufCMessage *message, struct error *err)
{
    uint32_t hours = ((const Intake__LengthenStormRequest *)message)->hours;
    (void)city;
    (void)caller;
    return hours >= 1 && hours <= INTAKE_STORM_HOURS_MAX
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "hours", "must be 1 to %d",
                           INTAKE_STORM_HOURS_MAX);
}

/* --- ListStorms --- */

enum status intake_check_storms(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    uint32_t size;
    (void)city;
    (void)caller;
    return intake_rules_page_size(((const Intake__ListStormsRequest *)message)->page_size, &size,
                                  err);
}

enum status intake_read_storms(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Intake__ListStormsRequest *request = (const Intake__ListStormsRequest *)message;
    Intake__ListStormsResponse *response = (Intake__ListStormsResponse *)answer;
    uint32_t page_size;
    size_t bytes = 0;
    enum status status = intake_rules_page_size(request->page_size, &page_size, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t number = intake_tables_last_storm(r->txn);
    if (request->page_token != 0 && request->page_token <= number) {
        number = request->page_token - 1;
    }
    response->storms = arena_alloc(r->arena, page_size * sizeof(*response->storms));
    if (response->storms == NULL) {
        return refuse_memory(r);
    }
    while (number > 0 && response->n_storms < page_size && bytes < INTAKE_LIST_BYTES_MAX) {
        Intake__Storm *storm = intake_tables_storm(r->txn, number--, r->arena);
        if (storm == NULL) {
            status = txn_error(r->txn, r->error);
            return status != STATUS_OK
                       ? status
                       : read_refuse(r, STATUS_DATA_LOSS, NULL, "storm %llu is missing",
                                     (unsigned long long)number + 1);
        }
        bytes += protobuf_c_message_get_packed_size(&storm->base);
        response->storms[response->n_storms++] = storm;
    }
    response->next_page_token = number > 0 ? number + 1 : 0;
    return STATUS_OK;
}

/* --- ListStormLeft --- */

enum status intake_check_storm_left(const struct city *city, const struct rpc_caller *caller,
                                    const ProtobufCMessage *message, struct error *err)
{
    uint32_t size;
    (void)city;
    (void)caller;
    return intake_rules_page_size(((const Intake__ListStormLeftRequest *)message)->page_size, &size,
                                  err);
}

static bool is_answered(const Intake__Case *told, const char *question)
{
    for (size_t i = 0; i < told->n_answers; i++) {
        if (strcmp(told->answers[i]->question, question) == 0) {
            return true;
        }
    }
    return false;
}

/* What the pack requires today of the topic as it is today; false: no memory. */
static bool tell_missing(struct read *r, Intake__StormLeft *left)
{
    const Intake__Case *told = left->case_data;
    size_t count = city_question_count(r->city, told->topic);
    left->missing = arena_alloc(r->arena, (count + 1) * sizeof(*left->missing));
    for (size_t i = 0; left->missing != NULL && i < count; i++) {
        const struct city_question *asked = city_question_at(r->city, told->topic, i);
        if (!asked->required || is_answered(told, asked->key)) {
            continue;
        }
        left->missing[left->n_missing] = intake_tell_question(r->arena, asked);
        if (left->missing[left->n_missing++] == NULL) {
            return false;
        }
    }
    return left->missing != NULL;
}

/* What is looked at, of which nothing stays; and the story of one. */
struct aside {
    struct arena *arena, *scratch;
};

static enum status look_at(struct read *r, uint64_t number, const struct aside *aside,
                           bool *ret_open)
{
    struct read look = *r;
    Intake__Case *told = NULL;
    arena_reset(aside->arena);
    look.arena = aside->arena;
    enum status status = intake_read_case(&look, number, aside->scratch, &told);
    *ret_open = status == STATUS_OK && intake_rules_is_open(told->state);
    return status;
}

/* *ret_left is NULL when its work is over: most of a storm's is by the time somebody asks, and the answer has not the
 * memory for it. */
static enum status tell_left(struct read *r, uint64_t number, const struct aside *aside,
                             Intake__StormLeft **ret_left)
{
    bool is_open;
    *ret_left = NULL;
    enum status status = look_at(r, number, aside, &is_open);
    if (status != STATUS_OK || !is_open) {
        return status;
    }
    Intake__StormLeft *left = arena_alloc(r->arena, sizeof(*left));
    if (left == NULL) {
        return refuse_memory(r);
    }
    intake__storm_left__init(left);
    status = intake_read_case(r, number, aside->scratch, &left->case_data);
    if (status != STATUS_OK) {
        return status;
    }
    if (!tell_missing(r, left)) {
        return refuse_memory(r);
    }
    *ret_left = left;
    return STATUS_OK;
}

static enum status fill_page(struct read *r, const uint64_t *numbers, size_t count,
                             uint32_t page_size, Intake__ListStormLeftResponse *response)
{
    const struct aside aside = {arena_new(INTAKE_STORY_ARENA_BYTES),
                                arena_new(INTAKE_STORY_ARENA_BYTES)};
    enum status status = STATUS_OK;
    size_t bytes = 0;
    size_t at = 0;
    while (at < count && at < INTAKE_STORM_EXAMINED_MAX && status == STATUS_OK &&
           response->n_left < page_size && bytes < INTAKE_LIST_BYTES_MAX) {
        Intake__StormLeft *left = NULL;
        status = read_wanted(r);
        if (status == STATUS_OK) {
            status = tell_left(r, numbers[at++], &aside, &left);
        }
        if (left != NULL) {
            response->left[response->n_left++] = left;
            bytes += protobuf_c_message_get_packed_size(&left->base);
        }
    }
    response->next_page_token = status == STATUS_OK && at < count ? numbers[at - 1] : 0;
    arena_free(aside.arena);
    arena_free(aside.scratch);
    return status;
}

enum status intake_read_storm_left(struct read *r, const ProtobufCMessage *message,
                                   ProtobufCMessage *answer)
{
    const Intake__ListStormLeftRequest *request = (const Intake__ListStormLeftRequest *)message;
    Intake__ListStormLeftResponse *response = (Intake__ListStormLeftResponse *)answer;
    uint64_t
        numbers[INTAKE_STORM_EXAMINED_MAX + 1]; /* one more tells whether there is a next page */
    uint32_t page_size;
    enum status status = intake_rules_page_size(request->page_size, &page_size, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (intake_tables_storm(r->txn, request->storm_number, r->arena) == NULL) {
        status = txn_error(r->txn, r->error);
        return status != STATUS_OK
                   ? status
                   : read_refuse(r, STATUS_NOT_FOUND, "storm_number", "there is no storm %llu",
                                 (unsigned long long)request->storm_number);
    }
    size_t count = intake_tables_storm_cases(r->txn, request->storm_number, request->page_token,
                                             numbers, INTAKE_STORM_EXAMINED_MAX + 1);
    response->left = arena_alloc(r->arena, page_size * sizeof(*response->left));
    return response->left == NULL ? refuse_memory(r)
                                  : fill_page(r, numbers, count, page_size, response);
}
