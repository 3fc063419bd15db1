/* vafa city take, city back: another pack while everything goes on; all five services, one after the other. */
#include "clients/vafa/cmd_city.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/table.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PUT_BYTES_MAX (256u * 1024)

/* A pack on its way into the services. */
struct taking {
    struct session *session;
    uint8_t digest[CITY_DIGEST_BYTES];
    char name[4 * CITY_TAKING_NAME_MAX + 1];
    const char *note;
    bool is_back;
    struct city_force forces[CITY_SERVICES];
    /* from when on, of each; 0: it was so from its start */
    int64_t at_us[CITY_SERVICES];
    uint64_t offset[CITY_SERVICES];
};

static bool has_it(const struct taking *taking, size_t place)
{
    return memcmp(taking->forces[place].digest, taking->digest, CITY_DIGEST_BYTES) == 0;
}

/* --- the calls --- */

static enum status put_file(struct taking *taking, size_t place, const char *name,
                            struct bytes data, struct error *err)
{
    enum status status = STATUS_OK;
    size_t at = 0;
    do {
        size_t size = data.size - at < PUT_BYTES_MAX ? data.size - at : PUT_BYTES_MAX;
        Packs__PutFileRequest request = PACKS__PUT_FILE_REQUEST__INIT;
        request.pack = (ProtobufCBinaryData){sizeof taking->digest, taking->digest};
        request.file = (char *)(uintptr_t)name;
        request.offset = at;
        request.data = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)(data.data + at)};
        struct vafa_call call = {.to = city_services[place],
                                 .service = &packs__packs__descriptor,
                                 .method = "PutFile",
                                 .request = &request.base};
        status = session_call(taking->session, &call, err);
        vafa_call_fini(&call);
        at += size;
    } while (status == STATUS_OK && at < data.size);
    return cmd_city_name(city_services[place], status, err);
}

static enum status put_pack(struct taking *taking, const struct city *city, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t place = 0; place < CITY_SERVICES; place++) {
        for (size_t i = 0; i < city_file_count(city) && status == STATUS_OK; i++) {
            const char *name;
            struct bytes data = city_file_at(city, i, &name);
            if (!has_it(taking, place)) {
                status = put_file(taking, place, name, data, err);
            }
        }
    }
    return status;
}

static enum status take_in(struct taking *taking, size_t place, bool is_trial, struct error *err)
{
    Packs__TakePackRequest request = PACKS__TAKE_PACK_REQUEST__INIT;
    request.pack = (ProtobufCBinaryData){sizeof taking->digest, taking->digest};
    request.last = taking->forces[place].last;
    request.name = taking->name;
    request.note = (char *)(uintptr_t)taking->note;
    request.is_back = taking->is_back;
    request.is_trial = is_trial;
    struct vafa_call call = {.to = city_services[place],
                             .service = &packs__packs__descriptor,
                             .method = "TakePack",
                             .request = &request.base};
    enum status status = session_call(taking->session, &call, err);
    if (status == STATUS_OK && !is_trial) {
        const Packs__Taking *done = ((const Packs__TakePackResponse *)call.response)->taking;
        taking->at_us[place] = done != NULL ? done->recorded_at_us : 0;
        taking->offset[place] = done != NULL ? done->offset : 0;
    }
    vafa_call_fini(&call);
    return cmd_city_name(city_services[place], status, err);
}

/* First it is tried in all, so that what one refuses none has taken. */
static enum status take_in_all(struct taking *taking, struct error *err)
{
    enum status status = STATUS_OK;
    for (int is_trial = 1; is_trial >= 0; is_trial--) {
        for (size_t place = 0; place < CITY_SERVICES && status == STATUS_OK; place++) {
            if (!is_trial || !has_it(taking, place)) {
                status = take_in(taking, place, is_trial != 0, err);
            }
        }
    }
    return status;
}

/* --- what is told --- */

static void print_taking(struct taking *taking)
{
    const char *language = session_language(taking->session);
    char digest[2 * CITY_DIGEST_BYTES + 1];
    struct table *table = table_new(3);
    hex_encode(taking->digest, CITY_DIGEST_BYTES, digest);
    table_head(table, 0, label_word("service", language));
    table_head(table, 1, label_word("since", language));
    table_head(table, 2, label_word("event", language));
    table_align_right(table, 2);
    for (size_t place = 0; place < CITY_SERVICES; place++) {
        char since[32];
        session_time(taking->session, taking->at_us[place], since);
        table_cell(table, output_service(city_services[place]));
        table_cell(table, since);
        if (taking->offset[place] != 0) {
            table_cell_format(table, "%" PRIu64, taking->offset[place]);
        } else {
            table_cell(table, label_word("from_its_start", language));
        }
    }
    table_print(table, stdout);
    table_free(table);
    output_foreign(stdout, label_word("pack_in_force", language), taking->name, "");
    printf("%s\n", digest);
}

