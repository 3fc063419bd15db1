/*
 * Report's tables, all of them in the view space:
 *
 *   cases  {1, request number}                                -> CaseRow
 *   cells  {2, local hour i32, topic, area, unit, channel u8} -> counters and buckets, drawn below
 *
 * The hour comes first in a cell's key, so that a question about a time reads that time alone. A
 * cell is not protobuf: a question may read millions of them, and these bytes are added up where
 * they lie in the store, without unpacking and without memory; most cells hold one request, so they
 * are also small.
 *
 * A cell is a run of varints (as protobuf's: seven bits a byte, the lowest first, the high bit set
 * on all but the last): the thirteen counters of enum report_counter, in its order, then for each bucket
 * that is not empty, rising, its number less that of the bucket before (the first less 0) and its
 * count. One request, done within its time after three hours and a half (12,600 s: bucket 546):
 *
 *   01 01 01 01 00 00 00 00 00 00 00 00 00   requests, done, done with due, on time; nothing else
 *   a2 04 01                                 bucket 0x22 + (0x04 << 7) = 546, once
 *
 * A cell whose counters are all zero is deleted.
 */
#ifndef VAFA_SERVICES_REPORT_REPORT_TABLES_H
#define VAFA_SERVICES_REPORT_REPORT_TABLES_H

#include "service/tables.h"
#include "services/report/report_rules.h"

enum report_class {
    REPORT_CLASS_CASE = 1,
    REPORT_CLASS_CELL = 2,
};

void report_tables_case_key(struct key *key, uint64_t number);
/* Every cell. */
void report_tables_cell_prefix(struct key *key);
/* The first cell that an hour can have. */
void report_tables_cell_from(struct key *key, int32_t local_hour);
void report_tables_cell_key(struct key *key, const struct report_place *place);
/* The place in a cell's key, borrowed from it; false when it is none. */
bool report_tables_cell_place(struct bytes key, struct report_place *ret_place);

/* NULL when there is none. Lives in the arena. */
const Report__CaseRow *report_tables_case(struct store_txn *txn, uint64_t number,
                                          struct arena *arena);

/* Adds the bytes of a cell to `sum`; its buckets only when wanted. DATA_LOSS when they are no
 * cell's, RESOURCE_EXHAUSTED when the arena is full; `sum` is worth nothing then. */
enum status report_tables_cell_add(struct report_cell *sum, struct arena *arena, struct bytes value,
                                   bool with_buckets);
/* Appends the bytes of a cell. */
void report_tables_cell_pack(const struct report_cell *cell, struct buffer *out);

#endif
