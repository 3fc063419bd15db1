/* The front-ends of day.h: they answer calls, register, join, and take back. */
#include "tests/integration/day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRONT_ENDS 16
#define SAME_MAX 20

struct day_front_end {
    struct day *day;
    struct vafa *vafa;
    pthread_t thread;
    char name[32];
};

struct content {
    Intake__RegisterCaseRequest request;
    Common__Place place;
    Intake__Citizen citizen;
    char area[8], street[64], landmark[64], phone[16], words[64];
};

static void where(const struct day_call *call, struct content *content)
{
    common__place__init(&content->place);
    snprintf(content->area, sizeof content->area, "%u", call->district);
    content->place.area = content->area;
    if (call->tree) {
        snprintf(content->street, sizeof content->street, "خیابان چنار %u", call->district);
        content->place.street = content->street;
    }
}

static void phone_of(const struct day *day, const struct day_call *call, char phone[16])
{
    snprintf(phone, 16, "0913%07zu", (size_t)(call - day->calls));
}

static void fill_in(const struct day *day, const struct day_call *call, struct content *content)
{
    size_t n = (size_t)(call - day->calls);
    intake__register_case_request__init(&content->request);
    where(call, content);
    snprintf(content->landmark, sizeof content->landmark, "پلاک %zu", n);
    content->place.landmark = content->landmark;
    content->request.idempotency_key =
        (ProtobufCBinaryData){UUID_BYTES, (uint8_t *)(uintptr_t)call->key};
    content->request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    content->request.topic = (char *)(uintptr_t)call->topic->key;
    content->request.place = &content->place;
    snprintf(content->words, sizeof content->words, "سخن %zu", n);
    content->request.words = content->words;
    if (call->urgent && !call->topic->urgent) {
        content->request.urgency = COMMON__URGENCY__URGENCY_URGENT;
    }
    content->request.call_number = call->phone_call;
    if (call->has_phone) {
        intake__citizen__init(&content->citizen);
        phone_of(day, call, content->phone);
        content->citizen.phone = content->phone;
        content->request.citizen = &content->citizen;
    }
}

/* --- on the phone --- */

/* Empty: a withheld number. */
static bool open_call(struct day_front_end *front_end, char *phone, uint64_t *ret_number)
{
    uint8_t key[UUID_BYTES];
    Intake__OpenCallRequest request = INTAKE__OPEN_CALL_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request.phone = phone;
    struct vafa_call rpc = {
        .service = &intake__intake__descriptor, .method = "OpenCall", .request = &request.base};
    if (!day_try(front_end->day, front_end->vafa, front_end->name, &rpc)) {
        return false;
    }
    *ret_number = ((const Intake__OpenCallResponse *)rpc.response)->call_number;
    vafa_call_fini(&rpc);
    return true;
}

/* Unset: as what was done in it tells. */
static bool end_call(struct day_front_end *front_end, uint64_t number, Intake__CallResult result)
{
    uint8_t key[UUID_BYTES];
    Intake__EndCallRequest request = INTAKE__END_CALL_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.call_number = number;
    request.result = result;
    struct vafa_call rpc = {
        .service = &intake__intake__descriptor, .method = "EndCall", .request = &request.base};
    if (!day_try(front_end->day, front_end->vafa, front_end->name, &rpc)) {
        return false;
    }
    vafa_call_fini(&rpc);
    return true;
}

/* Somebody is told something, and nothing is registered. */
static bool inform(struct day_front_end *front_end, struct day_call *call)
{
    char withheld[] = "";
    return open_call(front_end, withheld, &call->other_call) &&
           end_call(front_end, call->other_call, INTAKE__CALL_RESULT__CALL_RESULT_INFORMED);
}

static bool pick_up(struct day_front_end *front_end, struct day_call *call)
{
    char phone[16] = "";
    if (call->has_phone) {
        phone_of(front_end->day, call, phone);
    }
    return open_call(front_end, phone, &call->phone_call);
}

