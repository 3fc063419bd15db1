/*
 * How good is the suggestion "the same thing again"? Measured on a city's own history, where crews'
 * notes say of some requests that they were duplicates. Asks the rules that FindSame asks
 * (services/intake/intake_rules_incident.h), of each row against the rows that were open when it
 * came.
 *
 * What a note says is not the whole truth: crews mark what they stumble upon. So an unmarked hit may
 * be a duplicate that nobody marked, and precision is a lower bound; and a note that names the other
 * request allows the stricter question whether just that one was shown.
 */
#ifndef VAFA_CLIENTS_VAFA_SAME_MEASURE_H
#define VAFA_CLIENTS_VAFA_SAME_MEASURE_H

#include "clients/vafa/import_row.h"

#define SAME_MEASURE_ROWS_MAX 2000000
#define SAME_MEASURE_RADII 6
#define SAME_MEASURE_WINDOWS 6
#define SAME_MEASURE_SHOWN 5 /* FindSame's usual number */
#define SAME_MEASURE_TOPICS 10

extern const uint32_t same_measure_metres[SAME_MEASURE_RADII];
extern const uint32_t same_measure_hours[SAME_MEASURE_WINDOWS];

/* Counts of rows. */
struct same_point {       /* of the curve: one radius and window for every topic */
    uint32_t hits;        /* rows with a candidate */
    uint32_t marked_hits; /* those of them that are marked */
};

struct same_topic {
    const char *topic; /* borrowed from the measure */
    uint32_t unmarked_hits;
};

struct same_result {
    uint32_t rows;
    uint32_t comparable; /* rows with a point, a thing or a street */
    uint32_t marked;
    struct same_point chosen;    /* at the pack's radius and window of each topic, or those given */
    uint32_t marked_no_place;    /* why a marked row has no candidate: nothing to compare */
    uint32_t marked_only_closed; /* …what there was had been closed before */
    uint32_t marked_nothing;     /* …nothing of the topic was near in place and time */
    uint32_t named;              /* marked rows whose note names another row of the file */
    uint32_t named_open;         /* …that was open then */
    uint32_t named_first;        /* …and is the first suggestion */
    uint32_t named_shown;        /* …or among the first five */
    uint32_t unmarked_at_point;  /* unmarked hits: best candidate within one metre */
    uint32_t unmarked_by_street; /* …by the street */
    uint32_t unmarked_within_day;      /* …not older than 24 hours */
    uint32_t unmarked_closed_together; /* …closed within an hour of the candidate */
    struct same_point curve[SAME_MEASURE_RADII][SAME_MEASURE_WINDOWS];
    struct same_topic topics[SAME_MEASURE_TOPICS]; /* with the most unmarked hits */
    size_t topic_count;
};

struct same_measure;

/* `mark`: a row whose note holds it is marked, spelling folded. Borrows the city. */
struct same_measure *same_measure_new(const struct city *city, const char *mark);
void same_measure_free(struct same_measure *measure); /* NULL is allowed */

/* RESOURCE_EXHAUSTED above SAME_MEASURE_ROWS_MAX. */
enum status same_measure_add(struct same_measure *measure, const struct import_row *row,
                             struct error *err);
/* After the last row. metres or hours 0: the pack's. */
void same_measure_run(struct same_measure *measure, uint32_t metres, uint32_t hours,
                      struct same_result *ret_result);

#endif
