/* Calls that must go right, and refusals that must be just so. */
#include "intake_desk.h"

#include "services/intake/intake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rig *desk_open(void)
{
    return rig_new(&intake_service, "isfahan");
}

Intake__RegisterCaseRequest desk_request(void)
{
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request.topic = "asphalt";
    return request;
}

ProtobufCBinaryData desk_key(struct rig *rig, uint8_t storage[16])
{
    uuid7_make(random_system(), rig_now_us(rig), storage);
    return (ProtobufCBinaryData){16, storage};
}

static const ProtobufCMessage *call(struct rig *rig, enum rpc_role role, const char *method,
                                    ProtobufCMessage *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    enum status status = rig_call(rig, role, method, request, &response, &err);
    if (status != STATUS_OK) {
        fail_msg("%s: %s, field \"%s\": %s", method, status_name(status), err.field, err.message);
    }
    return response;
}

const Intake__RegisterCaseResponse *desk_register(struct rig *rig,
                                                  Intake__RegisterCaseRequest *request)
{
    return (const void *)call(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request->base);
}

const Intake__RegisterCaseResponse *desk_import(struct rig *rig,
                                                Intake__RegisterCaseRequest *request)
{
    return (const void *)call(rig, RPC_ROLE_IMPORT, "RegisterCase", &request->base);
}

const Intake__RegisterCaseResponse *desk_register_from(struct rig *rig, const char *phone,
                                                       const char *words)
{
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    if (phone != NULL) {
        citizen.phone = (char *)(uintptr_t)phone;
        request.citizen = &citizen;
    }
    request.words = (char *)(uintptr_t)words;
    return desk_register(rig, &request);
}

const Intake__GetCaseResponse *desk_get(struct rig *rig, const char *code)
{
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    request.code = (char *)(uintptr_t)code;
    return (const void *)call(rig, RPC_ROLE_FRONT_END, "GetCase", &request.base);
}

const Intake__ListCasesResponse *desk_list(struct rig *rig, const char *phone, uint32_t page_size,
                                           uint64_t page_token)
{
    Intake__ListCasesRequest request = INTAKE__LIST_CASES_REQUEST__INIT;
    request.phone = (char *)(uintptr_t)phone;
    request.page_size = page_size;
    request.page_token = page_token;
    return (const void *)call(rig, RPC_ROLE_FRONT_END, "ListCases", &request.base);
}

const Intake__RevealCaseResponse *desk_reveal(struct rig *rig, const char *code)
{
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    request.code = (char *)(uintptr_t)code;
    request.purpose = "call-back";
    return (const void *)call(rig, RPC_ROLE_FRONT_END, "RevealCase", &request.base);
}

void desk_refuses(struct rig *rig, enum rpc_role role, const char *method,
                  ProtobufCMessage *request, enum status status, const char *field)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    uint64_t before = rig_event_count(rig);
    enum status got = rig_call(rig, role, method, request, &response, &err);
    if (got != status || strcmp(err.field, field) != 0) {
        fail_msg("%s: %s, field \"%s\" (%s) instead of %s, field \"%s\"", method, status_name(got),
                 err.field, err.message, status_name(status), field);
    }
    assert_null(response);
    assert_true(err.message[0] != '\0');
    assert_int_equal(rig_event_count(rig), before);
}

const Intake__RequestRegistered *desk_registered(struct rig *rig, uint64_t offset)
{
    const Intake__Event *event = (const void *)rig_event(rig, offset)->open;
    assert_int_equal(event->kind_case, INTAKE__EVENT__KIND_REQUEST_REGISTERED);
    return event->request_registered;
}

char *desk_repeat(const char *text, size_t count)
{
    size_t size = strlen(text);
    char *out = malloc(size * count + 1);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + i * size, text, size);
    }
    out[size * count] = '\0';
    return out;
}
