/*
 * City packs. The input is files, each behind a line "@@ NAME" ("@@- NAME": without that file);
 * files that are not given are those of small_pack/, which is good.
 */
#include "base/check.h"
#include "base/clock.h"
#include "base/utf8_check.h"
#include "city/city_place.h"
#include "city/city_questions.h"
#include "city/city_route.h"
#include "city/hours.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 18
#define FINDINGS_MAX 64

static const char *const names[FILES] = {
    "city.ini",           "units.csv",          "topics.csv",    "areas.csv",     "levels.csv",
    "rules.csv",          "imports/export.ini", "hours.csv",     "holidays.csv",  "areas.geojson",
    "neighbourhoods.csv", "words.csv",          "stopwords.txt", "questions.csv", "choices.csv",
    "same.csv",           "zones.geojson",      "notes.txt",
};

static struct buffer good[FILES]; /* of small_pack/; empty where there is none */

struct pack {
    struct bytes content[FILES];
    bool is_there[FILES];
};

static void read_good(void)
{
    for (size_t i = 0; i < FILES - 1; i++) {
        char path[FUZZ_PATH_SIZE];
        (void)snprintf(path, sizeof(path), "%s/tests/fuzz/small_pack/%s", VAFA_SOURCE_DIR,
                       names[i]);
        FILE *file = fopen(path, "rbe");
        CHECK(file != NULL);
        good[i].size = fread(buffer_extend(&good[i], 4096), 1, 4096, file);
        CHECK(good[i].size > 0 && fclose(file) == 0);
    }
}

static size_t place_of(struct bytes name)
{
    size_t i = 0;
    while (i < FILES - 1 && !bytes_equal(name, bytes_of_text(names[i]))) {
        i++;
    }
    return i;
}

/* --- the input as a pack --- */

static bool is_head(struct bytes rest)
{
    return rest.size >= 3 && memcmp(rest.data, "@@", 2) == 0;
}

/* Everything up to the next head. */
static struct bytes take_content(struct fuzz_input *in)
{
    struct bytes from = in->rest;
    while (in->rest.size > 0 && !is_head(in->rest)) {
        (void)fuzz_line(in);
    }
    return bytes_of(from.data, from.size - in->rest.size);
}

static void take_files(struct fuzz_input *in, struct pack *pack)
{
    for (size_t i = 0; i < FILES; i++) {
        pack->content[i] = buffer_bytes(&good[i]);
        pack->is_there[i] = good[i].size > 0;
    }
    (void)take_content(in);
    while (in->rest.size > 0) {
        struct bytes head = fuzz_line(in);
        bool absent = head.data[2] == '-';
        size_t skip = head.size > 3 && absent ? 4 : 3;
        size_t i = place_of(head.size > skip ? bytes_of(head.data + skip, head.size - skip)
                                             : bytes_of(NULL, 0));
        pack->is_there[i] = !absent;
        pack->content[i] = take_content(in);
    }
}

/* Only what differs from the good pack is written, and put right again afterwards. */
static void write_pack(const struct pack *pack)
{
    for (size_t i = 0; i < FILES; i++) {
        if (!pack->is_there[i]) {
            fuzz_remove(names[i]);
        } else if (pack->content[i].data != good[i].data) {
            fuzz_write(names[i], pack->content[i]);
        }
    }
}

static void write_good(const struct pack *before)
{
    for (size_t i = 0; i < FILES; i++) {
        if (good[i].size == 0) {
            fuzz_remove(names[i]);
        } else if (before == NULL || before->content[i].data != good[i].data ||
                   !before->is_there[i]) {
            fuzz_write(names[i], buffer_bytes(&good[i]));
        }
    }
}

/* --- properties --- */

static int lines_of(const struct pack *pack, const char *name)
{
    struct bytes content = pack->content[place_of(bytes_of_text(name))];
    int lines = 1;
    for (size_t i = 0; i < content.size; i++) {
        lines += content.data[i] == '\n';
    }
    return lines;
}

static bool is_plain(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7F) {
            return false;
        }
    }
    return size > 0 && utf8_well_formed(text, size);
}

static void check_findings(const struct pack *pack, const struct city_finding *findings,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PROPERTY(is_plain(findings[i].file), "a finding names its file");
        PROPERTY(is_plain(findings[i].message), "its message is one line of text");
        PROPERTY(findings[i].line >= 0 && findings[i].line <= lines_of(pack, findings[i].file),
                 "it names a line that is there, or none");
    }
}

/* The last rule that was looked at. */
static void note_rule(void *context, const struct city_rule_look *look)
{
    *(struct city_rule_look *)context = *look;
}

