/* Values are read in the order in which a person would look for what is wrong with a row: its name,
 * its times, its words. */
#include "clients/vafa/import_row.h"

#include "clients/vafa/labels.h"
#include "text/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXTERNAL_ID_BYTES_MAX 64

enum status import_map_init(struct import_map *map, const struct city_profile *profile,
                            const struct import_csv *csv, struct error *err)
{
    map->profile = profile;
    map->columns = import_csv_columns(csv);
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        const char *name = city_profile_column(profile, (enum city_field)field);
        map->column_of[field] = name != NULL ? import_csv_find(csv, name) : -1;
        if (name != NULL && map->column_of[field] < 0) {
            return error_set(err, STATUS_NOT_FOUND, "profile",
                             "the file has no column \"%s\", which the profile names", name);
        }
    }
    return STATUS_OK;
}

/* A row while it is read. */
struct reading {
    const struct import_map *map;
    const struct import_csv_row *csv_row;
    struct arena *arena;
    struct error *err;
};

static const char *column_name(const struct reading *r, enum city_field field)
{
    return city_profile_column(r->map->profile, field);
}

/* The field's value in our words, "" when it is not mapped; NULL (told) when it cannot be used. */
static char *value_of(const struct reading *r, enum city_field field)
{
    static char none[1];
    int column = r->map->column_of[field];
    if (column < 0) {
        return none;
    }
    const char *cell = r->csv_row->cells[column];
    if (!utf8_valid(bytes_of_text(cell))) {
        error_set(r->err, STATUS_INVALID_ARGUMENT, column_name(r, field), "it is not UTF-8");
        return NULL;
    }
    size_t size = strlen(cell) + CITY_NAME_SIZE_MAX + 1; /* a mapped word may be longer */
    char *value = arena_alloc(r->arena, size);
    if (value == NULL) {
        error_set(r->err, STATUS_INVALID_ARGUMENT, column_name(r, field), "the row is too long");
        return NULL;
    }
    city_profile_value(r->map->profile, field, cell, value, size);
    return value;
}

/* Puts the value there; false when the row cannot be used. */
static bool take(const struct reading *r, enum city_field field, char **ret_value)
{
    char *value = value_of(r, field);
    if (value != NULL) {
        *ret_value = value;
    }
    return value != NULL;
}

static bool take_time(const struct reading *r, enum city_field field, int64_t *ret_us)
{
    char *text;
    if (!take(r, field, &text)) {
        return false;
    }
    if (text[0] == '\0') {
        *ret_us = 0;
        return true;
    }
    return civil_parse_format(city_profile_civil(r->map->profile), text,
                              city_profile_time_format(r->map->profile), column_name(r, field),
                              ret_us, r->err) == STATUS_OK;
}

static bool refuse(const struct reading *r, enum city_field field, const char *why)
{
    error_set(r->err, STATUS_INVALID_ARGUMENT, column_name(r, field), "%s", why);
    return false;
}

static bool take_name(const struct reading *r, struct import_row *row)
{
    if (!take(r, CITY_FIELD_EXTERNAL_ID, &row->request.external_id)) {
        return false;
    }
    if (row->request.external_id[0] == '\0') {
        return refuse(r, CITY_FIELD_EXTERNAL_ID, "it is empty: the row has no name");
    }
    if (strlen(row->request.external_id) > EXTERNAL_ID_BYTES_MAX) {
        return refuse(r, CITY_FIELD_EXTERNAL_ID, "it is longer than 64 bytes");
    }
    row->request.source = (char *)(uintptr_t)city_profile_source(r->map->profile);
    return true;
}

static bool take_times(const struct reading *r, int64_t now_us, struct import_row *row)
{
    if (!take_time(r, CITY_FIELD_OPENED, &row->history.occurred_at_us) ||
        !take_time(r, CITY_FIELD_DUE, &row->history.due_at_us) ||
        !take_time(r, CITY_FIELD_CLOSED, &row->closed_us)) {
        return false;
    }
    if (row->history.occurred_at_us == 0) {
        return refuse(r, CITY_FIELD_OPENED, "it is empty");
    }
    if (row->history.occurred_at_us > now_us) {
        return refuse(r, CITY_FIELD_OPENED, "it is in the future");
    }
    if (row->closed_us > now_us) {
        return refuse(r, CITY_FIELD_CLOSED, "it is in the future");
    }
    if (row->closed_us != 0 && row->closed_us < row->history.occurred_at_us) {
        row->closed_us = row->history.occurred_at_us;
        row->closed_too_early = true;
    }
    return true;
}

