/*
 * Bare LMDB: writes the rows of an intake store into a new environment, so many registrations in a
 * synced transaction. It does nothing else: no calls, no checks, no sealing, no hashing. That is
 * the ceiling for a service on one LMDB store.
 */
#include "base/check.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_rows.h"

#include <lmdb.h>
#include <stdlib.h>

#define MAP_BYTES ((size_t)64 << 30)

static void check(int rc, const char *what)
{
    if (rc != 0) {
        bench_fail("%s: %s", what, mdb_strerror(rc));
    }
}

static MDB_txn *begin(MDB_env *env)
{
    MDB_txn *txn;
    check(mdb_txn_begin(env, NULL, 0, &txn), "beginning");
    return txn;
}

static MDB_env *open_target(const char *folder, MDB_dbi dbis[BENCH_KIND_COUNT])
{
    MDB_env *env;
    check(mdb_env_create(&env), "LMDB");
    check(mdb_env_set_maxdbs(env, 16), "LMDB");
    check(mdb_env_set_mapsize(env, MAP_BYTES), "LMDB");
    check(mdb_env_open(env, folder, MDB_NOTLS, 0600), folder);
    MDB_txn *txn = begin(env);
    for (int kind = 0; kind < BENCH_KIND_COUNT; kind++) {
        enum bench_kind of = (enum bench_kind)kind;
        check(mdb_dbi_open(txn, bench_rows_database(of), bench_rows_flags(of) | MDB_CREATE,
                           &dbis[kind]),
              bench_rows_database(of));
    }
    check(mdb_txn_commit(txn), "committing");
    return env;
}

static void put(MDB_txn *txn, const MDB_dbi *dbis, const struct bench_registration *registration)
{
    for (int kind = 0; kind < BENCH_KIND_COUNT; kind++) {
        const struct bench_row *row = &registration->rows[kind];
        if (row->key_size > 0) {
            MDB_val key = {row->key_size, (void *)(uintptr_t)row->key};
            MDB_val value = {row->value_size, (void *)(uintptr_t)row->value};
            check(mdb_put(txn, dbis[kind], &key, &value, kind == BENCH_LOG ? MDB_APPEND : 0),
                  "writing");
        }
    }
}

static void put_all(MDB_env *env, const MDB_dbi *dbis, const struct bench_rows *rows, size_t batch)
{
    for (size_t at = 0; at < rows->count; at += batch) {
        size_t end = at + batch < rows->count ? at + batch : rows->count;
        MDB_txn *txn = begin(env);
        for (size_t i = at; i < end; i++) {
            put(txn, dbis, &rows->registrations[i]);
        }
        check(mdb_txn_commit(txn), "committing");
    }
}

int main(int argc, char **argv)
{
    const char *like = NULL, *into = NULL;
    uint64_t batch = 64;
    const struct bench_option options[] = {
        {.name = "--like",
         .help = "folder of the intake store whose rows are written",
         .ret_text = &like},
        {.name = "--into", .help = "empty folder to write to", .ret_text = &into},
        {.name = "--batch",
         .help = "registrations a transaction; default 64",
         .ret_number = &batch},
        {0},
    };
    bench_options_read(argc, argv,
                       "Writes an intake store's rows with bare LMDB and prints the rate as JSON.",
                       options);
    if (like == NULL || into == NULL) {
        bench_fail("--like and --into are needed");
    }
    struct bench_rows rows;
    MDB_dbi dbis[BENCH_KIND_COUNT];
    bench_rows_read(&rows, like);
    MDB_env *env = open_target(into, dbis);
    int64_t begun_us = bench_now_us();
    put_all(env, dbis, &rows, batch);
    bench_print(rows.count, bench_now_us() - begun_us, NULL, 0);
    mdb_env_close(env);
    bench_rows_free(&rows);
    return EXIT_SUCCESS;
}
