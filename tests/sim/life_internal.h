/* What the actors share. */
#ifndef VAFA_TESTS_SIM_LIFE_INTERNAL_H
#define VAFA_TESTS_SIM_LIFE_INTERNAL_H

#include "tests/sim/checks.h"
#include "tests/sim/errand.h"
#include "tests/sim/invariants.h"
#include "tests/sim/life.h"
#include "tests/sim/recount.h"
#include "tests/sim/story.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(text) ((char *)(uintptr_t)(text))
#define OFFICES_MAX 24
#define DESKS 2
#define SHARES 4 /* two desks of each of two offices */

/* Something to be done later, by whom it is embedded in. */
struct later {
    struct life *life;
    struct loop_timer timer;
    void (*run)(struct later *later);
};

/* What somebody wanted registered, and what they were told. */
struct wish {
    bool answered;
    bool personal; /* gave a phone and words, or a known caller's phone was taken */
    bool referred; /* the answer told that it is none of the city's */
    bool in_call;  /* asked in a call, which may have ended by then */
    uint64_t number;
    char code[RECOUNT_CODE_SIZE];
    char phone[16]; /* given, or else the call's */
    char words[64];
    int64_t answered_us;
    bool may_be_forgotten; /* somebody has asked for it */
    int64_t forgotten_us;  /* when that was answered; 0: not */
    Common__Position position;
    uint8_t position_bytes[STORE_LOG_ID_BYTES + STORE_HASH_BYTES];
};

struct office {
    struct life *life;
    struct world_caller *caller;
    const char *unit;
    struct later look;
    uint64_t next;         /* remembered; 0: forgotten, the server knows */
    uint64_t has;          /* has everything up to here */
    uint64_t sent_ack;     /* the furthest acknowledgement sent */
    uint64_t answered_ack; /* the furthest answered */
    bool slow;
    bool reading;
    int64_t away_from_us, away_until_us;
};

struct desk {
    struct life *life;
    struct world_caller *caller;
    char name[32];
    struct later look;
    bool asking;
};

/* One of two desks that share the work of an office. */
struct share {
    struct life *life;
    struct world_caller *caller;
    const char *unit;
    char name[32];
    struct later later;
    unsigned rounds; /* left, before it falls silent */
};

#define MANAGERS 3

/* Of a unit, at the hotline centre now and then. */
struct manager {
    struct life *life;
    struct world_caller *caller;
    const char *unit;
    struct later later;
    uint64_t session; /* 0: none */
    uint64_t has;     /* has everything of it up to here */
};

#define PACK_SERVICES 5

/* Who takes packs, in one service after the other. */
struct keeper {
    struct life *life;
    struct world_caller *callers[PACK_SERVICES];
    bool is_busy;
    bool wants_other;
    size_t place, file;
    uint64_t last;
    bool is_back;
};

#define KEY_SERVICES 2

/* Who changes the master key. */
struct key_keeper {
    struct life *life;
    struct world_caller *callers[KEY_SERVICES];
    bool is_busy;
    unsigned step;
    size_t place;
};

struct life {
    struct world *world;
    struct life_options options;
    struct recount *recount;
    struct errand_office *errands;
    bool closing;
    bool quiet;       /* everything is delivered, or should be */
    uint64_t started; /* errands */
    struct world_caller *front_end, *importer, *routing_importer, *chaser, *leader, *rater, *admin,
        *mayor, *shift_head;
    struct office offices[OFFICES_MAX];
    size_t office_count;
    struct desk desks[DESKS];
    struct share shares[SHARES];
    struct manager managers[MANAGERS];
    struct wish *wishes; /* by marker */
    size_t wish_count, wish_room;
    struct later hour, import, chase, match, report, rate, forget, phone, thoughts, closure, storm,
        surges, pack, list, keys;
    struct {
        struct later later;
        const char *topic, *area; /* area NULL: anywhere */
        int64_t until_us;
    } talk; /* what many call about, for an hour or so */
    struct keeper keeper;
    struct key_keeper key_keeper;
    uint64_t key_changes; /* that went through */
    uint64_t last_call;   /* the newest that was acknowledged */
    size_t waiting;       /* citizens about to call, and to hang up */
    struct act *acts;     /* what offices are still to do */
    size_t asked, heard;
};

int64_t life_draw(struct life *life, int64_t from, int64_t below);
bool life_chance(struct life *life, unsigned of_a_thousand);

void later_set(struct later *later, struct life *life, void (*run)(struct later *later),
               int64_t delay_us);
void later_clear(struct later *later);

/* An errand of this life, counted; its context is `context`. */
struct errand *life_errand(struct life *life, struct world_caller *caller, const char *method,
                           void (*done)(struct errand *errand), void *context);
