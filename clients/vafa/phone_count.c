#include "clients/vafa/phone_count.h"

int64_t phone_count_wait_us(const Intake__Call *call)
{
    int64_t until_us =
        call->answered_at_us == 0 && call->result == INTAKE__CALL_RESULT__CALL_RESULT_ABANDONED
            ? call->ended_at_us
            : call->answered_at_us;
    return call->queued_at_us == 0 || until_us < call->queued_at_us ? -1
                                                                    : until_us - call->queued_at_us;
}

void phone_count_add(struct phone_count *count, const Intake__Call *call)
{
    int64_t wait_us = phone_count_wait_us(call);
    count->calls++;
    if ((size_t)call->result < PHONE_RESULTS) {
        count->by_result[call->result]++;
    }
    if (wait_us >= 0) {
        count->waits++;
        count->wait_sum_us += wait_us;
        count->wait_max_us = wait_us > count->wait_max_us ? wait_us : count->wait_max_us;
    }
}
