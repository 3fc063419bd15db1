/* vafa city history: which packs were taken when, by whom and why; and whether all services have the same. */
#include "clients/vafa/cmd_city.h"
#include "clients/vafa/output.h"
#include "clients/vafa/table.h"

#include <string.h>

#define TAKINGS_MAX 100
#define SHORT_DIGEST 12 /* hex digits shown */

const Common__ServiceId city_services[CITY_SERVICES] = {
    COMMON__SERVICE_ID__SERVICE_ID_ROUTING, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
    COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, COMMON__SERVICE_ID__SERVICE_ID_REPORT,
    COMMON__SERVICE_ID__SERVICE_ID_INTAKE};

enum status cmd_city_name(Common__ServiceId service, enum status status, struct error *err)
{
    if (status == STATUS_OK) {
        return status;
    }
    struct error why = *err;
    const char *name = output_service(service);
    bool is_named = strcmp(why.field, name) == 0; /* where nobody opened to a knock */
    return error_set(err, status, why.field, "%s%s%s", is_named ? "" : name, is_named ? "" : ": ",
                     why.message);
}

/* A service's answer; end the call with vafa_call_fini. */
static enum status ask(struct session *session, Common__ServiceId service, uint32_t takings_max,
                       struct vafa_call *call, const Packs__GetPacksResponse **ret_packs,
                       struct error *err)
{
    Packs__GetPacksRequest request = PACKS__GET_PACKS_REQUEST__INIT;
    request.takings_max = takings_max;
    *call = (struct vafa_call){.to = service,
                               .service = &packs__packs__descriptor,
                               .method = "GetPacks",
                               .request = &request.base};
    enum status status = session_call(session, call, err);
    call->request = NULL;
    if (status == STATUS_OK) {
        const Packs__GetPacksResponse *packs = (const Packs__GetPacksResponse *)call->response;
        bool is_whole = packs->digest.len == CITY_DIGEST_BYTES &&
                        (packs->back.len == 0 || packs->back.len == CITY_DIGEST_BYTES);
        for (size_t i = 0; i < packs->n_takings; i++) {
            is_whole = is_whole && packs->takings[i]->pack != NULL &&
                       packs->takings[i]->pack->digest.len == CITY_DIGEST_BYTES;
        }
        *ret_packs = packs;
        status = is_whole ? STATUS_OK : session_lacks("digest", err);
    }
    return cmd_city_name(service, status, err);
}

enum status cmd_city_ask(struct session *session, Common__ServiceId service,
                         struct city_force *ret_force, struct error *err)
{
    struct vafa_call call;
    const Packs__GetPacksResponse *packs = NULL;
    enum status status = ask(session, service, 1, &call, &packs, err);
    if (status == STATUS_OK) {
        *ret_force = (struct city_force){.last = packs->last, .has_back = packs->back.len > 0};
        memcpy(ret_force->digest, packs->digest.data, CITY_DIGEST_BYTES);
        if (ret_force->has_back) {
            memcpy(ret_force->back, packs->back.data, CITY_DIGEST_BYTES);
        }
        snprintf(ret_force->back_name, sizeof ret_force->back_name, "%s", packs->back_name);
    }
    vafa_call_fini(&call);
    return status;
}

enum status cmd_city_ask_all(struct session *session, struct city_force forces[CITY_SERVICES],
                             struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < CITY_SERVICES && status == STATUS_OK; i++) {
        status = cmd_city_ask(session, city_services[i], &forces[i], err);
    }
    return status;
}

