#include "service/pack_shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_SIZE (2 * PACK_SHELF_DIGEST_BYTES + 1)
#define PATH_SIZE (PACK_SHELF_PATH_SIZE + 128)
#define SHELF_NAMES_MAX 256 /* entries of the folder that are looked at */

static enum status failed(struct error *err, const char *what, const char *path)
{
    return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "%s cannot be %s", path, what);
}

enum status pack_shelf_init(struct pack_shelf *shelf, const char *store_folder, struct error *err)
{
    shelf->no_sync = false;
    int size = snprintf(shelf->folder, sizeof shelf->folder, "%s/packs", store_folder);
    return size > 0 && (size_t)size < sizeof shelf->folder - HEX_SIZE - 16
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "data", "the path is too long");
}

void pack_shelf_path(const struct pack_shelf *shelf, const uint8_t digest[PACK_SHELF_DIGEST_BYTES],
                     char out[PACK_SHELF_PATH_SIZE])
{
    char hex[HEX_SIZE];
    hex_encode(digest, PACK_SHELF_DIGEST_BYTES, hex);
    snprintf(out, PACK_SHELF_PATH_SIZE, "%.*s/%s", (int)(PACK_SHELF_PATH_SIZE - HEX_SIZE - 2),
             shelf->folder, hex);
}

static void draft_path(const struct pack_shelf *shelf,
                       const uint8_t digest[PACK_SHELF_DIGEST_BYTES], char out[PATH_SIZE])
{
    char hex[HEX_SIZE];
    hex_encode(digest, PACK_SHELF_DIGEST_BYTES, hex);
    snprintf(out, PATH_SIZE, "%s/draft/%s", shelf->folder, hex);
}

/* --- folders --- */

static enum status make_folder(const char *path, struct error *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? STATUS_OK : failed(err, "made", path);
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_folder(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); /* what stays does no harm */
}

static enum status sync_path(const struct pack_shelf *shelf, const char *path, struct error *err)
{
    if (shelf->no_sync) {
        return STATUS_OK;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0) {
        (void)close(fd); /* it was only read */
    }
    errno = saved;
    return done ? STATUS_OK : failed(err, "synced", path);
}

/* --- a draft --- */

/* Of the files in a folder, not below it. */
static uint64_t bytes_in(const char *path)
{
    uint64_t bytes = 0;
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat info;
        if (fstatat(dirfd(dir), entry->d_name, &info, 0) == 0 && S_ISREG(info.st_mode)) {
            bytes += (uint64_t)info.st_size;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir); /* it was only read */
    }
    return bytes;
}

/* The draft's folder; those of other packs go. */
static enum status open_draft(struct pack_shelf *shelf,
                              const uint8_t digest[PACK_SHELF_DIGEST_BYTES], char out[PATH_SIZE],
                              struct error *err)
{
    char drafts[PATH_SIZE], imports[PATH_SIZE];
    draft_path(shelf, digest, out);
    if (access(out, F_OK) == 0) {
        return STATUS_OK;
    }
    snprintf(drafts, sizeof drafts, "%s/draft", shelf->folder);
    snprintf(imports, sizeof imports, "%.*s/imports", (int)(PATH_SIZE - 16), out);
    remove_folder(drafts);
    enum status status = make_folder(shelf->folder, err);
    if (status == STATUS_OK) {
        status = make_folder(drafts, err);
    }
    if (status == STATUS_OK) {
        status = make_folder(out, err);
    }
    return status == STATUS_OK ? make_folder(imports, err) : status;
}

static enum status write_part(const char *path, uint64_t offset, struct bytes data,
                              struct error *err)
{
    struct stat info;
    enum status status = STATUS_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &info) != 0) {
        status = failed(err, "opened", path);
    } else if (offset > (uint64_t)info.st_size) {
        status = error_set(err, STATUS_OUT_OF_RANGE, "offset",
                           "%llu bytes of the file have come: put it in order",
                           (unsigned long long)info.st_size);
    } else if (pwrite(fd, data.data, data.size, (off_t)offset) != (ssize_t)data.size) {
        status = failed(err, "written", path);
    }
    if (fd >= 0 && close(fd) != 0 && status == STATUS_OK) {
        status = failed(err, "written", path);
    }
    return status;
}

