/* Requests that are joined to another count as requests, each with what befell the one task. */
#include "services/report/report.h"
#include "tests/support/rig.h"
#include "tests/unit/report/report_story.h"

#include "base/clock.h"

#include "vafa/report/v1/report.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FATE(name) ROUTING__JOINED_FATE__JOINED_FATE_##name
#define MADE_US (1000 * HOUR_US)
#define DUE_US (1010 * HOUR_US)

struct teller {
    struct story story;
    struct rig *rig;
};

static void tell_rig(struct story *story, Common__ServiceId service, const struct event *event)
{
    struct error err = ERROR_NONE;
    if (rig_feed(((struct teller *)story)->rig, service, event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

/* Requests 1 (with a task of office-7), 2 and 3, which are joined to it. */
static struct teller teller_new(void)
{
    struct teller t = {{tell_rig}, rig_new(&report_service, "isfahan")};
    for (uint64_t number = 1; number <= 3; number++) {
        story_registered(&t.story, number, MADE_US, "asphalt", "5", COMMON__CHANNEL__CHANNEL_PHONE);
    }
    story_routed(&t.story, 1, "office-7", DUE_US);
    story_joined(&t.story, 2, "office-7", DUE_US);
    story_joined(&t.story, 3, "office-7", DUE_US);
    return t;
}

/* The first column of the only row, of what is grouped by unit; -1: there is no row. */
static int64_t figure(struct teller *t, Report__Metric metric, size_t column)
{
    Report__QueryReportRequest request = REPORT__QUERY_REPORT_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    request.metric = metric;
    if (rig_call(t->rig, RPC_ROLE_LEADERSHIP, "QueryReport", &request.base, &response, &err) !=
        STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    const Report__QueryReportResponse *answer = (const Report__QueryReportResponse *)response;
    return answer->n_rows == 0 ? -1 : (int64_t)answer->rows[0]->cells[column]->count;
}

static void expect(struct teller *t, int64_t requests, int64_t done, int64_t open)
{
    assert_int_equal(figure(t, REPORT__METRIC__METRIC_REQUESTS, 0), requests);
    assert_int_equal(figure(t, REPORT__METRIC__METRIC_DONE, 0), done);
    assert_int_equal(figure(t, REPORT__METRIC__METRIC_OPEN, 0), open);
}

static void every_joined_request_counts_once(void **state)
{
    struct teller t = teller_new();
    (void)state;
    expect(&t, 3, 0, 3);
    story_done(&t.story, 1, "office-7", DUE_US - 1);
    expect(&t, 3, 1, 2);
    story_followed(&t.story, 2, 2, "office-7", FATE(DONE), DUE_US, DUE_US - 1);
    expect(&t, 3, 3, 0);
    rig_free(t.rig);
}

static void what_befalls_the_task_befalls_the_joined(void **state)
{
    struct teller t = teller_new();
    (void)state;
    story_followed(&t.story, 2, 2, "office-7", FATE(CLOSED_UNDONE), DUE_US, 0);
    expect(&t, 3, 0, 1);
    story_followed(&t.story, 2, 2, "office-7", FATE(REOPENED), DUE_US, 0);
    expect(&t, 3, 0, 3);
    story_followed(&t.story, 2, 2, "office-7", FATE(CANCELLED), DUE_US, 0);
    expect(&t, 3, 0, 1);
    rig_free(t.rig);
}

/* The due date of the task may move after they were joined. */
static void the_joined_are_on_time_by_the_due_date_of_the_task(void **state)
{
    struct teller t = teller_new();
    (void)state;
    story_followed(&t.story, 2, 1, "office-7", FATE(DONE), DUE_US, DUE_US + HOUR_US);
    story_followed(&t.story, 3, 1, "office-7", FATE(DONE), DUE_US + HOUR_US, DUE_US + HOUR_US);
    assert_int_equal(figure(&t, REPORT__METRIC__METRIC_ON_TIME, 1), 1);
    assert_int_equal(figure(&t, REPORT__METRIC__METRIC_ON_TIME, 2), 2);
    rig_free(t.rig);
}

static void a_request_that_is_split_off_begins_anew(void **state)
{
    struct teller t = teller_new();
    (void)state;
    story_followed(&t.story, 2, 2, "office-7", FATE(DONE), DUE_US, DUE_US);
    story_split(&t.story, 2, "office-7");
    story_routed(&t.story, 2, "office-8", 0);
    expect(&t, 3, 1, 2);
    story_split(&t.story, 3, ""); /* one that could not be joined stays as it was */
    expect(&t, 3, 1, 2);
    rig_free(t.rig);
}

static void what_befalls_a_task_that_a_request_has_left_does_not_count_for_it(void **state)
{
    struct teller t = teller_new();
    (void)state;
    story_left(&t.story, 2, "office-7");
    story_left(&t.story, 1, "office-7"); /* whose task it is */
    expect(&t, 3, 0, 1);
    assert_int_equal(figure(&t, REPORT__METRIC__METRIC_UNDONE, 1), 2);
    story_due_moved(&t.story, 1, DUE_US + HOUR_US);
    story_done(&t.story, 1, "office-8", DUE_US);
    story_followed(&t.story, 3, 1, "office-7", FATE(DONE), DUE_US, DUE_US);
    expect(&t, 3, 1, 0);
    story_reopened(&t.story, 1, "office-8");
    assert_int_equal(figure(&t, REPORT__METRIC__METRIC_UNDONE, 1), 2);
    rig_free(t.rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_joined_request_counts_once),
        cmocka_unit_test(what_befalls_the_task_befalls_the_joined),
        cmocka_unit_test(the_joined_are_on_time_by_the_due_date_of_the_task),
        cmocka_unit_test(a_request_that_is_split_off_begins_anew),
        cmocka_unit_test(what_befalls_a_task_that_a_request_has_left_does_not_count_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
