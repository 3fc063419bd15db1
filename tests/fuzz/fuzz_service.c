/*
 * Numbers, texts and enumerations of a message come from fuzz_message; what a service looks up -
 * codes, keys of the pack, idempotency keys - is put in afterwards, most of the time as something
 * that is there, so that made-up calls come further than the first look.
 */
#include "tests/fuzz/fuzz_service.h"

#include "base/check.h"
#include "text/code.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <stdlib.h>
#include <string.h>

/* --- randomness that is always the same --- */

struct same_random {
    struct random random;
    uint64_t state;
};

/* splitmix64, Steele, Lea, Flood: https://doi.org/10.1145/2714064.2660195 */
static void fill(struct random *random, void *out, size_t size)
{
    struct same_random *same = (struct same_random *)random;
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        uint64_t z = same->state += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        bytes[i] = (uint8_t)(z >> 56);
    }
}

/* --- the service --- */

struct fuzz_service {
    const struct service_def *def;
    struct same_random random;
    struct rig *rig;
    uint8_t last_key[UUID_BYTES];
    bool feed_stopped[SERVICE_FEEDS_MAX];
};

static const struct city *isfahan(void)
{
    static struct city *city;
    if (city == NULL) {
        PROPERTY(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL) == STATUS_OK,
                 "the shipped pack is good");
    }
    return city;
}

struct fuzz_service *fuzz_service_new(const struct service_def *def)
{
    struct fuzz_service *service = calloc(1, sizeof(*service));
    CHECK(service != NULL);
    service->def = def;
    service->random = (struct same_random){.random = {.fill = fill}, .state = 137};
    service->rig = rig_new_with(def, isfahan(), &service->random.random);
    return service;
}

void fuzz_service_free(struct fuzz_service *service, bool verify)
{
    if (verify) {
        rig_free(service->rig);
    } else {
        rig_drop(service->rig);
    }
    free(service);
}

struct rig *fuzz_service_rig(struct fuzz_service *service)
{
    return service->rig;
}

/* --- what is looked up --- */

static const char *one_of(struct fuzz_input *in, const char *const *words, size_t count)
{
    return words[fuzz_below(in, count)];
}

#define ONE_OF(in, ...)                                                                            \
    one_of(in, (const char *const[]){__VA_ARGS__},                                                 \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void set_text(struct fuzz_input *in, char **field, const char *text)
{
    *field = fuzz_text_of(in, bytes_of_text(text));
}

static void known_text(struct fuzz_service *service, struct fuzz_input *in, const char *name,
                       char **field)
{
    if (strcmp(name, "code") == 0) {
        char code[CODE_SIZE];
        code_encode(store_secret(node_store(rig_node(service->rig))), 1 + fuzz_below(in, 6), code);
        set_text(in, field, code);
    } else if (strcmp(name, "topic") == 0) {
        set_text(in, field, ONE_OF(in, "asphalt", "garbage", "cleaning", "lighting", ""));
    } else if (strstr(name, "unit") != NULL) {
        set_text(in, field,
                 ONE_OF(in, "district-5-civil", "district-5", "centre-137", "bus-company", ""));
    } else if (strcmp(name, "area") == 0) {
        set_text(in, field, ONE_OF(in, "1", "5", "15", ""));
    } else if (strcmp(name, "phone") == 0) {
        set_text(in, field, ONE_OF(in, "09130000001", "+98 913 000 0002", ""));
    }
}

static void known_key(struct fuzz_service *service, struct fuzz_input *in,
                      ProtobufCBinaryData *field)
{
    if (fuzz_u8(in) < 0xE0) {
        uuid7_make(&service->random.random, rig_now_us(service->rig), service->last_key);
    }
    field->data = fuzz_alloc(in, UUID_BYTES);
    field->len = UUID_BYTES;
    memcpy(field->data, service->last_key, UUID_BYTES);
}

static void put_known(struct fuzz_service *service, struct fuzz_input *in,
                      ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        void *at = (uint8_t *)message + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED ||
            (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            continue;
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage **)at != NULL) {
            put_known(service, in, *(ProtobufCMessage **)at);
        } else if (field->type == PROTOBUF_C_TYPE_STRING && fuzz_u8(in) < 0xD0) {
            known_text(service, in, field->name, at);
        } else if (strcmp(field->name, "idempotency_key") == 0 && fuzz_u8(in) < 0xF0) {
            known_key(service, in, at);
        }
    }
}

/* --- a call --- */

static const ProtobufCServiceDescriptor *choose_group(const struct fuzz_service *service,
                                                      struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    return how < 0xE0   ? service->def->rpc
           : how < 0xF8 ? &eventlog__event_log__descriptor
                        : &health__health__descriptor;
}

