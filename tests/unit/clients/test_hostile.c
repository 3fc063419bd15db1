/*
 * Commands at a server that means harm, or is damaged: what it answers is not believed. Found by the
 * fuzz target `answer`, and by reading for it.
 */
#include "said.h"

#include "base/utf8_check.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"

#include "vafa/backup/v1/backup.pb-c.h"
#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *json(void)
{
    json_t *document = json_loads(printed, JSON_DECODE_INT_AS_REAL, NULL); /* refuses a second */
    assert_non_null(document);
    return document;
}

/* --- pages that never end --- */

static void ends_when_the_next_page_of_rates_is_the_same_and_its_token_long(void **state)
{
    (void)state;
    char token[301];
    memset(token, 'z', 300);
    token[300] = '\0';
    Feedback__UnitRate rate = FEEDBACK__UNIT_RATE__INIT;
    Feedback__UnitRate *rates[] = {&rate};
    Feedback__ListUnitRatesResponse page = FEEDBACK__LIST_UNIT_RATES_RESPONSE__INIT;
    page.n_rates = 1;
    page.rates = rates;
    page.next_page_token = token;
    assert_int_equal(RUN(&command_rates, &page.base, "--json"), EXIT_REFUSED);
    assert_true(said.asked <= 2);
    assert_non_null(strstr(told, "next_page_token"));
}

static void ends_when_the_same_events_come_again(void **state)
{
    (void)state;
    Common__EventRecord record = COMMON__EVENT_RECORD__INIT;
    Eventlog__LoggedEvent event = EVENTLOG__LOGGED_EVENT__INIT;
    Eventlog__LoggedEvent *events[] = {&event, &event};
    Eventlog__ReadEventsResponse page = EVENTLOG__READ_EVENTS_RESPONSE__INIT;
    event.offset = 1;
    event.record = &record;
    page.events = events;
    page.n_events = 1;
    assert_int_equal(RUN(&command_events, &page.base, "routing"), EXIT_REFUSED);
    assert_int_equal(said.asked, 2);
    assert_non_null(strstr(told, "do not go on behind 1"));
    page.n_events = 2; /* within a page, too */
    assert_int_equal(RUN(&command_events, &page.base, "routing"), EXIT_REFUSED);
}

static void shows_no_more_events_than_were_asked_for(void **state)
{
    (void)state;
    Common__EventRecord record = COMMON__EVENT_RECORD__INIT;
    Eventlog__LoggedEvent event[2] = {EVENTLOG__LOGGED_EVENT__INIT, EVENTLOG__LOGGED_EVENT__INIT};
    Eventlog__LoggedEvent *events[] = {&event[0], &event[1]};
    Eventlog__ReadEventsResponse page = EVENTLOG__READ_EVENTS_RESPONSE__INIT;
    for (uint64_t i = 0; i < 2; i++) {
        event[i].offset = i + 1;
        event[i].record = &record;
    }
    page.events = events;
    page.n_events = 2;
    assert_int_equal(RUN(&command_events, &page.base, "routing", "--limit=1"), EXIT_DONE);
    assert_int_equal(said.asked, 1);
    assert_null(strchr(strchr(printed, '\n') + 1, '\n')); /* one line */
}

static void ends_when_changes_of_tasks_do_not_go_on(void **state)
{
    (void)state;
    Routing__TaskChange change = ROUTING__TASK_CHANGE__INIT;
    Routing__TaskChange *changes[] = {&change};
    Routing__FollowTasksResponse page = ROUTING__FOLLOW_TASKS_RESPONSE__INIT;
    change.sequence = 7;
    page.changes = changes;
    page.n_changes = 1;
    page.next = 7;
    assert_int_equal(RUN(&command_tasks_follow, &page.base, "--once", "--unit=a"), EXIT_REFUSED);
    assert_int_equal(said.asked, 2);
    assert_non_null(strstr(told, "do not go on behind 7"));
    page.next = 6; /* before what it holds */
    assert_int_equal(RUN(&command_tasks_follow, &page.base, "--once", "--unit=a"), EXIT_REFUSED);
    assert_int_equal(said.asked, 1);
}

