/* How open incidents lie in the view, and how they are looked up. */
#include "services/intake/intake_tables_incident.h"

#include <string.h>

enum open_kind { OPEN_POINT = 1, OPEN_THING = 2, OPEN_STREET = 3 };

/* --- keys --- */

static struct key open_prefix(const char *topic, enum open_kind kind)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_OPEN);
    key_add_text(&key, topic);
    key_add_u8(&key, (uint8_t)kind);
    return key;
}

static struct key point_prefix(const char *topic, struct incident_cell cell)
{
    struct key key = open_prefix(topic, OPEN_POINT);
    key_add_u32(&key, cell.row);
    key_add_u32(&key, cell.column);
    return key;
}

static struct key hash_prefix(const char *topic, enum open_kind kind, uint64_t hash)
{
    struct key key = open_prefix(topic, kind);
    key_add_u64(&key, hash);
    return key;
}

static struct key incident_key(uint64_t number)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_INCIDENT);
    key_add_u64(&key, number);
    return key;
}

/* The number stands last in a key of OPEN. */
static uint64_t number_of(struct bytes key)
{
    uint64_t number = 0;
    for (size_t i = key.size < 8 ? 0 : key.size - 8; i < key.size; i++) {
        number = number << 8 | key.data[i];
    }
    return number;
}

/* --- records --- */

static struct incident_spot spot_of(const Intake__SpotRecord *record)
{
    bool has_point = record->point != NULL;
    return (struct incident_spot){
        .has_point = has_point,
        .latitude = has_point ? record->point->latitude : 0,
        .longitude = has_point ? record->point->longitude : 0,
        .thing = record->thing,
        .is_of_area = record->thing_of_area,
        .direction = record->direction,
        .street = record->street,
        .neighbourhood = record->neighbourhood,
        .area = record->area,
    };
}

/* The record borrows the point. */
static Intake__SpotRecord record_of(const struct incident_spot *spot, Common__GeoPoint *point,
                                    int64_t at_us)
{
    Intake__SpotRecord record = INTAKE__SPOT_RECORD__INIT;
    record.at_us = at_us;
    record.thing = spot->thing;
    record.thing_of_area = spot->is_of_area;
    record.direction = spot->direction;
    record.street = spot->street;
    record.neighbourhood = spot->neighbourhood;
    record.area = spot->area;
    if (spot->has_point) {
        common__geo_point__init(point);
        point->latitude = spot->latitude;
        point->longitude = spot->longitude;
        record.point = point;
    }
    return record;
}

/* The record is NULL when the row is to go. */
static void set_row(struct store_txn *txn, struct key key, uint64_t number,
                    const Intake__SpotRecord *record)
{
    key_add_u64(&key, number);
    if (record != NULL) {
        table_put(txn, STORE_VIEW, &key, &record->base);
    } else {
        txn_delete(txn, STORE_VIEW, &key);
    }
}

/* Puts or takes away all rows that find an incident. */
static void set_rows(struct store_txn *txn, uint64_t number, const Intake__IncidentRecord *incident,
                     bool open)
{
    const Intake__SpotRecord *spot = incident->spot;
    const Intake__SpotRecord *value = open ? spot : NULL;
    if (spot == NULL) {
        return;
    }
    if (spot->point != NULL) {
        struct incident_cell cell = incident_cell_of(spot->point->latitude, spot->point->longitude);
        set_row(txn, point_prefix(incident->topic, cell), number, value);
    }
    if (spot->thing != 0) {
        set_row(txn, hash_prefix(incident->topic, OPEN_THING, spot->thing), number, value);
    }
    if (spot->street != 0) {
        set_row(txn, hash_prefix(incident->topic, OPEN_STREET, spot->street), number, value);
    }
}

static Intake__IncidentRecord *find_incident(struct store_txn *txn, struct arena *arena,
                                             uint64_t number)
{
    struct key key = incident_key(number);
    return (Intake__IncidentRecord *)table_get(txn, STORE_VIEW, &key,
                                               &intake__incident_record__descriptor, arena);
}

/* --- what is open --- */

