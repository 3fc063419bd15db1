/*
 * The manifest of a backup set: what makes five copies one cut, and how to see that nothing has
 * changed since.
 *
 *   {"format":1, "set_id":HEX, "taken_at":"2026-…Z", "vafa":"0.1.0", "city":"isfahan",
 *    "city_pack":"/srv/my-city", "city_digest":HEX, "services":{
 *     "intake":{"head":{"log_id":HEX, "offset":N, "hash":HEX},
 *               "files":[{"path":"intake/data.mdb", "size_bytes":N, "digest":HEX}, …]}, …}}
 */
#ifndef VAFA_CLIENTS_VAFA_BACKUP_MANIFEST_H
#define VAFA_CLIENTS_VAFA_BACKUP_MANIFEST_H

#include "service/city_note.h"

#include "vafa/backup/v1/backup.pb-c.h"

#include <jansson.h>

#define MANIFEST_NAME "manifest.json"

/* key: the city's. pack: what the data folder remembers of its pack. */
json_t *manifest_new(const uint8_t set_id[16], int64_t taken_at_us, const char *key,
                     const struct city_note *pack);
void manifest_add(json_t *manifest, const char *service, const Common__Position *head,
                  const Backup__CopySnapshotResponse *copied);
/* Its form: format, all five services with their two files, paths that stay in the folder. DATA_LOSS
 * when a set with it could not be restored. */
enum status manifest_check(const json_t *manifest, struct error *err);
/* Writes <folder>/manifest.json, synced. */
enum status manifest_write(const json_t *manifest, const char *folder, struct error *err);

/* Reads and checks its form. The caller ends it with json_decref. NOT_FOUND without a manifest, DATA_LOSS for one that is no manifest. */
enum status manifest_read(json_t **ret_manifest, const char *folder, struct error *err);
/* The pack to remember in a restored folder; of a set that notes only the city, the pack of that
 * name. DATA_LOSS when it cannot be one. */
enum status manifest_pack(const json_t *manifest, struct city_note *ret_pack, struct error *err);
/* Every file there, of its size and digest: DATA_LOSS, naming the file, otherwise. `tell` (may be
 * NULL) names each file before it is read. */
enum status manifest_check_files(const json_t *manifest, const char *folder,
                                 void (*tell)(const char *path), struct error *err);

#endif
