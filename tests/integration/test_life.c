/* One request's life through all five services, as front-ends and offices see it; and what people
 * type. */
#include "tests/integration/shell.h"
#include "tests/integration/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "clients/libvafa/vafa.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT "district-5-civil"
#define PATIENCE_MS 60000

struct scene {
    struct system *system;
    struct vafa *vafa;
};

static char pack[64];

static int set_up(void **state)
{
    struct error err;
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    shell_make_pack(pack);
    scene->system = system_new(pack);
    struct vafa_options options = {
        .data = scene->system->data, .name = "test", .role = RPC_ROLE_ADMIN};
    assert_int_equal(vafa_open(&scene->vafa, &options, &err), STATUS_OK);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    vafa_close(scene->vafa);
    system_free(scene->system);
    free(scene);
    shell_run("rm -r %s", pack);
    return 0;
}

/* --- calls: each fails the test unless it is answered with OK --- */

static void must(struct scene *scene, struct vafa_call *call)
{
    call->patience_ms = PATIENCE_MS;
    if (vafa_call_wait(scene->vafa, call) != STATUS_OK) {
        fail_msg("%s: %s: %s: %s", call->method, status_name(call->error.status), call->error.field,
                 call->error.message);
    }
}

/* Everything has reached report, and intake, which shows what becomes of requests. */
static void settle(struct scene *scene)
{
    struct error err;
    struct vafa_position heads[5];
    const struct vafa_wait wait = {.wait_ms = PATIENCE_MS};
    const Common__Position *behind[3];
    enum status status = vafa_wait_settled(scene->vafa, heads, &wait, &err);
    for (int i = 0; i < 3 && status == STATUS_OK; i++) {
        behind[i] = &heads[COMMON__SERVICE_ID__SERVICE_ID_ROUTING + i].position;
    }
    if (status == STATUS_OK) {
        status = vafa_wait_reached(scene->vafa, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, behind, 3,
                                   &wait, &err);
    }
    if (status != STATUS_OK) {
        fail_msg("%s: %s", status_name(status), err.message);
    }
}

static json_t *at(json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);
    if (value == NULL) {
        char *text = json_dumps(json, 0);
        fail_msg("no %s in %s", name, text);
    }
    return value;
}

static const char *text_at(json_t *json, const char *name)
{
    return json_string_value(at(json, name));
}

/* --- the tests --- */

static void one_request_walks_through_all_five_services(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    json_t *registered =
        system_json(s, ARGS("register", "--topic", "asphalt", "--area", "5", "--phone",
                            "۰۹۱۳ ۰۰۰ ۰۰۰۰", "--citizen", "شهروند نمونه", "--words",
                            "چاله‌ای در میانهٔ خیابان است 🙏"));
    char code[32];
    snprintf(code, sizeof code, "%s", text_at(registered, "code"));
    assert_int_equal(strlen(code), 10);
    json_decref(registered);
    settle(scene);

    Routing__FollowTasksRequest follow = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    follow.unit = (char[]){UNIT};
    follow.wait_ms = 10000;
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = "FollowTasks", .request = &follow.base};
    must(scene, &call);
    const Routing__FollowTasksResponse *changes =
        (const Routing__FollowTasksResponse *)call.response;
    assert_int_equal(changes->n_changes, 1);
    assert_string_equal(changes->changes[0]->task->code, code);
    char task[24];
    snprintf(task, sizeof task, "%llu", (unsigned long long)changes->changes[0]->task->number);
    vafa_call_fini(&call);

    json_decref(system_json(s, ARGS("task", "accept", task, "--unit", UNIT)));
    json_decref(
        system_json(s, ARGS("task", "report", task, "--unit", UNIT, "--note", "گروه در راه است")));
    json_decref(system_json(
        s, ARGS("task", "done", task, "--unit", UNIT, "--note", "لکه‌گیری شد")));
    settle(scene);
    json_t *next = system_json(s, ARGS("call", "next", "--operator", "desk 1"));
    json_t *call_back = at(next, "call");
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(at(call_back, "number")));
    assert_string_equal(text_at(call_back, "code"), code);
    json_decref(next);
    json_decref(system_json(s, ARGS("call", "record", number, "--operator", "desk 1", "--outcome",
                                    "answered", "--resolution", "resolved", "--score", "5",
                                    "--words", "ممنونم")));
    settle(scene);

    json_t *shown = system_json(s, ARGS("show", code, "--fresh"));
    json_t *story = at(shown, "timeline");
    static const char *const kinds[] = {
        "REGISTERED", "ROUTED",         "ACCEPTED",       "REPORTED",
        "DONE",       "CALL_SCHEDULED", "CALL_COMPLETED", "FEEDBACK_RECORDED"};
    assert_int_equal(json_array_size(story), sizeof kinds / sizeof kinds[0]);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_non_null(strstr(text_at(json_array_get(story, i), "kind"), kinds[i]));
    }
    assert_non_null(strstr(text_at(at(shown, "case_data"), "state"), "CONFIRMED"));
    json_decref(shown);

    json_t *report = system_json(s, ARGS("report", "satisfaction", "--by", "unit"));
    json_t *row = json_array_get(at(report, "rows"), 0);
    assert_string_equal(json_string_value(json_array_get(row, 0)), UNIT);
    assert_int_equal(json_integer_value(json_array_get(row, 1)), 1);
    json_decref(report);
}

