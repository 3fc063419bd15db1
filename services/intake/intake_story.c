/* How the rows of a timeline become a story. */
#include "services/intake/intake_story.h"

#include "services/intake/intake_rules.h"
#include "services/intake/intake_storms.h"

#include "base/plant.h"

#include <stdlib.h>
#include <string.h>

static int compare_entries(const void *a, const void *b)
{
    return intake_rules_compare(*(Intake__TimelineEntry *const *)a,
                                *(Intake__TimelineEntry *const *)b);
}

static void tell_registration(const struct intake_case *found, Intake__TimelineEntry *entry)
{
    entry->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_REGISTERED;
    entry->at_us = found->occurred_at_us;
    entry->service = COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
    entry->offset = found->offset;
    entry->actor = (char *)(uintptr_t)found->actor;
}

/* That a storm was running, and why. */
static void tell_storm(const struct intake_case *found, const Intake__Storm *storm,
                       Intake__TimelineEntry *entry)
{
    tell_registration(found, entry);
    entry->kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM;
    entry->note = storm->reason;
    entry->actor = (char *)(uintptr_t)protobuf_c_empty_string; /* nobody did that to this one */
}

static void tell_row(const struct intake_timeline_row *row, Intake__TimelineEntry *entry)
{
    entry->kind = row->record->kind;
    entry->at_us = row->record->at_us;
    entry->service = row->service;
    entry->offset = row->offset;
    entry->unit = row->record->unit;
    entry->note = row->record->note;
    entry->reason = row->record->reason;
    entry->score = row->record->score;
    entry->verdict = row->record->verdict;
    entry->until_us = row->record->until_us;
    entry->n_pictures = row->record->n_pictures;
    entry->pictures = row->record->pictures;
    entry->actor = row->record->person[0] != '\0' ? row->record->person : row->record->actor;
}

/* When it was given a due date again, or joined to what has another, the latest holds. */
static int64_t due_at_us(const struct intake_timeline_row *rows, size_t count)
{
    uint64_t latest = 0;
    int64_t due_us = 0;
    for (size_t i = 0; i < count; i++) {
        if (intake_rules_gives_due(rows[i].record->kind) && rows[i].offset > latest) {
            latest = rows[i].offset;
            due_us = rows[i].record->due_at_us;
        }
    }
    return due_us;
}

/* --- who has it, when it is urgent --- */

static bool is_routing(const struct intake_timeline_row *row)
{
    return row->service == COMMON__SERVICE_ID__SERVICE_ID_ROUTING;
}

/* Begins an alarm, or ends one: who is joined to another has no task of its own any more. */
static bool is_about_alarm(Intake__TimelineKind kind)
{
    return kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARMED ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALMED ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_CANCELLED ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED;
}

/* NULL: none is on. */
static const struct intake_timeline_row *last_alarm(const struct intake_timeline_row *rows,
                                                    size_t count, uint64_t before)
{
    const struct intake_timeline_row *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_routing(&rows[i]) && is_about_alarm(rows[i].record->kind) &&
            rows[i].offset < before && (last == NULL || rows[i].offset > last->offset)) {
            last = &rows[i];
        }
    }
    return last != NULL && last->record->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARMED
               ? last
               : NULL;
}

/* Of the rows under the request whose own task it is, as they stood before that place in routing's log. What came behind
 * the alarm, in any order: a row of each kind is the last one, or the first that counts. */
static struct intake_alarm alarm_of(const struct intake_timeline_row *rows, size_t count,
                                    uint64_t before)
{
    const struct intake_timeline_row *told = last_alarm(rows, count, before);
    struct intake_alarm alarm = {.desk = "", .acknowledged_by = ""};
    uint64_t given = 0;
    uint64_t seen = 0;
    if (told == NULL) {
        return alarm;
    }
    alarm.since_us = told->record->at_us;
    alarm.desk = told->record->note;
    for (size_t i = 0; i < count; i++) {
        const Intake__TimelineRecord *record = rows[i].record;
        uint64_t offset = rows[i].offset;
        if (!is_routing(&rows[i]) || offset < told->offset || offset >= before) {
            continue;
        }
        alarm.steps += record->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_UNACKNOWLEDGED;
        if (record->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARM_GIVEN && offset > given) {
            given = offset;
            alarm.desk = record->note;
        }
        if (record->person[0] != '\0' && (seen == 0 || offset < seen)) {
            seen = offset;
            alarm.acknowledged_by = record->person;
            alarm.acknowledged_at_us = record->at_us;
        }
    }
    return alarm;
}

