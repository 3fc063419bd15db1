/* Splitting and stems: see words.h. Works on folded text, so a letter has one spelling. */
#include "text/words.h"

#include "base/check.h"
#include "base/utf8_check.h"
#include "text/fold.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

/* --- stems --- */

struct ending {
    const char *text;
    size_t letters;
    size_t left_min; /* letters that must be left */
};

/* Longer ones first. Of Persian: the plural and what may follow it, comparison, possession, the ye. One letter is easily
 * part of the word itself, so more must be left. */
static const struct ending persian_endings[] = {
    {"هایشان", 6, 3}, {"هایمان", 6, 3}, {"هایتان", 6, 3}, {"هاشون", 5, 3}, {"هامون", 5, 3},
    {"هاتون", 5, 3},  {"مونو", 4, 4},   {"تونو", 4, 4},   {"شونو", 4, 4},  {"ترین", 4, 4},
    {"هایی", 4, 3},   {"هایم", 4, 3},   {"هایت", 4, 3},   {"هایش", 4, 3},  {"های", 3, 3},
    {"شان", 3, 4},    {"مان", 3, 4},    {"تان", 3, 4},    {"شون", 3, 4},   {"مون", 3, 4},
    {"تون", 3, 4},    {"ها", 2, 3},     {"تر", 2, 4},     {"ات", 2, 4},    {"ان", 2, 4},
    {"ی", 1, 4},      {"م", 1, 4},      {"ت", 1, 4},      {"ش", 1, 4},     {"ا", 1, 4},
};

/* What stands alone once a half space has become a space: endings, and the beginnings of verbs. */
static const char *const persian_parts[] = {
    "ها",  "های", "هایی", "هایم", "هایت", "هایش",  "هایمان", "هایتان", "هایشان", "ای",   "ام",
    "ات",  "اش",  "ایم",  "اید",  "اند",  "مان",   "تان",    "شان",    "تر",     "ترین", "می",
    "نمی", "بی",  "هاش",  "هام",  "هات",  "هاشون", "هامون",  "هاتون",  "مون",    "تون",  "شون",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static size_t letters_of(const char *text, size_t size)
{
    size_t letters = 0;
    for (size_t i = 0; i < size; i++) {
        letters += ((uint8_t)text[i] & 0xC0) != 0x80;
    }
    return letters;
}

/* Whether one was taken away. */
static bool cut_persian(char *word, size_t *size)
{
    size_t letters = letters_of(word, *size);
    for (size_t i = 0; i < COUNT_OF(persian_endings); i++) {
        const struct ending *ending = &persian_endings[i];
        size_t bytes = strlen(ending->text);
        if (letters >= ending->letters + ending->left_min &&
            memcmp(word + *size - bytes, ending->text, bytes) == 0) {
            *size -= bytes;
            word[*size] = '\0';
            return true;
        }
    }
    return false;
}

/* The plural and the genitive; "grass" keeps its own. */
static void cut_english(char *word, size_t *size)
{
    if (*size > 3 && memcmp(word + *size - 2, "'s", 2) == 0) {
        *size -= 2;
    } else if (*size > 3 && word[*size - 1] == 's' && word[*size - 2] != 's') {
        *size -= 1;
    }
    word[*size] = '\0';
}

/* The Arabic script's letters begin with these bytes in UTF-8 (U+0600 to U+07FF). */
static bool is_persian(const char *word)
{
    uint8_t first = (uint8_t)word[0];
    return first >= 0xD8 && first <= 0xDF;
}

static size_t cut_endings(char *word, size_t size)
{
    if (!is_persian(word)) {
        cut_english(word, &size);
        return size;
    }
    while (cut_persian(word, &size)) {
    }
    return size;
}

static bool is_part(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(persian_parts); i++) {
        if (strcmp(word, persian_parts[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* --- splitting --- */

struct splitting {
    struct words *words;
    char word[WORDS_WORD_BYTES_MAX + 1];
    size_t size;
    bool is_no_word; /* too long, or with a digit in it: a number, a plate, an id */
};

static void end_word(struct splitting *s)
{
    struct words *words = s->words;
    size_t size = s->size;
    bool is_word = size > 0 && !s->is_no_word && words->count < WORDS_MAX;
    s->size = 0;
    s->is_no_word = false;
    if (!is_word) {
        return;
    }
    while (size > 0 && s->word[size - 1] == '\'') { /* a quote behind, no apostrophe */
        size--;
    }
    s->word[size] = '\0';
    if (letters_of(s->word, size) < 2 || is_part(s->word)) {
        return;
    }
    size = cut_endings(s->word, size);
    words->at[words->count++] = (uint32_t)words->text.size;
    buffer_append(&words->text, s->word, size + 1);
}

static bool is_letter(uint32_t code)
{
    int type = u_charType((UChar32)code);
    return u_isalpha((UChar32)code) || type == U_NON_SPACING_MARK ||
           type == U_COMBINING_SPACING_MARK;
}

static void add_code(struct splitting *s, const uint8_t *bytes, size_t length)
{
    if (s->size + length > WORDS_WORD_BYTES_MAX) {
        s->is_no_word = true;
        return;
    }
    memcpy(s->word + s->size, bytes, length);
    s->size += length;
}

static void split(struct bytes folded, struct words *words)
{
    struct splitting s = {.words = words};
    for (size_t i = 0; i < folded.size;) {
        uint32_t code = 0;
        size_t length = utf8_decode(folded.data + i, folded.size - i, &code);
        CHECK(length > 0);
        if (code == 0x2019) { /* the apostrophe of phones */
            code = '\'';
        }
        if (is_letter(code)) {
            add_code(&s, folded.data + i, length);
        } else if (code == '\'' && s.size > 0) {
            add_code(&s, (const uint8_t *)"'", 1);
        } else if (u_isdigit((UChar32)code)) {
            s.is_no_word = true;
        } else {
            end_word(&s);
        }
        i += length;
    }
    end_word(&s);
}

enum status words_read(const char *text, struct words *words, struct error *err)
{
    struct buffer folded = BUFFER_EMPTY;
    enum status status;
    size_t size = strlen(text);
    char *head = NULL;
    if (size > WORDS_TEXT_BYTES_MAX) {
        if (!utf8_well_formed(text, size)) {
            return error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                             "the text is not well-formed UTF-8");
        }
        head = strndup(text, utf8_cut(text, size, WORDS_TEXT_BYTES_MAX));
        CHECK(head != NULL);
    }
    status = text_fold(head != NULL ? head : text, &folded, err);
    if (status == STATUS_OK) {
        buffer_clear(&words->text);
        words->count = 0;
        split(buffer_bytes(&folded), words);
    }
    buffer_fini(&folded);
    free(head);
    return status;
}

void words_fini(struct words *words)
{
    buffer_fini(&words->text);
    words->count = 0;
}

const char *words_at(const struct words *words, size_t index)
{
    CHECK(index < words->count);
    return (const char *)words->text.data + words->at[index];
}

/* --- hashes --- */

uint64_t words_hash_more(uint64_t before, const char *stem)
{
    /* FNV-1a with a space between words, and its bits mixed (MurmurHash3's end): its low ones alone are weak. */
    uint64_t hash = before == 0 ? UINT64_C(14695981039346656037) : before ^ ' ';
    for (const unsigned char *c = (const unsigned char *)stem; *c != '\0'; c++) {
        hash = (hash ^ *c) * UINT64_C(1099511628211);
    }
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    hash ^= hash >> 33;
    return hash == 0 ? 1 : hash;
}

uint64_t words_hash(const char *stem)
{
    return words_hash_more(0, stem);
}