static void an_urgent_request_is_with_a_desk_at_once_and_everyone_sees_who_has_it(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    char code[32];
    json_decref(
        system_json(s, ARGS("tasks", "claim", "--unit", UNIT, "--name", "کشیک", "--max", "1")));
    json_t *registered = system_json(s, ARGS("register", "--topic", "subsidence", "--area", "5"));
    snprintf(code, sizeof code, "%s", text_at(registered, "code"));
    assert_string_equal(text_at(registered, "emergency_phone"), "125");
    json_decref(registered);
    settle(scene);
    json_t *found = system_json(s, ARGS("task", "show", "1"));
    assert_string_equal(text_at(at(found, "task"), "desk"), "کشیک");
    json_decref(found);
    json_decref(
        system_json(s, ARGS("task", "see", "1", "--unit", UNIT, "--name", "Sample person")));
    json_t *shown = system_json(s, ARGS("show", code, "--fresh"));
    json_t *alarm = at(at(shown, "case_data"), "alarm");
    assert_string_equal(text_at(alarm, "desk"), "کشیک");
    assert_string_equal(text_at(alarm, "acknowledged_by"), "Sample person");
    json_decref(shown);
}

/* The code of a request about a burst valve at that place, joined to `join` (NULL: to none). */
static void register_valve(struct system *s, const char *phone, const char *join, char code[32])
{
    json_t *registered =
        join == NULL
            ? system_json(s, ARGS("register", "--topic", "burst-valve", "--area", "5", "--point",
                                  "32.6525,51.6746", "--phone", phone))
            : system_json(s, ARGS("register", "--topic", "burst-valve", "--area", "5", "--point",
                                  "32.6525,51.6747", "--phone", phone, "--join", join));
    snprintf(code, 32, "%s", text_at(registered, "code"));
    json_decref(registered);
}

static void expect_state(struct system *s, const char *code, const char *state)
{
    json_t *shown = system_json(s, ARGS("show", code, "--fresh"));
    assert_non_null(strstr(text_at(at(shown, "case_data"), "state"), state));
    json_decref(shown);
}

