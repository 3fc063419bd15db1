/* vafa storm start, lengthen, end, list, left: when more is asked than can be done as usual. */
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_args.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MAX 101 /* one more than the server takes: it says so */
#define HOURS_MAX 168
#define ARENA_BYTES ((size_t)256 * 1024)

/* --- telling --- */

static void name_keys(struct session *session, char *const *keys, size_t count,
                      const char *(*name_of)(struct session *session, const char *key),
                      struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(out, "%s%s", i > 0 ? session_word(session, ",") : "",
                             i > 0 ? " " : "");
        buffer_append_text(out, name_of(session, keys[i]));
    }
    if (count == 0) {
        buffer_append_text(out, session_word(session, "all"));
    }
}

static void add_storm(struct session *session, struct table *table, const Intake__Storm *storm)
{
    char from[32], to[32];
    struct buffer topics = BUFFER_EMPTY;
    struct buffer areas = BUFFER_EMPTY;
    bool runs = storm->ended_at_us == 0;
    name_keys(session, storm->topics, storm->n_topics, session_topic, &topics);
    name_keys(session, storm->areas, storm->n_areas, session_area, &areas);
    session_time(session, storm->started_at_us, from);
    session_time(session, runs ? storm->ends_at_us : storm->ended_at_us, to);
    table_cell_format(table, "%" PRIu64, storm->storm_number);
    table_cell(table, session_word(session, runs               ? "storm_runs"
                                            : storm->by_itself ? "storm_over"
                                                               : "storm_ended"));
    table_cell(table, from);
    table_cell(table, to);
    table_cell(table, buffer_text(&topics));
    table_cell(table, buffer_text(&areas));
    table_cell_format(table, "%" PRIu32 "%%", storm->due_percent);
    table_cell_format(table, "%" PRIu64, storm->requests);
    if (storm->surge != 0) {
        table_cell_format(table, "%" PRIu64, storm->surge);
    } else {
        table_cell(table, "");
    }
    table_cell(table, storm->reason);
    buffer_fini(&topics);
    buffer_fini(&areas);
}

static void print_storms(struct session *session, Intake__Storm *const *storms, size_t count)
{
    static const char *const heads[] = {"storm", "state",       "storm_from",  "until",
                                        "topic", "area",        "storm_allow", "storm_counts",
                                        "surge", "storm_reason"};
    struct table *table = table_new(10);
    for (size_t i = 0; i < 10; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < count; i++) {
        add_storm(session, table, storms[i]);
    }
    list_text_print(session, table);
    table_free(table);
}

/* Makes the call and prints the storm of its answer, which `storm_of` finds. */
static int call_storm(struct session *session, const char *method, const ProtobufCMessage *request,
                      Intake__Storm *(*storm_of)(const ProtobufCMessage *response))
{
    struct error err = ERROR_NONE;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = method, .request = request};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        Intake__Storm *storm = storm_of(call.response);
        if (session->json) {
            output_message(call.response);
        } else if (storm != NULL) {
            print_storms(session, &storm, 1);
        } else {
            status = session_lacks("storm", &err);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

/* --- start --- */

static const struct option_def start_options[] = {
    {"surge", 0, "N", "for the topics and areas of a surge (`vafa report surges`)"},
    {"topics", 't', "KEYS",
     "keys or names with commas between them, or `all` (needed without --surge)"},
    {"areas", 'a', "KEYS",
     "the same of areas; `all`: also where none is known (needed without --surge)"},
    {"hours", 0, "N", "it ends by itself after so many, 1 to 168 (needed)"},
    {"reason", 0, "TEXT", "why; citizens are told (needed)"},
    {NULL, 0, NULL, NULL},
};

/* "tree-fallen, flooding" or "all", which is none. */
static enum status read_keys(struct session *session, const char *option, enum city_items items,
                             struct arena *arena, char ***ret_keys, size_t *ret_count,
                             struct error *err)
{
    char *rest = arena_copy_text(arena, args_text(&session->args, option));
    char **keys = arena_alloc(arena, KEYS_MAX * sizeof(*keys));
    size_t count = 0;
    if (rest == NULL || keys == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, option, "is too long");
    }
    if (strcmp(rest, "all") == 0) {
        *ret_count = 0;
        return STATUS_OK;
    }
    for (char *key = strtok_r(rest, ",", &rest); key != NULL; key = strtok_r(NULL, ",", &rest)) {
        key += strspn(key, " ");
        for (size_t size = strlen(key); size > 0 && key[size - 1] == ' '; size--) {
            key[size - 1] = '\0';
        }
        if (count == KEYS_MAX) {
            return error_set(err, STATUS_INVALID_ARGUMENT, option, "are more than %d",
                             KEYS_MAX - 1);
        }
        keys[count++] = place_args_key(session, items, key);
    }
    *ret_keys = keys;
    *ret_count = count;
    return count > 0 ? STATUS_OK
                     : error_set(err, STATUS_INVALID_ARGUMENT, option, "names none: `all` is all");
}

