#include "tests/integration/hostile.h"

#include "base/check.h"
#include "base/random.h"
#include "rpc/rpc_frame.h"
#include "rpc/rpc_wire.h"
#include "tests/fuzz/fuzz_contract.h"

#include "vafa/backup/v1/backup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHOICES_BYTES 3000 /* from which a message is made */
#define WAIT_MS_MAX 30     /* a call that may wait is not waited for longer */
#define PATIENT_MS 10000
#define LAST_WORD 0x80000000u

/* --- dice --- */

struct dice dice_from_environment(void)
{
    const char *given = getenv("TEST_SEED");
    struct dice dice = {given != NULL ? strtoull(given, NULL, 10)
                                      : random_u64(random_system()) % 1000000000};
    printf("TEST_SEED=%" PRIu64 "\n", dice.state);
    (void)fflush(stdout); /* it matters when the test ends badly */
    return dice;
}

/* SplitMix64: https://prng.di.unimi.it/splitmix64.c */
uint64_t dice_u64(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = dice->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

size_t dice_below(struct dice *dice, size_t limit)
{
    return dice_u64(dice) % limit;
}

void dice_fill(struct dice *dice, void *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)dice_u64(dice);
    }
}

/* --- calls --- */

const ProtobufCServiceDescriptor *hostile_group(Common__ServiceId service, size_t group)
{
    const ProtobufCServiceDescriptor *const groups[HOSTILE_GROUPS] = {
        fuzz_services[service - 1]->rpc,
        &eventlog__event_log__descriptor,
        &health__health__descriptor,
        &backup__backup__descriptor,
    };
    return groups[group];
}

/* envelope->deadline_ms is put behind the rest. */
static void pack(Rpc__CallRequest *envelope, const ProtobufCMessage *body, struct buffer *frame)
{
    uint32_t deadline_ms = envelope->deadline_ms;
    envelope->deadline_ms = 0;
    size_t body_size = protobuf_c_message_get_packed_size(body);
    size_t size = rpc_frame_request_size(envelope, body_size);
    size_t before = frame->size;
    uint8_t *at = buffer_extend(frame, size + RPC_FRAME_DEADLINE_ROOM);
    rpc_frame_pack_request(at, envelope, body, body_size);
    frame->size = before + rpc_frame_put_deadline(at, size, deadline_ms);
}

/* Half of the keys are good ones: the rest of the message shall be looked at, too. */
static void give_key(struct dice *dice, ProtobufCMessage *message, uint8_t storage[UUID_BYTES])
{
    struct timespec now;
    const ProtobufCFieldDescriptor *field =
        message_field(message->descriptor, "idempotency_key", PROTOBUF_C_TYPE_BYTES);
    if (field == NULL || dice_below(dice, 2) == 0) {
        return;
    }
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    uuid7_make(random_system(), (int64_t)now.tv_sec * 1000000, storage);
    ProtobufCBinaryData key = {UUID_BYTES, storage};
    memcpy((uint8_t *)message + field->offset, &key, sizeof(key));
}

/* Any role; mostly one that gets past the first question. */
static Rpc__Role any_role(struct dice *dice, Common__ServiceId service, size_t group,
                          unsigned method)
{
    Rpc__Role role = (Rpc__Role)dice_below(dice, RPC_ROLE_ADMIN + 1);
    unsigned roles = group == 0 ? fuzz_services[service - 1]->methods[method].roles : 0;
    if (dice_below(dice, 4) == 0) {
        return role;
    }
    if (roles == 0) {
        return RPC__ROLE__ROLE_ADMIN;
    }
    while ((roles & ROLE_BIT(role)) == 0) {
        role = (Rpc__Role)dice_below(dice, RPC_ROLE_ADMIN + 1);
    }
    return role;
}

const ProtobufCMethodDescriptor *hostile_call(struct dice *dice, Common__ServiceId service,
                                              struct buffer *frame)
{
    static char *const units[] = {"", "office-7", "district-5", "no such unit"};
    uint8_t choices[CHOICES_BYTES];
    uint8_t key[UUID_BYTES];
    uint8_t trace_id[RPC_TRACE_BYTES];
    char name[RPC_METHOD_BYTES_MAX + 1];
    struct fuzz_input in;
    Rpc__CallRequest envelope = RPC__CALL_REQUEST__INIT;
    Rpc__Caller caller = RPC__CALLER__INIT;
    Common__Position *at_least;
    dice_fill(dice, choices, sizeof(choices));
    dice_fill(dice, trace_id, sizeof(trace_id));
    fuzz_begin(&in, choices, sizeof(choices));

