/*
 * A city pack: all that Vafa knows of one city, read from a folder of files that city staff edit in
 * a spreadsheet. docs/CITY_PACKS.md is the format. A loaded pack is immutable and shared by every
 * thread.
 *
 * Keys are short names ("asphalt", "district-5"), or the words of the city's own data ("Tree
 * Emergencies"). A topic, unit or area the pack does not know is "unlisted": services keep it as it
 * came (imports) or refuse it (live requests).
 */
#ifndef VAFA_CITY_CITY_H
#define VAFA_CITY_CITY_H

#include "base/bytes.h"
#include "text/civil.h"
#include "text/phone.h"

#include <stddef.h>

#define CITY_KEY_SIZE_MAX 64 /* bytes without NUL, of topic, unit and area keys */
#define CITY_PHONE_SIZE_MAX 32
#define CITY_DESK_MAX 100      /* code points of a desk's name */
#define CITY_NAME_SIZE_MAX 256 /* bytes without NUL; an empty name is the other language's */

struct city;
struct hours; /* city/hours.h */

struct city_unit {
    const char *key;
    const char *kind; /* district, office, deputy, organisation, company, centre, outside */
    const char *name_fa;
    const char *name_en;
    const char *parent;      /* key, or "" */
    const char *phone;       /* what citizens dial, "" when none is told */
    const char *urgent_desk; /* the desk that urgent tasks go to, "" when none is named */
    const char *leader;   /* who leads it, by role: never a person's name; "" when it is not told */
    const char *stand_in; /* key of who has its work while it is no unit; "": the coordinator */
    int32_t first_day;    /* it is a unit from this day to that, both included; civil_day's days, */
    int32_t last_day;     /* INT32_MIN and INT32_MAX without end */
};

struct city_topic {
    const char *key;
    const char *name_fa;
    const char *name_en;
    const char *group;     /* for listings: "cleaning" */
    const char *level;     /* service level key, "" for none */
    bool urgent;           /* urgent whatever the caller says */
    const char *emergency; /* the number to dial where life is in danger, "" for none */
};

struct city_area {
    const char *key; /* district "5", ward "17" */
    const char *name_fa;
    const char *name_en;
};

/* How quickly a task is to be done. */
struct city_level {
    const char *key;
    uint32_t due_hours;     /* from registration; 1..87600 */
    uint32_t urgent_hours;  /* the same for an urgent request; 0: due_hours */
    uint32_t respond_hours; /* until a named person has done something; 0: nothing is said */
    uint32_t warn_percent;  /* the unit is warned when so much of the time is over; 0: never */
    bool working; /* working hours of the unit; an urgent request's are always all hours */
};

/* A step of the ladder: to whom a task goes up that is late, or urgent and acknowledged by nobody. */
struct city_step {
    uint32_t number;        /* from 1 */
    uint32_t after_percent; /* of the whole time, 100..1000, or */
    uint32_t after_hours;   /* hours past the due date */
    const char *role;       /* a key: never a person's name */
    const char *unit; /* that is told for whom has the role; "": the one that the role leads */
    const char *name_fa;
    const char *name_en;
};

struct city_callback {            /* call-backs after a finished task */
    uint32_t first_delay_minutes; /* from done to the first call */
    uint32_t retry_minutes;       /* when nobody answered */
    uint32_t attempts_max;        /* 1..20 */
    uint32_t lease_minutes;       /* a call handed to an operator comes back after this */
};

/* When two requests are probably about the same thing. Without a line of its own a topic goes by the
 * line of `*`, without that by these. */
#define CITY_SAME_METRES 50
#define CITY_SAME_HOURS 720
#define CITY_SAME_METRES_MAX 1000
#define CITY_SAME_HOURS_MAX 8760
#define CITY_KIN_MAX 16 /* topics of one family */

struct city_same {
    const char *topic; /* key, or "*" */
    uint32_t metres;   /* how far apart; 0, here or below: never */
    uint32_t hours;    /* how long after */
    const char *kin;   /* topics with the same word may be the same thing; "" for none */
};

struct city_life {        /* of a task */
    uint32_t returns_max; /* 0..100: how often units may return it; then the coordinator decides */
    uint32_t reopens_max; /* 0..100: how often the citizen's word reopens it by itself */
    uint32_t pause_days_max; /* 1..366: how far ahead the limit of a waiting may lie */
};

