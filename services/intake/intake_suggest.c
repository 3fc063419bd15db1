/*
 * Learning and asking. Each request with words and a topic of the pack is a lesson, opened under its citizen's key and
 * forgotten but for its counts (suggest/suggest.h): nothing that is learned is written anywhere
 * (docs/decisions/0012). So it is learned again after each start, newest first.
 */
#include "services/intake/intake_suggest.h"

#include "base/check.h"
#include "service/keyring.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"
#include "suggest/suggest.h"
#include "text/utf8.h"

#include <stdatomic.h>
#include <stdlib.h>

#define REQUESTS_A_STEP 16 /* about a third of a millisecond */

struct memory {
    struct suggest_model *model;
    _Atomic bool is_learning_past; /* the rest is the loop's alone */
    bool has_begun;
    struct words words;
    uint64_t known;  /* the last number that was there; what is above it is to come */
    uint64_t past;   /* where to go on backwards from; 0: nowhere */
    uint64_t looked; /* of the past */
    uint64_t past_lessons;
};

static void *memory_make(const struct city *city)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    CHECK(memory != NULL);
    memory->model = suggest_model_new(city, city_topic_count(city));
    memory->is_learning_past = true;
    return memory;
}

static void memory_drop(void *context)
{
    struct memory *memory = context;
    suggest_model_free(memory->model);
    words_fini(&memory->words);
    free(memory);
}

/* --- learning, on the loop --- */

/* What was said; NULL when nothing was, or it has been forgotten. */
static const char *words_of_case(struct read *r, const struct intake_case *found)
{
    const ProtobufCMessage *opened;
    if (found->sealed.size == 0 || found->registered->citizen == 0 ||
        keyring_open_sealed(r->keyring, r->txn, found->registered->citizen, INTAKE_SEAL_PURPOSE,
                            found->sealed, &intake__sealed_words__descriptor, r->arena, &opened,
                            NULL) != STATUS_OK) {
        return NULL;
    }
    const char *words = ((const Intake__SealedWords *)opened)->words;
    return words[0] != '\0' ? words : NULL;
}

/* True when it was a lesson. */
static bool learn_from(struct read *r, struct memory *memory, uint64_t number)
{
    struct intake_case found;
    struct suggest_text text;
    if (!intake_tables_case_find(r->txn, number, r->arena, &found)) {
        return false;
    }
    size_t topic = city_topic_place(r->city, found.registered->topic);
    const char *words = topic != CITY_NO_PLACE ? words_of_case(r, &found) : NULL;
    if (words == NULL || suggest_read(r->city, words, &memory->words, &text, NULL) != STATUS_OK) {
        return false;
    }
    return suggest_model_learn(memory->model, &text, topic);
}

/* From one number that is there to the next: a damaged one may be far from all others. */
static bool learn_new(struct read *r, struct memory *memory)
{
    uint64_t number = memory->known == UINT64_MAX
                          ? 0
                          : intake_tables_next_number(r->txn, memory->known + 1, false);
    if (number == 0) {
        return false;
    }
    memory->known = number;
    (void)learn_from(r, memory, number);
    return true;
}

static bool learn_past(struct read *r, struct memory *memory)
{
    uint64_t number = memory->past == 0 || memory->looked == INTAKE_PAST_REQUESTS_MAX ||
                              memory->past_lessons == INTAKE_PAST_LESSONS_MAX
                          ? 0
                          : intake_tables_next_number(r->txn, memory->past, true);
    if (number == 0) {
        return false;
    }
    memory->past = number - 1;
    memory->looked++;
    memory->past_lessons += learn_from(r, memory, number);
    return true;
}

static bool memory_catch_up(struct read *r)
{
    struct memory *memory = r->memory;
    if (!memory->has_begun) {
        memory->has_begun = true;
        memory->known = memory->past = intake_tables_last_number(r->txn);
    }
    for (size_t i = 0; i < REQUESTS_A_STEP; i++) {
        if (!learn_new(r, memory) && !learn_past(r, memory)) {
            memory->is_learning_past = false;
            return false;
        }
    }
    return true;
}

const struct service_memory intake_memory = {
    .make = memory_make,
    .drop = memory_drop,
    .catch_up = memory_catch_up,
};

/* --- SuggestTopics --- */

enum status intake_check_suggest(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return text_require(((const Intake__SuggestTopicsRequest *)message)->words, INTAKE_WORDS_MAX,
                        "words", err);
}

bool intake_suggest_is_unhurried(const ProtobufCMessage *message)
{
    (void)message;
    return true;
}

static enum status tell(struct read *r, const struct suggestion *answers, size_t count,
                        Intake__SuggestTopicsResponse *response)
{
    Intake__TopicSuggestion *told = arena_alloc(r->arena, (count + 1) * sizeof(*told));
    response->suggestions = arena_alloc(r->arena, (count + 1) * sizeof(*response->suggestions));
    if (told == NULL || response->suggestions == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    for (size_t i = 0; i < count; i++) {
        const struct city_topic *topic = city_topic_at(r->city, answers[i].topic);
        intake__topic_suggestion__init(&told[i]);
        told[i].topic = (char *)(uintptr_t)topic->key;
        told[i].name_fa = (char *)(uintptr_t)topic->name_fa;
        told[i].name_en = (char *)(uintptr_t)topic->name_en;
        told[i].confidence = (double)answers[i].confidence;
        response->suggestions[i] = &told[i];
    }
    response->n_suggestions = count;
    return STATUS_OK;
}

enum status intake_read_suggest(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Intake__SuggestTopicsRequest *request = (const Intake__SuggestTopicsRequest *)message;
    Intake__SuggestTopicsResponse *response = (Intake__SuggestTopicsResponse *)answer;
    struct memory *memory = r->memory;
    struct words words = WORDS_EMPTY;
    struct suggest_text text;
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    enum status status = suggest_read(r->city, request->words, &words, &text, r->error);
    if (status == STATUS_OK) {
        size_t count = suggest_model_ask(memory->model, &text, answers);
        response->lessons = suggest_model_lessons(memory->model);
        response->is_learning_past = memory->is_learning_past;
        status = tell(r, answers, suggest_worth_telling(answers, count), response);
    }
    words_fini(&words);
    return status;
}
