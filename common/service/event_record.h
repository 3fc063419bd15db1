/* What one entry of a log holds: the record, and the event of a service in it. */
#ifndef VAFA_SERVICE_EVENT_RECORD_H
#define VAFA_SERVICE_EVENT_RECORD_H

#include "service/service.h"

/* Which member of an Event's oneof is set; 0: none, or one that this program does not know. */
uint32_t event_kind(const ProtobufCMessage *open);

/* The record, unpacked into the arena; NULL, and told, when it is damaged. */
const Common__EventRecord *event_record_unpack(struct bytes packed, struct arena *arena,
                                               struct error *err);

/* The event in a record: *ret_known false when its kind is newer than this program. DATA_LOSS when
 * the record says another kind than its event has. */
enum status event_unpack(const Common__EventRecord *record, uint64_t offset,
                         const ProtobufCMessageDescriptor *type, struct arena *arena,
                         struct event *ret_event, bool *ret_known, struct error *err);

#endif
