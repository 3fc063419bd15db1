/* vafa register: what an operator does while the citizen is on the line. */
#include "clients/vafa/answer_args.h"
#include "clients/vafa/choice.h"
#include "clients/vafa/cmd_same.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_args.h"
#include "clients/vafa/session.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct option_def options[] = {
    {"topic", 't', "KEY", "what it is about: its key or name: vafa city show topics (needed)"},
    {"phone", 'p', "PHONE", "the citizen's number, in any spelling"},
    {"citizen", 0, "NAME", "the citizen's name"},
    {"words", 'w', "TEXT", "what the citizen said, in their own words"},
    PLACE_OPTIONS,
    {"answer", 0, "QUESTION=VALUE",
     "to a question of the topic: vafa topics TOPIC; again for more"},
    {"channel", 0, "CHANNEL", "phone, sms, web, app, walk-in, session, staff (phone)"},
    {"urgent", 0, NULL, "danger to life or passage"},
    {"join", 0, "CODE", "to a request about the same thing (vafa case same): one task for both"},
    {"alone", 0, NULL, "in a storm: none of the open requests that were shown is the same thing"},
    {"source", 0, "NAME", "with --external-id: its name in another system, taken once only"},
    {"external-id", 0, "ID", "see --source"},
    {"in-call", 0, "CALL",
     "the open call it is registered in (vafa phone open); its known caller's, without --phone"},
    {NULL, 0, NULL, NULL},
};

/* The request and what its message borrows. */
struct registration {
    struct place_args place;
    Intake__Citizen citizen;
    Intake__RegisterCaseRequest request;
};

static enum status read_channel(const struct args *args, struct registration *r, struct error *err)
{
    static const int unsaid[] = {COMMON__CHANNEL__CHANNEL_IMPORT, 0}; /* of histories */
    int channel = COMMON__CHANNEL__CHANNEL_PHONE;
    enum status status =
        choice_read(args, "channel", &common__channel__descriptor, unsaid, &channel, err);
    r->request.channel = (Common__Channel)channel;
    return status;
}

static enum status read_request(struct session *session, struct registration *r, struct error *err)
{
    const struct args *args = &session->args;
    intake__register_case_request__init(&r->request);
    intake__citizen__init(&r->citizen);
    enum status status = args_need(args, "topic", err);
    if (status != STATUS_OK) {
        return status;
    }
    r->request.idempotency_key = session_key(session);
    r->citizen.name = session_text(session, "citizen");
    r->citizen.phone = session_text(session, "phone");
    r->request.citizen = &r->citizen;
    r->request.topic = session_text(session, "topic");
    r->request.words = session_text(session, "words");
    r->request.source = session_text(session, "source");
    r->request.external_id = session_text(session, "external-id");
    r->request.join = session_text(session, "join");
    if (args_has(args, "urgent")) {
        r->request.urgency = COMMON__URGENCY__URGENCY_URGENT;
    }
    status = args_number(args, "in-call", 1, UINT64_MAX, 0, &r->request.call_number, err);
    if (status == STATUS_OK) {
        status = read_channel(args, r, err);
    }
    if (status == STATUS_OK) {
        status = place_args_read(session, &r->place, err);
    }
    r->request.place = &r->place.place;
    return status;
}

/* What the operator tells the citizen when it is none of the city's matters. */
static void print_referral(struct session *session, const Intake__Referral *referral)
{
    const char *language = session_language(session);
    bool fa = strcmp(language, "fa") == 0;
    fputs(label_word("outside", language), stdout);
    output_foreign(stdout, ": ", fa ? referral->name_fa : referral->name_en, "");
    if (referral->phone[0] != '\0') {
        fputs(label_word("phone", language), stdout);
        output_foreign(stdout, ": ", referral->phone, "");
    }
}

static void print_answer(struct session *session, const Intake__RegisterCaseResponse *response)
{
    if (session->json) {
        output_message(&response->base);
        return;
    }
    fputs(session_word(session, "code"), stdout);
    output_foreign(stdout, ": ", response->code, "");
    if (response->emergency_phone[0] != '\0') {
        fputs(session_word(session, "emergency_phone"), stdout);
        output_foreign(stdout, ": ", response->emergency_phone, "");
    }
    if (response->incident_code[0] != '\0') {
        fputs(session_word(session, "incident"), stdout);
        output_foreign(stdout, ": ", response->incident_code, "");
    }
    if (response->referral != NULL) {
        print_referral(session, response->referral);
    }
    if (response->storm != 0) {
        printf("%s: %" PRIu64 "\n", session_word(session, "storm"), response->storm);
    }
    if (response->already_registered) {
        fprintf(stderr, "%s\n", session_word(session, "registered_before"));
    } else if (response->referral != NULL) {
        puts(session_word(session, "referred_no_call_back"));
    } else if (!response->can_be_called) {
        puts(session_word(session, "no_call_back"));
    }
}

