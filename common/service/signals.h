/* What reads that wait are woken by: keys that were told while events were applied, kept until the server takes them. */
#ifndef VAFA_SERVICE_SIGNALS_H
#define VAFA_SERVICE_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNALS_MAX 1024

struct signals {
    uint64_t keys[SIGNALS_MAX];
    size_t count;
    bool all; /* there were more than could be kept: everybody wakes */
};

/* Moves at most `max` keys out; *ret_all when there were more than that, or than could be kept. */
size_t signals_take(struct signals *signals, uint64_t *ret_keys, size_t max, bool *ret_all);

#endif
