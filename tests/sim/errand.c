#include "tests/sim/errand.h"

#include "base/check.h"
#include "tests/sim/invariants.h"
#include "tests/sim/story.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ERRAND_ARENA_BYTES_MAX (4u << 20)
#define DIGEST_BYTES 16
#define PAUSE_US_MIN (100 * MS_US)
#define PAUSE_US_MAX (10 * MINUTE_US)
/* A server may forget a key after seven days: nobody is left without an answer that long. */
#define PATIENCE_US (5 * DAY_US)

/* The first answer to a key. */
struct answer {
    uint8_t key[UUID_BYTES];
    uint8_t digest[DIGEST_BYTES];
};

struct errand_office {
    struct world *world;
    struct errand *errands;
    size_t open;
    unsigned doubled;
    bool closed;
    uint64_t compared;
    struct answer *answers; /* by key: open addressing, at most half full */
    size_t answer_count;
    size_t slots;
};

/* --- the ledger --- */

static struct answer *slot_of(struct answer *answers, size_t slots, const uint8_t key[UUID_BYTES])
{
    static const uint8_t none[UUID_BYTES];
    uint64_t hash = 0;
    memcpy(&hash, key + UUID_BYTES - sizeof hash, sizeof hash);
    size_t at = (size_t)hash & (slots - 1);
    while (memcmp(answers[at].key, none, UUID_BYTES) != 0 &&
           memcmp(answers[at].key, key, UUID_BYTES) != 0) {
        at = (at + 1) & (slots - 1);
    }
    return &answers[at];
}

static void grow(struct errand_office *office)
{
    size_t slots = office->slots == 0 ? 1024 : 2 * office->slots;
    struct answer *answers = calloc(slots, sizeof *answers);
    CHECK(answers != NULL);
    for (size_t i = 0; i < office->slots; i++) {
        *slot_of(answers, slots, office->answers[i].key) = office->answers[i];
    }
    free(office->answers);
    office->answers = answers;
    office->slots = slots;
}

static const ProtobufCBinaryData *key_of(const struct errand *errand)
{
    const ProtobufCFieldDescriptor *field =
        message_field(errand->request->descriptor, "idempotency_key", PROTOBUF_C_TYPE_BYTES);
    return field == NULL
               ? NULL
               : (const ProtobufCBinaryData *)((const char *)errand->request + field->offset);
}

static void digest_of(const ProtobufCMessage *message, uint8_t ret_digest[DIGEST_BYTES])
{
    struct buffer packed = BUFFER_EMPTY;
    message_pack(message, &packed);
    CHECK(crypto_generichash(ret_digest, DIGEST_BYTES, packed.data, packed.size, NULL, 0) == 0);
    buffer_fini(&packed);
}

/* What is kept with the key. A caller's card, a looked up story, words added meanwhile are told as they
 * are by then. */
static void kept_digest(const ProtobufCMessage *response, uint8_t ret_digest[DIGEST_BYTES])
{
    if (response->descriptor == &intake__open_call_response__descriptor) {
        Intake__OpenCallResponse kept = *(const Intake__OpenCallResponse *)response;
        kept.card = NULL;
        digest_of(&kept.base, ret_digest);
    } else if (response->descriptor == &intake__look_up_case_response__descriptor) {
        Intake__LookUpCaseResponse kept = *(const Intake__LookUpCaseResponse *)response;
        kept.case_data = NULL;
        kept.n_timeline = 0;
        digest_of(&kept.base, ret_digest);
    } else if (response->descriptor == &intake__reveal_case_response__descriptor) {
        Intake__RevealCaseResponse kept = *(const Intake__RevealCaseResponse *)response;
        kept.n_added_words = 0;
        digest_of(&kept.base, ret_digest);
    } else if (response->descriptor == &intake__search_words_response__descriptor) {
        Intake__SearchWordsResponse kept = *(const Intake__SearchWordsResponse *)response;
        kept.n_cases = 0;
        digest_of(&kept.base, ret_digest);
    } else {
        digest_of(response, ret_digest);
    }
}

