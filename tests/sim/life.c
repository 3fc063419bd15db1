/* The city's life as a whole, and those who bring requests. */
#include "tests/sim/life_internal.h"

#include "city/city.h"

#define LOCAL_US (210 * MINUTE_US)

/* Of a day's requests, in thousandths, by the hour: the morning's peak, the evening's, the night. */
static const unsigned hours[24] = {8,  4,  3,  3,  4,  10, 25, 50, 85, 95, 90, 80,
                                   65, 50, 45, 50, 55, 60, 65, 55, 40, 28, 18, 12};

#define MUST_TELL "lost-property" /* what was lost; unless a storm runs */

#define STORM_OF_A_THOUSAND 60 /* days */
#define STORM_TIMES 4

/* --- small parts --- */

int64_t life_draw(struct life *life, int64_t from, int64_t below)
{
    return from + (int64_t)world_draw(life->world, (uint64_t)(below - from));
}

bool life_chance(struct life *life, unsigned of_a_thousand)
{
    return world_draw(life->world, 1000) < of_a_thousand;
}

static void later_expired(struct loop_timer *timer)
{
    struct later *later = (struct later *)((char *)timer - offsetof(struct later, timer));
    later->run(later);
}

void later_set(struct later *later, struct life *life, void (*run)(struct later *later),
               int64_t delay_us)
{
    later->life = life;
    later->run = run;
    later->timer.expired = later_expired;
    loop_timer_set(world_people_loop(life->world), &later->timer, delay_us);
}

void later_clear(struct later *later)
{
    if (later->life != NULL) {
        loop_timer_clear(world_people_loop(later->life->world), &later->timer);
    }
}

struct errand *life_errand(struct life *life, struct world_caller *caller, const char *method,
                           void (*done)(struct errand *errand), void *context)
{
    struct errand *errand = errand_new(life->errands, caller, method);
    errand->done = done;
    errand->context = context;
    life->started++;
    return errand;
}

/* --- answers --- */

/* A key is known for seven days, by the clock of a service that may be three hours wrong; then it is
 * refused, never taken for a new one. */
#define KNOWN_US (7 * DAY_US)
#define WRONG_US (4 * HOUR_US)

static const ProtobufCBinaryData *key_of(const ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field =
        message_field(request->descriptor, "idempotency_key", PROTOBUF_C_TYPE_BYTES);
    CHECK(field != NULL);
    return (const ProtobufCBinaryData *)((const char *)request + field->offset);
}

/* The answer to an errand that was sent again: the ledger has compared it. */
static void answered_again(struct errand *errand)
{
    int64_t made_us = uuid7_time_us(key_of(errand->request)->data);
    int64_t now_us = errand_now_us(errand);
    if (errand->may_fade && errand->error.status == STATUS_NOT_FOUND) {
        return; /* opened once, and forgotten since */
    }
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION &&
                                 now_us - made_us > KNOWN_US - WRONG_US);
    } else if (errand->begun_us - made_us > KNOWN_US + WRONG_US) {
        invariant_broken(INVARIANT_SAME_ANSWER, "%s: a key of more than seven days was answered",
                         errand->method);
    }
}

static void refused_other(struct errand *errand)
{
    if (errand->error.status != STATUS_INVALID_ARGUMENT) {
        invariant_broken(INVARIANT_SAME_ANSWER,
                         "%s: another request under a used key was answered with %s",
                         errand->method, status_name(errand->error.status));
    }
}

/* A careless front-end takes a key it has used before. */
static void ask_another(struct life *life, const struct errand *errand)
{
    const ProtobufCBinaryData *key = key_of(errand->request);
    struct errand *other = life_errand(life, life->front_end, "RegisterCase", refused_other, life);
    Intake__RegisterCaseRequest *request =
        errand_request(other, &intake__register_case_request__descriptor);
    request->idempotency_key.len = key->len;
    request->idempotency_key.data = arena_copy(other->arena, key->data, key->len);
    request->channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request->topic = TEXT("bins");
    errand_start(other);
}

void life_answered(struct life *life, struct errand *errand)
{
    recount_check_position(life->recount, &errand->position, errand->method);
    if (!life->closing && life_chance(life, 120)) {
        static const int64_t spans_us[] = {SECOND_US, MINUTE_US, HOUR_US, 4 * DAY_US, 10 * DAY_US};
        int64_t span_us = spans_us[life_draw(life, 0, 5)];
        errand_keep(errand);
        errand->done = answered_again;
        errand_start_again(errand, life_draw(life, 1, span_us));
    }
}

