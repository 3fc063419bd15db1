/* Following another service's log: in order, once, for ever; and when it must stop instead. */
#include "toy.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 600 /* more than one read brings, and one operation applies */

static struct toy toy;
static struct toy_log *const first = &toy.logs[0];
static struct toy_log *const second = &toy.logs[1];

static int set_up(void **state)
{
    (void)state;
    toy_init(&toy);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    toy_fini(&toy);
    return 0;
}

static struct follower_state feed_state(size_t feed)
{
    struct follower_state state;
    node_feed_state(toy.node, feed, &state);
    return state;
}

/* The first feed has applied so far, and goes on. */
static void follows(uint64_t offset)
{
    struct follower_state state = feed_state(0);
    assert_int_equal(toy_viewed(&toy, 0), offset);
    assert_int_equal(state.offset, offset);
    assert_false(state.stopped);
    assert_int_equal(toy_trouble(&toy), STATUS_OK);
}

/* The first feed has applied so far, says why it does not go on, and asks no more, whatever comes;
 * nor does a restart help. */
static void has_stopped_behind(uint64_t offset, enum status why)
{
    for (int i = 0; i < 2; i++) {
        toy_advance(&toy, HOUR_US);
        struct follower_state state = feed_state(0);
        assert_int_equal(toy_viewed(&toy, 0), offset);
        assert_int_equal(state.offset, offset);
        assert_true(state.stopped);
        assert_int_equal(state.why.status, why);
        assert_int_equal(toy_trouble(&toy), why);
        assert_non_null(strstr(node_trouble(toy.node)->message, "following routing has stopped"));
        size_t reads = first->reads;
        (void)toy_log_add(first, "later");
        toy_advance(&toy, HOUR_US);
        assert_int_equal(first->reads, reads);
        toy_restart(&toy);
    }
}

/* The lines that were logged while so much time went by. */
static size_t lines_logged(int64_t us)
{
    size_t lines = 0;
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_non_null(file);
    assert_true(saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    toy_advance(&toy, us);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    rewind(file);
    for (int c; (c = fgetc(file)) != EOF;) {
        lines += c == '\n' ? 1 : 0;
    }
    assert_int_equal(fclose(file), 0);
    return lines;
}

/* --- going on --- */

static void applies_every_event_in_order_and_once(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++) {
        (void)toy_log_add(first, i % 100 == 50 ? "again" : "a note");
    }
    toy_advance(&toy, 0);
    follows(MANY);
    assert_int_equal(feed_state(0).head, MANY);
    assert_int_equal(toy_notes(&toy), MANY / 100); /* what it made of them */
    (void)toy_log_add(first, "again");
    toy_advance(&toy, 0); /* at once: its read was waiting */
    follows(MANY + 1);
    assert_int_equal(toy_notes(&toy), MANY / 100 + 1);
}

static void goes_on_after_a_crash_where_it_was(void **state)
{
    (void)state;
    (void)toy_log_add(first, "again");
    (void)toy_log_add(first, "again");
    toy_advance(&toy, 0);
    size_t reads = first->reads;
    toy_restart(&toy);
    assert_int_equal(first->reads, reads + 1);
    assert_int_equal(first->after, 2);
    assert_memory_equal(first->after_hash, first->events[1]->hash.data, 32); /* which proves it */
    (void)toy_log_add(first, "again");
    toy_advance(&toy, 0);
    follows(3);
    assert_int_equal(toy_notes(&toy), 3);
}

static void asks_again_when_nothing_came_for_long(void **state)
{
    (void)state;
    toy_advance(&toy, HOUR_US);
    assert_true(first->reads > 100); /* each waits for some 20 seconds */
    (void)toy_log_add(first, "a note");
    toy_advance(&toy, 0);
    follows(1);
}

static void tries_again_while_the_other_side_is_away(void **state)
{
    (void)state;
    first->down = true;
    toy_advance(&toy, MINUTE_US);
    struct follower_state waiting = feed_state(0);
    assert_false(waiting.stopped);
    assert_int_equal(waiting.why.status, STATUS_UNAVAILABLE); /* said in its health */
    assert_int_equal(toy_trouble(&toy), STATUS_OK);           /* but no trouble of its own */
    (void)toy_log_add(first, "a note");
    first->down = false;
    toy_advance(&toy, 2 * SECOND_US);
    follows(1);
    assert_int_equal(feed_state(0).why.status, STATUS_OK);
}

static void tries_again_after_a_refusal_that_may_pass(void **state)
{
    (void)state;
    static const enum status passing[] = {STATUS_INTERNAL, STATUS_RESOURCE_EXHAUSTED,
                                          STATUS_ABORTED, STATUS_DEADLINE_EXCEEDED};
    toy_advance(&toy, 0);
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        error_set(&first->refuse_with, passing[i], NULL, "not now");
        (void)toy_log_add(first, "a note"); /* ends the read that waits */
        toy_advance(&toy, MINUTE_US);
        assert_int_equal(feed_state(0).why.status, passing[i]);
        first->refuse_with = ERROR_NONE;
        toy_advance(&toy, SECOND_US);
        follows(i + 1);
    }
}

