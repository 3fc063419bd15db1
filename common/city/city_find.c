/* A folder is taken for a pack when it holds a city.ini. */
#include "city/city_find.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool find_is_pack(const char *folder)
{
    char file[CITY_FOLDER_SIZE + 16];
    snprintf(file, sizeof(file), "%s/city.ini", folder);
    return access(file, R_OK) == 0;
}

/* Tries <base><beside>/<name>; what was tried is added to `tried`. */
static bool find_try(const char *base, const char *beside, const char *name, struct buffer *tried,
                     char ret_folder[CITY_FOLDER_SIZE])
{
    char folder[CITY_FOLDER_SIZE];
    if ((size_t)snprintf(folder, sizeof(folder), "%s%s/%s", base, beside, name) >= sizeof(folder)) {
        return false;
    }
    if (!find_is_pack(folder)) {
        buffer_append_format(tried, "%s%s%s", tried->size > 0 ? ", " : "", base, beside);
        return false;
    }
    memcpy(ret_folder, folder, sizeof(folder));
    return true;
}

/* "/usr/bin/vafa" becomes "/usr/bin", that "/usr"; what lies in the root becomes "". */
static void find_go_up(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash != NULL ? slash : path) = '\0';
}

/* The folder above the one that the running program lies in, without a "/" at its end. The system
 * gives the program's path without links in it, so that going up is cutting off. */
static bool find_above_program(char ret_folder[CITY_FOLDER_SIZE])
{
    ssize_t size = readlink("/proc/self/exe", ret_folder, CITY_FOLDER_SIZE - 1);
    if (size <= 0) {
        return false;
    }
    ret_folder[size] = '\0';
    find_go_up(ret_folder);
    find_go_up(ret_folder);
    return true;
}

static bool find_named(const char *name, struct buffer *tried, char ret_folder[CITY_FOLDER_SIZE])
{
    char base[CITY_FOLDER_SIZE];
    const char *cities = getenv("VAFA_CITIES");
    if (cities != NULL && cities[0] != '\0') {
        return find_try(cities, "", name, tried, ret_folder);
    }
    if (!find_above_program(base)) {
        return false;
    }
    if (find_try(base, "/share/vafa/cities", name, tried, ret_folder)) {
        return true;
    }
    find_go_up(base);
    return find_try(base, "/deploy/cities", name, tried, ret_folder);
}

enum status city_find(const char *name_or_folder, char ret_folder[CITY_FOLDER_SIZE],
                      struct error *err)
{
    size_t size = strlen(name_or_folder);
    if (strchr(name_or_folder, '/') != NULL) {
        if (size >= CITY_FOLDER_SIZE || !find_is_pack(name_or_folder)) {
            return error_set(err, STATUS_NOT_FOUND, "city",
                             "there is no city pack in %s: it would hold a city.ini",
                             name_or_folder);
        }
        memcpy(ret_folder, name_or_folder, size + 1);
        return STATUS_OK;
    }
    struct buffer tried = BUFFER_EMPTY;
    bool usable = size > 0 && strcmp(name_or_folder, ".") != 0 && strcmp(name_or_folder, "..") != 0;
    enum status status = STATUS_OK;
    if (!usable || !find_named(name_or_folder, &tried, ret_folder)) {
        status = error_set(err, STATUS_NOT_FOUND, "city",
                           "there is no city pack \"%s\" in %s; give its folder, with a /, or set "
                           "VAFA_CITIES",
                           name_or_folder, tried.size > 0 ? buffer_text(&tried) : "any place");
    }
    buffer_fini(&tried);
    return status;
}
