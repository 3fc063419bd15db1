/* The one place that knows how intake's rows look. */
#include "services/intake/intake_tables.h"

#include "services/intake/intake_amend.h"

#include "service/event_record.h"
#include "store/event_log.h"

_Static_assert(CODE_KEY_BYTES <= STORE_SECRET_BYTES,
               "the code's key is the beginning of the secret");

static const struct bytes no_value = {NULL, 0};

/* --- tracking codes --- */

void intake_tables_code(struct store_txn *txn, uint64_t number, char ret_code[CODE_SIZE])
{
    code_encode(store_secret(txn_store(txn)), number, ret_code);
}

enum status intake_tables_code_number(struct store_txn *txn, const char *code, uint64_t *ret_number,
                                      struct error *err)
{
    return code_decode(store_secret(txn_store(txn)), code, ret_number, err);
}

/* --- requests --- */

static struct key case_key(uint64_t number)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_CASE);
    key_add_u64(&key, number);
    return key;
}

uint64_t intake_tables_last_number(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, INTAKE_CLASS_CASE);
}

uint64_t intake_tables_next_number(struct store_txn *txn, uint64_t from, bool downwards)
{
    return table_nearest_u64(txn, STORE_STATE, INTAKE_CLASS_CASE, from, downwards);
}

void intake_tables_case_put(struct store_txn *txn, uint64_t number, uint64_t offset)
{
    struct key key = case_key(number);
    Intake__CaseRecord record = INTAKE__CASE_RECORD__INIT;
    record.offset = offset;
    table_put(txn, STORE_STATE, &key, &record.base);
}

const Intake__Event *intake_tables_event(struct store_txn *txn, uint64_t offset,
                                         struct arena *arena,
                                         const Common__EventRecord **ret_record)
{
    struct bytes packed;
    if (!log_get(txn, offset, &packed, NULL)) {
        txn_fail(txn, STATUS_DATA_LOSS, "the log has no event %llu, which a table names",
                 (unsigned long long)offset);
        return NULL;
    }
    const Common__EventRecord *record = (const Common__EventRecord *)table_unpack(
        txn, packed, &common__event_record__descriptor, arena);
    if (record == NULL) {
        return NULL;
    }
    if (ret_record != NULL) {
        *ret_record = record;
    }
    return (const Intake__Event *)table_unpack(txn, bytes_of(record->open.data, record->open.len),
                                               &intake__event__descriptor, arena);
}

static Intake__RequestRegistered *registered_of(struct store_txn *txn, const Intake__Event *event)
{
    if (event->kind_case != INTAKE__EVENT__KIND_REQUEST_REGISTERED) {
        txn_fail(txn, STATUS_DATA_LOSS, "a request's record names an event of kind %d",
                 (int)event->kind_case);
        return NULL;
    }
    return event->request_registered;
}

static struct key changes_key(uint64_t number)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_CASE_CHANGES);
    key_add_u64(&key, number);
    return key;
}

Intake__CaseChangesRecord *intake_tables_case_changes(struct store_txn *txn, uint64_t number,
                                                      struct arena *arena)
{
    struct key key = changes_key(number);
    Intake__CaseChangesRecord *changes = (Intake__CaseChangesRecord *)(uintptr_t)table_get(
        txn, STORE_STATE, &key, &intake__case_changes_record__descriptor, arena);
    if (changes == NULL && txn_error(txn, NULL) == STATUS_OK) {
        changes = arena_alloc(arena, sizeof(*changes));
        if (changes != NULL) {
            intake__case_changes_record__init(changes);
        }
    }
    return changes;
}

void intake_tables_case_changes_put(struct store_txn *txn, uint64_t number,
                                    const Intake__CaseChangesRecord *changes)
{
    struct key key = changes_key(number);
    table_put(txn, STORE_STATE, &key, &changes->base);
}

/* What was amended takes the place of what was registered. */
static bool take_amendment(struct store_txn *txn, const Intake__CaseChangesRecord *changes,
                           Intake__RequestRegistered *registered, struct arena *arena)
{
    if (changes->amended_offset == 0) {
        return true;
    }
    const Intake__Event *event = intake_tables_event(txn, changes->amended_offset, arena, NULL);
    if (event == NULL || event->kind_case != INTAKE__EVENT__KIND_REQUEST_AMENDED) {
        txn_fail(txn, STATUS_DATA_LOSS, "a request's changes name an event that is no amendment");
        return false;
    }
    const Intake__RequestAmended *amended = event->request_amended;
    registered->topic = amended->topic;
    registered->topic_listed = amended->topic_listed;
    registered->place = amended->place;
    registered->urgency = amended->urgency;
    registered->n_answers = amended->n_answers;
    registered->answers = amended->answers;
    registered->place_found = amended->place_found;
    registered->point_area = amended->point_area;
    return true;
}

