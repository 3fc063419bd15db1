/* Files for what reads files: one temporary folder a program, gone when it ends. */
#ifndef VAFA_TESTS_FUZZ_FILES_H
#define VAFA_TESTS_FUZZ_FILES_H

#include "base/bytes.h"

#define FUZZ_PATH_SIZE 512

/* The folder, made at the first call: under TMPDIR, or in /dev/shm where there is one. */
const char *fuzz_folder(void);
/* "FOLDER/name" into ret_path. */
void fuzz_path(const char *name, char ret_path[FUZZ_PATH_SIZE]);
void fuzz_write(const char *name,
                struct bytes content); /* makes the folder of "folder/name", too */
void fuzz_remove(const char *name);

#endif
