/* Words by which people call a topic (words.csv), and words that tell nothing (stopwords.txt). A pack needs neither. */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- stopwords.txt: a word a line --- */

static int stop_compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void stop_add_line(struct city *city, const char *text, struct words *words)
{
    if (text[0] == '#' || words_read(text, words, NULL) != STATUS_OK) {
        return; /* what is not UTF-8 was told when the file was read */
    }
    for (size_t i = 0; i < words->count; i++) {
        uint64_t hash = words_hash(words_at(words, i));
        buffer_append(&city->stop_words, &hash, sizeof(hash));
    }
}

static void stop_words_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, "stopwords.txt");
    if (file == NULL || !file->readable) {
        return;
    }
    struct words words = WORDS_EMPTY;
    struct buffer line = BUFFER_EMPTY;
    int number = 0;
    for (size_t at = 0; at < file->text.size;) {
        const uint8_t *from = file->text.data + at;
        const uint8_t *end = memchr(from, '\n', file->text.size - at);
        size_t size = end == NULL ? file->text.size - at : (size_t)(end - from);
        number++;
        if (number > CITY_STOP_WORDS_MAX) {
            findings_error(findings, file->name, number, "more than %d lines", CITY_STOP_WORDS_MAX);
            break;
        }
        buffer_clear(&line);
        buffer_append(&line, from, size);
        stop_add_line(city, buffer_text(&line), &words);
        at += size + 1;
    }
    if (city->stop_words.size > 0) {
        qsort(city->stop_words.data, city->stop_words.size / sizeof(uint64_t), sizeof(uint64_t),
              stop_compare);
    }
    buffer_fini(&line);
    words_fini(&words);
}

bool city_is_stop_word(const struct city *city, uint64_t hash)
{
    return city->stop_words.size > 0 &&
           bsearch(&hash, city->stop_words.data, city->stop_words.size / sizeof(hash), sizeof(hash),
                   stop_compare) != NULL;
}

/* --- words.csv: topic, words with commas of either kind between them, weight --- */

struct word_reading {
    struct city *city;
    struct findings *findings;
    const char *file;
    int line;
    int32_t topic;
    uint32_t weight;
    struct words words;
};

/* The words of a phrase in a row, without those that tell nothing. 0: there is none. */
static uint64_t phrase_hash(const struct city *city, const struct words *words, size_t *ret_count)
{
    uint64_t hash = 0;
    size_t count = 0;
    for (size_t i = 0; i < words->count; i++) {
        const char *stem = words_at(words, i);
        if (!city_is_stop_word(city, words_hash(stem))) {
            hash = words_hash_more(hash, stem);
            count++;
        }
    }
    *ret_count = count;
    return hash;
}

static void add_phrase(struct word_reading *r, const char *text, size_t size)
{
    struct buffer phrase = BUFFER_EMPTY;
    while (size > 0 && strchr(" \t\r\n", text[0]) != NULL) {
        text++;
        size--;
    }
    buffer_append(&phrase, text, size);
    const char *shown = buffer_text(&phrase);
    size_t count = 0;
    uint64_t hash = words_read(shown, &r->words, NULL) == STATUS_OK
                        ? phrase_hash(r->city, &r->words, &count)
                        : 0;
    if (size > 0 && count == 0) {
        findings_error(r->findings, r->file, r->line,
                       "\"%s\" holds no word: numbers, single letters and what stopwords.txt lists "
                       "do not count",
                       findings_quote(shown).text);
    } else if (count > CITY_PHRASE_WORDS_MAX) {
        findings_error(r->findings, r->file, r->line,
                       "\"%s\" is longer than %d words: put a comma between phrases",
                       findings_quote(shown).text, CITY_PHRASE_WORDS_MAX);
    } else if (r->city->words.size / sizeof(struct city_word) >= CITY_WORDS_MAX) {
        findings_error(r->findings, r->file, r->line, "more than %d words in all", CITY_WORDS_MAX);
    } else if (size > 0) { /* else nothing stands between two commas */
        struct city_word word = {
            .hash = hash, .topic = (uint32_t)r->topic, .weight = r->weight, .line = r->line};
        buffer_append(&r->city->words, &word, sizeof(word));
        if (count == 1 && r->words.count > 1) {
            findings_warning(
                r->findings, r->file, r->line,
                "of \"%s\" one word is left, since the others are in stopwords.txt: is "
                "it enough alone?",
                findings_quote(shown).text);
        }
    }
    buffer_fini(&phrase);
}

