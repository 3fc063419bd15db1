#include "service/parking.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 256

struct parking {
    pthread_mutex_t lock;
    struct loop *loop;
    struct loop_task task; /* resumes what is ready */
    struct parked *buckets[BUCKETS];
    struct parked *ready, **ready_end; /* in order of waking */
    size_t count;
    size_t brief_count; /* of them */
    size_t count_max;   /* of the others */
    uint64_t generation;
    uint64_t turns;
    bool drained;
};

static size_t bucket_of(uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
}

/* --- under the lock --- */

static void unlink_parked(struct parking *parking, struct parked *parked)
{
    if (parked->previous != NULL) {
        parked->previous->next = parked->next;
    } else {
        parking->buckets[bucket_of(parked->key)] = parked->next;
    }
    if (parked->next != NULL) {
        parked->next->previous = parked->previous;
    }
    parked->previous = parked->next = NULL;
    parked->is_parked = false;
    parking->count--;
    parking->brief_count -= parked->brief ? 1 : 0;
}

static void make_ready(struct parking *parking, struct parked *parked, enum parking_reason reason)
{
    parked->reason = reason;
    parked->next = NULL;
    *parking->ready_end = parked;
    parking->ready_end = &parked->next;
}

static void wake_bucket(struct parking *parking, size_t bucket, uint64_t key, bool all,
                        enum parking_reason reason)
{
    struct parked *next;
    for (struct parked *parked = parking->buckets[bucket]; parked != NULL; parked = next) {
        next = parked->next;
        if (all || parked->key == key) {
            unlink_parked(parking, parked);
            make_ready(parking, parked, reason);
        }
    }
}

static void wake_everything(struct parking *parking, enum parking_reason reason)
{
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        wake_bucket(parking, bucket, 0, true, reason);
    }
}

/* --- on the loop --- */

static struct parked *take_ready(struct parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    struct parked *parked = parking->ready;
    if (parked != NULL) {
        parking->ready = parked->next;
        if (parking->ready == NULL) {
            parking->ready_end = &parking->ready;
        }
        parked->next = NULL;
    }
    pthread_mutex_unlock(&parking->lock);
    return parked;
}

void parking_resume(struct parking *parking)
{
    struct parked *parked;
    while ((parked = take_ready(parking)) != NULL) {
        loop_timer_clear(parking->loop, &parked->timer);
        parked->resume(parked, parked->reason);
    }
}

/* One for each turn of the loop: a thousand that wake at once do not put off the others' timers. */
static void resume_one(struct loop_task *task)
{
    struct parking *parking = (struct parking *)((char *)task - offsetof(struct parking, task));
    struct parked *parked = take_ready(parking);
    if (parked == NULL) {
        return;
    }
    loop_post(parking->loop, task);
    loop_timer_clear(parking->loop, &parked->timer);
    parked->resume(parked, parked->reason);
}

/* On the loop, as is every resume: so the parked read is still there, even if it was woken or
 * cancelled meanwhile. */
static void wait_is_over(struct loop_timer *timer)
{
    struct parked *parked = (struct parked *)((char *)timer - offsetof(struct parked, timer));
    struct parking *parking = parked->parking;
    pthread_mutex_lock(&parking->lock);
    bool was_parked = parked->is_parked;
    if (was_parked) {
        unlink_parked(parking, parked);
    }
    pthread_mutex_unlock(&parking->lock);
    if (was_parked) {
        parked->resume(parked, PARKING_OVER);
    }
}

/* --- any thread --- */

uint64_t parking_generation(struct parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    uint64_t generation = parking->generation;
    pthread_mutex_unlock(&parking->lock);
    return generation;
}

/* The other wait of the same reader, of which there is at most one. */
static struct parked *find_reader(struct parking *parking, uint64_t key, uint64_t reader)
{
    struct parked *parked = reader == 0 ? NULL : parking->buckets[bucket_of(key)];
    while (parked != NULL && (parked->key != key || parked->reader != reader)) {
        parked = parked->next;
    }
    return parked;
}

