/*
 * The alarm: fires a service's durable timers when they are due. A machine on the node's loop; what
 * it knows of the next timer it reads from the store after every commit, so nothing lives in memory
 * only.
 */
#ifndef VAFA_SERVICE_ALARM_H
#define VAFA_SERVICE_ALARM_H

#include "base/loop.h"
#include "service/engine.h"
#include "store/writer.h"

struct alarm;

struct alarm_options {
    struct engine *engine;
    struct writer *writer;
    struct store *store;
    struct loop *loop;
    /* A timer was refused: it and those behind it will not fire; on the loop. */
    void (*stopped)(void *context, const struct error *why);
    void *context;
};

struct alarm *alarm_new(const struct alarm_options *options);
void alarm_start(struct alarm *alarm);
void alarm_free(struct alarm *alarm);      /* as follower_free; NULL is allowed */
void alarm_committed(struct alarm *alarm); /* any thread */

#endif