static void ends_when_changes_of_a_session_do_not_go_on(void **state)
{
    (void)state;
    Followup__UrgentChange change = FOLLOWUP__URGENT_CHANGE__INIT;
    Followup__UrgentChange *changes[] = {&change};
    Followup__FollowSessionResponse page = FOLLOWUP__FOLLOW_SESSION_RESPONSE__INIT;
    change.sequence = 1;
    page.changes = changes;
    page.n_changes = 1;
    page.next = 1;
    assert_int_equal(RUN(&command_session_watch, &page.base, "1", "--once"), EXIT_REFUSED);
    assert_int_equal(said.asked, 2);
    assert_non_null(strstr(told, "do not go on behind 1"));
    page.next = 2; /* behind what it holds: something would be missing */
    assert_int_equal(RUN(&command_session_watch, &page.base, "1", "--once"), EXIT_REFUSED);
    assert_int_equal(said.asked, 1);
    page.n_changes = 0; /* and no session: it is taken for over */
    page.next = 0;
    assert_int_equal(RUN(&command_session_watch, &page.base, "1"), EXIT_DONE);
    assert_int_equal(said.asked, 1);
}

static void ends_when_the_next_page_of_requests_is_the_same(void **state)
{
    (void)state;
    Intake__SearchCasesResponse page = INTAKE__SEARCH_CASES_RESPONSE__INIT;
    page.next_page_token = 7; /* and nothing fits */
    assert_int_equal(RUN(&command_search, &page.base, "--limit=5"), EXIT_REFUSED);
    assert_int_equal(said.asked, 2);
    page.next_page_token = 0;
    assert_int_equal(RUN(&command_search, &page.base, "--limit=5"), EXIT_DONE);
    assert_int_equal(said.asked, 1);
}

static void does_not_ask_again_at_once_whoever_says_not_in_time(void **state)
{
    (void)state;
    struct vafa *vafa = NULL;
    const struct vafa_options options = {.connect = "inproc://hostile"};
    const struct vafa_wait wait = {.wait_ms = 1400}; /* all but a second of it in steps */
    (void)said_forget(NULL);
    assert_int_equal(vafa_open(&vafa, &options, NULL), STATUS_OK);
    Common__Position position = COMMON__POSITION__INIT;
    const Common__Position *const positions[] = {&position};
    said.refuses = true;
    assert_int_equal(
        vafa_wait_reached(vafa, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, positions, 1, &wait, NULL),
        STATUS_DEADLINE_EXCEEDED);
    assert_true(said.asked >= 1 && said.asked <= 6); /* each 200 ms */
    vafa_close(vafa);
}

/* --- JSON --- */

static void gives_counts_beyond_63_bits_as_they_are(void **state)
{
    (void)state;
    Health__CheckHealthResponse health = HEALTH__CHECK_HEALTH_RESPONSE__INIT;
    Common__Position head = COMMON__POSITION__INIT;
    head.offset = UINT64_MAX;
    health.state = HEALTH__SERVING_STATE__SERVING_STATE_SERVING;
    health.head = &head;
    assert_int_equal(RUN(&command_health, &health.base, "--json"), EXIT_DONE);
    json_decref(json());
    assert_non_null(strstr(printed, "18446744073709551615"));

    Common__EventRecord record = COMMON__EVENT_RECORD__INIT;
    Eventlog__LoggedEvent event = EVENTLOG__LOGGED_EVENT__INIT;
    Eventlog__LoggedEvent *events[] = {&event};
    Eventlog__ReadEventsResponse page = EVENTLOG__READ_EVENTS_RESPONSE__INIT;
    event.offset = UINT64_MAX;
    event.record = &record;
    page.events = events;
    page.n_events = 1;
    assert_int_equal(RUN(&command_events, &page.base, "routing", "--json", "--limit=1"), EXIT_DONE);
    json_decref(json());
    assert_non_null(strstr(printed, "\"offset\":18446744073709551615"));

    Feedback__UnitRate rate = FEEDBACK__UNIT_RATE__INIT;
    Feedback__UnitRate *rates[] = {&rate};
    Feedback__ListUnitRatesResponse list = FEEDBACK__LIST_UNIT_RATES_RESPONSE__INIT;
    rate.answers = UINT64_MAX;
    list.n_rates = 1;
    list.rates = rates;
    assert_int_equal(RUN(&command_rates, &list.base, "--json"), EXIT_DONE);
    json_t *document = json();
    assert_true(json_real_value(json_object_get(document, "answers")) > 1.8e19);
    json_decref(document);
}

