/* A request's idempotency key, for tests that do not care which. */
#ifndef VAFA_TESTS_REQUEST_KEY_H
#define VAFA_TESTS_REQUEST_KEY_H

#include "base/message.h"
#include "base/random.h"

/* Gives the request a new key made at that time, in the arena, when it has the field and it is empty. */
void request_key_fill(ProtobufCMessage *request, struct arena *arena, struct random *random,
                      int64_t wall_us);

#endif
