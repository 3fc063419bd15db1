/* Looking names up. A value added to the contract shows with its own name until it has one in the tables. */
#include "clients/vafa/labels.h"

#include "clients/vafa/labels_tables.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct label *find_label(const struct label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0) {
            return &labels[i];
        }
    }
    return NULL;
}

static const char *in_language(const struct label *label, const char *language)
{
    return strcmp(language, "fa") == 0 ? label->fa : label->en;
}

const char *label_enum(const ProtobufCEnumDescriptor *type, int value, const char *language)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known == NULL || value == 0) {
        return "";
    }
    const struct label *label = find_label(labels_enums, labels_enums_count, known->name);
    return label != NULL ? in_language(label, language) : known->name;
}

const char *label_word(const char *word, const char *language)
{
    const struct label *label = find_label(labels_words, labels_words_count, word);
    return label != NULL ? in_language(label, language) : word;
}

/* The part of the names that all share: values[0] is PREFIX_UNSPECIFIED by the rules of the
 * contract. */
static size_t prefix_length(const ProtobufCEnumDescriptor *type)
{
    const char *tail = strstr(type->values[0].name, "UNSPECIFIED");
    return tail != NULL ? (size_t)(tail - type->values[0].name) : 0;
}

static void typed_spelling(const char *name, char *out, size_t out_size)
{
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < out_size; i++) {
        out[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
    }
    out[i] = '\0';
}

int label_enum_value(const ProtobufCEnumDescriptor *type, const char *text)
{
    char wanted[64];
    typed_spelling(text, wanted, sizeof(wanted));
    for (unsigned i = 0; i < type->n_values; i++) {
        char spelling[64];
        typed_spelling(type->values[i].name + prefix_length(type), spelling, sizeof(spelling));
        if (type->values[i].value != 0 && strcmp(spelling, wanted) == 0) {
            return type->values[i].value;
        }
    }
    return -1;
}

void label_enum_word(const ProtobufCEnumDescriptor *type, int value, char *out, size_t out_size)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    const char *name = known != NULL ? known->name + prefix_length(type) : "";
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < out_size; i++) {
        out[i] = (char)tolower((unsigned char)name[i]);
    }
    out[i] = '\0';
}

bool label_is_among(int value, const int *values)
{
    for (; values != NULL && *values != 0; values++) {
        if (*values == value) {
            return true;
        }
    }
    return false;
}

void label_enum_choices(const ProtobufCEnumDescriptor *type, const int *without, char *out,
                        size_t out_size)
{
    size_t at = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < type->n_values && at < out_size; i++) {
        char spelling[64];
        int value = type->values[i].value;
        if (value != 0 && !label_is_among(value, without)) {
            typed_spelling(type->values[i].name + prefix_length(type), spelling, sizeof(spelling));
            at += (size_t)snprintf(out + at, out_size - at, "%s%s", at > 0 ? ", " : "", spelling);
        }
    }
}
