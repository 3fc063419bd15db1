/* A small good pack in a temporary folder, which tests change one file at a time. */
#ifndef VAFA_TESTS_PACK_RIG_H
#define VAFA_TESTS_PACK_RIG_H

#include "city/city.h"

struct pack_rig {
    char folder[64];
    struct city_finding findings[32];
    size_t found;
};

void pack_rig_init(struct pack_rig *rig);
void pack_rig_fini(struct pack_rig *rig); /* removes the folder */

void pack_rig_write(struct pack_rig *rig, const char *file, const char *text);
void pack_rig_write_bytes(struct pack_rig *rig, const char *file, const void *data, size_t size);
/* Replaces the first occurrence of `from` in the file, which must be there. */
void pack_rig_replace(struct pack_rig *rig, const char *file, const char *from, const char *to);
void pack_rig_remove(struct pack_rig *rig, const char *file);

/* Runs city_check. */
void pack_rig_check(struct pack_rig *rig);
/* True when there is such a finding; `part` is in its message. */
bool pack_rig_found(const struct pack_rig *rig, bool is_error, const char *file, int line,
                    const char *part);
size_t pack_rig_errors(const struct pack_rig *rig);
/* Checks, and fails the test unless there is that error; then also that city_load refuses the pack.
 */
void pack_rig_expect_error(struct pack_rig *rig, const char *file, int line, const char *part);
void pack_rig_expect_warning(struct pack_rig *rig, const char *file, int line, const char *part);
struct city *pack_rig_load(struct pack_rig *rig);

#endif