static enum status read_start(struct session *session, struct arena *arena,
                              Intake__StartStormRequest *request, struct error *err)
{
    static const char *const needed[] = {"hours", "reason", "topics", "areas"};
    bool has_surge = args_has(&session->args, "surge");
    uint64_t hours = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < (has_surge ? 2 : 4) && status == STATUS_OK; i++) {
        status = args_need(&session->args, needed[i], err);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "hours", 1, HOURS_MAX, 0, &hours, err);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "surge", 1, UINT64_MAX - 1, 0, &request->surge, err);
    }
    if (status == STATUS_OK && args_has(&session->args, "topics")) {
        status = read_keys(session, "topics", CITY_ITEMS_TOPICS, arena, &request->topics,
                           &request->n_topics, err);
    }
    if (status == STATUS_OK && args_has(&session->args, "areas")) {
        status = read_keys(session, "areas", CITY_ITEMS_AREAS, arena, &request->areas,
                           &request->n_areas, err);
    }
    request->hours = (uint32_t)hours;
    request->reason = session_text(session, "reason");
    return status;
}

static enum status copy_keys(struct arena *arena, char *const *keys, size_t count, char ***ret_keys,
                             size_t *ret_count, struct error *err)
{
    *ret_keys = arena_alloc(arena, (count + 1) * sizeof(**ret_keys));
    *ret_count = count;
    for (size_t i = 0; *ret_keys != NULL && i < count; i++) {
        (*ret_keys)[i] = arena_copy_text(arena, keys[i]);
        if ((*ret_keys)[i] == NULL) {
            *ret_keys = NULL;
        }
    }
    return *ret_keys != NULL
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "surge", "has too large a scope");
}

/* What the surge proposes, where the command line says nothing else. */
static enum status take_surge(struct session *session, struct arena *arena,
                              Intake__StartStormRequest *request, struct error *err)
{
    Report__ListSurgesRequest question = REPORT__LIST_SURGES_REQUEST__INIT;
    struct vafa_call call = {
        .service = &report__report__descriptor, .method = "ListSurges", .request = &question.base};
    question.page_size = 1;
    question.page_token = request->surge + 1;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Report__ListSurgesResponse *page = (const Report__ListSurgesResponse *)call.response;
        const Report__Surge *surge = page->n_surges > 0 ? page->surges[0] : NULL;
        if (surge == NULL || surge->surge_number != request->surge) {
            status = error_set(err, STATUS_NOT_FOUND, "surge", "there is no surge %" PRIu64,
                               request->surge);
        }
        bool takes_topics = !args_has(&session->args, "topics");
        if (status == STATUS_OK && takes_topics && surge->outside) {
            status = error_set(err, STATUS_FAILED_PRECONDITION, "surge",
                               "surge %" PRIu64 " is of what is outside the city's duty: no office "
                               "has the work, and no due date to loosen",
                               request->surge);
        }
        if (status == STATUS_OK && takes_topics) {
            status = copy_keys(arena, surge->topics, surge->n_topics, &request->topics,
                               &request->n_topics, err);
        }
        if (status == STATUS_OK && !args_has(&session->args, "areas")) {
            status = copy_keys(arena, surge->areas, surge->n_areas, &request->areas,
                               &request->n_areas, err);
        }
    }
    vafa_call_fini(&call);
    return status;
}

static Intake__Storm *started(const ProtobufCMessage *response)
{
    return ((const Intake__StartStormResponse *)response)->storm;
}

