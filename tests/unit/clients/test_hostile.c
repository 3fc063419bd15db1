/*
 * Commands at a server that means harm, or is damaged: what it answers is not believed. Found by the
 * fuzz target `answer`, and by reading for it.
 */
#include "base/utf8_check.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "rpc/rpc_nng.h"

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
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICES 5
#define CALLS_MAX 64
#define ASKED_MAX 40 /* then it is refused, so that who asks for ever fails instead */
#define WORDS_MAX 16

/* --- the server: one method answers what the test says, all others an empty message --- */

static struct {
    pthread_mutex_t lock; /* guards what is below */
    const ProtobufCMessage *answer;
    const Health__GetVersionResponse *version; /* NULL: an empty one */
    bool refuses;                              /* DEADLINE_EXCEEDED, at once */
    const char *field;                         /* with one of it: INVALID_ARGUMENT */
    unsigned asked;
} said = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct metric_registry *metrics[SERVICES];
static struct rpc_router *routers[SERVICES];
static struct rpc_server *servers[SERVICES];

/* But writers are held, and where is known. */
static void answer_empty(struct rpc_call *call, const ProtobufCMessageDescriptor *type)
{
    Common__Position head = COMMON__POSITION__INIT;
    ProtobufCMessage *empty = calloc(1, type->sizeof_message);
    assert_non_null(empty);
    type->message_init(empty);
    if (type == &backup__begin_snapshot_response__descriptor) {
        ((Backup__BeginSnapshotResponse *)empty)->head = &head;
    } else if (type == &backup__release_writer_response__descriptor) {
        ((Backup__ReleaseWriterResponse *)empty)->held = true;
    }
    bool is_version = type == &health__get_version_response__descriptor && said.version != NULL;
    rpc_call_answer(call, is_version ? &said.version->base : empty, NULL);
    free(empty);
}

static void answer(void *context, unsigned method, struct rpc_call *call)
{
    const ProtobufCServiceDescriptor *service = context;
    const ProtobufCMessageDescriptor *type = service->methods[method].output;
    struct error err = ERROR_NONE;
    pthread_mutex_lock(&said.lock);
    bool told = said.answer != NULL && said.answer->descriptor == type;
    said.asked += told;
    if (said.field != NULL) {
        error_set(&err, STATUS_INVALID_ARGUMENT, said.field, "refused");
    } else if (said.refuses) {
        error_set(&err, STATUS_DEADLINE_EXCEEDED, NULL, "not in time");
    } else if (said.asked > ASKED_MAX) {
        error_set(&err, STATUS_FAILED_PRECONDITION, NULL, "asked too often");
    }
    if (err.status != STATUS_OK) {
        said.asked += said.refuses;
        rpc_call_refuse(call, &err);
    } else if (told) {
        rpc_call_answer(call, said.answer, NULL);
    } else {
        answer_empty(call, type);
    }
    pthread_mutex_unlock(&said.lock);
}

static int start_servers(void **state)
{
    static const char *const names[] = {"intake", "routing", "followup", "feedback", "report"};
    const ProtobufCServiceDescriptor *const own[] = {
        &intake__intake__descriptor, &routing__routing__descriptor, &followup__followup__descriptor,
        &feedback__feedback__descriptor, &report__report__descriptor};
    (void)state;
    for (size_t i = 0; i < SERVICES; i++) {
        char url[64];
        const ProtobufCServiceDescriptor *const all[] = {own[i], &health__health__descriptor,
                                                         &eventlog__event_log__descriptor,
                                                         &backup__backup__descriptor};
        metrics[i] = metric_registry_new();
        routers[i] = rpc_router_new(clock_system(), metrics[i], names[i], CALLS_MAX);
        for (size_t n = 0; n < 4; n++) {
            rpc_router_add(routers[i], &(struct rpc_service){.descriptor = all[n],
                                                             .handle = answer,
                                                             .context = (void *)(uintptr_t)all[n]});
        }
        servers[i] = rpc_server_new(routers[i]);
        snprintf(url, sizeof(url), "inproc://hostile/%s.sock", names[i]);
        if (rpc_server_listen(servers[i], url, NULL, NULL) != STATUS_OK ||
            rpc_server_start(servers[i], NULL) != STATUS_OK) {
            return -1;
        }
    }
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVICES; i++) {
        rpc_server_free(servers[i]);
        rpc_router_free(routers[i]);
        metric_registry_free(metrics[i]);
    }
    return 0;
}

/* --- a command --- */

static char *printed; /* on stdout; of the command before */
static char *told;    /* on stderr */
static size_t printed_size;
static size_t told_size;

static int forget(void **state)
{
    (void)state;
    free(printed);
    free(told);
    printed = told = NULL;
    said.answer = NULL;
    said.refuses = false;
    said.asked = 0;
    return 0;
}

