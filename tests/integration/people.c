#include "tests/integration/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS 10
#define OFFICES 3
#define DESKS 2
#define PEOPLE (CALLERS + OFFICES + DESKS)

#define PATIENCE_MS 60000 /* with services that are killed and come back */
#define DEADLINE_MS 3000  /* of an attempt */
#define HASTY_MS_MAX 400  /* some callers do not wait longer, and do not know then */
#define BURST_MAX 30      /* registrations behind each other, then a breath */
#define BREATH_MS_MAX 40
#define REVEAL_EVERY 16 /* the words of one in so many are opened and compared */

struct person {
    struct people *people;
    struct vafa *vafa;
    pthread_t thread;
    unsigned seed;
    size_t index; /* among its kind */
    char name[32];
    void (*work)(struct person *person);    /* a piece of it */
    void (*wind_up)(struct person *person); /* NULL: nothing is left open */
    bool restless;

    /* A caller's. */
    struct registration {
        uint8_t key[UUID_BYTES];
        uint64_t number; /* 0: the outcome is not known */
        char code[16];
    } * registrations;
    size_t registration_count, registration_room, repeated;

    /* An office's. */
    char unit[64];
    struct told {
        uint64_t sequence;
        uint64_t task;
        Routing__ChangeKind kind;
    } * told;
    size_t told_count, told_room;
    size_t heard; /* of those told: fewer after it has forgotten */
    size_t acted; /* on those told */
    uint64_t next, acknowledged;
};

struct people {
    struct ledger *ledger;
    struct vafa *vafa; /* for looking on */
    struct person persons[PEOPLE];
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    bool works, over;
    size_t at_rest;
    bool failed;
    char failure[512];
};

/* --- trouble: told to whoever looks, since only the test's own thread may fail the test --- */

__attribute__((format(printf, 2, 3))) static void complain(struct person *person,
                                                           const char *format, ...)
{
    struct people *people = person->people;
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* a long one is cut */
    va_end(arguments);
    pthread_mutex_lock(&people->lock);
    if (!people->failed) {
        people->failed = true;
        snprintf(people->failure, sizeof people->failure, "%s: %s", person->name, text);
        pthread_cond_broadcast(&people->changed);
    }
    pthread_mutex_unlock(&people->lock);
}

static bool has_failed(struct people *people)
{
    pthread_mutex_lock(&people->lock);
    bool failed = people->failed;
    pthread_mutex_unlock(&people->lock);
    return failed;
}

static bool is_working(struct people *people)
{
    pthread_mutex_lock(&people->lock);
    bool works = people->works && !people->failed;
    pthread_mutex_unlock(&people->lock);
    return works;
}

void people_check(struct people *people)
{
    if (has_failed(people)) {
        fail_msg("%s", people->failure);
    }
}

/* --- parts of all --- */

static unsigned one_of(struct person *person, unsigned count)
{
    return (unsigned)rand_r(&person->seed) % count;
}

/* What people do between two calls; nothing is waited for. */
static void breathe(struct person *person)
{
    (void)poll(NULL, 0, (int)one_of(person, BREATH_MS_MAX));
}

/* Repeats until there is an answer. False, and complained, when it is not OK. */
static bool ask(struct person *person, struct vafa_call *call)
{
    call->patience_ms = PATIENCE_MS;
    call->deadline_ms = DEADLINE_MS;
    if (vafa_call_wait(person->vafa, call) == STATUS_OK) {
        return true;
    }
    complain(person, "%s: %s: %s: %s", call->method, status_name(call->error.status),
             call->error.field, call->error.message);
    vafa_call_fini(call);
    return false;
}

/* --- callers --- */

/* The same for the same caller and number: a repeated call has the same content. */
struct content {
    Intake__RegisterCaseRequest request;
    Common__Place place;
    Intake__Citizen citizen;
    char area[8], landmark[64], phone[16], words[64];
};

