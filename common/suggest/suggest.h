/*
 * Which topics a citizen's words may be about: the words of the city pack, and what has been learned from requests whose
 * topic a person chose.
 *
 * What is learned is a multinomial naive Bayes model: of each word (its hash folded to SUGGEST_BUCKETS) how many
 * requests of each topic had it. It lives in memory alone, and holds no word that could be read.
 *
 *   score(topic) = [ln P(topic) + sum over known words of ln P(word | topic)] / sqrt(known words) + pack
 *   P(word | topic) = (count + SMOOTH * p) / (tokens of the topic + SMOOTH), p the word's share in all topics
 *   pack = PACK_NATS * sum of the weights of the topic's words that are there, less the more of the topic was learned
 *
 * The confidence is the softmax of the scores. The root keeps it honest: words of a sentence are not independent.
 * docs/EVALUATIONS.md has the figures by which the constants were chosen.
 */
#ifndef VAFA_SUGGEST_SUGGEST_H
#define VAFA_SUGGEST_SUGGEST_H

#include "city/city.h"
#include "text/words.h"

#define SUGGEST_ANSWERS_MAX 3
#define SUGGEST_WORDS_MAX 64           /* different words of a text that are looked at */
#define SUGGEST_TOPICS_MAX 1024        /* those of a pack beyond are never suggested */
#define SUGGEST_BUCKETS (1u << 16)     /* that words are folded to */
#define SUGGEST_MEMORY_MAX (32u << 20) /* bytes of counts: of how many words something is known */
#define SUGGEST_LESSONS_MAX                                                                        \
    65535 /* then every count is halved: what was learned long ago weighs less */

/* Below the first nothing is suggested; the second and third must reach the other. */
#define SUGGEST_FIRST_MIN 0.30F
#define SUGGEST_NEXT_MIN 0.05F

/* What is looked at of a text. */
struct suggest_text {
    size_t word_count;
    uint64_t words[SUGGEST_WORDS_MAX]; /* hashes, each once, without stop words */
    size_t phrase_count;
    uint64_t phrases[2 * SUGGEST_WORDS_MAX]; /* of two and three words in a row, each once */
};

/* `words` is room to work in. INVALID_ARGUMENT when the text is not well-formed UTF-8. */
enum status suggest_read(const struct city *city, const char *text, struct words *words,
                         struct suggest_text *ret_text, struct error *err);

/* Safe from any thread. */
struct suggest_model;

/* Topics are places: 0 to topic_count - 1, the pack's own first; those from SUGGEST_TOPICS_MAX on are left out. */
struct suggest_model *suggest_model_new(const struct city *city, size_t topic_count);
void suggest_model_free(struct suggest_model *model); /* NULL is allowed */

/* False: nothing could be learned, since there is no word in it or no such topic. */
bool suggest_model_learn(struct suggest_model *model, const struct suggest_text *text,
                         size_t topic);
/* How many requests were learned from; each halving counts. */
uint64_t suggest_model_lessons(struct suggest_model *model);
/* Bytes it takes. */
size_t suggest_model_bytes(struct suggest_model *model);

struct suggestion {
    uint32_t topic;
    float confidence; /* 0 to 1; of all topics together 1 */
};

/* The likeliest topics, the first first; returns how many: 0 when no word of the text is known. Allocates nothing. */
size_t suggest_model_ask(struct suggest_model *model, const struct suggest_text *text,
                         struct suggestion ret_answers[SUGGEST_ANSWERS_MAX]);
/* How many of those are to be told; 0: silence. */
size_t suggest_worth_telling(const struct suggestion *answers, size_t count);

#endif
