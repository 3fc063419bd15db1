/* The router without a transport: every bad frame has its status and its counter, and a call may be
 * answered and cancelled at the same time. */
#include "echo_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An exchange that keeps its reply. */
struct asked {
    struct rpc_exchange exchange;
    struct buffer reply;
    struct arena *arena;
    const Rpc__CallResponse *response;
    _Atomic uint32_t replies;
};

static void keep_reply(struct rpc_exchange *exchange, struct bytes frame)
{
    struct asked *asked = (struct asked *)exchange;
    buffer_append_bytes(&asked->reply, frame);
    atomic_fetch_add(&asked->replies, 1);
}

static void asked_init(struct asked *asked)
{
    memset(asked, 0, sizeof(*asked));
    asked->exchange.reply = keep_reply;
    asked->arena = arena_new(4 * 1024 * 1024);
}

static void asked_fini(struct asked *asked)
{
    buffer_fini(&asked->reply);
    arena_free(asked->arena);
}

static void ask(struct echo *echo, struct asked *asked, struct bytes frame)
{
    asked_init(asked);
    rpc_router_serve(echo->router, &asked->exchange, frame);
    if (atomic_load(&asked->replies) > 0) {
        ProtobufCMessage *message = NULL;
        assert_int_equal(message_unpack(&rpc__call_response__descriptor,
                                        buffer_bytes(&asked->reply), MESSAGE_UNKNOWN_REFUSE,
                                        asked->arena, &message, NULL),
                         STATUS_OK);
        asked->response = (const Rpc__CallResponse *)message;
    }
}

/* An envelope all right in every part; the body is packed behind it. */
static void envelope_init(Rpc__CallRequest *envelope)
{
    static Rpc__Caller caller = RPC__CALLER__INIT;
    caller.name = "tests";
    rpc__call_request__init(envelope);
    envelope->version = RPC_VERSION;
    envelope->method = "vafa.test.v1.Echo/SayBack";
    envelope->deadline_ms = 1000;
    envelope->caller = &caller;
}

static struct bytes pack(struct buffer *out, const Rpc__CallRequest *envelope)
{
    buffer_clear(out);
    message_pack(&envelope->base, out);
    return buffer_bytes(out);
}

static void expect(struct echo *echo, struct bytes frame, enum status status, const char *field,
                   const char *reason)
{
    char line[96] = "";
    snprintf(line, sizeof(line), "vafa_rpc_refused_total{service=\"echo\",reason=\"%s\"} ", reason);
    int64_t before = echo_metric(echo, line);
    struct asked asked;
    ask(echo, &asked, frame);
    assert_int_equal(asked.replies, 1);
    assert_int_equal(asked.response->status, status);
    assert_string_equal(asked.response->field, field);
    assert_true(status == STATUS_OK || asked.response->message[0] != '\0');
    assert_int_equal(echo_metric(echo, line), status == STATUS_OK ? before : before + 1);
    assert_int_equal(rpc_router_open_calls(echo->router), 0);
    asked_fini(&asked);
}

