/*
 * When is an open request probably about the same thing as what a caller tells now? Plain values in,
 * plain values out: asked by FindSame of tables, by `vafa intake duplicates` of a file.
 *
 * The same topic, or one that the pack calls kin, is the caller's business. Then the time must be
 * within the pack's hours, and the place is compared by the best that both know:
 *   the thing    both name the same pole, vehicle, or line and stop, or a thing of another name; alike after folding. Two directions of
 *                a line are two things, whatever else is near; a direction that one does not tell does not part them. Poles, vehicles
 *                and stops are the city's; a name that somebody gave ("the lamp at the corner") is its area's: not in two areas
 *   the point    both have one, no farther apart than the pack's metres
 *   the street   one has no point, both name the street, and neither neighbourhood nor area differs
 * Citizens' words say nothing here: they are sealed, and would gain nothing (docs/decisions/0018).
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_RULES_INCIDENT_H
#define VAFA_SERVICES_INTAKE_INTAKE_RULES_INCIDENT_H

#include "city/city.h"

#include "vafa/intake/v1/intake.pb-c.h"

/* The mean radius R1 of the IUGG's reference ellipsoid: (2a + b) / 3. */
#define INCIDENT_EARTH_RADIUS_M 6371008.8

/* Cells of the index: this many to a degree of latitude or longitude, 556 m from south to north. */
#define INCIDENT_CELLS_PER_DEGREE 200
#define INCIDENT_ROWS (180 * INCIDENT_CELLS_PER_DEGREE)
#define INCIDENT_COLUMNS (360 * INCIDENT_CELLS_PER_DEGREE)

/* A place as far as places are compared. Words are folded (text/fold.h) and hashed; 0: not given. */
struct incident_spot {
    bool has_point;
    double latitude; /* degrees, WGS 84 */
    double longitude;
    uint64_t thing;
    bool is_of_area;    /* the thing is known by a name that other areas may have, too */
    uint64_t direction; /* of a line */
    uint64_t street;
    uint64_t neighbourhood;
    uint64_t area;
};

/* `place` may be NULL. INVALID_ARGUMENT when a text is not well-formed UTF-8. */
enum status incident_spot_of(const Common__Place *place, struct incident_spot *ret_spot,
                             struct error *err);
/* True when there is anything to compare. */
bool incident_spot_is_known(const struct incident_spot *spot);

/* Metres along the surface of a sphere: the haversine formula as R. W. Sinnott gives it, "Virtues of
 * the Haversine", Sky and Telescope 68 (1984), p. 159. */
double incident_distance_m(double latitude_a, double longitude_a, double latitude_b,
                           double longitude_b);

/* How alike; the less, the closer. */
struct incident_likeness {
    Intake__SameBy by;
    double metres; /* of SAME_BY_POINT, else 0 */
    double score;  /* 0 to 2: part of the metres used up, plus part of the hours; a street is 1 */
};

/* Whether what was registered at `open_us` is a candidate for what is told at `asked_us` (a little
 * before is as good as after: clocks differ). */
bool incident_is_candidate(const struct city_same *same, const struct incident_spot *asked,
                           int64_t asked_us, const struct incident_spot *open, int64_t open_us,
                           struct incident_likeness *ret_likeness);

/* The order of candidates: score, then the older request. Negative: a comes first. */
int incident_compare(const struct incident_likeness *a, uint64_t number_a,
                     const struct incident_likeness *b, uint64_t number_b);

/* The cell of a point, and the cells that a circle may reach; they end at the poles and at 180
 * degrees, where no city is. */
struct incident_cell {
    uint32_t row;
    uint32_t column;
};

struct incident_cells { /* both ends belong to it */
    struct incident_cell from;
    struct incident_cell to;
};

struct incident_cell incident_cell_of(double latitude, double longitude);
struct incident_cells incident_cells_around(double latitude, double longitude, uint32_t metres);

#endif
