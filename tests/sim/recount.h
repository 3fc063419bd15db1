/*
 * The recount: the five logs read again, event by event, by code of its own, into what they say the
 * city is. It follows the logs as they grow, computes their chains, and finds every event that
 * cannot be: out of order, told twice, against the rules of the trade.
 */
#ifndef VAFA_TESTS_SIM_RECOUNT_H
#define VAFA_TESTS_SIM_RECOUNT_H

#include "tests/sim/world.h"
#include "tests/support/slow_clock.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#define RECOUNT_CODE_SIZE 16
#define RECOUNT_POINT_AREA "3" /* the district at whose middle the people point */
#define RECOUNT_LINE "L"       /* "L17": the line on which r17's caller lost something */

/* An event about a request, in the order of its log. */
struct recount_event {
    unsigned service;
    uint64_t offset;
    uint32_t kind;     /* the member of its owner's Event */
    int64_t at_us;     /* occurred */
    const char *actor; /* "" for a service by itself, and for what else became of history */
    const char *unit;
    int64_t due_at_us;
    uint32_t score;
    uint32_t resolution;
    bool answered;
    bool copied;              /* of the task of another request, to which this one is joined */
    Routing__JoinedFate fate; /* of JoinedFollowed */
    bool by_storm;            /* a due date that a storm moved */
    bool left;                /* it has left the task that it shared, taken back */
    bool referred;            /* it ended as none of the city's matters: nobody is called */
    bool calmed;              /* the same event: the task is urgent no more; kind 0 */
    bool
        alarmed_before; /* the same event: the task it was joined to was told as urgent before; kind 0 */
    bool planned_before;      /* the same event: that task was planned before; kind 0 */
    const char *topic, *area; /* of an amendment; NULL otherwise */
    bool urgent_now;          /* of one: the operator said so */
};

/* One end of a task: it was done, or closed undone. */
struct recount_finish {
    uint64_t offset; /* of the event that told it */
    bool undone;
    int64_t at_us;
    uint64_t call; /* that follows it; 0: none yet */
    bool left; /* the task's own request was taken back by then, or referred: nobody is called */
    uint64_t reopened_by; /* the call whose answer opened the task again; 0: none */
};

/* The end of another's task, to a request that is joined to it. */
struct recount_end {
    uint64_t task;
    size_t number; /* of the finish, from 1 */
    struct recount_finish finish;
};

/* The pack's: how far ahead the limit of a waiting may lie. */
#define RECOUNT_PAUSE_DAYS_MAX 30

/* What somebody answered to a question of the topic, as it is kept. */
struct recount_answer {
    const char *topic, *question, *value;
};

struct recount_case {
    uint64_t number;
    uint64_t offset; /* in intake's log */
    char code[RECOUNT_CODE_SIZE];
    uint64_t marker; /* what the people call it; 0: none */
    const char *topic, *area;
    Common__Channel channel;
    bool historical;
    bool can_be_called;
    uint64_t citizen;
    bool by_pack;  /* the packs route it differently */
    bool is_alone; /* as it was registered: joined to no other */
    int64_t occurred_at_us;
    uint64_t task;        /* its own, or the one it is joined to; 0: none yet */
    uint64_t joined_task; /* to routing; 0: it has its own */
    uint64_t head;        /* to intake; 0: it is joined to none */
    bool taken;           /* routing has heard of it */
    struct recount_end *ends;
    size_t end_count, end_room;
    uint64_t answers;
    const struct recount_answer *answered; /* the first at registering; NULL: none */
    bool by_line;                          /* where it is was told as an answer, too */
    uint32_t answers_told;        /* a bit for each number of answers to questions it ever had */
    uint32_t chases, chases_told; /* in intake's log; by routing */
    uint32_t amendments, amendments_told;
    uint32_t words, words_told;
    bool withdrawn;
    bool wants_urgent;      /* to intake, as it is now */
    bool registered_urgent; /* … as it was registered */
    bool urgent;            /* to routing */
    uint64_t storm;         /* in whose scope it was registered; 0: none */
    struct recount_event *events;
    size_t event_count, event_room;
};