bool intake_tables_case_find(struct store_txn *txn, uint64_t number, struct arena *arena,
                             struct intake_case *ret_case)
{
    struct key key = case_key(number);
    const Intake__CaseRecord *row = (const Intake__CaseRecord *)table_get(
        txn, STORE_STATE, &key, &intake__case_record__descriptor, arena);
    const Common__EventRecord *record = NULL;
    const Intake__Event *event =
        row == NULL ? NULL : intake_tables_event(txn, row->offset, arena, &record);
    Intake__RequestRegistered *registered = event == NULL ? NULL : registered_of(txn, event);
    const Intake__CaseChangesRecord *changes =
        registered == NULL ? NULL : intake_tables_case_changes(txn, number, arena);
    if (changes == NULL || !take_amendment(txn, changes, registered, arena)) {
        return false;
    }
    *ret_case = (struct intake_case){
        .offset = row->offset,
        .recorded_at_us = record->recorded_at_us,
        .occurred_at_us = record->occurred_at_us,
        .historical = record->historical,
        .actor = record->actor,
        .sealed = bytes_of(record->sealed.data, record->sealed.len),
        .registered = registered,
        .changes = changes,
    };
    return true;
}

/* Unlike intake_tables_event, does not fail the transaction. What lacks memory is read again, and fails there. */
static bool is_event_whole(struct store_txn *txn, uint64_t offset, Intake__Event__KindCase kind,
                           struct arena *arena)
{
    struct bytes packed;
    struct event event;
    bool is_known = false;
    struct error err = ERROR_NONE;
    if (!log_get(txn, offset, &packed, NULL)) {
        return txn_error(txn, NULL) != STATUS_OK;
    }
    const Common__EventRecord *record = event_record_unpack(packed, arena, &err);
    enum status status = record == NULL ? err.status
                                        : event_unpack(record, offset, &intake__event__descriptor,
                                                       arena, &event, &is_known, &err);
    return status == STATUS_OK ? ((const Intake__Event *)event.open)->kind_case == kind
                               : status == STATUS_RESOURCE_EXHAUSTED;
}

bool intake_tables_are_events_whole(struct store_txn *txn, uint64_t number, struct arena *arena)
{
    struct key key = case_key(number);
    const Intake__CaseRecord *row = (const Intake__CaseRecord *)table_get(
        txn, STORE_STATE, &key, &intake__case_record__descriptor, arena);
    const Intake__CaseChangesRecord *changes =
        row == NULL ? NULL : intake_tables_case_changes(txn, number, arena);
    if (changes == NULL) {
        return true;
    }
    bool is_whole =
        is_event_whole(txn, row->offset, INTAKE__EVENT__KIND_REQUEST_REGISTERED, arena) &&
        (changes->amended_offset == 0 ||
         is_event_whole(txn, changes->amended_offset, INTAKE__EVENT__KIND_REQUEST_AMENDED, arena));
    for (size_t i = 0; i < changes->n_words_offsets && is_whole; i++) {
        is_whole =
            is_event_whole(txn, changes->words_offsets[i], INTAKE__EVENT__KIND_WORDS_ADDED, arena);
    }
    return is_whole;
}

static struct key citizen_key(uint64_t citizen)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_CITIZEN_CASE);
    key_add_u64(&key, citizen);
    return key;
}

void intake_tables_citizen_case_put(struct store_txn *txn, uint64_t citizen, uint64_t number)
{
    struct key key = citizen_key(citizen);
    key_add_u64(&key, number);
    txn_put(txn, STORE_STATE, &key, no_value);
}

static uint64_t citizen_case_number(struct bytes key)
{
    struct key_reader reader = key_read(key);
    (void)key_read_u64(&reader); /* the citizen */
    return key_read_u64(&reader);
}

