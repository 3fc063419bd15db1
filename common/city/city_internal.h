/* What a loaded pack consists of; for the files of common/city only. */
#ifndef VAFA_CITY_CITY_INTERNAL_H
#define VAFA_CITY_CITY_INTERNAL_H

#include "city/city.h"
#include "city/city_questions.h"
#include "city/city_route.h"
#include "city/csv_table.h"
#include "city/geo.h"
#include "city/hours.h"
#include "city/ini_table.h"
#include "city/key_index.h"
#include "city/pack_files.h"
#include "text/words.h"

#define CITY_AREAS_MAX                                                                             \
    2000                      /* every {area} rule is tried with every area when a pack is checked \
                               */
#define CITY_RULES_MAX 10000  /* rules are compared in pairs when a pack is checked */
#define CITY_UNIT_DEPTH_MAX 8 /* units above a unit */
#define CITY_STAND_INS_MAX 8  /* behind each other */
#define CITY_HOURS_MAX 87600  /* ten years */
#define CITY_WORKING_HOURS_MAX 8760 /* of a level: four years of 42 hours a week */
#define CITY_LADDER_STEPS_MAX 8
#define CITY_LADDER_ROWS_MAX 1000
#define CITY_HOURS_ROWS_MAX 2000 /* schedules are told apart by trying every row for each */
#define CITY_ACKNOWLEDGE_MINUTES_MAX 1440
#define CITY_TOLERANCE_M_MAX 5000
#define CITY_SAME_ROWS_MAX 2000     /* families are told by trying every row for each */
#define CITY_ZONES_MAX 256          /* a bit each while a request is routed */
#define CITY_WANTED_OF_TOPIC_MAX 64 /* answers that rules ask for: a bit each */
#define CITY_RULE_HOURS_MAX 64      /* schedules that rules name: a bit each */
#define CITY_ANY (-2)               /* `*` in a rule; KEY_INDEX_NONE is an unlisted key */
#define CITY_AREA_MARK "{area}"
#define CITY_KIND_OUTSIDE "outside" /* a unit that is no body of the city */

struct city_topic_row { /* begins with the key, as key_index needs it */
    struct city_topic topic;
    int32_t level;         /* place in levels, or KEY_INDEX_NONE */
    size_t question_first; /* place in questions */
    size_t question_count;
    size_t wanted_first; /* place in wanted, and 1; 0: no rule asks for an answer */
};

struct city_question_row {
    struct city_question question;
    int32_t topic; /* place in topics, or KEY_INDEX_NONE */
    int line;
};

struct city_choice_row {
    struct city_choice choice;
    const char *list;
    int line;
    bool used;
};

struct city_rule {
    int32_t topic;         /* place in topics, or CITY_ANY */
    int32_t area;          /* place in areas, or CITY_ANY */
    int32_t level;         /* place in levels, or KEY_INDEX_NONE: the topic's */
    int8_t urgent;         /* 0, 1, or CITY_ANY */
    int32_t neighbourhood; /* as city_neighbourhood_find gives it, or CITY_ANY */
    int32_t zone;          /* place in zones, or CITY_ANY */
    int32_t wanted;        /* bit of the answer among those wanted of the topic, or CITY_ANY */
    int32_t hours;         /* place in rule_hours, or CITY_ANY */
    int32_t helpers[CITY_HELPERS_MAX]; /* places in units */
    size_t helper_count;
    const char *helpers_note;
    int32_t unit;        /* place in units, or KEY_INDEX_NONE when it holds {area} */
    const char *pattern; /* the unit as written */
    int line;
};

/* An answer that a rule asks for. */
struct city_wanted {
    const struct city_question *question;
    char *value; /* key of a choice, else as it is compared */
    size_t next; /* of the same topic: place in wanted, and 1; 0: the last */
};

struct city_zone { /* begins with the key, as key_index needs it */
    char *key;
    bool used; /* a rule names it */
};

struct city_hours {
    struct hours *schedules; /* begin with their keys */
    struct hours_rule *rules;
    struct hours_holiday *holidays;
    struct csv_table *rule_table;
    struct csv_table *holiday_table;
    struct key_index index;
    const struct hours **of_unit; /* by place of the unit; NULL: none */
    bool *used;                   /* by place of the schedule: a unit or a rule has it */
    bool whole;                   /* every row was read */
    const struct hours *usual;    /* the schedule "default"; NULL: there is no hours.csv */
};