    size_t group = dice_below(dice, 2 * HOSTILE_GROUPS);
    group = group < HOSTILE_GROUPS ? group : 0; /* its own five times of eight */
    const ProtobufCServiceDescriptor *methods = hostile_group(service, group);
    unsigned number = (unsigned)dice_below(dice, methods->n_methods);
    const ProtobufCMethodDescriptor *method = &methods->methods[number];
    ProtobufCMessage *body = fuzz_message(&in, method->input);
    give_key(dice, body, key);

    caller.role = any_role(dice, service, group, number);
    caller.name = "attacker";
    caller.unit = units[dice_below(dice, sizeof(units) / sizeof(units[0]))];
    rpc_method_name(methods, number, name);
    envelope.version = RPC_VERSION;
    envelope.method = name;
    envelope.caller = dice_below(dice, 8) == 0 ? NULL : &caller;
    envelope.trace_id = (ProtobufCBinaryData){dice_below(dice, 2) * RPC_TRACE_BYTES, trace_id};
    if (dice_below(dice, 16) == 0) {
        at_least = (Common__Position *)fuzz_message(&in, &common__position__descriptor);
        envelope.n_at_least = 1;
        envelope.at_least = &at_least;
    }
    bool waits = envelope.n_at_least > 0 ||
                 message_field(method->input, "wait_ms", PROTOBUF_C_TYPE_UINT32) != NULL;
    envelope.deadline_ms = waits ? 1 + (uint32_t)dice_below(dice, WAIT_MS_MAX) : PATIENT_MS;
    pack(&envelope, body, frame);
    fuzz_end(&in);
    return method;
}

void hostile_plain_call(const ProtobufCServiceDescriptor *service, const char *method,
                        const ProtobufCMessage *request, int role, struct buffer *frame)
{
    char name[RPC_METHOD_BYTES_MAX + 1];
    Rpc__CallRequest envelope = RPC__CALL_REQUEST__INIT;
    Rpc__Caller caller = RPC__CALLER__INIT;
    snprintf(name, sizeof(name), "%s/%s", service->name, method);
    caller.role = (Rpc__Role)role;
    envelope.version = RPC_VERSION;
    envelope.method = name;
    envelope.caller = &caller;
    envelope.deadline_ms = PATIENT_MS;
    pack(&envelope, request, frame);
}

void hostile_wire(uint32_t number, struct bytes frame, struct buffer *wire)
{
    uint8_t stack[4];
    be32_put(stack, number | LAST_WORD);
    rpc_wire_append(wire, true, bytes_of(stack, sizeof(stack)), frame);
}

/* --- broken bytes --- */

/* Makes `count` bytes of room at a place, or takes them out. */
static void splice(struct buffer *bytes, size_t at, size_t taken, struct bytes put)
{
    struct buffer result = BUFFER_EMPTY;
    buffer_append(&result, bytes->data, at);
    buffer_append_bytes(&result, put);
    buffer_append(&result, bytes->data + at + taken, bytes->size - at - taken);
    buffer_fini(bytes);
    *bytes = result;
}

static void mutate_once(struct dice *dice, struct buffer *bytes)
{
    uint8_t some[8];
    size_t at = dice_below(dice, bytes->size);
    size_t run = 1 + dice_below(dice, sizeof(some));
    run = run < bytes->size - at ? run : bytes->size - at;
    dice_fill(dice, some, sizeof(some));
    switch (dice_below(dice, 6)) {
    case 0: bytes->data[at] ^= (uint8_t)(1u << dice_below(dice, 8)); break;
    case 1: bytes->data[at] = (uint8_t)(dice_below(dice, 2) * 0xFF); break;
    case 2: splice(bytes, at, 0, bytes_of(some, run)); break;
    case 3: splice(bytes, at, run, bytes_of(NULL, 0)); break;
    case 4: {
        uint8_t copy[sizeof(some)];
        memcpy(copy, bytes->data + at, run);
        splice(bytes, at, 0, bytes_of(copy, run));
        break;
    }
    default: bytes->size = at; break;
    }
}

void hostile_mutate(struct dice *dice, struct buffer *bytes)
{
    for (size_t left = 1 + dice_below(dice, 3); left > 0 && bytes->size > 0; left--) {
        mutate_once(dice, bytes);
    }
}
