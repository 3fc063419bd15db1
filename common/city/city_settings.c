/* city.ini: who the city is, its clock and calendar, its phone numbers, its call-backs. */
#include "city/city_internal.h"

#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

#define SETTINGS_FILE "city.ini"
#define PHONE_PREFIX_DIGITS_MAX 5

static const char *const settings_weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                                "thursday", "friday", "saturday"};

static const char *settings_text(struct ini_table *table, const char *name, size_t size_max,
                                 bool required, struct findings *findings)
{
    const struct ini_value *value = ini_table_find(table, "city", name, required, findings);
    struct error err = ERROR_NONE;
    if (value == NULL || value->value[0] == '\0') {
        return "";
    }
    if (text_check_key(value->value, size_max, name, &err) != STATUS_OK) {
        findings_error(findings, SETTINGS_FILE, value->line, "\"%s\" cannot be used: %s", name,
                       err.message);
        return "";
    }
    return value->value;
}

static void settings_load_names(struct city *city, struct findings *findings)
{
    struct ini_table *table = city->settings;
    city->key = settings_text(table, "key", CITY_KEY_SIZE_MAX, true, findings);
    const struct ini_value *language = ini_table_find(table, "city", "language", true, findings);
    if (language != NULL) {
        if (strcmp(language->value, "fa") != 0 && strcmp(language->value, "en") != 0) {
            findings_error(findings, SETTINGS_FILE, language->line,
                           "\"language\" must be fa or en, not \"%s\"",
                           findings_quote(language->value).text);
        } else {
            city->language = language->value;
        }
    }
    bool needs_fa = city->language != NULL && strcmp(city->language, "fa") == 0;
    bool needs_en = city->language != NULL && strcmp(city->language, "en") == 0;
    const char *fa = settings_text(table, "name_fa", CITY_NAME_SIZE_MAX, needs_fa, findings);
    const char *en = settings_text(table, "name_en", CITY_NAME_SIZE_MAX, needs_en, findings);
    city->name_fa = fa[0] != '\0' ? fa : en;
    city->name_en = en[0] != '\0' ? en : fa;

    const struct ini_value *coordinator =
        ini_table_find(table, "city", "coordinator", true, findings);
    if (coordinator != NULL) {
        city->coordinator = coordinator->value;
        city->coordinator_line = coordinator->line;
    }
}

bool city_settings_calendar(const struct ini_value *value, const char *file,
                            enum civil_calendar *ret_calendar, struct findings *findings)
{
    if (strcmp(value->value, "jalali") == 0) {
        *ret_calendar = CIVIL_JALALI;
    } else if (strcmp(value->value, "gregorian") == 0) {
        *ret_calendar = CIVIL_GREGORIAN;
    } else {
        findings_error(findings, file, value->line,
                       "\"calendar\" must be jalali or gregorian, not \"%s\"",
                       findings_quote(value->value).text);
        return false;
    }
    return true;
}

static void settings_load_civil(struct city *city, struct findings *findings)
{
    struct ini_table *table = city->settings;
    const struct ini_value *zone = ini_table_find(table, "city", "zone", true, findings);
    const struct ini_value *calendar = ini_table_find(table, "city", "calendar", true, findings);
    const struct ini_value *week = ini_table_find(table, "city", "week_start", true, findings);
    city->zone = zone != NULL ? zone->value : "UTC";
    if (calendar != NULL) {
        city_settings_calendar(calendar, SETTINGS_FILE, &city->calendar, findings);
    }
    if (week != NULL) {
        city->week_start = -1;
        for (int day = 0; day < 7; day++) {
            if (strcmp(week->value, settings_weekdays[day]) == 0) {
                city->week_start = day;
            }
        }
        if (city->week_start < 0) {
            findings_error(findings, SETTINGS_FILE, week->line,
                           "\"week_start\" must be a day such as saturday, not \"%s\"",
                           findings_quote(week->value).text);
            city->week_start = 0;
        }
    }
    struct error err = ERROR_NONE;
    if (civil_new(&city->civil, city->zone, city->calendar, city->week_start, &err) != STATUS_OK) {
        findings_error(findings, SETTINGS_FILE, zone != NULL ? zone->line : 0,
                       "\"zone\" must be a name such as Asia/Tehran: %s", err.message);
    }
}

