/* The other side is not ours: NNG's own sockets, and peers that cut, stall, flood or say nothing.
 */
#include "echo_service.h"

#include "base/check.h"
#include "rpc/rpc_gather.h"
#include "rpc/rpc_wire.h"
#include "tests/support/raw_socket.h"

#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define CUTS 300
#define FLOOD 400
#define ANSWER_BYTES 65536
#define GROWTH_MAX (48 * 1024 * 1024)

/* A packed call of the echo service, as it goes over the wire. */
static struct buffer packed_call(uint32_t number, const char *method, uint32_t answer_bytes)
{
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    request.text = "سلام";
    request.answer_bytes = answer_bytes;
    struct buffer body = BUFFER_EMPTY;
    message_pack(&request.base, &body);
    Rpc__CallRequest envelope = RPC__CALL_REQUEST__INIT;
    envelope.version = RPC_VERSION;
    envelope.method = (char *)(uintptr_t)method;
    envelope.deadline_ms = 60000;
    envelope.body = (ProtobufCBinaryData){body.size, body.data};
    struct buffer frame = BUFFER_EMPTY;
    message_pack(&envelope.base, &frame);
    struct buffer wire = BUFFER_EMPTY;
    uint8_t stack[4];
    be32_put(stack, number | 0x80000000u);
    rpc_wire_append(&wire, false, bytes_of(stack, 4), buffer_bytes(&frame));
    buffer_fini(&body);
    buffer_fini(&frame);
    return wire;
}

static const char say_back[] = "vafa.test.v1.Echo/SayBack";

/* --- NNG's own sockets --- */

static void answers_a_req_socket_of_nng(void **state)
{
    (void)state;
    for (int ipc = 0; ipc < 2; ipc++) {
        struct rig rig;
        char url[128];
        test_ipc_url(url, sizeof(url));
        rig_init(&rig, ipc ? url : "tcp://127.0.0.1:0", 16);
        nng_socket socket;
        assert_int_equal(nng_req0_open(&socket), 0);
        assert_int_equal(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 10000), 0);
        assert_int_equal(nng_dial(socket, rig.url, NULL, 0), 0);
        for (int i = 0; i < 20; i++) {
            struct buffer wire = packed_call(0, say_back, 0);
            char answer[512];
            size_t size = sizeof(answer);
            assert_int_equal(nng_send(socket, wire.data + 12, wire.size - 12, 0), 0);
            assert_int_equal(nng_recv(socket, answer, &size, 0), 0);
            assert_non_null(memmem(answer, size, "سلام", strlen("سلام")));
            buffer_fini(&wire);
        }
        nng_close(socket);
        rig_fini(&rig);
    }
}

/* A server of one method on NNG's REP, in another implementation than ours. */
static void *serve_rep(void *context)
{
    nng_socket socket = *(nng_socket *)context;
    nng_msg *message;
    while (nng_recvmsg(socket, &message, 0) == 0) {
        Echo__SayBackResponse response = ECHO__SAY_BACK_RESPONSE__INIT;
        response.text = "سلام";
        struct buffer body = BUFFER_EMPTY;
        struct buffer frame = BUFFER_EMPTY;
        message_pack(&response.base, &body);
        Rpc__CallResponse envelope = RPC__CALL_RESPONSE__INIT;
        envelope.version = RPC_VERSION;
        envelope.body = (ProtobufCBinaryData){body.size, body.data};
        message_pack(&envelope.base, &frame);
        nng_msg_clear(message);
        CHECK(nng_msg_append(message, frame.data, frame.size) == 0);
        buffer_fini(&body);
        buffer_fini(&frame);
        if (nng_sendmsg(socket, message, 0) != 0) {
            nng_msg_free(message);
        }
    }
    return NULL;
}

