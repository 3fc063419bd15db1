/* FindSame: which open requests are probably about what a caller tells. */
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables_incident.h"

#include <math.h>

#define SAME_DEFAULT 5
#define SAME_MAX 20

/* As it will be when it is registered. */
static enum status spot_of(const struct city *city, const Intake__FindSameRequest *request,
                           const struct intake_answers *answers, struct incident_spot *ret_spot,
                           struct error *err)
{
    Common__Place place;
    bool is_told = intake_rules_told_place(request->place, answers, NULL, &place);
    if (is_told) {
        place.area = (char *)(uintptr_t)intake_rules_locate(city, &place).area;
    }
    return incident_spot_of(is_told ? &place : NULL, ret_spot, err);
}

static struct intake_answers answers_of(const Intake__FindSameRequest *request)
{
    return (struct intake_answers){.count = request->n_answers, .answers = request->answers};
}

enum status intake_check_find_same(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err)
{
    const Intake__FindSameRequest *request = (const Intake__FindSameRequest *)message;
    const struct intake_answers given = answers_of(request);
    struct incident_spot spot;
    (void)caller;
    if (request->at_us < 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "at_us", "must not be before 1970");
    }
    if (request->requests_max > SAME_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "requests_max", "must be at most %d",
                         SAME_MAX);
    }
    enum status status = intake_rules_check_topic(city, request->topic, false, err);
    if (status == STATUS_OK) {
        status = intake_rules_check_place(city, request->place, false, err);
    }
    if (status == STATUS_OK) {
        status = intake_rules_check_answers(city, request->topic, &given, err);
    }
    if (status == STATUS_OK) {
        status = spot_of(city, request, &given, &spot, err);
    }
    if (status == STATUS_OK && !incident_spot_is_known(&spot)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "place",
                         "give a point, a thing or a street: nothing else can be compared");
    }
    return status;
}

/* Under the topic itself and all that are kin to it. */
static void search(struct read *r, struct arena *scratch, const char *topic,
                   struct incident_search *search)
{
    const char *topics[CITY_KIN_MAX];
    size_t count = city_kin(r->city, topic, topics);
    for (size_t i = 0; i < count; i++) {
        intake_incident_search(r->txn, scratch, topics[i], search);
    }
}

/* What its own citizen took back is shown as far as the office does it for others. */
static enum status tell_work(struct read *r, struct arena *scratch, Intake__Case *told)
{
    struct intake_case found;
    struct intake_story story;
    arena_reset(scratch);
    if (!intake_tables_case_find(r->txn, told->number, scratch, &found)) {
        return txn_error(r->txn, r->error);
    }
    enum status status = intake_read_story(r, &found, scratch, &story);
    if (status == STATUS_OK) {
        told->state = intake_rules_work_state(story.entries, story.count);
    }
    return status;
}

/* Nobody's any more: routing has yet to hear of it. */
static bool is_deserted(const Intake__Case *told)
{
    return told->withdrawn_at_us != 0 && told->n_joined_codes == 0;
}

static enum status tell_found(struct read *r, struct arena *scratch,
                              const struct incident_found *found, Intake__SameRequest **ret_told)
{
    Intake__SameRequest *told = arena_alloc(r->arena, sizeof(*told));
    if (told == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    intake__same_request__init(told);
    told->by = found->likeness.by;
    told->metres = (uint32_t)lround(found->likeness.metres);
    enum status status = intake_read_case(r, found->number, scratch, &told->case_data);
    if (status == STATUS_OK && told->case_data->withdrawn_at_us != 0) {
        status = tell_work(r, scratch, told->case_data);
    }
    *ret_told = told;
    return status;
}

static enum status tell_all(struct read *r, struct arena *scratch,
                            const struct incident_search *search,
                            Intake__FindSameResponse *response)
{
    response->requests =
        arena_alloc(r->arena, (search->found_count + 1) * sizeof(*response->requests));
    if (response->requests == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    for (size_t i = 0; i < search->found_count; i++) {
        enum status status =
            tell_found(r, scratch, &search->found[i], &response->requests[response->n_requests]);
        if (status != STATUS_OK) {
            return status;
        }
        response->n_requests += !is_deserted(response->requests[response->n_requests]->case_data);
    }
    response->partial = search->rows_left == 0;
    return STATUS_OK;
}

enum status intake_read_find_same(struct read *r, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Intake__FindSameRequest *request = (const Intake__FindSameRequest *)message;
    const struct intake_answers given = answers_of(request);
    struct intake_answers kept;
    struct incident_found found[SAME_MAX];
    struct incident_search asked = {
        .same = city_same(r->city, request->topic),
        .at_us = request->at_us != 0 && request->at_us < r->now_us ? request->at_us : r->now_us,
        .found_max = request->requests_max != 0 ? request->requests_max : SAME_DEFAULT,
        .rows_left = INCIDENT_ROWS_PER_QUESTION_MAX,
        .found = found,
    };
    struct arena *scratch = arena_new(INTAKE_STORY_ARENA_BYTES);
    enum status status =
        intake_rules_keep_answers(r->city, request->topic, &given, r->arena, &kept, r->error);
    if (status == STATUS_OK) {
        status = spot_of(r->city, request, &kept, &asked.spot, r->error);
    }
    if (status == STATUS_OK) {
        search(r, scratch, request->topic, &asked);
        status = tell_all(r, scratch, &asked, (Intake__FindSameResponse *)answer);
    }
    if (status == STATUS_OK) {
        const Intake__Storm *storm =
            intake_tables_storm_for(r->txn, r->arena, request->topic,
                                    intake_rules_locate(r->city, request->place).area, r->now_us);
        ((Intake__FindSameResponse *)answer)->storm = storm == NULL ? 0 : storm->storm_number;
    }
    arena_free(scratch);
    return status;
}
