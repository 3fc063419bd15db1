/* Linked in another's place, so that everything is one thread and the same each time. */
#include "tests/fuzz/fuzz_answer.h"

#include "base/check.h"
#include "base/loop.h"
#include "rpc/rpc_client.h"
#include "tests/fuzz/fuzz_contract.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define BEGIN_US (1000 * DAY_US)
#define WALL_US INT64_C(1790000000000000) /* a day of 2026 */

/* --- time --- */

static int64_t now_us = BEGIN_US;

static int64_t read_mono_us(struct clock *clock)
{
    (void)clock;
    return now_us;
}

static int64_t read_wall_us(struct clock *clock)
{
    (void)clock;
    return WALL_US + now_us - BEGIN_US;
}

struct clock *__wrap_clock_system(void); /* NOLINT: the linker's name */

struct clock *__wrap_clock_system(void) /* NOLINT */
{
    static struct clock clock = {.wall_us = read_wall_us, .mono_us = read_mono_us};
    return &clock;
}

/* --- what is under way --- */

static struct {
    struct loop *loop;     /* the client's; NULL: there is no client */
    struct fuzz_input *in; /* NULL: nobody asks */
    enum fuzz_answer_end end;
    struct fuzz_answer_told told;
    struct buffer last; /* frame */
} talk;

void fuzz_answer_start(struct fuzz_input *in, enum fuzz_answer_end end)
{
    CHECK(talk.in == NULL);
    in->hostile = true;
    talk.in = in;
    talk.end = end;
    talk.told = (struct fuzz_answer_told){0};
    now_us = BEGIN_US;
}

struct fuzz_answer_told fuzz_answer_stop(void)
{
    struct fuzz_answer_told told = talk.told;
    talk.in = NULL;
    buffer_fini(&talk.last);
    talk.last = BUFFER_EMPTY;
    return told;
}

/* --- one thread --- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, /* NOLINT */
                          void *(*start)(void *context), void *context);
int __wrap_pthread_join(pthread_t thread, void **ret_value);                   /* NOLINT */
int __wrap_pthread_cond_wait(pthread_cond_t *changed, pthread_mutex_t *mutex); /* NOLINT */

/* The client's only thread would run its loop. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, /* NOLINT */
                          void *(*start)(void *context), void *context)
{
    (void)attributes, (void)start;
    CHECK(talk.loop == NULL);
    talk.loop = context;
    *thread = 0;
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **ret_value) /* NOLINT */
{
    (void)thread, (void)ret_value;
    talk.loop = NULL;
    return 0;
}

/* Whoever waits, waits for the loop: it makes a step, or time goes on to its next timer. */
int __wrap_pthread_cond_wait(pthread_cond_t *changed, pthread_mutex_t *mutex) /* NOLINT */
{
    (void)changed;
    CHECK(talk.loop != NULL && pthread_mutex_unlock(mutex) == 0);
    if (!loop_step(talk.loop)) {
        int64_t next_us = loop_next_us(talk.loop);
        PROPERTY(next_us != INT64_MAX, "a program that waits waits for something");
        now_us = next_us > now_us ? next_us : now_us;
    }
    return pthread_mutex_lock(mutex);
}

/* --- answers --- */

/* "vafa.intake.v1.Intake/GetCase" is answered with a "vafa.intake.v1.GetCaseResponse", by the rules of
 * the contract: so new services need nothing here. */
static const ProtobufCMessageDescriptor *answer_type(struct bytes frame)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    ProtobufCMessage *message = NULL;
    struct buffer name = BUFFER_EMPTY;
    CHECK(message_unpack(&rpc__call_request__descriptor, frame, MESSAGE_UNKNOWN_KEEP, arena,
                         &message, NULL) == STATUS_OK);
    const char *called = ((const Rpc__CallRequest *)message)->method;
    const char *method = strchr(called, '/');
    CHECK(method != NULL);
    const char *service = memrchr(called, '.', (size_t)(method - called));
    CHECK(service != NULL);
    buffer_append_format(&name, "%.*s.%sResponse", (int)(service - called), called, method + 1);
    const ProtobufCMessageDescriptor *type = fuzz_message_type(buffer_bytes(&name));
    CHECK(strcmp(type->name, buffer_text(&name)) == 0);
    buffer_fini(&name);
    arena_free(arena);
    return type;
}

/* Some events of a page are what the log's own type says they are; which log that is the input
 * chooses, so that those of another come too. */
static void fill_events(struct fuzz_input *in, Eventlog__ReadEventsResponse *page)
{
    static const ProtobufCMessageDescriptor *const logs[] = {
        &intake__event__descriptor, &routing__event__descriptor, &followup__event__descriptor,
        &feedback__event__descriptor, &report__event__descriptor};
    const ProtobufCMessageDescriptor *type = logs[fuzz_below(in, sizeof(logs) / sizeof(logs[0]))];
    for (size_t i = 0; i < page->n_events && i < 4; i++) {
        Common__EventRecord *record = page->events[i]->record;
        if (record == NULL || fuzz_u8(in) >= 0xC0) {
            continue;
        }
        struct buffer packed = BUFFER_EMPTY;
        message_pack(fuzz_message(in, type), &packed);
        record->open.data = fuzz_alloc(in, packed.size);
        record->open.len = packed.size;
        if (packed.size > 0) {
            memcpy(record->open.data, packed.data, packed.size);
        }
        record->kind = (uint32_t)(1 + fuzz_below(in, type->n_fields + 1));
        buffer_fini(&packed);
    }
}

