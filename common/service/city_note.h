/*
 * What a data folder remembers of its city, in DATA/city: in the first line the pack's name or its
 * folder from the root on, in the second the digest of the pack it was last served with, in the third, when another was taken
 * while it was served, the folder of the one in force.
 */
#ifndef VAFA_SERVICE_CITY_NOTE_H
#define VAFA_SERVICE_CITY_NOTE_H

#include "base/status.h"

#define CITY_NOTE_PACK_SIZE 2048
#define CITY_NOTE_DIGEST_SIZE 65 /* of BLAKE2b-256 in hex */

struct city_note {
    char pack[CITY_NOTE_PACK_SIZE];
    char digest[CITY_NOTE_DIGEST_SIZE]; /* "": not known */
    char taken[CITY_NOTE_PACK_SIZE];    /* "": none was taken */
};

/* NOT_FOUND when the folder has none yet, DATA_LOSS when it is damaged; field "city". */
enum status city_note_read(const char *data, struct city_note *ret_note, struct error *err);
/* A crash leaves the old note or the new one. INVALID_ARGUMENT for what could not be read again. */
enum status city_note_write(const char *data, const struct city_note *note, struct error *err);

/* A pack as it can be remembered: a name stays, a folder ("./my-city") is told from the root on, so
 * that it is found from every working directory. */
enum status city_note_pack(const char *name_or_folder, char ret_pack[CITY_NOTE_PACK_SIZE],
                           struct error *err);

#endif
