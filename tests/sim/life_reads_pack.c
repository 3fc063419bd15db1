/* Front-ends look at the pack in force - its files, its topics - and ask what a citizen's words may be about, and who would
 * get a request. */
#include "tests/sim/life_internal.h"

#include "city/city.h"

#include "vafa/packs/v1/packs.pb-c.h"

#define PACKS 2
#define GIVEN_MAX ((size_t)256 * 1024) /* of a file, in one answer */

static const struct city *pack_of(const struct life *life, unsigned pack)
{
    return pack == 0 ? world_city(life->world) : world_other_city(life->world);
}

/* --- files --- */

struct wanted {
    struct life *life;
    unsigned service, before; /* the pack that was in force */
    bool is_named;
};

static bool is_pack(const struct life *life, ProtobufCBinaryData digest, unsigned pack)
{
    return bytes_equal(bytes_of(digest.data, digest.len), city_digest(pack_of(life, pack)));
}

static void check_file(const struct wanted *wanted, const Packs__GetFileRequest *request,
                       const Packs__GetFileResponse *response)
{
    struct life *life = wanted->life;
    unsigned pack = is_pack(life, response->pack, 0) ? 0 : 1;
    const struct city *city = pack_of(life, pack);
    const char *name;
    struct bytes data = city_file_at(city, request->place, &name);
    size_t size = data.size - (size_t)request->offset;
    size = size < GIVEN_MAX ? size : GIVEN_MAX;
    bool is_whole = recount_catch_up(life->recount);
    bool is_right = wanted->is_named ? is_pack(life, request->pack, pack)
                                     : pack == wanted->before || !is_whole ||
                                           pack == recount_pack(life->recount, wanted->service);
    if (!is_pack(life, response->pack, pack) || !is_right ||
        response->files != city_file_count(city) || strcmp(response->file, name) != 0 ||
        response->size != data.size || response->data.len != size ||
        (size > 0 && memcmp(response->data.data, data.data + request->offset, size) != 0)) {
        invariant_broken(INVARIANT_PACKS,
                         "service %u gives file %" PRIu32 " (%s) of another pack, or otherwise",
                         wanted->service, request->place, name);
    }
}

/* One of before is not kept for ever, nor by a service that never took it. */
static void file_given(struct errand *errand)
{
    const struct wanted *wanted = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, wanted->is_named && errand->error.status == STATUS_NOT_FOUND);
        return;
    }
    check_file(wanted, (const Packs__GetFileRequest *)errand->request,
               (const Packs__GetFileResponse *)errand->response);
}

/* The files of both packs have the same names; their sizes differ. */
static uint64_t draw_offset(struct life *life, uint32_t place)
{
    const char *name;
    size_t size = city_file_at(pack_of(life, 0), place, &name).size;
    size_t other = city_file_at(pack_of(life, 1), place, &name).size;
    return life_chance(life, 500)
               ? 0
               : (uint64_t)life_draw(life, 0, (int64_t)(size < other ? size : other) + 1);
}

void life_ask_file(struct life *life)
{
    struct world_caller *const anybody[] = {life->front_end, life->offices[0].caller,
                                            life->desks[0].caller, life->rater, life->leader};
    bool is_named = life_chance(life, 300);
    int64_t drawn = life_draw(life, 0, PACK_SERVICES);
    struct world_caller *caller = is_named ? life->keeper.callers[drawn] : anybody[drawn];
    struct wanted wanted = {
        .life = life, .service = world_caller_service(caller), .is_named = is_named};
    wanted.before = recount_pack(life->recount, wanted.service);
    struct errand *errand = life_errand(life, caller, "GetFile", file_given, NULL);
    errand->context = arena_copy(errand->arena, &wanted, sizeof wanted);
    errand->rpc = &packs__packs__descriptor;
    Packs__GetFileRequest *request = errand_request(errand, &packs__get_file_request__descriptor);
    request->place = (uint32_t)life_draw(life, 0, (int64_t)city_file_count(pack_of(life, 0)));
    request->offset = draw_offset(life, request->place);
    if (wanted.is_named) {
        struct bytes digest = city_digest(pack_of(life, (unsigned)life_draw(life, 0, PACKS)));
        request->pack.len = digest.size;
        request->pack.data = arena_copy(errand->arena, digest.data, digest.size);
    }
    errand_start(errand);
}