static void gives_a_call_and_its_words_as_one_document(void **state)
{
    (void)state;
    Followup__Call call = FOLLOWUP__CALL__INIT;
    Followup__GetCallResponse response = FOLLOWUP__GET_CALL_RESPONSE__INIT;
    call.number = 3;
    response.call = &call;
    assert_int_equal(
        RUN(&command_call_show, &response.base, "3", "--reveal", "--purpose=x", "--json"),
        EXIT_DONE);
    json_t *document = json();
    assert_true(json_is_object(json_object_get(document, "call")));
    assert_string_equal(json_string_value(json_object_get(document, "words")), "");
    json_decref(document);
}

static void escapes_in_json_what_drives_a_terminal_or_turns_text(void **state)
{
    (void)state;
    Followup__Call call = FOLLOWUP__CALL__INIT;
    Followup__GetCallResponse response = FOLLOWUP__GET_CALL_RESPONSE__INIT;
    char note[] = "a\x7f\xc2\x9b"
                  "b\xe2\x80\xae"
                  "c\xe2\x81\xa6چ";
    call.note = note;
    response.call = &call;
    assert_int_equal(RUN(&command_call_show, &response.base, "3", "--json"), EXIT_DONE);
    assert_non_null(strstr(printed, "\"a\\u007f\\u009bb\\u202ec\\u2066چ\""));
    json_t *document = json();
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(document, "call"), "note")), note);
    json_decref(document);
}

/* --- what is shown --- */

static void lets_no_metric_and_no_csv_drive_the_terminal(void **state)
{
    (void)state;
    char text[] = "# HELP a \x1b[2J\na 1\n";
    Health__GetMetricsResponse metrics_of = HEALTH__GET_METRICS_RESPONSE__INIT;
    metrics_of.text = text;
    assert_int_equal(RUN(&command_metrics, &metrics_of.base, "intake"), EXIT_DONE);
    assert_string_equal(printed, "# HELP a  [2J\na 1\n");

    char topic[] = "x\x1b[2J";
    char column[] = "topic";
    char count[] = "count";
    char *columns[] = {column, count};
    Report__Cell cells[2] = {REPORT__CELL__INIT, REPORT__CELL__INIT};
    Report__Cell *of_row[] = {&cells[0], &cells[1]};
    Report__Row row = REPORT__ROW__INIT;
    Report__Row *rows[] = {&row};
    Report__QueryReportResponse response = REPORT__QUERY_REPORT_RESPONSE__INIT;
    cells[0].value_case = REPORT__CELL__VALUE_TEXT;
    cells[0].text = topic;
    cells[1].value_case = REPORT__CELL__VALUE_COUNT;
    cells[1].count = 1;
    row.n_cells = response.n_columns = 2;
    row.cells = of_row;
    response.columns = columns;
    response.n_rows = 1;
    response.rows = rows;
    assert_int_equal(RUN(&command_report, &response.base, "requests", "--by=topic", "--csv"),
                     EXIT_DONE);
    assert_string_equal(printed, "topic,count\r\nx [2J,1\r\n");
}

