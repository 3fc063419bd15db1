#include "service/city_note.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

static bool is_pack(const char *pack)
{
    return pack[0] != '\0' && strlen(pack) < CITY_NOTE_PACK_SIZE && strchr(pack, '\n') == NULL;
}

static bool is_digest(const char *digest)
{
    uint8_t bytes[32];
    return digest[0] == '\0' ||
           (strlen(digest) == CITY_NOTE_DIGEST_SIZE - 1 && hex_decode(digest, bytes, sizeof bytes));
}

/* One line without its end; false at the end of the file, or when the line is too long. */
static bool read_line(FILE *file, char *line, int size)
{
    if (fgets(line, size, file) == NULL || line[strcspn(line, "\n")] != '\n') {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    return true;
}

enum status city_note_read(const char *data, struct city_note *ret_note, struct error *err)
{
    char path[PATH_SIZE];
    char pack[CITY_NOTE_PACK_SIZE + 1],
        digest[CITY_NOTE_DIGEST_SIZE + 1] = "", taken[CITY_NOTE_PACK_SIZE + 1] = "";
    if ((size_t)snprintf(path, sizeof path, "%s/city", data) >= sizeof path) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "data", "the path is too long");
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT
                   ? error_set(err, STATUS_NOT_FOUND, "city", "the data folder has none yet")
                   : error_set(err, STATUS_FAILED_PRECONDITION, "city", "%s: %s", path,
                               strerror(errno));
    }
    bool good = read_line(file, pack, sizeof pack) && is_pack(pack) &&
                (read_line(file, digest, sizeof digest) || digest[0] == '\0') &&
                is_digest(digest) && (read_line(file, taken, sizeof taken) || taken[0] == '\0') &&
                (taken[0] == '\0' || is_pack(taken));
    (void)fclose(file); /* it was only read */
    if (!good) {
        return error_set(err, STATUS_DATA_LOSS, "city",
                         "%s is damaged: it should be a line with the pack's name or folder, "
                         "one with its digest or none, and one with a folder or none",
                         path);
    }
    memcpy(ret_note->pack, pack, sizeof ret_note->pack);
    memcpy(ret_note->digest, digest, sizeof ret_note->digest);
    memcpy(ret_note->taken, taken, sizeof ret_note->taken);
    return STATUS_OK;
}

enum status city_note_write(const char *data, const struct city_note *note, struct error *err)
{
    char path[PATH_SIZE], draft[PATH_SIZE];
    if (!is_pack(note->pack) || !is_digest(note->digest) ||
        (note->taken[0] != '\0' && !is_pack(note->taken))) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "city",
                         "not a pack's name or folder, and a digest");
    }
    /* A draft of this process alone: five programs may start at once. */
    if ((size_t)snprintf(path, sizeof path, "%s/city", data) >= sizeof path ||
        (size_t)snprintf(draft, sizeof draft, "%s/city.%ld.new", data, (long)getpid()) >=
            sizeof draft) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "data", "the path is too long");
    }
    FILE *file = fopen(draft, "we");
    bool written = file != NULL &&
                   fprintf(file, "%s\n%s%s%s%s", note->pack, note->digest,
                           note->digest[0] != '\0' || note->taken[0] != '\0' ? "\n" : "",
                           note->taken, note->taken[0] != '\0' ? "\n" : "") > 0 &&
                   fflush(file) == 0 && fsync(fileno(file)) == 0;
    int saved = errno;
    if (file != NULL && fclose(file) != 0 && written) {
        saved = errno;
        written = false;
    }
    if (written && rename(draft, path) != 0) {
        saved = errno;
        written = false;
    }
    if (!written && file != NULL) {
        (void)unlink(draft); /* a leftover draft does no harm */
    }
    return written ? STATUS_OK
                   : error_set_errno(err, STATUS_FAILED_PRECONDITION, saved, "%s cannot be written",
                                     path);
}

enum status city_note_pack(const char *name_or_folder, char ret_pack[CITY_NOTE_PACK_SIZE],
                           struct error *err)
{
    bool is_folder = strchr(name_or_folder, '/') != NULL;
    char *absolute = is_folder ? realpath(name_or_folder, NULL) : NULL;
    const char *pack = is_folder ? absolute : name_or_folder;
    enum status status = STATUS_OK;
    if (pack == NULL) {
        status = error_set(err, STATUS_NOT_FOUND, "city", "the pack %s: %s", name_or_folder,
                           strerror(errno));
    } else if (!is_pack(pack)) {
        status =
            error_set(err, STATUS_INVALID_ARGUMENT, "city", "the pack's path is too long or odd");
    } else {
        snprintf(ret_pack, CITY_NOTE_PACK_SIZE, "%s", pack);
    }
    free(absolute);
    return status;
}