/* --- topics, by the file: both packs have the same --- */

enum topic_field {
    TOPIC_KEY,
    TOPIC_NAME_FA,
    TOPIC_NAME_EN,
    TOPIC_GROUP,
    TOPIC_LEVEL,
    TOPIC_URGENT,
    TOPIC_EMERGENCY,
    TOPIC_FIELDS,
};

struct topic_line {
    struct bytes fields[TOPIC_FIELDS];
};

static struct bytes file_called(const struct life *life, const char *wanted)
{
    const struct city *city = pack_of(life, 0);
    for (size_t i = 0; i < city_file_count(city); i++) {
        const char *name;
        struct bytes data = city_file_at(city, i, &name);
        if (strcmp(name, wanted) == 0) {
            return data;
        }
    }
    invariant_broken(INVARIANT_PACKS, "the pack has no %s", wanted);
}

/* The next line, without its end; no data: there is none. */
static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    struct bytes line = bytes_of(rest->data, size);
    size_t taken = size + (end != NULL);
    *rest = bytes_of(rest->data + taken, rest->size - taken);
    return line;
}

/* Nothing in it is quoted. */
static void split(struct bytes line, struct topic_line *ret_topic)
{
    size_t field = 0, from = 0;
    for (size_t i = 0; i <= line.size && field < TOPIC_FIELDS; i++) {
        if (i == line.size || line.data[i] == ',') {
            ret_topic->fields[field++] = bytes_of(line.data + from, i - from);
            from = i + 1;
        }
    }
    CHECK(field == TOPIC_FIELDS);
}

static bool is_text(struct bytes field, const char *text)
{
    return strlen(text) == field.size && memcmp(text, field.data, field.size) == 0;
}

/* False: the file has no such line, from 0. */
static bool topic_at(const struct life *life, size_t place, struct topic_line *ret_topic)
{
    struct bytes rest = file_called(life, "topics.csv");
    bool is_head = true;
    while (rest.size > 0) {
        struct bytes line = next_line(&rest);
        if (line.size == 0 || line.data[0] == '#') {
            continue;
        }
        if (!is_head && place-- == 0) {
            split(line, ret_topic);
            return true;
        }
        is_head = false;
    }
    return false;
}

/* The lines of a file that are the topic's. */
static size_t count_lines(const struct life *life, const char *file, struct bytes topic)
{
    struct bytes rest = file_called(life, file);
    size_t count = 0;
    while (rest.size > 0) {
        struct bytes line = next_line(&rest);
        count += line.size > topic.size && line.data[topic.size] == ',' &&
                 memcmp(line.data, topic.data, topic.size) == 0;
    }
    return count;
}

static void check_topic(const struct life *life, const struct topic_line *line,
                        const Intake__Topic *told)
{
    if (!is_text(line->fields[TOPIC_KEY], told->key) ||
        !is_text(line->fields[TOPIC_NAME_FA], told->name_fa) ||
        !is_text(line->fields[TOPIC_NAME_EN], told->name_en) ||
        !is_text(line->fields[TOPIC_GROUP], told->group) ||
        !is_text(line->fields[TOPIC_EMERGENCY], told->emergency_phone) ||
        !is_text(line->fields[TOPIC_URGENT], told->urgent ? "yes" : "no") ||
        told->n_questions != count_lines(life, "questions.csv", line->fields[TOPIC_KEY])) {
        invariant_broken(INVARIANT_PACKS, "topic %s is told otherwise than the pack has it",
                         told->key);
    }
}

