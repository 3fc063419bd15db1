#include "tests/unit/routing/scene_callers.h"
#include "tests/support/text.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define CODE_SIZE 24

static void feed(struct rig *rig, const Intake__Event *open)
{
    const struct event event = {.open = &open->base, .actor = "operator"};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static char *code_of(uint64_t number, char code[CODE_SIZE])
{
    (void)snprintf(code, CODE_SIZE, "%010llu", (unsigned long long)number);
    return code;
}

static Intake__RequestRegistered request_of(uint64_t number, Common__Urgency urgency,
                                            char code[CODE_SIZE])
{
    Intake__RequestRegistered registered = INTAKE__REQUEST_REGISTERED__INIT;
    registered.number = number;
    registered.code = code_of(number, code);
    registered.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    registered.citizen = 40 + number;
    registered.can_be_called = true;
    registered.topic = text("asphalt");
    registered.topic_listed = true;
    registered.urgency = urgency;
    return registered;
}

void scene_register_joined(struct rig *rig, uint64_t number, uint64_t incident,
                           Common__Urgency urgency)
{
    char code[CODE_SIZE];
    Intake__RequestRegistered registered = request_of(number, urgency, code);
    Intake__Event open = INTAKE__EVENT__INIT;
    registered.incident = incident;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    feed(rig, &open);
}

void scene_join(struct rig *rig, uint64_t number, uint64_t incident, Common__Urgency urgency)
{
    char code[CODE_SIZE];
    Intake__RequestJoined joined = INTAKE__REQUEST_JOINED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    joined.number = number;
    joined.code = code_of(number, code);
    joined.incident = incident;
    joined.citizen = 40 + number;
    joined.urgency = urgency;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_JOINED;
    open.request_joined = &joined;
    feed(rig, &open);
}

void scene_split(struct rig *rig, uint64_t number, uint64_t incident, Common__Urgency urgency,
                 int64_t made_at_us)
{
    char code[CODE_SIZE];
    Intake__RequestRegistered registered = request_of(number, urgency, code);
    Intake__RequestSplit split = INTAKE__REQUEST_SPLIT__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    split.registered = &registered;
    split.incident = incident;
    split.occurred_at_us = made_at_us;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_SPLIT;
    open.request_split = &split;
    feed(rig, &open);
}

void scene_amend(struct rig *rig, struct scene_amendment amendment)
{
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RequestAmended amended = INTAKE__REQUEST_AMENDED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    amended.number = amendment.number;
    amended.amendments = amendment.nth;
    amended.topic = text(amendment.topic == NULL ? "asphalt" : amendment.topic);
    if (amendment.area != NULL) {
        place.area = text(amendment.area);
        amended.place = &place;
    }
    amended.urgency = amendment.urgency == COMMON__URGENCY__URGENCY_UNSPECIFIED
                          ? COMMON__URGENCY__URGENCY_NORMAL
                          : amendment.urgency;
    amended.urgent_now = amendment.urgent_now;
    amended.reason = text("it was registered wrongly");
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_AMENDED;
    open.request_amended = &amended;
    feed(rig, &open);
}

void scene_withdraw(struct rig *rig, uint64_t number)
{
    Intake__RequestWithdrawn withdrawn = INTAKE__REQUEST_WITHDRAWN__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    withdrawn.number = number;
    withdrawn.reason = text("no longer wanted");
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_WITHDRAWN;
    open.request_withdrawn = &withdrawn;
    feed(rig, &open);
}

void scene_add_words(struct rig *rig, uint64_t number, uint32_t nth)
{
    Intake__WordsAdded added = INTAKE__WORDS_ADDED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    added.number = number;
    added.words_added = nth;
    open.kind_case = INTAKE__EVENT__KIND_WORDS_ADDED;
    open.words_added = &added;
    feed(rig, &open);
}
