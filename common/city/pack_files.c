/* The files of a pack's folder: see pack_files.h. */
#include "city/pack_files.h"

#include "base/check.h"
#include "text/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_BYTES 4096 /* at once: most files are small */
#define PACK_IMPORTS "imports"

static const char *const pack_names[] = {"areas.csv", "city.ini",   "levels.csv",
                                         "rules.csv", "topics.csv", "units.csv"};

/* A pack may do without these. */
static const char *const pack_optional[PACK_OPTIONAL_MAX] = {
    "areas.geojson", "choices.csv",        "holidays.csv",  "hours.csv",
    "ladder.csv",    "neighbourhoods.csv", "questions.csv", "same.csv",
    "stopwords.txt", "words.csv",          "zones.geojson",
};

/* Files for people; no part of what is in force. */
static const char *const pack_others[] = {"README.md", "LICENSE", "NOTICE"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool pack_name_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void pack_check_utf8(struct pack_file *file, struct findings *findings)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    struct bytes text = buffer_bytes(&file->raw);
    if (text.size >= sizeof(mark) && memcmp(text.data, mark, sizeof(mark)) == 0) {
        text = bytes_of(text.data + sizeof(mark), text.size - sizeof(mark));
    }
    file->readable = true;
    int line = 0;
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end == NULL ? text.size - at : (size_t)(end - (text.data + at)) + 1;
        line++;
        if (!utf8_valid(bytes_of(text.data + at, size))) {
            findings_error(findings, file->name, line,
                           "is not UTF-8: save the file as \"CSV UTF-8\" or as UTF-8 text");
            file->readable = false;
            return;
        }
        at += size;
    }
    file->text = text;
}

static void pack_read_file(struct pack_files *files, const char *folder, const char *name,
                           struct findings *findings)
{
    CHECK(files->count < PACK_FILES_MAX);
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)) {
        findings_error(findings, name, 0, "the path of the folder is too long");
        return;
    }
    struct pack_file *file = &files->files[files->count++];
    snprintf(file->name, sizeof(file->name), "%s", name);

    struct stat info;
    FILE *stream = NULL;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        findings_error(findings, name, 0, "is not a file");
        return;
    }
    stream = fopen(path, "rbe");
    if (stream == NULL) {
        if (errno == ENOENT) {
            findings_error(findings, name, 0, "is missing: docs/CITY_PACKS.md tells what it holds");
        } else {
            findings_error(findings, name, 0, "cannot be opened: %s", strerror(errno));
        }
        return;
    }
    size_t got = 0;
    do {
        uint8_t *room = buffer_extend(&file->raw, READ_BYTES);
        got = fread(room, 1, READ_BYTES, stream);
        file->raw.size -= READ_BYTES - got;
    } while (got > 0 && file->raw.size <= PACK_FILE_SIZE_MAX);
    if (ferror(stream)) {
        findings_error(findings, name, 0, "cannot be read");
    } else if (file->raw.size > PACK_FILE_SIZE_MAX) {
        findings_error(findings, name, 0, "is larger than %u MiB", PACK_FILE_SIZE_MAX >> 20);
    } else {
        pack_check_utf8(file, findings);
    }
    fclose(stream);
}

static int pack_is_no_dot(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void pack_read_imports(struct pack_files *files, const char *folder,
                              struct findings *findings)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, PACK_IMPORTS) >= sizeof(path)) {
        findings_error(findings, PACK_IMPORTS, 0, "the path of the folder is too long");
        return;
    }
    int count = scandir(path, &entries, pack_is_no_dot, alphasort);
    if (count < 0) {
        if (errno != ENOENT) {
            findings_error(findings, PACK_IMPORTS, 0, "cannot be read: %s", strerror(errno));
        }
        return;
    }
    size_t taken = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t size = strlen(name);
        char within[sizeof(PACK_IMPORTS) + 1 + NAME_MAX];
        snprintf(within, sizeof(within), "%s/%s", PACK_IMPORTS, name);
        if (size <= 4 || strcmp(name + size - 4, ".ini") != 0) {
            findings_warning(findings, within, 0, "is not read: a profile ends in .ini");
        } else if (strlen(within) >= PACK_FILE_NAME_SIZE || !utf8_valid(bytes_of_text(name))) {
            findings_error(findings, within, 0, "has too long a name or one that is not UTF-8");
        } else if (taken >= PACK_PROFILES_MAX) {
            findings_error(findings, within, 0, "a pack has at most %d profiles",
                           PACK_PROFILES_MAX);
        } else {
            pack_read_file(files, folder, within, findings);
            taken++;
        }
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
}