static void waits_while_the_disk_is_full(void **state)
{
    (void)state;
    toy.full = true;
    (void)toy_log_add(first, "again");
    assert_int_equal(lines_logged(HOUR_US), 1); /* said once, though it tries five times a second */
    assert_false(feed_state(0).stopped);
    assert_int_equal(feed_state(0).why.status, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(toy_viewed(&toy, 0), 0);
    toy.full = false;
    toy_advance(&toy, SECOND_US);
    follows(1);
    assert_int_equal(toy_notes(&toy), 1);
}

/* --- causes before effects --- */

static void holds_an_event_back_until_its_cause_has_come(void **state)
{
    (void)state;
    (void)toy_log_add(first, "before");
    toy_log_has_seen(first, toy_log_add(first, "effect"), TOY_SECOND_LOG, 2);
    (void)toy_log_add(first, "after");
    (void)toy_log_add(second, "not yet the cause");
    toy_advance(&toy, HOUR_US);
    follows(1);
    (void)toy_log_add(second, "cause");
    toy_advance(&toy, 0);
    follows(3);
    assert_int_equal(toy_viewed(&toy, 1), 2);
}

static void takes_an_event_whose_writer_has_seen_what_it_has(void **state)
{
    (void)state;
    assert_int_equal(toy_add_note(&toy, "own", 0, NULL, NULL), STATUS_OK);
    struct log_position head = toy_head(&toy);
    Common__EventRecord *record = toy_log_add(first, "answer to it");
    toy_log_has_seen(first, record, TOY_ID, 1);
    record->seen[0]->hash = (ProtobufCBinaryData){8, head.hash};
    toy_advance(&toy, 0);
    follows(1);
}

/* --- stopping rather than diverging --- */

static void stops_when_its_own_store_is_an_older_copy(void **state)
{
    (void)state;
    toy_log_has_seen(first, toy_log_add(first, "answer"), TOY_ID, 5); /* we have none */
    has_stopped_behind(0, STATUS_DATA_LOSS);
}

static void stops_when_its_own_store_has_become_another(void **state)
{
    (void)state;
    uint8_t other[8] = {0};
    assert_int_equal(toy_add_note(&toy, "own", 0, NULL, NULL), STATUS_OK);
    Common__EventRecord *record = toy_log_add(first, "answer to what was there before");
    toy_log_has_seen(first, record, TOY_ID, 1);
    record->seen[0]->hash = (ProtobufCBinaryData){sizeof other, other};
    has_stopped_behind(0, STATUS_DATA_LOSS);
}

static void stops_when_the_log_is_no_longer_the_one_it_followed(void **state)
{
    (void)state;
    (void)toy_log_add(first, "a note");
    toy_advance(&toy, 0);
    error_set(&first->refuse_with, STATUS_DATA_LOSS, NULL, "another hash there");
    has_stopped_behind(1, STATUS_DATA_LOSS);
}

static void stops_at_a_kind_it_does_not_know(void **state)
{
    (void)state;
    (void)toy_log_add(first, "a note");
    Common__EventRecord *record = toy_log_add(first, "");
    record->kind = 9;
    record->open.len = 0;
    has_stopped_behind(1, STATUS_UNIMPLEMENTED);
}

static void passes_over_an_unknown_kind_that_may_be_ignored(void **state)
{
    (void)state;
    Common__EventRecord *record = toy_log_add(first, "");
    record->kind = 9;
    record->open.len = 0;
    record->ignorable = true;
    (void)toy_log_add(first, "a note");
    toy_advance(&toy, 0);
    follows(2);
}

static void stops_at_a_record_that_says_another_kind_than_its_event_has(void **state)
{
    (void)state;
    toy_log_add(first, "a note")->kind = 9;
    has_stopped_behind(0, STATUS_DATA_LOSS);
}

static void stops_at_an_event_it_refuses_having_applied_those_before(void **state)
{
    (void)state;
    (void)toy_log_add(first, "again");
    (void)toy_log_add(first, "a note");
    (void)toy_log_add(first, "refuse");
    (void)toy_log_add(first, "again");
    has_stopped_behind(2, STATUS_FAILED_PRECONDITION);
    assert_int_equal(toy_notes(&toy), 1);
}

/* It must not pass for a full disk, which is waited for. */
static void stops_at_an_event_of_which_too_much_would_follow(void **state)
{
    (void)state;
    (void)toy_log_add(first, "many");
    has_stopped_behind(0, STATUS_INTERNAL);
    assert_int_equal(toy_notes(&toy), 0);
}

static void stops_at_a_gap(void **state)
{
    (void)state;
    (void)toy_log_add(first, "a note");
    (void)toy_log_add(first, "a note");
    first->events[1]->offset = 3;
    has_stopped_behind(1, STATUS_INTERNAL);
    assert_non_null(strstr(feed_state(0).why.message, "event 3 where 2 was expected"));
}

static void stops_at_an_event_without_a_place_in_the_chain(void **state)
{
    (void)state;
    (void)toy_log_add(first, "a note");
    first->events[0]->hash.len = 31;
    has_stopped_behind(0, STATUS_INTERNAL);
    assert_non_null(strstr(feed_state(0).why.message, "place in the chain"));
}

static void stops_at_an_event_without_a_record(void **state)
{
    (void)state;
    (void)toy_log_add(first, "a note");
    first->events[0]->record = NULL;
    has_stopped_behind(0, STATUS_INTERNAL);
}

static void say_no_next(Eventlog__ReadEventsResponse *said)
{
    said->next = NULL;
}

static void say_no_head(Eventlog__ReadEventsResponse *said)
{
    said->head = NULL;
}

static void say_short_log_id(Eventlog__ReadEventsResponse *said)
{
    said->next->log_id.len--;
}

static void stops_at_an_answer_without_positions(void **state)
{
    (void)state;
    static void (*const spoilt[])(Eventlog__ReadEventsResponse *) = {say_no_next, say_no_head,
                                                                     say_short_log_id};
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        first->spoil = spoilt[i];
        toy_restart(&toy);
        has_stopped_behind(0, STATUS_INTERNAL);
    }
}