/* --- while it was joined to another --- */

/* A stretch of routing's log in which the request had no task of its own. */
struct stretch {
    uint64_t head;
    uint64_t from; /* the offset of the joining */
    uint64_t to;   /* of the splitting; 0: it is joined still */
    const Intake__TimelineRecord *joined;
};

/* The request's own rows, and those that it has through others. */
struct read_rows {
    struct intake_timeline_row *rows;
    size_t count;
    struct intake_alarm alarm; /* of the task that it has by now, its own or another's */
};

static bool ends_stretch(Intake__TimelineKind kind)
{
    return kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_SPLIT ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_LEFT;
}

/* The end of a stretch: the next splitting, which comes before any other joining. */
static uint64_t end_of(const struct intake_timeline_row *rows, size_t count, uint64_t from)
{
    uint64_t to = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_routing(&rows[i]) && ends_stretch(rows[i].record->kind) && rows[i].offset > from &&
            (to == 0 || rows[i].offset < to)) {
            to = rows[i].offset;
        }
    }
    return to;
}

/* The latest ones. */
static size_t find_stretches(const struct intake_timeline_row *rows, size_t count,
                             struct stretch ret_stretches[INTAKE_STORY_HEADS_MAX])
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_routing(&rows[i]) ||
            rows[i].record->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED) {
            continue;
        }
        if (found == INTAKE_STORY_HEADS_MAX) {
            memmove(ret_stretches, ret_stretches + 1, (found - 1) * sizeof(*ret_stretches));
            found--;
        }
        ret_stretches[found++] = (struct stretch){
            .head = rows[i].record->incident,
            .from = rows[i].offset,
            .to = end_of(rows, count, rows[i].offset),
            .joined = rows[i].record,
        };
    }
    return found;
}

/* The task was urgent already: that is told with the joining. NULL: no memory. */
static const Intake__TimelineRecord *
tell_urgent(const struct stretch *stretch, const struct intake_alarm *alarm, struct arena *arena)
{
    Intake__TimelineRecord record = INTAKE__TIMELINE_RECORD__INIT;
    record.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARMED;
    record.at_us = stretch->joined->at_us;
    record.unit = stretch->joined->unit;
    record.note = (char *)(uintptr_t)alarm->desk;
    return arena_copy(arena, &record, sizeof(record));
}

/* Its own request may leave a task that goes on for the others as planned. */
static bool tells_of_plan(Intake__TimelineKind kind)
{
    return kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED ||
           (intake_rules_ends_plan(kind) && kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_LEFT);
}

/* The plan that held for the head's task when the request joined; NULL: none did. The rows lie in any order. */
static const Intake__TimelineRecord *plan_before(const struct intake_timeline_row *of_head,
                                                 size_t count, uint64_t before)
{
    const struct intake_timeline_row *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (tells_of_plan(of_head[i].record->kind) && of_head[i].offset < before &&
            (last == NULL || of_head[i].offset > last->offset)) {
            last = &of_head[i];
        }
    }
    return last != NULL && last->record->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED
               ? last->record
               : NULL;
}

/* The task was planned for a date already: told with the joining, too. NULL: no memory. */
static const Intake__TimelineRecord *
tell_plan(const struct stretch *stretch, const Intake__TimelineRecord *plan, struct arena *arena)
{
    Intake__TimelineRecord record = *plan;
    record.at_us = stretch->joined->at_us;
    record.person = (char *)(uintptr_t)protobuf_c_empty_string; /* they planned it before */
    record.actor = record.person;
    return arena_copy(arena, &record, sizeof(record));
}

