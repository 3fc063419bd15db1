/* A service that takes city packs, in the tests: other packs, and the calls of Packs, which fail the test where they must not fail. */
#ifndef VAFA_TESTS_UNIT_SERVICE_PACKS_SCENE_H
#define VAFA_TESTS_UNIT_SERVICE_PACKS_SCENE_H

#include "tests/support/rig.h"

#include "city/city.h"

#include "vafa/packs/v1/packs.pb-c.h"

#define PACKS_HEAD "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n"
#define PACKS_OTHER_RULE PACKS_HEAD "asphalt,5,*,deputy-civil,normal,,,,\n"

/* Isfahan's with something replaced in a file: PACKS_HEAD of rules.csv puts a rule before all others. */
struct city *packs_other(const char *file, const char *from, const char *to);
enum status packs_call(struct rig *rig, enum rpc_role role, const char *method,
                       ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                       struct error *err);
ProtobufCBinaryData packs_digest(const struct city *city); /* borrowed */

void packs_put(struct rig *rig, const struct city *city);
const Packs__GetPacksResponse *packs_look(struct rig *rig);
Packs__TakePackRequest packs_take_request(struct rig *rig, ProtobufCBinaryData digest);
enum status packs_take(struct rig *rig, ProtobufCBinaryData digest, bool is_back,
                       struct error *err);
void packs_must_take(struct rig *rig, const struct city *city); /* puts it, too */
/* Cuts rules.csv of a pack on a shelf. */
void packs_damage(const char *folder);

#endif