static void fill_in(const struct person *person, size_t n, struct content *content)
{
    static const Common__Channel channels[] = {
        COMMON__CHANNEL__CHANNEL_PHONE, COMMON__CHANNEL__CHANNEL_WEB, COMMON__CHANNEL__CHANNEL_APP};
    intake__register_case_request__init(&content->request);
    common__place__init(&content->place);
    intake__citizen__init(&content->citizen);
    snprintf(content->area, sizeof content->area, "%zu", 1 + n % OFFICES);
    snprintf(content->landmark, sizeof content->landmark, "بلوک %zu/%zu", person->index, n);
    snprintf(content->phone, sizeof content->phone, "0913%03zu%04zu", person->index, n / 3 % 500);
    snprintf(content->words, sizeof content->words, "سخن %zu از %zu", n, person->index);
    content->place.area = content->area;
    content->place.landmark = content->landmark;
    content->request.place = &content->place;
    content->request.channel = channels[n % 3];
    content->request.topic = (char *)(uintptr_t) "asphalt";
    content->request.words = content->words;
    if (n % 4 != 0) { /* the others are never called back */
        content->citizen.phone = content->phone;
        content->request.citizen = &content->citizen;
    }
}

/* Reading what was acknowledged a moment ago. */
static void read_back(struct person *person, size_t n)
{
    const struct registration *registration = &person->registrations[n];
    struct content content;
    fill_in(person, n, &content);
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    request.code = (char *)(uintptr_t)registration->code;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "GetCase", .request = &request.base};
    if (ask(person, &call)) {
        const Intake__Case *found = ((const Intake__GetCaseResponse *)call.response)->case_data;
        if (found->number != registration->number ||
            strcmp(found->place->landmark, content.landmark) != 0) {
            complain(person, "%s is request %" PRIu64 " (%s), but GetCase says %" PRIu64 " (%s)",
                     registration->code, registration->number, content.landmark, found->number,
                     found->place->landmark);
        }
        vafa_call_fini(&call);
    }
}

static void read_words(struct person *person, size_t n)
{
    uint8_t key[UUID_BYTES];
    struct content content;
    fill_in(person, n, &content);
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.code = person->registrations[n].code;
    request.purpose = (char *)(uintptr_t) "test";
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "RevealCase", .request = &request.base};
    if (ask(person, &call)) {
        const char *words = ((const Intake__RevealCaseResponse *)call.response)->words;
        if (strcmp(words, content.words) != 0) {
            complain(person, "said \"%s\", and \"%s\" was kept", content.words, words);
        }
        ledger_note(person->people->ledger, "revealed %" PRIu64 " by %s",
                    person->registrations[n].number, person->name);
        vafa_call_fini(&call);
    }
}

/* Hasty: one attempt, and its outcome may stay unknown. */
static void register_case(struct person *person, size_t n, bool hasty)
{
    struct registration *registration = &person->registrations[n];
    struct content content;
    fill_in(person, n, &content);
    content.request.idempotency_key = (ProtobufCBinaryData){UUID_BYTES, registration->key};
    struct vafa_call call = {.service = &intake__intake__descriptor,
                             .method = "RegisterCase",
                             .request = &content.request.base};
    if (hasty) {
        call.deadline_ms = 1 + one_of(person, HASTY_MS_MAX);
        if (vafa_call_wait(person->vafa, &call) != STATUS_OK) {
            vafa_call_fini(&call);
            return;
        }
    } else if (!ask(person, &call)) {
        return;
    }
    const Intake__RegisterCaseResponse *response =
        (const Intake__RegisterCaseResponse *)call.response;
    if (registration->number == 0) {
        registration->number = response->number;
        snprintf(registration->code, sizeof registration->code, "%s", response->code);
        ledger_note(person->people->ledger, "registered %" PRIu64 " %s: asphalt, %s, %s by %s",
                    registration->number, registration->code, content.area, content.landmark,
                    person->name);
    } else if (registration->number != response->number ||
               strcmp(registration->code, response->code) != 0) {
        complain(person,
                 "the same key was answered with %" PRIu64 " %s, and then with %" PRIu64 " %s",
                 registration->number, registration->code, response->number, response->code);
    }
    vafa_call_fini(&call);
}

static size_t new_registration(struct person *person)
{
    if (person->registration_count == person->registration_room) {
        person->registration_room = person->registration_room * 2 + 1024;
        person->registrations = realloc(person->registrations,
                                        person->registration_room * sizeof *person->registrations);
        CHECK(person->registrations != NULL);
    }
    size_t n = person->registration_count++;
    person->registrations[n] = (struct registration){.number = 0};
    (void)vafa_new_key(person->registrations[n].key); /* it is there */
    return n;
}