struct city_neighbourhood { /* begins with the key, as key_index needs it */
    const char *key;        /* the name folded, without spaces */
    int32_t area;           /* place in areas, or KEY_INDEX_NONE: not known, or several */
    int line;
};

struct city_rung {
    const char *level; /* "*": all */
    const char *kind;  /* of the unit; "*": all */
    struct city_step step;
};

struct city_ladder {
    struct city_rung *rungs;
    size_t count;
    struct csv_table *table;
};

struct city {
    struct pack_files files; /* only their bytes in force: also what profiles are read from */
    uint8_t digest[PACK_DIGEST_BYTES];

    struct ini_table *settings; /* city.ini; owns the texts of the next fields */
    const char *key;
    const char *name_fa;
    const char *name_en;
    const char *language; /* NULL while it is not known */
    const char *coordinator;
    const char *zone;
    enum civil_calendar calendar;
    int week_start; /* 0 = Sunday */
    int coordinator_line;
    struct civil *civil;
    struct phone_plan phone_plan;
    struct city_callback callback;
    uint32_t tolerance_m; /* of a point to the nearest polygon */
    struct city_life life;
    struct city_storm storm;
    struct city_surge surge;
    uint32_t acknowledge_minutes; /* of an urgent task */

    struct city_hours hours;
    struct city_ladder ladder;

    struct csv_table *unit_table; /* the tables own the texts of the arrays */
    struct csv_table *topic_table;
    struct csv_table *area_table;
    struct csv_table *level_table;
    struct csv_table *rule_table;
    struct city_unit *units;
    struct city_topic_row *topics;
    struct city_area *areas;
    struct city_level *levels;
    struct city_rule *rules;
    size_t rule_count;
    struct city_wanted *wanted;
    size_t wanted_count;
    const struct hours *rule_hours[CITY_RULE_HOURS_MAX];
    size_t rule_hours_count;
    struct csv_table *same_table; /* NULL: the pack has no same.csv */
    struct city_same *same;       /* begin with their topics */
    struct key_index same_index;
    bool units_whole; /* every row was read: a key that is not there is a mistake of who names it */
    bool topics_whole;
    bool areas_whole;
    bool levels_whole;
    struct key_index unit_index;
    struct key_index topic_index;
    struct key_index area_index;
    struct key_index level_index;

    struct csv_table *question_table;
    struct csv_table *choice_table;
    struct city_question_row *questions; /* by topic, then as they stand in the file */
    struct city_choice_row *choices;     /* by list, then as they stand in the file */
    struct city_choice *choice_list;     /* the same, as questions borrow them */
    size_t question_count;
    size_t choice_count;
    bool questions_whole;

    struct geo *shapes; /* of areas, by place; NULL: no areas.geojson */
    struct csv_table *neighbourhood_table;
    struct buffer neighbourhood_keys;
    struct city_neighbourhood *neighbourhoods;
    struct key_index neighbourhood_index;
    bool neighbourhoods_whole;
    struct geo *zone_shapes; /* by place; NULL: no zone has a position */
    struct city_zone *zones;
    struct key_index zone_index;
    bool zones_whole;
    struct buffer stop_words; /* uint64_t each, sorted */
    struct buffer words;      /* struct city_word each, sorted */
};

/* city_settings.c: city.ini but for the coordinator, which needs the units. */
void city_settings_load(struct city *city, struct findings *findings);
/* Reads "jalali" or "gregorian". */
bool city_settings_calendar(const struct ini_value *value, const char *file,
                            enum civil_calendar *ret_calendar, struct findings *findings);

/* city_cells.c: one table while it is read, and the checks of its cells. */
struct city_cells {
    const char *file;
    const struct csv_table *table;
    struct findings *findings;
};

/* Reads the file's table; `size` is that of one item. Never NULL. A file that may be missing and is
 * has no rows. */
void *city_cells_open(const struct city *city, const char *file, const struct csv_column *columns,
                      size_t column_count, size_t size, struct csv_table **ret_table,
                      bool *ret_whole, struct city_cells *ret_cells, struct findings *findings);
const char *city_cells_key(const struct city_cells *cells, size_t row, size_t column);
/* name_fa in `column`, name_en in the next. */
void city_cells_names(const struct city *city, const struct city_cells *cells, size_t row,
                      size_t column, const char **ret_fa, const char **ret_en);
