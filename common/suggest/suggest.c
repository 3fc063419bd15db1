/* The model: see suggest.h. */
#include "suggest/suggest.h"

#include "base/check.h"
#include "base/mutex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROW 0
/* docs/EVALUATIONS.md: what they were chosen by. */
#define SMOOTH_TOKENS 2000.0F /* how much a topic's words are like all topics' */
#define SMOOTH_PART 0.1F      /* of all tokens, while those are few */
#define SMOOTH_TOKENS_MIN 20.0F
#define SMOOTH_RARE 5.0F   /* as often is a word thought to have been seen elsewhere */
#define PACK_NATS 2.0F     /* of a word of weight 1 */
#define PACK_LESSONS 20.0F /* of a topic, after which the pack's words count half */

/* A word that has been learned: its counts by topic follow. */
struct row {
    uint32_t total;
    uint16_t counts[];
};

struct suggest_model {
    pthread_mutex_t lock;         /* over all that changes */
    const struct city_word *pack; /* borrowed from the city, which outlives the model */
    size_t pack_count;
    size_t topic_count;
    size_t row_bytes;
    size_t rows_max;
    uint32_t row_count;
    uint32_t row_capacity;
    uint8_t *rows;
    uint32_t *row_of;     /* bucket -> row + 1, NO_ROW */
    uint32_t *lessons_of; /* by topic */
    uint32_t *tokens_of;  /* by topic */
    uint64_t tokens;
    uint32_t lessons; /* since they were halved, with what was left then */
    uint64_t lessons_ever;
};

/* --- reading a text --- */

static bool is_among(const uint64_t *hashes, size_t count, uint64_t hash)
{
    for (size_t i = 0; i < count; i++) {
        if (hashes[i] == hash) {
            return true;
        }
    }
    return false;
}

static void add_once(uint64_t *hashes, size_t *count, size_t max, uint64_t hash)
{
    if (*count < max && !is_among(hashes, *count, hash)) {
        hashes[(*count)++] = hash;
    }
}