bool cmd_city_is_one(const struct city_force forces[CITY_SERVICES])
{
    for (size_t i = 1; i < CITY_SERVICES; i++) {
        if (memcmp(forces[i].digest, forces[0].digest, CITY_DIGEST_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

/* --- at another time --- */

/* Digest of the pack in force at that time; NULL when the answer does not go back so far. */
static const uint8_t *digest_at(const Packs__GetPacksResponse *packs, int64_t at_us,
                                const char **ret_name)
{
    const uint8_t *digest = packs->digest.data;
    *ret_name = packs->name;
    for (size_t i = 0; i < packs->n_takings; i++) { /* the newest first */
        const Packs__Taking *taking = packs->takings[i];
        if (taking->recorded_at_us <= at_us) {
            *ret_name = taking->pack->name;
            return taking->pack->digest.data;
        }
        digest = taking->pack->before.len == CITY_DIGEST_BYTES ? taking->pack->before.data : NULL;
        *ret_name = taking->pack->before_name;
    }
    return packs->n_takings < TAKINGS_MAX ? digest : NULL;
}

enum status cmd_city_at(struct session *session, int64_t at_us, struct city **ret_city,
                        char ret_name[4 * CITY_TAKING_NAME_MAX + 1], struct error *err)
{
    struct vafa_call call = {0};
    const Packs__GetPacksResponse *packs = NULL;
    const char *name = "";
    enum status status = ask(session, city_services[0], TAKINGS_MAX, &call, &packs, err);
    const uint8_t *digest = status == STATUS_OK ? digest_at(packs, at_us, &name) : NULL;
    if (status == STATUS_OK && digest == NULL) {
        status = error_set(err, STATUS_NOT_FOUND, "at", "the history does not go back so far");
    }
    if (status == STATUS_OK) {
        snprintf(ret_name, 4 * CITY_TAKING_NAME_MAX + 1, "%s", name);
        status = session_fetch_city(session, city_services[0], digest, ret_city, err);
    }
    vafa_call_fini(&call);
    return status;
}

/* --- city history --- */

static void print_takings(struct session *session, const Packs__GetPacksResponse *packs)
{
    static const char *const heads[] = {"time", "pack", "digest", "actor", "note"};
    struct table *table = table_new(5);
    for (size_t i = 0; i < 5; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < packs->n_takings; i++) {
        const Packs__Taking *taking = packs->takings[i];
        char time[32], digest[2 * CITY_DIGEST_BYTES + 1];
        session_time(session, taking->recorded_at_us, time);
        hex_encode(taking->pack->digest.data, CITY_DIGEST_BYTES, digest);
        table_cell(table, time);
        table_cell_format(table, "%s%s%s", taking->pack->name, taking->pack->is_back ? " " : "",
                          taking->pack->is_back ? session_word(session, "taken_back") : "");
        table_cell_format(table, "%.*s", SHORT_DIGEST, digest);
        table_cell(table, taking->actor);
        table_cell(table, taking->pack->note);
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_takings_json(const Packs__GetPacksResponse *packs)
{
    for (size_t i = 0; i < packs->n_takings; i++) {
        const Packs__Taking *taking = packs->takings[i];
        char digest[2 * CITY_DIGEST_BYTES + 1], before[2 * CITY_DIGEST_BYTES + 1] = "", time[32];
        hex_encode(taking->pack->digest.data, CITY_DIGEST_BYTES, digest);
        if (taking->pack->before.len == CITY_DIGEST_BYTES) {
            hex_encode(taking->pack->before.data, CITY_DIGEST_BYTES, before);
        }
        civil_format_utc(taking->recorded_at_us, time);
        json_t *json = json_pack(
            "{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "offset", output_count(taking->offset),
            "at", time, "name", taking->pack->name, "digest", digest, "before", before, "actor",
            taking->actor, "note", taking->pack->note, "is_back", (int)taking->pack->is_back);
        output_json(json);
        json_decref(json);
    }
}

static void tell_different(const struct city_force forces[CITY_SERVICES])
{
    fputs("vafa: the services do not have the same pack in force:\n", stderr);
    for (size_t i = 0; i < CITY_SERVICES; i++) {
        char digest[2 * CITY_DIGEST_BYTES + 1];
        hex_encode(forces[i].digest, CITY_DIGEST_BYTES, digest);
        fprintf(stderr, "  %-9s %.*s\n", output_service(city_services[i]), SHORT_DIGEST, digest);
    }
    fputs("Repeat the `vafa city take` or `vafa city back` that was broken off.\n", stderr);
}

static int run_city_history(struct session *session)
{
    struct error err = ERROR_NONE;
    struct city_force forces[CITY_SERVICES];
    struct vafa_call call = {0};
    const Packs__GetPacksResponse *packs = NULL;
    enum status status = cmd_city_ask_all(session, forces, &err);
    if (status == STATUS_OK) {
        status = ask(session, city_services[0], TAKINGS_MAX, &call, &packs, &err);
    }
    if (status == STATUS_OK && session->json) {
        print_takings_json(packs);
    } else if (status == STATUS_OK && packs->n_takings > 0) {
        print_takings(session, packs);
    } else if (status == STATUS_OK) {
        puts(session_word(session, "no_pack_taken"));
    }
    vafa_call_fini(&call);
    if (status != STATUS_OK) {
        return output_error(&err);
    }
    if (!cmd_city_is_one(forces)) {
        tell_different(forces);
        return EXIT_WRONG;
    }
    return EXIT_DONE;
}

const struct command command_city_history = {
    .name = "city history",
    .arguments = "",
    .summary = "which packs were taken when, by whom and why",
    .help =
        "The packs that were taken while the services ran, as routing recorded them, the newest "
        "(which is in force) first; at most 100. With --json one object a line, with the whole "
        "digests.\n"
        "Exit status 5: the services do not all have the same pack in force.",
    .examples = "vafa city history\nvafa city history --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_city_history,
};
