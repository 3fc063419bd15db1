/* ListTasks: a unit's tasks, and open ones that it helps with, by number or by what is to be done first.
 */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "text/utf8.h"

#include <limits.h>
#include <string.h>

/* --- which states --- */

#define EVERY_STATE UINT_MAX

/* A state of a newer log, which this program does not know, has no bit. */
static unsigned state_bit(Routing__TaskState state)
{
    return (unsigned)state < 32 ? 1u << (unsigned)state : 0;
}

static unsigned states_of(const Routing__ListTasksRequest *request)
{
    unsigned states = 0;
    if (request->state != ROUTING__TASK_STATE__TASK_STATE_UNSPECIFIED) {
        return state_bit(request->state);
    }
    for (size_t i = 0; i < request->n_states; i++) {
        states |= state_bit(request->states[i]);
    }
    return states != 0 ? states : EVERY_STATE;
}

static bool is_asked_for(const Routing__ListTasksRequest *request, unsigned states,
                         const Routing__Task *task)
{
    return (states & state_bit(task->state)) != 0 &&
           (request->desk[0] == '\0' || strcmp(request->desk, task->desk) == 0);
}

/* Those of tasks that lie among the closed ones. */
static unsigned ended_bits(void)
{
    unsigned bits = 0;
    for (unsigned state = 0; state < 32; state++) {
        if (routing_rules_is_closed((Routing__TaskState)state)) {
            bits |= 1u << state;
        }
    }
    return bits;
}

static enum status check_state(Routing__TaskState state, bool may_be_any, const char *field,
                               struct error *err)
{
    bool known =
        protobuf_c_enum_descriptor_get_value(&routing__task_state__descriptor, (int)state) != NULL;
    if (!known || (!may_be_any && state == ROUTING__TASK_STATE__TASK_STATE_UNSPECIFIED)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "%d is no state of a task",
                         (int)state);
    }
    return STATUS_OK;
}

static enum status check_states(const Routing__ListTasksRequest *request, struct error *err)
{
    enum status status = check_state(request->state, true, "state", err);
    if (status == STATUS_OK && request->n_states > ROUTING_STATES_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "states", "at most %d", ROUTING_STATES_MAX);
    }
    if (status == STATUS_OK && request->n_states > 0 && request->state != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "states",
                         "give one state or several, not both");
    }
    for (size_t i = 0; i < request->n_states && status == STATUS_OK; i++) {
        status = check_state(request->states[i], false, "states", err);
    }
    return status;
}

static enum status check_order(const Routing__ListTasksRequest *request, struct error *err)
{
    bool by_due = request->order == ROUTING__TASK_ORDER__TASK_ORDER_DUE;
    if (!by_due && request->order != ROUTING__TASK_ORDER__TASK_ORDER_UNSPECIFIED) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "order", "%d is no order of a list",
                         (int)request->order);
    }
    if (by_due && request->page_token != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "page_token",
                         "a list by due time goes on with `page`");
    }
    if (request->page.len > ROUTING_PAGE_BYTES_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "page", "no answer gave this page");
    }
    if (!by_due && request->page.len != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "page",
                         "a list by number goes on with `page_token`");
    }
    return STATUS_OK;
}

enum status routing_check_list(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err)
{
    const Routing__ListTasksRequest *request = (const Routing__ListTasksRequest *)message;
    enum status status = text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
    if (status == STATUS_OK) {
        status = routing_rules_check_list(caller, request->unit, city, err);
    }
    if (status == STATUS_OK) {
        status = routing_check_at_most(request->page_size, ROUTING_PAGE_SIZE_MAX, "page_size", err);
    }
    if (status == STATUS_OK) {
        status = text_check(request->desk, ROUTING_DESK_MAX, "desk", err);
    }
    if (status == STATUS_OK) {
        status = check_states(request, err);
    }
    return status == STATUS_OK ? check_order(request, err) : status;
}

/* --- by number --- */

