/* A row of another system's export as a request of ours, by the words of a profile
 * (docs/CITY_PACKS.md). */
#ifndef VAFA_CLIENTS_VAFA_IMPORT_ROW_H
#define VAFA_CLIENTS_VAFA_IMPORT_ROW_H

#include "base/arena.h"
#include "city/city.h"
#include "clients/vafa/import_csv.h"

#include "vafa/intake/v1/intake.pb-c.h"

#define IMPORT_NOTE_MAX 1000 /* characters: what FinishTask takes */

/* Where the profile's columns are in this file. */
struct import_map {
    const struct city_profile *profile;
    size_t columns;                  /* of the head */
    int column_of[CITY_FIELD_COUNT]; /* -1: not mapped */
};

/* NOT_FOUND, field "profile": the file lacks a column that the profile names. */
enum status import_map_init(struct import_map *map, const struct city_profile *profile,
                            const struct import_csv *csv, struct error *err);

/* A row as messages; everything lives in the arena. The caller adds the idempotency key. */
struct import_row {
    Intake__RegisterCaseRequest request;
    Intake__History history;
    Intake__Citizen citizen;
    Common__Place place;
    Common__GeoPoint point;
    int64_t closed_us;     /* 0: still open; never before the opening */
    bool closed_too_early; /* the file says so: closed before it was opened */
    const char *note;      /* of the closing, at most IMPORT_NOTE_MAX characters */
    bool note_cut;         /* it was longer */
};

/* INVALID_ARGUMENT, field: the column; the row cannot be taken. What only the service can judge is
 * left to it. */
enum status import_row_read(const struct import_map *map, const struct import_csv_row *csv_row,
                            int64_t now_us, struct arena *arena, struct import_row *ret_row,
                            struct error *err);

#endif