/* Copies a run of digits; `digits_max` is what `out` holds without NUL. */
static void settings_digits(struct ini_table *table, const char *name, bool required, char *out,
                            size_t digits_max, struct findings *findings)
{
    const struct ini_value *value = ini_table_find(table, "phone", name, required, findings);
    if (value == NULL || value->value[0] == '\0') {
        return;
    }
    size_t size = strlen(value->value);
    if (size > digits_max || strspn(value->value, "0123456789") != size) {
        findings_error(findings, SETTINGS_FILE, value->line,
                       "\"%s\" must be 1 to %zu digits, not \"%s\"", name, digits_max,
                       findings_quote(value->value).text);
        return;
    }
    memcpy(out, value->value, size + 1);
}

static uint8_t settings_count(struct ini_table *table, const char *name, bool required,
                              struct findings *findings)
{
    uint32_t number = 0;
    const struct ini_value *value = ini_table_find(table, "phone", name, required, findings);
    if (value != NULL && value->value[0] != '\0') {
        ini_value_number(value, SETTINGS_FILE, 0, 15, &number, findings);
    }
    return (uint8_t)number;
}

/* "9, 90, 98": at most PHONE_PREFIXES_MAX runs of digits. */
static uint8_t settings_prefixes(struct ini_table *table, const char *name,
                                 char out[PHONE_PREFIXES_MAX][PHONE_PREFIX_DIGITS_MAX + 1],
                                 struct findings *findings)
{
    const struct ini_value *value = ini_table_find(table, "phone", name, false, findings);
    const char *at = value != NULL ? value->value : "";
    uint8_t count = 0;
    while (*at != '\0') {
        at += strspn(at, " ");
        size_t size = strspn(at, "0123456789");
        const char *after = at + size + strspn(at + size, " ");
        if (size == 0 || size > PHONE_PREFIX_DIGITS_MAX || (*after != ',' && *after != '\0') ||
            count == PHONE_PREFIXES_MAX) {
            findings_error(findings, SETTINGS_FILE, value->line,
                           "\"%s\" must be at most %d numbers of 1 to %d digits with commas "
                           "between them, not \"%s\"",
                           name, PHONE_PREFIXES_MAX, PHONE_PREFIX_DIGITS_MAX,
                           findings_quote(value->value).text);
            return 0;
        }
        memcpy(out[count], at, size);
        out[count][size] = '\0';
        count++;
        at = *after == ',' ? after + 1 : after;
    }
    return count;
}

static void settings_load_phone(struct city *city, struct findings *findings)
{
    struct ini_table *table = city->settings;
    struct phone_plan *plan = &city->phone_plan;
    settings_digits(table, "country", true, plan->country, sizeof(plan->country) - 1, findings);
    settings_digits(table, "trunk", false, plan->trunk, sizeof(plan->trunk) - 1, findings);
    settings_digits(table, "area", false, plan->area, sizeof(plan->area) - 1, findings);
    plan->local_digits = settings_count(table, "local_digits", false, findings);
    plan->national_digits_min = settings_count(table, "national_digits_min", true, findings);
    plan->national_digits_max = settings_count(table, "national_digits_max", true, findings);
    plan->mobile_count = settings_prefixes(table, "mobile", plan->mobile, findings);
    plan->refused_count = settings_prefixes(table, "refused", plan->refused, findings);

    const struct ini_value *min =
        ini_table_find(table, "phone", "national_digits_min", false, findings);
    size_t whole = strlen(plan->country) + plan->national_digits_max;
    if (min != NULL && (plan->national_digits_min < 1 ||
                        plan->national_digits_min > plan->national_digits_max || whole > 15)) {
        findings_error(findings, SETTINGS_FILE, min->line,
                       "national_digits_min must be from 1 to national_digits_max, and country "
                       "and number together at most 15 digits");
    }
    size_t local = strlen(plan->area) + plan->local_digits;
    const struct ini_value *digits =
        ini_table_find(table, "phone", "local_digits", false, findings);
    if (digits != NULL && plan->local_digits > 0 &&
        (local < plan->national_digits_min || local > plan->national_digits_max)) {
        findings_error(findings, SETTINGS_FILE, digits->line,
                       "area and local_digits make %zu digits, outside national_digits_min and "
                       "national_digits_max",
                       local);
    }
}

