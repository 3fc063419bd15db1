/* vafa health, version, metrics: the services themselves, all asked at once. */
#include "base/message.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/metrics_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/health/v1/health.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define FIRST COMMON__SERVICE_ID__SERVICE_ID_INTAKE
#define LAST COMMON__SERVICE_ID__SERVICE_ID_REPORT
#define IDS (LAST + 1)
#define HEALTH_MS 2000 /* whoever asks whether it is well will not wait long */

static void asked(struct vafa_call *call)
{
    (void)call; /* the window says when all have ended */
}

/* Asks services first..last the same; calls[id] holds each answer or error. End each with
 * vafa_call_fini. */
static enum status ask(struct session *session, const char *method, const ProtobufCMessage *request,
                       int first, int last, struct vafa_call calls[IDS], struct error *err)
{
    struct vafa *vafa;
    enum status status = session_client(session, &vafa, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct vafa_window *window = vafa_window_new(IDS);
    for (int id = first; id <= last; id++) {
        calls[id] = (struct vafa_call){.to = (Common__ServiceId)id,
                                       .service = &health__health__descriptor,
                                       .method = method,
                                       .request = request,
                                       .window = window,
                                       .done = asked};
        vafa_call_start(vafa, &calls[id]);
    }
    vafa_window_free(window); /* waits */
    return STATUS_OK;
}

static void forget(struct vafa_call calls[IDS], int first, int last)
{
    for (int id = first; id <= last; id++) {
        vafa_call_fini(&calls[id]);
    }
}

/* Tells each that did not answer; gives the exit code. */
static int tell_silent(const struct vafa_call calls[IDS], int first, int last)
{
    int code = EXIT_DONE;
    for (int id = first; id <= last; id++) {
        if (calls[id].error.status != STATUS_OK) {
            fprintf(stderr, "vafa: %s", output_service((Common__ServiceId)id));
            output_foreign(stderr, ": ", calls[id].error.message, "");
            code = EXIT_UNREACHABLE;
        }
    }
    return code;
}

static void print_json(const struct vafa_call calls[IDS], int first, int last)
{
    struct buffer all = BUFFER_EMPTY;
    for (int id = first; id <= last; id++) {
        const struct vafa_call *call = &calls[id];
        buffer_append_format(&all, "%s\"%s\":", id == first ? "{" : ",",
                             output_service((Common__ServiceId)id));
        if (call->response != NULL) {
            message_to_json(call->response, &all);
        } else {
            buffer_append_format(
                &all, "{\"status\":\"%s\",\"message\":", status_name(call->error.status));
            output_json_string(&all, call->error.message);
            buffer_append_text(&all, "}");
        }
    }
    buffer_append_text(&all, "}");
    output_json_text(&all);
    buffer_fini(&all);
}

/* --- health --- */

static void feeds_text(const Health__CheckHealthResponse *response, struct buffer *out)
{
    for (size_t i = 0; i < response->n_feeds; i++) {
        const Health__CheckHealthResponse__Feed *feed = response->feeds[i];
        buffer_append_format(out, "%s%s %" PRIu64 "/%" PRIu64, out->size > 0 ? ", " : "",
                             output_service(feed->service), feed->offset, feed->head);
        if (feed->stopped_because[0] != '\0') {
            buffer_append_format(out, " (%s)", feed->stopped_because);
        }
    }
}

/* A row of the table; false when it is not serving as it should. */
static bool add_health(struct table *table, const char *language, Common__ServiceId id,
                       const struct vafa_call *call)
{
    const Health__CheckHealthResponse *response =
        (const Health__CheckHealthResponse *)call->response;
    table_cell(table, output_service(id));
    if (response == NULL) {
        table_cell(table, status_name(call->error.status));
        table_cell(table, "");
        table_cell(table, call->error.message);
        return true; /* told on its own */
    }
    struct buffer feeds = BUFFER_EMPTY;
    feeds_text(response, &feeds);
    if (response->reason[0] != '\0') {
        buffer_append_format(&feeds, "%s%s", feeds.size > 0 ? "; " : "", response->reason);
    }
    table_cell(table,
               label_enum(&health__serving_state__descriptor, (int)response->state, language));
    table_cell_format(table, "%" PRIu64, response->head != NULL ? response->head->offset : 0);
    table_cell(table, buffer_text(&feeds));
    buffer_fini(&feeds);
    return response->state == HEALTH__SERVING_STATE__SERVING_STATE_SERVING;
}

static int print_health(struct session *session, const struct vafa_call calls[IDS])
{
    static const char *const heads[] = {"service", "state", "events", "follows"};
    const char *language = session_language(session);
    bool well = true;
    struct table *table = table_new(4);
    for (size_t i = 0; i < 4; i++) {
        table_head(table, i, label_word(heads[i], language));
    }
    table_align_right(table, 2);
    for (int id = FIRST; id <= LAST; id++) {
        bool serves = add_health(table, language, (Common__ServiceId)id, &calls[id]);
        well = well && serves;
    }
    if (session->json) {
        print_json(calls, FIRST, LAST);
    } else {
        table_print(table, stdout);
    }
    table_free(table);
    return well ? EXIT_DONE : EXIT_REFUSED;
}

static int run_health(struct session *session)
{
    struct error err = ERROR_NONE;
    struct vafa_call calls[IDS] = {{0}};
    Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
    if (!args_has(&session->args, "timeout")) {
        session_end_in(session, HEALTH_MS);
    }
    if (ask(session, "CheckHealth", &request.base, FIRST, LAST, calls, &err) != STATUS_OK) {
        return output_error(&err);
    }
    int code = print_health(session, calls);
    int silent = tell_silent(calls, FIRST, LAST);
    forget(calls, FIRST, LAST);
    return silent != EXIT_DONE ? silent : code;
}

const struct command command_health = {
    .name = "health",
    .arguments = "",
    .summary = "whether the services serve, and how far they follow each other",
    .help = "Asks all five services. `events` is the length of a service's log; `follows` tells "
            "how far it has followed the\n"
            "others' logs, out of how much. Exit status 0: all serve; 1: one is degraded or "
            "stopping; 4: one did not answer.",
    .examples = "vafa health\nvafa health --json --timeout 1",
    .role = RPC_ROLE_ADMIN,
    .run = run_health,
};

/* --- version --- */

static void print_version(struct session *session, const struct vafa_call calls[IDS])
{
    static const char *const heads[] = {"service", "version", "store", "city", "pack"};
    struct table *table = table_new(5);
    for (size_t i = 0; i < 5; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (int id = FIRST; id <= LAST; id++) {
        const Health__GetVersionResponse *response =
            (const Health__GetVersionResponse *)calls[id].response;
        char digest[17] = "";
        table_cell(table, output_service((Common__ServiceId)id));
        if (response == NULL) {
            for (size_t i = 1; i < 5; i++) {
                table_cell(table, "");
            }
            continue;
        }
        if (response->city_digest.len >= 8) {
            hex_encode(response->city_digest.data, 8, digest);
        }
        table_cell(table, response->version);
        table_cell_format(table, "%" PRIu32, response->store_format);
        table_cell(table, response->city);
        table_cell(table, digest);
    }
    table_print(table, stdout);
    table_free(table);
}

static int run_version(struct session *session)
{
    struct error err = ERROR_NONE;
    struct vafa_call calls[IDS] = {{0}};
    Health__GetVersionRequest request = HEALTH__GET_VERSION_REQUEST__INIT;
    if (!session->json) {
        puts("vafa " VAFA_VERSION);
    }
    if (ask(session, "GetVersion", &request.base, FIRST, LAST, calls, &err) != STATUS_OK) {
        return output_error(&err);
    }
    if (session->json) {
        print_json(calls, FIRST, LAST);
    } else {
        print_version(session, calls);
    }
    int code = tell_silent(calls, FIRST, LAST);
    forget(calls, FIRST, LAST);
    return code;
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "versions of this program and of the services, and the pack in force",
    .help = "`pack` is the beginning of the digest over the city pack's files: the same digest, "
            "the same rules.\n"
            "`vafa --version` asks no server.",
    .examples = "vafa version\nvafa version --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_version,
};

/* --- metrics --- */

static int run_metrics(struct session *session)
{
    struct error err = ERROR_NONE;
    struct vafa_call calls[IDS] = {{0}};
    Health__GetMetricsRequest request = HEALTH__GET_METRICS_REQUEST__INIT;
    int first = FIRST;
    int last = LAST;
    if (session->args.argument_count == 1) {
        first = last = (int)output_service_of(session->args.arguments[0]);
        if (first == 0) {
            error_set(&err, STATUS_INVALID_ARGUMENT, "service",
                      "\"%s\" is none of intake, routing, followup, feedback, report",
                      session->args.arguments[0]);
            return output_usage(&err);
        }
    }
    if (ask(session, "GetMetrics", &request.base, first, last, calls, &err) != STATUS_OK) {
        return output_error(&err);
    }
    const char *texts[IDS];
    size_t count = 0;
    for (int id = first; id <= last; id++) {
        if (calls[id].response != NULL) {
            texts[count++] = ((const Health__GetMetricsResponse *)calls[id].response)->text;
        }
    }
    struct buffer merged = BUFFER_EMPTY;
    metrics_text_merge(texts, count, &merged);
    if (session->json) {
        print_json(calls, first, last);
    } else {
        fputs(buffer_text(&merged), stdout);
    }
    buffer_fini(&merged);
    int code = tell_silent(calls, first, last);
    forget(calls, first, last);
    return code;
}

const struct command command_metrics = {
    .name = "metrics",
    .arguments = "[SERVICE]",
    .arguments_max = 1,
    .summary = "counters and gauges as Prometheus text",
    .help = "Prints the counters of one service, or of all five as one text (Prometheus text "
            "format 0.0.4).",
    .examples = "vafa metrics intake\nvafa metrics | promtool check metrics",
    .role = RPC_ROLE_ADMIN,
    .run = run_metrics,
};
