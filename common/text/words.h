/*
 * A citizen's words as a list of words that can be compared: folded (text/fold.h), split where no letter is, without
 * numbers, and each cut back to its stem. "درختهای", "درخت‌ها" and "درخت" are one word, and so are "trees" and "tree".
 *
 * The stem is a sign to compare by, not a word of the language: endings are taken away as long as enough is left, so
 * that a word and the same word with one more ending meet. What is shorter is left as it is ("بازی", "بها").
 */
#ifndef VAFA_TEXT_WORDS_H
#define VAFA_TEXT_WORDS_H

#include "base/bytes.h"

/* Of a text: what is behind is not read. By it a suggestion ends in time: docs/EVALUATIONS.md. */
#define WORDS_TEXT_BYTES_MAX 1024
#define WORDS_MAX 256           /* of a text */
#define WORDS_WORD_BYTES_MAX 60 /* what is longer is no word, and left out */

/* Ended with words_fini; may be read into again. Begins as WORDS_EMPTY. */
struct words {
    struct buffer text; /* the stems, each with a NUL */
    size_t count;
    uint32_t at[WORDS_MAX]; /* where each begins */
};

#define WORDS_EMPTY ((struct words){0})

/* INVALID_ARGUMENT when `text` is not well-formed UTF-8. */
enum status words_read(const char *text, struct words *words, struct error *err);
void words_fini(struct words *words);
const char *words_at(const struct words *words, size_t index);

/* 64 bits of a stem, never 0. The same in every program and at every time. */
uint64_t words_hash(const char *stem);
/* Of words in a row: of what came before (0: nothing) and one more. */
uint64_t words_hash_more(uint64_t before, const char *stem);

#endif
