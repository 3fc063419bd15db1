/*
 * Frames from the wire, through the router, to handlers of all five services of the contract. The
 * input is served as it is, and again as choices from which a whole envelope around a request is
 * made. Every frame gets exactly one reply.
 */
#include "rpc/rpc_router.h"
#include "tests/fuzz/fuzz_contract.h"

#include "base/check.h"

#include <string.h>

#define CALLS_MAX 4

/* What a handler does with a call; the frame's size chooses, so that one input has one story. */
enum behaviour { ANSWER, ANSWER_LATER, REFUSE, REFUSE_CANCELLED, BEHAVIOURS };

struct conversation {
    struct rpc_exchange exchange; /* first: the reply's is this */
    enum behaviour behaviour;
    struct rpc_call *open; /* answered later */
    const ProtobufCMethodDescriptor *method;
    unsigned handled;
    unsigned cancelled;
    struct buffer reply;
    unsigned replies;
};

static struct conversation *current;

static void keep_reply(struct rpc_exchange *exchange, struct bytes frame)
{
    struct conversation *talk = (struct conversation *)exchange;
    talk->replies++;
    buffer_clear(&talk->reply);
    buffer_append_bytes(&talk->reply, frame);
}

static void note_cancel(struct rpc_call *call, void *context)
{
    (void)call;
    ((struct conversation *)context)->cancelled++;
}

/* --- the handler --- */

static void check_call(const struct rpc_call *call, const ProtobufCMethodDescriptor *method)
{
    Common__Position *const *positions;
    const ProtobufCMessage *request = rpc_call_request(call);
    PROPERTY(request->descriptor == method->input, "the request is of the method's type");
    PROPERTY(rpc_call_request_bytes(call).size <= RPC_MESSAGE_BYTES_MAX, "it is within the limit");
    PROPERTY(rpc_call_at_least(call, &positions) <= 8, "at most 8 positions are waited for");
    PROPERTY(strlen(rpc_call_caller(call)->name) <= 4 * 100,
             "a caller's name has at most 100 characters");
    PROPERTY(rpc_call_caller(call)->role <= RPC_ROLE_ADMIN, "a role is one of the contract's");
    PROPERTY(rpc_call_deadline_us(call) > 0, "a call has a deadline");
    fuzz_check_message(request);
}

static void answer(struct rpc_call *call, const ProtobufCMethodDescriptor *method)
{
    ProtobufCMessage *response = arena_alloc(rpc_call_arena(call), method->output->sizeof_message);
    CHECK(response != NULL);
    method->output->message_init(response);
    rpc_call_answer(call, response, NULL);
}

static void handle(void *context, unsigned number, struct rpc_call *call)
{
    const struct service_def *def = context;
    struct conversation *talk = current;
    struct error err = ERROR_NONE;
    talk->method = &def->rpc->methods[number];
    talk->handled++;
    check_call(call, talk->method);
    switch (talk->behaviour) {
    case ANSWER: answer(call, talk->method); break;
    case REFUSE:
        error_set(&err, STATUS_NOT_FOUND, "number", "there is none");
        rpc_call_refuse(call, &err);
        break;
    default: /* later */
        rpc_call_on_cancel(call, note_cancel, talk);
        talk->open = call;
        break;
    }
}

/* --- a frame's way --- */

static struct rpc_router *router(void)
{
    static struct rpc_router *made;
    static struct metric_registry *metrics; /* lives as long */
    if (made == NULL) {
        metrics = metric_registry_new();
        made = rpc_router_new(clock_system(), metrics, "fuzz", CALLS_MAX);
        for (size_t i = 0; i < FUZZ_SERVICES; i++) {
            const struct rpc_service service = {
                .descriptor = fuzz_services[i]->rpc,
                .handle = handle,
                .context = (void *)(uintptr_t)fuzz_services[i],
            };
            rpc_router_add(made, &service);
        }
    }
    return made;
}

