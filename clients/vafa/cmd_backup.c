/* vafa backup: one cut of all five stores. */
#include "clients/vafa/backup_manifest.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST COMMON__SERVICE_ID__SERVICE_ID_INTAKE
#define LAST COMMON__SERVICE_ID__SERVICE_ID_REPORT
#define IDS (LAST + 1)
#define HOLD_MS 3000
#define CUTS_MAX 3 /* tries to hold all five at once */

struct backup {
    struct session *session;
    struct vafa *vafa;
    struct vafa_window *window;
    uint8_t set_id[16];
    struct vafa_position heads[IDS];
    char folder[4096];
};

static void ended(struct vafa_call *call)
{
    (void)call; /* the window says when all have ended */
}

/* The same call to all five at once; the first error, if any. */
static enum status ask_all(struct backup *backup, const char *method,
                           const ProtobufCMessage *request, uint32_t deadline_ms,
                           struct vafa_call calls[IDS], struct error *err)
{
    for (int id = FIRST; id <= LAST; id++) {
        calls[id] = (struct vafa_call){.to = (Common__ServiceId)id,
                                       .service = &backup__backup__descriptor,
                                       .method = method,
                                       .request = request,
                                       .deadline_ms = deadline_ms,
                                       .window = backup->window,
                                       .done = ended};
        vafa_call_start(backup->vafa, &calls[id]);
    }
    vafa_window_drain(backup->window);
    for (int id = FIRST; id <= LAST; id++) {
        const struct error *error = &calls[id].error;
        const char *service = output_service((Common__ServiceId)id);
        if (error->status != STATUS_OK) {
            bool named = strcmp(error->field, service) == 0; /* where nobody opened to a knock */
            return error_set(err, error->status, error->field, "%s%s%s", named ? "" : service,
                             named ? "" : ": ", error->message);
        }
    }
    return STATUS_OK;
}

static void forget(struct vafa_call calls[IDS])
{
    for (int id = FIRST; id <= LAST; id++) {
        vafa_call_fini(&calls[id]);
    }
}

static enum status begin(struct backup *backup, struct error *err)
{
    struct vafa_call calls[IDS] = {{0}};
    Backup__BeginSnapshotRequest request = BACKUP__BEGIN_SNAPSHOT_REQUEST__INIT;
    request.set_id = (ProtobufCBinaryData){sizeof(backup->set_id), backup->set_id};
    request.hold_ms = HOLD_MS;
    enum status status = ask_all(backup, "BeginSnapshot", &request.base, 0, calls, err);
    for (int id = FIRST; id <= LAST && status == STATUS_OK; id++) {
        const Backup__BeginSnapshotResponse *response =
            (const Backup__BeginSnapshotResponse *)calls[id].response;
        if (response->head == NULL) {
            status = error_set(err, STATUS_INTERNAL, "head", "a service gave no position");
        } else {
            vafa_position_copy(&backup->heads[id], response->head);
        }
    }
    forget(calls);
    return status;
}

/* Lets all go; *ret_held: every writer had stood still until now, so the five snapshots are one
 * cut. */
static enum status release(struct backup *backup, bool *ret_held, struct error *err)
{
    struct vafa_call calls[IDS] = {{0}};
    Backup__ReleaseWriterRequest request = BACKUP__RELEASE_WRITER_REQUEST__INIT;
    request.set_id = (ProtobufCBinaryData){sizeof(backup->set_id), backup->set_id};
    enum status status = ask_all(backup, "ReleaseWriter", &request.base, 0, calls, err);
    *ret_held = true;
    for (int id = FIRST; id <= LAST && status == STATUS_OK; id++) {
        const Backup__ReleaseWriterResponse *response =
            (const Backup__ReleaseWriterResponse *)calls[id].response;
        *ret_held = *ret_held && response->held;
    }
    forget(calls);
    return status;
}

static enum status cut(struct backup *backup, struct error *err)
{
    for (int i = 0; i < CUTS_MAX; i++) {
        bool held = false;
        output_progress("holding all writers …");
        enum status status = begin(backup, err);
        if (status != STATUS_OK) {
            struct error ignored;
            (void)release(backup, &held, &ignored); /* those that did begin go on at once */
            return status;
        }
        status = release(backup, &held, err);
        if (status != STATUS_OK || held) {
            return status;
        }
    }
    return error_set(
        err, STATUS_ABORTED, NULL,
        "the five could not be held at once within %d ms, %d times: try again when it is quieter",
        HOLD_MS, CUTS_MAX);
}