/* A unit's open tasks, or its closed ones, by number. */
struct unit_scan {
    struct txn_scan scan;
    uint64_t number; /* the present one; 0: at the end, or never begun */
};

static void unit_scan_next(struct unit_scan *scan)
{
    struct bytes key, value;
    scan->number = txn_scan_next(&scan->scan, &key, &value) ? routing_tables_unit_key_task(key) : 0;
}

static void unit_scan_begin(struct unit_scan *scan, struct read *r, const char *unit, bool closed,
                            uint64_t after)
{
    struct key prefix, from;
    routing_tables_unit_prefix(&prefix, unit, closed);
    routing_tables_unit_key(&from, unit, closed, after + 1);
    txn_scan_begin(&scan->scan, r->txn, STORE_STATE, &prefix, &from, false);
    unit_scan_next(scan);
}

/* Open and closed tasks lie apart: the next of both. NULL: no more. */
static struct unit_scan *lower_of(struct unit_scan *a, struct unit_scan *b)
{
    if (a->number == 0 || (b->number != 0 && b->number < a->number)) {
        return b->number == 0 ? NULL : b;
    }
    return a;
}

/* Fills the page. It may end early when much had to be passed over; the token then says where to go
 * on. */
static enum status fill_by_number(struct read *r, struct unit_scan *open, struct unit_scan *done,
                                  const Routing__ListTasksRequest *request, size_t page_size,
                                  Routing__ListTasksResponse *response)
{
    size_t bytes = 0;
    uint64_t last = 0;
    unsigned states = states_of(request);
    struct unit_scan *scan = lower_of(open, done);
    response->tasks = arena_alloc(r->arena, page_size * sizeof(*response->tasks));
    if (response->tasks == NULL) {
        return routing_refuse_too_large(r);
    }
    for (; scan != NULL && response->n_tasks < page_size && bytes < ROUTING_ANSWER_BYTES_MAX;
         scan = lower_of(open, done)) {
        Routing__Task *task;
        enum status status = routing_read_task(r, scan->number, &task);
        if (status != STATUS_OK) {
            return status;
        }
        if (is_asked_for(request, states, task)) {
            response->tasks[response->n_tasks++] = task;
        }
        bytes += protobuf_c_message_get_packed_size(&task->base);
        last = scan->number;
        unit_scan_next(scan);
    }
    response->next_page_token = scan != NULL ? last : 0;
    return STATUS_OK;
}

static enum status list_by_number(struct read *r, const Routing__ListTasksRequest *request,
                                  size_t page_size, Routing__ListTasksResponse *response)
{
    unsigned states = states_of(request);
    struct unit_scan open = {0};
    struct unit_scan closed = {0};
    if (request->page_token > routing_tables_last_task(r->txn)) {
        return read_refuse(r, STATUS_INVALID_ARGUMENT, "page_token", "no answer gave this token");
    }
    if ((states & ~ended_bits()) != 0) {
        unit_scan_begin(&open, r, request->unit, false, request->page_token);
    }
    if ((states & ended_bits()) != 0) {
        unit_scan_begin(&closed, r, request->unit, true, request->page_token);
    }
    enum status status = fill_by_number(r, &open, &closed, request, page_size, response);
    txn_scan_end(&open.scan);
    txn_scan_end(&closed.scan);
    return status;
}

/* --- by due time --- */

/* A list by due time while it grows. Its page tells the last key that was looked at: whether it was of
 * the open ones, and what follows the unit in it. */
struct due_list {
    struct read *r;
    const Routing__ListTasksRequest *request;
    unsigned states;
    size_t page_size;
    size_t bytes;
    Routing__ListTasksResponse *response;
};

static bool is_full(const struct due_list *list)
{
    return list->response->n_tasks == list->page_size || list->bytes >= ROUTING_ANSWER_BYTES_MAX;
}

static void prefix_of(const struct due_list *list, bool closed, struct key *prefix)
{
    if (closed) {
        routing_tables_unit_prefix(prefix, list->request->unit, true);
    } else {
        routing_tables_due_prefix(prefix, list->request->unit);
    }
}

