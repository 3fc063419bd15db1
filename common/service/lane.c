#include "service/lane.h"

#include "base/check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct lane {
    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    struct lane_job *first;
    struct lane_job **end;
    size_t waiting;
    bool stopped;

    size_t queue_max;
    size_t thread_count; /* those that run */
    pthread_t threads[];
};

static void *run_jobs(void *context)
{
    struct lane *lane = context;
    pthread_mutex_lock(&lane->lock);
    for (;;) {
        struct lane_job *job = lane->first;
        if (job != NULL) {
            lane->first = job->next;
            if (lane->first == NULL) {
                lane->end = &lane->first;
            }
            lane->waiting--;
            pthread_mutex_unlock(&lane->lock);
            job->run(job);
            pthread_mutex_lock(&lane->lock);
        } else if (lane->stopped) {
            break;
        } else {
            pthread_cond_wait(&lane->changed, &lane->lock);
        }
    }
    pthread_mutex_unlock(&lane->lock);
    return NULL;
}

enum status lane_new(struct lane **ret_lane, size_t threads, size_t queue_max, struct error *err)
{
    struct lane *lane = calloc(1, sizeof *lane + threads * sizeof lane->threads[0]);
    CHECK(lane != NULL);
    CHECK(pthread_mutex_init(&lane->lock, NULL) == 0);
    CHECK(pthread_cond_init(&lane->changed, NULL) == 0);
    lane->end = &lane->first;
    lane->queue_max = queue_max;
    while (lane->thread_count < threads) {
        int rc = pthread_create(&lane->threads[lane->thread_count], NULL, run_jobs, lane);
        if (rc != 0) {
            lane_free(lane);
            return error_set_errno(err, STATUS_RESOURCE_EXHAUSTED, rc,
                                   "starting a thread for long reads");
        }
        lane->thread_count++;
    }
    *ret_lane = lane;
    return STATUS_OK;
}

enum status lane_submit(struct lane *lane, struct lane_job *job, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&lane->lock);
    if (lane->stopped) {
        status = error_set(err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
    } else if (lane->waiting == lane->queue_max) {
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "%zu long questions wait already: try again later", lane->queue_max);
    } else {
        job->next = NULL;
        *lane->end = job;
        lane->end = &job->next;
        lane->waiting++;
        pthread_cond_signal(&lane->changed);
    }
    pthread_mutex_unlock(&lane->lock);
    return status;
}

void lane_stop(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->stopped = true;
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
    while (lane->thread_count > 0) {
        CHECK(pthread_join(lane->threads[--lane->thread_count], NULL) == 0);
    }
}

void lane_free(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    lane_stop(lane);
    pthread_cond_destroy(&lane->changed);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}
