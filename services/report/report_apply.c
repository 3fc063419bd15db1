/*
 * What the four logs tell of a request changes its row; and whatever a row said before is taken out
 * of its cell, and what it says now put in. So the cells are a sum over the rows as they stand, and
 * the rows do not depend on how the logs were interleaved: each log changes fields of its own.
 *
 * No event is read before its cause (the skeleton holds it back), so a request is always registered
 * first. One that is not would be missing from every sum: that is DATA_LOSS and stops the feed,
 * rather than a wrong figure.
 */
#include "services/report/report_internal.h"
#include "services/report/report_tables.h"

#include "base/plant.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

/* --- cells --- */

static enum status read_cell(struct apply *a, const struct key *key, struct report_cell *ret_cell)
{
    struct bytes value;
    if (!txn_get(a->txn, STORE_VIEW, key, &value)) {
        return STATUS_OK;
    }
    return report_tables_cell_add(ret_cell, a->arena, value, true);
}

static void write_cell(struct apply *a, const struct key *key, const struct report_cell *cell)
{
    if (report_rules_is_empty(cell)) {
        txn_delete(a->txn, STORE_VIEW, key);
        return;
    }
    struct buffer value = BUFFER_EMPTY;
    report_tables_cell_pack(cell, &value);
    txn_put(a->txn, STORE_VIEW, key, buffer_bytes(&value));
    buffer_fini(&value);
}

/* Takes one share out of a cell and puts another in; either may be NULL. */
static void change_cell(struct apply *a, const struct key *key, const struct report_share *out,
                        const struct report_share *in)
{
    struct report_cell cell = {0};
    enum status status = read_cell(a, key, &cell);
    if (status == STATUS_OK && out != NULL) {
        status = report_rules_take_out(&cell, a->arena, out);
    }
    if (status == STATUS_OK && in != NULL) {
        status = report_rules_put_in(&cell, a->arena, in);
    }
    if (status != STATUS_OK) {
        txn_fail(a->txn, status, "a cell of counters does not hold what was put into it");
        return;
    }
    write_cell(a, key, &cell);
}

/* --- rows --- */

static void put_row(struct apply *a, const Report__CaseRow *row)
{
    struct key key;
    report_tables_case_key(&key, row->number);
    table_put(a->txn, STORE_VIEW, &key, &row->base);
}

/* The row says `after` where it said `before`. */
static void replace_row(struct apply *a, const Report__CaseRow *before,
                        const Report__CaseRow *after)
{
    struct report_share out;
    struct report_share in;
    struct key from;
    struct key to;
    report_rules_share(before, &out);
    report_rules_share(after, &in);
    report_tables_cell_key(&from, &out.place);
    report_tables_cell_key(&to, &in.place);
    put_row(a, after);
    if (bytes_equal(key_bytes(&from), key_bytes(&to))) {
        change_cell(a, &to, &out, &in);
    } else {
        if (!PLANTED("counter_not_counted_down")) {
            change_cell(a, &from, &out, NULL);
        }
        change_cell(a, &to, NULL, &in);
    }
}

/* The row of a request that an event speaks of. */
static const Report__CaseRow *row_of(struct apply *a, uint64_t number, Common__ServiceId service,
                                     const struct event *event)
{
    const Report__CaseRow *row = report_tables_case(a->txn, number, a->arena);
    if (row == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS,
                 "event %" PRIu64 " of %s speaks of request %" PRIu64
                 ", which was never registered",
                 event->offset, service_name(service), number);
    }
    return row;
}

/* --- intake --- */

static void registered(struct apply *a, const struct event *event,
                       const Intake__RequestRegistered *request)
{
    Report__CaseRow row = REPORT__CASE_ROW__INIT;
    row.number = request->number;
    row.occurred_at_us = event->occurred_at_us;
    row.local_hour = civil_local_hour(city_civil(a->city), event->occurred_at_us);
    row.topic = request->topic;
    row.channel = request->channel;
    if (request->place != NULL) {
        row.area = request->place->area;
    }
    struct report_share share;
    struct key key;
    report_rules_share(&row, &share);
    report_tables_cell_key(&key, &share.place);
    put_row(a, &row);
    change_cell(a, &key, NULL, &share);
}

