/*
 * The event PackTaken, a member of every service's own Event, and the row each leaves: the skeleton writes and reads both itself,
 * so that the five services need no code of their own for it.
 *
 *   state space   {24, offset u64}   empty: the event is in the log
 */
#ifndef VAFA_SERVICE_PACK_TAKEN_H
#define VAFA_SERVICE_PACK_TAKEN_H

#include "service/service.h"

#define PACK_TAKEN_CLASS 24
#define PACK_TAKEN_LOOK_MAX 1000 /* takings that are looked through for the one to take back */

/* The event when it is one; NULL: another kind. */
const Common__PackTaken *pack_taken_of(const ProtobufCMessage *open);
/* Such an event of a service; NULL when its Event has no such member, or the arena no room. */
const ProtobufCMessage *pack_taken_event(const ProtobufCMessageDescriptor *event_type,
                                         const Common__PackTaken *taken, struct arena *arena);
/* Its row. */
void pack_taken_apply(struct apply *a, const struct event *event);

/* Offset of the newest before `before` (0: of all); 0: there is none. */
uint64_t pack_taken_last(struct store_txn *txn, uint64_t before);
/* A taking out of the log, in the arena. NULL when it cannot be read; the transaction tells, or `err`. */
const Common__PackTaken *pack_taken_get(struct store_txn *txn,
                                        const ProtobufCMessageDescriptor *event_type,
                                        uint64_t offset, struct arena *arena,
                                        const Common__EventRecord **ret_record, struct error *err);
/* The packs that were in force, the newest first, each once; at most `max`. Returns how many: fewer when the log cannot be read. */
size_t pack_taken_digests(struct store_txn *txn, const ProtobufCMessageDescriptor *event_type,
                          struct arena *arena, uint8_t (*ret_digests)[32], size_t max);
/* What would be taken back of the taking at `newest` (0: there is none): the pack that its pack took the place of when it was first
 * taken since. Empty: none. */
struct bytes pack_taken_back(struct store_txn *txn, const ProtobufCMessageDescriptor *event_type,
                             uint64_t newest, struct arena *arena, const char **ret_name,
                             struct error *err);

#endif