/* Adds what befell the head's task meanwhile. False: no memory. */
static bool add_stretch(struct store_txn *txn, const struct stretch *stretch, struct arena *arena,
                        struct read_rows *r)
{
    struct intake_timeline_row of_head[INTAKE_TIMELINE_ROWS_MAX];
    size_t head_count = intake_tables_task_timeline(txn, stretch->head, arena, of_head);
    struct intake_alarm alarm = alarm_of(of_head, head_count, stretch->from);
    if (alarm.since_us != 0) {
        const Intake__TimelineRecord *record = tell_urgent(stretch, &alarm, arena);
        r->rows[r->count++] = (struct intake_timeline_row){COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                                                           stretch->from, record};
        if (record == NULL) {
            return false;
        }
    }
    const Intake__TimelineRecord *plan = plan_before(of_head, head_count, stretch->from);
    if (plan != NULL) {
        const Intake__TimelineRecord *record = tell_plan(stretch, plan, arena);
        r->rows[r->count++] = (struct intake_timeline_row){COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                                                           stretch->from, record};
        if (record == NULL) {
            return false;
        }
    }
    if (stretch->to == 0) {
        r->alarm = alarm_of(of_head, head_count, UINT64_MAX);
    }
    for (size_t i = 0; i < head_count; i++) {
        if (of_head[i].offset > stretch->from &&
            (stretch->to == 0 || of_head[i].offset < stretch->to ||
             PLANTED("split_off_still_told")) &&
            intake_rules_is_of_task(of_head[i].record->kind)) {
            r->rows[r->count++] = of_head[i];
        }
    }
    return true;
}

/* False: no memory. */
static bool read_rows(struct store_txn *txn, uint64_t number, struct arena *arena,
                      struct read_rows *ret_rows)
{
    struct intake_timeline_row own[INTAKE_TIMELINE_ROWS_MAX];
    struct stretch stretches[INTAKE_STORY_HEADS_MAX];
    size_t count = intake_tables_timeline(txn, number, arena, own);
    size_t stretch_count = find_stretches(own, count, stretches);
    size_t room = count + stretch_count * (INTAKE_TIMELINE_ROWS_MAX + 2);
    struct read_rows r = {
        .rows = arena_alloc(arena, (room + 1) * sizeof(*r.rows)),
        .count = count,
        .alarm = alarm_of(own, count, UINT64_MAX),
    };
    bool is_read = r.rows != NULL;
    if (is_read) {
        memcpy(r.rows, own, count * sizeof(*r.rows));
    }
    for (size_t i = 0; i < stretch_count && is_read; i++) {
        is_read = add_stretch(txn, &stretches[i], arena, &r);
    }
    *ret_rows = r;
    return is_read;
}

/* --- the story --- */

bool intake_story_read(struct store_txn *txn, const struct intake_case *found, struct arena *arena,
                       struct intake_story *ret_story)
{
    struct read_rows read;
    if (!read_rows(txn, found->registered->number, arena, &read)) {
        return false;
    }
    const Intake__Storm *storm = found->registered->storm == 0
                                     ? NULL
                                     : intake_tables_storm(txn, found->registered->storm, arena);
    size_t count = read.count + 1 + (storm != NULL);
    Intake__TimelineEntry *told = arena_alloc(arena, count * sizeof(*told));
    Intake__TimelineEntry **entries = arena_alloc(arena, count * sizeof(*entries));
    if (told == NULL || entries == NULL || txn_error(txn, NULL) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        intake__timeline_entry__init(&told[i]);
        entries[i] = &told[i];
    }
    tell_registration(found, &told[0]);
    for (size_t i = 0; i < read.count; i++) {
        tell_row(&read.rows[i], &told[i + 1]);
    }
    if (storm != NULL) {
        tell_storm(found, storm, &told[count - 1]);
    }
    qsort(entries, count, sizeof(*entries), compare_entries);
    *ret_story = (struct intake_story){
        .entries = entries,
        .count = count,
        .due_at_us = due_at_us(read.rows, read.count),
        .alarm = read.alarm,
    };
    return true;
}

void intake_story_fit(struct intake_story *story, size_t count_max, size_t bytes_max)
{
    size_t bytes = 0;
    size_t kept_from = story->count;
    while (kept_from > 1 && story->count - kept_from + 1 < count_max) {
        bytes += protobuf_c_message_get_packed_size(&story->entries[kept_from - 1]->base) + 8;
        if (bytes > bytes_max) {
            break;
        }
        kept_from--;
    }
    size_t dropped = kept_from - 1;
    memmove(story->entries + 1, story->entries + kept_from,
            (story->count - kept_from) * sizeof(*story->entries));
    story->count -= dropped;
}