static bool take_degrees(const struct reading *r, enum city_field field, bool *ret_given,
                         double *ret_degrees)
{
    char *text;
    char *end;
    if (!take(r, field, &text)) {
        return false;
    }
    *ret_given = text[0] != '\0';
    *ret_degrees = strtod(text, &end);
    if (*end != '\0' || !isfinite(*ret_degrees)) {
        return refuse(r, field, "it is no number of degrees");
    }
    return true;
}

static bool take_place(const struct reading *r, struct import_row *row)
{
    bool has_latitude;
    bool has_longitude;
    common__place__init(&row->place);
    common__geo_point__init(&row->point);
    if (!take(r, CITY_FIELD_AREA, &row->place.area) ||
        !take(r, CITY_FIELD_ADDRESS, &row->place.street) ||
        !take_degrees(r, CITY_FIELD_LATITUDE, &has_latitude, &row->point.latitude) ||
        !take_degrees(r, CITY_FIELD_LONGITUDE, &has_longitude, &row->point.longitude)) {
        return false;
    }
    if (has_latitude && has_longitude &&
        !city_profile_is_default_point(r->map->profile, row->point.latitude,
                                       row->point.longitude)) {
        row->place.point = &row->point;
    }
    row->request.place = &row->place;
    return true;
}

static bool take_channel(const struct reading *r, struct import_row *row)
{
    char *text;
    if (!take(r, CITY_FIELD_CHANNEL, &text)) {
        return false;
    }
    int channel = label_enum_value(&common__channel__descriptor, text);
    row->request.channel = channel > 0 ? (Common__Channel)channel : COMMON__CHANNEL__CHANNEL_IMPORT;
    return true;
}

static bool take_citizen(const struct reading *r, struct import_row *row)
{
    intake__citizen__init(&row->citizen);
    row->request.citizen = &row->citizen;
    return take(r, CITY_FIELD_NAME, &row->citizen.name) &&
           take(r, CITY_FIELD_PHONE, &row->citizen.phone) &&
           take(r, CITY_FIELD_WORDS, &row->request.words);
}

/* What an office wrote at the end is cut rather than the request lost for it. */
static void cut_note(char *note, bool *ret_cut)
{
    static const char mark[] = "…";
    size_t characters = 0;
    char *at = note;
    for (; *at != '\0' && characters < IMPORT_NOTE_MAX; at++) {
        characters += ((unsigned char)at[1] & 0xC0) != 0x80; /* the character ends here */
    }
    *ret_cut = *at != '\0';
    if (*ret_cut) {
        while (at > note && ((unsigned char)*--at & 0xC0) == 0x80) { /* room for the mark */
        }
        strcpy(at, mark); /* at least one more byte was there, and `value_of` leaves room behind */
    }
}

static bool take_note(const struct reading *r, struct import_row *row)
{
    char *note;
    if (!take(r, CITY_FIELD_NOTE, &note)) {
        return false;
    }
    cut_note(note, &row->note_cut);
    row->note = note;
    return note[0] == '\0' ||
           text_check(note, IMPORT_NOTE_MAX, column_name(r, CITY_FIELD_NOTE), r->err) == STATUS_OK;
}

enum status import_row_read(const struct import_map *map, const struct import_csv_row *csv_row,
                            int64_t now_us, struct arena *arena, struct import_row *ret_row,
                            struct error *err)
{
    struct error why = ERROR_NONE;
    struct reading r = {.map = map, .csv_row = csv_row, .arena = arena, .err = &why};
    memset(ret_row, 0, sizeof(*ret_row));
    intake__register_case_request__init(&ret_row->request);
    intake__history__init(&ret_row->history);
    ret_row->request.history = &ret_row->history;
    if (csv_row->trouble != NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "%s", csv_row->trouble);
    }
    if (csv_row->cell_count != map->columns) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                         "it has %zu cells, the first row has %zu", csv_row->cell_count,
                         map->columns);
    }
    bool whole = take_name(&r, ret_row) && take_times(&r, now_us, ret_row) &&
                 take(&r, CITY_FIELD_TOPIC, &ret_row->request.topic) &&
                 take(&r, CITY_FIELD_UNIT, &ret_row->history.unit) && take_channel(&r, ret_row) &&
                 take_place(&r, ret_row) && take_citizen(&r, ret_row) && take_note(&r, ret_row);
    if (!whole && err != NULL) {
        *err = why;
    }
    return whole ? STATUS_OK : why.status;
}