/* --- what they call about --- */

static bool take_answer(struct day_front_end *front_end, struct day_call *call,
                        const Intake__RegisterCaseResponse *response, const char *join)
{
    struct day *day = front_end->day;
    bool in_storm = call->topic->in_storm && !call->before_storm;
    if (response->storm != (in_storm ? DAY_STORM : 0) ||
        strcmp(response->incident_code, join) != 0) {
        return day_complain(day, front_end->name, "%s (%s) is of storm %llu, joined to \"%s\"",
                            response->code, call->topic->key, (unsigned long long)response->storm,
                            response->incident_code);
    }
    pthread_mutex_lock(&day->lock);
    bool same = call->number == 0 ||
                (call->number == response->number && strcmp(call->code, response->code) == 0);
    call->number = response->number;
    snprintf(call->code, sizeof call->code, "%s", response->code);
    pthread_mutex_unlock(&day->lock);
    return same || day_complain(day, front_end->name, "one key has two codes: %s", call->code);
}

static void nothing(struct vafa_call *call)
{
    (void)call; /* the window tells that it has ended */
}

static bool register_once(struct day_front_end *front_end, struct day_call *call, const char *join)
{
    struct content content;
    fill_in(front_end->day, call, &content);
    content.request.join = (char *)(uintptr_t)join;
    struct vafa_call rpc = {.service = &intake__intake__descriptor,
                            .method = "RegisterCase",
                            .request = &content.request.base};
    if (!day_try(front_end->day, front_end->vafa, front_end->name, &rpc)) {
        return false;
    }
    bool taken =
        take_answer(front_end, call, (const Intake__RegisterCaseResponse *)rpc.response, join);
    vafa_call_fini(&rpc);
    return taken;
}

/* The same again while the first is under way. */
static bool register_twice(struct day_front_end *front_end, struct day_call *call, const char *join)
{
    struct content content;
    struct vafa_window *window = vafa_window_new(1);
    fill_in(front_end->day, call, &content);
    content.request.join = (char *)(uintptr_t)join;
    struct vafa_call other = {.service = &intake__intake__descriptor,
                              .method = "RegisterCase",
                              .request = &content.request.base,
                              .patience_ms = DAY_PATIENCE_MS,
                              .window = window,
                              .done = nothing};
    vafa_call_start(front_end->vafa, &other);
    bool taken = register_once(front_end, call, join);
    vafa_window_free(window);
    if (other.error.status != STATUS_OK) {
        taken =
            day_complain(front_end->day, front_end->name, "sent twice: %s", other.error.message);
    } else {
        taken = take_answer(front_end, call, (const Intake__RegisterCaseResponse *)other.response,
                            join) &&
                taken;
    }
    vafa_call_fini(&other);
    return taken;
}

/* The operator is shown what may be the same; the tree that was told of first is among it. */
static bool find_tree(struct day_front_end *front_end, const struct day_call *call)
{
    struct content content;
    const char *tree = front_end->day->trees[call->district];
    Intake__FindSameRequest request = INTAKE__FIND_SAME_REQUEST__INIT;
    where(call, &content);
    request.topic = (char *)(uintptr_t)call->topic->key;
    request.place = &content.place;
    request.requests_max = SAME_MAX;
    struct vafa_call rpc = {
        .service = &intake__intake__descriptor, .method = "FindSame", .request = &request.base};
    if (!day_try(front_end->day, front_end->vafa, front_end->name, &rpc)) {
        return false;
    }
    const Intake__FindSameResponse *response = (const Intake__FindSameResponse *)rpc.response;
    bool found = false;
    for (size_t i = 0; i < response->n_requests && !found; i++) {
        found = strcmp(response->requests[i]->case_data->code, tree) == 0;
    }
    if (!found || response->storm != DAY_STORM) {
        found = day_complain(front_end->day, front_end->name,
                             "the tree %s of district %u is %s among %zu, in storm %" PRIu64, tree,
                             call->district, found ? "found" : "not found", response->n_requests,
                             response->storm);
    }
    vafa_call_fini(&rpc);
    return found;
}

