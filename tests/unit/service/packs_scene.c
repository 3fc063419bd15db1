#include "tests/unit/service/packs_scene.h"

#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"

#include "service/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct city *packs_other(const char *file, const char *from, const char *to)
{
    char folder[SCRATCH_SIZE];
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    scratch_new(folder);
    pack_copy("isfahan", folder, file, from, to);
    if (city_load(&city, folder, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    scratch_remove(folder);
    return city;
}

enum status packs_call(struct rig *rig, enum rpc_role role, const char *method,
                       ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                       struct error *err)
{
    struct rig_mixed one = {
        .rpc = &packs__packs__descriptor, .method = method, .role = role, .request = request};
    rig_call_mixed(rig, &one, 1);
    *ret_response = one.response;
    *err = one.err;
    return one.err.status;
}

ProtobufCBinaryData packs_digest(const struct city *city)
{
    struct bytes digest = city_digest(city);
    return (ProtobufCBinaryData){digest.size, (uint8_t *)(uintptr_t)digest.data};
}

void packs_put(struct rig *rig, const struct city *city)
{
    for (size_t i = 0; i < city_file_count(city); i++) {
        const char *name;
        const ProtobufCMessage *response;
        struct error err;
        struct bytes data = city_file_at(city, i, &name);
        Packs__PutFileRequest request = PACKS__PUT_FILE_REQUEST__INIT;
        request.pack = packs_digest(city);
        request.file = (char *)(uintptr_t)name;
        request.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
        if (packs_call(rig, RPC_ROLE_ADMIN, "PutFile", &request.base, &response, &err) !=
            STATUS_OK) {
            fail_msg("%s: %s", name, err.message);
        }
    }
}

const Packs__GetPacksResponse *packs_look(struct rig *rig)
{
    Packs__GetPacksRequest request = PACKS__GET_PACKS_REQUEST__INIT;
    const ProtobufCMessage *response;
    struct error err;
    if (packs_call(rig, RPC_ROLE_ADMIN, "GetPacks", &request.base, &response, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return (const Packs__GetPacksResponse *)response;
}

Packs__TakePackRequest packs_take_request(struct rig *rig, ProtobufCBinaryData digest)
{
    Packs__TakePackRequest request = PACKS__TAKE_PACK_REQUEST__INIT;
    request.pack = digest;
    request.last = packs_look(rig)->last;
    request.name = (char *)(uintptr_t) "night";
    request.note = (char *)(uintptr_t) "a trial";
    return request;
}

enum status packs_take(struct rig *rig, ProtobufCBinaryData digest, bool is_back, struct error *err)
{
    Packs__TakePackRequest request = packs_take_request(rig, digest);
    const ProtobufCMessage *response;
    request.is_back = is_back;
    return packs_call(rig, RPC_ROLE_ADMIN, "TakePack", &request.base, &response, err);
}

void packs_must_take(struct rig *rig, const struct city *city)
{
    struct error err;
    packs_put(rig, city);
    if (packs_take(rig, packs_digest(city), false, &err) != STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
}

void packs_damage(const char *folder)
{
    char path[PACK_SHELF_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/rules.csv", folder);
    assert_int_equal(truncate(path, 10), 0);
}