/* What is urgent is never held up: whatever it may be the same as, it is registered first. */
static bool is_urgent(struct session *session, const struct registration *r)
{
    struct error err = ERROR_NONE;
    const struct city *city = session_city(session, &err);
    const struct city_topic *topic = city == NULL ? NULL : city_topic(city, r->request.topic);
    return r->request.urgency == COMMON__URGENCY__URGENCY_URGENT ||
           (topic != NULL && topic->urgent);
}

/* It is not the same as itself: moved behind the others, whose number is given. */
static size_t put_last(Intake__SameRequest **requests, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++) {
        Intake__SameRequest *same = requests[i];
        if (same->case_data != NULL && strcmp(same->case_data->code, code) == 0) {
            requests[i] = requests[count - 1];
            requests[count - 1] = same;
            return count - 1;
        }
    }
    return count;
}

/* In a storm, joining is offered: true when something was shown. Nothing can be compared without a
 * place, and not everybody may look: then nothing is offered. `code`: what was registered, "" before. */
static enum status offer_joining(struct session *session, struct registration *r, const char *code,
                                 bool *ret_shown, struct error *err)
{
    Intake__FindSameRequest request = INTAKE__FIND_SAME_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "FindSame", .request = &request.base};
    *ret_shown = false;
    if (session->json || args_has(&session->args, "alone") || r->request.join[0] != '\0') {
        return STATUS_OK;
    }
    request.topic = r->request.topic;
    request.place = r->request.place;
    request.n_answers = r->request.n_answers;
    request.answers = r->request.answers;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        Intake__FindSameResponse others = *(const Intake__FindSameResponse *)call.response;
        others.n_requests = put_last(others.requests, others.n_requests, code);
        *ret_shown = others.storm != 0 && others.n_requests > 0;
        if (*ret_shown) {
            same_print(session, &others);
            puts(label_word(code[0] == '\0' ? "storm_join_first" : "storm_join_after",
                            session_language(session)));
        }
    } else if (status == STATUS_INVALID_ARGUMENT || status == STATUS_NOT_FOUND ||
               status == STATUS_PERMISSION_DENIED) {
        status = STATUS_OK;
    }
    vafa_call_fini(&call);
    return status;
}

/* Shows the answer, and behind what is urgent what it may be the same as: it is on disk, so whatever
 * becomes of that. */
static void tell_registered(struct session *session, struct registration *r, bool urgent,
                            const Intake__RegisterCaseResponse *response)
{
    struct error ignored = ERROR_NONE;
    bool shown;
    print_answer(session, response);
    if (urgent && response->storm != 0 && output_flush()) {
        (void)offer_joining(session, r, response->code, &shown, &ignored);
    }
}

static int run_register(struct session *session)
{
    struct registration r = {0};
    struct error err = ERROR_NONE;
    struct arena *arena = arena_new(ANSWERS_ARENA_BYTES);
    if (read_request(session, &r, &err) != STATUS_OK ||
        answer_args_read(&session->args, arena, &r.request.answers, &r.request.n_answers, &err) !=
            STATUS_OK) {
        arena_free(arena);
        return output_usage(&err);
    }
    r.request.topic = place_args_key(session, CITY_ITEMS_TOPICS, r.request.topic);
    r.place.place.area = place_args_key(session, CITY_ITEMS_AREAS, r.place.place.area);
    struct vafa_call call = {.service = &intake__intake__descriptor,
                             .method = "RegisterCase",
                             .request = &r.request.base};
    bool shown = false;
    bool urgent = is_urgent(session, &r);
    enum status status = urgent ? STATUS_OK : offer_joining(session, &r, "", &shown, &err);
    if (status == STATUS_OK && shown) {
        arena_free(arena);
        return EXIT_REFUSED;
    }
    if (status == STATUS_OK) {
        status = session_call(session, &call, &err);
    }
    if (status == STATUS_OK) {
        tell_registered(session, &r, urgent, (const Intake__RegisterCaseResponse *)call.response);
    }
    vafa_call_fini(&call);
    arena_free(arena);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_register = {
    .name = "register",
    .arguments = "",
    .summary = "registers a request and gives its tracking code",
    .help = "Registers what a citizen asks for. When the tracking code is printed, the request is "
            "on disk.\n"
            "In a storm (vafa storm list) questions need no answer, and what is open of the same "
            "thing is shown first: nothing is registered then before you say --join CODE or "
            "--alone. What is urgent, by --urgent or by its topic, is registered at once and what "
            "is open shown behind it.\n"
            "With --json nothing is shown and it is registered: a program asks `vafa case same "
            "--json` first.\n"
            "The name, the phone and the words are sealed under a key of that citizen's own.",
    .examples = "vafa register --topic bus-headway --answer line=12 --answer stop='دروازه شیراز'\n"
                "vafa register --topic asphalt --area 5 --phone '۰۹۱۳ ۰۰۰ ۰۰۰۰' --citizen 'شهروند "
                "نمونه' \\\n"
                "    --street 'خیابان نمونه' --words 'چاله‌ای در میانهٔ "
                "خیابان "
                "است'\n"
                "vafa register --topic burst-valve --area 3 --urgent --json",
    .options = options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_register,
};
