/*
 * The shelf: the packs a service has taken, as files in its own folder, so that it comes up with them whatever becomes of the
 * folder they were taken from.
 *
 *   STORE/packs/<digest>/rules.csv …   whole: written, synced, then renamed
 *   STORE/packs/draft/<digest>/…       being put; one at a time
 *
 * A pack's name is its digest, so nothing on the shelf ever changes. Not safe from two threads at once, but for pack_shelf_read.
 */
#ifndef VAFA_SERVICE_PACK_SHELF_H
#define VAFA_SERVICE_PACK_SHELF_H

#include "city/city.h"
#include "city/pack_files.h"

#define PACK_SHELF_DIGEST_BYTES 32
#define PACK_SHELF_PACK_BYTES_MAX (16u << 20) /* all files together */
#define PACK_SHELF_PACKS_MAX 16
#define PACK_SHELF_PATH_SIZE 3072

struct pack_shelf {
    char folder[PACK_SHELF_PATH_SIZE]; /* STORE/packs */
    bool no_sync;                      /* the simulator */
};

enum status pack_shelf_init(struct pack_shelf *shelf, const char *store_folder, struct error *err);

/* Puts a part of a file into the draft of that pack; another pack's draft goes. OUT_OF_RANGE when `offset` is beyond what was
 * put before, RESOURCE_EXHAUSTED beyond the bounds. */
enum status pack_shelf_put(struct pack_shelf *shelf, const uint8_t digest[PACK_SHELF_DIGEST_BYTES],
                           const char *file, uint64_t offset, struct bytes data, struct error *err);
/* Checks the draft whole, puts it on the shelf and loads it; what is there already stays. INVALID_ARGUMENT when it has errors
 * ("rules.csv:4: …") or another digest: it is thrown away then. NOT_FOUND when there is no draft of that pack. */
enum status pack_shelf_finish(struct pack_shelf *shelf,
                              const uint8_t digest[PACK_SHELF_DIGEST_BYTES], struct city **ret_city,
                              struct error *err);
/* The same for a loaded pack; a damaged one is replaced. */
enum status pack_shelf_keep(struct pack_shelf *shelf, const struct city *city, struct error *err);
/* When there are more than PACK_SHELF_PACKS_MAX, throws all away but these: what was taken last, in the order of the log. */
void pack_shelf_clear(struct pack_shelf *shelf, const uint8_t (*keep)[PACK_SHELF_DIGEST_BYTES],
                      size_t keep_count);

/* NOT_FOUND when it is not there, DATA_LOSS when it is not what was put there. */
enum status pack_shelf_load(const struct pack_shelf *shelf,
                            const uint8_t digest[PACK_SHELF_DIGEST_BYTES], struct city **ret_city,
                            struct error *err);
struct pack_shelf_part {
    uint32_t files; /* that the pack has */
    char file[PACK_FILE_NAME_SIZE];
    uint64_t size; /* of the whole file */
    struct buffer data;
};
/* At most `most` bytes of the file at that place, in the order of their names, from the offset on; nothing else is read, so it is for whoever
 * has all of them to compare the digest. NOT_FOUND when the pack is not there, OUT_OF_RANGE (place, offset). The caller zeroes *ret_part, and
 * frees its data in every case. */
enum status pack_shelf_read(const struct pack_shelf *shelf,
                            const uint8_t digest[PACK_SHELF_DIGEST_BYTES], uint32_t place,
                            uint64_t offset, size_t most, struct pack_shelf_part *ret_part,
                            struct error *err);
/* Copies a pack into another shelf's folder (STORE/packs elsewhere): for backups. Errors as of pack_shelf_load. */
enum status pack_shelf_copy(const struct pack_shelf *shelf,
                            const uint8_t digest[PACK_SHELF_DIGEST_BYTES], struct pack_shelf *to,
                            struct error *err);
/* Every pack of a shelf, which may not be there at all. DATA_LOSS when one is damaged. */
enum status pack_shelf_copy_all(const struct pack_shelf *shelf, struct pack_shelf *to,
                                struct error *err);
/* STORE/packs/<digest>. */
void pack_shelf_path(const struct pack_shelf *shelf, const uint8_t digest[PACK_SHELF_DIGEST_BYTES],
                     char out[PACK_SHELF_PATH_SIZE]);

#endif