void life_refused(const struct errand *errand, bool is_explained)
{
    if (!is_explained) {
        invariant_broken(INVARIANT_REFUSALS, "%s: %s: %s: %s", errand->method,
                         status_name(errand->error.status), errand->error.field,
                         errand->error.message);
    }
}

/* --- registering --- */

static struct wish *wish_new(struct life *life, uint64_t *ret_marker)
{
    if (life->wish_count == life->wish_room) {
        life->wish_room = life->wish_room == 0 ? 256 : 2 * life->wish_room;
        life->wishes = realloc(life->wishes, life->wish_room * sizeof *life->wishes);
        CHECK(life->wishes != NULL);
    }
    *ret_marker = life->wish_count;
    life->wishes[life->wish_count] = (struct wish){.answered = false};
    return &life->wishes[life->wish_count++];
}

static void keep_position(struct wish *wish, const Common__Position *position)
{
    common__position__init(&wish->position);
    wish->position.service = position->service;
    wish->position.offset = position->offset;
    CHECK(position->log_id.len == STORE_LOG_ID_BYTES && position->hash.len == STORE_HASH_BYTES);
    memcpy(wish->position_bytes, position->log_id.data, STORE_LOG_ID_BYTES);
    memcpy(wish->position_bytes + STORE_LOG_ID_BYTES, position->hash.data, STORE_HASH_BYTES);
}

/* For one use: the bytes are the wish's own, wherever it lies now. */
static Common__Position position_of(struct wish *wish)
{
    Common__Position position = wish->position;
    position.log_id = (ProtobufCBinaryData){STORE_LOG_ID_BYTES, wish->position_bytes};
    position.hash =
        (ProtobufCBinaryData){STORE_HASH_BYTES, wish->position_bytes + STORE_LOG_ID_BYTES};
    return position;
}

static void check_registered(struct life *life, uint64_t marker)
{
    const struct wish *wish = &life->wishes[marker];
    if (!recount_catch_up(life->recount)) {
        return;
    }
    const struct recount_case *one = recount_case_of_marker(life->recount, marker);
    if (one == NULL || one->number != wish->number || strcmp(one->code, wish->code) != 0) {
        invariant_broken(INVARIANT_EXACTLY_ONCE,
                         "r%" PRIu64 " was acknowledged as request %" PRIu64 ", and the log has %s",
                         marker, wish->number, one == NULL ? "none" : "another");
    }
}

/* Whoever gave no phone is the call's caller, if that one was known. */
static void take_caller(struct wish *wish, bool can_be_called, uint64_t marker)
{
    if (can_be_called && wish->phone[0] == '\0') {
        invariant_broken(INVARIANT_SEALED, "r%" PRIu64 " gave no phone, and can be called", marker);
    }
    if (!can_be_called && wish->personal) {
        invariant_broken(INVARIANT_SEALED, "r%" PRIu64 " cannot be called, and gave a phone",
                         marker);
    }
    wish->personal = can_be_called;
}

static void registered(struct errand *errand)
{
    struct life *life = errand->context;
    struct wish *wish = &life->wishes[errand->number];
    if (errand->error.status != STATUS_OK) {
        /* The work on what it should be joined to was over, or the call was: the citizen is told, and
         * hangs up. */
        const Intake__RegisterCaseRequest *asked =
            (const Intake__RegisterCaseRequest *)errand->request;
        bool joins = asked->join[0] != '\0';
        bool is_short = strcmp(asked->topic, MUST_TELL) == 0 && asked->n_answers == 0;
        life_refused(errand, ((joins || wish->in_call) &&
                              errand->error.status == STATUS_FAILED_PRECONDITION) ||
                                 (is_short && errand->error.status == STATUS_INVALID_ARGUMENT));
        return;
    }
    const Intake__RegisterCaseResponse *response =
        (const Intake__RegisterCaseResponse *)errand->response;
    if (wish->answered &&
        (wish->number != response->number || strcmp(wish->code, response->code) != 0)) {
        invariant_broken(INVARIANT_EXACTLY_ONCE, "one external name has two requests");
    }
    wish->answered_us = wish->answered ? wish->answered_us : world_now_us(life->world);
    wish->answered = true;
    wish->number = response->number;
    wish->referred = response->referral != NULL;
    if (!response->already_registered) {
        take_caller(wish, response->can_be_called, errand->number);
    }
    CHECK(strlen(response->code) < sizeof wish->code);
    memcpy(wish->code, response->code, strlen(response->code) + 1);
    story_step("request %" PRIu64 " is r%" PRIu64, wish->number, errand->number);
    keep_position(wish, &errand->position);
    check_registered(life, errand->number);
    if (life_chance(life, 30)) {
        ask_another(life, errand);
    }
    if (life_chance(life, 300)) {
        Common__Position position = position_of(wish);
        life_ask_story(life, wish->code, &position);
    }
    life_answered(life, errand);
}