/* Two callers, one valve: the second is shown the first one's request, and joins it. */
static void two_callers_about_one_thing_have_one_task_and_a_call_back_each(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    char first[32], second[32], third[32], task[24];
    register_valve(s, "09130000001", NULL, first);
    settle(scene);
    json_t *same = system_json(
        s, ARGS("case", "same", "--topic", "burst-valve", "--point", "32.6525,51.6747"));
    json_t *shown = json_array_get(at(same, "requests"), 0);
    assert_string_equal(text_at(at(shown, "case_data"), "code"), first);
    assert_int_equal(json_integer_value(at(shown, "metres")), 9);
    json_decref(same);
    register_valve(s, "09130000002", first, second);
    register_valve(s, "09130000003", NULL, third);
    settle(scene);
    json_decref(system_json(s, ARGS("case", "join", third, "--with", second)));
    settle(scene);

    json_t *found = system_json(s, ARGS("task", "show", "1"));
    assert_int_equal(json_integer_value(at(at(found, "task"), "callers")), 3);
    snprintf(task, sizeof task, "%s", "1");
    const char *unit = text_at(at(found, "task"), "unit");
    json_decref(system_json(s, ARGS("task", "done", task, "--unit", unit)));
    json_decref(found);
    settle(scene);
    expect_state(s, first, "AWAITING_WORD");
    expect_state(s, second, "AWAITING_WORD");
    expect_state(s, third, "AWAITING_WORD");
    for (size_t i = 0; i < 3; i++) {
        json_t *next = system_json(s, ARGS("call", "next", "--operator", "desk 1"));
        char number[24];
        snprintf(number, sizeof number, "%lld",
                 (long long)json_integer_value(at(at(next, "call"), "number")));
        json_decref(next);
        json_decref(
            system_json(s, ARGS("call", "record", number, "--operator", "desk 1", "--outcome",
                                "answered", "--resolution", "resolved", "--score", "5")));
    }
    settle(scene);
    expect_state(s, first, "CONFIRMED");
    expect_state(s, second, "CONFIRMED");
    expect_state(s, third, "CONFIRMED");
    json_t *report = system_json(s, ARGS("report", "done"));
    assert_int_equal(json_integer_value(json_array_get(json_array_get(at(report, "rows"), 0), 0)),
                     3);
    json_decref(report);
}

/* Every spelling finds the same citizen; the words come out as they went in. */
static void
phones_in_every_spelling_and_words_in_every_script_go_in_and_come_out_right(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    static const char *const spellings[] = {"09130000001",   "+989130000001",  "00989130000001",
                                            "9130000001",    "۰۹۱۳۰۰۰۰۰۰۱",    "٠٩١٣٠٠٠٠٠٠١",
                                            "0913 000 0001", "(0913) 000-0001"};
    char words[4000 * 4 + 1] = "";
    for (size_t i = 0; i < 1000;
         i++) { /* 4,000 characters: Persian and Arabic letters, ZWNJ, emoji */
        strcat(words, "یي\u200c😀");
    }
    size_t count = sizeof spellings / sizeof spellings[0];
    char code[32] = "";
    for (size_t i = 0; i < count; i++) {
        json_t *registered = system_json(s, ARGS("register", "--topic", "asphalt", "--area", "3",
                                                 "--phone", spellings[i], "--words", words));
        snprintf(code, sizeof code, "%s", text_at(registered, "code"));
        json_decref(registered);
    }
    for (size_t i = 0; i < count; i++) {
        struct output history = system_vafa(s, ARGS("history", spellings[i], "--json"));
        size_t lines = 0;
        for (const char *c = history.out; *c != '\0'; c++) {
            lines += *c == '\n';
        }
        assert_int_equal(lines, count); /* an object a line */
        output_free(&history);
    }
    json_t *revealed = system_json(s, ARGS("reveal", code, "--purpose", "test"));
    assert_string_equal(text_at(revealed, "words"), words);
    assert_string_equal(text_at(at(revealed, "citizen"), "phone"), "+989130000001");
    json_decref(revealed);
}

