/* A store for what reads stores: one a program and service, on a clock that stands and with
 * randomness that repeats, so that one input has one story. */
#ifndef VAFA_TESTS_FUZZ_STORE_H
#define VAFA_TESTS_FUZZ_STORE_H

#include "service/keyring.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_NOW_US UINT64_C(1767254400000000) /* 2026-01-01T08:00:00Z */

struct clock *fuzz_clock(void);
struct random *fuzz_random(void);

/* Opened once; nothing an input writes may be committed to it. */
struct store *fuzz_store(const char *service);
/* Its keyring, under a master key file of the program's own. */
struct keyring *fuzz_keyring(struct store *store);
/* The path of that file. */
const char *fuzz_master_key(void);
/* Rows of a citizen with that phone, into the transaction. */
struct citizen_key fuzz_citizen(struct store_txn *txn, struct keyring *keyring, uint64_t citizen,
                                const char *e164);

#endif