static void calls_a_rep_socket_of_nng(void **state)
{
    (void)state;
    char url[128];
    test_ipc_url(url, sizeof(url));
    nng_socket socket;
    pthread_t thread;
    assert_int_equal(nng_rep0_open(&socket), 0);
    assert_int_equal(nng_listen(socket, url, NULL, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve_rep, &socket), 0);
    struct loop_thread loop;
    loop_thread_start(&loop);
    struct rpc_client *client = rig_client(loop.loop, url, 4);
    for (int i = 0; i < 20; i++) {
        assert_true(echo_works(client));
    }
    rig_client_free(loop.loop, client);
    loop_thread_stop(&loop);
    nng_close(socket);
    pthread_join(thread, NULL);
}

/* --- peers that break off --- */

/* Where NNG's own sockets could be blocked for ever: between two pieces of a message. */
static void forgets_connections_that_were_cut_inside_a_message(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    struct buffer wire = packed_call(1, say_back, 4096);
    for (int i = 0; i < CUTS; i++) {
        int fd = raw_call_in(rig.url);
        struct linger linger = {.l_onoff = i % 2, .l_linger = 0};
        raw_put(fd, buffer_bytes(&wire)); /* an answer is on its way while the rest breaks off */
        raw_put(fd, bytes_of(wire.data, (size_t)i % wire.size));
        CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
        close(fd);
    }
    assert_true(echo_works(rig.client));
    /* All of them have gone: stopping waits for each. */
    buffer_fini(&wire);
    rig_fini(&rig);
}

static void closes_on_whoever_does_not_speak_the_protocol(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int fd = raw_connect(rig.url);
    raw_put(fd, bytes_of_text(http));
    raw_expect_closed(fd);
    uint8_t hello[RPC_WIRE_HELLO_BYTES];
    rpc_wire_hello_put(hello, RPC_WIRE_REP); /* a server calls a server */
    fd = raw_connect(rig.url);
    raw_put(fd, bytes_of(hello, sizeof(hello)));
    raw_expect_closed(fd);
    static const uint8_t no_stack[8] = {0};
    fd = raw_call_in(rig.url);
    raw_put(fd, bytes_of(no_stack, sizeof(no_stack)));
    raw_expect_closed(fd);
    fd = raw_call_in(rig.url);
    raw_put(fd, bytes_of(no_stack, 3)); /* the beginning of something */
    shutdown(fd, SHUT_WR);
    raw_expect_closed(fd);
    static const char broken[] = "vafa_rpc_refused_total{service=\"echo\",reason=\"broken\"} ";
    do { /* the last is counted soon after it was closed */
        assert_true(echo_works(rig.client));
    } while (echo_metric(&rig.echo, broken) < 4);
    assert_int_equal(echo_metric(&rig.echo, broken), 4);
    rig_fini(&rig);
}

/* --- peers that read much, or nothing --- */

#define READERS 100
#define LARGE_ANSWER_BYTES (512 * 1024)
#define KEPT_MAX (24 * 1024 * 1024)

static void keeps_no_room_of_large_answers(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    assert_true(echo_works(rig.client));
    struct buffer wire = packed_call(1, say_back, LARGE_ANSWER_BYTES);
    uint8_t *answer = malloc(LARGE_ANSWER_BYTES);
    CHECK(answer != NULL);
    int fds[READERS];
    int64_t before = memory_rss_bytes(0);
    for (int i = 0; i < READERS; i++) {
        fds[i] = raw_call_in(rig.url);
        raw_put(fds[i], buffer_bytes(&wire));
        CHECK(recv(fds[i], answer, LARGE_ANSWER_BYTES, MSG_WAITALL) == LARGE_ANSWER_BYTES);
    }
    assert_true(TEST_SANITIZED || memory_rss_bytes(0) - before < KEPT_MAX);
    for (int i = 0; i < READERS; i++) {
        close(fds[i]);
    }
    free(answer);
    buffer_fini(&wire);
    rig_fini(&rig);
}

