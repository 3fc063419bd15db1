/* The files of a pack's folder, read once and whole, so that what was checked, what is digested and
 * what is in force are the same bytes. */
#ifndef VAFA_CITY_PACK_FILES_H
#define VAFA_CITY_PACK_FILES_H

#include "city/findings.h"

#define PACK_FILE_SIZE_MAX (8u * 1024 * 1024) /* bytes */
#define PACK_PROFILES_MAX 32
#define PACK_OPTIONAL_MAX 11 /* names in pack_files.c */
#define PACK_FILES_MAX (6 + PACK_OPTIONAL_MAX + PACK_PROFILES_MAX)
#define PACK_FILE_NAME_SIZE 64 /* "imports/NAME.ini" with NUL */
#define PACK_DIGEST_BYTES 32

struct pack_file {
    char name[PACK_FILE_NAME_SIZE]; /* within the folder */
    struct buffer raw;              /* as it is on disk */
    struct bytes text;              /* without byte order mark; empty when not well-formed UTF-8 */
    bool readable;                  /* text may be parsed */
};

struct pack_files {
    struct pack_file files[PACK_FILES_MAX]; /* sorted by name */
    size_t count;
};

/* Reads the files every pack has, those it may have, and imports/NAME.ini; tells what is missing, too large, unreadable or not
 * UTF-8, and warns of files no part of Vafa reads. NOT_FOUND when there is no such folder. `files`
 * is zeroed before and ended by pack_files_fini in every case. */
enum status pack_files_read(struct pack_files *files, const char *folder, struct findings *findings,
                            struct error *err);
void pack_files_fini(struct pack_files *files);

/* The same for files that came otherwise. Adds one; told when a pack has no such file, or has it already, or when it is too large. The bytes
 * are copied. */
void pack_files_add(struct pack_files *files, const char *name, struct bytes data,
                    struct findings *findings);
/* When all were added: tells what is missing. */
void pack_files_added(struct pack_files *files, struct findings *findings);

const struct pack_file *pack_files_find(const struct pack_files *files, const char *name);

/* Whether a pack may have a file of that name: one of the tables, or imports/NAME.ini. Never a path that leads elsewhere. */
bool pack_files_is_name(const char *name);

/* BLAKE2b-256 over, for each file in order of names: size of the name (4 bytes, big-endian), name,
 * size of the contents (8 bytes), contents. */
void pack_files_digest(const struct pack_files *files, uint8_t ret_digest[PACK_DIGEST_BYTES]);

#endif
