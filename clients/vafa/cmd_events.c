/* vafa events: a service's log as followers read it. */
#include "base/message.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FOLLOW_WAIT_MS 30000u /* one long poll of --follow */
#define PAGE_EVENTS 256
#define EVENT_ARENA_BYTES (8u * 1024 * 1024)

static const struct option_def options[] = {
    {"from", 0, "N", "begin at event N (1)"},
    {"limit", 'n', "N", "at most so many"},
    {"follow", 'f', NULL, "go on with new events as they come"},
    {NULL, 0, NULL, NULL},
};

struct listing {
    struct session *session;
    Common__ServiceId service;
    const ProtobufCMessageDescriptor *type;
    uint64_t after;
    uint64_t left;
    bool follow;
    bool reached; /* it has answered: from then on --follow outlasts restarts */
    struct arena *arena;
};

static const ProtobufCMessageDescriptor *event_type(Common__ServiceId service)
{
    switch (service) {
    case COMMON__SERVICE_ID__SERVICE_ID_INTAKE: return &intake__event__descriptor;
    case COMMON__SERVICE_ID__SERVICE_ID_ROUTING: return &routing__event__descriptor;
    case COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP: return &followup__event__descriptor;
    case COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK: return &feedback__event__descriptor;
    case COMMON__SERVICE_ID__SERVICE_ID_REPORT: return &report__event__descriptor;
    default: return NULL;
    }
}

/* "request_registered", or "kind 9" for one that this program does not know. */
static void kind_name(const struct listing *l, uint32_t kind, char *out, size_t out_size)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(l->type, kind);
    if (field != NULL) {
        snprintf(out, out_size, "%s", field->name);
    } else {
        snprintf(out, out_size, "kind %" PRIu32, kind);
    }
}

/* The content of the one member that is set, as JSON; false when it cannot be read. */
static bool content(const struct listing *l, const Common__EventRecord *record, struct buffer *out)
{
    ProtobufCMessage *event;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(l->type, record->kind);
    arena_reset(l->arena);
    if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE ||
        message_unpack(l->type, bytes_of(record->open.data, record->open.len), MESSAGE_UNKNOWN_KEEP,
                       l->arena, &event, NULL) != STATUS_OK) {
        return false;
    }
    const char *base = (const char *)event;
    const ProtobufCMessage *member = *(ProtobufCMessage *const *)(base + field->offset);
    if (*(const uint32_t *)(base + field->quantifier_offset) != field->id || member == NULL) {
        return false;
    }
    message_to_json(member, out);
    return true;
}

static void print_event_json(const Eventlog__LoggedEvent *event, const char *kind,
                             const char *member)
{
    char hash[65] = "";
    struct buffer json = BUFFER_EMPTY;
    const Common__EventRecord *record = event->record;
    if (event->hash.len == 32) {
        hex_encode(event->hash.data, 32, hash);
    }
    buffer_append_format(&json,
                         "{\"offset\":%" PRIu64 ",\"kind\":\"%s\",\"recorded_at_us\":%" PRId64
                         ",\"occurred_at_us\":%" PRId64 ",\"historical\":%s,\"actor\":",
                         event->offset, kind, record->recorded_at_us, record->occurred_at_us,
                         record->historical ? "true" : "false");
    output_json_string(&json, record->actor);
    buffer_append_format(&json, ",\"citizen\":%" PRIu64 ",\"event\":%s,\"hash\":\"%s\"}",
                         record->citizen, member, hash);
    output_json_text(&json);
    buffer_fini(&json);
}

static void print_event_line(const struct listing *l, const Eventlog__LoggedEvent *event,
                             const char *kind, const char *member)
{
    char time[32];
    struct buffer line = BUFFER_EMPTY;
    const Common__EventRecord *record = event->record;
    session_time(l->session, record->occurred_at_us, time);
    buffer_append_format(&line, "%" PRIu64 "  %s  %s  ", event->offset, time, kind);
    table_plain_text(&line, member);
    if (record->actor[0] != '\0') {
        buffer_append_text(&line, "  by ");
        table_plain_text(&line, record->actor);
    }
    puts(buffer_text(&line));
    buffer_fini(&line);
}

static void print_event(const struct listing *l, const Eventlog__LoggedEvent *event)
{
    char kind[64];
    struct buffer member = BUFFER_EMPTY;
    kind_name(l, event->record->kind, kind, sizeof(kind));
    bool readable = content(l, event->record, &member);
    if (l->session->json) {
        print_event_json(event, kind, readable ? buffer_text(&member) : "null");
    } else {
        print_event_line(l, event, kind, readable ? buffer_text(&member) : "(cannot be read)");
    }
    buffer_fini(&member);
}

