/*
 * Durable timers: rows of the state space under class STORE_CLASS_TIMER, key {due_us, kind,
 * subject}. Set and cleared only by apply, so that they derive from the log. At most one timer per
 * kind and subject (a second row finds it).
 */
#ifndef VAFA_STORE_TIMER_H
#define VAFA_STORE_TIMER_H

#include "store/store.h"

/* Classes 250..255 of the state space are the store's own. */
#define STORE_CLASS_TIMER 250
#define STORE_CLASS_TIMER_OF 251

struct timer {
    int64_t due_us;
    uint8_t kind;     /* 1..255, the service's own numbering */
    uint64_t subject; /* a number of the service's own: a task, a call */
};

/* Sets or moves the timer of that kind and subject. */
void timer_set(struct store_txn *txn, const struct timer *timer);
void timer_clear(struct store_txn *txn, uint8_t kind, uint64_t subject);
/* The earliest, if any. */
bool timer_first(struct store_txn *txn, struct timer *ret_timer);
/* The same, of those after `previous` in order of due, kind, subject. */
bool timer_next(struct store_txn *txn, const struct timer *previous, struct timer *ret_timer);

#endif
