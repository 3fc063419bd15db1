#include "clients/vafa/case_text.h"

#include "clients/vafa/answer_words.h"
#include "clients/vafa/details.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_words.h"
#include "clients/vafa/table.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

/* Who else is about the same thing. */
static void print_incident(struct session *session, struct table *table, const Intake__Case *c)
{
    struct buffer codes = BUFFER_EMPTY;
    details_text(session, table, "incident", c->incident_code);
    if (c->callers > 1) {
        table_cell(table, session_word(session, "callers"));
        table_cell_format(table, "%" PRIu32, c->callers);
    }
    for (size_t i = 0; i < c->n_joined_codes; i++) {
        buffer_append_format(&codes, "%s%s", i > 0 ? " " : "", c->joined_codes[i]);
    }
    details_text(session, table, "joined", buffer_text(&codes));
    buffer_fini(&codes);
}

/* Who has an urgent one. */
static void print_alarm(struct session *session, struct table *table, const Intake__Case *c)
{
    const Intake__CaseAlarm *alarm = c->alarm;
    bool is_in_work = c->state == INTAKE__CASE_STATE__CASE_STATE_IN_WORK ||
                      c->state == INTAKE__CASE_STATE__CASE_STATE_REOPENED;
    if (alarm == NULL) {
        return;
    }
    details_time(session, table, "urgent_since", alarm->since_us);
    details_text(session, table, "given_to", alarm->desk);
    details_time(session, table, "acknowledged", alarm->acknowledged_at_us);
    if (alarm->acknowledged_at_us != 0 || is_in_work) {
        details_text(session, table, "acknowledged_by",
                     alarm->acknowledged_at_us != 0 ? alarm->acknowledged_by
                                                    : session_word(session, "nobody_yet"));
    }
    if (alarm->steps > 0) {
        table_cell(table, session_word(session, "went_up"));
        table_cell_format(table, "%" PRIu32, alarm->steps);
    }
}

/* The state alone does not tell how the unit finished it; the story does. */
const char *case_text_state(const Intake__Case *told, Intake__TimelineEntry *const *timeline,
                            size_t count, const char *language)
{
    bool is_undone = false;
    for (size_t i = 0; i < count; i++) {
        is_undone = timeline[i]->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE ||
                    (is_undone && timeline[i]->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE);
    }
    return is_undone && told->state == INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD
               ? label_word("state_closed_undone", language)
               : label_enum(&intake__case_state__descriptor, (int)told->state, language);
}

static void print_case(struct session *session, const Intake__Case *c,
                       Intake__TimelineEntry *const *timeline, size_t count)
{
    const char *language = session_language(session);
    struct table *table = table_new(2);
    struct buffer place = BUFFER_EMPTY;
    place_words(session, c->place, &place);
    details_text(session, table, "code", c->code);
    details_text(session, table, "state", case_text_state(c, timeline, count, language));
    details_text(session, table, "topic", session_topic(session, c->topic));
    details_text(session, table, "place", buffer_text(&place));
    answer_words(session, table, c->topic, c->answers, c->n_answers);
    details_text(session, table, "urgency",
                 label_enum(&common__urgency__descriptor, (int)c->urgency, language));
    details_text(session, table, "channel",
                 label_enum(&common__channel__descriptor, (int)c->channel, language));
    details_text(session, table, "unit", session_unit(session, c->unit));
    print_alarm(session, table, c);
    print_incident(session, table, c);
    if (c->storm > 0) {
        table_cell(table, session_word(session, "storm"));
        table_cell_format(table, "%" PRIu64, c->storm);
    }
    if (c->chases > 0) {
        table_cell(table, session_word(session, "chases"));
        table_cell_format(table, "%" PRIu32, c->chases);
    }
    if (c->words_added > 0) {
        table_cell(table, session_word(session, "words_added"));
        table_cell_format(table, "%" PRIu32, c->words_added);
    }
    details_time(session, table, "occurred", c->occurred_at_us);
    details_time(session, table, "due", c->due_at_us);
    if (c->source[0] != '\0') {
        table_cell(table, session_word(session, "source"));
        table_cell_format(table, "%s %s", c->source, c->external_id);
    }
    table_print(table, stdout);
    table_free(table);
    buffer_fini(&place);
}

/* A call's outcome comes as words of the contract ("no answer"), to whom it went up as a key of the pack; an office's note as it was
 * written. */
static const char *note_words(struct session *session, const Intake__TimelineEntry *entry)
{
    char typed[32];
    size_t size = strlen(entry->note);
    if (entry->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_ESCALATED ||
        entry->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_UNACKNOWLEDGED) {
        return session_role(session, entry->note, entry->unit);
    }
    if ((entry->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_ATTEMPTED &&
         entry->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_COMPLETED) ||
        size >= sizeof(typed)) {
        return entry->note;
    }
    for (size_t i = 0; i <= size; i++) {
        typed[i] = entry->note[i] == ' ' ? '-' : entry->note[i];
    }
    int outcome = label_enum_value(&followup__call_outcome__descriptor, typed);
    return outcome < 0 ? entry->note
                       : label_enum(&followup__call_outcome__descriptor, outcome,
                                    session_language(session));
}