/* By the city's own words, without anything learned. */
static void topics_are_suggested_from_a_citizen_s_words(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    json_t *answer = system_json(s, ARGS("case", "suggest", "سلام، چراغ کوچه ما سوخته"));
    json_t *first = json_array_get(at(answer, "suggestions"), 0);
    assert_string_equal(text_at(first, "topic"), "lighting");
    json_decref(answer);
    struct output shown = system_vafa(s, ARGS("case", "suggest", "خسته نباشید", "--lang", "en"));
    assert_string_equal(shown.out, "No suggestion: these words tell too little.\n");
    output_free(&shown);
}

/* What a request with these words, topic and phone is answered with. */
static enum status register_raw(struct scene *scene, const char *topic, const char *words,
                                const char *phone, char field[64])
{
    uint8_t key[UUID_BYTES];
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    citizen.phone = (char *)(uintptr_t)phone;
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request.citizen = &citizen;
    request.topic = (char *)(uintptr_t)topic;
    request.words = (char *)(uintptr_t)words;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "RegisterCase", .request = &request.base};
    enum status status = vafa_call_wait(scene->vafa, &call);
    snprintf(field, 64, "%s", call.error.field);
    vafa_call_fini(&call);
    return status;
}

static void a_topic_s_questions_are_answered_on_the_command_line(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    json_t *topic = system_json(s, ARGS("topics", "bus-headway"));
    assert_string_equal(text_at(json_array_get(at(topic, "questions"), 0), "key"), "line");
    json_decref(topic);
    json_t *registered =
        system_json(s, ARGS("register", "--topic", "bus-headway", "--line", "۱۲", "--stop",
                            "دروازه شیراز", "--answer", "line=۱۲", "--answer", "waited=۲۵"));
    char code[32];
    snprintf(code, sizeof code, "%s", text_at(registered, "code"));
    json_decref(registered);
    settle(scene);
    json_t *shown = system_json(s, ARGS("show", code, "--fresh"));
    json_t *answers = at(at(shown, "case_data"), "answers");
    assert_int_equal(json_array_size(answers), 2);
    json_t *waited = json_array_get(answers, 1);
    assert_string_equal(json_string_value(json_array_get(at(waited, "values"), 0)), "25");
    assert_string_equal(text_at(at(at(shown, "case_data"), "place"), "stop"), "دروازه شیراز");
    json_decref(shown);
    json_t *referred = system_json(s, ARGS("register", "--topic", "water-cut"));
    assert_string_equal(text_at(at(referred, "referral"), "phone"), "122");
    json_decref(referred);
    struct output told = system_vafa(s, ARGS("register", "--topic", "water-cut", "--lang", "en"));
    assert_non_null(strstr(told.out, "not the city's: no call-back"));
    assert_null(strstr(told.out, "no phone")); /* with one, nobody would call either */
    output_free(&told);
}

