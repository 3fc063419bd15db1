/* A session opens nothing that its command does not use: checking a pack needs no server. */
#include "clients/vafa/session.h"

#include "base/check.h"
#include "city/city_find.h"
#include "clients/vafa/output.h"

#include "vafa/health/v1/health.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define KNOCK_MS 1000u /* a server that is just being started again is found within it */

static enum status read_role(const char *text, enum rpc_role *ret_role, struct error *err)
{
    static const struct {
        const char *name;
        enum rpc_role role;
    } roles[] = {
        {"front-end", RPC_ROLE_FRONT_END},   {"office", RPC_ROLE_OFFICE},
        {"leadership", RPC_ROLE_LEADERSHIP}, {"import", RPC_ROLE_IMPORT},
        {"admin", RPC_ROLE_ADMIN},
    };
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i].name, text) == 0) {
            *ret_role = roles[i].role;
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, "role",
                     "\"%s\" is none of front-end, office, leadership, import, admin", text);
}

static enum status check_language(const struct args *args, struct error *err)
{
    const char *language = args_value(args, "lang");
    if (language != NULL && strcmp(language, "fa") != 0 && strcmp(language, "en") != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "lang", "it is fa or en, not \"%s\"",
                         language);
    }
    return STATUS_OK;
}

static enum status read_common(struct session *session, struct error *err)
{
    const struct args *args = &session->args;
    uint64_t timeout_s = 0;
    session->role = session->command->role;
    enum status status = check_language(args, err);
    if (status == STATUS_OK) {
        status = args_number(args, "timeout", 1, 300, 10, &timeout_s, err);
    }
    if (status == STATUS_OK && args_has(args, "role")) {
        status = read_role(args_value(args, "role"), &session->role, err);
    }
    session->timeout_ms = (uint32_t)timeout_s * 1000;
    session_end_in(session, session->timeout_ms);
    return status;
}

enum status session_init(struct session *session, const struct command *command, int argc,
                         char **argv, struct error *err)
{
    memset(session, 0, sizeof(*session));
    session->command = command;
    enum status status =
        args_parse(&session->args, command->options, common_options, argc, argv, err);
    if (status != STATUS_OK || args_has(&session->args, "help")) {
        return status;
    }
    session->json = args_has(&session->args, "json");
    size_t count = session->args.argument_count;
    if (count < command->arguments_min) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "%s is missing: vafa %s %s",
                         command->arguments, command->name, command->arguments);
    }
    if (count > command->arguments_max) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "\"%s\" is one argument too many",
                         session->args.arguments[command->arguments_max]);
    }
    return read_common(session, err);
}

void session_fini(struct session *session)
{
    vafa_close(session->vafa);
    city_free(session->city);
}

void session_end_in(struct session *session, uint32_t ms)
{
    session->end_us = ms != 0 ? clock_mono_us(clock_system()) + ms * MS_US : 0;
    if (session->vafa != NULL) {
        vafa_end_by(session->vafa, session->end_us);
    }
}

enum status session_client(struct session *session, struct vafa **ret_vafa, struct error *err)
{
    if (session->vafa == NULL) {
        const struct args *args = &session->args;
        struct vafa_options options = {
            .connect = args_value(args, "connect"),
            .data = args_value(args, "data"),
            .name = args_value(args, "name"),
            .unit = args_value(args, "unit"),
            .role = session->role,
            .deadline_ms = session->timeout_ms,
            .patience_ms = session->patience_ms,
            .knock_ms = session->patience_ms == 0 ? KNOCK_MS : 0,
        };
        if (options.unit != NULL && strcmp(options.unit, "*") == 0) {
            options.unit = NULL; /* every unit's tasks are asked for: nobody speaks for all */
        }
        enum status status = vafa_open(&session->vafa, &options, err);
        if (status != STATUS_OK) {
            return status;
        }
        vafa_end_by(session->vafa, session->end_us);
    }
    *ret_vafa = session->vafa;
    return STATUS_OK;
}

enum status session_call(struct session *session, struct vafa_call *call, struct error *err)
{
    struct vafa *vafa;
    enum status status = session_client(session, &vafa, err);
    if (status == STATUS_OK) {
        status = vafa_call_wait(vafa, call);
        if (status != STATUS_OK) {
            *err = call->error;
        }
    }
    return status;
}

/* --- the pack --- */