static void answers_every_bad_frame_with_its_status_and_counts_it(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 4);
    struct buffer packed = BUFFER_EMPTY;
    Rpc__CallRequest envelope;

    envelope_init(&envelope);
    expect(&echo, pack(&packed, &envelope), STATUS_OK, "", "malformed");
    expect(&echo, bytes_of_text("\xff\xff\xff garbage"), STATUS_INVALID_ARGUMENT, "", "malformed");
    struct bytes whole = pack(&packed, &envelope);
    expect(&echo, bytes_of(whole.data, whole.size - 2), STATUS_INVALID_ARGUMENT, "", "malformed");
    envelope.caller = NULL; /* so the deadline is last, as it is in our client's frames */
    whole = pack(&packed, &envelope);
    for (size_t size = 1; size < whole.size;
         size++) { /* cut anywhere: answered, whatever it reads as */
        struct asked asked;
        ask(&echo, &asked, bytes_of(whole.data, size));
        assert_int_equal(asked.replies, 1);
        assert_int_not_equal(asked.response->status, STATUS_OK);
        asked_fini(&asked);
    }

    envelope.version = 2;
    expect(&echo, pack(&packed, &envelope), STATUS_FAILED_PRECONDITION, "version", "version");
    buffer_append(&packed, "\x98\x06\x01", 3); /* field 99 = 1: another version may have it */
    expect(&echo, buffer_bytes(&packed), STATUS_FAILED_PRECONDITION, "version", "version");
    expect(&echo, bytes_of(NULL, 0), STATUS_FAILED_PRECONDITION, "version", "version");

    envelope_init(&envelope);
    pack(&packed, &envelope);
    buffer_append(&packed, "\x98\x06\x01", 3);
    expect(&echo, buffer_bytes(&packed), STATUS_INVALID_ARGUMENT, "", "unknown_field");

    static const char *const unknown[] = {"vafa.test.v1.Echo/Nothing",
                                          "vafa.test.v1.Nobody/SayBack",
                                          "vafa.test.v1.Ech/SayBack",
                                          "vafa.test.v1.EchoX/SayBack",
                                          "nothing",
                                          "",
                                          "/"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        envelope.method = (char *)unknown[i];
        expect(&echo, pack(&packed, &envelope), STATUS_UNIMPLEMENTED, "method", "unknown_method");
    }

    envelope_init(&envelope);
    envelope.method = "vafa.test.v1.Echo/\xc3\x28";
    expect(&echo, pack(&packed, &envelope), STATUS_INVALID_ARGUMENT, "method", "malformed");
    envelope_init(&envelope);
    envelope.deadline_ms = 0;
    expect(&echo, pack(&packed, &envelope), STATUS_INVALID_ARGUMENT, "deadline_ms", "malformed");
    envelope.deadline_ms = RPC_DEADLINE_MS_MAX + 1;
    expect(&echo, pack(&packed, &envelope), STATUS_INVALID_ARGUMENT, "deadline_ms", "malformed");
    buffer_fini(&packed);
    echo_fini(&echo);
}

static void expect_body(struct echo *echo, const char *body, size_t size, enum status status,
                        const char *field, const char *reason)
{
    struct buffer packed = BUFFER_EMPTY;
    Rpc__CallRequest envelope;
    envelope_init(&envelope);
    envelope.body.data = (uint8_t *)body;
    envelope.body.len = size;
    expect(echo, pack(&packed, &envelope), status, field, reason);
    buffer_fini(&packed);
}

static void answers_every_bad_body_with_its_status_and_counts_it(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 4);
    expect_body(&echo,
                "\x0a\x05"
                "abc",
                5, STATUS_INVALID_ARGUMENT, "", "malformed_body");
    expect_body(&echo, "\x0a\x02\xc3\x28", 4, STATUS_INVALID_ARGUMENT, "text", "malformed_body");
    expect_body(&echo,
                "\x0a\x03"
                "a\0b",
                5, STATUS_INVALID_ARGUMENT, "text", "malformed_body");
    expect_body(&echo, "\x1a\x04\x0a\x02\xc3\x28", 6, STATUS_INVALID_ARGUMENT, "parts.text",
                "malformed_body");
    expect_body(&echo, "\x98\x06\x01", 3, STATUS_INVALID_ARGUMENT, "", "unknown_field");
    assert_int_equal(echo.runs, 0);
    echo_fini(&echo);
}

static void refuses_what_is_too_large_without_growing(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 4);
    struct buffer packed = BUFFER_EMPTY;
    Rpc__CallRequest envelope;
    uint8_t *large = calloc(1, RPC_TRANSPORT_BYTES_MAX);
    assert_non_null(large);
    envelope_init(&envelope);
    envelope.body.data = large;
    envelope.body.len = RPC_MESSAGE_BYTES_MAX + 1;
    expect(&echo, pack(&packed, &envelope), STATUS_RESOURCE_EXHAUSTED, "body", "oversized");
    expect(&echo, bytes_of(large, RPC_FRAME_BYTES_MAX + 1), STATUS_RESOURCE_EXHAUSTED, "",
           "oversized");
    /* A mebibyte of empty parts: each would cost some fifty bytes. */
    for (size_t i = 0; i < RPC_MESSAGE_BYTES_MAX; i += 2) {
        large[i] = 0x1a;
        large[i + 1] = 0;
    }
    envelope.body.len = RPC_MESSAGE_BYTES_MAX;
    expect(&echo, pack(&packed, &envelope), STATUS_RESOURCE_EXHAUSTED, "", "oversized");
    free(large);
    buffer_fini(&packed);
    echo_fini(&echo);
}