static void bad_input_is_refused_with_the_name_of_its_field(void **state)
{
    struct scene *scene = *state;
    char too_long[4001 + 1], field[64];
    memset(too_long, 'a', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(register_raw(scene, "asphalt", too_long, "", field), STATUS_INVALID_ARGUMENT);
    assert_string_equal(field, "words");
    assert_int_equal(register_raw(scene, "asphalt", "\xC3\x28", "", field),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(field, "words");
    assert_int_equal(register_raw(scene, "asphalt", "", "12", field), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(field, "phone"));
    assert_int_equal(register_raw(scene, "no-such-topic", "", "", field), STATUS_NOT_FOUND);
    assert_string_equal(field, "topic");

    struct output shown = system_vafa(scene->system, ARGS("show", "1234567890"));
    assert_int_not_equal(shown.code, 0);
    assert_non_null(strstr(shown.err, "code"));
    output_free(&shown);
}

static void registers_once_when_the_same_key_is_sent_twice(void **state)
{
    struct scene *scene = *state;
    uint8_t key[UUID_BYTES];
    uint64_t number = 0;
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.channel = COMMON__CHANNEL__CHANNEL_WEB;
    request.topic = (char[]){"lighting"};
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "RegisterCase", .request = &request.base};
    for (int i = 0; i < 2; i++) {
        must(scene, &call);
        const Intake__RegisterCaseResponse *response =
            (const Intake__RegisterCaseResponse *)call.response;
        assert_true(i == 0 || response->number == number);
        number = response->number;
        vafa_call_fini(&call);
    }
    request.topic = (char[]){"asphalt"};
    assert_int_equal(vafa_call_wait(scene->vafa, &call), STATUS_INVALID_ARGUMENT);
    assert_string_equal(call.error.field, "idempotency_key");
    vafa_call_fini(&call);
}

/* Registrations so close to each other are made durable before readers see them (store/writer.h). */
static void a_request_can_be_read_as_soon_as_it_is_acknowledged(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 300; i++) {
        uint8_t key[UUID_BYTES];
        char code[32];
        Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
        request.idempotency_key = vafa_new_key(key);
        request.channel = COMMON__CHANNEL__CHANNEL_WEB;
        request.topic = (char[]){"lighting"};
        struct vafa_call call = {.service = &intake__intake__descriptor,
                                 .method = "RegisterCase",
                                 .request = &request.base};
        must(scene, &call);
        snprintf(code, sizeof code, "%s",
                 ((const Intake__RegisterCaseResponse *)call.response)->code);
        vafa_call_fini(&call);

        Intake__GetCaseRequest get = INTAKE__GET_CASE_REQUEST__INIT;
        get.code = code;
        struct vafa_call read = {
            .service = &intake__intake__descriptor, .method = "GetCase", .request = &get.base};
        must(scene, &read);
        vafa_call_fini(&read);
    }
    json_t *metrics = system_json(scene->system, ARGS("metrics", "intake"));
    const char *line = strstr(text_at(at(metrics, "intake"), "text"),
                              "\nvafa_store_journal_writes_total{service=\"intake\"} ");
    assert_non_null(line);
    assert_true(strtol(strchr(line, '}') + 1, NULL, 10) > 0);
    json_decref(metrics);
}

static void follow(struct scene *scene, struct vafa_call *call,
                   Routing__FollowTasksRequest *request)
{
    routing__follow_tasks_request__init(request);
    request->unit = (char *)(uintptr_t)UNIT;
    request->changes_max = 500;
    *call = (struct vafa_call){.service = &routing__routing__descriptor,
                               .method = "FollowTasks",
                               .request = &request->base};
    must(scene, call);
}

/* Acknowledgements so close to each other that most are not committed when the office asks. */
static void an_office_goes_on_behind_what_it_has_acknowledged(void **state)
{
    enum { TASKS = 60 };
    struct scene *scene = *state;
    struct vafa_call all, again;
    Routing__FollowTasksRequest first, second;
    for (int i = 0; i < TASKS; i++) {
        uint8_t key[UUID_BYTES];
        Common__Place place = COMMON__PLACE__INIT;
        Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
        request.idempotency_key = vafa_new_key(key);
        request.channel = COMMON__CHANNEL__CHANNEL_WEB;
        request.topic = (char[]){"asphalt"};
        place.area = (char[]){"5"};
        request.place = &place;
        struct vafa_call call = {.service = &intake__intake__descriptor,
                                 .method = "RegisterCase",
                                 .request = &request.base};
        must(scene, &call);
        vafa_call_fini(&call);
    }
    settle(scene);
    follow(scene, &all, &first);
    const Routing__FollowTasksResponse *changes =
        (const Routing__FollowTasksResponse *)all.response;
    assert_int_equal(changes->n_changes, TASKS);
    for (size_t i = 0; i < TASKS; i++) {
        uint8_t key[UUID_BYTES];
        Routing__AcknowledgeTasksRequest request = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
        request.idempotency_key = vafa_new_key(key);
        request.unit = (char[]){UNIT};
        request.sequence = changes->changes[i]->sequence;
        struct vafa_call call = {.service = &routing__routing__descriptor,
                                 .method = "AcknowledgeTasks",
                                 .request = &request.base};
        must(scene, &call);
        vafa_call_fini(&call);

        follow(scene, &again, &second);
        const Routing__FollowTasksResponse *rest =
            (const Routing__FollowTasksResponse *)again.response;
        assert_int_equal(rest->acknowledged, request.sequence);
        assert_int_equal(rest->n_changes, TASKS - 1 - i);
        vafa_call_fini(&again);
    }
    vafa_call_fini(&all);
}