static void list_topics(struct life *life, uint64_t token, size_t place);

static void topics_told(struct errand *errand)
{
    struct life *life = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Intake__ListTopicsResponse *response =
        (const Intake__ListTopicsResponse *)errand->response;
    struct topic_line line;
    size_t place = (size_t)errand->number;
    for (size_t i = 0; i < response->n_topics; i++) {
        if (!topic_at(life, place++, &line)) {
            invariant_broken(INVARIANT_PACKS, "more topics are told than the pack has");
        }
        check_topic(life, &line, response->topics[i]);
    }
    if (response->next_page_token != 0) {
        list_topics(life, response->next_page_token, place);
    } else if (topic_at(life, place, &line)) {
        invariant_broken(INVARIANT_PACKS, "only %zu topics are told", place);
    }
}

/* `place`: how many were told before. */
static void list_topics(struct life *life, uint64_t token, size_t place)
{
    struct errand *errand = life_errand(life, life->front_end, "ListTopics", topics_told, life);
    Intake__ListTopicsRequest *request =
        errand_request(errand, &intake__list_topics_request__descriptor);
    request->page_size = (uint32_t)life_draw(life, 20, 101);
    request->page_token = token;
    errand->number = place;
    errand_start(errand);
}

static void topic_told(struct errand *errand)
{
    struct life *life = errand->context;
    struct topic_line line;
    life_refused(errand, errand->error.status == STATUS_OK);
    CHECK(topic_at(life, (size_t)errand->number, &line));
    const Intake__Topic *topic = ((const Intake__GetTopicResponse *)errand->response)->topic;
    if (topic == NULL) {
        invariant_broken(INVARIANT_PACKS, "a topic of the pack is not told");
    }
    check_topic(life, &line, topic);
}

void life_ask_topics(struct life *life)
{
    struct topic_line line;
    size_t place = (size_t)life_draw(life, 0, 60);
    if (life_chance(life, 300) || !topic_at(life, place, &line)) {
        list_topics(life, 0, 0);
        return;
    }
    struct errand *errand = life_errand(life, life->chaser, "GetTopic", topic_told, life);
    Intake__GetTopicRequest *request =
        errand_request(errand, &intake__get_topic_request__descriptor);
    request->topic = arena_format(errand->arena, "%.*s", (int)line.fields[TOPIC_KEY].size,
                                  (const char *)line.fields[TOPIC_KEY].data);
    errand->number = place;
    errand_start(errand);
}

/* --- what it may be about --- */

static bool is_listed(const struct life *life, const Intake__TopicSuggestion *told)
{
    struct topic_line line;
    for (size_t place = 0; topic_at(life, place, &line); place++) {
        if (is_text(line.fields[TOPIC_KEY], told->topic)) {
            return is_text(line.fields[TOPIC_NAME_FA], told->name_fa) &&
                   is_text(line.fields[TOPIC_NAME_EN], told->name_en);
        }
    }
    return false;
}

static void suggested(struct errand *errand)
{
    const struct life *life = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Intake__SuggestTopicsResponse *response =
        (const Intake__SuggestTopicsResponse *)errand->response;
    double sum = 0;
    for (size_t i = 0; i < response->n_suggestions; i++) {
        const Intake__TopicSuggestion *told = response->suggestions[i];
        bool is_in_order = i == 0 || told->confidence <= response->suggestions[i - 1]->confidence;
        for (size_t j = 0; j < i; j++) {
            is_in_order = is_in_order && strcmp(told->topic, response->suggestions[j]->topic) != 0;
        }
        sum += told->confidence;
        if (i == 3 || !is_listed(life, told) || !is_in_order || !(told->confidence > 0) ||
            !(sum <= 1 + 1e-6)) {
            invariant_broken(INVARIANT_PACKS,
                             "%s is suggested: not listed, twice, one too many, or too sure",
                             told->topic);
        }
    }
}