static void takes_no_share_beyond_all_for_a_figure(void **state)
{
    (void)state;
    char column[] = "on_time";
    char *columns[] = {column};
    Report__Cell cell = REPORT__CELL__INIT;
    Report__Cell *cells[] = {&cell};
    Report__Row row = REPORT__ROW__INIT;
    Report__Row *rows[] = {&row};
    Report__QueryReportResponse response = REPORT__QUERY_REPORT_RESPONSE__INIT;
    cell.value_case = REPORT__CELL__VALUE_NUMBER;
    cell.number = 1e308; /* a hundred times of it is no number */
    row.n_cells = response.n_columns = response.n_rows = 1;
    row.cells = cells;
    response.columns = columns;
    response.rows = rows;
    assert_int_equal(RUN(&command_report, &response.base, "on_time"), EXIT_REFUSED);
    cell.number = 0.5;
    assert_int_equal(RUN(&command_report, &response.base, "on_time"), EXIT_DONE);

    Feedback__UnitRate rate = FEEDBACK__UNIT_RATE__INIT;
    Feedback__UnitRate *rates[] = {&rate};
    Feedback__ListUnitRatesResponse list = FEEDBACK__LIST_UNIT_RATES_RESPONSE__INIT;
    rate.answers = 1;
    rate.mean_score = 1e300;
    list.n_rates = 1;
    list.rates = rates;
    assert_int_equal(RUN(&command_rates, &list.base, "--json"), EXIT_REFUSED);
}

static void shows_a_time_of_any_number_as_long_ago(void **state)
{
    (void)state;
    Intake__Case found = INTAKE__CASE__INIT;
    Intake__SameRequest same = INTAKE__SAME_REQUEST__INIT;
    Intake__SameRequest *requests[] = {&same};
    Intake__FindSameResponse response = INTAKE__FIND_SAME_RESPONSE__INIT;
    found.occurred_at_us = INT64_MIN; /* now less than that is more than there is */
    same.case_data = &found;
    response.n_requests = 1;
    response.requests = requests;
    assert_int_equal(RUN(&command_case_same, &response.base, "--topic=asphalt", "--street=x"),
                     EXIT_DONE);
    assert_non_null(strstr(printed, "106751991 d "));
}

static void looks_for_no_pack_where_the_server_s_city_is_no_name(void **state)
{
    (void)state;
    static const char *const cities[] = {"", "..", ".", "../isfahan", "a\nb"};
    Health__GetVersionResponse version = HEALTH__GET_VERSION_RESPONSE__INIT;
    for (size_t i = 0; i < sizeof(cities) / sizeof(cities[0]); i++) {
        char city[16];
        strcpy(city, cities[i]);
        version.city = city;
        assert_int_equal(RUN(&command_city_show, &version.base, "topics"), EXIT_REFUSED);
        assert_non_null(strstr(told, "the server's city is no name"));
    }
    char longer[601];
    for (size_t i = 0; i + 1 < sizeof(longer); i += 2) {
        memcpy(longer + i, "چ", 2);
    }
    longer[600] = '\0';
    version.city = longer;
    assert_int_equal(RUN(&command_city_show, &version.base, "topics"), EXIT_REFUSED);
    assert_true(utf8_well_formed(told, strlen(told)));
}

/* --- refusals --- */

static void takes_no_refusal_of_a_server_for_a_mistake_on_the_command_line(void **state)
{
    (void)state;
    said.field = "connect";
    assert_int_equal(RUN(&command_events, NULL, "routing", "--from=2"), EXIT_REFUSED);
    assert_string_equal(told, "vafa: refused\n");
    assert_int_equal(RUN(&command_report, NULL, "requests", "--from=1404-01-01"), EXIT_REFUSED);
    said.field = "data";
    assert_int_equal(RUN(&command_rates, NULL, "--json"), EXIT_REFUSED);
    said.field = "topic"; /* of others it may tell, and yet says not that there is none */
    assert_int_equal(RUN(&command_rates, NULL, "--json"), EXIT_REFUSED);
    said.field = NULL;
}

/* --- backup --- */