static void print_taking_json(const struct taking *taking)
{
    char digest[2 * CITY_DIGEST_BYTES + 1];
    json_t *services = json_object();
    hex_encode(taking->digest, CITY_DIGEST_BYTES, digest);
    for (size_t place = 0; place < CITY_SERVICES; place++) {
        char at[32] = "";
        if (taking->at_us[place] != 0) {
            civil_format_utc(taking->at_us[place], at);
        }
        (void)json_object_set_new(services, output_service(city_services[place]),
                                  json_pack("{s:o, s:s, s:b}", "offset",
                                            output_count(taking->offset[place]), "at", at,
                                            "was_in_force", (int)has_it(taking, place)));
    }
    json_t *json = json_pack("{s:s, s:s, s:b, s:o}", "name", taking->name, "digest", digest,
                             "is_back", (int)taking->is_back, "services", services);
    output_json(json);
    json_decref(json);
}

/* It has rows that the one before lacks, and nobody can tell here which of them are in use. */
static int refuse_back(const struct taking *taking, const struct error *err)
{
    char advice[512];
    char digest[2 * CITY_DIGEST_BYTES + 1];
    hex_encode(taking->digest, CITY_DIGEST_BYTES, digest);
    (void)snprintf(
        advice, sizeof advice,
        "Nothing was taken. Requests may be under these rows already, so they cannot go: "
        "copy the pack from before, which each service keeps (DATA/SERVICE/packs/%s), add "
        "the rows from the pack in force, and `vafa city take` the copy.",
        digest);
    return output_error_advised(err, advice);
}

static int end(struct taking *taking, enum status status, const struct error *err)
{
    if (status == STATUS_FAILED_PRECONDITION && taking->is_back &&
        strstr(err->field, ".csv") != NULL) {
        return refuse_back(taking, err);
    }
    if (status != STATUS_OK) {
        return output_error_advised(
            err,
            taking->is_back
                ? "Repeat `vafa city back` when that is mended: who has taken it stays as it is."
                : "Repeat the command when that is mended: who has taken the pack already stays "
                  "as it is. `vafa city history` tells.");
    }
    if (taking->session->json) {
        print_taking_json(taking);
    } else {
        print_taking(taking);
    }
    return EXIT_DONE;
}

/* --- city take --- */

/* What was given, else the folder's own: "." has one, too. */
static enum status choose_name(struct taking *taking, const char *folder, struct error *err)
{
    const char *given = args_value(&taking->session->args, "name");
    char *path = given == NULL ? realpath(folder, NULL) : NULL;
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *name = given != NULL ? given : slash != NULL ? slash + 1 : folder;
    enum status status = text_check(name, CITY_TAKING_NAME_MAX, "name", err);
    if (status == STATUS_OK) {
        snprintf(taking->name, sizeof taking->name, "%.*s", (int)sizeof taking->name - 1, name);
    }
    free(path);
    return status;
}

static const struct option_def take_options[] = {
    {"note", 0, "TEXT", "why; at most 500 characters, read by all staff (needed)"},
    {"name", 0, "TEXT", "how people are to call it; its folder's name when not given"},
    {NULL, 0, NULL, NULL},
};

static enum status begin(struct taking *taking, struct session *session, struct error *err)
{
    *taking = (struct taking){.session = session};
    taking->note = args_value(&session->args, "note");
    return args_need(&session->args, "note", err);
}