/* --- a call to the hotline --- */

static void a_call_knows_who_rings_and_the_office_hears_that_they_asked_again(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[5][UUID_BYTES];
    Intake__OpenCallRequest open = INTAKE__OPEN_CALL_REQUEST__INIT;
    Intake__RegisterCaseRequest registration = INTAKE__REGISTER_CASE_REQUEST__INIT;
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    Intake__ChaseCaseRequest chase = INTAKE__CHASE_CASE_REQUEST__INIT;
    Intake__EndCallRequest end = INTAKE__END_CALL_REQUEST__INIT;
    Routing__GetTaskRequest get = ROUTING__GET_TASK_REQUEST__INIT;
    char code[16];

    open.phone = "0913 000 0000";
    open.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    open.idempotency_key = vafa_new_key(keys[0]);
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "OpenCall", .request = &open.base};
    must(scene, &call);
    const Intake__OpenCallResponse *opened = (const Intake__OpenCallResponse *)call.response;
    assert_null(opened->card);
    registration.call_number = opened->call_number;
    vafa_call_fini(&call);

    citizen.phone = open.phone;
    citizen.name = "شهروند نمونه";
    place.area = "5";
    registration.citizen = &citizen;
    registration.channel = open.channel;
    registration.topic = "asphalt";
    registration.place = &place;
    registration.idempotency_key = vafa_new_key(keys[1]);
    call = (struct vafa_call){.service = &intake__intake__descriptor,
                              .method = "RegisterCase",
                              .request = &registration.base};
    must(scene, &call);
    snprintf(code, sizeof code, "%s", ((const Intake__RegisterCaseResponse *)call.response)->code);
    vafa_call_fini(&call);

    end.call_number = registration.call_number;
    end.idempotency_key = vafa_new_key(keys[2]);
    call = (struct vafa_call){
        .service = &intake__intake__descriptor, .method = "EndCall", .request = &end.base};
    must(scene, &call);
    const Intake__Call *ended = ((const Intake__EndCallResponse *)call.response)->call;
    assert_int_equal(ended->result, INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED);
    assert_string_equal(ended->registered_codes[0], code);
    vafa_call_fini(&call);

    open.idempotency_key = vafa_new_key(keys[3]);
    call = (struct vafa_call){
        .service = &intake__intake__descriptor, .method = "OpenCall", .request = &open.base};
    must(scene, &call);
    opened = (const Intake__OpenCallResponse *)call.response;
    assert_string_equal(opened->card->name, "شهروند نمونه");
    assert_string_equal(opened->card->cases[0]->case_data->code, code);
    chase.call_number = opened->call_number;
    vafa_call_fini(&call);

    chase.code = code;
    chase.idempotency_key = vafa_new_key(keys[4]);
    call = (struct vafa_call){
        .service = &intake__intake__descriptor, .method = "ChaseCase", .request = &chase.base};
    must(scene, &call);
    vafa_call_fini(&call);
    settle(scene);

    get.case_number = 1;
    call = (struct vafa_call){
        .service = &routing__routing__descriptor, .method = "GetTask", .request = &get.base};
    must(scene, &call);
    assert_int_equal(((const Routing__GetTaskResponse *)call.response)->task->chases, 1);
    vafa_call_fini(&call);
}

static json_int_t number_at(json_t *json, const char *name)
{
    return json_integer_value(at(json, name));
}