static void is_held_up_by_nobody_who_does_not_take_answers(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    assert_true(echo_works(rig.client));
    int64_t before = memory_rss_bytes(0);
    int fd = raw_call_in(rig.url);
    /* Each is answered at once, with much, and nothing of it is read. As long as the server reads
     * on, it has room for more; then it is our turn to wait. */
    struct buffer wire = packed_call(1, say_back, ANSWER_BYTES);
    size_t asked = 0;
    while (asked < FLOOD * wire.size) {
        size_t at = asked % wire.size;
        ssize_t sent = send(fd, wire.data + at, wire.size - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            break;
        }
        asked += (size_t)sent;
    }
    for (int i = 0; i < 20; i++) {
        assert_true(echo_works(rig.client));
    }
    assert_true(TEST_SANITIZED || memory_rss_bytes(0) - before < GROWTH_MAX);
    /* Once it reads, it gets every answer. */
    size_t calls = asked / wire.size;
    uint8_t *answers = malloc(ANSWER_BYTES);
    CHECK(answers != NULL);
    size_t left = calls * (ANSWER_BYTES + 16);
    while (left > 0) {
        ssize_t got = recv(fd, answers, left < ANSWER_BYTES ? left : ANSWER_BYTES, 0);
        assert_true(got > 0);
        left -= (size_t)got;
    }
    free(answers);
    close(fd);
    buffer_fini(&wire);
    rig_fini(&rig);
}

/* --- answers that go together, and the last ones --- */

#define GATHERED 40

static const char park_call[] = "vafa.test.v1.Echo/ParkCall";

static void expect_answer(int fd, size_t at_least)
{
    struct buffer answer = BUFFER_EMPTY;
    assert_true(raw_receive(fd, false, &answer));
    assert_true(answer.size >= at_least);
    buffer_fini(&answer);
}

static void answers_every_connection_of_those_that_are_answered_together(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 2 * GATHERED);
    struct buffer wire = packed_call(1, park_call, 0);
    int fds[GATHERED];
    for (int i = 0; i < GATHERED; i++) {
        fds[i] = raw_call_in(rig.url);
        raw_put(fds[i], buffer_bytes(&wire));
    }
    echo_wait_parked(&rig.echo, GATHERED);
    rpc_gather_begin();
    echo_release(&rig.echo);
    rpc_gather_end();
    for (int i = 0; i < GATHERED; i++) {
        expect_answer(fds[i], 1);
        close(fds[i]);
    }
    buffer_fini(&wire);
    rig_fini(&rig);
}

static void *stop_server(void *context)
{
    rpc_server_stop(context, 10000);
    return NULL;
}

static void sends_what_it_owes_before_it_stops(void **state)
{
    (void)state;
    struct rig rig;
    pthread_t thread;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    struct buffer wire = packed_call(1, say_back, LARGE_ANSWER_BYTES);
    int fd = raw_call_in(rig.url);
    raw_put(fd, buffer_bytes(&wire));
    uint8_t first;
    CHECK(recv(fd, &first, 1, MSG_PEEK) == 1); /* the rest waits in the server */
    assert_int_equal(pthread_create(&thread, NULL, stop_server, rig.server), 0);
    expect_answer(fd, LARGE_ANSWER_BYTES);
    raw_expect_closed(fd);
    pthread_join(thread, NULL);
    buffer_fini(&wire);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_req_socket_of_nng),
        cmocka_unit_test(calls_a_rep_socket_of_nng),
        cmocka_unit_test(forgets_connections_that_were_cut_inside_a_message),
        cmocka_unit_test(closes_on_whoever_does_not_speak_the_protocol),
        cmocka_unit_test(keeps_no_room_of_large_answers),
        cmocka_unit_test(is_held_up_by_nobody_who_does_not_take_answers),
        cmocka_unit_test(answers_every_connection_of_those_that_are_answered_together),
        cmocka_unit_test(sends_what_it_owes_before_it_stops),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
