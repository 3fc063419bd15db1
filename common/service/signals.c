#include "service/signals.h"

#include "service/service.h"

#include <string.h>

uint64_t service_signal_key(const char *name)
{
    /* FNV-1a, 64 bits: a collision only wakes a read for nothing. */
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        hash = (hash ^ *c) * UINT64_C(1099511628211);
    }
    return hash == 0 ? 1 : hash;
}

void apply_signal(struct apply *a, uint64_t key)
{
    struct signals *signals = a->signals;
    if (signals == NULL) {
        return;
    }
    for (size_t i = signals->count; i > 0 && i + 8 > signals->count; i--) {
        if (signals->keys[i - 1] == key) {
            return;
        }
    }
    if (signals->count == SIGNALS_MAX) {
        signals->all = true;
        return;
    }
    signals->keys[signals->count++] = key;
}

size_t signals_take(struct signals *signals, uint64_t *ret_keys, size_t max, bool *ret_all)
{
    size_t count = signals->count < max ? signals->count : max;
    memcpy(ret_keys, signals->keys, count * sizeof *ret_keys);
    *ret_all = signals->all || count < signals->count;
    signals->count = 0;
    signals->all = false;
    return count;
}
