/* What the pack lacks for urgent requests, which go past every queue: desks, the minutes in which a person acknowledges,
 * the ladder. Warnings. */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct urgent_review {
    const struct city *city;
    struct findings *findings;
    const char **topics; /* by place of the unit: the first urgent topic it gets, NULL: none */
};

static bool urgent_is_rule(const struct city *city, const struct city_rule *rule)
{
    return rule->urgent == 1 || (rule->urgent == CITY_ANY && rule->topic != CITY_ANY &&
                                 city->topics[rule->topic].topic.urgent);
}

static void urgent_note(struct urgent_review *review, const struct city_rule *rule, int32_t unit)
{
    const struct city *city = review->city;
    if (unit >= 0 && review->topics[unit] == NULL &&
        strcmp(city->units[unit].kind, CITY_KIND_OUTSIDE) != 0) {
        review->topics[unit] = rule->topic == CITY_ANY ? "*" : city->topics[rule->topic].topic.key;
    }
}

/* Whether anything of the pack is urgent by itself. */
static bool urgent_collect(struct urgent_review *review)
{
    const struct city *city = review->city;
    bool any = false;
    for (size_t i = 0; i < city->rule_count; i++) {
        const struct city_rule *rule = &city->rules[i];
        if (!urgent_is_rule(city, rule)) {
            continue;
        }
        any = true;
        urgent_note(review, rule, rule->unit);
        for (size_t a = 0; a < city->area_index.count && rule->unit == KEY_INDEX_NONE; a++) {
            if (rule->area == CITY_ANY || (size_t)rule->area == a) {
                urgent_note(review, rule, city_rule_unit(city, rule, city->areas[a].key));
            }
        }
    }
    for (size_t i = 0; i < city->topic_index.count; i++) {
        any = any || city->topics[i].topic.urgent;
    }
    return any;
}

static void urgent_review_desks(const struct urgent_review *review)
{
    const struct city *city = review->city;
    bool has_desks = false;
    for (size_t i = 0; i < city->unit_index.count; i++) {
        has_desks = has_desks || city->units[i].urgent_desk[0] != '\0';
    }
    if (!has_desks) { /* told once, not of every unit */
        findings_warning(review->findings, "units.csv", 0,
                         "some topics are urgent and no unit has an urgent_desk: they go to "
                         "whichever desk is there");
    }
    for (size_t i = 0; i < city->unit_index.count && has_desks; i++) {
        if (review->topics[i] != NULL && city->units[i].urgent_desk[0] == '\0') {
            findings_warning(review->findings, "units.csv", csv_table_line(city->unit_table, i),
                             "the unit \"%s\" gets what is urgent, the topic \"%s\" first, and has "
                             "no urgent_desk",
                             findings_quote(city->units[i].key).text,
                             findings_quote(review->topics[i]).text);
        }
    }
}

void city_urgent_review(const struct city *city, struct findings *findings)
{
    struct urgent_review review = {.city = city, .findings = findings};
    review.topics = calloc(city->unit_index.count + 1, sizeof(*review.topics));
    CHECK(review.topics != NULL);
    if (urgent_collect(&review)) {
        urgent_review_desks(&review);
        if (city->acknowledge_minutes == 0) {
            findings_warning(
                findings, "city.ini", 0,
                "some topics are urgent and [urgent] has no ack_minutes: nobody has to "
                "acknowledge them");
        }
        if (city->ladder.count == 0) {
            findings_warning(findings, "ladder.csv", 0,
                             "some topics are urgent and there is no ladder: what nobody "
                             "acknowledges goes up to no one");
        }
    }
    free(review.topics);
}
