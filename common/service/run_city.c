/*
 * The city of a data folder: views count in its zone and calendar, so it must stay the same.
 * DATA/city remembers the name or folder of its pack.
 */
#include "service/run_internal.h"

#include "city/city_find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CITY_DEFAULT "isfahan"

static enum status read_own_city(const struct options *options, char ret_city[RUN_PATH_SIZE],
                                 struct error *err)
{
    char path[RUN_PATH_SIZE + 8];
    snprintf(path, sizeof path, "%s/city", option_text(options, "data"));
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "city", "the data folder has none yet");
    }
    bool got = fgets(ret_city, RUN_PATH_SIZE, file) != NULL;
    (void)fclose(file); /* it was only read */
    if (!got || ret_city[strcspn(ret_city, "\n")] != '\n') {
        return error_set(err, STATUS_DATA_LOSS, "city",
                         "%s is damaged: it should be the pack's name or folder, and a newline",
                         path);
    }
    ret_city[strcspn(ret_city, "\n")] = '\0';
    return STATUS_OK;
}

static enum status load(const char *name_or_folder, struct city **ret_city, struct error *err)
{
    char folder[CITY_FOLDER_SIZE];
    enum status status = city_find(name_or_folder, folder, err);
    return status == STATUS_OK ? city_load(ret_city, folder, err) : status;
}

/* Another name: a pack that was moved is the same city, another key is another one. */
static enum status check_same_city(const char *own, const struct city *given, struct error *err)
{
    struct city *owned = NULL;
    enum status status = STATUS_OK;
    if (load(own, &owned, NULL) == STATUS_OK && strcmp(city_key(owned), city_key(given)) != 0) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "city",
                           "the data folder belongs to %s: choose another for %s", city_key(owned),
                           city_key(given));
    }
    city_free(owned);
    return status;
}

enum status run_load_city(const struct options *options, struct city **ret_city, struct error *err)
{
    char own[RUN_PATH_SIZE];
    struct city *city = NULL;
    const char *given = option_text(options, "city");
    enum status status = read_own_city(options, own, err);
    bool has_own = status == STATUS_OK;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    status = load(given[0] != '\0' ? given : has_own ? own : CITY_DEFAULT, &city, err);
    if (status == STATUS_OK && has_own && given[0] != '\0') {
        status = check_same_city(own, city, err);
    }
    if (status == STATUS_OK) {
        *ret_city = city;
    } else {
        city_free(city);
    }
    return status;
}

/* Through a file of its own, so that a crash leaves the old one or the new one. */
static enum status write_own_city(const struct options *options, const char *city,
                                  struct error *err)
{
    char path[RUN_PATH_SIZE + 8], draft[RUN_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/city", option_text(options, "data"));
    snprintf(draft, sizeof draft, "%s/city.new", option_text(options, "data"));
    FILE *file = fopen(draft, "we");
    bool written = file != NULL && fprintf(file, "%s\n", city) > 0 && fflush(file) == 0 &&
                   fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0) {
        written = false;
    }
    return written && rename(draft, path) == 0
               ? STATUS_OK
               : error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "%s cannot be written",
                                 path);
}

enum status run_claim_city(const struct options *options, struct error *err)
{
    char own[RUN_PATH_SIZE];
    const char *given = option_text(options, "city");
    enum status status = read_own_city(options, own, err);
    if (status == STATUS_NOT_FOUND) {
        return write_own_city(options, given[0] != '\0' ? given : CITY_DEFAULT, err);
    }
    return status != STATUS_OK || given[0] == '\0' || strcmp(own, given) == 0
               ? status
               : write_own_city(options, given, err);
}
