/*
 * The view is a function of the four logs, not of how they were interleaved: one story of many
 * requests is recorded as four logs, and then read in many orders, each log in its own order and no
 * event before its cause.
 */
#include "services/report/report.h"
#include "services/report/report_tables.h"
#include "store/store_copy.h"
#include "tests/unit/report/report_story.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS 60
#define EVENTS_MAX (REQUESTS * 12)
#define ORDERS 40
#define DAY (24 * INT64_C(3600) * 1000000)
#define BEGIN_US (INT64_C(1767254400) * 1000000) /* 2026-01-01 */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

/* --- a store to view into --- */

struct view {
    char folder[64];
    struct store *store;
    struct city *city;
    struct arena *arena;
    struct store_txn *txn;
};

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK) {
        fail_msg("%s: %s", status_name(status), err->message);
    }
}

static void view_open(struct view *view)
{
    struct error err;
    snprintf(view->folder, sizeof(view->folder), "/tmp/vafa-report-XXXXXX");
    assert_non_null(mkdtemp(view->folder));
    const struct store_options options = {.folder = view->folder,
                                          .service = "report",
                                          .map_bytes = UINT64_C(1) << 28,
                                          .no_sync = true,
                                          .random = random_system()};
    must(store_open(&view->store, &options, &err), &err);
    must(city_load(&view->city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", &err), &err);
    view->arena = arena_new(1 << 20);
    must(store_write_begin(view->store, &view->txn, &err), &err);
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void view_close(struct view *view)
{
    store_write_abort(view->txn);
    store_free(view->store);
    city_free(view->city);
    arena_free(view->arena);
    assert_int_equal(nftw(view->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void view_event(struct view *view, Common__ServiceId service, const struct event *event)
{
    struct apply a = {.arena = view->arena, .txn = view->txn, .city = view->city};
    report_service.feeds[service - 1].view(&a, event);
    arena_reset(view->arena);
}

/* --- four logs --- */

struct recorded {
    Common__ServiceId service;
    int64_t occurred_at_us;
    struct buffer open;
    size_t cause; /* how many events must have been read before: 1 + the index of the request's
                     last, 0 for none */
};

struct recording {
    struct story story;
    struct recorded events[EVENTS_MAX];
    size_t count;
    size_t cause;
};

static void record(struct story *story, Common__ServiceId service, const struct event *event)
{
    struct recording *recording = (struct recording *)story;
    assert_true(recording->count < EVENTS_MAX);
    struct recorded *recorded = &recording->events[recording->count++];
    *recorded = (struct recorded){
        .service = service, .occurred_at_us = event->occurred_at_us, .cause = recording->cause};
    message_pack(event->open, &recorded->open);
    recording->cause = recording->count;
}

static const char *random_unit(uint64_t *seed)
{
    static const char *const units[] = {"district-1", "district-2", "buses", "parks"};
    return units[next_random(seed) % 4];
}

/* One more thing happens to a request, if it is still going on. */
static void happen(struct story *story, uint64_t number, unsigned step, uint64_t *seed)
{
    int64_t at_us = BEGIN_US + (int64_t)(next_random(seed) % 100) * DAY / 10;
    switch (step) {
    case 0: {
        static const char *const topics[] = {"asphalt", "bus", "tree"};
        static const char *const areas[] = {"", "1", "2"};
        story_registered(story, number, at_us, topics[next_random(seed) % 3],
                         areas[next_random(seed) % 3], (Common__Channel)(next_random(seed) % 9));
        break;
    }
    case 1:
        story_routed(story, number, random_unit(seed), next_random(seed) % 4 == 0 ? 0 : at_us);
        break;
    case 2:
    case 3: story_returned(story, number, "", random_unit(seed)); break;
    case 4: story_done(story, number, random_unit(seed), at_us); break;
    case 5:
    case 6: story_called(story, number, (Followup__CallOutcome)(1 + next_random(seed) % 5)); break;
    default:
        story_answered(story, number, (Followup__Resolution)(1 + next_random(seed) % 3),
                       (uint32_t)(1 + next_random(seed) % 5));
        break;
    }
}

/* The requests' lives, mixed with each other; some stop half-way. */
static void record_story(struct recording *recording, uint64_t *seed)
{
    unsigned steps[REQUESTS] = {0};
    unsigned ends[REQUESTS];
    size_t causes[REQUESTS] = {0};
    size_t left = REQUESTS;
    recording->story.tell = record;
    for (size_t i = 0; i < REQUESTS; i++) {
        ends[i] = 1 + (unsigned)(next_random(seed) % 9);
    }
    while (left > 0) {
        size_t i = next_random(seed) % REQUESTS;
        if (steps[i] == ends[i]) {
            continue;
        }
        recording->cause = causes[i];
        happen(&recording->story, i + 1, steps[i]++, seed);
        causes[i] = recording->cause;
        left -= steps[i] == ends[i];
    }
}

static const ProtobufCMessageDescriptor *event_type(Common__ServiceId service)
{
    return report_service.feeds[service - 1].event_type;
}

static void read_event(struct view *view, const struct recorded *recorded)
{
    struct arena *arena = arena_new(1 << 16);
    ProtobufCMessage *open;
    struct error err;
    must(message_unpack(event_type(recorded->service), buffer_bytes(&recorded->open),
                        MESSAGE_UNKNOWN_REFUSE, arena, &open, &err),
         &err);
    const struct event event = {
        .occurred_at_us = recorded->occurred_at_us, .actor = "", .open = open};
    view_event(view, recorded->service, &event);
    arena_free(arena);
}

/* The log's next event that has not been read; count when it is at its end. */
static size_t next_of(const struct recording *recording, const bool *read,
                      Common__ServiceId service)
{
    for (size_t i = 0; i < recording->count; i++) {
        if (!read[i] && recording->events[i].service == service) {
            return i;
        }
    }
    return recording->count;
}

static void read_in_some_order(struct view *view, const struct recording *recording, uint64_t seed)
{
    bool read[EVENTS_MAX] = {false};
    size_t left = recording->count;
    uint64_t bias = next_random(&seed); /* some orders let one log run far ahead of the others */
    while (left > 0) {
        uint64_t r = next_random(&seed);
        uint64_t pick = r % 3 == 0 ? bias % 4 : r / 3 % 4;
        size_t i = next_of(recording, read, (Common__ServiceId)(pick + 1));
        if (i == recording->count) {
            bias++;
            continue;
        }
        size_t cause = recording->events[i].cause;
        if (cause != 0 && !read[cause - 1]) {
            continue; /* held back */
        }
        read_event(view, &recording->events[i]);
        read[i] = true;
        left--;
    }
    struct error err;
    must(txn_error(view->txn, &err), &err);
}

static void recording_fini(struct recording *recording)
{
    for (size_t i = 0; i < recording->count; i++) {
        buffer_fini(&recording->events[i].open);
    }
}

/* --- tests --- */

static void is_the_same_whatever_the_interleaving_of_the_four_logs(void **state)
{
    (void)state;
    static struct recording recording;
    struct view first = {0};
    uint64_t seed = 42;
    record_story(&recording, &seed);
    view_open(&first);
    read_in_some_order(&first, &recording, 1);
    for (uint64_t order = 2; order <= ORDERS; order++) {
        struct view view = {0};
        struct store_difference difference;
        struct error err;
        bool same = false;
        view_open(&view);
        read_in_some_order(&view, &recording, order);
        must(store_compare(first.txn, view.txn, STORE_VIEW, &same, &difference, &err), &err);
        assert_true(same);
        view_close(&view);
    }
    view_close(&first);
    recording_fini(&recording);
}

struct row_share {
    struct key key;
    struct report_share share;
};

/* The shares of all rows; they borrow from the arena. */
static size_t shares_of_rows(struct view *view, struct arena *arena, struct row_share *ret_shares)
{
    struct key prefix;
    struct txn_scan rows;
    struct bytes key;
    struct bytes value;
    size_t count = 0;
    key_begin(&prefix, REPORT_CLASS_CASE);
    txn_scan_begin(&rows, view->txn, STORE_VIEW, &prefix, NULL, false);
    while (txn_scan_next(&rows, &key, &value)) {
        assert_true(count < REQUESTS);
        struct row_share *row = &ret_shares[count++];
        report_rules_share((const Report__CaseRow *)table_unpack(
                               view->txn, value, &report__case_row__descriptor, arena),
                           &row->share);
        report_tables_cell_key(&row->key, &row->share.place);
    }
    txn_scan_end(&rows);
    return count;
}

/* The bytes that a cell must have: the sum of the rows that belong to it. */
static void sum_of_rows(struct bytes key, const struct row_share *shares, size_t count,
                        struct arena *arena, struct buffer *out)
{
    struct report_cell cell = {0};
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(key_bytes(&shares[i].key), key)) {
            assert_int_equal(report_rules_put_in(&cell, arena, &shares[i].share), STATUS_OK);
        }
    }
    assert_false(report_rules_is_empty(&cell));
    report_tables_cell_pack(&cell, out);
}

static void keeps_cells_that_are_the_sum_of_the_rows_and_none_that_is_empty(void **state)
{
    (void)state;
    static struct recording recording;
    static struct row_share shares[REQUESTS];
    struct view view = {0};
    uint64_t seed = 7;
    record_story(&recording, &seed);
    view_open(&view);
    read_in_some_order(&view, &recording, 3);

    struct arena *arena = arena_new(1 << 20);
    size_t count = shares_of_rows(&view, arena, shares);
    assert_int_equal(count, REQUESTS);
    struct key prefix;
    struct txn_scan cells;
    struct bytes key;
    struct bytes value;
    report_tables_cell_prefix(&prefix);
    txn_scan_begin(&cells, view.txn, STORE_VIEW, &prefix, NULL, false);
    while (txn_scan_next(&cells, &key, &value)) {
        struct buffer expected = BUFFER_EMPTY;
        sum_of_rows(key, shares, count, arena, &expected);
        assert_true(bytes_equal(value, buffer_bytes(&expected)));
        buffer_fini(&expected);
    }
    txn_scan_end(&cells);
    for (size_t i = 0; i < count; i++) {
        assert_true(txn_get(view.txn, STORE_VIEW, &shares[i].key, &value));
    }
    arena_free(arena);
    view_close(&view);
    recording_fini(&recording);
}

struct teller {
    struct story story;
    struct view *view;
};

static void tell_view(struct story *story, Common__ServiceId service, const struct event *event)
{
    view_event(((struct teller *)story)->view, service, event);
}

static void writes_nothing_for_what_changes_no_figure(void **state)
{
    (void)state;
    struct view view = {0};
    view_open(&view);
    struct teller teller = {{tell_view}, &view};
    story_registered(&teller.story, 1, BEGIN_US, "bus", "", COMMON__CHANNEL__CHANNEL_SMS);
    story_routed(&teller.story, 1, "buses", 0);
    uint64_t changes = txn_changes(view.txn);
    story_overdue(&teller.story, 1, "buses");
    assert_true(txn_changes(view.txn) == changes);
    view_close(&view);
}

static void stops_at_an_event_of_a_request_that_was_never_registered(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct view view = {0};
        struct error err = ERROR_NONE;
        view_open(&view);
        struct teller teller = {{tell_view}, &view};
        switch (i) {
        case 0: story_routed(&teller.story, 5, "buses", 0); break;
        case 1: story_returned(&teller.story, 5, "buses", "parks"); break;
        case 2: story_done(&teller.story, 5, "buses", BEGIN_US); break;
        case 3: story_called(&teller.story, 5, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY); break;
        default:
            story_answered(&teller.story, 5, FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY, 3);
            break;
        }
        assert_int_equal(txn_error(view.txn, &err), STATUS_DATA_LOSS);
        assert_non_null(strstr(err.message, "request 5"));
        view_close(&view);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_same_whatever_the_interleaving_of_the_four_logs),
        cmocka_unit_test(keeps_cells_that_are_the_sum_of_the_rows_and_none_that_is_empty),
        cmocka_unit_test(writes_nothing_for_what_changes_no_figure),
        cmocka_unit_test(stops_at_an_event_of_a_request_that_was_never_registered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
