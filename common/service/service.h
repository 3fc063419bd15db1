/*
 * What a service is: a description of its methods, its feeds, its timers and its tables' only
 * writer. The skeleton (node.h) turns a description into a running service; the five differ in
 * nothing else.
 *
 *   decide   reads tables, the pack and a context; gives events or a refusal; writes nothing
 *   apply    one event changes the state tables: the only code that writes them, live and on
 *            rebuild; cannot refuse
 *   view     another service's event changes the view tables
 *
 * A command, a timer or an upstream event is handled in one write transaction: decide, append the
 * events to the own log, apply each, move the cursor, keep the answer under its idempotency key.
 * Only after the synced commit is anything answered.
 */
#ifndef VAFA_SERVICE_SERVICE_H
#define VAFA_SERVICE_SERVICE_H

#include "city/city.h"
#include "rpc/rpc.h"
#include "store/event_log.h"
#include "store/timer.h"

#include "vafa/common/v1/common.pb-c.h"

#define SERVICE_EVENTS_PER_COMMAND_MAX 96
#define SERVICE_FEEDS_MAX 4
#define SERVICE_COUNT 5 /* ids 1..5 */

struct keyring;
struct citizen_key;

/* An event on its way in or out. `open` is the owner's Event message, one member of its oneof set.
 */
struct event {
    uint64_t offset; /* in its owner's log; 0 while it is being decided */
    int64_t recorded_at_us;
    int64_t occurred_at_us;
    bool historical;
    const char *actor; /* "" for the service itself */
    const ProtobufCMessage *open;
    struct bytes sealed; /* own events only: a follower never has it */
    uint64_t citizen;
};

/* --- prepare --- */

/* What a command can do beforehand. Everything allocated from `arena` lives until the answer is
 * sent. */
struct prepare {
    struct store_txn *txn; /* a pooled snapshot: the state that decide meets may be newer */
    const struct city *city;
    struct keyring *keyring;
    struct arena *arena;
    struct random *random;
};

/* --- decide --- */

/* What a decision may know. Everything allocated from `arena` lives until the answer is sent. */
struct decide {
    struct store_txn *txn; /* read only here */
    const struct city *city;
    const struct keyring *keyring;
    struct arena *arena;
    int64_t now_us;                  /* the recorded_at of its events */
    const struct rpc_caller *caller; /* NULL for feeds and timers */
    const void *prepared;            /* what the method's prepare gave; NULL: nothing */
    struct error *error;             /* filled by what refuses */
    struct decision *decision;       /* the skeleton's own */
};

/* What decide adds to an event; zero what does not apply. */
struct event_options {
    int64_t occurred_at_us; /* 0: now */
    bool historical;
    bool ignorable;
    struct bytes sealed; /* from keyring_seal */
    uint64_t citizen;
};

/* Adds an event. `open` and everything it points to must live in the arena (or be constant).
 * options may be NULL. RESOURCE_EXHAUSTED above SERVICE_EVENTS_PER_COMMAND_MAX, which no decision
 * of ours reaches. */
enum status decide_emit(struct decide *d, const ProtobufCMessage *open,
                        const struct event_options *options);

/* "return decide_refuse(d, STATUS_NOT_FOUND, "code", "no request has the code %s", code);" */
enum status decide_refuse(struct decide *d, enum status status, const char *field,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- apply, view --- */

/* `arena` is reset after each event. */
struct apply {
    struct arena *arena;
    struct store_txn
        *txn; /* apply writes STORE_STATE and timers only; view writes STORE_VIEW only */
    const struct city
        *city; /* view only (zone and calendar): NULL in apply, which must not depend on the pack */
    struct signals *signals; /* the skeleton's own; NULL on rebuild */
};

/* Wakes reads that wait for `key` (service_signal_key) after the commit. */
void apply_signal(struct apply *a, uint64_t key);
/* A wait key of a name, e.g. of a unit. */
uint64_t service_signal_key(const char *name);

/* --- read --- */

struct read {
    struct store_txn *txn; /* a pooled snapshot: ends when the function returns */
    const struct city *city;
    const struct keyring *keyring;
    void *memory;        /* of the service's definition; NULL: it has none */
    struct arena *arena; /* lives until the answer is sent */
    const struct rpc_caller *caller;
    struct error *error;
    int64_t now_us; /* the wall clock's */
    bool last;      /* the wait is over: answer now, with nothing if there is nothing */
    bool sees_all;  /* what was acknowledged before it came; only an unhurried read may not */
    struct read_wait *wait; /* the skeleton's own */
};

/* A read of many rows asks now and then, and gives up with what it is told: UNAVAILABLE, upon which
 * clients try again, when the service stops; DEADLINE_EXCEEDED when the caller has gone or its
 * deadline has passed. */
enum status read_wanted(struct read *r);

/* "Nothing yet": return read_park(...) from a read and it is run again, on a new snapshot, after a
 * commit that signalled the key, and a last time (r->last) when wait_ms or the deadline is over.
 * Holds no thread. A newer wait of the same non-empty `reader` (whole name: include what makes it
 * distinct) replaces this one, which is answered ABORTED. key 0: any commit. */
enum status read_park(struct read *r, uint64_t key, uint32_t wait_ms, const char *reader);
enum status read_refuse(struct read *r, enum status status, const char *field, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));