/* Words behind the command's name, up to a NULL; gives the exit code. */
static int run(const struct command *command, const ProtobufCMessage *answer_of_server,
               const char *const *words)
{
    static char url[] = "--connect=inproc://hostile";
    static char name[] = "--name=test";
    static char language[] = "--lang=en";
    char *argv[WORDS_MAX + 1] = {"vafa", url, name, language};
    int argc = 4;
    for (; *words != NULL; words++) {
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    FILE *const outside[2] = {stdout, stderr};
    struct session session;
    struct error err = ERROR_NONE;
    (void)forget(NULL);
    said.answer = answer_of_server;
    stdout = open_memstream(&printed, &printed_size);
    stderr = open_memstream(&told, &told_size);
    int code = session_init(&session, command, argc, argv, &err) == STATUS_OK
                   ? command->run(&session)
                   : output_usage(&err);
    session_fini(&session);
    fclose(stdout);
    fclose(stderr);
    stdout = outside[0];
    stderr = outside[1];
    return code;
}

#define RUN(command, answer_of_server, ...)                                                        \
    run(command, answer_of_server, (const char *const[]){__VA_ARGS__, NULL})

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

/* --- what people are told --- */

/* A task is sent as it is now, with each of its changes. */
static void says_who_has_a_task_on_its_newest_line_only(void **state)
{
    (void)state;
    Followup__UrgentTask tasks[2] = {FOLLOWUP__URGENT_TASK__INIT, FOLLOWUP__URGENT_TASK__INIT};
    Followup__UrgentChange rows[4];
    Followup__UrgentChange *changes[4];
    Followup__FollowSessionResponse page = FOLLOWUP__FOLLOW_SESSION_RESPONSE__INIT;
    tasks[0].task_number = 1;
    tasks[0].role = "mayor";
    tasks[0].acknowledge_by_us = 1000000;
    tasks[1].task_number = 2;
    tasks[1].role = "deputy";
    tasks[1].acknowledge_by_us = 1000000;
    tasks[1].end = FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_DONE;
    for (size_t i = 0; i < 4; i++) {
        followup__urgent_change__init(&rows[i]);
        rows[i].sequence = i + 1;
        rows[i].kind = FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_WENT_UP;
        rows[i].task = &tasks[i == 3];
        changes[i] = &rows[i];
    }
    page.changes = changes;
    page.n_changes = 4;
    page.next = 4;
    /* The same page again is refused; what was there is shown. */
    assert_int_equal(RUN(&command_session_watch, &page.base, "1", "--once"), EXIT_REFUSED);
    const char *first = strstr(printed, "mayor");
    assert_non_null(first);
    assert_null(strstr(first + 1, "mayor"));
    assert_true(first > strstr(printed, "\n3 "));
    const char *nobody = strstr(printed, "nobody yet");
    assert_non_null(nobody);
    assert_null(strstr(nobody + 1, "nobody yet")); /* what is done waits for nobody */
    assert_null(strstr(printed, "deputy"));
}

static void says_that_what_was_closed_undone_is_not_done(void **state)
{
    (void)state;
    Followup__Call call = FOLLOWUP__CALL__INIT;
    Followup__NextCallResponse next = FOLLOWUP__NEXT_CALL_RESPONSE__INIT;
    call.number = 1;
    call.note = "next year";
    next.call = &call;
    assert_int_equal(RUN(&command_call_next, &next.base, "--operator=a"), EXIT_DONE);
    assert_null(strstr(printed, "not done"));
    call.closed_undone = true;
    assert_int_equal(RUN(&command_call_next, &next.base, "--operator=a"), EXIT_DONE);
    assert_non_null(strstr(printed, "not done: tell the citizen why"));
    assert_non_null(strstr(printed, "next year"));
}

static void a_story_says_why_a_task_was_closed_undone(void **state)
{
    (void)state;
    Intake__Case told_case = INTAKE__CASE__INIT;
    Intake__TimelineEntry entry = INTAKE__TIMELINE_ENTRY__INIT;
    Intake__TimelineEntry *timeline[] = {&entry};
    Intake__LookUpCaseResponse found = INTAKE__LOOK_UP_CASE_RESPONSE__INIT;
    found.found = true;
    found.case_data = &told_case;
    found.timeline = timeline;
    found.n_timeline = 1;
    entry.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE;
    entry.reason = "no budget";
    entry.note = "next year";
    assert_int_equal(RUN(&command_look_up, &found.base, "5355279872", "--digits=0000", "--lang=fa"),
                     EXIT_DONE);
    assert_non_null(strstr(printed, "بودجه نیست؛ next year"));
    entry.reason = "of a newer server";
    assert_int_equal(RUN(&command_look_up, &found.base, "5355279872", "--digits=0000"), EXIT_DONE);
    assert_non_null(strstr(printed, "of a newer server; next year"));
}

static void the_card_says_until_when_what_is_open_is_due(void **state)
{
    (void)state;
    Intake__Case told_case = INTAKE__CASE__INIT;
    Intake__CardCase one = INTAKE__CARD_CASE__INIT;
    Intake__CardCase *cases[] = {&one};
    Intake__Card card = INTAKE__CARD__INIT;
    Intake__OpenCallResponse opened = INTAKE__OPEN_CALL_RESPONSE__INIT;
    told_case.state = INTAKE__CASE_STATE__CASE_STATE_IN_WORK;
    told_case.due_at_us = 1000000; /* long past */
    one.case_data = &told_case;
    one.planned_for_us = 4102444800000000; /* 2100 */
    card.cases = cases;
    card.n_cases = 1;
    opened.call_number = 1;
    opened.card = &card;
    assert_int_equal(RUN(&command_phone_open, &opened.base, "--operator=a"), EXIT_DONE);
    assert_non_null(strstr(printed, "overdue"));
    assert_non_null(strstr(printed, "2100-01-01"));
    told_case.due_at_us = 4102444800000000;
    assert_int_equal(RUN(&command_phone_open, &opened.base, "--operator=a"), EXIT_DONE);
    assert_null(strstr(printed, "overdue"));
    told_case.state = INTAKE__CASE_STATE__CASE_STATE_CONFIRMED;
    told_case.due_at_us = 1000000;
    assert_int_equal(RUN(&command_phone_open, &opened.base, "--operator=a"), EXIT_DONE);
    assert_null(strstr(printed, "1970-01-01"));
}

static void tells_a_citizen_s_mistakes_in_persian(void **state)
{
    (void)state;
    Intake__LookUpCaseResponse none = INTAKE__LOOK_UP_CASE_RESPONSE__INIT;
    Followup__NextCallResponse nothing = FOLLOWUP__NEXT_CALL_RESPONSE__INIT;
    none.tries_left = 4;
    assert_int_equal(RUN(&command_look_up, &none.base, "5355279872", "--digits=0001", "--lang=fa"),
                     EXIT_NOT_FOUND);
    assert_non_null(strstr(told, "با این کد و این رقم‌ها درخواستی نیست؛ بخت‌های مانده: "
                                 "4"));
    assert_int_equal(RUN(&command_call_next, &nothing.base, "--lang=fa"), EXIT_NOT_FOUND);
    assert_non_null(strstr(told, "اکنون تماسی نوبتش نیست"));
}

static void does_not_ask_again_at_once_whoever_says_not_in_time(void **state)
{
    (void)state;
    struct vafa *vafa = NULL;
    const struct vafa_options options = {.connect = "inproc://hostile"};
    const struct vafa_wait wait = {.wait_ms = 1400}; /* all but a second of it in steps */
    (void)forget(NULL);
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
                                  forget),
        cmocka_unit_test_teardown(ends_when_the_same_events_come_again, forget),
        cmocka_unit_test_teardown(shows_no_more_events_than_were_asked_for, forget),
        cmocka_unit_test_teardown(ends_when_changes_of_tasks_do_not_go_on, forget),
        cmocka_unit_test_teardown(ends_when_changes_of_a_session_do_not_go_on, forget),
        cmocka_unit_test_teardown(ends_when_the_next_page_of_requests_is_the_same, forget),
        cmocka_unit_test_teardown(says_who_has_a_task_on_its_newest_line_only, forget),
        cmocka_unit_test_teardown(says_that_what_was_closed_undone_is_not_done, forget),
        cmocka_unit_test_teardown(a_story_says_why_a_task_was_closed_undone, forget),
        cmocka_unit_test_teardown(the_card_says_until_when_what_is_open_is_due, forget),
        cmocka_unit_test_teardown(tells_a_citizen_s_mistakes_in_persian, forget),
        cmocka_unit_test_teardown(does_not_ask_again_at_once_whoever_says_not_in_time, forget),
        cmocka_unit_test_teardown(gives_counts_beyond_63_bits_as_they_are, forget),
        cmocka_unit_test_teardown(gives_a_call_and_its_words_as_one_document, forget),
        cmocka_unit_test_teardown(escapes_in_json_what_drives_a_terminal_or_turns_text, forget),
        cmocka_unit_test_teardown(lets_no_metric_and_no_csv_drive_the_terminal, forget),
        cmocka_unit_test_teardown(takes_no_share_beyond_all_for_a_figure, forget),
        cmocka_unit_test_teardown(takes_no_set_for_whole_whose_files_no_service_told, forget),
        cmocka_unit_test_teardown(takes_no_refusal_of_a_server_for_a_mistake_on_the_command_line,
                                  forget),
        cmocka_unit_test_teardown(says_that_nothing_was_found, forget),
        cmocka_unit_test_teardown(asks_for_no_amendment_that_is_urgent_and_is_not, forget),
        cmocka_unit_test_teardown(shows_a_time_of_any_number_as_long_ago, forget),
        cmocka_unit_test_teardown(looks_for_no_pack_where_the_server_s_city_is_no_name, forget),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