/* Half of those in district 3 point at the map instead of naming it. */
static Common__Place *place_of(struct errand *errand, uint64_t marker, const char *area)
{
    Common__Place *place = arena_alloc(errand->arena, sizeof *place);
    common__place__init(place);
    place->area = TEXT(area);
    if (strcmp(area, RECOUNT_POINT_AREA) == 0 && marker % 2 == 1) {
        place->area = TEXT("");
        place->point = arena_alloc(errand->arena, sizeof *place->point);
        common__geo_point__init(place->point);
        place->point->latitude = 32.65759;
        place->point->longitude = 51.68305;
    }
    place->thing = arena_format(errand->arena, "r%" PRIu64, marker);
    return place;
}

/* The citizen, if they say who they are. */
static Intake__Citizen *citizen_of(struct life *life, struct errand *errand, struct wish *wish)
{
    if (!life_chance(life, 850)) {
        return NULL;
    }
    Intake__Citizen *citizen = arena_alloc(errand->arena, sizeof *citizen);
    intake__citizen__init(citizen);
    (void)snprintf(wish->phone, sizeof wish->phone, "+98913%07d", (int)life_draw(life, 0, 200));
    citizen->phone = arena_copy_text(errand->arena, wish->phone);
    citizen->name = TEXT("شهروند");
    wish->personal = true;
    return citizen;
}

const char *life_draw_topic(struct life *life)
{
    return life_topics[life_draw(life, 0, LIFE_TOPICS)];
}

void life_register(struct life *life, uint64_t call_number, const char *caller)
{
    uint64_t marker;
    struct wish *wish = wish_new(life, &marker);
    const struct wish *same = life_chance(life, 150) ? life_recent_wish(life) : NULL;
    wish->in_call = call_number != 0;
    struct errand *errand = life_errand(life, life->front_end, "RegisterCase", registered, life);
    Intake__RegisterCaseRequest *request =
        errand_request(errand, &intake__register_case_request__descriptor);
    errand->number = marker;
    request->channel = (Common__Channel)life_draw(life, 1, 6);
    const char *topic = life_draw_topic(life);
    const char *area = life_areas[life_draw(life, 0, LIFE_AREAS)];
    request->topic = TEXT(life_talk_topic(life) != NULL ? life_talk_topic(life) : topic);
    request->place =
        place_of(errand, marker, life_talk_area(life) != NULL ? life_talk_area(life) : area);
    request->urgency = life_chance(life, 100) ? COMMON__URGENCY__URGENCY_URGENT
                                              : COMMON__URGENCY__URGENCY_UNSPECIFIED;
    request->call_number = call_number;
    request->citizen = citizen_of(life, errand, wish);
    if (request->citizen == NULL) {
        (void)snprintf(wish->phone, sizeof wish->phone, "%s", caller);
    }
    request->n_answers = life_answer_questions(errand, request->topic, marker, &request->answers);
    if (strcmp(request->topic, MUST_TELL) == 0 && life_chance(life, 300)) {
        request->n_answers = 0; /* no time for it: is there a storm? */
    }
    if (same != NULL) {
        request->join = arena_copy_text(errand->arena, same->code);
    }
    if (wish->personal) {
        (void)snprintf(wish->words, sizeof wish->words, "سلام، مشکل %d",
                       (int)life_draw(life, 0, 1000));
        request->words = arena_copy_text(errand->arena, wish->words);
    }
    errand_start(errand);
}

static void citizen_calls(struct later *later)
{
    struct life *life = later->life;
    life->waiting--;
    free(later);
    life_register(life, 0, "");
}

void life_call_later(struct life *life, int64_t delay_us)
{
    struct later *call = calloc(1, sizeof *call);
    CHECK(call != NULL);
    life->waiting++;
    later_set(call, life, citizen_calls, delay_us);
}

/* The hour's requests, each at its own minute. */
static void hour_begins(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    int64_t local_us = world_now_us(life->world) + LOCAL_US;
    unsigned hour = (unsigned)(local_us % DAY_US / HOUR_US);
    uint64_t day = (uint64_t)(local_us / DAY_US);
    /* A day is stormy or not, whichever hour asks. */
    bool storm = (day * UINT64_C(0x9E3779B97F4A7C15) >> 32) % 1000 < STORM_OF_A_THOUSAND;
    unsigned expected = life->options.requests_a_day * hours[hour] * (storm ? STORM_TIMES : 1);
    unsigned count = expected / 1000 + (life_chance(life, expected % 1000) ? 1 : 0);
    for (unsigned i = 0; i < count; i++) {
        life_call_later(life, life_draw(life, 0, HOUR_US));
    }
    later_set(later, life, hour_begins, HOUR_US);
}