/* For `done` of a changing errand: its answer's position is in the log, and now and then it is sent
 * again later. */
void life_answered(struct life *life, struct errand *errand);
/* A refusal that what others did meanwhile explains. */
void life_refused(const struct errand *errand, bool is_explained);
/* Asks for the story of a request, with what was just written in it. */
void life_ask_story(struct life *life, const char *code, const Common__Position *at_least);

/* Somebody has a request registered, in a call (0: in none). */
void life_register(struct life *life, uint64_t call_number, const char *caller);

/* What somebody might call about, and what they say to its questions. */
const char *life_draw_topic(struct life *life);
/* life_rules.c */
#define LIFE_TOPICS 7
#define LIFE_AREAS 3
extern const char *const life_topics[LIFE_TOPICS];
extern const char *const life_areas[LIFE_AREAS];
void life_add_offices(struct life *life);
size_t life_answer_questions(struct errand *errand, const char *topic, uint64_t marker,
                             Common__Answer ***ret_answers);
/* One of the answers people give, from 1; as an errand says it; whether it is what was kept. */
size_t life_draw_said(struct life *life);
Common__Answer *life_say(struct errand *errand, size_t number);
bool life_was_said(size_t number, const struct recount_answer *answered);

/* life_surge.c: what many call about just now, NULL: nothing, or anywhere. */
const char *life_talk_topic(const struct life *life);
const char *life_talk_area(const struct life *life);
void life_ask_surges(struct life *life, bool open);
void life_begin_surges(struct life *life);
/* life_storm.c: began or lengthened, or rightly not */
void life_storm_answered(struct errand *errand);
/* life.c: a citizen registers something then */
void life_call_later(struct life *life, int64_t delay_us);

/* life_phone.c */
void life_begin_phones(struct life *life);
/* life_amend.c */
void life_begin_second_thoughts(struct life *life);

/* life_match.c */
const struct wish *life_recent_wish(struct life *life);
void life_begin_matching(struct life *life);

/* life_office.c */
void life_add_office(struct life *life, const char *unit);
void office_begin(struct office *office);
void office_last_look(struct office *office);
void life_drop_acts(struct life *life);
/* life_share.c */
void share_begin(struct share *share, struct life *life, const char *unit, unsigned number);
/* life_desk.c */
void desk_begin(struct desk *desk, struct life *life, unsigned number);
/* life_forget.c */
void life_begin_forgetting(struct life *life);
/* RevealCase was answered: whether it could be refused, or had to be. True when there is something to
 * look at. */
bool life_check_reveal(struct life *life, const struct errand *errand);
/* life_clock.c */
void life_begin_closures(struct life *life);
/* life_storm.c */
void life_begin_storms(struct life *life);
/* life_session.c */
void life_begin_sessions(struct life *life);
void life_look_back_at_sessions(struct life *life);
void life_end_sessions(struct life *life);
/* life_pack.c */
void life_begin_packs(struct life *life);
void life_check_packs(struct life *life);
/* life_keys.c */
void life_begin_keys(struct life *life);
/* Unless it is being changed. */
void life_change_keys(struct life *life);
/* life_list.c */
void life_begin_lists(struct life *life);
/* Asks for what is open where the request is, by the thing it names; it had better be among that, or not.
 * With what routing has told by then. */
void life_ask_same(struct life *life, const struct recount_case *one,
                   const Common__Position *at_least);
/* Searches a request by its own words, if it has any. */
void life_search_words(struct life *life, uint64_t marker);
void life_list_at_the_end(struct life *life);
/* life_reads.c: somebody looks at something */
void life_read(struct life *life);
void life_read_at_the_end(struct life *life);
/* A call back, a session, as told; `then`: as it stood before that was asked, NULL: it was not there. After catching up. */
void life_check_call(struct life *life, const struct recount_call *then,
                     const Followup__Call *told);
void life_check_session(struct life *life, const struct recount_session *then,
                        const Followup__Session *told);
/* life_reads_lists.c */
void life_list_phone(struct life *life);
void life_list_calls(struct life *life);
void life_list_sessions(struct life *life);
void life_list_offices(struct life *life);
/* life_reads_pack.c */
void life_ask_file(struct life *life);
void life_ask_topics(struct life *life);
void life_ask_suggestion(struct life *life);
void life_ask_route(struct life *life);
/* life_reads_service.c */
void life_ask_health(struct life *life);
void life_ask_keys(struct life *life);
void life_ask_citizen(struct life *life);
/* life_lead.c */
void life_begin_leadership(struct life *life);
void life_ask_everything(struct life *life);
void life_ask_report(struct life *life, const Common__Position *at_least);

#endif
