/*
 * The rows of registrations, read out of an intake store: so that LMDB and PostgreSQL are given the
 * very bytes that the service wrote, and in the same order. Read from LMDB itself: the store's own
 * interface does not show all of them.
 */
#ifndef VAFA_TESTS_BENCH_BENCH_ROWS_H
#define VAFA_TESTS_BENCH_BENCH_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Of one registration, or that no such row was written with it: size 0 of the key. */
struct bench_row {
    const void *key;
    size_t key_size;
    const void *value;
    size_t value_size;
};

enum bench_kind {
    BENCH_LOG,          /* offset -> chain hash, event */
    BENCH_CASE,         /* state */
    BENCH_CITIZEN_CASE, /* state */
    BENCH_IDEM,         /* idempotency key -> digest, offset, answer */
    BENCH_CITIZEN,      /* keys; of a new citizen only */
    BENCH_PHONE,        /* keys; of a new citizen only */
    BENCH_KIND_COUNT
};

struct bench_registration {
    struct bench_row rows[BENCH_KIND_COUNT];
    uint64_t citizen;
};

struct bench_rows {
    struct bench_registration *registrations; /* the i-th has offset i + 1 */
    size_t count;
    void *memory; /* the list of pieces the rows lie in */
};

/* The LMDB database of a kind, and the name's flags beside MDB_CREATE. */
const char *bench_rows_database(enum bench_kind kind);
unsigned bench_rows_flags(enum bench_kind kind);

/* Fails loudly: the store must hold registrations and nothing else. */
void bench_rows_read(struct bench_rows *rows, const char *store_folder);
void bench_rows_free(struct bench_rows *rows);

#endif
