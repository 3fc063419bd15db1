/*
 * Tables of open incidents: what finds the requests whose task is open, by topic and place.
 *
 *   view   OPEN      {topic, POINT, row, column, number}   SpotRecord       by the cell of its point
 *   view   OPEN      {topic, THING, hash, number}          SpotRecord       by the name of the thing
 *   view   OPEN      {topic, STREET, hash, number}         SpotRecord       by its street
 *   view   INCIDENT  {number}                              IncidentRecord   what its rows in OPEN are
 *
 * They derive from routing's log alone, for it is routing that knows what is open
 * (docs/decisions/0013): a request comes in when it is routed and leaves when its task ends.
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_TABLES_INCIDENT_H
#define VAFA_SERVICES_INTAKE_INTAKE_TABLES_INCIDENT_H

#include "services/intake/intake_rules_incident.h"
#include "services/intake/intake_tables.h"

/* Rows that one question looks at, over all topics and cells. */
#define INCIDENT_ROWS_PER_QUESTION_MAX 5000

/* The request is open, at that place and time. `place` may be NULL. */
void intake_incident_open(struct store_txn *txn, struct arena *arena, uint64_t number,
                          const char *topic, const Common__Place *place, int64_t at_us);
/* Its task has ended. `forget`: it will not come back. Nothing when it is not known. */
void intake_incident_close(struct store_txn *txn, struct arena *arena, uint64_t number,
                           bool forget);
/* Its task is open again. Nothing when it is not known. */
void intake_incident_reopen(struct store_txn *txn, struct arena *arena, uint64_t number);
/* One open request that was found. */
struct incident_found {
    uint64_t number;
    struct incident_likeness likeness;
};

/* What is asked of the index, and the closest of what was found, the closest first. */
struct incident_search {
    const struct city_same *same;
    struct incident_spot spot;
    int64_t at_us;
    size_t found_max;
    size_t rows_left; /* INCIDENT_ROWS_PER_QUESTION_MAX at first; 0: it looked at no more */
    struct incident_found *found; /* room for found_max */
    size_t found_count;
};

/* Adds what is open under that topic. Of each place the newest are looked at first. */
void intake_incident_search(struct store_txn *txn, struct arena *arena, const char *topic,
                            struct incident_search *search);

#endif