static void work_caller(struct person *person)
{
    bool hasty = person->index % 2 == 0;
    for (unsigned i = one_of(person, BURST_MAX); is_working(person->people) && i > 0; i--) {
        size_t n = new_registration(person);
        register_case(person, n, hasty);
        if (person->registrations[n].number != 0 && one_of(person, 8) == 0) {
            read_back(person, n);
        }
    }
    breathe(person);
}

static void wind_up_caller(struct person *person)
{
    for (; person->repeated < person->registration_count && !has_failed(person->people);
         person->repeated++) {
        size_t n = person->repeated;
        register_case(person, n, false);
        if (n % REVEAL_EVERY == 0 && person->registrations[n].number != 0) {
            read_words(person, n);
        }
    }
}

/* --- offices --- */

static void hear(struct person *person, const Routing__TaskChange *change)
{
    struct told told = {change->sequence, change->task->number, change->kind};
    if (person->heard < person->told_count) { /* again, having forgotten */
        const struct told *before = &person->told[person->heard++];
        if (before->sequence != told.sequence || before->task != told.task ||
            before->kind != told.kind) {
            complain(person, "was told of %" PRIu64 ", and when asking again of %" PRIu64,
                     before->sequence, told.sequence);
        }
        return;
    }
    if (told.sequence <= person->next) {
        complain(person, "is told of %" PRIu64 " behind %" PRIu64, told.sequence, person->next);
    }
    if (person->told_count == person->told_room) {
        person->told_room = person->told_room * 2 + 1024;
        person->told = realloc(person->told, person->told_room * sizeof *person->told);
        CHECK(person->told != NULL);
    }
    person->told[person->told_count++] = told;
    person->heard = person->told_count;
    ledger_note(person->people->ledger, "%s told of %" PRIu64, person->unit, told.sequence);
}

/* Returns how many changes came. */
static size_t follow(struct person *person, uint32_t wait_ms)
{
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    request.unit = person->unit;
    request.after = person->next;
    request.wait_ms = wait_ms;
    request.changes_max = 50;
    request.reader = person->name;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "FollowTasks",
                             .request = &request.base};
    if (!ask(person, &call)) {
        return 0;
    }
    const Routing__FollowTasksResponse *response =
        (const Routing__FollowTasksResponse *)call.response;
    size_t count = response->n_changes;
    if (request.after == 0 ? response->acknowledged != person->acknowledged
                           : response->acknowledged > person->acknowledged) {
        complain(person, "acknowledged %" PRIu64 ", and the server says %" PRIu64,
                 person->acknowledged, response->acknowledged);
    }
    for (size_t i = 0; i < count; i++) {
        hear(person, response->changes[i]);
    }
    person->next = response->next;
    vafa_call_fini(&call);
    return count;
}

/* Begins again behind what it has acknowledged. */
static void forget(struct person *person)
{
    person->next = 0;
    person->heard = 0;
    while (person->heard < person->told_count &&
           person->told[person->heard].sequence <= person->acknowledged) {
        person->heard++;
    }
}

static void acknowledge(struct person *person)
{
    uint8_t key[UUID_BYTES];
    uint64_t sequence = person->heard > 0 ? person->told[person->heard - 1].sequence : 0;
    if (sequence <= person->acknowledged) {
        return;
    }
    Routing__AcknowledgeTasksRequest request = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.unit = person->unit;
    request.sequence = sequence;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "AcknowledgeTasks",
                             .request = &request.base};
    if (ask(person, &call)) {
        person->acknowledged = sequence;
        ledger_note(person->people->ledger, "acknowledged up to %" PRIu64 " by %s", sequence,
                    person->name);
        vafa_call_fini(&call);
    }
}

static bool act(struct person *person, const char *method, const ProtobufCMessage *request)
{
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = method, .request = request};
    bool done = ask(person, &call);
    if (done) {
        vafa_call_fini(&call);
    }
    return done;
}