static enum status end_page(struct due_list *list, bool closed, struct bytes key)
{
    struct key prefix;
    prefix_of(list, closed, &prefix);
    size_t head = key_bytes(&prefix).size;
    uint8_t *page = arena_alloc(list->r->arena, 1 + key.size - head);
    if (page == NULL) {
        return routing_refuse_too_large(list->r);
    }
    page[0] = closed;
    memcpy(page + 1, key.data + head, key.size - head);
    list->response->next_page.data = page;
    list->response->next_page.len = 1 + key.size - head;
    return STATUS_OK;
}

static enum status add_task(struct due_list *list, uint64_t number)
{
    Routing__Task *task;
    enum status status = routing_read_task(list->r, number, &task);
    if (status != STATUS_OK) {
        return status;
    }
    list->bytes += protobuf_c_message_get_packed_size(&task->base);
    if (is_asked_for(list->request, list->states, task)) {
        list->response->tasks[list->response->n_tasks++] = task;
    }
    return STATUS_OK;
}

/* Where the page before ended in this part: `after` is the key behind which to go on. */
static bool goes_on_in(const struct due_list *list, bool closed, struct key *from)
{
    const ProtobufCBinaryData *page = &list->request->page;
    prefix_of(list, closed, from);
    if (page->len == 0 || (page->data[0] != 0) != closed) {
        return false;
    }
    for (size_t i = 1; i < page->len; i++) {
        key_add_u8(from, page->data[i]);
    }
    return true;
}

static enum status list_part(struct due_list *list, bool closed)
{
    struct key prefix, from;
    struct txn_scan scan;
    struct bytes key, value;
    struct bytes last = {0};
    enum status status = STATUS_OK;
    bool more = false;
    bool goes_on = goes_on_in(list, closed, &from);
    prefix_of(list, closed, &prefix);
    txn_scan_begin(&scan, list->r->txn, STORE_STATE, &prefix, &from, false);
    while (status == STATUS_OK && txn_scan_next(&scan, &key, &value)) {
        if (goes_on && bytes_equal(key, key_bytes(&from))) {
            continue;
        }
        more = is_full(list);
        if (more) {
            break;
        }
        last = key;
        status = add_task(list, closed ? routing_tables_unit_key_task(key)
                                       : routing_tables_due_key_task(key));
    }
    if (status == STATUS_OK && more) {
        status = end_page(list, closed, last.data != NULL ? last : key_bytes(&from));
    }
    txn_scan_end(&scan);
    return status;
}

static enum status list_by_due(struct read *r, const Routing__ListTasksRequest *request,
                               size_t page_size, Routing__ListTasksResponse *response)
{
    struct due_list list = {
        .r = r,
        .request = request,
        .states = states_of(request),
        .page_size = page_size,
        .response = response,
    };
    bool past_open = request->page.len > 0 && request->page.data[0] != 0;
    enum status status = STATUS_OK;
    response->tasks = arena_alloc(r->arena, page_size * sizeof(*response->tasks));
    if (response->tasks == NULL) {
        return routing_refuse_too_large(r);
    }
    if (!past_open && (list.states & ~ended_bits()) != 0) {
        status = list_part(&list, false);
    }
    if (status == STATUS_OK && response->next_page.len == 0 && (list.states & ended_bits()) != 0) {
        status = list_part(&list, true);
    }
    return status;
}

enum status routing_read_list(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer)
{
    const Routing__ListTasksRequest *request = (const Routing__ListTasksRequest *)message;
    Routing__ListTasksResponse *response = (Routing__ListTasksResponse *)answer;
    size_t page_size = request->page_size != 0 ? request->page_size : ROUTING_PAGE_SIZE_DEFAULT;
    enum status status = routing_require_unit(r, request->unit);
    if (status != STATUS_OK) {
        return status;
    }
    return request->order == ROUTING__TASK_ORDER__TASK_ORDER_DUE
               ? list_by_due(r, request, page_size, response)
               : list_by_number(r, request, page_size, response);
}
