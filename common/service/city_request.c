/* See city_request.h. */
#include "service/city_request.h"

#include "city/city_questions.h"

_Static_assert(CITY_REQUEST_ANSWERS_MAX >= CITY_QUESTIONS_OF_TOPIC_MAX,
               "rules see each answer of a request");

struct city_request city_request_of(const char *topic, const Common__Place *place,
                                    Common__Urgency urgency, Common__Answer *const *answers,
                                    size_t answer_count, int64_t registered_at_us)
{
    struct city_request request = {
        .topic = topic,
        .area = place == NULL ? "" : place->area,
        .neighbourhood = place == NULL ? "" : place->neighbourhood,
        .urgent = urgency == COMMON__URGENCY__URGENCY_URGENT,
        .registered_at_us = registered_at_us,
    };
    if (place != NULL && place->point != NULL) {
        request.has_point = true;
        request.latitude = place->point->latitude;
        request.longitude = place->point->longitude;
    }
    for (size_t i = 0; i < answer_count && i < CITY_REQUEST_ANSWERS_MAX; i++) {
        request.answers[request.answer_count++] = (struct city_answer){
            .question = answers[i]->question,
            .values = (const char *const *)answers[i]->values,
            .value_count = answers[i]->n_values,
        };
    }
    return request;
}