void life_ask_suggestion(struct life *life)
{
    static const char *const said[] = {"زباله را نبرده‌اند",
                                       "آسفالت کوچه چاله دارد",
                                       "سگ ولگرد جلوی مدرسه",
                                       "سلام، مشکل 7",
                                       "آتش کنار رودخانه است",
                                       "گربه مرده وسط خیابان",
                                       "?"};
    struct errand *errand = life_errand(life, life->front_end, "SuggestTopics", suggested, life);
    Intake__SuggestTopicsRequest *request =
        errand_request(errand, &intake__suggest_topics_request__descriptor);
    request->words = TEXT(said[life_draw(life, 0, sizeof said / sizeof said[0])]);
    errand_start(errand);
}

/* --- who would get it --- */

struct asked_route {
    struct life *life;
    unsigned before; /* the pack that was in force */
    char unit[64];   /* by the usual one */
    bool in_other_area;
};

static void route_told(struct errand *errand)
{
    const struct asked_route *asked = errand->context;
    const struct recount *recount = asked->life->recount;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Routing__ExplainRouteResponse *told =
        (const Routing__ExplainRouteResponse *)errand->response;
    const Routing__RuleTried *last = told->n_rules > 0 ? told->rules[told->n_rules - 1] : NULL;
    bool is_whole = recount_catch_up(asked->life->recount);
    unsigned now = recount_pack(recount, COMMON__SERVICE_ID__SERVICE_ID_ROUTING);
    bool is_usual = strcmp(told->unit, asked->unit) == 0;
    bool is_others = strcmp(told->unit, WORLD_OTHER_UNIT) == 0;
    bool may_be_usual = !asked->in_other_area || !is_whole || asked->before == 0 || now == 0;
    bool may_be_others = asked->in_other_area && (!is_whole || asked->before != 0 || now != 0);
    if (last == NULL || last->line != told->rule_line ||
        last->outcome != ROUTING__RULE_OUTCOME__RULE_OUTCOME_TAKES ||
        !((is_usual && may_be_usual) || (is_others && may_be_others))) {
        invariant_broken(INVARIANT_RULED, "it is said that %s would get what is %s's", told->unit,
                         asked->unit);
    }
}

void life_ask_route(struct life *life)
{
    static const char *const areas[] = {"", "3", "5", WORLD_OTHER_AREA};
    struct asked_route asked = {.life = life};
    struct errand *errand =
        life_errand(life, life->offices[0].caller, "ExplainRoute", route_told, NULL);
    Routing__ExplainRouteRequest *request =
        errand_request(errand, &routing__explain_route_request__descriptor);
    Common__Answer *answer = arena_alloc(errand->arena, sizeof *answer);
    CHECK(answer != NULL);
    common__answer__init(answer);
    const char *topic = recount_rules_topic((size_t)life_draw(life, 0, 100));
    request->topic = TEXT(topic);
    request->place = arena_alloc(errand->arena, sizeof *request->place);
    CHECK(request->place != NULL);
    common__place__init(request->place);
    request->place->area = TEXT(areas[life_draw(life, 0, sizeof areas / sizeof areas[0])]);
    if (strcmp(topic, "pruning") == 0 && life_chance(life, 500)) {
        static char *wire[] = {"wire"};
        answer->question = TEXT("touches");
        answer->values = wire;
        answer->n_values = 1;
        request->answers = arena_copy(errand->arena, &answer, sizeof answer);
        request->n_answers = 1;
    }
    asked.before = recount_pack(life->recount, COMMON__SERVICE_ID__SERVICE_ID_ROUTING);
    asked.in_other_area = strcmp(request->place->area, WORLD_OTHER_AREA) == 0;
    recount_rules_unit(topic, request->place->area, request->answers, request->n_answers,
                       asked.unit);
    errand->context = arena_copy(errand->arena, &asked, sizeof asked);
    errand_start(errand);
}