/* The dates of a task: by recount_clock.c, which calculates them slowly. */
struct recount_dates {
    int64_t respond_us, warn_us, due_us, escalate_us; /* 0: none */
};

struct recount_clock {
    bool is_live; /* no history */
    bool working; /* in working hours of the unit */
    const char *level;
    int64_t whole_us, registered_us, routed_us;
    struct recount_dates dates;
    struct recount_dates unmoved; /* of one that waits: before the move that its end needs */
    int64_t waits_since_us;       /* 0: it does not */
    bool was_moved;               /* an event has moved them for the end of the waiting */
    bool warned, response_overdue, responded;
    uint32_t steps;
    uint64_t closure; /* the last that is in the dates */
    const char *topic, *area;
    bool urgent;
    uint64_t storm;     /* that it is of, or that has moved it; 0: none */
    bool loosened;      /* by it */
    int64_t back_us;    /* when it was opened again */
    bool is_hastened;   /* it became urgent, and its dates may have to move for that … */
    int64_t hastens_us; /* … as from then */
};

#define RECOUNT_STORM_KEYS 4

struct recount_storm {
    uint64_t number;
    const char *topics[RECOUNT_STORM_KEYS], *areas[RECOUNT_STORM_KEYS]; /* none: all */
    size_t topic_count, area_count;
    int64_t started_us, ends_us;
    uint64_t surge; /* that proposed it; 0: none */
    int64_t due_percent, respond_percent;
    bool has_ended;
    bool is_taken, is_applied; /* by routing */
    uint64_t last_task, looked;
};

/* That much more was asked for than is usual: by recount_surge.c. */
struct recount_surge {
    uint64_t number;
    const char *topic, *area;           /* area "": everywhere */
    int64_t began_us, until_us, due_us; /* due: when its timer ends it, by report's clock */
    uint64_t requests, before, most;
    uint32_t weeks;
    bool has_ended;
};

/* What report must tell next of surges. */
struct recount_surge_owed {
    uint32_t kind; /* of its Event */
    uint64_t number;
    const char *topic, *area;
    int64_t at_us;
    uint64_t requests, before;
    uint32_t weeks;
};

#define RECOUNT_SURGES_OWED 4 /* by one request */

struct recount_closure {
    int64_t from_us, to_us, announced_us;
    bool applied;
};

/* An urgent task: by recount_alarm.c. */
struct recount_alarm {
    bool owed; /* its unit is to be told, and has not been */
    int64_t owed_since_us;
    bool is_on;        /* it has been */
    bool orphaned;     /* its desk fell silent, and another is there */
    bool acknowledged; /* by a person */
    int64_t next_us;   /* it goes up then; 0: it does not */
    uint32_t steps;
};

/* An urgent task, as its unit's session was last to be told of it: by recount_sessions.c. */
struct recount_told {
    bool is_on; /* urgent and open */
    const char *unit, *topic;
    uint64_t place;     /* a hash of it */
    uint64_t desk;      /* 0: none */
    const char *person; /* who acknowledged it, "" for nobody */
    uint32_t steps;
    int64_t since_us; /* of the alarm */
};

/* The same, as far as follow-up has heard. */
struct recount_heard {
    bool waits; /* open, and no person has it */
    const char *unit;
    int64_t since_us;
};

/* Something that happened to one, of routing's log: follow-up is to tell it on, in this order. */
struct recount_news {
    uint64_t offset;
    int64_t at_us;
    uint64_t task;
    Followup__UrgentChangeKind kind;
    const char *unit, *from_unit, *topic, *desk, *person;
    uint32_t steps;
    bool is_open;
    int64_t since_us;
};

struct recount_shown {
    Followup__UrgentChangeKind kind;
    uint64_t task;
};

struct recount_session {
    uint64_t number;
    const char *unit;
    int64_t ends_us;
    bool has_ended;
    struct recount_shown *shown; /* by sequence - 1 */
    size_t shown_count, shown_room;
};

