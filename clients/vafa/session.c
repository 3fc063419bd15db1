/* A session opens nothing that its command does not use: checking a pack needs no server. */
#include "clients/vafa/session.h"

#include "base/check.h"
#include "clients/vafa/output.h"

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

static enum status read_key(struct session *session, struct error *err)
{
    const char *text = args_value(&session->args, "key");
    session->key_given = text != NULL;
    if (text != NULL &&
        (strlen(text) != 2 * UUID_BYTES || !hex_decode(text, session->key, UUID_BYTES))) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "key",
                         "it has 32 hexadecimal digits, as they were told when no answer came");
    }
    return STATUS_OK;
}

ProtobufCBinaryData session_key(struct session *session)
{
    char text[2 * UUID_BYTES + 1];
    if (!session->key_given) {
        (void)vafa_new_key(session->key);
    }
    session->key_given = false;
    hex_encode(session->key, UUID_BYTES, text);
    output_retry_key(text);
    return (ProtobufCBinaryData){UUID_BYTES, session->key};
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
    if (status == STATUS_OK) {
        status = read_key(session, err);
    }
    session->timeout_ms = (uint32_t)timeout_s * 1000;
    session_end_in(session, session->timeout_ms);
    return status;
}

static const char *error_language(void *context)
{
    return session_language_known(context);
}

/* Before the command line is read: what is wrong with it is told so, too. */
static bool asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

enum status session_init(struct session *session, const struct command *command, int argc,
                         char **argv, struct error *err)
{
    memset(session, 0, sizeof(*session));
    session->command = command;
    output_speak(&(struct output_voice){.command = command,
                                        .json = asks_for_json(argc, argv),
                                        .language = error_language,
                                        .context = session});
    enum status status = args_parse(&session->args, command->options,
                                    commands_common_options(command), argc, argv, err);
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
    output_speak(NULL);
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

char *session_text(const struct session *session, const char *option)
{
    return (char *)(uintptr_t)args_text(&session->args, option);
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
        if (status != STATUS_OK && err != NULL) {
            *err = call->error;
        }
    }
    return status;
}

enum status session_lacks(const char *what, struct error *err)
{
    return error_set(err, STATUS_INTERNAL, what, "the server's answer has none in it");
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