enum status pack_shelf_put(struct pack_shelf *shelf, const uint8_t digest[PACK_SHELF_DIGEST_BYTES],
                           const char *file, uint64_t offset, struct bytes data, struct error *err)
{
    char draft[PATH_SIZE], path[PATH_SIZE + PACK_FILE_NAME_SIZE], imports[PATH_SIZE + 16];
    if (!pack_files_is_name(file)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "file", "no file of a pack has this name");
    }
    if (offset > PACK_FILE_SIZE_MAX || data.size > PACK_FILE_SIZE_MAX - offset) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "data", "the file is larger than %u MiB",
                         PACK_FILE_SIZE_MAX >> 20);
    }
    enum status status = open_draft(shelf, digest, draft, err);
    if (status != STATUS_OK) {
        return status;
    }
    snprintf(imports, sizeof imports, "%s/imports", draft);
    if (bytes_in(draft) + bytes_in(imports) + data.size > PACK_SHELF_PACK_BYTES_MAX) {
        remove_folder(draft);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "data", "the pack is larger than %u MiB",
                         PACK_SHELF_PACK_BYTES_MAX >> 20);
    }
    snprintf(path, sizeof path, "%s/%s", draft, file);
    return write_part(path, offset, data, err);
}

/* --- the shelf --- */

static enum status sync_folder(const struct pack_shelf *shelf, const char *folder,
                               struct error *err)
{
    enum status status = STATUS_OK;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    if (dir == NULL) {
        return errno == ENOENT ? STATUS_OK : failed(err, "read", folder);
    }
    while (status == STATUS_OK && (entry = readdir(dir)) != NULL) {
        char path[PATH_SIZE + NAME_MAX + 2];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, "..") != 0) {
            status = sync_path(shelf, path, err); /* "." is the folder itself */
        }
    }
    (void)closedir(dir);
    return status;
}

/* Moves a whole draft to where it is found from now on. */
static enum status publish(struct pack_shelf *shelf, const uint8_t digest[PACK_SHELF_DIGEST_BYTES],
                           struct error *err)
{
    char draft[PATH_SIZE], imports[PATH_SIZE + 16], path[PACK_SHELF_PATH_SIZE];
    draft_path(shelf, digest, draft);
    pack_shelf_path(shelf, digest, path);
    snprintf(imports, sizeof imports, "%s/imports", draft);
    enum status status = sync_folder(shelf, imports, err);
    if (status == STATUS_OK) {
        status = sync_folder(shelf, draft, err);
    }
    if (status == STATUS_OK) {
        remove_folder(path); /* a damaged one; who replaces a good one does not come here */
        status = rename(draft, path) == 0 ? STATUS_OK : failed(err, "made", path);
    }
    char drafts[PATH_SIZE], store[PATH_SIZE];
    snprintf(drafts, sizeof drafts, "%s/draft", shelf->folder);
    snprintf(store, sizeof store, "%s/..", shelf->folder); /* the first makes the shelf itself */
    (void)rmdir(drafts);                                   /* empty by now */
    if (status == STATUS_OK) {
        status = sync_path(shelf, shelf->folder, err);
    }
    return status == STATUS_OK ? sync_path(shelf, store, err) : status;
}

static bool is_digest_of(const struct city *city, const uint8_t digest[PACK_SHELF_DIGEST_BYTES])
{
    return bytes_equal(city_digest(city), bytes_of(digest, PACK_SHELF_DIGEST_BYTES));
}

enum status pack_shelf_load(const struct pack_shelf *shelf,
                            const uint8_t digest[PACK_SHELF_DIGEST_BYTES], struct city **ret_city,
                            struct error *err)
{
    char path[PACK_SHELF_PATH_SIZE];
    struct city *city = NULL;
    struct error why = ERROR_NONE;
    pack_shelf_path(shelf, digest, path);
    enum status status = city_load(&city, path, &why);
    if (status == STATUS_NOT_FOUND) {
        return error_set(err, status, "pack", "%s is not there", path);
    }
    if (status != STATUS_OK || !is_digest_of(city, digest)) {
        city_free(city);
        return error_set(err, STATUS_DATA_LOSS, "pack", "%s is damaged: %s", path,
                         status != STATUS_OK ? why.message
                                             : "its files are not those that were taken");
    }
    *ret_city = city;
    return STATUS_OK;
}

/* --- reading a part --- */

struct names {
    char names[PACK_FILES_MAX][PACK_FILE_NAME_SIZE];
    size_t count;
};

