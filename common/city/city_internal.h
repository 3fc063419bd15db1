/* What a loaded pack consists of; for the files of common/city only. */
#ifndef VAFA_CITY_CITY_INTERNAL_H
#define VAFA_CITY_CITY_INTERNAL_H

#include "city/city.h"
#include "city/csv_table.h"
#include "city/ini_table.h"
#include "city/key_index.h"
#include "city/pack_files.h"

#define CITY_AREAS_MAX                                                                             \
    2000                      /* every {area} rule is tried with every area when a pack is checked \
                               */
#define CITY_RULES_MAX 10000  /* rules are compared in pairs when a pack is checked */
#define CITY_UNIT_DEPTH_MAX 8 /* units above a unit */
#define CITY_HOURS_MAX 87600  /* ten years */
#define CITY_ANY (-2)         /* `*` in a rule; KEY_INDEX_NONE is an unlisted key */
#define CITY_AREA_MARK "{area}"

struct city_topic_row { /* begins with the key, as key_index needs it */
    struct city_topic topic;
    int32_t level; /* place in levels, or KEY_INDEX_NONE */
};

struct city_rule {
    int32_t topic;       /* place in topics, or CITY_ANY */
    int32_t area;        /* place in areas, or CITY_ANY */
    int32_t level;       /* place in levels, or KEY_INDEX_NONE: the topic's */
    int8_t urgent;       /* 0, 1, or CITY_ANY */
    int32_t unit;        /* place in units, or KEY_INDEX_NONE when it holds {area} */
    const char *pattern; /* the unit as written */
    int line;
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
    bool units_whole; /* every row was read: a key that is not there is a mistake of who names it */
    bool topics_whole;
    bool areas_whole;
    bool levels_whole;
    struct key_index unit_index;
    struct key_index topic_index;
    struct key_index area_index;
    struct key_index level_index;
};

/* city_settings.c: city.ini but for the coordinator, which needs the units. */
void city_settings_load(struct city *city, struct findings *findings);
/* Reads "jalali" or "gregorian". */
bool city_settings_calendar(const struct ini_value *value, const char *file,
                            enum civil_calendar *ret_calendar, struct findings *findings);

/* city_rules.c: rules.csv, after all other tables. */
void city_rules_load(struct city *city, struct findings *findings);
/* Warnings on a pack that has no errors: topics, units, levels and rules that do nothing. */
void city_rules_review(const struct city *city, struct findings *findings);
/* The unit a rule gives for an area (place of the unit), or KEY_INDEX_NONE; allocates nothing. */
int32_t city_rule_unit(const struct city *city, const struct city_rule *rule, const char *area);

/* profile.c: reads imports/NAME.ini; NULL when it has errors. The profile keeps nothing of `file`
 * but its name. */
struct city_profile *city_profile_read(const struct city *city, const struct pack_file *file,
                                       struct findings *findings);

#endif
