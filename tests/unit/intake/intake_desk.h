/* The desk of these tests: an intake service on the rig, and short forms for its calls. */
#ifndef VAFA_TESTS_INTAKE_DESK_H
#define VAFA_TESTS_INTAKE_DESK_H

#include "tests/support/rig.h"

#include "vafa/intake/v1/intake.pb-c.h"

#define DESK_PHONE "09131234567"
#define DESK_E164 "+989131234567"

struct rig *desk_open(void);

/* A request by phone about asphalt, and nothing more. */
Intake__RegisterCaseRequest desk_request(void);
/* A UUIDv7 of the rig's time. */
ProtobufCBinaryData desk_key(struct rig *rig, uint8_t storage[16]);

/* These fail the test when the call is refused. */
const Intake__RegisterCaseResponse *desk_register(struct rig *rig,
                                                  Intake__RegisterCaseRequest *request);
const Intake__RegisterCaseResponse *desk_import(struct rig *rig,
                                                Intake__RegisterCaseRequest *request);
/* From that phone (NULL: none) with those words. */
const Intake__RegisterCaseResponse *desk_register_from(struct rig *rig, const char *phone,
                                                       const char *words);
const Intake__GetCaseResponse *desk_get(struct rig *rig, const char *code);
const Intake__ListCasesResponse *desk_list(struct rig *rig, const char *phone, uint32_t page_size,
                                           uint64_t page_token);
const Intake__RevealCaseResponse *desk_reveal(struct rig *rig, const char *code);

/* Fails the test when the call is not refused just so, or leaves an event. */
void desk_refuses(struct rig *rig, enum rpc_role role, const char *method,
                  ProtobufCMessage *request, enum status status, const char *field);

/* The registration at that offset. */
const Intake__RequestRegistered *desk_registered(struct rig *rig, uint64_t offset);

/* `count` times the text; free it. */
char *desk_repeat(const char *text, size_t count);

#endif