static bool join_afterwards(struct day_front_end *front_end, struct day_call *call)
{
    uint8_t key[UUID_BYTES];
    Intake__JoinCaseRequest request = INTAKE__JOIN_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.code = call->code;
    request.join = front_end->day->trees[call->district];
    struct vafa_call rpc = {
        .service = &intake__intake__descriptor, .method = "JoinCase", .request = &request.base};
    if (!day_try(front_end->day, front_end->vafa, front_end->name, &rpc)) {
        return false;
    }
    vafa_call_fini(&rpc);
    return true;
}

static bool take_back(struct day_front_end *front_end, struct day_call *call)
{
    uint8_t key[UUID_BYTES];
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.code = call->code;
    request.reason = (char *)(uintptr_t) "خودش درست شد";
    struct vafa_call rpc = {
        .service = &intake__intake__descriptor, .method = "WithdrawCase", .request = &request.base};
    if (!day_try(front_end->day, front_end->vafa, front_end->name, &rpc)) {
        return false;
    }
    vafa_call_fini(&rpc);
    return true;
}

static void answer(struct day_front_end *front_end, struct day_call *call)
{
    struct day *day = front_end->day;
    const char *join = call->joining == DAY_JOINS ? day->trees[call->district] : "";
    bool good = !call->asked_before || inform(front_end, call);
    good = good && (!call->phoned || pick_up(front_end, call));
    good = good && (call->joining == DAY_ALONE || find_tree(front_end, call));
    good = good && (call->twice ? register_twice(front_end, call, join)
                                : register_once(front_end, call, join));
    if (good && call->tree && call->joining == DAY_ALONE) {
        snprintf(day->trees[call->district], sizeof day->trees[0], "%s", call->code);
    }
    good = good && (call->joining != DAY_JOINED_AFTERWARDS || join_afterwards(front_end, call));
    good = good && (!call->withdrawn || take_back(front_end, call));
    if (good && call->phoned) {
        (void)end_call(front_end, call->phone_call,
                       INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED); /* complained */
    }
}

/* --- threads --- */

static void *run(void *context)
{
    struct day_front_end *front_end = context;
    struct day *day = front_end->day;
    pthread_mutex_lock(&day->lock);
    while (!day->over && !day->failed) {
        if (day->begun == day->until) {
            pthread_cond_wait(&day->changed, &day->lock);
            continue;
        }
        struct day_call *call = &day->calls[day->begun++];
        pthread_mutex_unlock(&day->lock);
        answer(front_end, call);
        pthread_mutex_lock(&day->lock);
        day->ended++;
        pthread_cond_broadcast(&day->changed);
    }
    pthread_mutex_unlock(&day->lock);
    return NULL;
}

void day_front_ends_come(struct day *day)
{
    struct error err;
    day->front_ends = calloc(FRONT_ENDS, sizeof *day->front_ends);
    assert_non_null(day->front_ends);
    for (size_t i = 0; i < FRONT_ENDS; i++) {
        struct day_front_end *front_end = &day->front_ends[i];
        front_end->day = day;
        snprintf(front_end->name, sizeof front_end->name, "front-end %zu", i);
        const struct vafa_options options = {.data = day->system->data,
                                             .name = front_end->name,
                                             .role = RPC_ROLE_FRONT_END,
                                             .patience_ms = DAY_PATIENCE_MS};
        assert_int_equal(vafa_open(&front_end->vafa, &options, &err), STATUS_OK);
        assert_int_equal(pthread_create(&front_end->thread, NULL, run, front_end), 0);
    }
}

void day_front_ends_go(struct day *day)
{
    for (size_t i = 0; i < FRONT_ENDS; i++) {
        assert_int_equal(pthread_join(day->front_ends[i].thread, NULL), 0);
        vafa_close(day->front_ends[i].vafa);
    }
    free(day->front_ends);
}
