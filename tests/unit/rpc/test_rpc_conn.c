/* A connection inside the process: what is sent comes in order, and each end hears of the end once. */
#include "rpc/rpc_conn.h"

#include "base/check.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define MESSAGES 2000

/* What one end has heard. */
struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t messages;
    uint32_t next; /* the number the next message should have */
    bool in_order;
    unsigned ended;
    bool ended_before_message;
};

static void on_message(void *context, const struct rpc_wire_message *message, int64_t arrived_us)
{
    struct heard *heard = context;
    pthread_mutex_lock(&heard->lock);
    heard->ended_before_message |= heard->ended > 0 || arrived_us <= 0;
    heard->in_order &= message->frame.size == 4 && be32_get(message->frame.data) == heard->next;
    heard->next++;
    heard->messages++;
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void on_end(void *context, enum rpc_conn_end why)
{
    struct heard *heard = context;
    pthread_mutex_lock(&heard->lock);
    heard->ended += why == RPC_CONN_GONE;
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static const struct rpc_conn_events events = {.message = on_message, .ended = on_end};

static void heard_init(struct heard *heard)
{
    *heard = (struct heard){.in_order = true};
    CHECK(pthread_mutex_init(&heard->lock, NULL) == 0);
    CHECK(pthread_cond_init(&heard->changed, NULL) == 0);
}

static void wait_for(struct heard *heard, uint32_t messages, unsigned ended)
{
    pthread_mutex_lock(&heard->lock);
    while (heard->messages < messages || heard->ended < ended) {
        pthread_cond_wait(&heard->changed, &heard->lock);
    }
    pthread_mutex_unlock(&heard->lock);
}

static bool say(struct rpc_conn *conn, uint32_t number)
{
    static const uint8_t stack[4] = {0x80};
    uint8_t frame[4];
    be32_put(frame, number);
    return rpc_conn_send(conn, bytes_of(stack, 4), bytes_of(frame, 4));
}

static void brings_every_message_in_order_both_ways(void **state)
{
    (void)state;
    struct rpc_conn *ends[2];
    struct heard heard[2];
    assert_true(rpc_conn_pair(ends));
    for (int i = 0; i < 2; i++) {
        heard_init(&heard[i]);
        rpc_conn_acquire(ends[i]);
        rpc_conn_start(ends[i], &events, &heard[i]);
    }
    for (uint32_t n = 0; n < MESSAGES; n++) {
        assert_true(say(ends[0], n));
        assert_true(say(ends[1], n));
    }
    for (int i = 0; i < 2; i++) {
        wait_for(&heard[i], MESSAGES, 0);
        assert_true(heard[i].in_order);
    }
    rpc_conn_close(ends[0]);
    for (int i = 0; i < 2; i++) {
        wait_for(&heard[i], MESSAGES, 1);
        assert_int_equal(heard[i].messages, MESSAGES);
        rpc_conn_release(ends[i]);
    }
}

static void delivers_what_was_sent_before_the_end(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        struct rpc_conn *ends[2];
        struct heard heard[2];
        assert_true(rpc_conn_pair(ends));
        for (int i = 0; i < 2; i++) {
            heard_init(&heard[i]);
            rpc_conn_acquire(ends[i]);
        }
        rpc_conn_start(ends[0], &events, &heard[0]);
        if (round % 2 == 0) { /* else it starts when the other end has gone already */
            rpc_conn_start(ends[1], &events, &heard[1]);
        }
        for (uint32_t n = 0; n < round % 10; n++) {
            assert_true(say(ends[0], n));
        }
        rpc_conn_close(ends[0]);
        rpc_conn_close(ends[0]);
        assert_false(say(ends[0], 0));
        if (round % 2 != 0) {
            rpc_conn_start(ends[1], &events, &heard[1]);
        }
        for (int i = 0; i < 2; i++) {
            wait_for(&heard[i], i == 0 ? 0 : round % 10, 1);
            assert_int_equal(heard[i].ended, 1);
            assert_false(heard[i].ended_before_message);
            assert_true(heard[i].in_order);
        }
        assert_false(say(ends[1], 0));
        rpc_conn_release(ends[0]);
        rpc_conn_release(ends[1]);
    }
}

static void takes_no_message_that_is_too_large(void **state)
{
    (void)state;
    struct rpc_conn *ends[2];
    static const uint8_t stack[4] = {0x80};
    struct buffer large = BUFFER_EMPTY;
    memset(buffer_extend(&large, 3u << 20), 0, 3u << 20);
    assert_true(rpc_conn_pair(ends));
    assert_false(rpc_conn_send(ends[0], bytes_of(stack, 4), buffer_bytes(&large)));
    assert_true(say(ends[0], 1));
    buffer_fini(&large);
    rpc_conn_release(ends[0]); /* never started: nobody is told of the end */
    rpc_conn_release(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_every_message_in_order_both_ways),
        cmocka_unit_test(delivers_what_was_sent_before_the_end),
        cmocka_unit_test(takes_no_message_that_is_too_large),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