static int pack_compare(const void *left, const void *right)
{
    return strcmp(((const struct pack_file *)left)->name, ((const struct pack_file *)right)->name);
}

enum status pack_files_read(struct pack_files *files, const char *folder, struct findings *findings,
                            struct error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, pack_is_no_dot, alphasort);
    if (count < 0) {
        return error_set_errno(err, STATUS_NOT_FOUND, errno, "no city pack in the folder %s",
                               folder);
    }
    for (size_t i = 0; i < COUNT_OF(pack_names); i++) {
        pack_read_file(files, folder, pack_names[i], findings);
    }
    for (int i = 0; i < count; i++) {
        if (pack_name_in(entries[i]->d_name, pack_optional, COUNT_OF(pack_optional))) {
            pack_read_file(files, folder, entries[i]->d_name, findings);
        }
    }
    pack_read_imports(files, folder, findings);
    qsort(files->files, files->count, sizeof(files->files[0]), pack_compare);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (!pack_name_in(name, pack_names, COUNT_OF(pack_names)) &&
            !pack_name_in(name, pack_optional, COUNT_OF(pack_optional)) &&
            !pack_name_in(name, pack_others, COUNT_OF(pack_others)) &&
            strcmp(name, PACK_IMPORTS) != 0) {
            findings_warning(findings, findings_quote(name).text, 0,
                             "is not read: no file of a pack has this name");
        }
        free(entries[i]);
    }
    free(entries);
    return STATUS_OK;
}

void pack_files_add(struct pack_files *files, const char *name, struct bytes data,
                    struct findings *findings)
{
    if (!pack_files_is_name(name) || files->count == PACK_FILES_MAX ||
        pack_files_find(files, name) != NULL) {
        findings_error(findings, findings_quote(name).text, 0,
                       "no file of a pack has this name, or it is there already");
        return;
    }
    struct pack_file *file = &files->files[files->count++];
    snprintf(file->name, sizeof(file->name), "%s", name);
    if (data.size > PACK_FILE_SIZE_MAX) {
        findings_error(findings, name, 0, "is larger than %u MiB", PACK_FILE_SIZE_MAX >> 20);
        return;
    }
    buffer_append(&file->raw, data.data, data.size);
    pack_check_utf8(file, findings);
}

void pack_files_added(struct pack_files *files, struct findings *findings)
{
    for (size_t i = 0; i < COUNT_OF(pack_names); i++) {
        if (pack_files_find(files, pack_names[i]) == NULL) {
            findings_error(findings, pack_names[i], 0,
                           "is missing: docs/CITY_PACKS.md tells what it holds");
        }
    }
    qsort(files->files, files->count, sizeof(files->files[0]), pack_compare);
}

void pack_files_fini(struct pack_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        buffer_fini(&files->files[i].raw);
    }
    files->count = 0;
}

const struct pack_file *pack_files_find(const struct pack_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->files[i].name, name) == 0) {
            return &files->files[i];
        }
    }
    return NULL;
}

bool pack_files_is_name(const char *name)
{
    const char *profile = name + sizeof(PACK_IMPORTS);
    size_t size = strlen(name);
    if (strncmp(name, PACK_IMPORTS "/", sizeof(PACK_IMPORTS)) != 0) {
        return pack_name_in(name, pack_names, COUNT_OF(pack_names)) ||
               pack_name_in(name, pack_optional, COUNT_OF(pack_optional));
    }
    return size < PACK_FILE_NAME_SIZE && profile[0] != '.' && strchr(profile, '/') == NULL &&
           strlen(profile) > 4 && strcmp(name + size - 4, ".ini") == 0 &&
           utf8_valid(bytes_of_text(name));
}

void pack_files_digest(const struct pack_files *files, uint8_t ret_digest[PACK_DIGEST_BYTES])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, NULL, 0, PACK_DIGEST_BYTES) == 0);
    for (size_t i = 0; i < files->count; i++) {
        const struct pack_file *file = &files->files[i];
        struct bytes name = bytes_of_text(file->name);
        uint8_t size[8];
        be32_put(size, (uint32_t)name.size);
        crypto_generichash_update(&state, size, 4);
        crypto_generichash_update(&state, name.data, name.size);
        be64_put(size, file->raw.size);
        crypto_generichash_update(&state, size, 8);
        crypto_generichash_update(&state, file->raw.data, file->raw.size);
    }
    CHECK(crypto_generichash_final(&state, ret_digest, PACK_DIGEST_BYTES) == 0);
}
