/* The tables of names: one of what values of the contract are called (labels_enums.c), one of our own words (labels_words.c). */
#ifndef VAFA_CLIENTS_VAFA_LABELS_TABLES_H
#define VAFA_CLIENTS_VAFA_LABELS_TABLES_H

#include <stddef.h>

struct label {
    const char *name; /* in the contract, or a word of ours */
    const char *fa;
    const char *en;
};

extern const struct label labels_enums[];
extern const size_t labels_enums_count;
extern const struct label labels_words[];
extern const size_t labels_words_count;

#endif