static int run_city_take(struct session *session)
{
    struct error err = ERROR_NONE;
    struct taking taking;
    struct city *city = NULL;
    char folder[CITY_FOLDER_SIZE];
    if (begin(&taking, session, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    if (cmd_city_folder(session->args.arguments[0], folder, &err) != STATUS_OK) {
        return output_error(&err);
    }
    enum status status = city_load(&city, folder, &err);
    if (status != STATUS_OK) {
        return cmd_city_tell(session, folder); /* all that is wrong, not only the first */
    }
    memcpy(taking.digest, city_digest(city).data, CITY_DIGEST_BYTES);
    status = choose_name(&taking, folder, &err);
    if (status == STATUS_OK) {
        status = cmd_city_ask_all(session, taking.forces, &err);
    }
    if (status == STATUS_OK) {
        status = put_pack(&taking, city, &err);
    }
    if (status == STATUS_OK) {
        status = take_in_all(&taking, &err);
    }
    city_free(city);
    return end(&taking, status, &err);
}

const struct command command_city_take = {
    .name = "city take",
    .arguments = "DIR",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "takes another city pack into use, while everything goes on",
    .help =
        "Checks the pack as `vafa city check` does, brings its files to all five services, lets "
        "each "
        "check it against the pack in force, and then has each take it: routing first, intake "
        "last. "
        "Each keeps the files and comes up with the pack after a restart, whatever --city says.\n"
        "Refused is a pack of another city, zone, calendar or week, and one that lacks a unit, "
        "area, "
        "topic or level which the pack in force has. The pack that is in force already is taken "
        "once.\n"
        "What was routed before keeps its unit and due date. If a service cannot take it, repeat "
        "the "
        "command. Exit status 5: the pack has errors, which are told by file and line.",
    .examples = "vafa city take ./isfahan-azar --note \"night shift of district 5\"\n"
                "vafa city take ./isfahan-azar --note \"night shift\" --name azar --json",
    .options = take_options,
    .role = RPC_ROLE_ADMIN,
    .run = run_city_take,
};

/* --- city back --- */

static const struct option_def back_options[] = {
    {"note", 0, "TEXT", "why; at most 500 characters, read by all staff (needed)"},
    {NULL, 0, NULL, NULL},
};

/* Whether every service has that pack, or would take it back. */
static bool leads_to(const struct city_force forces[CITY_SERVICES], const uint8_t *digest)
{
    for (size_t i = 0; i < CITY_SERVICES; i++) {
        if (memcmp(forces[i].digest, digest, CITY_DIGEST_BYTES) != 0 &&
            (!forces[i].has_back || memcmp(forces[i].back, digest, CITY_DIGEST_BYTES) != 0)) {
            return false;
        }
    }
    return true;
}

/* What is to be taken back; where it was broken off before, it goes on. */
static enum status find_back(struct taking *taking, struct error *err)
{
    const struct city_force *forces = taking->forces;
    const uint8_t *digest = NULL;
    if (!cmd_city_is_one(forces) && leads_to(forces, forces[0].digest)) {
        digest = forces[0].digest;
    } else if (forces[0].has_back && leads_to(forces, forces[0].back)) {
        digest = forces[0].back;
    } else if (cmd_city_is_one(forces) && !forces[0].has_back) {
        return error_set(
            err, STATUS_FAILED_PRECONDITION, NULL,
            "there is no pack before this one: take the one you want, from its folder");
    } else {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL,
                         "the services do not have the same pack before this one: take the one you "
                         "want, from its folder");
    }
    memcpy(taking->digest, digest, CITY_DIGEST_BYTES);
    for (size_t i = 0; i < CITY_SERVICES; i++) {
        if (forces[i].has_back && memcmp(forces[i].back, digest, CITY_DIGEST_BYTES) == 0) {
            snprintf(taking->name, sizeof taking->name, "%s", forces[i].back_name);
        }
    }
    return STATUS_OK;
}

static int run_city_back(struct session *session)
{
    struct error err = ERROR_NONE;
    struct taking taking;
    if (begin(&taking, session, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    taking.is_back = true;
    enum status status = cmd_city_ask_all(session, taking.forces, &err);
    if (status == STATUS_OK) {
        status = find_back(&taking, &err);
    }
    if (status != STATUS_OK) {
        return output_error(&err); /* nothing was done: there is nothing to go on with */
    }
    status = take_in_all(&taking, &err);
    return end(&taking, status, &err);
}

const struct command command_city_back = {
    .name = "city back",
    .arguments = "",
    .summary = "takes the city pack from before back into use",
    .help =
        "All five services take the pack that the one in force took the place of; each has kept "
        "its "
        "files. Said again, it goes further back. What was routed meanwhile keeps its unit and due "
        "date. The pack that the services were first started with has no name but its city's key, "
        "whatever its folder is called; its "
        "digest is told with it.\n"
        "Refused when that pack lacks a unit, area, topic or level which the one in force has: "
        "requests may be under them by now. Then copy the pack from before, add the rows and take "
        "that; the error tells which rows, and where the pack lies.",
    .examples = "vafa city back --note \"the new rule sent too much to district 5\"\n"
                "vafa city back --note mistake --json",
    .options = back_options,
    .role = RPC_ROLE_ADMIN,
    .run = run_city_back,
};
