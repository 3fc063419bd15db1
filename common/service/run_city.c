/*
 * The city of a data folder: views count in its zone and calendar, so it must stay the same. Its
 * pack may change; which one is in force is logged at each start and noted in the folder.
 */
#include "service/run_internal.h"

#include "base/bytes.h"
#include "base/log.h"
#include "city/city_find.h"
#include "service/city_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CITY_DEFAULT "isfahan"

static enum status load(const char *name_or_folder, struct city **ret_city, struct error *err)
{
    char folder[CITY_FOLDER_SIZE];
    enum status status = city_find(name_or_folder, folder, err);
    return status == STATUS_OK ? city_load(ret_city, folder, err) : status;
}

/* What was given, else the folder's own, else the default; ret_own is empty when it has none. */
static enum status choose(const struct options *options, const char **ret_pack,
                          struct city_note *ret_own, struct error *err)
{
    const char *given = option_text(options, "city");
    *ret_own = (struct city_note){.pack = ""};
    enum status status = city_note_read(option_text(options, "data"), ret_own, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    *ret_pack = given[0] != '\0' ? given : ret_own->pack[0] != '\0' ? ret_own->pack : CITY_DEFAULT;
    return STATUS_OK;
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
    struct city_note own;
    struct city *city = NULL;
    const char *pack;
    enum status status = choose(options, &pack, &own, err);
    if (status == STATUS_OK) {
        status = load(pack, &city, err);
    }
    if (status == STATUS_OK && own.pack[0] != '\0' && pack != own.pack) {
        status = check_same_city(own.pack, city, err);
    }
    if (status == STATUS_OK) {
        *ret_city = city;
    } else {
        city_free(city);
    }
    return status;
}

enum status run_load_city_in_force(const struct options *options, struct city **ret_city,
                                   struct error *err)
{
    struct city_note own;
    if (city_note_read(option_text(options, "data"), &own, NULL) == STATUS_OK &&
        own.taken[0] != '\0' && city_load(ret_city, own.taken, NULL) == STATUS_OK) {
        return STATUS_OK;
    }
    return run_load_city(options, ret_city, err);
}

enum status run_note_taken(const struct options *options, const char *folder, struct error *err)
{
    struct city_note own;
    const char *data = option_text(options, "data");
    char *absolute = folder[0] != '\0' ? realpath(folder, NULL) : NULL;
    enum status status = city_note_read(data, &own, err);
    if (status == STATUS_OK && folder[0] != '\0' &&
        (absolute == NULL || strlen(absolute) >= sizeof own.taken)) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "city", "%s cannot be noted", folder);
    }
    const char *taken = absolute != NULL ? absolute : "";
    if (status == STATUS_OK && strcmp(own.taken, taken) != 0) {
        snprintf(own.taken, sizeof own.taken, "%s", taken);
        status = city_note_write(data, &own, err);
    }
    free(absolute);
    return status;
}

enum status run_claim_city(const struct options *options, const char *program,
                           const struct city *city, bool is_in_force, struct error *err)
{
    struct city_note own, now;
    const char *pack;
    struct bytes digest = city_digest(city);
    hex_encode(digest.data, digest.size, now.digest);
    enum status status = choose(options, &pack, &own, err);
    memcpy(now.taken, own.taken, sizeof now.taken);
    if (status == STATUS_OK) {
        status = city_note_pack(pack, now.pack, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    log_info(program, "city %s: pack %s, digest %s", city_key(city), now.pack, now.digest);
    if (is_in_force && own.digest[0] != '\0' && strcmp(own.digest, now.digest) != 0) {
        log_warning(program,
                    "THE CITY PACK HAS CHANGED since this folder was last served: the digest was "
                    "%s (pack %s). New requests go by the new pack; those routed keep their unit "
                    "and due date",
                    own.digest, own.pack);
    }
    return strcmp(own.pack, now.pack) == 0 && strcmp(own.digest, now.digest) == 0
               ? STATUS_OK
               : city_note_write(option_text(options, "data"), &now, err);
}

enum status run_fill_city(struct options *options, struct error *err)
{
    struct city_note own;
    const char *pack;
    enum status status = choose(options, &pack, &own, err);
    if (status == STATUS_OK && option_text(options, "city")[0] == '\0') {
        options_fill(options, "city", pack, pack == own.pack ? "data folder" : "default");
    }
    return status;
}