/* --- a history is brought in --- */

static void import_one(struct life *life, uint64_t marker)
{
    struct errand *errand = life_errand(life, life->importer, "RegisterCase", registered, life);
    Intake__RegisterCaseRequest *request =
        errand_request(errand, &intake__register_case_request__descriptor);
    Intake__History *history = arena_alloc(errand->arena, sizeof *history);
    intake__history__init(history);
    errand->number = marker;
    history->occurred_at_us = WORLD_BEGIN_US - (int64_t)(marker % 700 + 1) * DAY_US / 7;
    history->due_at_us = marker % 3 == 0 ? 0 : history->occurred_at_us + 200 * DAY_US;
    request->history = history;
    request->channel = COMMON__CHANNEL__CHANNEL_IMPORT;
    request->source = TEXT("old-system");
    request->external_id = arena_format(errand->arena, "x%" PRIu64, marker);
    request->topic = TEXT(life_topics[marker % LIFE_TOPICS]);
    request->place = place_of(errand, marker, life_areas[marker % LIFE_AREAS]);
    errand_start(errand);
}

/* Some lines of the old system, and now and then one that was brought in before: with another key,
 * but the same name. */
static void import_some(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        uint64_t marker;
        (void)wish_new(life, &marker);
        import_one(life, marker);
        if (life_chance(life, 500)) {
            import_one(life, marker);
        }
    }
    later_set(later, life, import_some, life_draw(life, HOUR_US, 2 * DAY_US));
}

/* --- somebody asks where their request is --- */

static void story_told(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    check_timeline(life->recount, (const Intake__GetCaseResponse *)errand->response,
                   errand->has_at_least ? &errand->at_least : NULL, life->quiet);
}

void life_ask_story(struct life *life, const char *code, const Common__Position *at_least)
{
    struct errand *errand = life_errand(life, life->chaser, "GetCase", story_told, life);
    Intake__GetCaseRequest *request = errand_request(errand, &intake__get_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, code);
    if (at_least != NULL) {
        errand_at_least(errand, at_least);
    }
    errand_start(errand);
}

static void chase(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    const struct wish *wish = &life->wishes[life_draw(life, 0, (int64_t)life->wish_count)];
    if (wish->answered) {
        life_ask_story(life, wish->code, NULL);
    }
    later_set(later, life, chase, life_draw(life, HOUR_US, 8 * HOUR_US));
}

/* --- checks --- */

void life_check(struct life *life)
{
    if (!recount_catch_up(life->recount)) {
        return;
    }
    for (uint64_t marker = 1; marker < life->wish_count; marker++) {
        if (life->wishes[marker].answered) {
            check_registered(life, marker);
        }
    }
    recount_check_cursors(life->recount);
    recount_check_timers(life->recount, world_now_us(life->world) - DAY_US / 2);
}

bool life_is_over(struct world *world, void *context)
{
    (void)world;
    const struct life *life = context;
    return life->waiting == 0 && errand_office_open(life->errands) == 0;
}

void life_close(struct life *life)
{
    life->closing = true;
    life_drop_acts(life);
}

static void check_offices(struct life *life)
{
    for (size_t i = 0; i < life->office_count; i++) {
        const struct office *office = &life->offices[i];
        const struct recount_unit *unit = recount_unit(life->recount, office->unit);
        uint64_t last = unit->count == 0 ? 0 : unit->sequences[unit->count - 1];
        if (office->has < last) {
            invariant_broken(INVARIANT_OFFICES,
                             "%s has changes up to %" PRIu64 ", and the last is %" PRIu64,
                             office->unit, office->has, last);
        }
    }
}

void life_check_all(struct life *life)
{
    life->quiet = true;
    life_change_keys(life);
    if (!world_run_until(life->world, life_is_over, life, HOUR_US)) {
        invariant_broken(INVARIANT_DELIVERY, "the master key was not changed within an hour");
    }
    life_check(life);
    recount_check_timers(life->recount, world_now_us(life->world) - MINUTE_US);
    recount_check_complete(life->recount);
    for (uint64_t marker = 1; marker < life->wish_count; marker++) {
        if (life->wishes[marker].answered) {
            life_ask_story(life, life->wishes[marker].code, NULL);
        }
    }
    life_ask_everything(life);
    life_look_back_at_sessions(life);
    life_ask_surges(life, false);
    life_list_at_the_end(life);
    life_read_at_the_end(life);
    for (size_t i = 0; i < life->office_count; i++) {
        office_last_look(&life->offices[i]);
    }
    if (!world_run_until(life->world, life_is_over, life, HOUR_US)) {
        invariant_broken(INVARIANT_DELIVERY, "the last questions were not answered within an hour");
    }
    check_offices(life);
    life_check_packs(life);
}