size_t intake_tables_citizen_cases(struct store_txn *txn, uint64_t citizen, uint64_t before,
                                   uint64_t *ret_numbers, size_t max)
{
    struct key prefix = citizen_key(citizen);
    struct key from = prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    key_add_u64(&from, before - 1); /* 0 wraps to the highest number there is */
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, true);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        ret_numbers[count++] = citizen_case_number(key);
    }
    txn_scan_end(&scan);
    return count;
}

uint64_t intake_tables_words_citizen(struct store_txn *txn, const struct intake_case *found,
                                     struct arena *arena)
{
    if (found->registered->citizen != 0 || found->changes->n_words_offsets == 0) {
        return found->registered->citizen;
    }
    const Intake__Event *event =
        intake_tables_event(txn, found->changes->words_offsets[0], arena, NULL);
    return event != NULL && event->kind_case == INTAKE__EVENT__KIND_WORDS_ADDED
               ? event->words_added->citizen
               : 0;
}

static struct key external_key(const char *source, const char *external_id)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_EXTERNAL);
    key_add_text(&key, source);
    key_add_text(&key, external_id);
    return key;
}

void intake_tables_external_put(struct store_txn *txn, const char *source, const char *external_id,
                                uint64_t number)
{
    struct key key = external_key(source, external_id);
    Intake__ExternalRecord record = INTAKE__EXTERNAL_RECORD__INIT;
    record.number = number;
    table_put(txn, STORE_STATE, &key, &record.base);
}

uint64_t intake_tables_external_find(struct store_txn *txn, const char *source,
                                     const char *external_id, struct arena *arena)
{
    struct key key = external_key(source, external_id);
    const Intake__ExternalRecord *record = (const Intake__ExternalRecord *)table_get(
        txn, STORE_STATE, &key, &intake__external_record__descriptor, arena);
    return record == NULL ? 0 : record->number;
}

/* --- who looked --- */

static struct key look_key(enum store_space space, uint64_t number)
{
    struct key key;
    key_begin(&key, space == STORE_STATE ? INTAKE_CLASS_LOOK : INTAKE_CLASS_LOOK_ELSEWHERE);
    key_add_u64(&key, number);
    return key;
}

void intake_tables_look_put(struct store_txn *txn, enum store_space space, uint64_t number,
                            uint64_t offset, const Intake__LookRecord *record)
{
    struct key key = look_key(space, number);
    key_add_u64(&key, offset);
    table_put(txn, space, &key, &record->base);
}

size_t intake_tables_looks(struct store_txn *txn, enum store_space space, uint64_t number,
                           struct arena *arena,
                           const Intake__LookRecord *ret_looks[INTAKE_LOOKS_MAX])
{
    struct key prefix = look_key(space, number);
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    txn_scan_begin(&scan, txn, space, &prefix, NULL, true);
    while (count < INTAKE_LOOKS_MAX && txn_scan_next(&scan, &key, &value)) {
        const Intake__LookRecord *record = (const Intake__LookRecord *)table_unpack(
            txn, value, &intake__look_record__descriptor, arena);
        if (record == NULL) {
            break; /* the transaction has failed */
        }
        ret_looks[count++] = record;
    }
    txn_scan_end(&scan);
    return count;
}

/* --- the timeline --- */

/* Rows of both spaces have keys of one form. */
static struct key timeline_key(enum store_space space, uint64_t number)
{
    struct key key;
    key_begin(&key, space == STORE_VIEW ? (uint8_t)INTAKE_CLASS_TIMELINE
                                        : (uint8_t)INTAKE_CLASS_CASE_STORY);
    key_add_u64(&key, number);
    return key;
}

static struct key row_key(enum store_space space, uint64_t number, Common__ServiceId service,
                          uint64_t offset)
{
    struct key key = timeline_key(space, number);
    key_add_u8(&key, (uint8_t)service);
    key_add_u64(&key, offset);
    return key;
}

void intake_tables_timeline_put(struct store_txn *txn, uint64_t number, Common__ServiceId service,
                                uint64_t offset, const Intake__TimelineRecord *record)
{
    struct key key = row_key(STORE_VIEW, number, service, offset);
    table_put(txn, STORE_VIEW, &key, &record->base);
}

void intake_tables_timeline_put_second(struct store_txn *txn, uint64_t number,
                                       Common__ServiceId service, uint64_t offset,
                                       const Intake__TimelineRecord *record)
{
    struct key key = row_key(STORE_VIEW, number, service, offset);
    key_add_u8(&key, 1);
    table_put(txn, STORE_VIEW, &key, &record->base);
}