/* The life of a task at its office, until it is time to rest: then it stays as it is. */
static void do_task(struct person *person, uint64_t task)
{
    struct ledger *ledger = person->people->ledger;
    uint8_t key[UUID_BYTES];
    char note[64];
    Routing__AcceptTaskRequest accept = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    accept.idempotency_key = vafa_new_key(key);
    accept.task_number = task;
    if (!act(person, "AcceptTask", &accept.base)) {
        return;
    }
    ledger_note(ledger, "accepted %" PRIu64 " by %s", task, person->name);
    if (one_of(person, 3) == 0) {
        Routing__ReportTaskRequest report = ROUTING__REPORT_TASK_REQUEST__INIT;
        report.idempotency_key = vafa_new_key(key);
        report.task_number = task;
        report.note = note;
        snprintf(note, sizeof note, "در راه %" PRIu64, task);
        if (!act(person, "ReportTask", &report.base)) {
            return;
        }
        ledger_note(ledger, "reported %" PRIu64 " by %s: %s", task, person->name, note);
    }
    if (one_of(person, 8) == 0) {
        return; /* never finished */
    }
    Routing__FinishTaskRequest finish = ROUTING__FINISH_TASK_REQUEST__INIT;
    finish.idempotency_key = vafa_new_key(key);
    finish.task_number = task;
    finish.note = note;
    snprintf(note, sizeof note, "انجام شد %" PRIu64, task);
    if (act(person, "FinishTask", &finish.base)) {
        ledger_note(ledger, "finished %" PRIu64 " by %s: %s", task, person->name, note);
    }
}

static void work_office(struct person *person)
{
    if (one_of(person, 10) == 0) {
        forget(person);
    }
    (void)follow(person, 500); /* what came is in told */
    for (; person->acted < person->told_count && is_working(person->people); person->acted++) {
        const struct told *told = &person->told[person->acted];
        if (told->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED) {
            do_task(person, told->task);
        }
    }
    if (person->acted == person->told_count) {
        acknowledge(person);
    }
}

/* --- desks --- */

static bool next_call(struct person *person, uint64_t *ret_call)
{
    uint8_t key[UUID_BYTES];
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.operator_name = person->name;
    struct vafa_call call = {
        .service = &followup__followup__descriptor, .method = "NextCall", .request = &request.base};
    if (!ask(person, &call)) {
        return false;
    }
    const Followup__Call *found = ((const Followup__NextCallResponse *)call.response)->call;
    if (found != NULL) {
        *ret_call = found->number;
        ledger_note(person->people->ledger, "claimed %" PRIu64 " by %s", found->number,
                    person->name);
    }
    vafa_call_fini(&call);
    return found != NULL;
}

static void record_call(struct person *person, uint64_t number)
{
    uint8_t key[UUID_BYTES];
    Followup__RecordCallRequest request = FOLLOWUP__RECORD_CALL_REQUEST__INIT;
    Followup__Answer answer = FOLLOWUP__ANSWER__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.call_number = number;
    request.operator_name = person->name;
    request.outcome = one_of(person, 4) == 0 ? FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER
                                             : FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    if (request.outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED) {
        answer.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
        answer.score = 1 + one_of(person, 5);
        answer.words = (char *)(uintptr_t) "ممنونم";
        request.answer = &answer;
    }
    struct vafa_call call = {.service = &followup__followup__descriptor,
                             .method = "RecordCall",
                             .request = &request.base};
    if (ask(person, &call)) {
        ledger_note(person->people->ledger,
                    "recorded %" PRIu64 " by %s: outcome %d, score %" PRIu32, number, person->name,
                    (int)request.outcome, answer.score);
        vafa_call_fini(&call);
    }
}

static void work_desk(struct person *person)
{
    uint64_t number;
    if (next_call(person, &number)) {
        record_call(person, number);
    } else {
        breathe(person);
    }
}

/* --- all of them --- */

static void *run(void *context)
{
    struct person *person = context;
    struct people *people = person->people;
    pthread_mutex_lock(&people->lock);
    while (!people->over) {
        if (people->works && !people->failed) {
            pthread_mutex_unlock(&people->lock);
            person->work(person);
            pthread_mutex_lock(&people->lock);
        } else if (person->restless) {
            pthread_mutex_unlock(&people->lock);
            if (person->wind_up != NULL) {
                person->wind_up(person);
            }
            pthread_mutex_lock(&people->lock);
            person->restless = false;
            people->at_rest++;
            pthread_cond_broadcast(&people->changed);
        } else {
            pthread_cond_wait(&people->changed, &people->lock);
        }
    }
    pthread_mutex_unlock(&people->lock);
    return NULL;
}

