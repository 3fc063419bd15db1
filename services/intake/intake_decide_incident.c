/* Joining requests about the same thing, and splitting them off again: the operator's choice. */
#include "services/intake/intake_internal.h"
#include "services/intake/intake_members.h"
#include "services/intake/intake_rules.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
}

static enum status find(struct decide *d, char *code, const char *field,
                        struct intake_case *ret_case)
{
    uint64_t number;
    enum status wrong = intake_tables_code_number(d->txn, code, &number, NULL);
    if (wrong != STATUS_OK) {
        return decide_refuse(d, wrong, field, "\"%s\" is no tracking code", code);
    }
    if (!intake_tables_case_find(d->txn, number, d->arena, ret_case)) {
        enum status status = txn_error(d->txn, d->error);
        return status != STATUS_OK
                   ? status
                   : decide_refuse(d, STATUS_NOT_FOUND, field, "no request has the code %s", code);
    }
    return STATUS_OK;
}

/* What its story says now; routing may know better by then, and tells. `shared`: a request that others
 * are joined to is open as long as they are, though it was taken back itself. */
static enum status check_open(struct decide *d, const struct intake_case *found, const char *field,
                              bool shared)
{
    struct intake_story story;
    if (!intake_story_read(d->txn, found, d->arena, &story)) {
        enum status status = txn_error(d->txn, d->error);
        return status != STATUS_OK ? status : refuse_memory(d);
    }
    Intake__CaseState state = shared ? intake_rules_work_state(story.entries, story.count)
                                     : intake_rules_state(story.entries, story.count, true);
    if (!intake_rules_is_open(state)) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, field,
                             "the work on request %s is over: nothing can be joined to it or split "
                             "off it any more",
                             found->registered->code);
    }
    return STATUS_OK;
}

/* --- what a request can be joined to --- */

/* The request with that code, or the one it is joined to itself: open, and with room for `more`. */
static enum status find_incident(struct decide *d, char *code, size_t more,
                                 struct intake_case *ret_head)
{
    struct intake_case head;
    enum status status = find(d, code, "join", &head);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t number = intake_members_head(d->txn, d->arena, head.registered->number);
    if (number != 0 && !intake_tables_case_find(d->txn, number, d->arena, &head)) {
        return decide_refuse(d, STATUS_DATA_LOSS, NULL,
                             "request %" PRIu64 " is joined to and missing", number);
    }
    size_t members = intake_members_count(d->txn, d->arena, head.registered->number);
    status = check_open(d, &head, "join", members > 0);
    if (status == STATUS_OK && members + more > INTAKE_MEMBERS_MAX) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "join",
                             "%d requests are joined to %s, which is as many as there may be: "
                             "register it on its own",
                             INTAKE_MEMBERS_MAX, head.registered->code);
    }
    if (status == STATUS_OK) {
        *ret_head = head;
    }
    return status;
}

enum status intake_decide_incident_of(struct decide *d, char *join, uint64_t *ret_head,
                                      char **ret_code)
{
    struct intake_case head;
    enum status status = find_incident(d, join, 1, &head);
    if (status == STATUS_OK) {
        *ret_head = head.registered->number;
        *ret_code = head.registered->code;
    }
    return status;
}

/* --- JoinCase --- */

static enum status emit_joined(struct decide *d, uint64_t number, uint64_t head, uint64_t from)
{
    struct intake_case found;
    if (!intake_tables_case_find(d->txn, number, d->arena, &found)) {
        return decide_refuse(d, STATUS_DATA_LOSS, NULL, "request %" PRIu64 " is joined and missing",
                             number);
    }
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__RequestJoined *joined = arena_alloc(d->arena, sizeof(*joined));
    if (event == NULL || joined == NULL) {
        return refuse_memory(d);
    }
    intake__request_joined__init(joined);
    joined->number = number;
    joined->code = found.registered->code;
    joined->incident = head;
    joined->from_incident = from;
    joined->citizen =
        found.registered->can_be_called && !found.historical ? found.registered->citizen : 0;
    joined->urgency =
        found.historical ? COMMON__URGENCY__URGENCY_NORMAL : found.registered->urgency;
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_REQUEST_JOINED;
    event->request_joined = joined;
    return decide_emit(d, &event->base, NULL);
}