/* What a story's date is. */
static const char *date_name(Intake__TimelineKind kind)
{
    switch (kind) {
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED: return "for_date";
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_DUE_MOVED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM_DUE_MOVED: return "due";
    default: return "until";
    }
}

const char *case_text_reason(struct session *session, const char *reason)
{
    char typed[32];
    size_t size = strlen(reason);
    for (size_t i = 0; i <= size && size < sizeof(typed); i++) {
        typed[i] = reason[i] == ' ' ? '-' : reason[i];
    }
    int value =
        size < sizeof(typed) ? label_enum_value(&routing__close_reason__descriptor, typed) : -1;
    return value < 0
               ? reason
               : label_enum(&routing__close_reason__descriptor, value, session_language(session));
}

static void timeline_note(struct session *session, const Intake__TimelineEntry *entry,
                          struct buffer *out)
{
    const char *verdict = label_enum(&intake__citizen_verdict__descriptor, (int)entry->verdict,
                                     session_language(session));
    const char *comma = strcmp(session_language(session), "fa") == 0 ? "؛ " : "; ";
    buffer_append_text(out, case_text_reason(session, entry->reason));
    if (entry->reason[0] != '\0' && entry->note[0] != '\0') {
        buffer_append_text(out, comma);
    }
    buffer_append_text(out, note_words(session, entry));
    if (verdict[0] != '\0') {
        buffer_append_format(out, "%s%s", out->size > 0 ? comma : "", verdict);
    }
    if (entry->until_us != 0) {
        char until[32];
        session_time(session, entry->until_us, until);
        buffer_append_format(out, "%s%s %s", out->size > 0 ? comma : "",
                             session_word(session, date_name(entry->kind)), until);
    }
    for (size_t i = 0; i < entry->n_pictures; i++) {
        buffer_append_format(out, "%s%s %s", out->size > 0 ? comma : "",
                             session_word(session, "picture"), entry->pictures[i]);
    }
    if (entry->score != 0) {
        buffer_append_format(out, "%s%" PRIu32 "/5", out->size > 0 ? comma : "", entry->score);
    }
}

static void print_timeline(struct session *session, Intake__TimelineEntry *const *timeline,
                           size_t count)
{
    static const char *const heads[] = {"time", "what", "unit", "note", "actor"};
    bool tells_who = false; /* a citizen's own look does not */
    for (size_t i = 0; i < count; i++) {
        tells_who = tells_who || timeline[i]->actor[0] != '\0';
    }
    size_t columns = tells_who ? 5 : 4;
    struct table *table = table_new(columns);
    for (size_t i = 0; i < columns; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < count; i++) {
        const Intake__TimelineEntry *entry = timeline[i];
        char time[32];
        struct buffer note = BUFFER_EMPTY;
        session_time(session, entry->at_us, time);
        timeline_note(session, entry, &note);
        table_cell(table, time);
        table_cell(table, label_enum(&intake__timeline_kind__descriptor, (int)entry->kind,
                                     session_language(session)));
        table_cell(table, session_unit(session, entry->unit));
        table_cell(table, buffer_text(&note));
        if (tells_who) {
            table_cell(table, entry->actor);
        }
        buffer_fini(&note);
    }
    putchar('\n');
    table_print(table, stdout);
    table_free(table);
}

void case_text_print(struct session *session, const Intake__Case *told,
                     Intake__TimelineEntry *const *timeline, size_t count)
{
    print_case(session, told, timeline, count);
    print_timeline(session, timeline, count);
}

static void print_list(struct session *session, Intake__Case *const *cases, size_t count)
{
    static const char *const heads[] = {"code", "occurred", "topic", "state", "unit"};
    struct table *table = table_new(5);
    for (size_t i = 0; i < 5; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < count; i++) {
        char time[32];
        session_time(session, cases[i]->occurred_at_us, time);
        table_cell(table, cases[i]->code);
        table_cell(table, time);
        table_cell(table, session_topic(session, cases[i]->topic));
        table_cell(table, label_enum(&intake__case_state__descriptor, (int)cases[i]->state,
                                     session_language(session)));
        table_cell(table, session_unit(session, cases[i]->unit));
    }
    list_text_print(session, table);
    table_free(table);
}

void case_text_list(struct session *session, Intake__Case *const *cases, size_t count)
{
    if (!session->json) {
        print_list(session, cases, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        output_message(&cases[i]->base);
    }
}
