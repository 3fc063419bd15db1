/*
 * The citizen's own look: whoever has the code and the last four digits of the phone sees where the
 * request stands. Wrong digits are counted for every code, whether there is such a request or not, and
 * lock it for a while: ten thousand guesses are not to be had. Wrong ones for code after code are counted, too: when there
 * are many, four digits are too few.
 */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_internal.h"

#include "base/clock.h"
#include "base/plant.h"
#include "service/keyring.h"

#include <inttypes.h>
#include <string.h>

static enum status emit(struct decide *d, Intake__Event event, const void *member)
{
    const Intake__Event *kept = arena_copy(d->arena, &event, sizeof(event));
    if (kept == NULL || member == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the call needs more memory than a call may have");
    }
    const struct event_options options = {.ignorable = true};
    return decide_emit(d, &kept->base, &options);
}

/* A request that is not there, that has no phone or whose citizen was forgotten has no digits. */
static bool has_digits(struct decide *d, uint64_t number, const char *digits)
{
    struct intake_case found;
    const ProtobufCMessage *plain = NULL;
    if (!intake_tables_case_find(d->txn, number, d->arena, &found) ||
        !found.registered->can_be_called ||
        keyring_open_sealed(d->keyring, d->txn, found.registered->citizen, INTAKE_SEAL_PURPOSE,
                            found.sealed, &intake__sealed_words__descriptor, d->arena, &plain,
                            NULL) != STATUS_OK) {
        return false;
    }
    const char *phone = ((const Intake__SealedWords *)plain)->phone;
    size_t size = strlen(phone);
    size_t asked = strlen(digits);
    return size > asked &&
           (strcmp(phone + size - asked, digits) == 0 || PLANTED("digits_not_compared"));
}

static enum status refuse_locked(struct decide *d, int64_t until_us)
{
    int64_t minutes = 1 + (until_us - d->now_us) / MINUTE_US;
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "code",
                         "wrong digits were given for this code %d times: try again in %" PRId64
                         " minutes",
                         INTAKE_LOOKUP_TRIES_MAX, minutes);
}

static bool is_full(struct decide *d)
{
    uint64_t number;
    int64_t until_us;
    return intake_tables_lookup_count(d->txn, d->arena) >= INTAKE_LOOKUP_ROWS_MAX &&
           intake_tables_lookup_oldest(d->txn, &number, &until_us) && until_us > d->now_us;
}

/* Right digits are not told from wrong ones, either: what cannot be counted could be guessed. */
static enum status refuse_full(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "phone_digits",
                         "too many wrong digits were given of late: try again in %" PRId64
                         " minutes",
                         INTAKE_LOOKUP_LOCK_US / MINUTE_US);
}

/* Nor are they here, and nothing is counted: no guess was taken. */
static enum status refuse_few_digits(struct decide *d)
{
    return decide_refuse(
        d, STATUS_RESOURCE_EXHAUSTED, "phone_digits",
        "many wrong digits were given of late: give the last %d digits of the phone "
        "number instead of %d",
        INTAKE_LOOKUP_MORE_DIGITS, INTAKE_LOOKUP_DIGITS);
}

static enum status count_wrong(struct decide *d, uint64_t number, uint32_t tries,
                               Intake__LookUpCaseResponse *response)
{
    Intake__Event event = INTAKE__EVENT__INIT;
    Intake__LookUpFailed failed = INTAKE__LOOK_UP_FAILED__INIT;
    failed.code_number = number;
    failed.tries = tries + 1;
    failed.until_us = us_add(d->now_us, INTAKE_LOOKUP_LOCK_US);
    response->tries_left = INTAKE_LOOKUP_TRIES_MAX - failed.tries;
    event.kind_case = INTAKE__EVENT__KIND_LOOK_UP_FAILED;
    event.look_up_failed = arena_copy(d->arena, &failed, sizeof(failed));
    return emit(d, event, event.look_up_failed);
}

static enum status forget_tries(struct decide *d, uint64_t number)
{
    Intake__Event event = INTAKE__EVENT__INIT;
    Intake__LookUpCleared cleared = INTAKE__LOOK_UP_CLEARED__INIT;
    cleared.code_number = number;
    event.kind_case = INTAKE__EVENT__KIND_LOOK_UP_CLEARED;
    event.look_up_cleared = arena_copy(d->arena, &cleared, sizeof(cleared));
    return emit(d, event, event.look_up_cleared);
}

enum status intake_decide_look_up(struct decide *d, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Intake__LookUpCaseRequest *request = (const Intake__LookUpCaseRequest *)message;
    Intake__LookUpCaseResponse *response = (Intake__LookUpCaseResponse *)answer;
    char digits[INTAKE_LOOKUP_MORE_DIGITS + 1];
    uint64_t number;
    uint32_t tries = 0;
    int64_t until_us = 0;
    enum status status = intake_tables_code_number(d->txn, request->code, &number, d->error);
    if (status == STATUS_OK) {
        status = intake_rules_phone_digits(request->phone_digits, digits, d->error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool has_row = intake_tables_lookup(d->txn, number, &tries, &until_us);
    bool is_counted = has_row && until_us > d->now_us;
    if (is_counted && tries >= INTAKE_LOOKUP_TRIES_MAX) {
        return refuse_locked(d, until_us);
    }
    if (!is_counted && is_full(d)) {
        return refuse_full(d);
    }
    if (strlen(digits) < INTAKE_LOOKUP_MORE_DIGITS &&
        intake_tables_lookup_wrong(d->txn, d->arena, d->now_us) >= INTAKE_LOOKUP_WRONG_MAX) {
        return refuse_few_digits(d);
    }
    response->found = has_digits(d, number, digits);
    if (!response->found) {
        status = txn_error(d->txn, d->error);
        return status != STATUS_OK ? status
                                   : count_wrong(d, number, is_counted ? tries : 0, response);
    }
    return has_row ? forget_tries(d, number) : STATUS_OK;
}