bool city_cells_yes(const struct city_cells *cells, size_t row, size_t column); /* "" is no */
/* A date and nothing else, of either calendar; false, and told, when it is none. */
bool city_cells_date(const struct city *city, const struct city_cells *cells, size_t row,
                     const char *text, int32_t *ret_day);

/* city_units.c: the kinds of units; valid_from, valid_to, leader and stand_in of a row, from that column on; and when all
 * are read. */
bool city_unit_kind_is_known(const char *kind);
void city_units_read(const struct city *city, const struct city_cells *cells, size_t row,
                     size_t first_column, struct city_unit *unit);
void city_units_check(const struct city *city, const struct city_cells *cells);

/* city_hours.c: hours.csv and holidays.csv, after units.csv. The names of schedules in units.csv are
 * in the column `hours` of the unit's row. */
void city_hours_load(struct city *city, struct findings *findings);
void city_hours_assign(struct city *city, size_t hours_column, struct findings *findings);
/* Warnings: schedules that nobody has. */
void city_hours_review(const struct city *city, struct findings *findings);
void city_hours_fini(struct city_hours *hours);

/* city_questions.c: questions.csv and choices.csv, after the topics. */
void city_questions_load(struct city *city, struct findings *findings);
void city_questions_review(const struct city *city, struct findings *findings);
void city_questions_fini(struct city *city);

/* city_ladder.c: ladder.csv, after levels.csv and units.csv. */
void city_ladder_load(struct city *city, struct findings *findings);
/* Warnings on a pack that has no errors: steps that no desk hears of. */
void city_ladder_review(const struct city *city, struct findings *findings);
void city_ladder_fini(struct city_ladder *ladder);

/* city_rules.c: rules.csv, after all other tables. */
void city_rules_load(struct city *city, struct findings *findings);
/* city_rules_review.c: warnings on a pack that has no errors: topics, units, levels and rules that
 * do nothing. */
void city_rules_review(const struct city *city, struct findings *findings);
/* city_urgent_review.c: warnings on a pack that has no errors: what is urgent and finds no desk, no ladder. */
void city_urgent_review(const struct city *city, struct findings *findings);
/* The cells of a rule as they were written. */
void city_rule_cells(const struct city *city, size_t index, struct city_rule_look *ret_look);
/* The unit a rule gives for an area (place of the unit), or KEY_INDEX_NONE; allocates nothing. */
int32_t city_rule_unit(const struct city *city, const struct city_rule *rule, const char *area);

/* city_wanted.c: answers that rules ask for. The bit of what the cell "question=value" asks of the
 * topic (a place, or KEY_INDEX_NONE after a mistake there); KEY_INDEX_NONE when it is wrong. */
int32_t city_wanted_load(struct city *city, int32_t topic, const char *cell, int line,
                         struct findings *findings);
/* The bits of those that the request has. */
uint64_t city_wanted_given(const struct city *city, int32_t topic,
                           const struct city_request *request);
void city_wanted_fini(struct city *city);

/* city_zones.c: zones.geojson. */
void city_zones_load(struct city *city, struct findings *findings);
void city_zones_review(const struct city *city, struct findings *findings);
void city_zones_fini(struct city *city);

/* city_shapes.c: areas.geojson, after the areas. */
void city_shapes_load(struct city *city, struct findings *findings);
/* Warnings: areas without a polygon, overlaps, gaps. */
void city_shapes_review(const struct city *city, struct findings *findings);

/* city_place.c: neighbourhoods.csv, after the areas. */
void city_neighbourhoods_load(struct city *city, struct findings *findings);
void city_neighbourhoods_review(const struct city *city, struct findings *findings);
void city_neighbourhoods_fini(struct city *city);
/* The same place for every spelling of a name; KEY_INDEX_NONE when it is not in the file. */
int32_t city_neighbourhood_find(const struct city *city, const char *name);
/* city_words.c: words.csv and stopwords.txt, after the topics. */
void city_words_load(struct city *city, struct findings *findings);

/* city_same.c: same.csv, after topics.csv. */
void city_same_load(struct city *city, struct findings *findings);
void city_same_fini(struct city *city);

/* profile.c: reads imports/NAME.ini; NULL when it has errors. The profile keeps nothing of `file`
 * but its name. */
struct city_profile *city_profile_read(const struct city *city, const struct pack_file *file,
                                       struct findings *findings);

#endif