static void takes_no_set_for_whole_whose_files_no_service_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_hostile.XXXXXX";
    char city[] = "isfahan";
    uint8_t digest[32] = {1};
    Health__GetVersionResponse version = HEALTH__GET_VERSION_RESPONSE__INIT;
    version.city = city;
    version.city_digest = (ProtobufCBinaryData){sizeof(digest), digest};
    said.version = &version;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(RUN(&command_backup, NULL, folder), EXIT_WRONG);
    assert_non_null(strstr(told, "intake is not in the set with its two files"));

    char path[] = "intake/data.mdb";
    uint8_t longer[65] = {0};
    Backup__CopySnapshotResponse__File file = BACKUP__COPY_SNAPSHOT_RESPONSE__FILE__INIT;
    Backup__CopySnapshotResponse__File *files[] = {&file};
    Backup__CopySnapshotResponse copied = BACKUP__COPY_SNAPSHOT_RESPONSE__INIT;
    file.path = path;
    file.digest = (ProtobufCBinaryData){sizeof(longer), longer};
    copied.n_files = 1;
    copied.files = files;
    assert_int_equal(RUN(&command_backup, &copied.base, folder), EXIT_WRONG);
    assert_non_null(strstr(told, "an entry of intake cannot be read"));
    said.version = NULL;
    assert_int_equal(rmdir(folder), 0); /* no manifest */
}

/* --- nothing to show, and what says two things at once --- */

static void says_that_nothing_was_found(void **state)
{
    Intake__SearchCasesResponse none = INTAKE__SEARCH_CASES_RESPONSE__INIT;
    Intake__ListCallsResponse no_calls = INTAKE__LIST_CALLS_RESPONSE__INIT;
    (void)state;
    assert_int_equal(RUN(&command_search, &none.base, "--limit=5"), EXIT_DONE);
    assert_string_equal(printed, "nothing found\n");
    assert_int_equal(RUN(&command_search, &none.base, "--json"), EXIT_DONE);
    assert_string_equal(printed, "");
    assert_int_equal(RUN(&command_phone_list, &no_calls.base, "--open"), EXIT_DONE);
    assert_string_equal(printed, "nothing found\n");
}

static void asks_for_no_amendment_that_is_urgent_and_is_not(void **state)
{
    (void)state;
    assert_int_equal(
        RUN(&command_amend, NULL, "5355279872", "--urgent", "--not-urgent", "--reason=why"),
        EXIT_USAGE);
    assert_non_null(strstr(told, "--not-urgent"));
    assert_int_equal(said.asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ends_when_the_next_page_of_rates_is_the_same_and_its_token_long,
                                  said_forget),
        cmocka_unit_test_teardown(ends_when_the_same_events_come_again, said_forget),
        cmocka_unit_test_teardown(shows_no_more_events_than_were_asked_for, said_forget),
        cmocka_unit_test_teardown(ends_when_changes_of_tasks_do_not_go_on, said_forget),
        cmocka_unit_test_teardown(ends_when_changes_of_a_session_do_not_go_on, said_forget),
        cmocka_unit_test_teardown(ends_when_the_next_page_of_requests_is_the_same, said_forget),
        cmocka_unit_test_teardown(does_not_ask_again_at_once_whoever_says_not_in_time, said_forget),
        cmocka_unit_test_teardown(gives_counts_beyond_63_bits_as_they_are, said_forget),
        cmocka_unit_test_teardown(gives_a_call_and_its_words_as_one_document, said_forget),
        cmocka_unit_test_teardown(escapes_in_json_what_drives_a_terminal_or_turns_text,
                                  said_forget),
        cmocka_unit_test_teardown(lets_no_metric_and_no_csv_drive_the_terminal, said_forget),
        cmocka_unit_test_teardown(takes_no_share_beyond_all_for_a_figure, said_forget),
        cmocka_unit_test_teardown(takes_no_set_for_whole_whose_files_no_service_told, said_forget),
        cmocka_unit_test_teardown(takes_no_refusal_of_a_server_for_a_mistake_on_the_command_line,
                                  said_forget),
        cmocka_unit_test_teardown(says_that_nothing_was_found, said_forget),
        cmocka_unit_test_teardown(asks_for_no_amendment_that_is_urgent_and_is_not, said_forget),
        cmocka_unit_test_teardown(shows_a_time_of_any_number_as_long_ago, said_forget),
        cmocka_unit_test_teardown(looks_for_no_pack_where_the_server_s_city_is_no_name,
                                  said_forget),
    };
    return cmocka_run_group_tests(tests, said_start, said_stop);
}
