/* ForgetCitizen, ListLooks: what is checked before, and what is read. */
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"

#include "text/utf8.h"

#include <stdlib.h>

enum status intake_check_forget(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    const Intake__ForgetCitizenRequest *request = (const Intake__ForgetCitizenRequest *)message;
    char e164[PHONE_E164_SIZE];
    (void)caller;
    enum status status = text_require(request->reason, INTAKE_PURPOSE_MAX, "reason", err);
    if (status != STATUS_OK) {
        return status;
    }
    if ((request->code[0] != '\0') == (request->phone[0] != '\0')) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "code",
                         "say who: a code of theirs or their phone, one of the two");
    }
    return request->phone[0] == '\0'
               ? STATUS_OK
               : phone_normalise(city_phone_plan(city), request->phone, e164, err);
}

static int newest_first(const void *a, const void *b)
{
    const Intake__Look *one = *(Intake__Look *const *)a;
    const Intake__Look *other = *(Intake__Look *const *)b;
    if (one->at_us != other->at_us) {
        return one->at_us > other->at_us ? -1 : 1;
    }
    return (int)one->service - (int)other->service;
}

static size_t tell_looks(const Intake__LookRecord *const *records, size_t count,
                         Common__ServiceId service, Intake__Look *looks, Intake__Look **list)
{
    for (size_t i = 0; i < count; i++) {
        intake__look__init(&looks[i]);
        looks[i].at_us = records[i]->at_us;
        looks[i].actor = records[i]->actor;
        looks[i].purpose = records[i]->purpose;
        looks[i].service = service;
        list[i] = &looks[i];
    }
    return count;
}

enum status intake_read_looks(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer)
{
    const Intake__ListLooksRequest *request = (const Intake__ListLooksRequest *)message;
    Intake__ListLooksResponse *response = (Intake__ListLooksResponse *)answer;
    const Intake__LookRecord *records[INTAKE_LOOKS_MAX];
    struct intake_case found;
    uint64_t number;
    enum status status = intake_tables_code_number(r->txn, request->code, &number, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!intake_tables_case_find(r->txn, number, r->arena, &found)) {
        return read_refuse(r, STATUS_NOT_FOUND, "code", "no request has this code");
    }
    Intake__Look *looks = arena_alloc(r->arena, 2 * INTAKE_LOOKS_MAX * sizeof(*looks));
    Intake__Look **list = arena_alloc(r->arena, 2 * INTAKE_LOOKS_MAX * sizeof(*list));
    if (looks == NULL || list == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    static const struct {
        enum store_space space;
        Common__ServiceId service;
    } sources[] = {{STORE_STATE, COMMON__SERVICE_ID__SERVICE_ID_INTAKE},
                   {STORE_VIEW, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP}};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        size_t read = intake_tables_looks(r->txn, sources[i].space, number, r->arena, records);
        count += tell_looks(records, read, sources[i].service, looks + count, list + count);
    }
    qsort(list, count, sizeof(*list), newest_first);
    response->looks = list;
    response->n_looks = count;
    return STATUS_OK;
}
