/*
 * What an attacker sends, made from a seed: calls of every method of the contract whose messages
 * are well-formed and mean harm, and the same bytes broken.
 */
#ifndef VAFA_TESTS_HOSTILE_H
#define VAFA_TESTS_HOSTILE_H

#include "base/bytes.h"

#include "vafa/common/v1/common.pb-c.h"

#include <protobuf-c/protobuf-c.h>

/* Numbers that follow from the seed. */
struct dice {
    uint64_t state;
};

/* TEST_SEED, or a new one; printed. */
struct dice dice_from_environment(void);
uint64_t dice_u64(struct dice *dice);
size_t dice_below(struct dice *dice, size_t limit); /* limit > 0 */
void dice_fill(struct dice *dice, void *out, size_t size);

/* The services that one of the five answers: its own, log, health and backup. */
#define HOSTILE_GROUPS 4
const ProtobufCServiceDescriptor *hostile_group(Common__ServiceId service, size_t group);

/* A packed call of one of its methods, with whatever in its message, its caller and the rest of its
 * envelope; appended. Returns the method. */
const ProtobufCMethodDescriptor *hostile_call(struct dice *dice, Common__ServiceId service,
                                              struct buffer *frame);
/* A valid call of that method, with that message (packed), in that role. */
void hostile_plain_call(const ProtobufCServiceDescriptor *service, const char *method,
                        const ProtobufCMessage *request, int role, struct buffer *frame);

/* The call as it goes over a local socket, under that number; appended. */
void hostile_wire(uint32_t number, struct bytes frame, struct buffer *wire);

/* Flips, sets, inserts, deletes, doubles and cuts off, once or a few times. */
void hostile_mutate(struct dice *dice, struct buffer *bytes);

#endif