static void check_request(const struct city *city, const struct city_request *request)
{
    struct city_route route, explained;
    struct city_rule_look last = {.no = CITY_RULE_NO_UNIT};
    city_route(city, request, &route);
    PROPERTY(city_unit(city, route.unit) != NULL, "a request goes to a unit of the pack");
    PROPERTY(route.level[0] == '\0' || city_level(city, route.level) != NULL,
             "under a level of the pack");
    PROPERTY((route.level[0] == '\0') == (route.due_hours == 0) && route.due_hours <= 87600,
             "it has a due date if and only if it has a level");
    PROPERTY(route.helper_count == 0 || is_plain(route.helpers_note),
             "who helps is told with what");
    for (size_t i = 0; i < route.helper_count; i++) {
        PROPERTY(city_unit(city, route.helpers[i]) != NULL &&
                     strcmp(route.helpers[i], route.unit) != 0,
                 "another unit of the pack helps");
    }
    city_route_explain(city, request, &explained, note_rule, &last);
    PROPERTY(last.no == CITY_RULE_TAKES && last.line == route.rule_line &&
                 explained.rule_line == route.rule_line && explained.unit == route.unit,
             "it is explained as it is routed");
}

/* Whatever can be answered to a choice or a line, at a point of the zones, by day and by night. */
static void check_route(const struct city *city, const char *topic, const char *area)
{
    static const char *const values[] = {"yes", "no", "۱۲", "7.50", "-0"};
    size_t questions = city_question_count(city, topic);
    for (size_t i = 0; i < 2 * (questions + 1); i++) {
        struct city_request request = {
            .topic = topic,
            .area = area,
            .neighbourhood = i % 3 == 0 ? "ملك شهر" : "",
            .has_point = i % 3 != 1,
            .latitude = 32.6 + 0.01 * (double)(i % 5),
            .longitude = 51.6 + 0.01 * (double)(i % 7),
            .urgent = i % 2 == 1,
            .registered_at_us = (int64_t)i * 9 * HOUR_US,
        };
        if (i / 2 < questions) {
            request.answer_count = 1;
            request.answers[0] = (struct city_answer){
                .question = city_question_at(city, topic, i / 2)->key,
                .values = values,
                .value_count = 1 + i % 5,
            };
        }
        check_request(city, &request);
    }
}

static void check_routes(const struct city *city)
{
    size_t topics = city_topic_count(city) < 8 ? city_topic_count(city) : 8;
    size_t areas = city_area_count(city) < 8 ? city_area_count(city) : 8;
    for (size_t t = 0; t <= topics; t++) {
        const char *topic = t < topics ? city_topic_at(city, t)->key : "unlisted";
        for (size_t a = 0; a <= areas; a++) {
            check_route(city, topic, a < areas ? city_area_at(city, a)->key : "");
        }
    }
}

/* A day and an hour of work from some time on: within the limit, and the same counted back. */
static void check_hours(const struct city *city, const char *unit)
{
    const struct hours *hours = city_hours(city, unit);
    int64_t from_us = INT64_C(1774000000) * SECOND_US;
    int64_t due_us = 0;
    int64_t back_us = -1;
    enum status status = hours_add(hours, from_us, 25 * HOUR_US, NULL, &due_us, NULL);
    PROPERTY(status == STATUS_OK || status == STATUS_OUT_OF_RANGE, "a sum is made or too far");
    if (status == STATUS_OK) {
        PROPERTY(due_us >= from_us + 25 * HOUR_US, "working hours are no more than all hours");
        PROPERTY(hours_between(hours, from_us, due_us, NULL, &back_us, NULL) == STATUS_OK &&
                     back_us == 25 * HOUR_US,
                 "what was added lies between");
    }
}

static void check_place(const struct city *city, struct city_place place)
{
    PROPERTY((place.area == NULL) == (place.found == CITY_PLACE_NONE), "what is found has an area");
    PROPERTY(place.area == NULL || city_area(city, place.area->key) != NULL, "it is the pack's");
    PROPERTY((place.distance_m > 0) == (place.found == CITY_PLACE_NEAR), "only near is far");
}

/* Points in and around the shapes of small_pack/, and one far away. */
static void check_places(const struct city *city)
{
    for (int i = 0; i < 40; i++) {
        double latitude = i == 0 ? -90 : 32.59 + 0.004 * (i % 8);
        double longitude = i == 0 ? 180 : 51.59 + 0.007 * (i / 8);
        struct city_place place = city_place_of_point(city, latitude, longitude);
        struct city_place nearest = city_place_nearest(city, latitude, longitude);
        check_place(city, place);
        check_place(city, nearest);
        PROPERTY(place.distance_m <= (double)city_place_tolerance_m(city), "near is near");
        PROPERTY(place.area == NULL || place.area == nearest.area, "what is found is the nearest");
        PROPERTY(place.area != NULL || nearest.area == NULL ||
                     nearest.distance_m > (double)city_place_tolerance_m(city),
                 "what is within the tolerance is found");
    }
    check_place(city, city_place_of_neighbourhood(city, "ملک شهر"));
}

