/* ListSurges: the check of a question, and the page that answers it. */
#include "services/report/report_internal.h"
#include "services/report/report_tables_surges.h"

#include "city/city_route.h"

enum status report_check_surges(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return ((const Report__ListSurgesRequest *)message)->page_size <= REPORT_SURGES_PAGE_MAX
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "page_size", "must be 1 to %d",
                           REPORT_SURGES_PAGE_MAX);
}

/* Where its requests go, as if one came now without answers. */
static bool is_outside(const struct read *r, const Report__Surge *surge)
{
    const struct city_request request = {
        .topic = surge->topics[0],
        .area = surge->n_areas > 0 ? surge->areas[0] : "",
        .neighbourhood = "",
        .registered_at_us = r->now_us,
    };
    struct city_route route;
    city_route(r->city, &request, &route);
    return city_unit_is_outside(r->city, route.unit);
}

/* Its end is noticed some time later; whoever asks is told at once. */
static void complete(const struct read *r, Report__Surge *surge)
{
    if (surge->ended_at_us == 0 && surge->until_us <= r->now_us) {
        surge->ended_at_us = surge->until_us;
    }
    surge->outside = is_outside(r, surge);
}

enum status report_read_surges(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Report__ListSurgesRequest *request = (const Report__ListSurgesRequest *)message;
    Report__ListSurgesResponse *response = (Report__ListSurgesResponse *)answer;
    size_t page_size = request->page_size != 0 ? request->page_size : REPORT_SURGES_PAGE;
    uint64_t number = report_tables_last_surge(r->txn);
    size_t examined = 0;
    if (request->page_token != 0 && request->page_token <= number) {
        number = request->page_token - 1;
    }
    response->surges = arena_alloc(r->arena, page_size * sizeof(*response->surges));
    if (response->surges == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "page_size",
                           "such a page needs more memory than a call may have");
    }
    while (number > 0 && response->n_surges < page_size &&
           examined++ < REPORT_SURGES_EXAMINED_MAX) {
        Report__Surge *surge = report_tables_surge(r->txn, number--, r->arena);
        if (surge == NULL) {
            enum status status = txn_error(r->txn, r->error);
            return status != STATUS_OK
                       ? status
                       : read_refuse(r, STATUS_DATA_LOSS, NULL, "surge %llu is missing",
                                     (unsigned long long)number + 1);
        }
        complete(r, surge);
        if (!request->open || surge->ended_at_us == 0) {
            response->surges[response->n_surges++] = surge;
        }
    }
    response->next_page_token = number > 0 ? number + 1 : 0;
    return STATUS_OK;
}
