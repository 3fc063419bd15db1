/*
 * A frame on its way is an object of its own (a leg) with a timer; a doubled frame has two. An
 * exchange ends with the first reply or a cut; its legs live on until the router has
 * answered them, as a server's work does whose caller has gone. Legs keep the transport's memory,
 * not the transport: after it has been freed they only wait to be answered.
 */
#include "rpc/rpc_direct.h"

#include "base/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define COPIES_MAX 2

struct direct {
    struct rpc_transport transport;
    struct rpc_direct world;
    pthread_mutex_t lock; /* guards the block below and the lists' members */
    struct exchange *exchanges;
    struct leg *legs;
    uint64_t names;
    size_t references; /* the transport's owner and every leg */
    bool closed;
};

/* One call of send. */
struct exchange {
    struct direct *direct;
    struct exchange *next;
    uint64_t name;
    void (*done)(void *context, enum status status, struct bytes frame);
    void *context;
    struct loop_timer cut;
};

enum leg_state { LEG_TO_SERVER, LEG_SERVED, LEG_TO_CLIENT };

/* One frame on its way there and back. */
struct leg {
    struct rpc_exchange exchange; /* what the router sees */
    struct direct *direct;
    struct leg *previous;
    struct leg *next;
    uint64_t name; /* of its exchange, which may have ended */
    enum leg_state state;
    struct loop_timer arrival;
    uint8_t *frame;
    size_t size;
};

#define OWNER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* --- lists; under the lock --- */

static struct exchange *exchange_take(struct direct *direct, uint64_t name)
{
    struct exchange **link = &direct->exchanges;
    while (*link != NULL && (*link)->name != name) {
        link = &(*link)->next;
    }
    struct exchange *exchange = *link;
    if (exchange != NULL) {
        *link = exchange->next;
    }
    return exchange;
}

static void legs_remove(struct direct *direct, struct leg *leg)
{
    if (leg->previous != NULL) {
        leg->previous->next = leg->next;
    } else {
        direct->legs = leg->next;
    }
    if (leg->next != NULL) {
        leg->next->previous = leg->previous;
    }
}

static void direct_release(struct direct *direct)
{
    pthread_mutex_lock(&direct->lock);
    bool last = --direct->references == 0;
    pthread_mutex_unlock(&direct->lock);
    if (last) {
        pthread_mutex_destroy(&direct->lock);
        free(direct);
    }
}

static void leg_free(struct leg *leg)
{
    struct direct *direct = leg->direct;
    pthread_mutex_lock(&direct->lock);
    legs_remove(direct, leg);
    pthread_mutex_unlock(&direct->lock);
    free(leg->frame);
    free(leg);
    direct_release(direct);
}

/* --- the end of an exchange --- */

static void exchange_free(struct exchange *exchange)
{
    loop_timer_clear(exchange->direct->world.loop, &exchange->cut);
    free(exchange);
}

/* Does nothing when it has ended already. */
static void exchange_end(struct direct *direct, uint64_t name, enum status status,
                         struct bytes frame)
{
    pthread_mutex_lock(&direct->lock);
    struct exchange *exchange = exchange_take(direct, name);
    pthread_mutex_unlock(&direct->lock);
    if (exchange != NULL) {
        exchange->done(exchange->context, status, frame);
        exchange_free(exchange);
    }
}

static void cut_expired(struct loop_timer *timer)
{
    struct exchange *exchange = OWNER_OF(timer, struct exchange, cut);
    exchange_end(exchange->direct, exchange->name, STATUS_UNAVAILABLE, bytes_of(NULL, 0));
}

/* --- there and back --- */

static struct rpc_fate fate_of(struct direct *direct, bool is_reply)
{
    struct rpc_fate fate = {.copies = 1};
    if (direct->world.fate != NULL) {
        fate = direct->world.fate(direct->world.context, is_reply);
        CHECK(fate.copies <= COPIES_MAX);
    }
    return fate;
}

static void frame_set(struct leg *leg, struct bytes frame)
{
    free(leg->frame);
    leg->frame = malloc(frame.size > 0 ? frame.size : 1);
    CHECK(leg->frame != NULL);
    if (frame.size > 0) {
        memcpy(leg->frame, frame.data, frame.size);
    }
    leg->size = frame.size;
}

static void leg_arrived(struct loop_timer *timer)
{
    struct leg *leg = OWNER_OF(timer, struct leg, arrival);
    struct direct *direct = leg->direct;
    struct bytes frame = bytes_of(leg->frame, leg->size);
    if (leg->state == LEG_TO_CLIENT) {
        exchange_end(direct, leg->name, STATUS_OK, frame);
        leg_free(leg);
        return;
    }
    struct rpc_router *router = direct->world.router(direct->world.context);
    if (router == NULL) {
        exchange_end(direct, leg->name, STATUS_UNAVAILABLE, bytes_of(NULL, 0));
        leg_free(leg);
        return;
    }
    /* The reply may come at once and take the leg with it: the frame leaves it first. */
    uint8_t *served = leg->frame;
    leg->frame = NULL;
    pthread_mutex_lock(&direct->lock);
    leg->state = LEG_SERVED;
    pthread_mutex_unlock(&direct->lock);
    rpc_router_serve(router, &leg->exchange, frame);
    free(served);
}

/* The router's reply, on any thread. Timers go under the lock, so that none is set once the
 * transport has been freed. */
