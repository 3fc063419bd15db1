#include "tests/bench/bench_rows.h"

#include "base/bytes.h"
#include "base/check.h"
#include "tests/bench/bench.h"

#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

/* How the keys look: a class, then numbers of 8 bytes (services/intake/README.md). */
enum { CLASS_CASE = 1, CLASS_CITIZEN_CASE = 2 };
enum { CLASS_CITIZEN = 1, CLASS_PHONE = 2 };
#define IDEM_OFFSET_AT 16

struct piece {
    struct piece *next;
    unsigned char data[];
};

const char *bench_rows_database(enum bench_kind kind)
{
    switch (kind) {
    case BENCH_LOG: return "log";
    case BENCH_IDEM: return "idem";
    case BENCH_CITIZEN:
    case BENCH_PHONE: return "keys";
    default: return "state";
    }
}

unsigned bench_rows_flags(enum bench_kind kind)
{
    return kind == BENCH_LOG ? MDB_INTEGERKEY : 0;
}

static void check(int rc, const char *what)
{
    if (rc != 0) {
        bench_fail("%s: %s", what, mdb_strerror(rc));
    }
}

static struct bench_row keep(struct bench_rows *rows, MDB_val key, MDB_val value)
{
    struct piece *piece = malloc(sizeof(*piece) + key.mv_size + value.mv_size);
    CHECK(piece != NULL);
    piece->next = rows->memory;
    rows->memory = piece;
    memcpy(piece->data, key.mv_data, key.mv_size);
    if (value.mv_size > 0) {
        memcpy(piece->data + key.mv_size, value.mv_data, value.mv_size);
    }
    return (struct bench_row){piece->data, key.mv_size, piece->data + key.mv_size, value.mv_size};
}

/* --- which registration a row belongs to --- */

typedef void add_row(struct bench_rows *rows, MDB_val key, MDB_val value);

static struct bench_registration *registration(struct bench_rows *rows, uint64_t offset)
{
    if (offset == 0 || offset > rows->count) {
        bench_fail("a row of registration %llu: the store holds something else too",
                   (unsigned long long)offset);
    }
    return &rows->registrations[offset - 1];
}

static void add_log(struct bench_rows *rows, MDB_val key, MDB_val value)
{
    uint64_t offset;
    memcpy(&offset, key.mv_data, sizeof(offset));
    registration(rows, offset)->rows[BENCH_LOG] = keep(rows, key, value);
}

static void add_state(struct bench_rows *rows, MDB_val key, MDB_val value)
{
    const uint8_t *bytes = key.mv_data;
    if (bytes[0] == CLASS_CASE) {
        registration(rows, be64_get(bytes + 1))->rows[BENCH_CASE] = keep(rows, key, value);
    } else if (bytes[0] == CLASS_CITIZEN_CASE) {
        struct bench_registration *of = registration(rows, be64_get(bytes + 9));
        of->citizen = be64_get(bytes + 1);
        of->rows[BENCH_CITIZEN_CASE] = keep(rows, key, value);
    }
}

static void add_idem(struct bench_rows *rows, MDB_val key, MDB_val value)
{
    uint64_t offset = be64_get((const uint8_t *)value.mv_data + IDEM_OFFSET_AT);
    registration(rows, offset)->rows[BENCH_IDEM] = keep(rows, key, value);
}

/* Citizens are numbered as they first call, so the one who is new is the highest so far. */
static struct bench_registration *first_of(struct bench_rows *rows, uint64_t citizen)
{
    static size_t from;
    if (citizen == 1) {
        from = 0;
    }
    while (from < rows->count && rows->registrations[from].citizen != citizen) {
        from++;
    }
    return registration(rows, from + 1);
}

static void add_citizen(struct bench_rows *rows, MDB_val key, MDB_val value)
{
    const uint8_t *bytes = key.mv_data;
    if (bytes[0] == CLASS_CITIZEN) {
        first_of(rows, be64_get(bytes + 1))->rows[BENCH_CITIZEN] = keep(rows, key, value);
    }
}

/* Lies in the order of the phones' hashes: found by the citizen's own row, which is there by now.
 */
static void add_phones(struct bench_rows *rows, struct bench_row *phones, size_t count)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct bench_registration *of = &rows->registrations[i];
        if (of->rows[BENCH_CITIZEN].key_size > 0 && of->citizen <= count) {
            of->rows[BENCH_PHONE] = phones[of->citizen - 1];
        }
    }
}

/* --- reading --- */

struct source {
    MDB_env *env;
    MDB_txn *txn;
};

static struct source source_open(const char *folder)
{
    struct source source;
    check(mdb_env_create(&source.env), "LMDB");
    check(mdb_env_set_maxdbs(source.env, 16), "LMDB");
    check(mdb_env_open(source.env, folder, MDB_RDONLY, 0), folder);
    check(mdb_txn_begin(source.env, NULL, MDB_RDONLY, &source.txn), "reading");
    return source;
}

static void source_close(struct source *source)
{
    mdb_txn_abort(source->txn);
    mdb_env_close(source->env);
}

static MDB_dbi open_database(const struct source *source, enum bench_kind kind)
{
    MDB_dbi dbi;
    check(mdb_dbi_open(source->txn, bench_rows_database(kind), bench_rows_flags(kind), &dbi),
          bench_rows_database(kind));
    return dbi;
}

static size_t count_rows(const struct source *source, enum bench_kind kind)
{
    MDB_stat stat;
    check(mdb_stat(source->txn, open_database(source, kind), &stat), "counting");
    return stat.ms_entries;
}

static void read_all(const struct source *source, enum bench_kind kind, struct bench_rows *rows,
                     add_row *add)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc;
    check(mdb_cursor_open(source->txn, open_database(source, kind), &cursor), "reading");
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        add(rows, key, value);
    }
    if (rc != MDB_NOTFOUND) {
        check(rc, "reading");
    }
    mdb_cursor_close(cursor);
}

static void read_phones(const struct source *source, struct bench_rows *rows)
{
    size_t count = count_rows(source, BENCH_PHONE);
    struct bench_row *phones = calloc(count + 1, sizeof(*phones));
    MDB_cursor *cursor;
    MDB_val key, value;
    CHECK(phones != NULL);
    check(mdb_cursor_open(source->txn, open_database(source, BENCH_PHONE), &cursor), "reading");
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        if (((const uint8_t *)key.mv_data)[0] == CLASS_PHONE) {
            uint64_t citizen = be64_get(value.mv_data);
            CHECK(citizen >= 1 && citizen <= count);
            phones[citizen - 1] = keep(rows, key, value);
        }
    }
    mdb_cursor_close(cursor);
    add_phones(rows, phones, count);
    free(phones);
}

void bench_rows_read(struct bench_rows *rows, const char *store_folder)
{
    struct source source = source_open(store_folder);
    *rows = (struct bench_rows){.count = count_rows(&source, BENCH_LOG)};
    rows->registrations = calloc(rows->count + 1, sizeof(*rows->registrations));
    CHECK(rows->registrations != NULL);
    read_all(&source, BENCH_LOG, rows, add_log);
    read_all(&source, BENCH_CASE, rows, add_state);
    read_all(&source, BENCH_IDEM, rows, add_idem);
    read_all(&source, BENCH_CITIZEN, rows, add_citizen);
    read_phones(&source, rows);
    source_close(&source);
}

void bench_rows_free(struct bench_rows *rows)
{
    for (struct piece *piece = rows->memory; piece != NULL;) {
        struct piece *next = piece->next;
        free(piece);
        piece = next;
    }
    free(rows->registrations);
}