static void check_reply(const struct conversation *talk)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    PROPERTY(talk->replies == 1, "a frame gets exactly one reply");
    PROPERTY(talk->reply.size <= RPC_FRAME_BYTES_MAX, "a reply is within the limit");
    const Rpc__CallResponse *reply = (const Rpc__CallResponse *)fuzz_unpack(
        &rpc__call_response__descriptor, buffer_bytes(&talk->reply), MESSAGE_UNKNOWN_REFUSE, arena);
    PROPERTY(reply != NULL, "a reply can be read");
    PROPERTY(reply->version == RPC_VERSION, "it is of our version");
    PROPERTY(reply->status < STATUS_COUNT, "its status is one of the vocabulary");
    if (reply->status == STATUS_OK) {
        PROPERTY(talk->handled == 1, "only a handler can say OK");
        PROPERTY(fuzz_unpack(talk->method->output, bytes_of(reply->body.data, reply->body.len),
                             MESSAGE_UNKNOWN_REFUSE, arena) != NULL,
                 "an answer can be read");
    } else {
        PROPERTY(reply->message[0] != '\0', "a refusal tells why");
    }
    arena_free(arena);
}

static void finish_open_call(struct conversation *talk)
{
    struct error err = ERROR_NONE;
    if (talk->behaviour == REFUSE_CANCELLED) {
        rpc_router_cancel(&talk->exchange);
        PROPERTY(talk->cancelled == 1, "a handler that asked is told that its caller has gone");
        PROPERTY(rpc_call_gone(talk->open), "the call knows it, too");
        error_set(&err, STATUS_CANCELLED, NULL, "the caller has gone");
        rpc_call_refuse(talk->open, &err);
    } else {
        rpc_call_on_cancel(talk->open, NULL, NULL);
        answer(talk->open, talk->method);
    }
}

static void serve(struct bytes frame)
{
    struct conversation talk = {.exchange = {.reply = keep_reply},
                                .behaviour = (enum behaviour)(frame.size % BEHAVIOURS)};
    current = &talk;
    rpc_router_serve(router(), &talk.exchange, frame);
    PROPERTY(talk.handled <= 1, "a frame is handled at most once");
    if (talk.open != NULL) {
        PROPERTY(talk.replies == 0, "nobody answers for the handler");
        finish_open_call(&talk);
    }
    check_reply(&talk);
    rpc_router_cancel(&talk.exchange); /* too late, and harmless */
    PROPERTY(rpc_router_open_calls(router()) == 0, "an answered call is closed");
    buffer_fini(&talk.reply);
}

/* --- an envelope of choices --- */

static void serve_made(struct fuzz_input *in)
{
    struct buffer body = BUFFER_EMPTY;
    struct buffer frame = BUFFER_EMPTY;
    char name[RPC_METHOD_BYTES_MAX + 1];
    const struct service_def *def = fuzz_services[fuzz_below(in, FUZZ_SERVICES)];
    unsigned method = (unsigned)fuzz_below(in, def->rpc->n_methods);
    message_pack(fuzz_message(in, def->rpc->methods[method].input), &body);
    rpc_method_name(def->rpc, method, name);
    Rpc__CallRequest *envelope =
        (Rpc__CallRequest *)fuzz_message(in, &rpc__call_request__descriptor);
    envelope->body = (ProtobufCBinaryData){body.size, body.data};
    envelope->version = fuzz_u8(in) < 0xF0 ? RPC_VERSION : fuzz_u32(in);
    if (fuzz_u8(in) < 0xE0) {
        envelope->method = name;
        envelope->deadline_ms = 1 + envelope->deadline_ms % RPC_DEADLINE_MS_MAX;
    }
    message_pack(&envelope->base, &frame);
    serve(buffer_bytes(&frame));
    buffer_fini(&frame);
    buffer_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    serve(bytes_of(data, size));
    fuzz_begin(&in, data, size);
    serve_made(&in);
    fuzz_end(&in);
    return 0;
}
