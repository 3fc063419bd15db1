/* Numbers of files are few: everything is kept as jansson has it. */
#include "clients/vafa/backup_manifest.h"

#include "base/bytes.h"
#include "base/check.h"
#include "store/store_copy.h"
#include "text/civil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_FORMAT 1
#define PATH_SIZE 4096

/* "" for what is longer than any digest: a server may say it. */
static json_t *hex_json(const uint8_t *data, size_t size)
{
    char text[129] = "";
    if (size <= 64) {
        hex_encode(data, size, text);
    }
    return json_string(text);
}

json_t *manifest_new(const uint8_t set_id[16], int64_t taken_at_us, const char *key,
                     const struct city_note *pack)
{
    char time[32];
    civil_format_utc(taken_at_us, time);
    json_t *manifest =
        json_pack("{s:i, s:o, s:s, s:s, s:s, s:s, s:s, s:{}}", "format", MANIFEST_FORMAT, "set_id",
                  hex_json(set_id, 16), "taken_at", time, "vafa", VAFA_VERSION, "city", key,
                  "city_pack", pack->pack, "city_digest", pack->digest, "services");
    CHECK(manifest != NULL);
    return manifest;
}

void manifest_add(json_t *manifest, const char *service, const Common__Position *head,
                  const Backup__CopySnapshotResponse *copied)
{
    json_t *files = json_array();
    for (size_t i = 0; i < copied->n_files; i++) {
        const Backup__CopySnapshotResponse__File *file = copied->files[i];
        json_array_append_new(files, json_pack("{s:s, s:I, s:o}", "path", file->path, "size_bytes",
                                               (json_int_t)file->size_bytes, "digest",
                                               hex_json(file->digest.data, file->digest.len)));
    }
    json_t *entry =
        json_pack("{s:{s:o, s:I, s:o}, s:o}", "head", "log_id",
                  hex_json(head->log_id.data, head->log_id.len), "offset", (json_int_t)head->offset,
                  "hash", hex_json(head->hash.data, head->hash.len), "files", files);
    CHECK(entry != NULL);
    json_object_set_new(json_object_get(manifest, "services"), service, entry);
}

/* --- writing --- */

/* A file is on disk only when its folder is, too. */
static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return synced;
}

enum status manifest_write(const json_t *manifest, const char *folder, struct error *err)
{
    char path[PATH_SIZE + 32];
    char draft[PATH_SIZE + 32];
    snprintf(path, sizeof(path), "%s/" MANIFEST_NAME, folder);
    snprintf(draft, sizeof(draft), "%s/" MANIFEST_NAME ".new", folder);
    FILE *file = fopen(draft, "wxe");
    bool written = file != NULL && json_dumpf(manifest, file, JSON_INDENT(2)) == 0 &&
                   fputc('\n', file) != EOF && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int saved = errno;
    if (file != NULL) {
        written = fclose(file) == 0 && written;
    }
    /* Only a set that is whole has a manifest. */
    if (!written || rename(draft, path) != 0 || !sync_folder(folder)) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, written ? errno : saved,
                               "the manifest cannot be written to %s", folder);
    }
    return STATUS_OK;
}

/* --- reading --- */

static const char *const services[] = {"intake", "routing", "followup", "feedback", "report"};

/* Which of the two files of a service, under its own folder, a path names: 0 or 1; -1 for any other,
 * which is never opened. */
static int file_of(const char *path, const char *service)
{
    static const char *const names[2] = {"data.mdb", "keys.mdb"};
    for (int i = 0; i < 2; i++) {
        char known[64];
        snprintf(known, sizeof(known), "%s/%s", service, names[i]);
        if (strcmp(path, known) == 0) {
            return i;
        }
    }
    return -1;
}

static enum status check_service(const json_t *entry, const char *service, struct error *err)
{
    const json_t *files = json_object_get(entry, "files");
    bool named[2] = {false, false};
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        const char *path = json_string_value(json_object_get(file, "path"));
        const char *digest = json_string_value(json_object_get(file, "digest"));
        int which = path != NULL ? file_of(path, service) : -1;
        uint8_t bytes[32];
        if (digest == NULL || which < 0 || named[which] ||
            !hex_decode(digest, bytes, sizeof(bytes)) ||
            !json_is_integer(json_object_get(file, "size_bytes"))) {
            return error_set(err, STATUS_DATA_LOSS, "manifest", "an entry of %s cannot be read",
                             service);
        }
        named[which] = true;
    }
    return named[0] && named[1] ? STATUS_OK
                                : error_set(err, STATUS_DATA_LOSS, "manifest",
                                            "%s is not in the set with its two files", service);
}

