/* same.csv: when two requests are probably about the same thing. A pack may do without it. */
#include "city/city_internal.h"

#include "base/check.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

#define SAME_FILE "same.csv"
#define SAME_USUAL "*"
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum same_column { SAME_TOPIC, SAME_METRES, SAME_HOURS, SAME_KIN };

static const struct csv_column same_columns[] = {
    {"topic", true}, {"metres", true}, {"hours", true}, {"kin", true}};

static const struct city_same same_usual = {
    .topic = SAME_USUAL,
    .metres = CITY_SAME_METRES,
    .hours = CITY_SAME_HOURS,
    .kin = "",
};

/* A row while it is read. */
struct same_reading {
    const struct city *city;
    const struct csv_table *table;
    struct findings *findings;
};

static int same_line(const struct same_reading *r, size_t row)
{
    return csv_table_line(r->table, row);
}

static void same_read_number(const struct same_reading *r, size_t row, enum same_column column,
                             uint32_t most, uint32_t *ret_number)
{
    const struct ini_value value = {.name = same_columns[column].name,
                                    .value = csv_table_cell(r->table, row, column),
                                    .line = same_line(r, row)};
    ini_value_number(&value, SAME_FILE, 0, most, ret_number, r->findings);
}

static void same_read_row(const struct same_reading *r, size_t row, struct city_same *same)
{
    struct error err = ERROR_NONE;
    same->topic = csv_table_cell(r->table, row, SAME_TOPIC);
    same->kin = csv_table_cell(r->table, row, SAME_KIN);
    same_read_number(r, row, SAME_METRES, CITY_SAME_METRES_MAX, &same->metres);
    same_read_number(r, row, SAME_HOURS, CITY_SAME_HOURS_MAX, &same->hours);
    bool usual = strcmp(same->topic, SAME_USUAL) == 0;
    if (!usual && r->city->topics_whole && city_topic(r->city, same->topic) == NULL) {
        findings_error(
            r->findings, SAME_FILE, same_line(r, row),
            "the topic \"%s\" is not in topics.csv: correct it, or write * for all others",
            findings_quote(same->topic).text);
    }
    if (usual && same->kin[0] != '\0') {
        findings_error(r->findings, SAME_FILE, same_line(r, row),
                       "all topics cannot be kin: leave the column kin of * empty");
    }
    if (same->kin[0] != '\0' &&
        text_check_key(same->kin, CITY_KEY_SIZE_MAX, "kin", &err) != STATUS_OK) {
        findings_error(r->findings, SAME_FILE, same_line(r, row),
                       "the kin \"%s\" cannot be used: %s", findings_quote(same->kin).text,
                       err.message);
    }
}

static void same_tell_duplicate(void *context, size_t row, size_t first_row)
{
    const struct same_reading *r = context;
    findings_error(r->findings, SAME_FILE, same_line(r, row),
                   "the topic \"%s\" is already on line %d: a topic is there once",
                   findings_quote(csv_table_cell(r->table, row, SAME_TOPIC)).text,
                   same_line(r, first_row));
}

/* A family has few members, so that a question about one of them stays quick; one alone has none. */
static void same_check_families(const struct same_reading *r)
{
    const struct city *city = r->city;
    for (size_t row = 0; row < city->same_index.count; row++) {
        const char *kin = city->same[row].kin;
        size_t members = 0;
        for (size_t i = 0; i < city->same_index.count && kin[0] != '\0'; i++) {
            members += strcmp(city->same[i].kin, kin) == 0;
        }
        if (members > CITY_KIN_MAX) {
            findings_error(r->findings, SAME_FILE, same_line(r, row),
                           "more than %d topics are kin \"%s\"", CITY_KIN_MAX,
                           findings_quote(kin).text);
        } else if (members == 1) {
            findings_warning(r->findings, SAME_FILE, same_line(r, row),
                             "no other topic is kin \"%s\"", findings_quote(kin).text);
        }
    }
}

void city_same_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, SAME_FILE);
    if (file == NULL || !file->readable) {
        return;
    }
    city->same_table =
        csv_table_read(SAME_FILE, file->text, same_columns, COUNT_OF(same_columns), findings);
    size_t count = csv_table_rows(city->same_table);
    if (count > CITY_SAME_ROWS_MAX) {
        findings_error(findings, SAME_FILE, csv_table_line(city->same_table, CITY_SAME_ROWS_MAX),
                       "more than %d topics", CITY_SAME_ROWS_MAX);
        count = CITY_SAME_ROWS_MAX;
    }
    city->same = calloc(count + 1, sizeof(*city->same));
    CHECK(city->same != NULL);
    struct same_reading reading = {city, city->same_table, findings};
    for (size_t row = 0; row < count; row++) {
        same_read_row(&reading, row, &city->same[row]);
    }
    key_index_init(&city->same_index, city->same, sizeof(*city->same), count);
    key_index_each_duplicate(&city->same_index, same_tell_duplicate, &reading);
    same_check_families(&reading);
}

void city_same_fini(struct city *city)
{
    key_index_fini(&city->same_index);
    free(city->same);
    csv_table_free(city->same_table);
}

static const struct city_same *same_find(const struct city *city, const char *topic)
{
    int32_t place = city->same == NULL ? KEY_INDEX_NONE : key_index_find(&city->same_index, topic);
    return place == KEY_INDEX_NONE ? NULL : &city->same[place];
}

const struct city_same *city_same(const struct city *city, const char *topic)
{
    const struct city_same *same = same_find(city, topic);
    if (same == NULL) {
        same = same_find(city, SAME_USUAL);
    }
    return same != NULL ? same : &same_usual;
}

size_t city_kin(const struct city *city, const char *topic, const char *ret_topics[CITY_KIN_MAX])
{
    const char *kin = city_same(city, topic)->kin;
    size_t count = 0;
    ret_topics[count++] = topic;
    for (size_t i = 0; kin[0] != '\0' && i < city->same_index.count && count < CITY_KIN_MAX; i++) {
        if (strcmp(city->same[i].kin, kin) == 0 && strcmp(city->same[i].topic, topic) != 0) {
            ret_topics[count++] = city->same[i].topic;
        }
    }
    return count;
}