/* Adds the pack's files in a folder of it: "" or "imports/". */
static void list_files(const char *pack, const char *within, struct names *names)
{
    char path[PACK_SHELF_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/%s", pack, within);
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir != NULL && names->count < PACK_FILES_MAX && (entry = readdir(dir)) != NULL) {
        char *name = names->names[names->count];
        int size = snprintf(name, PACK_FILE_NAME_SIZE, "%s%s", within, entry->d_name);
        names->count += size < PACK_FILE_NAME_SIZE && pack_files_is_name(name);
    }
    if (dir != NULL) {
        (void)closedir(dir); /* it was only read */
    }
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

static enum status read_part(const char *path, uint64_t offset, size_t most,
                             struct pack_shelf_part *part, struct error *err)
{
    struct stat info;
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        status = failed(err, "read", path);
    } else if (offset > (uint64_t)info.st_size) {
        status = error_set(err, STATUS_OUT_OF_RANGE, "offset", "the file has %lld bytes",
                           (long long)info.st_size);
    } else {
        uint64_t rest = (uint64_t)info.st_size - offset;
        size_t wanted = rest < most ? (size_t)rest : most;
        part->size = (uint64_t)info.st_size;
        errno = EIO; /* where less comes than there was */
        if (wanted > 0 && pread(fd, buffer_extend(&part->data, wanted), wanted, (off_t)offset) !=
                              (ssize_t)wanted) {
            status = failed(err, "read", path);
        }
    }
    if (fd >= 0) {
        (void)close(fd); /* it was only read */
    }
    return status;
}

enum status pack_shelf_read(const struct pack_shelf *shelf,
                            const uint8_t digest[PACK_SHELF_DIGEST_BYTES], uint32_t place,
                            uint64_t offset, size_t most, struct pack_shelf_part *ret_part,
                            struct error *err)
{
    char pack[PACK_SHELF_PATH_SIZE], path[PACK_SHELF_PATH_SIZE + PACK_FILE_NAME_SIZE];
    struct names names = {.count = 0};
    pack_shelf_path(shelf, digest, pack);
    list_files(pack, "", &names);
    list_files(pack, "imports/", &names);
    if (names.count == 0) {
        return error_set(err, STATUS_NOT_FOUND, "pack", "%s is not there", pack);
    }
    if (place >= names.count) {
        return error_set(err, STATUS_OUT_OF_RANGE, "place", "the pack has %zu files", names.count);
    }
    qsort(names.names, names.count, sizeof names.names[0], compare_names);
    ret_part->files = (uint32_t)names.count;
    memcpy(ret_part->file, names.names[place], sizeof ret_part->file);
    snprintf(path, sizeof path, "%s/%s", pack, ret_part->file);
    return read_part(path, offset, most, ret_part, err);
}

/* --- onto the shelf --- */

/* Whether the pack lies there as it was loaded. */
static bool is_there(const struct pack_shelf *shelf, const struct city *city)
{
    char folder[PACK_SHELF_PATH_SIZE], path[PACK_SHELF_PATH_SIZE + PACK_FILE_NAME_SIZE];
    bool is_whole = true;
    pack_shelf_path(shelf, city_digest(city).data, folder);
    for (size_t i = 0; i < city_file_count(city) && is_whole; i++) {
        const char *name;
        struct bytes wanted = city_file_at(city, i, &name);
        struct buffer found = BUFFER_EMPTY;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *file = fopen(path, "rbe");
        size_t size = 0;
        if (file != NULL) { /* a byte more than wanted would be another file */
            size = fread(buffer_extend(&found, wanted.size + 1), 1, wanted.size + 1, file);
            (void)fclose(file); /* it was only read */
        }
        is_whole = file != NULL && bytes_equal(wanted, bytes_of(found.data, size));
        buffer_fini(&found);
    }
    return is_whole;
}

enum status pack_shelf_finish(struct pack_shelf *shelf,
                              const uint8_t digest[PACK_SHELF_DIGEST_BYTES], struct city **ret_city,
                              struct error *err)
{
    char draft[PATH_SIZE];
    struct city *city = NULL;
    if (pack_shelf_load(shelf, digest, ret_city, NULL) == STATUS_OK) {
        return STATUS_OK;
    }
    draft_path(shelf, digest, draft);
    if (access(draft, F_OK) != 0) {
        return error_set(err, STATUS_NOT_FOUND, "pack",
                         "no file of this pack was put here: put them first");
    }
    enum status status = city_load(&city, draft, err);
    if (status == STATUS_OK && !is_digest_of(city, digest)) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "pack",
                           "what was put has another digest: put the pack anew");
    }
    if (status != STATUS_OK) {
        city_free(city);
        remove_folder(draft);
        return status;
    }
    status = publish(shelf, digest, err);
    if (status == STATUS_OK) {
        *ret_city = city;
    } else {
        city_free(city);
    }
    return status;
}