static void come(struct people *people, const struct system *system, size_t i, unsigned seed)
{
    struct person *person = &people->persons[i];
    struct error err;
    struct vafa_options options = {.data = system->data, .role = RPC_ROLE_FRONT_END};
    person->people = people;
    person->seed = seed + (unsigned)i;
    if (i < CALLERS) {
        person->index = i;
        person->work = work_caller;
        person->wind_up = wind_up_caller;
        snprintf(person->name, sizeof person->name, "caller %zu", person->index);
    } else if (i < CALLERS + OFFICES) {
        person->index = i - CALLERS;
        person->work = work_office;
        snprintf(person->name, sizeof person->name, "office %zu", person->index);
        snprintf(person->unit, sizeof person->unit, "district-%zu-civil", 1 + person->index);
        options.role = RPC_ROLE_OFFICE;
        options.unit = person->unit;
    } else {
        person->index = i - CALLERS - OFFICES;
        person->work = work_desk;
        snprintf(person->name, sizeof person->name, "desk %zu", person->index);
    }
    options.name = person->name;
    assert_int_equal(vafa_open(&person->vafa, &options, &err), STATUS_OK);
    assert_int_equal(pthread_create(&person->thread, NULL, run, person), 0);
}

struct people *people_new(const struct system *system, struct ledger *ledger, unsigned seed)
{
    struct error err;
    struct people *people = calloc(1, sizeof *people);
    const struct vafa_options options = {.data = system->data,
                                         .name = "onlooker",
                                         .role = RPC_ROLE_ADMIN,
                                         .patience_ms = PATIENCE_MS};
    assert_non_null(people);
    people->ledger = ledger;
    assert_int_equal(pthread_mutex_init(&people->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&people->changed, NULL), 0);
    assert_int_equal(vafa_open(&people->vafa, &options, &err), STATUS_OK);
    for (size_t i = 0; i < PEOPLE; i++) {
        come(people, system, i, seed);
    }
    return people;
}

void people_work(struct people *people)
{
    pthread_mutex_lock(&people->lock);
    people->works = true;
    people->at_rest = 0;
    for (size_t i = 0; i < PEOPLE; i++) {
        people->persons[i].restless = true;
    }
    pthread_cond_broadcast(&people->changed);
    pthread_mutex_unlock(&people->lock);
}

void people_rest(struct people *people)
{
    pthread_mutex_lock(&people->lock);
    people->works = false;
    pthread_cond_broadcast(&people->changed);
    while (people->at_rest < PEOPLE && !people->failed) {
        pthread_cond_wait(&people->changed, &people->lock);
    }
    pthread_mutex_unlock(&people->lock);
    people_check(people);
}

void people_rest_and_compare(struct people *people)
{
    struct error err;
    struct vafa_position heads[5];
    const struct vafa_wait wait = {.wait_ms = PATIENCE_MS};
    people_rest(people);
    if (vafa_wait_settled(people->vafa, heads, &wait, &err) != STATUS_OK) {
        fail_msg("the services do not settle: %s: %s", status_name(err.status), err.message);
    }
    for (size_t i = CALLERS; i < CALLERS + OFFICES; i++) { /* their threads rest */
        while (follow(&people->persons[i], 0) > 0) {
        }
    }
    people_check(people);
    ledger_compare(people->ledger, people->vafa);
}

void people_free(struct people *people)
{
    if (people == NULL) {
        return;
    }
    pthread_mutex_lock(&people->lock);
    people->over = true;
    pthread_cond_broadcast(&people->changed);
    pthread_mutex_unlock(&people->lock);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *person = &people->persons[i];
        assert_int_equal(pthread_join(person->thread, NULL), 0);
        vafa_close(person->vafa);
        free(person->registrations);
        free(person->told);
    }
    vafa_close(people->vafa);
    assert_int_equal(pthread_cond_destroy(&people->changed), 0);
    assert_int_equal(pthread_mutex_destroy(&people->lock), 0);
    free(people);
}
