/*
 * Every method's check. The first line is the method's name, the next byte the caller's role; what
 * follows is read twice: as the packed request, and as choices from which a request is made.
 */
#include "rpc/rpc.h"
#include "tests/fuzz/fuzz_contract.h"

#include <string.h>

static const struct city *isfahan(void)
{
    static struct city *city;
    if (city == NULL) {
        PROPERTY(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL) == STATUS_OK,
                 "the shipped pack is good");
    }
    return city;
}

/* A field of the request or of a message inside it has that name. */
static bool has_field(const ProtobufCMessageDescriptor *type, const char *name)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (strcmp(field->name, name) == 0 ||
            (field->type == PROTOBUF_C_TYPE_MESSAGE && has_field(field->descriptor, name))) {
            return true;
        }
    }
    return false;
}

/* What PATH ends with is such a field. An answer is called by its question, which is the city's word and no field. */
static bool names_field(const ProtobufCMessageDescriptor *type, const char *path)
{
    static const char answer[] = "answers.";
    if (strncmp(path, answer, sizeof(answer) - 1) == 0) {
        return has_field(type, "answers");
    }
    const char *dot = strrchr(path, '.');
    return has_field(type, dot == NULL ? path : dot + 1);
}

/* An amendment of nothing: no field is wrong, one of several is wanted. */
static bool may_name_no_field(const struct service_method *method, const struct error *err)
{
    return err->status == STATUS_PERMISSION_DENIED ||
           (strcmp(method->name, "AmendCase") == 0 &&
            strstr(err->message, "give what is amended") != NULL);
}

static void check_request(const struct service_method *method, const struct rpc_caller *caller,
                          const ProtobufCMessage *request)
{
    struct error err = ERROR_NONE;
    enum status status = method->check(isfahan(), caller, request, &err);
    struct error again = ERROR_NONE;
    PROPERTY(method->check(isfahan(), caller, request, &again) == status,
             "a check is pure: twice the same verdict");
    if (status == STATUS_OK) {
        return;
    }
    fuzz_check_refusal(status, &err);
    PROPERTY(err.field[0] != '\0' || may_name_no_field(method, &err), "a refusal names a field");
    PROPERTY(err.field[0] == '\0' || names_field(request->descriptor, err.field),
             "the request has that field");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    const ProtobufCMessageDescriptor *type;
    struct rpc_caller caller = {.name = "fuzz"};
    fuzz_begin(&in, data, size);
    const struct service_method *method = fuzz_method(fuzz_line(&in), &type);
    caller.role = (enum rpc_role)fuzz_below(&in, RPC_ROLE_ADMIN + 1);
    if (method->check != NULL) {
        struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
        const ProtobufCMessage *request = fuzz_unpack(type, in.rest, MESSAGE_UNKNOWN_REFUSE, arena);
        if (request != NULL) {
            check_request(method, &caller, request);
        }
        check_request(method, &caller, fuzz_message(&in, type));
        arena_free(arena);
    }
    fuzz_end(&in);
    return 0;
}