static void settings_load_callback(struct city *city, struct findings *findings)
{
    const struct {
        const char *name;
        uint32_t min, max;
        uint32_t *number;
    } settings[] = {
        {"first_delay_minutes", 0, 525600, &city->callback.first_delay_minutes},
        {"retry_minutes", 1, 525600, &city->callback.retry_minutes},
        {"attempts_max", 1, 20, &city->callback.attempts_max},
        {"lease_minutes", 1, 1440, &city->callback.lease_minutes},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const struct ini_value *value =
            ini_table_find(city->settings, "callback", settings[i].name, true, findings);
        if (value != NULL) {
            ini_value_number(value, SETTINGS_FILE, settings[i].min, settings[i].max,
                             settings[i].number, findings);
        }
    }
}

/* How far from its polygon a point may lie; 0 when it is left out. */
static void settings_load_places(struct city *city, struct findings *findings)
{
    const struct ini_value *value =
        ini_table_find(city->settings, "places", "tolerance_m", false, findings);
    if (value != NULL) {
        ini_value_number(value, SETTINGS_FILE, 0, CITY_TOLERANCE_M_MAX, &city->tolerance_m,
                         findings);
    }
}

/* All of it may be left out. */
static void settings_load_life(struct city *city, struct findings *findings)
{
    const struct {
        const char *name;
        uint32_t usual, min, max;
        uint32_t *number;
    } settings[] = {
        {"returns_max", 3, 0, 100, &city->life.returns_max},
        {"reopens_max", 2, 0, 100, &city->life.reopens_max},
        {"pause_days_max", 366, 1, 366, &city->life.pause_days_max},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const struct ini_value *value =
            ini_table_find(city->settings, "routing", settings[i].name, false, findings);
        *settings[i].number = settings[i].usual;
        if (value != NULL) {
            ini_value_number(value, SETTINGS_FILE, settings[i].min, settings[i].max,
                             settings[i].number, findings);
        }
    }
}

/* All of it may be left out. */
static void settings_load_storm(struct city *city, struct findings *findings)
{
    const struct {
        const char *name;
        uint32_t *percent;
    } settings[] = {
        {"due_percent", &city->storm.due_percent},
        {"respond_percent", &city->storm.respond_percent},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const struct ini_value *value =
            ini_table_find(city->settings, "storm", settings[i].name, false, findings);
        *settings[i].percent = CITY_STORM_PERCENT;
        if (value != NULL) {
            ini_value_number(value, SETTINGS_FILE, 100, CITY_STORM_PERCENT_MAX, settings[i].percent,
                             findings);
        }
    }
}

/* All of it may be left out. */
static void settings_load_surge(struct city *city, struct findings *findings)
{
    const struct {
        const char *name;
        uint32_t usual, min, max;
        uint32_t *number;
    } settings[] = {
        {"requests", CITY_SURGE_REQUESTS, 2, 10000, &city->surge.requests},
        {"weeks", CITY_SURGE_WEEKS, 1, 8, &city->surge.weeks},
        {"one_in", CITY_SURGE_ONE_IN, 20, 1000000000, &city->surge.one_in},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const struct ini_value *value =
            ini_table_find(city->settings, "surge", settings[i].name, false, findings);
        *settings[i].number = settings[i].usual;
        if (value != NULL) {
            ini_value_number(value, SETTINGS_FILE, settings[i].min, settings[i].max,
                             settings[i].number, findings);
        }
    }
}

/* An urgent task; 0 when it is left out. */
static void settings_load_urgent(struct city *city, struct findings *findings)
{
    const struct ini_value *value =
        ini_table_find(city->settings, "urgent", "ack_minutes", false, findings);
    if (value != NULL) {
        ini_value_number(value, SETTINGS_FILE, 1, CITY_ACKNOWLEDGE_MINUTES_MAX,
                         &city->acknowledge_minutes, findings);
    }
}

void city_settings_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, SETTINGS_FILE);
    if (file == NULL || !file->readable) {
        return; /* told already */
    }
    city->settings = ini_table_read(SETTINGS_FILE, file->text, findings);
    settings_load_names(city, findings);
    settings_load_civil(city, findings);
    settings_load_phone(city, findings);
    settings_load_callback(city, findings);
    settings_load_places(city, findings);
    settings_load_life(city, findings);
    settings_load_storm(city, findings);
    settings_load_surge(city, findings);
    settings_load_urgent(city, findings);
    ini_table_refuse_unknown(city->settings, findings);
}
