/* What the words of the contract are called: states, kinds, outcomes, columns; Persian and English.
 */
#ifndef VAFA_CLIENTS_VAFA_LABELS_H
#define VAFA_CLIENTS_VAFA_LABELS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* language: "fa" or "en". "" for an unset value; the name in the contract for one we do not know.
 */
const char *label_enum(const ProtobufCEnumDescriptor *type, int value, const char *language);
/* A word of ours ("topic", "on_time", "due"), the word itself when it has no other name. */
const char *label_word(const char *word, const char *language);

/* The value of an enum written as people type it: "answered", "no-answer" for
 * CALL_OUTCOME_NO_ANSWER; -1 when there is none. */
int label_enum_value(const ProtobufCEnumDescriptor *type, const char *text);
/* Whether it is one of those values, which 0 ends; NULL: there are none. */
bool label_is_among(int value, const int *values);
/* Its values in that spelling: "answered, no-answer, busy". `without`: some that are left out, 0 ends them; NULL: none. */
void label_enum_choices(const ProtobufCEnumDescriptor *type, const int *without, char *out,
                        size_t out_size);
/* The contract's word for a value, "walk_in"; "" for a number it does not name. */
void label_enum_word(const ProtobufCEnumDescriptor *type, int value, char *out, size_t out_size);

#endif
