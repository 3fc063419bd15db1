/*
 * A morning at the hotline: front-ends register what a script says, offices take it on, finish it or
 * give it back - what is urgent is the work of each office's desk on watch -, and all of them write down
 * what they were told. Threads on real services, with libvafa.
 *
 * Whatever a thread finds wrong is told to the test's own thread, which fails at its next wait.
 */
#ifndef VAFA_TESTS_DAY_H
#define VAFA_TESTS_DAY_H

#include "clients/libvafa/vafa.h"
#include "tests/integration/system.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAY_DISTRICTS 15
#define DAY_DESKS 3
#define DAY_OFFICES (DAY_DISTRICTS * DAY_DESKS + 1) /* the last: the coordinator */
#define DAY_TOPICS 7
#define DAY_WATCHES (DAY_OFFICES - 1) /* the coordinator has none */
#define DAY_WATCH "کشیک"              /* the pack's name of them */
#define DAY_AWAY 4                    /* the district whose offices are cut off for two hours */
#define DAY_STORM 1
#define DAY_PATIENCE_MS 60000

/* A topic of Isfahan's pack, and what the pack says of it. */
struct day_topic {
    const char *key;
    const char *desk;  /* district-N-DESK has it */
    const char *level; /* of levels.csv */
    bool urgent, in_storm;
};
extern const struct day_topic day_topics[DAY_TOPICS];
extern const char *const day_desks[DAY_DESKS];

/* A call as the script has it, and what its front-end was told. */
struct day_call {
    const struct day_topic *topic;
    unsigned district; /* from 1 */
    bool urgent;       /* the topic is, or the caller says so */
    bool twice;        /* sent twice at once, under one key */
    bool withdrawn;    /* taken back afterwards */
    bool tree;         /* about the great tree of the district */
    enum { DAY_ALONE, DAY_JOINS, DAY_JOINED_AFTERWARDS } joining;
    bool has_phone;
    bool before_storm;
    bool phoned;         /* registered in a call that is opened and ended */
    bool asked_before;   /* just before, somebody else called who was told something, no more */
    uint64_t phone_call; /* the numbers of these two calls */
    uint64_t other_call;
    uint8_t key[UUID_BYTES];
    uint64_t number; /* 0: not acknowledged */
    char code[16];
};

/* A change as an office was told it. */
struct day_told {
    uint64_t sequence, task;
    Routing__ChangeKind kind;
};

/* An office, or the desk that is on watch there: a program of its own, which has its own place in what
 * the office is told, and keeps it itself. */
struct day_office {
    struct day *day;
    char unit[64];
    char name[96];     /* of the program */
    bool watches;      /* it is that desk */
    unsigned district; /* 0: the coordinator */
    struct vafa *vafa; /* NULL while it is cut off */
    pthread_t thread;
    struct day_told *told;
    size_t told_count, told_room;
    size_t told_before; /* it was cut off */
    uint64_t next, acknowledged;
};

/* What offices were told and did of a request's own task. */
struct day_task {
    unsigned routed; /* how often an office was told that it came */
    const struct day_office *office;
    unsigned alarmed; /* how often a desk on watch was told that it came */
    int64_t delay_us; /* from registration until then, the first time */
    bool given;       /* it was with that desk then */
    unsigned returns;
    unsigned moved;  /* how often its office was told of a new due date */
    bool dealt_with; /* accepted, or found cancelled or joined */
    bool finished;
    char unit[64]; /* the last that a service said has it */
};

struct day_front_end;

struct day {
    const struct system *system;
    struct vafa *vafa; /* for the test itself, as admin */
    struct day_call *calls;
    size_t call_count;
    struct day_front_end *front_ends;
    struct day_office *offices;
    struct day_office *watches;
    struct day_task *tasks;            /* by the number of the request */
    char trees[DAY_DISTRICTS + 1][16]; /* codes of the first that told of them */
    pthread_mutex_t lock;              /* guards the rest, and what threads were told */
    pthread_cond_t changed;
    size_t begun, until, ended; /* of the calls */
    bool away, over;
    size_t cut_off; /* offices and watches that are */
    bool failed;
    char failure[512];
};

/* Everybody comes to work; the calls are borrowed. */
void day_begin(struct day *day, const struct system *system, struct day_call *calls, size_t count);
/* So many more calls come in; returns when all are answered. */
void day_take_calls(struct day *day, size_t count);
/* The district's offices and their watches lose their line; returns when they have. */
void day_cut_off(struct day *day);
void day_reconnect(struct day *day);
/* Until every request that has a task of its own was dealt with by an office, and offices have heard
 * what the storm has moved. */
void day_wait_dealt_with(struct day *day);
/* The threads end, the offices having heard all there is. */
void day_end(struct day *day);
void day_free(struct day *day);

/* An admin's call. Fails the test when it does not end with OK. */
void day_ask(struct day *day, struct vafa_call *call);

/* For the threads: the first complaint is kept. False is returned, for the caller's convenience. */
bool day_complain(struct day *day, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A call of theirs; complains when it does not end with OK, and finishes it then. */
bool day_try(struct day *day, struct vafa *vafa, const char *who, struct vafa_call *call);

/* The halves of day_begin and day_end. */
void day_front_ends_come(struct day *day);
void day_front_ends_go(struct day *day);
void day_offices_come(struct day *day);
void day_offices_go(struct day *day);

#endif