/* Topic and area are those it has now, in every figure of the request. */
static void amended(struct apply *a, const struct event *event,
                    const Intake__RequestAmended *request)
{
    const Report__CaseRow *before =
        row_of(a, request->number, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.topic = request->topic;
    after.area = request->place != NULL ? request->place->area : (char *)protobuf_c_empty_string;
    replace_row(a, before, &after);
}

void report_apply_view_intake(struct apply *a, const struct event *event)
{
    const Intake__Event *intake = (const Intake__Event *)event->open;
    switch (intake->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_REGISTERED:
        registered(a, event, intake->request_registered);
        break;
    case INTAKE__EVENT__KIND_REQUEST_AMENDED: amended(a, event, intake->request_amended); break;
    default: break;
    }
}

/* --- routing --- */

/* NULL, too, when the request has left the task that the event is about. */
static const Report__CaseRow *row_of_task(struct apply *a, uint64_t number,
                                          const struct event *event)
{
    const Report__CaseRow *row = row_of(a, number, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, event);
    return row != NULL && row->left ? NULL : row;
}

static void routed(struct apply *a, const struct event *event, const Routing__TaskRouted *task)
{
    const Report__CaseRow *before = row_of_task(a, task->case_number, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.unit = task->unit;
    after.due_at_us = task->due_at_us;
    replace_row(a, before, &after);
}

static void handed_on(struct apply *a, const struct event *event, uint64_t case_number,
                      char *to_unit)
{
    const Report__CaseRow *before = row_of_task(a, case_number, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.unit = to_unit;
    replace_row(a, before, &after);
}

/* How a task has ended, or that it is open again. */
enum ending {
    ENDING_NONE,
    ENDING_DONE,
    ENDING_CLOSED_UNDONE,
    ENDING_CANCELLED,
    ENDING_REFERRED,
};

static void ended_due(struct apply *a, const struct event *event, uint64_t case_number, char *unit,
                      enum ending ending, const int64_t *due_at_us)
{
    const Report__CaseRow *before = row_of_task(a, case_number, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.due_at_us = due_at_us != NULL ? *due_at_us : after.due_at_us;
    after.unit = unit;
    after.done = ending == ENDING_DONE;
    after.done_at_us = after.done ? event->occurred_at_us : 0;
    after.closed_undone = ending == ENDING_CLOSED_UNDONE;
    after.cancelled = ending == ENDING_CANCELLED;
    after.referred = ending == ENDING_REFERRED;
    replace_row(a, before, &after);
}

static void ended(struct apply *a, const struct event *event, uint64_t case_number, char *unit,
                  enum ending ending)
{
    ended_due(a, event, case_number, unit, ending, NULL);
}

static void due_moved(struct apply *a, const struct event *event, const Routing__TaskDueMoved *task)
{
    const Report__CaseRow *before = row_of_task(a, task->case_number, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.due_at_us = task->due_at_us;
    replace_row(a, before, &after);
}

/* A request that is joined to another counts as a request, with that one's unit and due date. */
static void joined(struct apply *a, const struct event *event, const Routing__CaseJoined *joined)
{
    const Report__CaseRow *before = row_of_task(a, joined->case_number, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.unit = joined->unit;
    after.due_at_us = joined->due_at_us;
    replace_row(a, before, &after);
}

/* It begins anew, whatever befell the other's task; or it was taken back, as if its task were cancelled. */
static void split(struct apply *a, const struct event *event, const Routing__CaseSplit *split)
{
    const Report__CaseRow *before = row_of_task(a, split->case_number, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.unit = split->unit;
    after.done = after.closed_undone = after.referred = false;
    after.done_at_us = 0;
    after.cancelled = after.left = split->withdrawn;
    replace_row(a, before, &after);
}

/* What befalls the task befalls every request that is joined to it; the task's own event counts its
 * own request. */
static void followed(struct apply *a, const struct event *event,
                     const Routing__JoinedFollowed *followed)
{
    static const enum ending endings[] = {
        [ROUTING__JOINED_FATE__JOINED_FATE_DONE] = ENDING_DONE,
        [ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE] = ENDING_CLOSED_UNDONE,
        [ROUTING__JOINED_FATE__JOINED_FATE_REOPENED] = ENDING_NONE,
        [ROUTING__JOINED_FATE__JOINED_FATE_CANCELLED] = ENDING_CANCELLED,
    };
    unsigned fate = (unsigned)followed->fate;
    if (fate == 0 || fate >= sizeof(endings) / sizeof(endings[0])) {
        return;
    }
    for (size_t i = 0; i < followed->n_members; i++) {
        ended_due(a, event, followed->members[i]->case_number, followed->unit, endings[fate],
                  &followed->due_at_us);
    }
}

void report_apply_view_routing(struct apply *a, const struct event *event)
{
    const Routing__Event *routing = (const Routing__Event *)event->open;
    switch (routing->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ROUTED: routed(a, event, routing->task_routed); break;
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED: due_moved(a, event, routing->task_due_moved); break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
        handed_on(a, event, routing->task_returned->case_number, routing->task_returned->to_unit);
        break;
    case ROUTING__EVENT__KIND_TASK_MOVED:
        handed_on(a, event, routing->task_moved->case_number, routing->task_moved->to_unit);
        break;
    case ROUTING__EVENT__KIND_TASK_DONE:
        ended(a, event, routing->task_done->case_number, routing->task_done->unit, ENDING_DONE);
        break;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        ended(a, event, routing->task_closed_undone->case_number, routing->task_closed_undone->unit,
              routing->task_closed_undone->referred ? ENDING_REFERRED : ENDING_CLOSED_UNDONE);
        break;
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
        ended(a, event, routing->task_cancelled->case_number, routing->task_cancelled->unit,
              ENDING_CANCELLED);
        break;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        ended(a, event, routing->task_reopened->case_number, routing->task_reopened->unit,
              ENDING_NONE);
        break;
    case ROUTING__EVENT__KIND_CASE_JOINED: joined(a, event, routing->case_joined); break;
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        if (!routing->case_split->refused) {
            split(a, event, routing->case_split);
        }
        break;
    case ROUTING__EVENT__KIND_JOINED_FOLLOWED: followed(a, event, routing->joined_followed); break;
    default:
        break; /* what happens on the way changes no figure: on time is told by the
                  dates */
    }
}

/* --- followup --- */

static void called(struct apply *a, const struct event *event, const Followup__CallCompleted *call)
{
    const Report__CaseRow *before =
        row_of(a, call->case_number, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.calls++;
    after.calls_answered += call->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    replace_row(a, before, &after);
}

void report_apply_view_followup(struct apply *a, const struct event *event)
{
    const Followup__Event *followup = (const Followup__Event *)event->open;
    if (followup->kind_case == FOLLOWUP__EVENT__KIND_CALL_COMPLETED) {
        called(a, event, followup->call_completed);
    }
}

/* --- feedback --- */

static void answered(struct apply *a, const struct event *event,
                     const Feedback__FeedbackRecorded *answer)
{
    const Report__CaseRow *before =
        row_of(a, answer->case_number, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, event);
    if (before == NULL) {
        return;
    }
    Report__CaseRow after = *before;
    after.answers++;
    after.score_sum += answer->score;
    after.satisfied += report_rules_satisfied(answer->score);
    after.resolved += answer->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
    replace_row(a, before, &after);
}

void report_apply_view_feedback(struct apply *a, const struct event *event)
{
    const Feedback__Event *feedback = (const Feedback__Event *)event->open;
    if (feedback->kind_case == FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED) {
        answered(a, event, feedback->feedback_recorded);
    }
}