static void leg_reply(struct rpc_exchange *exchange, struct bytes frame)
{
    struct leg *leg = OWNER_OF(exchange, struct leg, exchange);
    struct direct *direct = leg->direct;
    pthread_mutex_lock(&direct->lock);
    bool on_its_way = false;
    if (!direct->closed) {
        struct rpc_fate fate = fate_of(direct, true);
        struct exchange **link = &direct->exchanges;
        while (*link != NULL && (*link)->name != leg->name) {
            link = &(*link)->next;
        }
        if (fate.cut && *link != NULL) {
            loop_timer_set(direct->world.loop, &(*link)->cut, fate.delay_us);
        }
        /* Of a doubled reply the second would find the exchange ended. */
        on_its_way = !fate.cut && !fate.lost && fate.copies > 0;
        if (on_its_way) {
            frame_set(leg, frame);
            leg->state = LEG_TO_CLIENT;
            loop_timer_set(direct->world.loop, &leg->arrival, fate.delay_us);
        }
    }
    pthread_mutex_unlock(&direct->lock);
    if (!on_its_way) {
        leg_free(leg);
    }
}

/* Under the lock. */
static void leg_start(struct direct *direct, uint64_t name, struct bytes frame, int64_t delay_us)
{
    struct leg *leg = calloc(1, sizeof(*leg));
    CHECK(leg != NULL);
    leg->direct = direct;
    leg->name = name;
    leg->exchange.reply = leg_reply;
    leg->arrival.expired = leg_arrived;
    frame_set(leg, frame);
    leg->next = direct->legs;
    if (direct->legs != NULL) {
        direct->legs->previous = leg;
    }
    direct->legs = leg;
    direct->references++;
    loop_timer_set(direct->world.loop, &leg->arrival, delay_us);
}

static enum status direct_send(struct rpc_transport *transport, struct bytes frame,
                               void (*done)(void *context, enum status status, struct bytes frame),
                               void *context, _Atomic(void *) *ret_exchange)
{
    struct direct *direct = OWNER_OF(transport, struct direct, transport);
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    CHECK(exchange != NULL);
    exchange->direct = direct;
    exchange->done = done;
    exchange->context = context;
    exchange->cut.expired = cut_expired;
    struct rpc_fate fate = fate_of(direct, false);
    pthread_mutex_lock(&direct->lock);
    exchange->name = ++direct->names;
    exchange->next = direct->exchanges;
    direct->exchanges = exchange;
    atomic_store(ret_exchange, (void *)(uintptr_t)exchange->name);
    if (fate.cut) {
        loop_timer_set(direct->world.loop, &exchange->cut, fate.delay_us);
    } else if (!fate.lost) {
        for (uint32_t i = 0; i < fate.copies; i++) {
            leg_start(direct, exchange->name, frame, fate.delay_us);
        }
    }
    pthread_mutex_unlock(&direct->lock);
    return STATUS_OK;
}

/* Never unsent: a frame is on its way at once. */
static bool direct_cancel(struct rpc_transport *transport, void *name)
{
    struct direct *direct = OWNER_OF(transport, struct direct, transport);
    pthread_mutex_lock(&direct->lock);
    struct exchange *exchange = exchange_take(direct, (uint64_t)(uintptr_t)name);
    pthread_mutex_unlock(&direct->lock);
    if (exchange != NULL) {
        exchange_free(exchange);
    }
    return false;
}

/* The connection closes: what is on its way is lost, and the server learns that its callers have
 * gone. */
static void direct_free(struct rpc_transport *transport)
{
    struct direct *direct = OWNER_OF(transport, struct direct, transport);
    pthread_mutex_lock(&direct->lock);
    direct->closed = true;
    struct exchange *exchange;
    while ((exchange = direct->exchanges) != NULL) {
        direct->exchanges = exchange->next;
        exchange_free(exchange);
    }
    for (struct leg *leg = direct->legs; leg != NULL;) {
        struct leg *next = leg->next;
        if (leg->state != LEG_SERVED) {
            loop_timer_clear(direct->world.loop, &leg->arrival);
            legs_remove(direct, leg);
            direct->references--;
            free(leg->frame);
            free(leg);
        }
        leg = next;
    }
    /* One at a time, since on_cancel may answer and so end legs; `gone` marks those that had their
     * turn. */
    for (struct leg *leg = direct->legs; leg != NULL;) {
        if (atomic_load(&leg->exchange.gone)) {
            /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed above has left the list */
            leg = leg->next;
            continue;
        }
        struct rpc_call *call = rpc_router_cancel_begin(&leg->exchange);
        pthread_mutex_unlock(&direct->lock);
        rpc_router_cancel_end(call);
        pthread_mutex_lock(&direct->lock);
        leg = direct->legs;
    }
    pthread_mutex_unlock(&direct->lock);
    direct_release(direct);
}

struct rpc_transport *rpc_direct_transport_new(const struct rpc_direct *world)
{
    struct direct *direct = calloc(1, sizeof(*direct));
    CHECK(direct != NULL);
    direct->transport =
        (struct rpc_transport){.send = direct_send, .cancel = direct_cancel, .free = direct_free};
    direct->world = *world;
    direct->references = 1;
    CHECK(pthread_mutex_init(&direct->lock, NULL) == 0);
    return &direct->transport;
}