void intake_tables_story_put(struct store_txn *txn, uint64_t number, uint64_t offset,
                             const Intake__TimelineRecord *record)
{
    struct key key = row_key(STORE_STATE, number, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, offset);
    table_put(txn, STORE_STATE, &key, &record->base);
}

/* A row as it lies there: not unpacked before it is known to be wanted. */
struct packed_row {
    struct bytes key;
    struct bytes value;
};

/* Keeps the first and, in a ring behind it, the last ones. */
static size_t scan_timeline(struct store_txn *txn, enum store_space space, const struct key *prefix,
                            struct packed_row *rows, size_t rows_max)
{
    struct txn_scan scan;
    struct packed_row row;
    size_t seen = 0;
    txn_scan_begin(&scan, txn, space, prefix, NULL, false);
    while (txn_scan_next(&scan, &row.key, &row.value)) {
        size_t place = seen == 0 ? 0 : 1 + (seen - 1) % (rows_max - 1);
        rows[place] = row;
        seen++;
    }
    txn_scan_end(&scan);
    return seen < rows_max ? seen : rows_max;
}

static struct intake_timeline_row unpack_row(struct store_txn *txn, struct packed_row packed,
                                             struct arena *arena)
{
    struct key_reader reader = key_read(packed.key);
    (void)key_read_u64(&reader); /* the request's number */
    Common__ServiceId service = (Common__ServiceId)key_read_u8(&reader);
    return (struct intake_timeline_row){
        .service = service,
        .offset = key_read_u64(&reader),
        .record = (const Intake__TimelineRecord *)table_unpack(
            txn, packed.value, &intake__timeline_record__descriptor, arena),
    };
}

static size_t unpack_rows(struct store_txn *txn, const struct packed_row *packed, size_t count,
                          struct arena *arena, struct intake_timeline_row *ret_rows)
{
    for (size_t i = 0; i < count; i++) {
        ret_rows[i] = unpack_row(txn, packed[i], arena);
        if (ret_rows[i].record == NULL) {
            return 0;
        }
    }
    return count;
}

size_t intake_tables_timeline(struct store_txn *txn, uint64_t number, struct arena *arena,
                              struct intake_timeline_row ret_rows[INTAKE_TIMELINE_ROWS_MAX])
{
    struct packed_row packed[INTAKE_TIMELINE_ROWS_MAX];
    struct key own = timeline_key(STORE_STATE, number);
    struct key others = timeline_key(STORE_VIEW, number);
    size_t count = scan_timeline(txn, STORE_STATE, &own, packed, INTAKE_OWN_ROWS_MAX);
    count +=
        scan_timeline(txn, STORE_VIEW, &others, packed + count, INTAKE_TIMELINE_ROWS_MAX - count);
    return unpack_rows(txn, packed, count, arena, ret_rows);
}

size_t intake_tables_task_timeline(struct store_txn *txn, uint64_t number, struct arena *arena,
                                   struct intake_timeline_row ret_rows[INTAKE_TIMELINE_ROWS_MAX])
{
    struct packed_row packed[INTAKE_TIMELINE_ROWS_MAX];
    struct key prefix = timeline_key(STORE_VIEW, number);
    key_add_u8(&prefix, (uint8_t)COMMON__SERVICE_ID__SERVICE_ID_ROUTING);
    size_t count = scan_timeline(txn, STORE_VIEW, &prefix, packed, INTAKE_TIMELINE_ROWS_MAX);
    return unpack_rows(txn, packed, count, arena, ret_rows);
}

/* --- tasks that were told as urgent --- */

static struct key alarm_key(uint64_t task)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_ALARM);
    key_add_u64(&key, task);
    return key;
}

void intake_tables_alarm_put(struct store_txn *txn, uint64_t task, uint64_t number)
{
    struct key key = alarm_key(task);
    Intake__AlarmRecord record = INTAKE__ALARM_RECORD__INIT;
    record.number = number;
    table_put(txn, STORE_VIEW, &key, &record.base);
}

uint64_t intake_tables_alarm_end(struct store_txn *txn, struct arena *arena, uint64_t task)
{
    struct key key = alarm_key(task);
    const Intake__AlarmRecord *record = (const Intake__AlarmRecord *)table_get(
        txn, STORE_VIEW, &key, &intake__alarm_record__descriptor, arena);
    if (record == NULL) {
        return 0;
    }
    txn_delete(txn, STORE_VIEW, &key);
    return record->number;
}
