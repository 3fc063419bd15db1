/* Keys are compared as they are, names folded. */
#include "clients/vafa/report_names.h"

#include "base/check.h"
#include "clients/vafa/labels.h"
#include "text/fold.h"

#include "vafa/common/v1/common.pb-c.h"

#include <stdlib.h>
#include <string.h>

static bool is_same_name(const char *a, const char *b)
{
    struct buffer folded_a = BUFFER_EMPTY;
    struct buffer folded_b = BUFFER_EMPTY;
    bool same = text_fold(a, &folded_a, NULL) == STATUS_OK &&
                text_fold(b, &folded_b, NULL) == STATUS_OK &&
                strcmp(buffer_text(&folded_a), buffer_text(&folded_b)) == 0;
    buffer_fini(&folded_a);
    buffer_fini(&folded_b);
    return same;
}

static bool is_called(const char *name_fa, const char *name_en, const char *given)
{
    return is_same_name(name_fa, given) || is_same_name(name_en, given);
}

static const char *topic_key(const struct city *city, const char *given)
{
    if (city_topic(city, given) != NULL) {
        return given;
    }
    for (size_t i = 0; i < city_topic_count(city); i++) {
        const struct city_topic *topic = city_topic_at(city, i);
        if (is_called(topic->name_fa, topic->name_en, given)) {
            return topic->key;
        }
    }
    return NULL;
}

static const char *area_key(const struct city *city, const char *given)
{
    if (city_area(city, given) != NULL) {
        return given;
    }
    for (size_t i = 0; i < city_area_count(city); i++) {
        const struct city_area *area = city_area_at(city, i);
        if (is_called(area->name_fa, area->name_en, given)) {
            return area->key;
        }
    }
    return NULL;
}

static const char *unit_key(const struct city *city, const char *given)
{
    if (city_unit(city, given) != NULL) {
        return given;
    }
    for (size_t i = 0; i < city_unit_count(city); i++) {
        const struct city_unit *unit = city_unit_at(city, i);
        if (is_called(unit->name_fa, unit->name_en, given)) {
            return unit->key;
        }
    }
    return NULL;
}

/* "walk-in", as for registering, and "in person", as it is shown, are "walk_in". */
static const char *channel_key(const char *given, char *word, size_t word_size)
{
    const ProtobufCEnumDescriptor *type = &common__channel__descriptor;
    int channel = label_enum_value(type, given);
    for (unsigned i = 0; channel < 0 && i < type->n_values; i++) {
        int value = type->values[i].value;
        if (value != 0 &&
            is_called(label_enum(type, value, "fa"), label_enum(type, value, "en"), given)) {
            channel = value;
        }
    }
    label_enum_word(type, channel, word, word_size);
    return channel < 0 ? NULL : word;
}

char *report_names_key(const struct city *city, Report__Dimension dimension, const char *given,
                       bool *ret_known)
{
    char word[32];
    const char *key = NULL;
    if (given[0] == '\0' || strcmp(given, label_word("none", "en")) == 0) {
        key = "";
    } else if (dimension == REPORT__DIMENSION__DIMENSION_CHANNEL) {
        key = channel_key(given, word, sizeof(word));
    } else if (city == NULL) {
        key = NULL;
    } else if (dimension == REPORT__DIMENSION__DIMENSION_TOPIC) {
        key = topic_key(city, given);
    } else if (dimension == REPORT__DIMENSION__DIMENSION_AREA) {
        key = area_key(city, given);
    } else if (dimension == REPORT__DIMENSION__DIMENSION_UNIT) {
        key = unit_key(city, given);
    }
    char *copy = strdup(key != NULL ? key : given);
    CHECK(copy != NULL);
    *ret_known = key != NULL;
    return copy;
}
