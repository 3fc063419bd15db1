/* The topics of the city pack and what they ask, for front-ends that have no pack. */
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"

#include "city/city_questions.h"

/* Below RPC_MESSAGE_BYTES_MAX, with room for one more topic of the largest kind. */
#define TOPICS_BYTES_MAX ((size_t)512 * 1024)

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

/* --- telling; NULL when memory is gone. Texts are the pack's --- */

static Intake__Choice **tell_choices(struct arena *arena, const struct city_question *asked)
{
    Intake__Choice **told = arena_alloc(arena, (asked->choice_count + 1) * sizeof(*told));
    Intake__Choice *room = arena_alloc(arena, (asked->choice_count + 1) * sizeof(*room));
    if (told == NULL || room == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < asked->choice_count; i++) {
        told[i] = &room[i];
        intake__choice__init(told[i]);
        told[i]->key = (char *)(uintptr_t)asked->choices[i].key;
        told[i]->name_fa = (char *)(uintptr_t)asked->choices[i].name_fa;
        told[i]->name_en = (char *)(uintptr_t)asked->choices[i].name_en;
    }
    return told;
}

Intake__Question *intake_tell_question(struct arena *arena, const struct city_question *asked)
{
    Intake__Question *told = arena_alloc(arena, sizeof(*told));
    Intake__Choice **choices = tell_choices(arena, asked);
    if (told == NULL || choices == NULL) {
        return NULL;
    }
    intake__question__init(told);
    told->key = (char *)(uintptr_t)asked->key;
    told->kind = intake_rules_question_kind(asked->kind);
    told->required = asked->required;
    told->name_fa = (char *)(uintptr_t)asked->name_fa;
    told->name_en = (char *)(uintptr_t)asked->name_en;
    told->n_choices = asked->choice_count;
    told->choices = choices;
    return told;
}

static Intake__Topic *tell_topic(struct arena *arena, const struct city *city,
                                 const struct city_topic *topic)
{
    size_t count = city_question_count(city, topic->key);
    Intake__Topic *told = arena_alloc(arena, sizeof(*told));
    Intake__Question **questions = arena_alloc(arena, (count + 1) * sizeof(*questions));
    if (told == NULL || questions == NULL) {
        return NULL;
    }
    intake__topic__init(told);
    told->key = (char *)(uintptr_t)topic->key;
    told->name_fa = (char *)(uintptr_t)topic->name_fa;
    told->name_en = (char *)(uintptr_t)topic->name_en;
    told->group = (char *)(uintptr_t)topic->group;
    told->urgent = topic->urgent;
    told->questions = questions;
    told->n_questions = count;
    for (size_t i = 0; i < count; i++) {
        questions[i] = intake_tell_question(arena, city_question_at(city, topic->key, i));
        if (questions[i] == NULL) {
            return NULL;
        }
    }
    const struct city_unit *outside = intake_rules_outside(city, topic->key, "", false);
    if (outside != NULL) {
        told->referral = arena_alloc(arena, sizeof(*told->referral));
        if (told->referral == NULL) {
            return NULL;
        }
        *told->referral = intake_rules_referral(outside);
    }
    return told;
}

/* --- GetTopic --- */

enum status intake_read_topic(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer)
{
    const Intake__GetTopicRequest *request = (const Intake__GetTopicRequest *)message;
    Intake__GetTopicResponse *response = (Intake__GetTopicResponse *)answer;
    const struct city_topic *topic = city_topic(r->city, request->topic);
    if (topic == NULL) {
        return read_refuse(r, STATUS_NOT_FOUND, "topic", "the city pack lists no such topic");
    }
    response->topic = tell_topic(r->arena, r->city, topic);
    return response->topic == NULL ? refuse_memory(r) : STATUS_OK;
}

/* --- ListTopics --- */

enum status intake_check_topics(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    uint32_t size;
    (void)city;
    (void)caller;
    return intake_rules_page_size(((const Intake__ListTopicsRequest *)message)->page_size, &size,
                                  err);
}

enum status intake_read_topics(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Intake__ListTopicsRequest *request = (const Intake__ListTopicsRequest *)message;
    Intake__ListTopicsResponse *response = (Intake__ListTopicsResponse *)answer;
    size_t count = city_topic_count(r->city);
    size_t page_size = request->page_size == 0 ? INTAKE_PAGE_SIZE_MAX : request->page_size;
    size_t next = request->page_token < count ? (size_t)request->page_token : count;
    size_t bytes = 0;
    response->topics = arena_alloc(r->arena, (page_size + 1) * sizeof(*response->topics));
    if (response->topics == NULL) {
        return refuse_memory(r);
    }
    while (next < count && response->n_topics < page_size && bytes < TOPICS_BYTES_MAX) {
        Intake__Topic *told = tell_topic(r->arena, r->city, city_topic_at(r->city, next++));
        if (told == NULL) {
            response->n_topics = 0;
            return refuse_memory(r);
        }
        bytes += protobuf_c_message_get_packed_size(&told->base);
        response->topics[response->n_topics++] = told;
    }
    response->next_page_token = next < count ? next : 0;
    return STATUS_OK;
}