enum status session_ask_city(struct session *session, char ret_name[256], struct error *err)
{
    Health__GetVersionRequest request = HEALTH__GET_VERSION_REQUEST__INIT;
    struct vafa_call call = {.to = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                             .service = &health__health__descriptor,
                             .method = "GetVersion",
                             .request = &request.base};
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const char *name = ((const Health__GetVersionResponse *)call.response)->city;
        snprintf(ret_name, 256, "%s", name);
        /* A name only: what a server says must not lead to any other folder. */
        if (strchr(name, '/') != NULL) {
            status = error_set(err, STATUS_INTERNAL, "city", "the server's city is no name");
        }
    }
    vafa_call_fini(&call);
    return status;
}

const struct city *session_city(struct session *session, struct error *err)
{
    struct error ignored;
    char name[256];
    char folder[CITY_FOLDER_SIZE];
    err = err != NULL ? err : &ignored;
    if (session->city != NULL) {
        return session->city;
    }
    if (session->city_sought && err == &ignored) {
        return NULL; /* for names only: once is enough */
    }
    session->city_sought = true;
    const char *given = args_value(&session->args, "city");
    enum status status = given != NULL ? STATUS_OK : session_ask_city(session, name, err);
    if (status == STATUS_OK) {
        status = city_find(given != NULL ? given : name, folder, err);
    }
    if (status == STATUS_OK) {
        status = city_load(&session->city, folder, err);
    }
    return status == STATUS_OK ? session->city : NULL;
}

const char *session_language(struct session *session)
{
    if (session->language[0] == '\0') {
        const char *given = args_value(&session->args, "lang");
        const char *environment = getenv("VAFA_LANG");
        const char *language = "en";
        if (given != NULL) {
            language = given;
        } else if (environment != NULL &&
                   (strcmp(environment, "fa") == 0 || strcmp(environment, "en") == 0)) {
            language = environment;
        } else if (session_city(session, NULL) != NULL) {
            language = city_language(session->city);
        }
        snprintf(session->language, sizeof(session->language), "%s", language);
    }
    return session->language;
}

static bool is_persian(struct session *session)
{
    return strcmp(session_language(session), "fa") == 0;
}

const char *session_topic(struct session *session, const char *key)
{
    const struct city *city = session_city(session, NULL);
    const struct city_topic *topic = city != NULL ? city_topic(city, key) : NULL;
    return topic == NULL ? key : is_persian(session) ? topic->name_fa : topic->name_en;
}

const char *session_unit(struct session *session, const char *key)
{
    const struct city *city = session_city(session, NULL);
    const struct city_unit *unit = city != NULL ? city_unit(city, key) : NULL;
    return unit == NULL ? key : is_persian(session) ? unit->name_fa : unit->name_en;
}

const char *session_area(struct session *session, const char *key)
{
    const struct city *city = session_city(session, NULL);
    const struct city_area *area = city != NULL ? city_area(city, key) : NULL;
    return area == NULL ? key : is_persian(session) ? area->name_fa : area->name_en;
}

/* --- times --- */

void session_time(struct session *session, int64_t us, char out[32])
{
    const struct city *city = us != 0 ? session_city(session, NULL) : NULL;
    if (us == 0) {
        out[0] = '\0';
    } else if (city != NULL) {
        civil_format(city_civil(city), us, out);
    } else {
        civil_format_utc(us, out);
    }
}

enum status session_read_time(struct session *session, const char *option, int64_t fallback,
                              int64_t *ret_us, struct error *err)
{
    const char *text = args_value(&session->args, option);
    if (text == NULL) {
        *ret_us = fallback;
        return STATUS_OK;
    }
    const struct city *city = session_city(session, err);
    if (city == NULL) {
        return err->status;
    }
    return civil_parse(city_civil(city), text, clock_wall_us(clock_system()), option, ret_us, err);
}

/* --- positions --- */

static bool tell_waiting(void *context, Common__ServiceId waiting_for)
{
    (void)context;
    output_progress("waiting for %s to catch up …", output_service(waiting_for));
    return true;
}

enum status session_settle(struct session *session, struct vafa_position ret_heads[5],
                           struct error *err)
{
    struct vafa *vafa;
    const struct vafa_wait wait = {.tell = tell_waiting};
    enum status status = session_client(session, &vafa, err);
    if (status == STATUS_OK) {
        status = vafa_wait_settled(vafa, ret_heads, &wait, err);
    }
    output_progress_end();
    return status;
}

void session_at_least(struct vafa_call *call, const struct vafa_position heads[5], int from, int to)
{
    for (int id = from; id <= to; id++) {
        CHECK(call->at_least_count < VAFA_AT_LEAST_MAX);
        call->at_least[call->at_least_count++] = &heads[id].position;
    }
}
