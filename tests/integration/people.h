/*
 * Who uses a city's hotline, each a client of its own on a thread of its own: callers who register,
 * offices that follow their unit, accept, report, finish and acknowledge, desks that call back. They go
 * on through whatever happens to the services, and note every acknowledgement in a ledger. Beside the
 * ledger they check what they are told: who was told OK reads it at once, the same key has the same
 * answer, and an office is told the same changes in the same order, none twice and none left out, also
 * after it has forgotten them.
 */
#ifndef VAFA_TESTS_PEOPLE_H
#define VAFA_TESTS_PEOPLE_H

#include "tests/integration/ledger.h"
#include "tests/integration/system.h"

struct people;

/* At rest. The system is to have a pack whose call-backs are due at once (shell.h). */
struct people *people_new(const struct system *system, struct ledger *ledger, unsigned seed);
void people_free(struct people *people); /* at rest; NULL is allowed */

void people_work(struct people *people);
/* Fails the test when one of them was told something wrong. */
void people_check(struct people *people);
/* Everybody finishes what they are at; calls whose outcome is unknown are repeated until they are
 * acknowledged, acknowledged ones are repeated too. */
void people_rest(struct people *people);
/* Then the services settle, the offices hear what is left, and the ledger is compared. */
void people_rest_and_compare(struct people *people);

#endif
