/* Calls to the hotline, counted: how they ended, and how long callers waited. */
#ifndef VAFA_CLIENTS_VAFA_PHONE_COUNT_H
#define VAFA_CLIENTS_VAFA_PHONE_COUNT_H

#include "vafa/intake/v1/intake.pb-c.h"

#include <stdint.h>

#define PHONE_RESULTS 9 /* values of intake.v1.CallResult; the unset one: calls that go on */

struct phone_count {
    uint64_t calls;
    uint64_t by_result[PHONE_RESULTS];
    /* Of calls of which the exchange told it: from the queue to the answer, or to giving up. */
    uint64_t waits;
    int64_t wait_sum_us;
    int64_t wait_max_us;
};

/* How long the caller waited; -1 when nobody told. */
int64_t phone_count_wait_us(const Intake__Call *call);
/* A call that ended in a way this program does not know counts as a call only. */
void phone_count_add(struct phone_count *count, const Intake__Call *call);

#endif
