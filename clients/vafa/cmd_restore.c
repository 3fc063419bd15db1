/* vafa restore: a backup set becomes a data folder again; no server takes part. */
#include "city/city_find.h"
#include "clients/vafa/backup_manifest.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "service/pack_shelf.h"
#include "store/store_copy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

static const struct option_def options[] = {
    {"data", 0, "DIR", "where to (needed)"},
    {NULL, 0, NULL, NULL},
};

static const char *const services[] = {"intake", "routing", "followup", "feedback", "report"};
#define SERVICES (sizeof(services) / sizeof(services[0]))

static void tell_file(const char *path)
{
    output_progress("checking %s …", path);
}

/* Not one store may be there: a folder of two sets would be no cut. */
static enum status check_empty(const char *data, struct error *err)
{
    for (size_t i = 0; i < SERVICES; i++) {
        char path[PATH_SIZE];
        if ((size_t)snprintf(path, sizeof(path), "%s/%s/data.mdb", data, services[i]) >=
            sizeof(path)) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "data", "the path is too long");
        }
        if (access(path, F_OK) == 0) {
            return error_set(err, STATUS_ALREADY_EXISTS, "data",
                             "%s holds a store of %s: name a new folder", data, services[i]);
        }
    }
    return STATUS_OK;
}

/* The packs that a service had taken: their folders' names are their digests. */
static enum status restore_packs(const char *from, const char *to, struct error *err)
{
    struct pack_shelf shelf, restored;
    enum status status = pack_shelf_init(&shelf, from, err);
    if (status == STATUS_OK) {
        status = pack_shelf_init(&restored, to, err);
    }
    return status == STATUS_OK ? pack_shelf_copy_all(&shelf, &restored, err) : status;
}

static enum status restore_all(const char *set, const char *data, struct error *err)
{
    enum status status = STATUS_OK;
    if (mkdir(data, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "making %s", data);
    }
    char keys[PATH_SIZE]; /* where the master key is to be put */
    snprintf(keys, sizeof(keys), "%s/keys", data);
    if (mkdir(keys, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "making %s", keys);
    }
    for (size_t i = 0; i < SERVICES && status == STATUS_OK; i++) {
        char from[PATH_SIZE];
        char to[PATH_SIZE];
        snprintf(from, sizeof(from), "%s/%s", set, services[i]);
        snprintf(to, sizeof(to), "%s/%s", data, services[i]);
        output_progress("restoring %s …", services[i]);
        status = store_restore(from, to, services[i], err);
        if (status == STATUS_OK) {
            status = restore_packs(from, to, err);
        }
    }
    return status;
}

/* Warns of what the folder cannot be served without, and what a set does not hold. */
static void tell_what_is_missing(const char *data, const struct city_note *pack)
{
    char path[PATH_SIZE];
    char folder[CITY_FOLDER_SIZE];
    snprintf(path, sizeof(path), "%s/%s/packs", data, services[0]);
    if (access(path, F_OK) != 0 && city_find(pack->pack, folder, NULL) != STATUS_OK) {
        fprintf(stderr,
                "vafa: the city pack %s is not on this machine: bring it there, or say where it\n"
                "is now: vafad --data %s --city DIR\n",
                pack->pack, data);
    }
    snprintf(path, sizeof(path), "%s/keys/master.key", data);
    if (access(path, F_OK) != 0) {
        fprintf(
            stderr,
            "vafa: %s is missing: put the master key there that was in use when the set was\n"
            "taken. Without it no citizen's name, phone or word opens, and vafad does not start.\n",
            path);
    }
}

static int run_restore(struct session *session)
{
    struct error err = ERROR_NONE;
    json_t *manifest = NULL;
    struct city_note pack;
    const char *set = session->args.arguments[0];
    const char *data = args_value(&session->args, "data");
    if (args_need(&session->args, "data", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    enum status status = check_empty(data, &err);
    if (status == STATUS_OK) {
        status = manifest_read(&manifest, set, &err);
    }
    if (status == STATUS_OK) {
        status = manifest_pack(manifest, &pack, &err);
    }
    if (status == STATUS_OK) {
        status = manifest_check_files(manifest, set, tell_file, &err);
    }
    if (status == STATUS_OK) {
        status = restore_all(set, data, &err);
    }
    if (status == STATUS_OK) {
        status = city_note_write(data, &pack, &err);
    }
    output_progress_end();
    if (status == STATUS_OK && session->json) {
        output_json(manifest);
    } else if (status == STATUS_OK) {
        printf("Restored to %s. Next:\n  vafa verify --data %s\n  vafad --data %s\n", data, data,
               data);
    }
    if (status == STATUS_OK) {
        tell_what_is_missing(data, &pack);
    }
    json_decref(manifest);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_restore = {
    .name = "restore",
    .arguments = "SET",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "makes a data folder out of a backup set",
    .help =
        "Checks the manifest and every file's digest, then puts the five stores into --data "
        "DIR, which must hold none.\n"
        "The master key is not in a set: bring it to DIR/keys/master.key. Nor is the city pack, "
        "unless it was taken while the services ran: the folder remembers where it was and its "
        "digest.\n"
        "Exit status 5: the set is damaged.",
    .examples = "vafa restore /var/backups/vafa/2026-11-24 --data ./vafa-restored",
    .options = options,
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_restore,
};