static enum status copy(struct backup *backup, json_t *manifest, struct error *err)
{
    struct vafa_call calls[IDS] = {{0}};
    Backup__CopySnapshotRequest request = BACKUP__COPY_SNAPSHOT_REQUEST__INIT;
    request.set_id = (ProtobufCBinaryData){sizeof(backup->set_id), backup->set_id};
    request.folder = backup->folder;
    if (!args_has(&backup->session->args, "timeout")) {
        session_end_in(backup->session, RPC_DEADLINE_MS_MAX); /* a large store takes its time */
    }
    output_progress("copying to %s …", backup->folder);
    enum status status =
        ask_all(backup, "CopySnapshot", &request.base, RPC_DEADLINE_MS_MAX, calls, err);
    for (int id = FIRST; id <= LAST && status == STATUS_OK; id++) {
        const Backup__CopySnapshotResponse *copied =
            (const Backup__CopySnapshotResponse *)calls[id].response;
        manifest_add(manifest, output_service((Common__ServiceId)id), &backup->heads[id].position,
                     copied);
        if (copied->left_out[0] != '\0') {
            fprintf(stderr, "vafa: %s left out the city pack from before the one in force: %s\n",
                    output_service((Common__ServiceId)id), copied->left_out);
        }
    }
    forget(calls);
    return status;
}

/* Makes the folder (its parent must be there) and finds its absolute name: the server writes into
 * it. */
static enum status make_folder(struct backup *backup, const char *folder, struct error *err)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "making %s", folder);
    }
    char *absolute = realpath(folder, NULL);
    if (absolute == NULL || strlen(absolute) >= sizeof(backup->folder)) {
        free(absolute);
        return error_set(err, STATUS_INVALID_ARGUMENT, "folder", "the path is too long");
    }
    strcpy(backup->folder, absolute);
    free(absolute);
    char path[sizeof(backup->folder) + 32];
    snprintf(path, sizeof(path), "%s/" MANIFEST_NAME, backup->folder);
    struct stat stat_of;
    return stat(path, &stat_of) != 0
               ? STATUS_OK
               : error_set(err, STATUS_ALREADY_EXISTS, "folder",
                           "%s holds a backup already: name a new folder", folder);
}

/* Where the pack lies is noted in the data folder; of a server that is reached by a url alone the
 * city's name is all that is known, as if the pack were an installed one. */
static enum status find_pack(struct backup *backup, char ret_key[256], struct city_note *ret_pack,
                             struct error *err)
{
    struct vafa *vafa;
    uint8_t digest[32];
    struct city_note note = {.pack = ""};
    enum status status = session_client(backup->session, &vafa, err);
    if (status == STATUS_OK) {
        status = session_ask_city(backup->session, ret_key, digest, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (vafa_data(vafa) == NULL) {
        snprintf(note.pack, sizeof(note.pack), "%s", ret_key);
    } else {
        status = city_note_read(vafa_data(vafa), &note, err);
    }
    if (status == STATUS_OK) {
        hex_encode(digest, sizeof(digest), note.digest); /* of the one in force */
        *ret_pack = note;
    }
    return status;
}

static void print_set(const struct backup *backup)
{
    const char *language = session_language(backup->session);
    printf("%s %s\n", label_word("backup_set", language), backup->folder);
    for (int id = FIRST; id <= LAST; id++) {
        printf("  %-9s %" PRIu64 " %s\n", output_service((Common__ServiceId)id),
               backup->heads[id].position.offset, label_word("events", language));
    }
    puts(label_word("backup_key", language));
}

static enum status take(struct backup *backup, struct error *err)
{
    char city[256] = "";
    struct city_note pack;
    enum status status = find_pack(backup, city, &pack, err);
    if (status == STATUS_OK) {
        status = cut(backup, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    json_t *manifest = manifest_new(backup->set_id, clock_wall_us(clock_system()), city, &pack);
    status = copy(backup, manifest, err);
    if (status == STATUS_OK) {
        status = manifest_check(manifest, err); /* a set that could not be restored is none */
    }
    if (status == STATUS_OK) {
        status = manifest_write(manifest, backup->folder, err);
    }
    output_progress_end();
    if (status == STATUS_OK && backup->session->json) {
        output_json(manifest);
    } else if (status == STATUS_OK) {
        print_set(backup);
    }
    json_decref(manifest);
    return status;
}

static int run_backup(struct session *session)
{
    struct error err = ERROR_NONE;
    struct backup backup = {.session = session};
    random_system()->fill(random_system(), backup.set_id, sizeof(backup.set_id));
    enum status status = session_client(session, &backup.vafa, &err);
    if (status == STATUS_OK) {
        status = make_folder(&backup, session->args.arguments[0], &err);
    }
    if (status == STATUS_OK) {
        backup.window = vafa_window_new(IDS);
        status = take(&backup, &err);
        vafa_window_free(backup.window);
    }
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_backup = {
    .name = "backup",
    .arguments = "FOLDER",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "copies all five stores as one cut, while they serve",
    .help = "Holds all writers at a batch boundary, takes a snapshot of each, lets them go (some "
            "milliseconds), then copies at leisure.\n"
            "FOLDER is on the server's machine, is made, and gets manifest.json last: a set "
            "without it is not whole.\n"
            "Citizens' keys (keys.mdb) lie in files of their own, since what forgets a citizen "
            "must reach every copy of them.\n"
            "The master key is not in the set.",
    .examples = "vafa backup /var/backups/vafa/2026-11-24\nvafa backup ./set --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_backup,
};