static void note_answer(struct errand *errand, const ProtobufCMessage *response)
{
    struct errand_office *office = errand->office;
    const ProtobufCBinaryData *key = key_of(errand);
    uint8_t digest[DIGEST_BYTES];
    if (key == NULL) {
        return;
    }
    if (2 * (office->answer_count + 1) > office->slots) {
        grow(office);
    }
    kept_digest(response, digest);
    struct answer *answer = slot_of(office->answers, office->slots, key->data);
    if (memcmp(answer->key, key->data, UUID_BYTES) != 0) {
        memcpy(answer->key, key->data, UUID_BYTES);
        memcpy(answer->digest, digest, DIGEST_BYTES);
        office->answer_count++;
        return;
    }
    office->compared++;
    if (memcmp(answer->digest, digest, DIGEST_BYTES) != 0) {
        invariant_broken(INVARIANT_SAME_ANSWER, "%s: two answers to one key differ",
                         errand->method);
    }
}

/* --- under way --- */

static bool is_worth_another(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED ||
           status == STATUS_ABORTED || status == STATUS_RESOURCE_EXHAUSTED;
}

static void keep_answer(struct errand *errand, const struct rpc_client_call *call)
{
    struct error err;
    struct buffer packed = BUFFER_EMPTY;
    ProtobufCMessage *response;
    message_pack(call->response, &packed);
    CHECK(message_unpack(call->response->descriptor, buffer_bytes(&packed), MESSAGE_UNKNOWN_REFUSE,
                         errand->arena, &response, &err) == STATUS_OK);
    buffer_fini(&packed);
    const Common__Position *position = &call->position;
    errand->response = response;
    errand->position = *position;
    errand->position.log_id.data =
        arena_copy(errand->arena, position->log_id.data, position->log_id.len);
    errand->position.hash.data = arena_copy(errand->arena, position->hash.data, position->hash.len);
}

static void end(struct errand *errand)
{
    story_step("%s %s", errand->method, status_name(errand->error.status));
    errand->kept = false;
    if (!errand->once) {
        errand->office->open--;
    }
    errand->done(errand);
    if (!errand->kept) {
        errand_free(errand);
    }
}

static void all_back(struct errand *errand)
{
    struct errand_office *office = errand->office;
    if (errand->has_answer || errand->once || !is_worth_another(errand->error.status)) {
        end(errand);
        return;
    }
    if (world_now_us(office->world) - errand->begun_us > PATIENCE_US) {
        invariant_broken(INVARIANT_DELIVERY, "%s has had no answer for days: %s: %s",
                         errand->method, status_name(errand->error.status), errand->error.message);
    }
    int64_t span_us = PAUSE_US_MIN << (errand->tries < 13 ? errand->tries : 13);
    span_us = span_us < PAUSE_US_MAX ? span_us : PAUSE_US_MAX;
    int64_t delay_us = PAUSE_US_MIN + (int64_t)world_draw(office->world, (uint64_t)span_us);
    story_step("%s %s, again in %d ms", errand->method, status_name(errand->error.status),
               (int)(delay_us / MS_US));
    loop_timer_set(world_people_loop(office->world), &errand->again, delay_us);
}

static void call_done(struct rpc_client_call *call)
{
    struct errand *errand = call->context;
    struct errand_office *office = errand->office;
    world_call_ends(errand->caller);
    errand->in_flight--;
    if (office->closed) {
        return;
    }
    if (call->error.status == STATUS_OK) {
        note_answer(errand, call->response);
        if (!errand->has_answer) {
            keep_answer(errand, call);
        }
        errand->has_answer = true;
        errand->error = call->error;
    } else if (!errand->has_answer &&
               (errand->error.status == STATUS_OK || is_worth_another(errand->error.status))) {
        errand->error = call->error; /* a refusal outweighs what may be tried again */
    } else if (errand->has_answer && !is_worth_another(call->error.status) &&
               !(errand->may_fade && call->error.status == STATUS_NOT_FOUND)) {
        invariant_broken(INVARIANT_SAME_ANSWER,
                         "%s was answered, and refused under the same key: %s", errand->method,
                         call->error.message);
    }
    rpc_client_call_fini(call);
    if (errand->in_flight == 0) {
        all_back(errand);
    }
}

static void send(struct errand *errand)
{
    struct errand_office *office = errand->office;
    const ProtobufCServiceDescriptor *rpc =
        errand->rpc != NULL
            ? errand->rpc
            : world_service_rpc(office->world, world_caller_service(errand->caller));
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(rpc, errand->method);
    CHECK(method != NULL);
    bool twice = key_of(errand) != NULL && world_draw(office->world, 1000) < office->doubled;
    errand->tries++;
    errand->in_flight = twice ? 2 : 1;
    errand->error = ERROR_NONE;
    for (unsigned i = 0; i < (twice ? 2u : 1u); i++) {
        struct rpc_client_call *call = &errand->calls[i];
        *call = (struct rpc_client_call){.service = rpc,
                                         .method = (unsigned)(method - rpc->methods),
                                         .request = errand->request,
                                         .deadline_ms = errand->once ? 40000 : 0,
                                         .done = call_done,
                                         .context = errand};
        if (errand->has_at_least) {
            call->at_least[call->at_least_count++] = &errand->at_least;
        }
        world_call_begins(errand->caller);
        rpc_client_start(world_caller_client(errand->caller), call);
    }
}

