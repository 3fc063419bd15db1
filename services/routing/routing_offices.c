/* Offices: what a claim may say, and how far behind each unit's office is. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <string.h>

enum status routing_check_claim(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    const Routing__ClaimTasksRequest *request = (const Routing__ClaimTasksRequest *)message;
    enum status status = text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
    if (status == STATUS_OK) {
        status = routing_rules_check_unit(caller, request->unit, err);
    }
    if (status == STATUS_OK && city_unit(city, request->unit) == NULL) {
        status = error_set(err, STATUS_NOT_FOUND, "unit", "there is no unit %s", request->unit);
    }
    if (status == STATUS_OK) {
        status = text_require(request->desk, ROUTING_DESK_MAX, "desk", err);
    }
    return status == STATUS_OK
               ? routing_check_at_most(request->tasks_max, ROUTING_DESK_TASKS_MAX, "tasks_max", err)
               : status;
}

enum status routing_check_offices(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__ListOfficesRequest *request = (const Routing__ListOfficesRequest *)message;
    enum status status =
        routing_check_at_most(request->page_size, ROUTING_PAGE_SIZE_MAX, "page_size", err);
    return status == STATUS_OK && request->page_token[0] != '\0'
               ? text_check_key(request->page_token, CITY_KEY_SIZE_MAX, "page_token", err)
               : status;
}

/* When the event at that offset was recorded. */
static enum status recorded_at(struct read *r, uint64_t offset, int64_t *ret_us)
{
    struct bytes packed;
    if (!log_get(r->txn, offset, &packed, NULL)) {
        return read_refuse(r, STATUS_DATA_LOSS, NULL, "the log has no event %" PRIu64, offset);
    }
    const Common__EventRecord *record = (const Common__EventRecord *)table_unpack(
        r->txn, packed, &common__event_record__descriptor, r->arena);
    if (record == NULL) {
        return txn_error(r->txn, r->error);
    }
    *ret_us = record->recorded_at_us;
    return STATUS_OK;
}

static enum status tell_behind(struct read *r, Routing__Office *office)
{
    struct key prefix, from;
    struct txn_scan scan;
    struct bytes key, value;
    uint64_t first = 0;
    routing_tables_feed_prefix(&prefix, office->unit);
    routing_tables_feed_key(&from, office->unit,
                            PLANTED("behind_from_the_start") ? 1 : office->acknowledged + 1);
    txn_scan_begin(&scan, r->txn, STORE_STATE, &prefix, &from, false);
    while (office->behind < ROUTING_BEHIND_MAX && txn_scan_next(&scan, &key, &value)) {
        first = first == 0 ? routing_tables_feed_key_offset(key) : first;
        office->behind++;
    }
    txn_scan_end(&scan);
    return first == 0 ? STATUS_OK : recorded_at(r, first, &office->behind_since_us);
}

static enum status tell_desks(struct read *r, Routing__Office *office)
{
    uint64_t numbers[ROUTING_DESKS_MAX];
    size_t count = routing_tables_desks(r->txn, office->unit, r->arena, numbers, ROUTING_DESKS_MAX);
    office->desks = arena_alloc(r->arena, (count + 1) * sizeof(*office->desks));
    for (size_t i = 0; office->desks != NULL && i < count; i++) {
        const Routing__DeskRecord *record = routing_tables_desk(r->txn, numbers[i], r->arena);
        Routing__Desk *desk = arena_alloc(r->arena, sizeof(*desk));
        if (record == NULL || desk == NULL) {
            enum status status = txn_error(r->txn, r->error);
            return status != STATUS_OK ? status : routing_refuse_too_large(r);
        }
        routing__desk__init(desk);
        desk->name = record->name;
        desk->held = record->held;
        desk->until_us = record->until_us;
        office->desks[office->n_desks++] = desk;
    }
    return office->desks != NULL ? STATUS_OK : routing_refuse_too_large(r);
}

static enum status tell_office(struct read *r, const char *unit, Routing__Office **ret_office)
{
    Routing__Office *office = arena_alloc(r->arena, sizeof(*office));
    if (office == NULL) {
        return routing_refuse_too_large(r);
    }
    routing__office__init(office);
    office->unit = (char *)(uintptr_t)unit;
    office->acknowledged = routing_tables_acknowledged(r->txn, unit, r->arena);
    office->last = routing_tables_feed_last(r->txn, unit);
    enum status status = tell_behind(r, office);
    if (status == STATUS_OK) {
        status = tell_desks(r, office);
    }
    if (status == STATUS_OK) {
        *ret_office = office;
    }
    return status;
}

enum status routing_read_offices(struct read *r, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__ListOfficesRequest *request = (const Routing__ListOfficesRequest *)message;
    Routing__ListOfficesResponse *response = (Routing__ListOfficesResponse *)answer;
    size_t page_size = request->page_size != 0 ? request->page_size : ROUTING_PAGE_SIZE_DEFAULT;
    const char *unit = request->page_token;
    response->offices = arena_alloc(r->arena, page_size * sizeof(*response->offices));
    if (response->offices == NULL) {
        return routing_refuse_too_large(r);
    }
    while (routing_tables_next_office(r->txn, unit, r->arena, &unit)) {
        if (city_unit_is_outside(r->city, unit)) {
            continue; /* it has no office here that could be behind */
        }
        if (response->n_offices == page_size) {
            response->next_page_token = response->offices[page_size - 1]->unit;
            break;
        }
        enum status status = read_wanted(r);
        if (status == STATUS_OK) {
            status = tell_office(r, unit, &response->offices[response->n_offices]);
        }
        if (status != STATUS_OK) {
            return status;
        }
        response->n_offices++;
    }
    return txn_error(r->txn, r->error);
}