#define CITY_STORM_PERCENT 200 /* where the pack says nothing */
#define CITY_STORM_PERCENT_MAX 1000
struct city_storm {           /* how much longer than usual things may take in a storm */
    uint32_t due_percent;     /* of the usual time, 100..CITY_STORM_PERCENT_MAX; 100: no longer */
    uint32_t respond_percent; /* the same of the time until the first response */
};

/* Where the pack says nothing. Chosen on a city's quarter (docs/EVALUATIONS.md). */
#define CITY_SURGE_REQUESTS 10
#define CITY_SURGE_WEEKS 3
#define CITY_SURGE_ONE_IN 1000000
struct city_surge {    /* when more is asked for than is usual (services/report) */
    uint32_t requests; /* so many in two hours at least, 2..10,000 */
    uint32_t weeks;    /* so many weeks before must be known, 1..8 */
    uint32_t one_in;   /* it comes by chance once in so many looks, 20..1,000,000,000 */
};

/* One finding of city_check. */
struct city_finding {
    char file[64];
    int line;      /* 0: the whole file */
    bool is_error; /* false: a warning */
    char message[256];
};

/* Reads and checks a pack. INVALID_ARGUMENT with "file:line: what is wrong" in err for its first
 * error; NOT_FOUND when there is no such folder. */
enum status city_load(struct city **ret_city, const char *folder, struct error *err);
void city_free(struct city *city); /* NULL is allowed */

/* A file of a pack that came otherwise than from a folder. */
struct city_file {
    const char *name; /* "rules.csv", "imports/NAME.ini" */
    struct bytes data;
};
/* The same from files, which are copied. */
enum status city_load_files(struct city **ret_city, const struct city_file *files, size_t count,
                            struct error *err);

/* Every finding of a pack, errors and warnings; keeps findings_max, returns how many there were. */
size_t city_check(const char *folder, struct city_finding *findings, size_t findings_max);

const char *city_key(const struct city *city);                        /* "isfahan" */
const char *city_name(const struct city *city, const char *language); /* "fa" or "en" */
const char *city_language(const struct city *city);                   /* "fa" */
const struct civil *city_civil(const struct city *city);
const struct phone_plan *city_phone_plan(const struct city *city);
const struct city_callback *city_callback(const struct city *city);
const struct city_life *city_life(const struct city *city);
const struct city_storm *city_storm(const struct city *city);
const struct city_surge *city_surge(const struct city *city);
/* How long a named person may take to acknowledge an urgent task, day and night; 0: nothing is said. */
uint32_t city_acknowledge_minutes(const struct city *city);

const struct city_unit *city_unit(const struct city *city, const char *key); /* NULL: unlisted */
/* It is listed, and no body of the city (a power or gas company): what goes there is referred. */
bool city_unit_is_outside(const struct city *city, const char *key);
const struct city_topic *city_topic(const struct city *city, const char *key); /* NULL: unlisted */
const struct city_area *city_area(const struct city *city, const char *key);   /* NULL: unlisted */
const struct city_level *city_level(const struct city *city, const char *key);
/* The place of a topic for city_topic_at; CITY_NO_PLACE: unlisted. */
#define CITY_NO_PLACE SIZE_MAX
size_t city_topic_place(const struct city *city, const char *key);
size_t city_unit_count(const struct city *city);
size_t city_topic_count(const struct city *city);
size_t city_area_count(const struct city *city);
const struct city_unit *city_unit_at(const struct city *city, size_t index);
const struct city_topic *city_topic_at(const struct city *city, size_t index);
const struct city_area *city_area_at(const struct city *city, size_t index);

/* Whether it is a unit on that day of the city's. */
bool city_unit_is_valid(const struct city *city, const struct city_unit *unit, int64_t at_us);
/* Who has the work of a unit at that time: itself, its stand-in, that one's, or the coordinator. An unlisted one
 * has its own. Borrowed from the pack or from `key`. */
const char *city_unit_in_charge(const struct city *city, const char *key, int64_t at_us);

/* The working hours of a unit, listed or not: its own, else those of the units above it, else the
 * default. NULL when the pack has no hours: only the wall clock is known. */
const struct hours *city_hours(const struct city *city, const char *unit);

/* The step of the ladder for a task of that level with that unit; NULL when there is none so high. */
const struct city_step *city_ladder(const struct city *city, const char *level, const char *unit,
                                    uint32_t number);

/* The unit that hears of it when a task of `unit` goes up that step at that time: the one the ladder names, else the
 * nearest that the role leads, from the task's own upward; who has its work then. "": nobody hears. Borrowed. */