/* A head takes its members along, and comes last: routing must never see them without one. */
static enum status move_all(struct decide *d, uint64_t number, uint64_t head, size_t member_count)
{
    uint64_t members[INTAKE_MEMBERS_MOVED_MAX];
    size_t count = intake_members_list(d->txn, number, members, member_count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = emit_joined(d, members[i], head, number);
    }
    return status == STATUS_OK
               ? emit_joined(d, number, head, intake_members_head(d->txn, d->arena, number))
               : status;
}

enum status intake_decide_join(struct decide *d, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Intake__JoinCaseRequest *request = (const Intake__JoinCaseRequest *)message;
    Intake__JoinCaseResponse *response = (Intake__JoinCaseResponse *)answer;
    struct intake_case found;
    struct intake_case head;
    enum status status = find(d, request->code, "code", &found);
    if (status == STATUS_OK) {
        status = check_open(d, &found, "code", false);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t number = found.registered->number;
    size_t members = intake_members_count(d->txn, d->arena, number);
    status = find_incident(d, request->join, members + 1, &head);
    if (status != STATUS_OK) {
        return status;
    }
    response->incident_code = head.registered->code;
    if (intake_members_head(d->txn, d->arena, number) == head.registered->number) {
        return STATUS_OK; /* it is there already */
    }
    if (number == head.registered->number) {
        return decide_refuse(
            d, STATUS_FAILED_PRECONDITION, "join",
            "request %s cannot be joined to itself, or to one that is joined to it",
            found.registered->code);
    }
    if (members > INTAKE_MEMBERS_MOVED_MAX) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "code",
                             "%zu requests are joined to %s: join %s to it instead", members,
                             found.registered->code, head.registered->code);
    }
    return move_all(d, number, head.registered->number, members);
}

/* --- SplitCase --- */

static enum status emit_split(struct decide *d, const struct intake_case *found, uint64_t head,
                              bool refused)
{
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__RequestSplit *split = arena_alloc(d->arena, sizeof(*split));
    if (event == NULL || split == NULL) {
        return refuse_memory(d);
    }
    intake__request_split__init(split);
    split->registered = (Intake__RequestRegistered *)(uintptr_t)found->registered;
    split->occurred_at_us = found->occurred_at_us;
    split->historical = found->historical;
    split->incident = head;
    split->refused = refused;
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_REQUEST_SPLIT;
    event->request_split = split;
    return decide_emit(d, &event->base, NULL);
}

enum status intake_decide_split(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Intake__SplitCaseRequest *request = (const Intake__SplitCaseRequest *)message;
    struct intake_case found;
    (void)answer;
    enum status status = find(d, request->code, "code", &found);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t head = intake_members_head(d->txn, d->arena, found.registered->number);
    if (head == 0) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "code",
                             "request %s is joined to no other", found.registered->code);
    }
    status = check_open(d, &found, "code", false);
    return status == STATUS_OK ? emit_split(d, &found, head, false) : status;
}

/* --- routing could not join it: the work was over by then --- */

enum status intake_decide_routing(struct decide *d, const struct event *event)
{
    const Routing__Event *open = (const Routing__Event *)event->open;
    struct intake_case found;
    if (open->kind_case != ROUTING__EVENT__KIND_CASE_SPLIT || !open->case_split->refused) {
        return STATUS_OK;
    }
    uint64_t number = open->case_split->case_number;
    uint64_t head = intake_members_head(d->txn, d->arena, number);
    if (head == 0 || head != open->case_split->incident ||
        !intake_tables_case_find(d->txn, number, d->arena, &found)) {
        return txn_error(d->txn, d->error);
    }
    return emit_split(d, &found, head, true);
}