static void check_questions(const struct city *city, const char *topic)
{
    size_t count = city_question_count(city, topic);
    PROPERTY(count <= CITY_QUESTIONS_OF_TOPIC_MAX, "a topic asks a bounded number of questions");
    for (size_t i = 0; i < count; i++) {
        const struct city_question *question = city_question_at(city, topic, i);
        bool chooses =
            question->kind == CITY_QUESTION_ONE_OF || question->kind == CITY_QUESTION_SEVERAL_OF;
        PROPERTY(city_question(city, topic, question->key) == question, "a key is there once");
        PROPERTY(is_plain(question->name_fa) && is_plain(question->name_en), "it has a name");
        PROPERTY(chooses == (question->choice_count > 0) &&
                     question->choice_count <= CITY_CHOICES_OF_LIST_MAX,
                 "what is chosen from has choices, and nothing else has");
        for (size_t c = 0; c < question->choice_count; c++) {
            PROPERTY(city_question_choice(question, question->choices[c].key) ==
                         &question->choices[c],
                     "a choice is there once");
        }
    }
}

static void check_profile(const struct city *city, bool is_there)
{
    struct city_profile *profile = NULL;
    struct error err = ERROR_NONE;
    enum status status = city_profile_load(&profile, city, "export", &err);
    PROPERTY((status == STATUS_OK) == is_there, "a profile of a good pack can be used");
    for (int field = 0; is_there && field < CITY_FIELD_COUNT; field++) {
        char value[8];
        const char *column = city_profile_column(profile, (enum city_field)field);
        city_profile_value(profile, (enum city_field)field, " Ward 007 سلام ", value,
                           sizeof(value));
        PROPERTY(utf8_well_formed(value, strlen(value)), "a value that is cut is text");
        PROPERTY(column == NULL || is_plain(column), "a column has a name");
    }
    city_profile_free(profile);
}

static void check_words(const struct city *city)
{
    size_t count;
    const struct city_word *words = city_words(city, &count);
    PROPERTY(count <= CITY_WORDS_MAX, "so many words and no more");
    for (size_t i = 0; i < count; i++) {
        PROPERTY(words[i].topic < city_topic_count(city), "a word is of a topic of the pack");
        PROPERTY(words[i].weight >= 1 && words[i].weight <= CITY_WORD_WEIGHT_MAX, "with a weight");
        PROPERTY(words[i].hash != 0 &&
                     (i == 0 || words[i].hash > words[i - 1].hash ||
                      (words[i].hash == words[i - 1].hash && words[i].topic > words[i - 1].topic)),
                 "in order, each once");
    }
}

static void check_city(const struct city *city, const struct pack *pack)
{
    struct city *again = NULL;
    PROPERTY(city_unit(city, city_coordinator(city)) != NULL, "the coordinator is a unit");
    PROPERTY(city_name(city, "fa")[0] != '\0' && city_name(city, "en")[0] != '\0',
             "the city has a name");
    PROPERTY(city_load(&again, fuzz_folder(), NULL) == STATUS_OK &&
                 bytes_equal(city_digest(city), city_digest(again)),
             "the same files have the same digest");
    city_free(again);
    check_routes(city);
    check_hours(city, "unlisted");
    check_hours(city, city_unit_at(city, 0)->key);
    check_places(city);
    check_words(city);
    for (size_t i = 0; i < city_topic_count(city) && i < 8; i++) {
        check_questions(city, city_topic_at(city, i)->key);
    }
    check_questions(city, "unlisted");
    check_profile(city, pack->is_there[place_of(bytes_of_text("imports/export.ini"))]);
}

static void check_pack(const struct pack *pack)
{
    static struct city_finding findings[FINDINGS_MAX];
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    size_t errors = 0;
    size_t found = city_check(fuzz_folder(), findings, FINDINGS_MAX);
    size_t kept = found < FINDINGS_MAX ? found : FINDINGS_MAX;
    check_findings(pack, findings, kept);
    for (size_t i = 0; i < kept; i++) {
        errors += findings[i].is_error;
    }
    enum status status = city_load(&city, fuzz_folder(), &err);
    PROPERTY(found > kept || (status == STATUS_OK) == (errors == 0),
             "a pack loads if and only if its check finds no error");
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(strchr(err.message, ':') != NULL, "the error says file:line");
        return;
    }
    check_city(city, pack);
    city_free(city);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct pack pack;
    if (good[0].size == 0) {
        read_good();
        write_good(NULL);
    }
    fuzz_begin(&in, data, size);
    take_files(&in, &pack);
    write_pack(&pack);
    check_pack(&pack);
    write_good(&pack);
    fuzz_end(&in);
    return 0;
}