struct recount_task {
    uint64_t number;
    uint64_t case_number;
    const char *unit;
    Routing__TaskState state;
    bool is_planned; /* by who has it now */
    bool historical;
    bool called;      /* a call follows it */
    bool own_left;    /* its own request was taken back: it is done for the joined */
    bool is_deserted; /* and so were those of all who were joined to it */
    uint64_t citizen;
    int64_t due_at_us;
    int64_t routed_recorded_us; /* or reopened */
    int64_t ended_recorded_us;
    bool overdue;
    int64_t wait_until_us; /* while it waits */
    struct recount_clock clock;
    struct recount_finish *finishes;
    size_t finish_count, finish_room;
    size_t reopens;           /* but by amendments */
    size_t reopened_finishes; /* so many of the first did not hold */
    size_t returns;
    const char *helpers[8]; /* units whose parts have not ended */
    size_t helper_count, helps;
    bool by_rule;              /* the rules decided which unit has it */
    const char *usual_unit;    /* where the usual pack sends it */
    bool in_other_area;        /* where the other pack sends it elsewhere */
    bool wants_help;           /* a rule of the usual pack asks for the helper */
    size_t helper_parts;       /* of the rules' helper, but those that the rules withdrew */
    bool rule_helps;           /* the rules asked it, and its part has not ended */
    const char *wanted_unit;   /* to which the rules move it next; NULL: they do not */
    bool wants_end;            /* it is with a body outside the city, and has not ended yet */
    bool end_is_told;          /* … as it must: whoever registered it has told whose it is */
    bool wants_back;           /* it ended so, and is another's now: it is to be opened again … */
    bool comes_back;           /* … and handed on by the rules … */
    bool wants_dates;          /* … and to be given new dates */
    const char *wanted_helper; /* that the rules ask, and is not asked yet; NULL: none */
    bool helper_goes;          /* the rules withdraw it next */
    const char *up[10];        /* units that it went up to, oldest first */
    size_t up_count;
    uint64_t desk; /* that has claimed it; 0: none */
    bool urgent;
    bool urgent_today; /* a history: somebody has called since, and said so */
    struct recount_alarm alarm;
    struct recount_told told;
    struct recount_heard heard;
    uint32_t chases;
};

/* One of several desks that share the work of a unit. */
struct recount_desk {
    const char *unit, *name;
    int64_t lease_us, until_us;
    bool silent;
    size_t held;
};

/* A call to the hotline: recount_call is one back to the citizen. */
struct recount_ring {
    int64_t opened_recorded_us;
    uint64_t citizen; /* who is known to call; 0 for nobody */
    bool has_ended;
    size_t registered, chased;
};

/* Somebody has seen what a citizen said: their words, their name on a card, or what they answered. */
struct recount_look {
    unsigned service;
    uint64_t case_number;
    int64_t at_us;
    const char *actor, *purpose;
};

struct recount_call {
    uint64_t number;
    uint64_t task;
    uint64_t citizen;
    uint64_t case_number;
    size_t finish; /* of the task, from 1 */
    Followup__Resolution resolution;
    Followup__CallState state;
    uint32_t attempts;
    int64_t due_at_us;
    int64_t lease_until_us;
    char holder[64];
    bool heard; /* feedback has it */
};

/* A unit, and which of routing's events concern it. */
struct recount_unit {
    const char *key;
    uint64_t *sequences;
    size_t count, room;
    uint64_t acknowledged;
    uint64_t answers, resolved, partly, unresolved, scores[6];
};

struct recount_log {
    bool is_known;
    uint8_t log_id[STORE_LOG_ID_BYTES];
    uint64_t end;
    uint64_t as_of;                      /* so many writes */
    uint8_t (*hashes)[STORE_HASH_BYTES]; /* by offset, from 0 */
    size_t room;
    int64_t last_recorded_us;
};