static void link_parked(struct parking *parking, struct parked *parked, int64_t delay_us)
{
    struct parked **bucket = &parking->buckets[bucket_of(parked->key)];
    parked->previous = NULL;
    parked->next = *bucket;
    if (*bucket != NULL) {
        (*bucket)->previous = parked;
    }
    *bucket = parked;
    parked->is_parked = true;
    parking->count++;
    parking->brief_count += parked->brief ? 1 : 0;
    /* Under the lock: once it is released the parked read may be resumed and gone. */
    parked->timer.expired = wait_is_over;
    loop_timer_set(parking->loop, &parked->timer, delay_us);
}

static enum status check_room(const struct parking *parking, const struct parked *parked,
                              struct error *err)
{
    if (parking->drained) {
        return error_set(err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
    }
    size_t lasting = parking->count - parking->brief_count;
    if (!parked->brief && lasting >= parking->count_max) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "%zu reads are waiting already: try again later", lasting);
    }
    return STATUS_OK;
}

/* Under the lock: waits, or is ready at once. */
static void park_or_ready(struct parking *parking, struct parked *parked, int64_t delay_us,
                          uint64_t generation)
{
    struct parked *other = find_reader(parking, parked->key, parked->reader);
    if (parked->turn == 0) {
        parked->turn = ++parking->turns;
    }
    if (parked->cancelled) {
        make_ready(parking, parked, PARKING_CANCELLED);
    } else if (other != NULL && other->turn > parked->turn) {
        make_ready(parking, parked, PARKING_REPLACED);
    } else if (generation != parking->generation) {
        make_ready(parking, parked, PARKING_WOKEN);
    } else {
        if (other != NULL) {
            unlink_parked(parking, other);
            make_ready(parking, other, PARKING_REPLACED);
        }
        link_parked(parking, parked, delay_us);
    }
}

static void unlock_and_post(struct parking *parking)
{
    bool post = parking->ready != NULL;
    pthread_mutex_unlock(&parking->lock);
    if (post) {
        loop_post(parking->loop, &parking->task);
    }
}

enum status parking_park(struct parking *parking, struct parked *parked, uint64_t key,
                         uint64_t reader, int64_t delay_us, uint64_t generation, struct error *err)
{
    pthread_mutex_lock(&parking->lock);
    enum status status = check_room(parking, parked, err);
    if (status == STATUS_OK) {
        parked->parking = parking;
        parked->key = key;
        parked->reader = reader;
        park_or_ready(parking, parked, delay_us, generation);
    }
    unlock_and_post(parking);
    return status;
}

void parking_cancel(struct parking *parking, struct parked *parked)
{
    pthread_mutex_lock(&parking->lock);
    parked->cancelled = true;
    if (parked->is_parked) {
        unlink_parked(parking, parked);
        make_ready(parking, parked, PARKING_CANCELLED);
    }
    unlock_and_post(parking);
}

void parking_wake(struct parking *parking, const uint64_t *keys, size_t count, bool all)
{
    pthread_mutex_lock(&parking->lock);
    parking->generation++;
    if (parking->count > 0) {
        if (all) {
            wake_everything(parking, PARKING_WOKEN);
        } else {
            wake_bucket(parking, bucket_of(0), 0, false, PARKING_WOKEN);
            for (size_t i = 0; i < count; i++) {
                wake_bucket(parking, bucket_of(keys[i]), keys[i], false, PARKING_WOKEN);
            }
        }
    }
    unlock_and_post(parking);
}

void parking_drain(struct parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    parking->drained = true;
    wake_everything(parking, PARKING_DRAINED);
    unlock_and_post(parking);
}

size_t parking_count(struct parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    size_t count = parking->count;
    pthread_mutex_unlock(&parking->lock);
    return count;
}

struct parking *parking_new(struct loop *loop, size_t parked_max)
{
    struct parking *parking = calloc(1, sizeof *parking);
    CHECK(parking != NULL);
    CHECK(pthread_mutex_init(&parking->lock, NULL) == 0);
    parking->loop = loop;
    parking->task.run = resume_one;
    parking->ready_end = &parking->ready;
    parking->count_max = parked_max;
    return parking;
}

void parking_free(struct parking *parking)
{
    if (parking == NULL) {
        return;
    }
    CHECK(parking->count == 0 && parking->ready == NULL);
    loop_unpost(parking->loop, &parking->task);
    (void)pthread_mutex_destroy(&parking->lock);
    free(parking);
}