/* Potholes of district 5 go to another desk there, lamps get other hours: what would that change? */
static void other_rules_are_tried_on_the_requests_there_were(void **state)
{
    struct scene *scene = *state;
    struct system *s = scene->system;
    char tried[64], code[32];
    json_t *first = system_json(s, ARGS("register", "--topic", "asphalt", "--area", "5"));
    snprintf(code, sizeof code, "%s", text_at(first, "code"));
    json_decref(first);
    json_decref(system_json(s, ARGS("register", "--topic", "asphalt", "--area", "5", "--urgent")));
    json_decref(system_json(s, ARGS("register", "--topic", "asphalt", "--area", "3")));
    json_decref(system_json(s, ARGS("register", "--topic", "cleaning", "--area", "5")));
    json_decref(
        system_json(s, ARGS("register", "--topic", "asphalt", "--area", "5", "--join", code)));
    settle(scene);

    shell_make_pack(tried);
    json_t *same = system_json(s, ARGS("route", "try", tried));
    assert_int_equal(number_at(same, "requests"), 4);
    assert_int_equal(number_at(same, "moved"), 0);
    assert_int_equal(number_at(same, "without_rule"), 1); /* the joined one */
    assert_int_equal(json_array_size(at(same, "moves")), 0);
    json_decref(same);

    shell_run("sed -i -e 's/^asphalt,\\*,\\*,district/asphalt,5,no,district-5-traffic,,,,,\\n&/' "
              "-e 's/^\\(cleaning,\\*,\\*,district-[^,]*\\),,/\\1,works,/' %s/rules.csv",
              tried);
    json_t *changed = system_json(s, ARGS("route", "try", tried));
    assert_int_equal(number_at(changed, "requests"), 4);
    assert_int_equal(number_at(changed, "moved"), 1);
    assert_int_equal(number_at(changed, "due_otherwise"), 1);
    json_t *move = json_array_get(at(changed, "moves"), 0);
    assert_string_equal(text_at(move, "topic"), "asphalt");
    assert_string_equal(text_at(move, "unit_before"), UNIT);
    assert_string_equal(text_at(move, "unit_after"), "district-5-traffic");
    assert_string_equal(text_at(move, "example"), code);
    move = json_array_get(at(changed, "moves"), 1);
    assert_string_equal(text_at(move, "topic"), "cleaning");
    assert_string_equal(text_at(move, "unit_after"), text_at(move, "unit_before"));
    assert_int_equal(number_at(move, "due_hours_before"), 15);
    assert_int_equal(number_at(move, "due_hours_after"), 42);
    json_decref(changed);

    struct output shown = system_vafa(s, ARGS("route", "try", tried, "--lang", "en"));
    assert_int_equal(shown.code, 0);
    assert_non_null(strstr(shown.out, "15 → 42"));
    output_free(&shown);
    json_t *none = system_json(s, ARGS("route", "try", tried, "--since", "1500-01-01"));
    assert_int_equal(number_at(none, "requests"), 0);
    json_decref(none);
    shown = system_vafa(s, ARGS("route", "try", "./nothing"));
    assert_int_equal(shown.code, 3);
    output_free(&shown);
    shell_run("rm -r %s", tried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_urgent_request_is_with_a_desk_at_once_and_everyone_sees_who_has_it, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(one_request_walks_through_all_five_services, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            two_callers_about_one_thing_have_one_task_and_a_call_back_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            phones_in_every_spelling_and_words_in_every_script_go_in_and_come_out_right, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(topics_are_suggested_from_a_citizen_s_words, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_topic_s_questions_are_answered_on_the_command_line,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_input_is_refused_with_the_name_of_its_field, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(registers_once_when_the_same_key_is_sent_twice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_request_can_be_read_as_soon_as_it_is_acknowledged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_call_knows_who_rings_and_the_office_hears_that_they_asked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_rules_are_tried_on_the_requests_there_were, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_office_goes_on_behind_what_it_has_acknowledged, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