/* The other feed is none of the first one's business. */
static void one_feed_that_has_stopped_leaves_the_other_alone(void **state)
{
    (void)state;
    (void)toy_log_add(first, "refuse");
    (void)toy_log_add(second, "again");
    toy_advance(&toy, 0);
    assert_true(feed_state(0).stopped);
    assert_false(feed_state(1).stopped);
    assert_int_equal(toy_viewed(&toy, 1), 1);
    assert_int_equal(toy_notes(&toy), 1);
}

/* Lets nothing be written to it until somebody reads. */
static void fill(int pipe_end)
{
    static const char nothing[4096];
    assert_int_equal(fcntl(pipe_end, F_SETFL, O_NONBLOCK), 0);
    while (write(pipe_end, nothing, sizeof nothing) > 0) {
    }
    assert_int_equal(fcntl(pipe_end, F_SETFL, 0), 0);
}

struct look {
    int log; /* the pipe's end to read from */
    bool had_stopped;
};

/* As a health check on another thread, in the moment in which the service is in trouble. */
static void *look_when_in_trouble(void *context)
{
    struct look *look = context;
    static char line[1 << 16];
    while (node_trouble(toy.node) == NULL) {
    }
    look->had_stopped = feed_state(0).stopped;
    while (read(look->log, line, sizeof line) > 0) { /* whoever waits for the log goes on */
    }
    return NULL;
}

/* The log takes no line until the look was taken: so what is told first is seen alone. */
static void is_in_trouble_before_a_feed_is_seen_to_have_stopped(void **state)
{
    (void)state;
    int ends[2];
    pthread_t looker;
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0 && pipe(ends) == 0);
    struct look look = {.log = ends[0], .had_stopped = true};
    fill(ends[1]);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(pthread_create(&looker, NULL, look_when_in_trouble, &look), 0);
    (void)toy_log_add(first, "refuse");
    toy_advance(&toy, 0);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(pthread_join(looker, NULL), 0);
    close(saved);
    close(ends[0]);
    assert_false(look.had_stopped);
    assert_true(feed_state(0).stopped);
}

#define ON_A_TOY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TOY(applies_every_event_in_order_and_once),
        ON_A_TOY(goes_on_after_a_crash_where_it_was),
        ON_A_TOY(asks_again_when_nothing_came_for_long),
        ON_A_TOY(tries_again_while_the_other_side_is_away),
        ON_A_TOY(tries_again_after_a_refusal_that_may_pass),
        ON_A_TOY(waits_while_the_disk_is_full),
        ON_A_TOY(holds_an_event_back_until_its_cause_has_come),
        ON_A_TOY(takes_an_event_whose_writer_has_seen_what_it_has),
        ON_A_TOY(stops_when_its_own_store_is_an_older_copy),
        ON_A_TOY(stops_when_its_own_store_has_become_another),
        ON_A_TOY(stops_when_the_log_is_no_longer_the_one_it_followed),
        ON_A_TOY(stops_at_a_kind_it_does_not_know),
        ON_A_TOY(passes_over_an_unknown_kind_that_may_be_ignored),
        ON_A_TOY(stops_at_a_record_that_says_another_kind_than_its_event_has),
        ON_A_TOY(stops_at_an_event_it_refuses_having_applied_those_before),
        ON_A_TOY(stops_at_an_event_of_which_too_much_would_follow),
        ON_A_TOY(stops_at_a_gap),
        ON_A_TOY(stops_at_an_event_without_a_place_in_the_chain),
        ON_A_TOY(stops_at_an_event_without_a_record),
        ON_A_TOY(stops_at_an_answer_without_positions),
        ON_A_TOY(one_feed_that_has_stopped_leaves_the_other_alone),
        ON_A_TOY(is_in_trouble_before_a_feed_is_seen_to_have_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
