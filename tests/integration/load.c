/* See load.h. */
#include "tests/integration/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/libvafa/vafa.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Over a restart, too: a call that ends without an answer ends the load. */
#define DEADLINE_MS 60000
#define WORDS_SIZE 64

struct acknowledged {
    uint64_t number;
    char code[16];
    char words[WORDS_SIZE];
};

struct lane {
    struct load *load;
    struct vafa_call call;
    Intake__RegisterCaseRequest request;
    Common__Place place;
    uint8_t key[UUID_BYTES];
    char words[WORDS_SIZE];
};

struct load {
    struct vafa *vafa;
    struct lane *lanes;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    unsigned in_flight;
    unsigned begun;
    bool ending;
    bool failed;
    struct acknowledged *acknowledged;
    unsigned count, room;
};

static void ended(struct vafa_call *call);

static void begin_one(struct lane *lane, unsigned number)
{
    intake__register_case_request__init(&lane->request);
    lane->request.idempotency_key = vafa_new_key(lane->key);
    lane->request.channel = COMMON__CHANNEL__CHANNEL_WEB;
    lane->request.topic = (char *)(uintptr_t) "lighting";
    snprintf(lane->words, sizeof lane->words, "تیر چراغ %u", number);
    common__place__init(&lane->place);
    lane->place.landmark = lane->words;
    lane->request.place = &lane->place;
    lane->call = (struct vafa_call){.service = &intake__intake__descriptor,
                                    .method = "RegisterCase",
                                    .request = &lane->request.base,
                                    .deadline_ms = DEADLINE_MS,
                                    .done = ended,
                                    .context = lane};
    vafa_call_start(lane->load->vafa, &lane->call);
}

static void keep(struct load *load, const struct lane *lane)
{
    const Intake__RegisterCaseResponse *response =
        (const Intake__RegisterCaseResponse *)lane->call.response;
    if (load->count == load->room) {
        load->room = load->room * 2 + 256;
        load->acknowledged = realloc(load->acknowledged, load->room * sizeof *load->acknowledged);
        assert_non_null(load->acknowledged);
    }
    struct acknowledged *entry = &load->acknowledged[load->count++];
    entry->number = response->number;
    snprintf(entry->code, sizeof entry->code, "%s", response->code);
    memcpy(entry->words, lane->words, sizeof entry->words);
}

static void ended(struct vafa_call *call)
{
    struct lane *lane = call->context;
    struct load *load = lane->load;
    unsigned number = 0;
    pthread_mutex_lock(&load->lock);
    if (call->error.status == STATUS_OK) {
        keep(load, lane);
    } else {
        load->failed = true; /* the server was killed, or refuses */
    }
    bool goes_on = !load->ending && !load->failed;
    if (goes_on) {
        number = load->begun++;
    } else {
        load->in_flight--;
    }
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    vafa_call_fini(call);
    if (goes_on) {
        begin_one(lane, number);
    }
}

struct load *load_begin(const struct system *system, unsigned lanes)
{
    struct load *load = calloc(1, sizeof *load);
    struct error err;
    assert_non_null(load);
    struct vafa_options options = {
        .data = system->data, .name = "load", .role = RPC_ROLE_FRONT_END};
    assert_int_equal(vafa_open(&load->vafa, &options, &err), STATUS_OK);
    assert_int_equal(pthread_mutex_init(&load->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&load->changed, NULL), 0);
    load->lanes = calloc(lanes, sizeof *load->lanes);
    assert_non_null(load->lanes);
    load->in_flight = lanes;
    load->begun = lanes;
    for (unsigned i = 0; i < lanes; i++) {
        load->lanes[i].load = load;
        begin_one(&load->lanes[i], i);
    }
    return load;
}

void load_wait(struct load *load, unsigned acknowledged)
{
    pthread_mutex_lock(&load->lock);
    while (load->count < acknowledged && !load->failed) {
        pthread_cond_wait(&load->changed, &load->lock);
    }
    pthread_mutex_unlock(&load->lock);
}

void load_stop(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    load->ending = true;
    pthread_mutex_unlock(&load->lock);
}

void load_end(struct load *load)
{
    load_stop(load);
    pthread_mutex_lock(&load->lock);
    while (load->in_flight > 0) {
        pthread_cond_wait(&load->changed, &load->lock);
    }
    pthread_mutex_unlock(&load->lock);
}

unsigned load_acknowledged(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    unsigned count = load->count;
    pthread_mutex_unlock(&load->lock);
    return count;
}

static int by_number(const void *a, const void *b)
{
    const struct acknowledged *left = a, *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

void load_check(struct load *load)
{
    qsort(load->acknowledged, load->count, sizeof *load->acknowledged, by_number);
    for (unsigned i = 0; i < load->count; i++) {
        const struct acknowledged *entry = &load->acknowledged[i];
        Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
        request.code = (char *)(uintptr_t)entry->code;
        struct vafa_call call = {.service = &intake__intake__descriptor,
                                 .method = "GetCase",
                                 .request = &request.base,
                                 .patience_ms = DEADLINE_MS};
        if (vafa_call_wait(load->vafa, &call) != STATUS_OK) {
            fail_msg("request %llu (%s) was acknowledged: %s: %s",
                     (unsigned long long)entry->number, entry->code, status_name(call.error.status),
                     call.error.message);
        }
        const Intake__GetCaseResponse *response = (const Intake__GetCaseResponse *)call.response;
        assert_int_equal(response->case_data->number, entry->number);
        assert_string_equal(response->case_data->place->landmark, entry->words);
        assert_true(i == 0 || entry->number != load->acknowledged[i - 1].number);
        vafa_call_fini(&call);
    }
}

void load_free(struct load *load)
{
    vafa_close(load->vafa);
    assert_int_equal(pthread_cond_destroy(&load->changed), 0);
    assert_int_equal(pthread_mutex_destroy(&load->lock), 0);
    free(load->lanes);
    free(load->acknowledged);
    free(load);
}