static int run_start(struct session *session)
{
    struct error err = ERROR_NONE;
    struct arena *arena = arena_new(ARENA_BYTES);
    Intake__StartStormRequest request = INTAKE__START_STORM_REQUEST__INIT;
    enum status status = read_start(session, arena, &request, &err);
    request.idempotency_key = session_key(session);
    int code = status == STATUS_OK ? EXIT_DONE : output_usage(&err);
    if (status == STATUS_OK && request.surge != 0) {
        status = take_surge(session, arena, &request, &err);
        code = status == STATUS_OK ? EXIT_DONE : output_error(&err);
    }
    if (status == STATUS_OK) {
        code = call_storm(session, "StartStorm", &request.base, started);
    }
    arena_free(arena);
    return code;
}

const struct command command_storm_start = {
    .name = "storm start",
    .arguments = "",
    .summary = "a storm begins: short form, later due dates, until it ends by itself",
    .help =
        "For the topics and areas of a storm, until it ends: questions that a topic requires "
        "need no answer, `vafa register` shows what is open of the same thing first, and due "
        "dates are as much later as the city pack says ([storm] in city.ini). Those of open "
        "tasks move, too, and their stories tell so; what has passed, and what is urgent, "
        "stays as it is.\n"
        "Nothing is ever joined by itself. Several storms may run: the one that allows most "
        "counts.\n"
        "With --surge its topics and areas are those that the surge proposes, unless others are "
        "given; the storm remembers it.",
    .examples = "vafa storm start --topics broken-branch,flooding --areas 1,3 --hours 6 --reason "
                "'باد شدید'\n"
                "vafa storm start --surge 3 --hours 6 --reason 'باد شدید'\n"
                "vafa storm start --topics all --areas all --hours 12 --reason 'برف سنگین' --json",
    .options = start_options,
    .changes = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_start,
};

/* --- lengthen --- */

static const struct option_def lengthen_options[] = {
    {"hours", 0, "N", "how many hours later it ends, 1 to 168 (needed)"},
    {NULL, 0, NULL, NULL},
};

static enum status read_number(struct session *session, uint64_t *ret_number, struct error *err)
{
    return args_read_number(session->args.arguments[0], "storm_number", 1, UINT64_MAX, ret_number,
                            err);
}

static Intake__Storm *lengthened(const ProtobufCMessage *response)
{
    return ((const Intake__LengthenStormResponse *)response)->storm;
}

static int run_lengthen(struct session *session)
{
    struct error err = ERROR_NONE;
    uint64_t hours = 0;
    Intake__LengthenStormRequest request = INTAKE__LENGTHEN_STORM_REQUEST__INIT;
    enum status status = args_need(&session->args, "hours", &err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "hours", 1, HOURS_MAX, 0, &hours, &err);
    }
    if (status == STATUS_OK) {
        status = read_number(session, &request.storm_number, &err);
    }
    request.hours = (uint32_t)hours;
    request.idempotency_key = session_key(session);
    return status == STATUS_OK ? call_storm(session, "LengthenStorm", &request.base, lengthened)
                               : output_usage(&err);
}

const struct command command_storm_lengthen = {
    .name = "storm lengthen",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "a running storm ends later",
    .help = "So many hours later than it would, and at most a week from now.",
    .examples = "vafa storm lengthen 1 --hours 6\n"
                "vafa storm lengthen 1 --hours 24 --json",
    .options = lengthen_options,
    .changes = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_lengthen,
};

/* --- end --- */

static const struct option_def end_options[] = {
    {"reason", 0, "TEXT", "why before its time"},
    {NULL, 0, NULL, NULL},
};

static Intake__Storm *ended(const ProtobufCMessage *response)
{
    return ((const Intake__EndStormResponse *)response)->storm;
}