enum status suggest_read(const struct city *city, const char *text, struct words *words,
                         struct suggest_text *ret_text, struct error *err)
{
    enum status status = words_read(text, words, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t two = 0;   /* what ends with the word before: of one word, */
    uint64_t three = 0; /* and of two */
    ret_text->word_count = 0;
    ret_text->phrase_count = 0;
    for (size_t i = 0; i < words->count; i++) {
        const char *stem = words_at(words, i);
        uint64_t hash = words_hash(stem);
        if (city_is_stop_word(city, hash)) {
            continue;
        }
        add_once(ret_text->words, &ret_text->word_count, SUGGEST_WORDS_MAX, hash);
        uint64_t of_two = two != 0 ? words_hash_more(two, stem) : 0;
        if (of_two != 0) {
            add_once(ret_text->phrases, &ret_text->phrase_count, 2 * SUGGEST_WORDS_MAX, of_two);
        }
        if (three != 0) {
            add_once(ret_text->phrases, &ret_text->phrase_count, 2 * SUGGEST_WORDS_MAX,
                     words_hash_more(three, stem));
        }
        three = of_two;
        two = hash;
    }
    return STATUS_OK;
}

/* --- life --- */

struct suggest_model *suggest_model_new(const struct city *city, size_t topic_count)
{
    struct suggest_model *model = calloc(1, sizeof(*model));
    CHECK(model != NULL);
    mutex_init_brief(&model->lock);
    model->pack = city_words(city, &model->pack_count);
    model->topic_count = topic_count < SUGGEST_TOPICS_MAX ? topic_count : SUGGEST_TOPICS_MAX;
    model->row_bytes = (sizeof(struct row) + model->topic_count * sizeof(uint16_t) + 3) / 4 * 4;
    model->rows_max = SUGGEST_MEMORY_MAX / model->row_bytes;
    if (model->rows_max > SUGGEST_BUCKETS) {
        model->rows_max = SUGGEST_BUCKETS;
    }
    model->row_of = calloc(SUGGEST_BUCKETS, sizeof(*model->row_of));
    model->lessons_of = calloc(model->topic_count + 1, sizeof(*model->lessons_of));
    model->tokens_of = calloc(model->topic_count + 1, sizeof(*model->tokens_of));
    CHECK(model->row_of != NULL && model->lessons_of != NULL && model->tokens_of != NULL);
    return model;
}

void suggest_model_free(struct suggest_model *model)
{
    if (model == NULL) {
        return;
    }
    free(model->rows);
    free(model->row_of);
    free(model->lessons_of);
    free(model->tokens_of);
    (void)pthread_mutex_destroy(&model->lock);
    free(model);
}

uint64_t suggest_model_lessons(struct suggest_model *model)
{
    pthread_mutex_lock(&model->lock);
    uint64_t lessons = model->lessons_ever;
    pthread_mutex_unlock(&model->lock);
    return lessons;
}

size_t suggest_model_bytes(struct suggest_model *model)
{
    pthread_mutex_lock(&model->lock);
    size_t rows = model->row_capacity * model->row_bytes;
    pthread_mutex_unlock(&model->lock);
    return sizeof(*model) + rows + SUGGEST_BUCKETS * sizeof(*model->row_of) +
           2 * (model->topic_count + 1) * sizeof(uint32_t);
}

/* --- learning --- */

static struct row *row_at(const struct suggest_model *model, uint32_t index)
{
    return (struct row *)(void *)(model->rows + index * model->row_bytes);
}

static struct row *find_row(const struct suggest_model *model, uint64_t word)
{
    uint32_t index = model->row_of[word % SUGGEST_BUCKETS];
    return index == NO_ROW ? NULL : row_at(model, index - 1);
}

/* NULL when there is no room for one more word. */
static struct row *make_row(struct suggest_model *model, uint64_t word)
{
    struct row *found = find_row(model, word);
    if (found != NULL || model->row_count == model->rows_max) {
        return found;
    }
    if (model->row_count == model->row_capacity) {
        size_t capacity = model->row_capacity == 0 ? 1024 : 2 * (size_t)model->row_capacity;
        capacity = capacity < model->rows_max ? capacity : model->rows_max;
        model->rows = realloc(model->rows, capacity * model->row_bytes);
        CHECK(model->rows != NULL);
        model->row_capacity = (uint32_t)capacity;
    }
    struct row *row = row_at(model, model->row_count++);
    memset(row, 0, model->row_bytes);
    model->row_of[word % SUGGEST_BUCKETS] = model->row_count;
    return row;
}

static void halve(struct suggest_model *model)
{
    model->tokens = 0;
    model->lessons = 0;
    memset(model->tokens_of, 0, model->topic_count * sizeof(*model->tokens_of));
    for (uint32_t i = 0; i < model->row_count; i++) {
        struct row *row = row_at(model, i);
        row->total = 0;
        for (size_t t = 0; t < model->topic_count; t++) {
            row->counts[t] /= 2;
            row->total += row->counts[t];
            model->tokens_of[t] += row->counts[t];
        }
        model->tokens += row->total;
    }
    for (size_t t = 0; t < model->topic_count; t++) {
        model->lessons_of[t] /= 2;
        model->lessons += model->lessons_of[t];
    }
}

static void learn(struct suggest_model *model, const struct suggest_text *text, size_t topic)
{
    if (model->lessons >= SUGGEST_LESSONS_MAX) {
        halve(model);
    }
    for (size_t i = 0; i < text->word_count; i++) {
        struct row *row = make_row(model, text->words[i]);
        if (row != NULL && row->counts[topic] < UINT16_MAX) { /* two words may share a bucket */
            row->counts[topic]++;
            row->total++;
            model->tokens_of[topic]++;
            model->tokens++;
        }
    }
    model->lessons_of[topic]++;
    model->lessons++;
    model->lessons_ever++;
}

bool suggest_model_learn(struct suggest_model *model, const struct suggest_text *text, size_t topic)
{
    if (topic >= model->topic_count || text->word_count == 0) {
        return false;
    }
    pthread_mutex_lock(&model->lock);
    learn(model, text, topic);
    pthread_mutex_unlock(&model->lock);
    return true;
}

/* --- asking --- */

static float smooth_tokens(const struct suggest_model *model)
{
    float part = SMOOTH_PART * (float)model->tokens;
    if (part < SMOOTH_TOKENS_MIN) {
        return SMOOTH_TOKENS_MIN;
    }
    return part < SMOOTH_TOKENS ? part : SMOOTH_TOKENS;
}

/* What the words tell that have been learned; returns how many those are. */
static size_t score_lessons(const struct suggest_model *model, const struct suggest_text *text,
                            float *scores)
{
    size_t known = 0;
    float smooth = smooth_tokens(model);
    for (size_t i = 0; i < text->word_count; i++) {
        const struct row *row = find_row(model, text->words[i]);
        if (row == NULL || row->total == 0) {
            continue;
        }
        /* ln (count + s p) = ln (1 + count / (s p)) + what all topics have in common */
        float share = ((float)row->total + SMOOTH_RARE) / (float)model->tokens;
        float by = 1.0F / (smooth * share);
        known++;
        for (size_t t = 0; t < model->topic_count; t++) {
            if (row->counts[t] > 0) {
                scores[t] += logf(1.0F + (float)row->counts[t] * by);
            }
        }
    }
    if (model->lessons == 0) {
        return 0;
    }
    float root = sqrtf((float)(known > 0 ? known : 1));
    for (size_t t = 0; t < model->topic_count; t++) {
        float prior = logf(((float)model->lessons_of[t] + 1.0F) /
                           (float)(model->lessons + model->topic_count));
        scores[t] =
            (scores[t] + prior - (float)known * logf((float)model->tokens_of[t] + smooth)) / root;
    }
    return known;
}

static size_t first_of_hash(const struct suggest_model *model, uint64_t hash)
{
    size_t low = 0;
    size_t high = model->pack_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->pack[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What the pack says of words or phrases. True when it says anything. */
static bool score_pack(const struct suggest_model *model, const uint64_t *hashes, size_t count,
                       float *scores)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        for (size_t at = first_of_hash(model, hashes[i]);
             at < model->pack_count && model->pack[at].hash == hashes[i]; at++) {
            const struct city_word *word = &model->pack[at];
            if (word->topic < model->topic_count) {
                float learned = (float)model->lessons_of[word->topic];
                scores[word->topic] +=
                    PACK_NATS * (float)word->weight * PACK_LESSONS / (PACK_LESSONS + learned);
                any = true;
            }
        }
    }
    return any;
}

static void keep_best(const float *scores, size_t topic_count, struct suggestion *answers,
                      size_t *count)
{
    *count = 0;
    for (uint32_t t = 0; t < topic_count; t++) {
        size_t place = *count;
        while (place > 0 && scores[t] > answers[place - 1].confidence) {
            place--;
        }
        if (place == SUGGEST_ANSWERS_MAX) {
            continue;
        }
        *count += *count < SUGGEST_ANSWERS_MAX;
        for (size_t i = *count - 1; i > place; i--) {
            answers[i] = answers[i - 1];
        }
        answers[place] = (struct suggestion){.topic = t, .confidence = scores[t]};
    }
}

size_t suggest_model_ask(struct suggest_model *model, const struct suggest_text *text,
                         struct suggestion ret_answers[SUGGEST_ANSWERS_MAX])
{
    float scores[SUGGEST_TOPICS_MAX];
    memset(scores, 0, model->topic_count * sizeof(scores[0]));
    pthread_mutex_lock(&model->lock);
    bool any = score_lessons(model, text, scores) > 0;
    any = score_pack(model, text->words, text->word_count, scores) || any;
    any = score_pack(model, text->phrases, text->phrase_count, scores) || any;
    pthread_mutex_unlock(&model->lock);
    if (!any) {
        return 0;
    }
    size_t count;
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    keep_best(scores, model->topic_count, answers, &count);
    float sum = 0;
    for (size_t t = 0; t < model->topic_count; t++) {
        sum += expf(scores[t] - answers[0].confidence);
    }
    for (size_t i = 0; i < count; i++) {
        ret_answers[i] = (struct suggestion){
            .topic = answers[i].topic,
            .confidence = expf(answers[i].confidence - answers[0].confidence) / sum};
    }
    return count;
}

size_t suggest_worth_telling(const struct suggestion *answers, size_t count)
{
    if (count == 0 || answers[0].confidence < SUGGEST_FIRST_MIN) {
        return 0;
    }
    size_t told = 1;
    while (told < count && answers[told].confidence >= SUGGEST_NEXT_MIN) {
        told++;
    }
    return told;
}