/* A message of that type; sometimes with a byte of it changed, so that it may be none, or hold text that
 * is none, or a NUL. */
static void make_body(struct fuzz_input *in, const ProtobufCMessageDescriptor *type,
                      struct buffer *out)
{
    in->crowds = 1;
    ProtobufCMessage *message = fuzz_message(in, type);
    if (type == &eventlog__read_events_response__descriptor) {
        fill_events(in, (Eventlog__ReadEventsResponse *)message);
    }
    message_pack(message, out);
    if (out->size > 0 && fuzz_u8(in) >= 0xE0) {
        out->data[fuzz_u32(in) % out->size] = fuzz_u8(in);
    }
}

static void make_refusal(struct fuzz_input *in, Rpc__CallResponse *envelope)
{
    static const char *const fields[] = {"", "topic", "unit", "data", "backup", "rows_max"};
    uint8_t how = fuzz_u8(in);
    envelope->status = how < 0xF0 ? how % (STATUS_COUNT + 1u) : fuzz_u32(in);
    Rpc__CallResponse *words =
        (Rpc__CallResponse *)fuzz_message(in, &rpc__call_response__descriptor);
    envelope->message = words->message;
    how = fuzz_u8(in);
    envelope->field = how < 0xC0 ? fuzz_text_of(in, bytes_of_text(fields[how % 6])) : words->field;
}

/* Leaves a frame in talk.last. */
static void make_frame(struct fuzz_input *in, const ProtobufCMessageDescriptor *type, uint8_t how)
{
    Rpc__CallResponse envelope = RPC__CALL_RESPONSE__INIT;
    struct buffer body = BUFFER_EMPTY;
    envelope.version = RPC_VERSION;
    buffer_clear(&talk.last);
    if (how < 0xB0) {
        make_body(in, type, &body);
    } else if (how < 0xC0) {
        buffer_append_bytes(&body, fuzz_take(in, fuzz_u8(in)));
    } else if (how < 0xE0) {
        make_refusal(in, &envelope);
    } else {
        buffer_append_bytes(&talk.last, fuzz_take(in, fuzz_u8(in)));
        talk.told.good++; /* perhaps */
        return;
    }
    if (how % 2 == 1) {
        envelope.position = (Common__Position *)fuzz_message(in, &common__position__descriptor);
    }
    envelope.body = (ProtobufCBinaryData){body.size, body.data};
    message_pack(&envelope.base, &talk.last);
    talk.told.good += envelope.status == STATUS_OK;
    buffer_fini(&body);
}

/* The input is over. False: nobody is there. */
static bool make_late(const ProtobufCMessageDescriptor *type)
{
    struct fuzz_input none = {.blocks = NULL};
    Rpc__CallResponse envelope = RPC__CALL_RESPONSE__INIT;
    talk.told.late++;
    if (talk.end == FUZZ_ANSWER_REPEAT && talk.last.size > 0) {
        talk.told.good++;
        return true;
    }
    buffer_clear(&talk.last);
    if (talk.end == FUZZ_ANSWER_REFUSE) {
        envelope.version = RPC_VERSION;
        envelope.status = STATUS_DEADLINE_EXCEEDED;
        message_pack(&envelope.base, &talk.last);
    } else if (talk.end != FUZZ_ANSWER_AWAY) {
        make_frame(&none, type, 0);
    }
    fuzz_end(&none);
    return talk.end != FUZZ_ANSWER_AWAY;
}

/* --- the transport --- */

static enum status take_call(struct rpc_transport *transport, struct bytes frame,
                             void (*done)(void *context, enum status status, struct bytes frame),
                             void *context, _Atomic(void *) *ret_exchange)
{
    CHECK(talk.in != NULL);
    const ProtobufCMessageDescriptor *type = answer_type(frame);
    bool is_over = talk.in->rest.size == 0;
    uint8_t how = fuzz_u8(talk.in);
    bool there = true;
    talk.told.calls++;
    atomic_store(ret_exchange, (void *)transport);
    if (is_over) {
        there = make_late(type);
    } else if (how >= 0xFC) {
        return STATUS_OK; /* it is never answered */
    } else if (how >= 0xF8) {
        there = false;
    } else if (how < 0xF0 || talk.last.size == 0) { /* else as before */
        make_frame(talk.in, type, how);
    }
    if (there) {
        done(context, STATUS_OK, buffer_bytes(&talk.last));
    } else {
        done(context, STATUS_UNAVAILABLE, bytes_of(NULL, 0));
    }
    return STATUS_OK;
}

/* What has not been answered never is. */
static bool forget_call(struct rpc_transport *transport, void *exchange)
{
    (void)transport, (void)exchange;
    return false;
}

static void free_nothing(struct rpc_transport *transport)
{
    (void)transport; /* it is everybody's */
}

/* NOLINTNEXTLINE: the linker's name */
enum status __wrap_rpc_nng_transport_new(struct rpc_transport **ret_transport, const char *url,
                                         size_t in_flight_max, struct error *err);

/* NOLINTNEXTLINE */
enum status __wrap_rpc_nng_transport_new(struct rpc_transport **ret_transport, const char *url,
                                         size_t in_flight_max, struct error *err)
{
    static struct rpc_transport transport = {
        .send = take_call, .cancel = forget_call, .free = free_nothing};
    (void)url, (void)in_flight_max, (void)err;
    *ret_transport = &transport;
    return STATUS_OK;
}