const char *city_step_unit(const struct city *city, const struct city_step *step, const char *unit,
                           int64_t at_us);

/* A step whose role that is, for its names: of the unit's kind when there is one, else of any. NULL: the ladder has no such role. */
const struct city_step *city_role(const struct city *city, const char *role, const char *unit);

/* How far and how long a topic reaches; never NULL, for an unlisted one the usual. */
const struct city_same *city_same(const struct city *city, const char *topic);
/* The topic itself and those the pack calls kin to it, borrowed; returns how many. */
size_t city_kin(const struct city *city, const char *topic, const char *ret_topics[CITY_KIN_MAX]);

/* The unit that decides what nobody takes. */
const char *city_coordinator(const struct city *city);

/* A digest of the pack's files (BLAKE2b-256 over names and contents, sorted): which rules were in
 * force. */
struct bytes city_digest(const struct city *city);

/* The pack's files, as they are on disk and digested, in the order of their names. */
size_t city_file_count(const struct city *city);
struct bytes city_file_at(const struct city *city, size_t index, const char **ret_name);

/* Whether `next` may take the place of `former` while everything goes on: the same city, zone, calendar and week,
 * and every unit, area, topic and level of the former is there. FAILED_PRECONDITION, field: the file. */
enum status city_may_follow(const struct city *former, const struct city *next, struct error *err);

/* A word, or a few in a row, by which people call a topic. */
struct city_word {
    uint64_t hash;   /* text/words.h: of its stems in a row, without stop words */
    uint32_t topic;  /* place in the pack: city_topic_at */
    uint32_t weight; /* 1: a hint; 2: usual; up to CITY_WORD_WEIGHT_MAX: surely this topic */
    int line;        /* of words.csv */
};

#define CITY_WORD_WEIGHT_MAX 5
#define CITY_WORD_WEIGHT_DEFAULT 2
#define CITY_PHRASE_WORDS_MAX 3
#define CITY_WORDS_MAX 20000
#define CITY_STOP_WORDS_MAX 5000 /* lines */

/* The pack's words.csv, sorted by hash, then topic; none when there is no such file. */
const struct city_word *city_words(const struct city *city, size_t *ret_count);
/* Whether a stem (words_hash) tells nothing of what a text is about: the pack's stopwords.txt. */
bool city_is_stop_word(const struct city *city, uint64_t hash);

/* An import profile of the pack: how the columns of a city's own export become requests. */
struct city_profile;

/* The columns a profile may map. NOTE is the closing note of the office. */
enum city_field {
    CITY_FIELD_EXTERNAL_ID,
    CITY_FIELD_OPENED,
    CITY_FIELD_DUE,
    CITY_FIELD_CLOSED,
    CITY_FIELD_TOPIC,
    CITY_FIELD_UNIT,
    CITY_FIELD_AREA,
    CITY_FIELD_CHANNEL,
    CITY_FIELD_LATITUDE,
    CITY_FIELD_LONGITUDE,
    CITY_FIELD_ADDRESS,
    CITY_FIELD_WORDS,
    CITY_FIELD_NOTE,
    CITY_FIELD_PHONE,
    CITY_FIELD_NAME,
    CITY_FIELD_COUNT,
};

/* NOT_FOUND, field "profile", when the pack has no imports/NAME.ini. The profile outlives the city.
 */
enum status city_profile_load(struct city_profile **ret_profile, const struct city *city,
                              const char *name, struct error *err);
void city_profile_free(struct city_profile *profile);

const char *city_profile_source(const struct city_profile *profile); /* of (source, external id) */
/* The header of the column that holds the field, NULL when the profile does not map it. */
const char *city_profile_column(const struct city_profile *profile, enum city_field field);
const char *
city_profile_time_format(const struct city_profile *profile); /* as civil_parse_format */
const struct civil *city_profile_civil(const struct city_profile *profile); /* zone of the times */
/* True for a point that stands for "no place" in the export (Boston: City Hall). */
bool city_profile_is_default_point(const struct city_profile *profile, double latitude,
                                   double longitude);
/* A column's value in our words: value map first ("Constituent Call" -> "phone"), then the field's
 * prefix to strip ("Ward 17" -> "17"), trimmed, leading zeros stripped where the profile says so.
 * Writes at most out_size bytes with NUL. */
void city_profile_value(const struct city_profile *profile, enum city_field field,
                        const char *value, char *out, size_t out_size);

#endif