enum status pack_shelf_keep(struct pack_shelf *shelf, const struct city *city, struct error *err)
{
    const uint8_t *digest = city_digest(city).data;
    enum status status = STATUS_OK;
    if (is_there(shelf, city)) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < city_file_count(city) && status == STATUS_OK; i++) {
        const char *name;
        struct bytes data = city_file_at(city, i, &name);
        status = pack_shelf_put(shelf, digest, name, 0, data, err);
    }
    return status == STATUS_OK ? publish(shelf, digest, err) : status;
}

enum status pack_shelf_copy(const struct pack_shelf *shelf,
                            const uint8_t digest[PACK_SHELF_DIGEST_BYTES], struct pack_shelf *to,
                            struct error *err)
{
    struct city *city = NULL;
    enum status status = pack_shelf_load(shelf, digest, &city, err);
    if (status == STATUS_OK) {
        status = pack_shelf_keep(to, city, err);
    }
    city_free(city);
    return status;
}

/* --- throwing away --- */

struct shelved {
    char hex[HEX_SIZE];
    struct timespec at;
};

static int newest_first(const void *left, const void *right)
{
    const struct timespec *a = &((const struct shelved *)left)->at;
    const struct timespec *b = &((const struct shelved *)right)->at;
    return a->tv_sec != b->tv_sec     ? (a->tv_sec < b->tv_sec ? 1 : -1)
           : a->tv_nsec != b->tv_nsec ? (a->tv_nsec < b->tv_nsec ? 1 : -1)
                                      : 0;
}

static size_t list_packs(const struct pack_shelf *shelf, struct shelved packs[SHELF_NAMES_MAX])
{
    size_t count = 0;
    DIR *dir = opendir(shelf->folder);
    struct dirent *entry;
    while (dir != NULL && count < SHELF_NAMES_MAX && (entry = readdir(dir)) != NULL) {
        struct stat info;
        if (strlen(entry->d_name) == HEX_SIZE - 1 &&
            fstatat(dirfd(dir), entry->d_name, &info, 0) == 0) {
            memcpy(packs[count].hex, entry->d_name, HEX_SIZE);
            packs[count++].at = info.st_mtim;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    qsort(packs, count, sizeof packs[0], newest_first);
    return count;
}

static bool is_kept(const char *hex, const uint8_t (*keep)[PACK_SHELF_DIGEST_BYTES],
                    size_t keep_count)
{
    uint8_t digest[PACK_SHELF_DIGEST_BYTES];
    bool is_kept = !hex_decode(hex, digest, sizeof digest); /* no pack of ours */
    for (size_t i = 0; i < keep_count && !is_kept; i++) {
        is_kept = memcmp(keep[i], digest, sizeof digest) == 0;
    }
    return is_kept;
}

void pack_shelf_clear(struct pack_shelf *shelf, const uint8_t (*keep)[PACK_SHELF_DIGEST_BYTES],
                      size_t keep_count)
{
    struct shelved packs[SHELF_NAMES_MAX];
    size_t count = list_packs(shelf, packs);
    for (size_t i = 0; i < count && count > PACK_SHELF_PACKS_MAX; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%.*s", shelf->folder, HEX_SIZE - 1, packs[i].hex);
        if (!is_kept(packs[i].hex, keep, keep_count)) {
            remove_folder(path);
        }
    }
}

enum status pack_shelf_copy_all(const struct pack_shelf *shelf, struct pack_shelf *to,
                                struct error *err)
{
    struct shelved packs[SHELF_NAMES_MAX];
    enum status status = STATUS_OK;
    size_t count = list_packs(shelf, packs);
    for (size_t i = count;
         i-- > 0 && status == STATUS_OK;) { /* the oldest first: they are put in order */
        uint8_t digest[PACK_SHELF_DIGEST_BYTES];
        if (hex_decode(packs[i].hex, digest, sizeof digest)) {
            status = pack_shelf_copy(shelf, digest, to, err);
        }
    }
    return status;
}