struct recount {
    struct world *world;
    struct arena *arena; /* texts */
    struct arena *event_arena;
    struct recount_log logs[SERVICE_COUNT + 1];
    struct recount_case *cases; /* by number - 1 */
    size_t case_count, case_room;
    struct recount_task *tasks; /* by number - 1 */
    size_t task_count, task_room;
    struct recount_call *calls; /* by number - 1 */
    size_t call_count, call_room;
    struct recount_desk *desks; /* by number - 1 */
    size_t desk_count, desk_room;
    struct recount_ring *rings; /* by number - 1 */
    size_t ring_count, ring_room;
    uint64_t *chases; /* of which routing tells the office, as of words and amendments: offsets in
                         intake's log */
    size_t chase_count, chase_room;
    uint64_t chases_told; /* events of routing */
    struct recount_look *looks;
    size_t look_count, look_room;
    struct recount_unit *units;
    size_t unit_count, unit_room;
    struct slow_clock *slow;
    struct recount_closure *closures; /* by number - 1 */
    size_t closure_count, closure_room;
    struct recount_storm *storms; /* by number - 1 */
    size_t storm_count, storm_room;
    struct recount_news *news;
    size_t news_count, news_room;
    size_t news_told;                 /* by follow-up */
    struct recount_session *sessions; /* by number - 1 */
    size_t session_count, session_room;
    struct recount_surge *surges; /* by number - 1 */
    size_t surge_count, surge_room;
    uint64_t surge_seen; /* of intake's log, by report */
    size_t surge_looked; /* requests before that */
    struct recount_surge_owed surge_owed[RECOUNT_SURGES_OWED];
    size_t surge_owed_count;
    uint64_t *case_of_marker; /* by marker */
    size_t marker_room;
    uint8_t *forgotten; /* by citizen: 1 by intake, 2 by follow-up, too */
    size_t forgotten_room;

    uint64_t events;
    unsigned packs[SERVICE_COUNT + 1]; /* in force, by service: 0 the usual, 1 the other */

    uint64_t last_taken;           /* the last request that routing took */
    size_t owed;                   /* joined requests that have to be told next … */
    uint64_t owed_task;            /* … of this task … */
    Routing__JoinedFate owed_fate; /* … that this befell it */
};

struct recount *recount_new(struct world *world);
void recount_free(struct recount *recount);

/* Reads what the logs have new. A service that is down is read when it is back, and so are those
 * behind it; false then. */
bool recount_catch_up(struct recount *recount);

/* NULL: none. */
struct recount_case *recount_case(struct recount *recount, uint64_t number);
struct recount_case *recount_case_of_code(struct recount *recount, const char *code);
struct recount_case *recount_case_of_marker(struct recount *recount, uint64_t marker);
struct recount_task *recount_task(struct recount *recount, uint64_t number);
struct recount_call *recount_call(struct recount *recount, uint64_t number);
struct recount_unit *recount_unit(struct recount *recount, const char *key); /* made when new */
struct recount_session *recount_session(struct recount *recount, uint64_t number);
struct recount_storm *recount_storm(struct recount *recount, uint64_t number);
struct recount_surge *recount_surge(struct recount *recount, uint64_t number);

/* 0: the usual pack is in force in the service; 1: the other. */
unsigned recount_pack(const struct recount *recount, unsigned service);
/* Topics whose units are known here; any place is one. */
const char *recount_rules_topic(size_t place);
/* The unit that the usual pack's rules name. */
void recount_rules_unit(const char *topic, const char *area, Common__Answer *const *answers,
                        size_t count, char ret_unit[64]);

/* 0: not forgotten; 1: by intake; 2: by follow-up, too. */
unsigned recount_forgotten(const struct recount *recount, uint64_t citizen);

/* The position is in the log as read; true also when it could not be read yet. */
void recount_check_position(struct recount *recount, const Common__Position *position,
                            const char *what);
/* A call as it was listed, after catching up. */
void recount_check_listed(const struct recount *recount, const Intake__Call *call);
/* Who looked at a request's citizen, after catching up: of the first `known` all that intake tells of itself, and when
 * `whole` all. */
void recount_check_looks(const struct recount *recount, uint64_t case_number, size_t known,
                         bool whole, const Intake__ListLooksResponse *response);
/* What the followers have written is what the logs tell up to their cursors. */
void recount_check_cursors(struct recount *recount);
/* By its own clock, routing's timers before `until_us` have fired. */
void recount_check_timers(struct recount *recount, int64_t until_us);
/* Done, closed undone, cancelled, or its request joined to another. */
bool recount_has_ended(const struct recount_task *task);
/* With everything delivered: each cause has its effect. */
void recount_check_complete(struct recount *recount);

#endif