/* Most calls come from somebody who may make them. */
static void choose_caller(struct fuzz_service *service, struct fuzz_input *in, unsigned method,
                          bool is_own, Rpc__Caller *caller)
{
    unsigned roles = is_own ? service->def->methods[method].roles : 0;
    if (fuzz_u8(in) < 0xE0 && roles != 0) {
        unsigned role = 0;
        while ((roles & ROLE_BIT(role)) == 0) {
            role++;
        }
        caller->role = (Rpc__Role)role;
    }
    set_text(in, &caller->unit,
             ONE_OF(in, "district-5-civil", "district-5", "", "centre-137", "bus-company"));
}

static void make_frame(struct fuzz_service *service, struct fuzz_input *in,
                       const ProtobufCServiceDescriptor *group, unsigned method,
                       struct buffer *frame)
{
    struct buffer body = BUFFER_EMPTY;
    char name[RPC_METHOD_BYTES_MAX + 1];
    ProtobufCMessage *request = fuzz_message(in, group->methods[method].input);
    put_known(service, in, request);
    message_pack(request, &body);
    rpc_method_name(group, method, name);
    Rpc__CallRequest envelope = RPC__CALL_REQUEST__INIT;
    envelope.version = RPC_VERSION;
    envelope.method = name;
    envelope.deadline_ms = 1 + fuzz_u32(in) % RPC_DEADLINE_MS_MAX;
    envelope.body = (ProtobufCBinaryData){body.size, body.data};
    envelope.caller = (Rpc__Caller *)fuzz_message(in, &rpc__caller__descriptor);
    choose_caller(service, in, method, group == service->def->rpc, envelope.caller);
    Common__Position *at_least = NULL;
    if (fuzz_u8(in) >= 0xF0) {
        at_least = (Common__Position *)fuzz_message(in, &common__position__descriptor);
        envelope.at_least = &at_least;
        envelope.n_at_least = 1;
    }
    message_pack(&envelope.base, frame);
    buffer_fini(&body);
}

static enum status check_reply(const struct buffer *reply, const ProtobufCMessageDescriptor *output,
                               struct error *err)
{
    struct arena *arena = arena_new((size_t)2 * RPC_UNPACK_BYTES_MAX);
    const Rpc__CallResponse *envelope = (const Rpc__CallResponse *)fuzz_unpack(
        &rpc__call_response__descriptor, buffer_bytes(reply), MESSAGE_UNKNOWN_REFUSE, arena);
    PROPERTY(envelope != NULL && envelope->status < STATUS_COUNT, "a reply can be read");
    enum status status = (enum status)envelope->status;
    if (status == STATUS_OK) {
        /* As clients read it: what lies in a store may be of a newer program. */
        PROPERTY(fuzz_unpack(output, bytes_of(envelope->body.data, envelope->body.len),
                             MESSAGE_UNKNOWN_KEEP, arena) != NULL,
                 "an answer can be read");
        PROPERTY(envelope->position != NULL, "an answer says how far it saw");
    } else {
        error_set(err, status, envelope->field, "%s", envelope->message);
        fuzz_check_refusal(status, err);
    }
    arena_free(arena);
    return status;
}

enum status fuzz_service_call(struct fuzz_service *service, struct fuzz_input *in,
                              struct error *err)
{
    struct buffer frame = BUFFER_EMPTY;
    struct buffer reply = BUFFER_EMPTY;
    const ProtobufCServiceDescriptor *group = choose_group(service, in);
    unsigned method = (unsigned)fuzz_below(in, group->n_methods);
    make_frame(service, in, group, method, &frame);
    rig_serve(service->rig, buffer_bytes(&frame), &reply);
    enum status status = check_reply(&reply, group->methods[method].output, err);
    buffer_fini(&reply);
    buffer_fini(&frame);
    return status;
}

/* --- an upstream event --- */

void fuzz_service_feed(struct fuzz_service *service, struct fuzz_input *in)
{
    const struct service_def *def = service->def;
    if (def->feed_count == 0) {
        return;
    }
    size_t feed = fuzz_below(in, def->feed_count);
    ProtobufCMessage *open = fuzz_message(in, def->feeds[feed].event_type);
    uint32_t kind;
    memcpy(&kind, (const uint8_t *)open + open->descriptor->fields[0].quantifier_offset,
           sizeof(kind));
    const ProtobufCFieldDescriptor *member =
        protobuf_c_message_descriptor_get_field(open->descriptor, kind);
    if (service->feed_stopped[feed] || member == NULL) {
        return;
    }
    put_known(service, in, *(ProtobufCMessage **)(void *)((uint8_t *)open + member->offset));
    struct event event = {.open = open,
                          .occurred_at_us = fuzz_bool(in) ? 0 : fuzz_i64(in),
                          .historical = fuzz_u8(in) >= 0xE0,
                          .citizen = fuzz_u8(in)};
    struct error err = ERROR_NONE;
    enum status status = rig_feed(service->rig, def->feeds[feed].upstream, &event, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        service->feed_stopped[feed] = true;
    }
}
