/* Options whose value is a word of an enum of the contract: "walk-in", in any spelling that labels.h takes. */
#ifndef VAFA_CLIENTS_VAFA_CHOICE_H
#define VAFA_CLIENTS_VAFA_CHOICE_H

#include "clients/vafa/args.h"

#include <protobuf-c/protobuf-c.h>

/* *value stays as it is when the option was not given. INVALID_ARGUMENT names the words there are. `unsaid`: values that nobody
 * gives, since they come by themselves; 0 ends them; NULL: none. */
enum status choice_read(const struct args *args, const char *option,
                        const ProtobufCEnumDescriptor *type, const int *unsaid, int *value,
                        struct error *err);
/* The same of one word of an option that may be repeated. */
enum status choice_read_word(const char *word, const char *option,
                             const ProtobufCEnumDescriptor *type, const int *unsaid, int *ret_value,
                             struct error *err);

#endif
