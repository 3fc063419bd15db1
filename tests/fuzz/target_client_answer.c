/*
 * Answers of a hostile server: whatever comes back, a call ends once, with an answer that can be
 * used or with a reason that can be shown. The first line is the method's name. The first attempt
 * is answered with the rest as it is, those after it with envelopes of choices.
 */
#include "clients/libvafa/vafa.h"
#include "tests/fuzz/fuzz_contract.h"

#include "base/utf8_check.h"
#include "vafa/backup/v1/backup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <stdlib.h>
#include <string.h>

/* --- time that goes on when nothing else does --- */

struct turn_clock {
    struct clock clock;
    int64_t us;
};

static int64_t clock_us(struct clock *clock)
{
    return ((struct turn_clock *)clock)->us;
}

/* --- the server --- */

struct server {
    struct rpc_transport transport; /* first: what the client is given */
    struct fuzz_input *in;
    const ProtobufCMessageDescriptor *answer;
    unsigned attempts;
    void (*done)(void *context, enum status status, struct bytes frame);
    void *context; /* NULL: nobody waits */
};

static enum status keep_request(struct rpc_transport *transport, struct bytes frame,
                                void (*done)(void *context, enum status status, struct bytes frame),
                                void *context, _Atomic(void *) *ret_exchange)
{
    struct server *server = (struct server *)transport;
    (void)frame;
    PROPERTY(server->context == NULL, "one attempt is under way");
    server->done = done;
    server->context = context;
    atomic_store(ret_exchange, server);
    return STATUS_OK;
}

static bool forget_request(struct rpc_transport *transport, void *exchange)
{
    (void)exchange;
    ((struct server *)transport)->context = NULL;
    return false;
}

static void free_nothing(struct rpc_transport *transport)
{
    (void)transport; /* it lies on the stack */
}

static void make_answer(struct server *server, struct buffer *out)
{
    struct fuzz_input *in = server->in;
    struct buffer body = BUFFER_EMPTY;
    Rpc__CallResponse *envelope =
        (Rpc__CallResponse *)fuzz_message(in, &rpc__call_response__descriptor);
    envelope->version = fuzz_u8(in) < 0xE0 ? RPC_VERSION : fuzz_u32(in);
    envelope->status = fuzz_bool(in) ? 0 : envelope->status;
    message_pack(fuzz_message(in, server->answer), &body);
    if (body.size > 0 && fuzz_u8(in) >= 0xC0) {
        body.data[fuzz_u32(in) % body.size] ^= (uint8_t)(fuzz_u8(in) | 1);
    }
    if (envelope->status == 0) {
        envelope->body = (ProtobufCBinaryData){body.size, body.data};
    }
    message_pack(&envelope->base, out);
    buffer_fini(&body);
}

/* False: nobody waits for one. */
static bool answer_next(struct server *server)
{
    struct buffer made = BUFFER_EMPTY;
    void *context = server->context;
    if (context == NULL) {
        return false;
    }
    server->context = NULL;
    if (server->attempts++ == 0) {
        server->done(context, STATUS_OK, server->in->rest);
    } else if (fuzz_u8(server->in) < 0x20) {
        server->done(context, STATUS_UNAVAILABLE, bytes_of(NULL, 0));
    } else {
        make_answer(server, &made);
        server->done(context, STATUS_OK, buffer_bytes(&made));
    }
    buffer_fini(&made);
    return true;
}

/* --- the call --- */

static unsigned ended;

static void note_end(struct rpc_client_call *call)
{
    (void)call;
    ended++;
}

static void check_end(const struct rpc_client_call *call, const ProtobufCMessageDescriptor *answer)
{
    struct vafa_position kept;
    if (call->error.status == STATUS_OK) {
        PROPERTY(call->response != NULL && call->response->descriptor == answer,
                 "OK comes with an answer of the method's type");
        fuzz_check_message(call->response);
    } else {
        PROPERTY(call->response == NULL, "a refusal comes without an answer");
        PROPERTY((unsigned)call->error.status < STATUS_COUNT, "its status is of the vocabulary");
        PROPERTY(utf8_well_formed(call->error.message, strlen(call->error.message)) &&
                     utf8_well_formed(call->error.field, strlen(call->error.field)),
                 "its words are text");
    }
    vafa_position_copy(&kept, &call->position);
    PROPERTY(kept.position.log_id.len == 0 || kept.position.log_id.len == sizeof(kept.log_id),
             "a position is whole or not there");
    fuzz_check_message(&kept.position.base);
}

static void converse(struct fuzz_input *in, const ProtobufCServiceDescriptor *service,
                     unsigned method)
{
    const struct rpc_caller caller = {.name = "fuzz"};
    struct turn_clock time = {.clock = {.wall_us = clock_us, .mono_us = clock_us}, .us = SECOND_US};
    struct server server = {
        .transport = {.send = keep_request, .cancel = forget_request, .free = free_nothing},
        .in = in,
        .answer = service->methods[method].output,
    };
    const ProtobufCMessageDescriptor *type = service->methods[method].input;
    ProtobufCMessage *request = fuzz_alloc(in, type->sizeof_message);
    type->message_init(request);
    struct loop *loop = loop_new(&time.clock);
    struct rpc_client *client = rpc_client_new(loop, &server.transport, random_system(), &caller);
    struct rpc_client_call call = {.service = service,
                                   .method = method,
                                   .request = request,
                                   .deadline_ms = 1000,
                                   .done = note_end};
    ended = 0;
    rpc_client_start(client, &call);
    while (ended == 0) {
        if (!loop_step(loop) && !answer_next(&server)) {
            PROPERTY(loop_next_us(loop) != INT64_MAX,
                     "a call that has not ended waits for something");
            time.us = loop_next_us(loop);
        }
    }
    check_end(&call, service->methods[method].output);
    rpc_client_call_fini(&call);
    rpc_client_free(client);
    PROPERTY(ended == 1, "a call ends once");
    loop_free(loop);
}

/* --- the methods --- */

static const ProtobufCServiceDescriptor *const skeleton[] = {
    &health__health__descriptor, &eventlog__event_log__descriptor, &backup__backup__descriptor};

static bool find_method(struct bytes name, const ProtobufCServiceDescriptor *service,
                        unsigned *ret_method)
{
    for (unsigned method = 0; method < service->n_methods; method++) {
        char known[RPC_METHOD_BYTES_MAX + 1];
        rpc_method_name(service, method, known);
        if (bytes_equal(name, bytes_of_text(known))) {
            *ret_method = method;
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    struct bytes name = fuzz_line(&in);
    const ProtobufCServiceDescriptor *service = fuzz_services[name.size % FUZZ_SERVICES]->rpc;
    unsigned method = 0;
    for (size_t i = 0; i < FUZZ_SERVICES; i++) {
        if (find_method(name, fuzz_services[i]->rpc, &method)) {
            service = fuzz_services[i]->rpc;
        }
    }
    for (size_t i = 0; i < sizeof(skeleton) / sizeof(skeleton[0]); i++) {
        if (find_method(name, skeleton[i], &method)) {
            service = skeleton[i];
        }
    }
    converse(&in, service, method);
    fuzz_end(&in);
    return 0;
}
