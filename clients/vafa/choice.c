/* Options whose value is a word of an enum; see the header. */
#include "clients/vafa/choice.h"

#include "clients/vafa/labels.h"

#define CHOICES_SIZE 256

enum status choice_read_word(const char *word, const char *option,
                             const ProtobufCEnumDescriptor *type, const int *unsaid, int *ret_value,
                             struct error *err)
{
    int value = label_enum_value(type, word);
    if (value < 0 || label_is_among(value, unsaid)) {
        char choices[CHOICES_SIZE];
        label_enum_choices(type, unsaid, choices, sizeof choices);
        return error_set(err, STATUS_INVALID_ARGUMENT, option, "\"%s\" is none of %s", word,
                         choices);
    }
    *ret_value = value;
    return STATUS_OK;
}

enum status choice_read(const struct args *args, const char *option,
                        const ProtobufCEnumDescriptor *type, const int *unsaid, int *value,
                        struct error *err)
{
    const char *word = args_value(args, option);
    return word == NULL ? STATUS_OK : choice_read_word(word, option, type, unsaid, value, err);
}