/* Cuts at "," ";" "|" and the Persian comma and semicolon. */
static void add_phrases(struct word_reading *r, const char *cell)
{
    static const char *const separators[] = {",", ";", "|", "\xD8\x8C", "\xD8\x9B"};
    const char *from = cell;
    for (const char *at = cell; *at != '\0';) {
        size_t cut = 0;
        for (size_t i = 0; i < COUNT_OF(separators) && cut == 0; i++) {
            size_t size = strlen(separators[i]);
            cut = strncmp(at, separators[i], size) == 0 ? size : 0;
        }
        if (cut > 0) {
            add_phrase(r, from, (size_t)(at - from));
            from = at + cut;
        }
        at += cut > 0 ? cut : 1;
    }
    add_phrase(r, from, strlen(from));
}

static int word_compare(const void *left, const void *right)
{
    const struct city_word *a = left;
    const struct city_word *b = right;
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    if (a->topic != b->topic) {
        return a->topic < b->topic ? -1 : 1;
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

/* Sorted. Of a word that a topic has twice (endings and stop words make no difference) the first is kept; that it was
 * given two weights is told. */
static void words_sort(struct city *city, const char *file, struct findings *findings)
{
    size_t count;
    size_t kept = 0;
    struct city_word *words = (struct city_word *)(void *)city->words.data;
    (void)city_words(city, &count);
    if (count > 1) {
        qsort(words, count, sizeof(*words), word_compare);
    }
    for (size_t i = 0; i < count; i++) {
        struct city_word *last = kept > 0 ? &words[kept - 1] : NULL;
        if (last == NULL || words[i].hash != last->hash || words[i].topic != last->topic) {
            words[kept++] = words[i];
        } else if (words[i].weight != last->weight) {
            findings_warning(findings, file, words[i].line,
                             "a word of this line has another weight on line %d, for the same "
                             "topic, which counts "
                             "(endings and stop words make no difference)",
                             last->line);
        }
    }
    city->words.size = kept * sizeof(*words);
}

void city_words_load(struct city *city, struct findings *findings)
{
    static const struct csv_column columns[] = {{"topic", true}, {"words", true}, {"weight", true}};
    const struct pack_file *file = pack_files_find(&city->files, "words.csv");
    stop_words_load(city, findings);
    if (file == NULL || !file->readable) {
        return;
    }
    struct csv_table *table =
        csv_table_read(file->name, file->text, columns, COUNT_OF(columns), findings);
    struct word_reading r = {.city = city, .findings = findings, .file = file->name};
    for (size_t row = 0; row < csv_table_rows(table); row++) {
        const char *topic = csv_table_cell(table, row, 0);
        struct ini_value weight = {.name = "weight",
                                   .value = csv_table_cell(table, row, 2),
                                   .line = csv_table_line(table, row)};
        r.line = weight.line;
        r.topic = key_index_find(&city->topic_index, topic);
        r.weight = CITY_WORD_WEIGHT_DEFAULT;
        if (weight.value[0] != '\0') {
            ini_value_number(&weight, file->name, 1, CITY_WORD_WEIGHT_MAX, &r.weight, findings);
        }
        if (r.topic != KEY_INDEX_NONE) {
            add_phrases(&r, csv_table_cell(table, row, 1));
        } else if (city->topics_whole) {
            findings_error(findings, file->name, r.line, "the topic \"%s\" is not in topics.csv",
                           findings_quote(topic).text);
        }
    }
    words_fini(&r.words);
    csv_table_free(table);
    words_sort(city, file->name, findings);
}

const struct city_word *city_words(const struct city *city, size_t *ret_count)
{
    *ret_count = city->words.size / sizeof(struct city_word);
    return (const struct city_word *)(const void *)city->words.data;
}
