/* The contract as fuzz targets see it: every message by name, every method by name, and messages
 * made of bytes. */
#ifndef VAFA_TESTS_FUZZ_CONTRACT_H
#define VAFA_TESTS_FUZZ_CONTRACT_H

#include "base/message.h"
#include "service/service.h"
#include "tests/fuzz/fuzz.h"

/* The message type a name stands for ("vafa.intake.v1.RegisterCaseRequest"); any other name stands
 * for one, too. */
const ProtobufCMessageDescriptor *fuzz_message_type(struct bytes name);

#define FUZZ_SERVICES 5
extern const struct service_def *const fuzz_services[FUZZ_SERVICES];

/* Likewise "vafa.intake.v1.Intake/RegisterCase". */
const struct service_method *fuzz_method(struct bytes name,
                                         const ProtobufCMessageDescriptor **ret_request);

/* A message of that type with fields filled from the input; its strings are well-formed. Lives as
 * long as the input. */
ProtobufCMessage *fuzz_message(struct fuzz_input *in, const ProtobufCMessageDescriptor *type);

/* What holds for every message that was unpacked: it packs into bytes that unpack into the same
 * again, and its JSON is JSON. */
void fuzz_check_message(const ProtobufCMessage *message);

/* Unpacks, checks what comes of it, and tells a refusal's properties; NULL when refused. */
const ProtobufCMessage *fuzz_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed,
                                    enum message_unknown unknown, struct arena *arena);

#endif