enum status manifest_check(const json_t *manifest, struct error *err)
{
    enum status status = STATUS_OK;
    if (json_integer_value(json_object_get(manifest, "format")) != MANIFEST_FORMAT) {
        status =
            error_set(err, STATUS_DATA_LOSS, "manifest", "its format is not %d", MANIFEST_FORMAT);
    }
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]) && status == STATUS_OK; i++) {
        status = check_service(json_object_get(json_object_get(manifest, "services"), services[i]),
                               services[i], err);
    }
    return status;
}

enum status manifest_read(json_t **ret_manifest, const char *folder, struct error *err)
{
    char path[PATH_SIZE + 32];
    json_error_t why;
    snprintf(path, sizeof(path), "%s/" MANIFEST_NAME, folder);
    if (access(path, R_OK) != 0) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "%s", path);
    }
    json_t *manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (manifest == NULL) {
        return error_set(err, STATUS_DATA_LOSS, "manifest", "%s:%d: %s", path, why.line, why.text);
    }
    enum status status = manifest_check(manifest, err);
    if (status != STATUS_OK) {
        json_decref(manifest);
        return status;
    }
    *ret_manifest = manifest;
    return STATUS_OK;
}

/* A name, or a folder from the root on, as the server notes it. */
static bool is_pack(const char *pack)
{
    return pack != NULL && pack[0] != '\0' && strlen(pack) < CITY_NOTE_PACK_SIZE &&
           strchr(pack, '\n') == NULL && (pack[0] == '/' || strchr(pack, '/') == NULL);
}

enum status manifest_pack(const json_t *manifest, struct city_note *ret_pack, struct error *err)
{
    const json_t *noted = json_object_get(manifest, "city_pack");
    const char *pack = json_string_value(noted != NULL ? noted : json_object_get(manifest, "city"));
    const char *digest = json_string_value(json_object_get(manifest, "city_digest"));
    uint8_t bytes[32];
    if (!is_pack(pack) ||
        (noted != NULL && (digest == NULL || !hex_decode(digest, bytes, sizeof(bytes))))) {
        return error_set(err, STATUS_DATA_LOSS, "manifest",
                         "it does not name the city's pack and its digest");
    }
    *ret_pack = (struct city_note){.digest = ""};
    snprintf(ret_pack->pack, sizeof(ret_pack->pack), "%s", pack);
    if (noted != NULL) {
        hex_encode(bytes, sizeof(bytes), ret_pack->digest);
    }
    return STATUS_OK;
}

static enum status check_file(const json_t *file, const char *folder, struct error *err)
{
    char path[PATH_SIZE + 128];
    uint8_t wanted[32];
    uint8_t digest[32];
    uint64_t size;
    const char *name = json_string_value(json_object_get(file, "path"));
    CHECK(hex_decode(json_string_value(json_object_get(file, "digest")), wanted, sizeof(wanted)));
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    enum status status = file_digest(path, NULL, digest, &size, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (size != (uint64_t)json_integer_value(json_object_get(file, "size_bytes")) ||
        memcmp(digest, wanted, sizeof(wanted)) != 0) {
        return error_set(err, STATUS_DATA_LOSS, "backup", "%s is not as it was written", name);
    }
    return STATUS_OK;
}

enum status manifest_check_files(const json_t *manifest, const char *folder,
                                 void (*tell)(const char *path), struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        const json_t *entry = json_object_get(json_object_get(manifest, "services"), services[i]);
        const json_t *files = json_object_get(entry, "files");
        for (size_t n = 0; n < json_array_size(files) && status == STATUS_OK; n++) {
            const json_t *file = json_array_get(files, n);
            if (tell != NULL) {
                tell(json_string_value(json_object_get(file, "path")));
            }
            status = check_file(file, folder, err);
        }
    }
    return status;
}
