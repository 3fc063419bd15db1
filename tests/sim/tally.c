#include "tests/sim/tally.h"

#include "vafa/feedback/v1/records.pb-c.h"
#include "vafa/followup/v1/records.pb-c.h"
#include "vafa/intake/v1/records.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/records.pb-c.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>

#define LOGS 5
#define FIELDS_MAX 128

static const ProtobufCMessageDescriptor *const logs[LOGS] = {
    &intake__event__descriptor, &routing__event__descriptor, &followup__event__descriptor,
    &feedback__event__descriptor, &report__event__descriptor};
static uint64_t events[LOGS][FIELDS_MAX];

static const char *const names[TALLY_KIND_COUNT] = {
    [TALLY_CRASH_NOW] = "crash between two steps",
    [TALLY_CRASH_BEFORE_COMMIT] = "crash before a commit",
    [TALLY_CRASH_AFTER_COMMIT] = "crash behind a commit",
    [TALLY_CRASH_BEFORE_JOURNAL] = "crash before a journal record",
    [TALLY_CRASH_AFTER_JOURNAL] = "crash behind a journal record",
    [TALLY_CRASH_FOLLOWING] = "crash behind an event that is followed",
    [TALLY_OUTAGE_OF_AN_HOUR] = "outage of more than an hour",
    [TALLY_STORM] = "storm in the network",
    [TALLY_PAUSE] = "pause",
    [TALLY_FULL_DISK] = "full disk",
    [TALLY_CLOCK_JUMP] = "jump of a clock",
};
static uint64_t counts[TALLY_KIND_COUNT];

void tally(enum tally_kind kind)
{
    counts[kind]++;
}

static uint32_t case_of(const ProtobufCMessage *event, const ProtobufCFieldDescriptor *field)
{
    return *(const uint32_t *)(const void *)((const char *)event + field->quantifier_offset);
}

static bool is_kind(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

void tally_event(const ProtobufCMessage *event)
{
    const ProtobufCMessageDescriptor *type = event->descriptor;
    CHECK(type->n_fields <= FIELDS_MAX);
    for (size_t log = 0; log < LOGS; log++) {
        for (size_t i = 0; type == logs[log] && i < type->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &type->fields[i];
            events[log][i] += is_kind(field) && case_of(event, field) == field->id;
        }
    }
}

static bool print(const char *group, const char *name, uint64_t count)
{
    printf("%10" PRIu64 "  %s%s\n", count, group, name);
    if (count == 0) {
        fprintf(stderr, "never happened: %s%s\n", group, name);
    }
    return count > 0;
}

bool tally_print(void)
{
    bool all = true;
    for (size_t log = 0; log < LOGS; log++) {
        for (size_t i = 0; i < logs[log]->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &logs[log]->fields[i];
            if (is_kind(field)) {
                char group[64];
                (void)snprintf(group, sizeof group, "%s ", logs[log]->package_name);
                all = print(group, field->name, events[log][i]) && all;
            }
        }
    }
    for (size_t kind = 0; kind < TALLY_KIND_COUNT; kind++) {
        all = print("", names[kind], counts[kind]) && all;
    }
    return all;
}