/* --- life --- */

struct life *life_new(struct world *world, const struct life_options *options)
{
    struct life *life = calloc(1, sizeof *life);
    uint64_t zero;
    CHECK(life != NULL);
    life->world = world;
    life->options = *options;
    life->recount = recount_new(world);
    life->errands = errand_office_new(world);
    errand_office_double(life->errands, 100);
    (void)wish_new(life, &zero); /* markers begin at 1 */
    const Common__ServiceId intake = COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
    life->front_end = world_caller_new(world, intake, RPC_ROLE_FRONT_END, "operator", "");
    life->importer = world_caller_new(world, intake, RPC_ROLE_IMPORT, "import", "");
    life->chaser = world_caller_new(world, intake, RPC_ROLE_FRONT_END, "web", "");
    life->leader = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_REPORT,
                                    RPC_ROLE_LEADERSHIP, "mayor", "");
    life->rater = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
                                   RPC_ROLE_LEADERSHIP, "mayor", "");
    life->routing_importer = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                                              RPC_ROLE_IMPORT, "import", "");
    life->mayor = world_caller_new(world, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, RPC_ROLE_ADMIN,
                                   "city-hall", "");
    life->shift_head = world_caller_new(world, intake, RPC_ROLE_ADMIN, "shift-head", "");
    life_add_offices(life);
    return life;
}

void life_begin(struct life *life)
{
    later_set(&life->hour, life, hour_begins, 0);
    later_set(&life->import, life, import_some, life_draw(life, 0, DAY_US));
    later_set(&life->chase, life, chase, DAY_US / 4);
    life_begin_matching(life);
    for (size_t i = 0; i < life->office_count; i++) {
        office_begin(&life->offices[i]);
    }
    for (unsigned i = 0; i < DESKS; i++) {
        desk_begin(&life->desks[i], life, i);
    }
    for (unsigned i = 0; i < SHARES; i++) {
        share_begin(&life->shares[i], life, life->offices[i / 2].unit, i % 2);
    }
    life_begin_phones(life);
    life_begin_second_thoughts(life);
    life_begin_leadership(life);
    life_begin_forgetting(life);
    life_begin_closures(life);
    life_begin_storms(life);
    life_begin_surges(life);
    life_begin_packs(life);
    life_begin_sessions(life);
    life_begin_lists(life);
    life_begin_keys(life);
}

void life_free(struct life *life)
{
    errand_office_free(life->errands);
    life_drop_acts(life);
    later_clear(&life->hour);
    later_clear(&life->import);
    later_clear(&life->chase);
    later_clear(&life->match);
    later_clear(&life->phone);
    later_clear(&life->thoughts);
    later_clear(&life->report);
    later_clear(&life->rate);
    later_clear(&life->forget);
    later_clear(&life->closure);
    later_clear(&life->storm);
    later_clear(&life->surges);
    later_clear(&life->talk.later);
    later_clear(&life->pack);
    later_clear(&life->list);
    later_clear(&life->keys);
    for (size_t i = 0; i < life->office_count; i++) {
        later_clear(&life->offices[i].look);
    }
    for (unsigned i = 0; i < DESKS; i++) {
        later_clear(&life->desks[i].look);
    }
    for (unsigned i = 0; i < SHARES; i++) {
        later_clear(&life->shares[i].later);
    }
    life_end_sessions(life);
    recount_free(life->recount);
    free(life->wishes);
    free(life);
}

void life_figures(const struct life *life, struct life_figures *ret_figures)
{
    *ret_figures = (struct life_figures){
        .requests = life->recount->case_count,
        .calls = life->recount->call_count,
        .errands = life->started,
        .same_answers = errand_office_compared(life->errands),
        .events = life->recount->events,
        .rings = life->recount->ring_count,
        .chases = life->recount->chase_count,
        .surges = life->recount->surge_count,
        .key_changes = life->key_changes,
    };
    for (size_t i = 0; i < life->recount->task_count; i++) {
        ret_figures->tasks_done +=
            life->recount->tasks[i].state == ROUTING__TASK_STATE__TASK_STATE_DONE;
    }
    for (size_t i = 0; i < life->recount->call_count; i++) {
        ret_figures->answers += life->recount->calls[i].heard;
    }
}