static int run_end(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__EndStormRequest request = INTAKE__END_STORM_REQUEST__INIT;
    if (read_number(session, &request.storm_number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.reason = session_text(session, "reason");
    request.idempotency_key = session_key(session);
    return call_storm(session, "EndStorm", &request.base, ended);
}

const struct command command_storm_end = {
    .name = "storm end",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "a running storm ends now",
    .help = "It would end by itself. Due dates stay as they are; `vafa storm left` lists what is "
            "to be caught up.",
    .examples = "vafa storm end 1 --reason 'باد آرام شد'\n"
                "vafa storm end 1 --json",
    .options = end_options,
    .changes = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_end,
};

/* --- list --- */

static const struct option_def list_options[] = {
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {"after", 0, "N", "go on behind what was shown: the number that the last page told"},
    {NULL, 0, NULL, NULL},
};

static enum status read_page(struct session *session, uint32_t *ret_size, uint64_t *ret_token,
                             struct error *err)
{
    uint64_t limit = 0;
    enum status status = args_number(&session->args, "limit", 1, 100, 20, &limit, err);
    *ret_size = (uint32_t)limit;
    return status == STATUS_OK
               ? args_number(&session->args, "after", 1, UINT64_MAX, 0, ret_token, err)
               : status;
}

static void print_next(struct session *session, uint64_t token)
{
    if (token != 0) {
        fprintf(stderr, "%s %" PRIu64 "\n", session_word(session, "search_goes_on"), token);
    }
}

static int run_list(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__ListStormsRequest request = INTAKE__LIST_STORMS_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "ListStorms", .request = &request.base};
    if (read_page(session, &request.page_size, &request.page_token, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Intake__ListStormsResponse *page = (const Intake__ListStormsResponse *)call.response;
        for (size_t i = 0; session->json && i < page->n_storms; i++) {
            output_message(&page->storms[i]->base);
        }
        if (!session->json) {
            print_storms(session, page->storms, page->n_storms);
        }
        print_next(session, page->next_page_token);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_storm_list = {
    .name = "storm list",
    .arguments = "",
    .summary = "storms, running and past, newest first",
    .help = "Which there are, for what, until when, how much of the usual time things may take, "
            "and how many requests were registered in each. With --json one object a line.",
    .examples = "vafa storm list\n"
                "vafa storm list --limit 5 --json",
    .options = list_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_list,
};

/* --- left --- */

static void add_left(struct session *session, struct table *table, const Intake__StormLeft *left)
{
    const Intake__Case *c = left->case_data;
    const char *language = session_language(session);
    bool is_fa = strcmp(language, "fa") == 0;
    char registered[32], due[32];
    struct buffer missing = BUFFER_EMPTY;
    session_time(session, c->registered_at_us, registered);
    session_time(session, c->due_at_us, due);
    for (size_t i = 0; i < left->n_missing; i++) {
        buffer_append_format(&missing, "%s%s", i > 0 ? session_word(session, ",") : "",
                             i > 0 ? " " : "");
        buffer_append_text(&missing, is_fa ? left->missing[i]->name_fa : left->missing[i]->name_en);
    }
    table_cell(table, c->code);
    table_cell(table, registered);
    table_cell(table, session_topic(session, c->topic));
    table_cell(table, label_enum(&intake__case_state__descriptor, (int)c->state, language));
    table_cell(table, session_unit(session, c->unit));
    table_cell(table, due);
    table_cell(table, buffer_text(&missing));
    buffer_fini(&missing);
}

static void print_left(struct session *session, const Intake__ListStormLeftResponse *page)
{
    static const char *const heads[] = {"code", "registered", "topic",  "state",
                                        "unit", "due",        "missing"};
    struct table *table = table_new(7);
    for (size_t i = 0; i < 7; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < page->n_left; i++) {
        if (page->left[i]->case_data != NULL) {
            add_left(session, table, page->left[i]);
        }
    }
    list_text_print(session, table);
    table_free(table);
}

static int run_left(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__ListStormLeftRequest request = INTAKE__LIST_STORM_LEFT_REQUEST__INIT;
    struct vafa_call call = {.service = &intake__intake__descriptor,
                             .method = "ListStormLeft",
                             .request = &request.base};
    if (read_number(session, &request.storm_number, &err) != STATUS_OK ||
        read_page(session, &request.page_size, &request.page_token, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Intake__ListStormLeftResponse *page =
            (const Intake__ListStormLeftResponse *)call.response;
        for (size_t i = 0; session->json && i < page->n_left; i++) {
            output_message(&page->left[i]->base);
        }
        if (!session->json) {
            print_left(session, page);
        }
        print_next(session, page->next_page_token);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_storm_left = {
    .name = "storm left",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what a storm has left to be caught up",
    .help = "The requests registered in the storm whose work is not over, in the order in which "
            "they came. The last column names questions that the topic requires and nobody "
            "answered: ask the citizen, then `vafa amend CODE --answer …`.\n"
            "A page may be short and yet not be the last: a line on stderr then tells how to go "
            "on. With --json one object a line.",
    .examples = "vafa storm left 1\n"
                "vafa storm left 1 --limit 100 --json",
    .options = list_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_left,
};
