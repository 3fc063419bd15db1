/* Forgetting a citizen: their key goes, and nothing of what is counted. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"

#include "service/keyring.h"

#include <inttypes.h>

/* Of a request's code, or of a phone. */
static enum status find_citizen(struct decide *d, const Intake__ForgetCitizenRequest *request,
                                uint64_t *ret_citizen)
{
    uint64_t citizen;
    if (request->phone[0] != '\0') {
        char e164[PHONE_E164_SIZE];
        enum status status =
            phone_normalise(city_phone_plan(d->city), request->phone, e164, d->error);
        if (status != STATUS_OK) {
            return status;
        }
        citizen = keyring_find_phone(d->keyring, d->txn, e164);
    } else {
        struct intake_case found;
        uint64_t number;
        enum status status = intake_tables_code_number(d->txn, request->code, &number, d->error);
        if (status != STATUS_OK) {
            return status;
        }
        if (!intake_tables_case_find(d->txn, number, d->arena, &found)) {
            return decide_refuse(d, STATUS_NOT_FOUND, "code", "no request has this code");
        }
        citizen = intake_tables_words_citizen(d->txn, &found, d->arena);
    }
    if (citizen == 0) {
        return request->phone[0] != '\0' ? decide_refuse(d, STATUS_NOT_FOUND, "phone",
                                                         "nobody who can be found has this phone")
                                         : decide_refuse(d, STATUS_NOT_FOUND, "code",
                                                         "the request holds no personal data");
    }
    *ret_citizen = citizen;
    return STATUS_OK;
}

enum status intake_decide_forget(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Intake__ForgetCitizenRequest *request = (const Intake__ForgetCitizenRequest *)message;
    Intake__ForgetCitizenResponse *response = (Intake__ForgetCitizenResponse *)answer;
    uint64_t citizen = 0;
    bool had_key = false;
    enum status status = find_citizen(d, request, &citizen);
    if (status == STATUS_OK) {
        status = decide_forget_citizen(d, citizen, &had_key);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!had_key) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "code",
                             "citizen %" PRIu64 " has been forgotten already", citizen);
    }
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__CitizenForgotten *forgotten = arena_alloc(d->arena, sizeof(*forgotten));
    if (event == NULL || forgotten == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the call needs more memory than a call may have");
    }
    intake__citizen_forgotten__init(forgotten);
    forgotten->citizen = citizen;
    forgotten->reason = request->reason;
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_CITIZEN_FORGOTTEN;
    event->citizen_forgotten = forgotten;
    response->citizen = citizen;
    return decide_emit(d, &event->base, NULL);
}