static enum status print_page(struct listing *l, const Eventlog__ReadEventsResponse *page,
                              struct error *err)
{
    for (size_t i = 0; i < page->n_events && l->left > 0; i++) {
        if (page->events[i]->record == NULL) {
            return session_lacks("record", err);
        }
        if (page->events[i]->offset <= l->after) {
            return error_set(err, STATUS_INTERNAL, "offset",
                             "the server's events do not go on behind %" PRIu64, l->after);
        }
        print_event(l, page->events[i]);
        l->after = page->events[i]->offset;
        l->left--;
    }
    return output_flush()
               ? STATUS_OK
               : error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the output is closed");
}

/* A page that came gives the next its time; following has no end. */
static enum status read_page(struct listing *l, size_t *ret_count, struct error *err)
{
    bool wait = l->follow && l->reached;
    Common__Position after = COMMON__POSITION__INIT;
    Eventlog__ReadEventsRequest request = EVENTLOG__READ_EVENTS_REQUEST__INIT;
    struct vafa_call call = {.to = l->service,
                             .service = &eventlog__event_log__descriptor,
                             .method = "ReadEvents",
                             .request = &request.base,
                             .deadline_ms = wait ? FOLLOW_WAIT_MS + l->session->timeout_ms : 0,
                             .patience_ms = wait ? RPC_DEADLINE_MS_MAX : 0};
    after.service = l->service;
    after.offset = l->after;
    request.after = l->after > 0 ? &after : NULL;
    request.events_max = l->left < PAGE_EVENTS ? (uint32_t)l->left : PAGE_EVENTS;
    request.wait_ms = wait ? FOLLOW_WAIT_MS : 0;
    enum status status = session_call(l->session, &call, err);
    if (status == STATUS_OK) {
        const Eventlog__ReadEventsResponse *page =
            (const Eventlog__ReadEventsResponse *)call.response;
        status = print_page(l, page, err);
        *ret_count = page->n_events;
        l->reached = true;
        session_end_in(l->session, l->follow ? 0 : l->session->timeout_ms);
    }
    vafa_call_fini(&call);
    return status;
}

static enum status read_listing(struct session *session, struct listing *l, struct error *err)
{
    uint64_t from = 1;
    l->service = output_service_of(session->args.arguments[0]);
    l->type = event_type(l->service);
    l->follow = args_has(&session->args, "follow");
    if (l->type == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "service",
                         "\"%s\" is none of intake, routing, followup, feedback, report",
                         session->args.arguments[0]);
    }
    enum status status = args_number(&session->args, "from", 1, UINT64_MAX, 1, &from, err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "limit", 1, UINT64_MAX, UINT64_MAX, &l->left, err);
    }
    l->after = from - 1;
    return status;
}

/* The server takes an unknown position for a sign of damage; a person may just be early. */
static enum status check_from(const struct listing *l, struct error *err)
{
    struct vafa *vafa;
    struct vafa_position head;
    if (l->after == 0) {
        return STATUS_OK;
    }
    enum status status = session_client(l->session, &vafa, err);
    if (status == STATUS_OK) {
        status = vafa_head(vafa, l->service, &head, err);
    }
    if (status == STATUS_OK && l->after > head.position.offset) {
        status = error_set(err, STATUS_NOT_FOUND, "from", "%s's log ends at %" PRIu64,
                           output_service(l->service), head.position.offset);
    }
    return status;
}

static int run_events(struct session *session)
{
    struct error err = ERROR_NONE;
    struct listing l = {.session = session};
    size_t count = 0;
    enum status status = read_listing(session, &l, &err);
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    status = check_from(&l, &err);
    l.arena = arena_new(EVENT_ARENA_BYTES);
    while (status == STATUS_OK && l.left > 0 && (count > 0 || l.follow || !l.reached)) {
        status = read_page(&l, &count, &err);
    }
    arena_free(l.arena);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_events = {
    .name = "events",
    .arguments = "SERVICE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "a service's log, event by event",
    .help = "SERVICE is intake, routing, followup, feedback or report. What is sealed (names, "
            "phones, words) is never in it.\n"
            "With --json one object a line, with the chain's hash at that event.",
    .examples = "vafa events intake --from 100 --limit 10\nvafa events routing --follow --json",
    .options = options,
    .role = RPC_ROLE_ADMIN,
    .run = run_events,
};