static void park_one(struct echo *echo, struct asked *asked)
{
    struct buffer packed = BUFFER_EMPTY;
    Rpc__CallRequest envelope;
    envelope_init(&envelope);
    envelope.method = "vafa.test.v1.Echo/ParkCall";
    ask(echo, asked, pack(&packed, &envelope));
    buffer_fini(&packed);
}

static void refuses_calls_over_the_limit_and_when_draining(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 2);
    struct asked first;
    struct asked second;
    struct asked third;
    park_one(&echo, &first);
    park_one(&echo, &second);
    assert_int_equal(rpc_router_open_calls(echo.router), 2);
    park_one(&echo, &third);
    assert_int_equal(third.response->status, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(
        echo_metric(&echo, "vafa_rpc_refused_total{service=\"echo\",reason=\"overloaded\"} "), 1);
    assert_int_equal(first.replies, 0);
    echo_release(&echo);
    assert_int_equal(first.replies + second.replies, 2);
    asked_fini(&third);

    rpc_router_drain(echo.router);
    park_one(&echo, &third);
    assert_int_equal(third.response->status, STATUS_UNAVAILABLE);
    assert_int_equal(
        echo_metric(&echo, "vafa_rpc_refused_total{service=\"echo\",reason=\"draining\"} "), 1);
    asked_fini(&first);
    asked_fini(&second);
    asked_fini(&third);
    echo_fini(&echo);
}

static void runs_on_cancel_once_when_the_caller_goes(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 2);
    struct asked asked;
    park_one(&echo, &asked);
    rpc_router_cancel(&asked.exchange);
    rpc_router_cancel(&asked.exchange);
    assert_int_equal(asked.replies, 1);
    assert_int_equal(echo.cancelled_count, 1);
    assert_int_equal(echo_metric(&echo, "vafa_rpc_cancelled_total{service=\"echo\"} "), 1);
    assert_int_equal(rpc_router_open_calls(echo.router), 0);
    rpc_router_cancel(&asked.exchange); /* long over */
    asked_fini(&asked);
    echo_fini(&echo);
}

static void does_not_begin_what_was_cancelled_before_it_came(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 2);
    struct buffer packed = BUFFER_EMPTY;
    Rpc__CallRequest envelope;
    envelope_init(&envelope);
    struct asked asked;
    asked_init(&asked);
    rpc_router_cancel(&asked.exchange);
    rpc_router_serve(echo.router, &asked.exchange, pack(&packed, &envelope));
    assert_int_equal(asked.replies, 1);
    assert_int_equal(echo.runs, 0);
    asked_fini(&asked);
    buffer_fini(&packed);
    echo_fini(&echo);
}

#define RACES 2000

struct race {
    struct echo *echo;
    struct asked *asked;
    pthread_barrier_t *barrier;
};

static void *race_cancel(void *context)
{
    struct race *race = context;
    for (int i = 0; i < RACES; i++) {
        pthread_barrier_wait(race->barrier);
        rpc_router_cancel(&race->asked->exchange);
        pthread_barrier_wait(race->barrier);
    }
    return NULL;
}

static void answers_once_when_reply_and_cancel_race(void **state)
{
    (void)state;
    struct echo echo;
    echo_init(&echo, clock_system(), 2);
    struct asked asked;
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    struct race race = {.echo = &echo, .asked = &asked, .barrier = &barrier};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, race_cancel, &race), 0);
    for (int i = 0; i < RACES; i++) {
        park_one(&echo, &asked);
        pthread_barrier_wait(&barrier);
        echo_release(&echo);
        pthread_barrier_wait(&barrier);
        assert_int_equal(asked.replies, 1);
        assert_int_equal(rpc_router_open_calls(echo.router), 0);
        asked_fini(&asked);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
    echo_fini(&echo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_every_bad_frame_with_its_status_and_counts_it),
        cmocka_unit_test(answers_every_bad_body_with_its_status_and_counts_it),
        cmocka_unit_test(refuses_what_is_too_large_without_growing),
        cmocka_unit_test(refuses_calls_over_the_limit_and_when_draining),
        cmocka_unit_test(runs_on_cancel_once_when_the_caller_goes),
        cmocka_unit_test(does_not_begin_what_was_cancelled_before_it_came),
        cmocka_unit_test(answers_once_when_reply_and_cancel_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