void intake_incident_open(struct store_txn *txn, struct arena *arena, uint64_t number,
                          const char *topic, const Common__Place *place, int64_t at_us)
{
    struct incident_spot spot;
    struct error err = ERROR_NONE;
    Common__GeoPoint point;
    Intake__IncidentRecord incident = INTAKE__INCIDENT_RECORD__INIT;
    struct key key = incident_key(number);
    if (incident_spot_of(place, &spot, &err) != STATUS_OK) {
        txn_fail(txn, STATUS_DATA_LOSS, "the place of request %llu: %s", (unsigned long long)number,
                 err.message);
        return;
    }
    intake_incident_close(txn, arena, number, true);
    if (!incident_spot_is_known(&spot)) {
        return;
    }
    Intake__SpotRecord record = record_of(&spot, &point, at_us);
    incident.topic = (char *)(uintptr_t)topic;
    incident.spot = &record;
    incident.open = true;
    table_put(txn, STORE_VIEW, &key, &incident.base);
    set_rows(txn, number, &incident, true);
}

void intake_incident_close(struct store_txn *txn, struct arena *arena, uint64_t number, bool forget)
{
    struct key key = incident_key(number);
    Intake__IncidentRecord *incident = find_incident(txn, arena, number);
    if (incident == NULL) {
        return;
    }
    if (incident->open) {
        set_rows(txn, number, incident, false);
    }
    if (forget) {
        txn_delete(txn, STORE_VIEW, &key);
    } else {
        incident->open = false;
        table_put(txn, STORE_VIEW, &key, &incident->base);
    }
}

void intake_incident_reopen(struct store_txn *txn, struct arena *arena, uint64_t number)
{
    struct key key = incident_key(number);
    Intake__IncidentRecord *incident = find_incident(txn, arena, number);
    if (incident != NULL && !incident->open) {
        incident->open = true;
        table_put(txn, STORE_VIEW, &key, &incident->base);
        set_rows(txn, number, incident, true);
    }
}

/* --- looking up --- */

/* The same request may be found by its point and by its street: the closer likeness stays. */
static void keep(struct incident_search *search, uint64_t number,
                 const struct incident_likeness *likeness)
{
    struct incident_found *found = search->found;
    size_t count = search->found_count;
    size_t at = 0;
    while (at < count &&
           incident_compare(&found[at].likeness, found[at].number, likeness, number) <= 0) {
        if (found[at].number == number) {
            return;
        }
        at++;
    }
    size_t end = at; /* where what moves up ends: at its older self, or behind the last */
    while (end < count && found[end].number != number) {
        end++;
    }
    if (end == count && count < search->found_max) {
        search->found_count++;
    } else if (end == count) {
        end--; /* the last falls out */
    }
    if (at < search->found_max) {
        memmove(&found[at + 1], &found[at], (end - at) * sizeof(*found));
        found[at] = (struct incident_found){number, *likeness};
    }
}

static void search_prefix(struct store_txn *txn, struct arena *arena, const struct key *prefix,
                          struct incident_search *search)
{
    struct txn_scan scan;
    struct bytes key, value;
    txn_scan_begin(&scan, txn, STORE_VIEW, prefix, NULL, true);
    while (search->rows_left > 0 && txn_scan_next(&scan, &key, &value)) {
        struct incident_likeness likeness;
        const Intake__SpotRecord *record = (const Intake__SpotRecord *)table_unpack(
            txn, value, &intake__spot_record__descriptor, arena);
        if (record == NULL) {
            break;
        }
        struct incident_spot spot = spot_of(record);
        search->rows_left--;
        if (incident_is_candidate(search->same, &search->spot, search->at_us, &spot, record->at_us,
                                  &likeness)) {
            keep(search, number_of(key), &likeness);
        }
        arena_reset(arena);
    }
    txn_scan_end(&scan);
}

static void search_cells(struct store_txn *txn, struct arena *arena, const char *topic,
                         struct incident_search *search)
{
    struct incident_cells cells =
        incident_cells_around(search->spot.latitude, search->spot.longitude, search->same->metres);
    struct incident_cell cell;
    for (cell.row = cells.from.row; cell.row <= cells.to.row; cell.row++) {
        for (cell.column = cells.from.column;
             cell.column <= cells.to.column && search->rows_left > 0; cell.column++) {
            struct key prefix = point_prefix(topic, cell);
            search_prefix(txn, arena, &prefix, search);
        }
    }
}

void intake_incident_search(struct store_txn *txn, struct arena *arena, const char *topic,
                            struct incident_search *search)
{
    const struct incident_spot *spot = &search->spot;
    if (spot->thing != 0) {
        struct key prefix = hash_prefix(topic, OPEN_THING, spot->thing);
        search_prefix(txn, arena, &prefix, search);
    }
    if (spot->has_point && search->same->metres > 0) {
        search_cells(txn, arena, topic, search);
    }
    if (spot->street != 0) {
        struct key prefix = hash_prefix(topic, OPEN_STREET, spot->street);
        search_prefix(txn, arena, &prefix, search);
    }
}
