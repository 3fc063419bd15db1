/* The offsets of a time zone from UTC. Private to text. */
#ifndef VAFA_TEXT_ZONE_H
#define VAFA_TEXT_ZONE_H

#include "base/status.h"

#include <stdint.h>
#include <unicode/utypes.h>

#define ZONE_NAME_SIZE 64

struct zone;

/* name: an IANA name; INVALID_ARGUMENT, field "zone", when unknown. */
enum status zone_new(struct zone **ret_zone, const char *name, struct error *err);
void zone_free(struct zone *zone); /* NULL is allowed */

/* What is added to UTC to get the wall clock. Any thread. */
int64_t zone_offset_us(struct zone *zone, int64_t us);
/* The same, and until when (exclusive) it holds; false, and nothing written, outside the years whose
 * changes are known. */
bool zone_offset_until(const struct zone *zone, int64_t us, int64_t *ret_offset_us,
                       int64_t *ret_until_us);

const UChar *zone_name(const struct zone *zone);

#endif
