/*
 * What clients were told. Each acknowledgement is written down as a line; the services' logs are read
 * into lines of the same form, and the two must be the same lines: nothing acknowledged is missing,
 * nothing is there twice, nothing is there that nobody asked for.
 *
 * What follows from an event elsewhere (a task from a request, a call from a task, an answer from a
 * call) is compared in the same way, between the logs.
 */
#ifndef VAFA_TESTS_LEDGER_H
#define VAFA_TESTS_LEDGER_H

#include "clients/libvafa/vafa.h"

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger); /* NULL is allowed */

/* An acknowledgement, or what an office was told. Any thread. */
void ledger_note(struct ledger *ledger, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Compares what was noted since the last time with what the logs have gained since: what was before
 * is held by the position, whose hash a log must still have. The clients are at rest, all their calls
 * are acknowledged, and the services have settled. Fails the test with the first lines that differ. */
void ledger_compare(struct ledger *ledger, struct vafa *vafa);
/* Lines compared so far, and how many of them were noted. */
size_t ledger_compared(const struct ledger *ledger, size_t *ret_noted);

#endif
