/*
 * Verification: the chain of a service's log holds, and its tables, rebuilt from the logs, equal
 * those that stand, byte for byte.
 *
 * State tables are rebuilt from the own log; view tables from the followed logs up to the cursors,
 * in an order that puts causes before effects.
 */
#ifndef VAFA_SERVICE_VERIFY_H
#define VAFA_SERVICE_VERIFY_H

#include "service/service.h"

struct verify_result {
    uint64_t events; /* of the own log */
    uint64_t upstream_events;
    uint64_t records_to_add; /* by the next start, from the journal */
    bool ok;
    char finding[512]; /* what is wrong, when not ok */
};

struct verify_options {
    const struct service_def *def;
    struct store *store;                        /* the store to verify; may be in use */
    struct store *upstreams[SERVICE_FEEDS_MAX]; /* the followed services' stores, as in def->feeds;
                                                   NULL: its views are not verified */
    const struct city *city;
    const char *scratch_folder; /* an empty folder for the rebuilt tables; emptied again */
    struct random *random;
    void (*progress)(void *context, uint64_t done, uint64_t total); /* may be NULL */
    void *context;
};

/* OK: ret_result tells. Another status: it could not be done. */
enum status verify_service(const struct verify_options *options, struct verify_result *ret_result,
                           struct error *err);

#endif