static void begin(struct errand *errand)
{
    errand->tries = 0;
    errand->has_answer = false;
    errand->begun_us = world_now_us(errand->office->world);
    if (!errand->once) {
        errand->office->open++;
    }
}

static void again(struct loop_timer *timer)
{
    struct errand *errand = (struct errand *)((char *)timer - offsetof(struct errand, again));
    if (errand->waits) { /* its answer is asked for anew */
        errand->waits = false;
        begin(errand);
    }
    send(errand);
}

/* --- from outside --- */

struct errand *errand_new(struct errand_office *office, struct world_caller *caller,
                          const char *method)
{
    struct errand *errand = calloc(1, sizeof *errand);
    CHECK(errand != NULL);
    errand->office = office;
    errand->caller = caller;
    errand->method = method;
    errand->arena = arena_new(ERRAND_ARENA_BYTES_MAX);
    errand->again.expired = again;
    errand->next = office->errands;
    if (errand->next != NULL) {
        errand->next->previous = errand;
    }
    office->errands = errand;
    return errand;
}

void *errand_request(struct errand *errand, const ProtobufCMessageDescriptor *type)
{
    errand->request = arena_alloc(errand->arena, type->sizeof_message);
    CHECK(errand->request != NULL);
    type->message_init(errand->request);
    return errand->request;
}

void errand_at_least(struct errand *errand, const Common__Position *position)
{
    errand->has_at_least = true;
    errand->at_least = *position;
    errand->at_least.log_id.data =
        arena_copy(errand->arena, position->log_id.data, position->log_id.len);
    errand->at_least.hash.data = arena_copy(errand->arena, position->hash.data, position->hash.len);
}

static void fill_key(struct errand *errand)
{
    ProtobufCBinaryData *key = (ProtobufCBinaryData *)(uintptr_t)key_of(errand);
    if (key != NULL && key->len == 0) {
        struct world *world = errand->office->world;
        key->len = UUID_BYTES;
        key->data = arena_alloc(errand->arena, UUID_BYTES);
        uuid7_make(world_people_random(world), clock_wall_us(world_people_clock(world)), key->data);
    }
}

void errand_start(struct errand *errand)
{
    fill_key(errand);
    begin(errand);
    send(errand);
}

int64_t errand_now_us(const struct errand *errand)
{
    return world_now_us(errand->office->world);
}

void errand_keep(struct errand *errand)
{
    errand->kept = true;
}

void errand_start_again(struct errand *errand, int64_t delay_us)
{
    errand->waits = true;
    loop_timer_set(world_people_loop(errand->office->world), &errand->again, delay_us);
}

void errand_free(struct errand *errand)
{
    struct errand_office *office = errand->office;
    if (errand->previous != NULL) {
        errand->previous->next = errand->next;
    } else {
        office->errands = errand->next;
    }
    if (errand->next != NULL) {
        errand->next->previous = errand->previous;
    }
    loop_timer_clear(world_people_loop(office->world), &errand->again);
    arena_free(errand->arena);
    free(errand);
}

struct errand_office *errand_office_new(struct world *world)
{
    struct errand_office *office = calloc(1, sizeof *office);
    CHECK(office != NULL);
    office->world = world;
    return office;
}

void errand_office_free(struct errand_office *office)
{
    office->closed = true;
    while (office->errands != NULL) {
        struct errand *errand = office->errands;
        for (unsigned i = 0; i < 2; i++) {
            if (errand->calls[i].flight != NULL) {
                rpc_client_cancel(world_caller_client(errand->caller), &errand->calls[i]);
            }
        }
        errand_free(errand);
    }
    free(office->answers);
    free(office);
}

size_t errand_office_open(const struct errand_office *office)
{
    return office->open;
}

uint64_t errand_office_compared(const struct errand_office *office)
{
    return office->compared;
}

void errand_office_double(struct errand_office *office, unsigned doubled)
{
    office->doubled = doubled;
}