/* For an unhurried read whose request makes it a hurried one: return it when !r->sees_all, and the read is
 * run again once it does. */
enum status read_wait_to_see(struct read *r);

/* A cursor of this service as positions of the followed logs, own log last: report's as_of.
 * Allocates from r->arena. */
size_t read_positions(struct read *r, Common__Position ***ret_positions);

/* --- memory --- */

/*
 * What a service knows beside its tables, in memory alone: made from them, and made again after each start, so it is never the only
 * copy of anything. No event may depend on it. Reads find it as r->memory; it is safe from several threads by itself.
 */
struct service_memory {
    void *(*make)(const struct city *city); /* which outlives it */
    void (*drop)(void *memory);
    /* A step of taking in what the tables have and it does not: at most about a millisecond's work, on the service's loop. False: it
     * is up to date; it is called again after the next commit. A transaction that fails is tried again then, too. */
    bool (*catch_up)(struct read *r);
};

/* --- the description --- */

enum service_method_kind {
    METHOD_READ,    /* read() on the thread that the call came on, or, once it has waited, on the
                     * service's loop; a slow one on a thread of the service's lane */
    METHOD_COMMAND, /* check() and prepare() on the thread that the call came on, decide() on the
                     * writer, then read() (when not NULL), on the writer too, adds to the answer
                     * from the committed state what must not be kept with the idempotency key */
};

#define ROLE_BIT(role) (1u << (role))

struct service_method {
    const char *name; /* as in the .proto, in its order */
    enum service_method_kind kind;
    bool slow; /* a read that may take longer than a disk read: it gets a thread of its own */
    /* Whether such a read need not see what was acknowledged just before it came: a long poll, which
     * is woken by what comes; health. Others wait for the commit that shows it (store/writer.h).
     * NULL: it must. */
    bool (*is_unhurried)(const ProtobufCMessage *request);
    unsigned roles; /* ROLE_BITs that may call it; 0: any */
    /* Whatever can be refused without the tables: limits, text, keys of the pack. Pure. May be
     * NULL. */
    enum status (*check)(const struct city *city, const struct rpc_caller *caller,
                         const ProtobufCMessage *request, struct error *err);
    /* The slow part of decide that needs not be done by the one writer, e.g. sealing. Decide looks
     * whether it still holds, and does without when it does not. Gives d->prepared, NULL for
     * nothing. May be NULL. */
    const void *(*prepare)(struct prepare *p, const ProtobufCMessage *request);
    /* `response` is initialised; what it points to lives in d->arena. */
    enum status (*decide)(struct decide *d, const ProtobufCMessage *request,
                          ProtobufCMessage *response);
    enum status (*read)(struct read *r, const ProtobufCMessage *request,
                        ProtobufCMessage *response);
};

struct service_feed {
    Common__ServiceId upstream;
    const ProtobufCMessageDescriptor *event_type;
    /* What we do about their event; NULL: nothing of our own. A refusal stops the feed: it must not
     * be silently skipped. */
    enum status (*decide)(struct decide *d, const struct event *event);
    /* What we show of it; NULL: nothing. Rows are keyed by source and offset, or are counters that
     * commute. */
    void (*view)(struct apply *a, const struct event *event);
};

struct service_def {
    const char *name; /* "intake" */
    Common__ServiceId id;
    const ProtobufCServiceDescriptor *rpc;
    const struct service_method *methods;         /* rpc->n_methods of them, in that order */
    const ProtobufCMessageDescriptor *event_type; /* the own Event */
    void (*apply)(struct apply *a, const struct event *event);
    const struct service_feed *feeds; /* at most SERVICE_FEEDS_MAX */
    size_t feed_count;
    /* A due timer. Its events' apply must clear or move it. NULL: the service has no timers. */
    enum status (*timer)(struct decide *d, const struct timer *timer);
    bool holds_words;                    /* has a keyring */
    const struct service_memory *memory; /* NULL: none */
};

/* "intake" for COMMON__SERVICE_ID__SERVICE_ID_INTAKE; "" for an unknown id. */
const char *service_name(Common__ServiceId id);

#endif
