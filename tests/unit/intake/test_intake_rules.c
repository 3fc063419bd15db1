/* Intake's rules: plain values in, plain values out. */
#include "services/intake/intake_rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct city *city;

static int load_city(void **state)
{
    struct error err = ERROR_NONE;
    (void)state;
    if (city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", &err) != STATUS_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int free_city(void **state)
{
    (void)state;
    city_free(city);
    return 0;
}

/* --- what a request may contain --- */

/* A request with every part it can have, all good; tests spoil one. */
struct sample {
    Intake__RegisterCaseRequest request;
    Intake__Citizen citizen;
    Common__Place place;
    Common__GeoPoint point;
    Intake__History history;
};

static void sample_init(struct sample *sample)
{
    intake__register_case_request__init(&sample->request);
    intake__citizen__init(&sample->citizen);
    common__place__init(&sample->place);
    common__geo_point__init(&sample->point);
    intake__history__init(&sample->history);
    sample->citizen.name = "شهروند نمونه";
    sample->citizen.phone = "۰۹۱۳-۱۲۳-۴۵۶۷";
    sample->point.latitude = 32.65;
    sample->point.longitude = 51.67;
    sample->place.point = &sample->point;
    sample->place.area = "5";
    sample->place.street = "خیابان چهارباغ عباسی";
    sample->request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    sample->request.citizen = &sample->citizen;
    sample->request.topic = "asphalt";
    sample->request.place = &sample->place;
    sample->request.words = "چالهٔ بزرگی جلوی خانه است";
    sample->request.source = "137";
    sample->request.external_id = "A-1";
}

static void accepts(const struct sample *sample)
{
    struct error err = ERROR_NONE;
    enum status status = intake_rules_check_registration(city, sample->request.history != NULL,
                                                         &sample->request, &err);
    if (status != STATUS_OK) {
        fail_msg("field \"%s\": %s", err.field, err.message);
    }
}

static void refuses_with(const struct sample *sample, enum status expected, const char *field)
{
    struct error err = ERROR_NONE;
    enum status status = intake_rules_check_registration(city, sample->request.history != NULL,
                                                         &sample->request, &err);
    assert_int_equal(status, expected);
    assert_string_equal(err.field, field);
}

static void refuses(const struct sample *sample, const char *field)
{
    refuses_with(sample, STATUS_INVALID_ARGUMENT, field);
}

static void takes_a_request_with_every_part(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    accepts(&sample);
    sample.request.history = &sample.history;
    accepts(&sample);
}

static void takes_a_request_of_channel_and_topic_alone(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.request.citizen = NULL;
    sample.request.place = NULL;
    sample.request.words = "";
    sample.request.source = "";
    sample.request.external_id = "";
    accepts(&sample);
}

/* Texts are counted in characters, not in bytes: each of these takes two to four. */
static void counts_characters_of_every_script(void **state)
{
    static const char *const characters[] = {"a", "چ", "ى", "\u200C", "\xF0\x9F\x98\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        const char *character = characters[i];
        size_t size = strlen(character);
        char *words = calloc(INTAKE_WORDS_MAX + 1, size + 1);
        struct sample sample;
        sample_init(&sample);
        for (size_t n = 0; n < INTAKE_WORDS_MAX; n++) {
            memcpy(words + n * size, character, size);
        }
        sample.request.words = words;
        accepts(&sample);
        memcpy(words + INTAKE_WORDS_MAX * size, character, size);
        refuses(&sample, "words");
        free(words);
    }
}

static void names_a_text_that_is_too_long(void **state)
{
    struct sample sample;
    char *text = calloc(302, 1);
    (void)state;
    const struct {
        char **part;
        size_t max;
        const char *field;
    } parts[] = {
        {&sample.citizen.name, INTAKE_NAME_MAX, "citizen.name"},
        {&sample.place.neighbourhood, INTAKE_NEIGHBOURHOOD_MAX, "neighbourhood"},
        {&sample.place.street, INTAKE_STREET_MAX, "street"},
        {&sample.place.landmark, INTAKE_LANDMARK_MAX, "landmark"},
        {&sample.place.thing, INTAKE_THING_MAX, "thing"},
        {&sample.request.source, INTAKE_EXTERNAL_BYTES_MAX, "source"},
        {&sample.request.external_id, INTAKE_EXTERNAL_BYTES_MAX, "external_id"},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        sample_init(&sample);
        *parts[i].part = text;
        memset(text, 'x', parts[i].max);
        text[parts[i].max] = '\0';
        accepts(&sample);
        memset(text, 'x', parts[i].max + 1);
        text[parts[i].max + 1] = '\0';
        refuses(&sample, parts[i].field);
    }
    free(text);
}

static void names_a_text_that_is_no_text(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.request.words = "bell \a";
    refuses(&sample, "words");
    sample_init(&sample);
    sample.request.external_id = "two\nlines";
    refuses(&sample, "external_id");
}

static void keeps_points_on_the_earth(void **state)
{
    static const struct {
        double latitude;
        double longitude;
        const char *refused; /* NULL: taken */
    } points[] = {
        {90, 180, NULL},         {-90, -180, NULL},           {0, 0, NULL},
        {90.1, 0, "latitude"},   {-90.1, 0, "latitude"},      {0, 180.1, "longitude"},
        {NAN, 0, "latitude"},    {0, NAN, "longitude"},       {INFINITY, 0, "latitude"},
        {0, 1e308, "longitude"}, {0, -INFINITY, "longitude"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct sample sample;
        sample_init(&sample);
        sample.point.latitude = points[i].latitude;
        sample.point.longitude = points[i].longitude;
        if (points[i].refused == NULL) {
            accepts(&sample);
        } else {
            refuses(&sample, points[i].refused);
        }
    }
}

static void needs_a_channel_that_exists(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.request.channel = COMMON__CHANNEL__CHANNEL_UNSPECIFIED;
    refuses(&sample, "channel");
    sample.request.channel = (Common__Channel)99;
    refuses(&sample, "channel");
    sample.request.channel = COMMON__CHANNEL__CHANNEL_IMPORT;
    refuses(&sample, "channel");
    sample.request.history = &sample.history;
    accepts(&sample);
}

static void takes_unlisted_keys_of_a_history_only(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.request.topic = "pothole-of-1390";
    refuses_with(&sample, STATUS_NOT_FOUND, "topic");
    sample.request.topic = "";
    refuses(&sample, "topic");
    sample_init(&sample);
    sample.place.area = "ward-99";
    refuses_with(&sample, STATUS_NOT_FOUND, "area");
    sample.request.topic = "pothole-of-1390";
    sample.request.history = &sample.history;
    accepts(&sample);
}

static void needs_source_and_external_id_together(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.request.source = "";
    refuses(&sample, "source");
    sample_init(&sample);
    sample.request.external_id = "";
    refuses(&sample, "external_id");
}

static void names_other_bad_fields(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.citizen.phone = "call me";
    refuses(&sample, "phone");
    sample_init(&sample);
    sample.request.urgency = (Common__Urgency)3;
    refuses(&sample, "urgency");
    sample_init(&sample);
    sample.request.history = &sample.history;
    sample.history.occurred_at_us = -1;
    refuses(&sample, "occurred_at_us");
    sample.history.occurred_at_us = 0;
    sample.history.due_at_us = -1;
    refuses(&sample, "due_at_us");
    sample.history.due_at_us = INT64_MAX;
    refuses(&sample, "due_at_us");
    sample.history.due_at_us = 0;
    sample.history.unit = "a key of more than sixty-four bytes is no key that a city pack can have";
    refuses(&sample, "unit");
}

static void lets_nobody_but_the_import_give_a_history(void **state)
{
    struct sample sample;
    struct error err = ERROR_NONE;
    (void)state;
    sample_init(&sample);
    sample.request.history = &sample.history;
    assert_int_equal(intake_rules_check_registration(city, false, &sample.request, &err),
                     STATUS_PERMISSION_DENIED);
    assert_string_equal(err.field, "history");
}

static void puts_a_history_into_the_past(void **state)
{
    Intake__History history = INTAKE__HISTORY__INIT;
    struct error err = ERROR_NONE;
    (void)state;
    history.occurred_at_us = 1000;
    assert_int_equal(intake_rules_check_history_time(NULL, 1000, NULL), STATUS_OK);
    assert_int_equal(intake_rules_check_history_time(&history, 1000, NULL), STATUS_OK);
    assert_int_equal(intake_rules_check_history_time(&history, 999, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "occurred_at_us");
}

static void knows_what_is_personal(void **state)
{
    struct sample sample;
    (void)state;
    sample_init(&sample);
    sample.request.citizen = NULL;
    assert_true(intake_rules_is_personal(&sample.request));
    sample.request.words = "";
    assert_false(intake_rules_is_personal(&sample.request));
    intake__citizen__init(&sample.citizen);
    sample.request.citizen = &sample.citizen;
    assert_false(intake_rules_is_personal(&sample.request));
    sample.citizen.name = "شهروند نمونه";
    assert_true(intake_rules_is_personal(&sample.request));
    sample.citizen.name = "";
    sample.citizen.phone = "32211111";
    assert_true(intake_rules_is_personal(&sample.request));
}

static void takes_the_urgency_of_the_topic(void **state)
{
    const struct city_topic calm = {.urgent = false};
    const struct city_topic danger = {.urgent = true};
    const Common__Urgency unset = COMMON__URGENCY__URGENCY_UNSPECIFIED;
    const Common__Urgency normal = COMMON__URGENCY__URGENCY_NORMAL;
    const Common__Urgency urgent = COMMON__URGENCY__URGENCY_URGENT;
    (void)state;
    assert_int_equal(intake_rules_urgency(&calm, unset), normal);
    assert_int_equal(intake_rules_urgency(&calm, normal), normal);
    assert_int_equal(intake_rules_urgency(&calm, urgent), urgent);
    assert_int_equal(intake_rules_urgency(&danger, unset), urgent);
    assert_int_equal(intake_rules_urgency(&danger, normal), urgent);
    assert_int_equal(intake_rules_urgency(NULL, unset), normal);
    assert_int_equal(intake_rules_urgency(NULL, urgent), urgent);
}

static void bounds_the_page(void **state)
{
    struct error err = ERROR_NONE;
    uint32_t size = 7;
    (void)state;
    assert_int_equal(intake_rules_page_size(0, &size, NULL), STATUS_OK);
    assert_int_equal(size, INTAKE_PAGE_SIZE_DEFAULT);
    assert_int_equal(intake_rules_page_size(100, &size, NULL), STATUS_OK);
    assert_int_equal(size, 100);
    assert_int_equal(intake_rules_page_size(101, &size, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "page_size");
    assert_int_equal(size, 100);
}

/* --- the story of a request --- */

#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name
#define STATE(name) INTAKE__CASE_STATE__CASE_STATE_##name
#define VERDICT(name) INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_##name
#define STORY_MAX 8

struct step {
    Intake__TimelineKind kind;
    Intake__CitizenVerdict verdict;
};

static Intake__CaseState state_after(const struct step steps[STORY_MAX], bool to_be_called)
{
    Intake__TimelineEntry entries[STORY_MAX];
    Intake__TimelineEntry *pointers[STORY_MAX];
    size_t count = 0;
    while (count < STORY_MAX && steps[count].kind != KIND(UNSPECIFIED)) {
        intake__timeline_entry__init(&entries[count]);
        entries[count].kind = steps[count].kind;
        entries[count].verdict = steps[count].verdict;
        pointers[count] = &entries[count];
        count++;
    }
    return intake_rules_state(pointers, count, to_be_called);
}

static void tells_where_a_request_stands(void **state)
{
    static const struct {
        struct step steps[STORY_MAX];
        Intake__CaseState expected;
    } stories[] = {
        {{{KIND(REGISTERED), 0}}, STATE(REGISTERED)},
        {{{KIND(REGISTERED), 0}, {KIND(ROUTED), 0}}, STATE(IN_WORK)},
        {{{KIND(ROUTED), 0}, {KIND(ACCEPTED), 0}, {KIND(REPORTED), 0}}, STATE(IN_WORK)},
        {{{KIND(ROUTED), 0}, {KIND(OVERDUE), 0}, {KIND(RETURNED), 0}}, STATE(IN_WORK)},
        {{{KIND(ROUTED), 0}, {KIND(DONE), 0}}, STATE(AWAITING_WORD)},
        {{{KIND(DONE), 0}, {KIND(CALL_SCHEDULED), 0}, {KIND(CALL_ATTEMPTED), 0}},
         STATE(AWAITING_WORD)},
        {{{KIND(DONE), 0}, {KIND(CALL_COMPLETED), VERDICT(DONE)}}, STATE(CONFIRMED)},
        {{{KIND(DONE), 0},
          {KIND(CALL_COMPLETED), VERDICT(DONE)},
          {KIND(FEEDBACK_RECORDED), VERDICT(DONE)}},
         STATE(CONFIRMED)},
        {{{KIND(DONE), 0}, {KIND(CALL_COMPLETED), VERDICT(PARTLY_DONE)}}, STATE(DISPUTED)},
        {{{KIND(DONE), 0}, {KIND(FEEDBACK_RECORDED), VERDICT(NOT_DONE)}}, STATE(DISPUTED)},
        {{{KIND(DONE), 0}, {KIND(CALL_COMPLETED), 0}}, STATE(CLOSED_UNCONFIRMED)},
        {{{KIND(ROUTED), 0}, {KIND(SEEN), 0}}, STATE(IN_WORK)},
        {{{KIND(PLANNED), 0}, {KIND(STARTED), 0}, {KIND(PAUSED), 0}, {KIND(RESUMED), 0}},
         STATE(IN_WORK)},
        {{{KIND(ROUTED), 0}, {KIND(CLOSED_UNDONE), 0}}, STATE(AWAITING_WORD)},
        {{{KIND(CLOSED_UNDONE), 0}, {KIND(CALL_COMPLETED), VERDICT(DONE)}}, STATE(CONFIRMED)},
        {{{KIND(ROUTED), 0}, {KIND(CANCELLED), 0}}, STATE(WITHDRAWN)},
        {{{KIND(ROUTED), 0}, {KIND(CANCELLED), 0}, {KIND(REOPENED), 0}}, STATE(REOPENED)},
        /* What the citizen took back comes back for nobody, whatever becomes of the task. */
        {{{KIND(ROUTED), 0}, {KIND(DONE), 0}, {KIND(WITHDRAWN), 0}, {KIND(REOPENED), 0}},
         STATE(WITHDRAWN)},
        {{{KIND(DONE), 0}, {KIND(CALL_COMPLETED), VERDICT(NOT_DONE)}, {KIND(REOPENED), 0}},
         STATE(REOPENED)},
        {{{KIND(DONE), 0}, {KIND(REOPENED), 0}, {KIND(ACCEPTED), 0}, {KIND(MOVED), 0}},
         STATE(REOPENED)},
        {{{KIND(DONE), 0}, {KIND(REOPENED), 0}, {KIND(DONE), 0}}, STATE(AWAITING_WORD)},
        /* The call was made before it was heard that the task is open again. */
        {{{KIND(DONE), 0},
          {KIND(REOPENED), 0},
          {KIND(CALL_SCHEDULED), 0},
          {KIND(CALL_COMPLETED), VERDICT(DONE)}},
         STATE(REOPENED)},
        {{{KIND(ROUTED), 0}, {KIND(MOVED), 0}}, STATE(IN_WORK)},
        /* A finished history may carry an acceptance of a later day. */
        {{{KIND(ROUTED), 0}, {KIND(DONE), 0}, {KIND(ACCEPTED), 0}}, STATE(AWAITING_WORD)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        Intake__CaseState got = state_after(stories[i].steps, true);
        if (got != stories[i].expected) {
            fail_msg("story %zu: state %d instead of %d", i, (int)got, (int)stories[i].expected);
        }
    }
}

static void awaits_no_word_from_whom_nobody_calls(void **state)
{
    const struct step done[STORY_MAX] = {{KIND(ROUTED), 0}, {KIND(DONE), 0}};
    const struct step called[STORY_MAX] = {{KIND(DONE), 0}, {KIND(CALL_SCHEDULED), 0}};
    (void)state;
    assert_int_equal(state_after(done, false), STATE(CLOSED_UNCONFIRMED));
    assert_int_equal(state_after(called, false), STATE(AWAITING_WORD));
}

static Intake__TimelineEntry entry_at(int64_t at_us, Common__ServiceId service, uint64_t offset)
{
    Intake__TimelineEntry entry = INTAKE__TIMELINE_ENTRY__INIT;
    entry.at_us = at_us;
    entry.service = service;
    entry.offset = offset;
    return entry;
}

static void orders_by_time_then_service_then_offset(void **state)
{
    const Intake__TimelineEntry entries[] = {
        entry_at(1, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, 9),
        entry_at(2, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, 8),
        entry_at(2, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, 3),
        entry_at(2, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, 5),
        entry_at(3, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, 1),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        for (size_t j = 0; j < sizeof(entries) / sizeof(entries[0]); j++) {
            int order = intake_rules_compare(&entries[i], &entries[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void finds_the_unit_that_has_it(void **state)
{
    Intake__TimelineEntry entries[3];
    Intake__TimelineEntry *pointers[3] = {&entries[0], &entries[1], &entries[2]};
    (void)state;
    entries[0] = entry_at(1, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, 1);
    entries[1] = entry_at(2, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, 1);
    entries[2] = entry_at(3, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, 1);
    entries[1].unit = "district-5";
    entries[2].unit = "centre-137"; /* who calls does not have it */
    assert_string_equal(intake_rules_unit(pointers, 1), "");
    assert_string_equal(intake_rules_unit(pointers, 3), "district-5");
}

static void translates_what_citizens_answer(void **state)
{
    (void)state;
    assert_int_equal(intake_rules_verdict(FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED),
                     VERDICT(DONE));
    assert_int_equal(intake_rules_verdict(FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY),
                     VERDICT(PARTLY_DONE));
    assert_int_equal(intake_rules_verdict(FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED),
                     VERDICT(NOT_DONE));
    assert_int_equal(intake_rules_verdict((Followup__Resolution)77), VERDICT(UNSPECIFIED));
    assert_string_equal(
        intake_rules_outcome_note(FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_WRONG_NUMBER),
        "wrong number");
    assert_string_equal(intake_rules_outcome_note((Followup__CallOutcome)77), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_request_with_every_part),
        cmocka_unit_test(takes_a_request_of_channel_and_topic_alone),
        cmocka_unit_test(counts_characters_of_every_script),
        cmocka_unit_test(names_a_text_that_is_too_long),
        cmocka_unit_test(names_a_text_that_is_no_text),
        cmocka_unit_test(keeps_points_on_the_earth),
        cmocka_unit_test(needs_a_channel_that_exists),
        cmocka_unit_test(takes_unlisted_keys_of_a_history_only),
        cmocka_unit_test(needs_source_and_external_id_together),
        cmocka_unit_test(names_other_bad_fields),
        cmocka_unit_test(lets_nobody_but_the_import_give_a_history),
        cmocka_unit_test(puts_a_history_into_the_past),
        cmocka_unit_test(knows_what_is_personal),
        cmocka_unit_test(takes_the_urgency_of_the_topic),
        cmocka_unit_test(bounds_the_page),
        cmocka_unit_test(tells_where_a_request_stands),
        cmocka_unit_test(awaits_no_word_from_whom_nobody_calls),
        cmocka_unit_test(orders_by_time_then_service_then_offset),
        cmocka_unit_test(finds_the_unit_that_has_it),
        cmocka_unit_test(translates_what_citizens_answer),
    };
    return cmocka_run_group_tests(tests, load_city, free_city);
}
