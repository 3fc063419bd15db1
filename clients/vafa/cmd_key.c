/* vafa key status, change: the master key, while everything goes on. */
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/keys/v1/keys.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define FIRST COMMON__SERVICE_ID__SERVICE_ID_INTAKE
#define LAST COMMON__SERVICE_ID__SERVICE_ID_REPORT
#define IDS (LAST + 1)
#define NEWEST_BYTES 8

/* Where a service stands, kept beyond the call. */
struct keys {
    Keys__KeyState state;
    uint8_t newest[NEWEST_BYTES];
};

/* --- the four methods; they answer alike --- */

static const Keys__KeyState *state_in(const char *method, const ProtobufCMessage *response)
{
    return strcmp(method, "GetKeys") == 0 ? ((const Keys__GetKeysResponse *)response)->state
           : strcmp(method, "BeginChange") == 0
               ? ((const Keys__BeginChangeResponse *)response)->state
           : strcmp(method, "WrapKeys") == 0 ? ((const Keys__WrapKeysResponse *)response)->state
                                             : ((const Keys__EndChangeResponse *)response)->state;
}

static enum status ask(struct session *session, Common__ServiceId service, const char *method,
                       struct keys *ret_keys, struct error *err)
{
    Keys__GetKeysRequest request = KEYS__GET_KEYS_REQUEST__INIT; /* all four are empty */
    const ProtobufCServiceDescriptor *keys = &keys__keys__descriptor;
    request.base.descriptor = protobuf_c_service_descriptor_get_method_by_name(keys, method)->input;
    struct vafa_call call = {
        .to = service, .service = keys, .method = method, .request = &request.base};
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Keys__KeyState *state = state_in(method, call.response);
        if (state == NULL || (state->holds_words && state->newest.len != NEWEST_BYTES)) {
            status = session_lacks("state", err);
        } else {
            ret_keys->state = *state;
            if (state->holds_words) {
                memcpy(ret_keys->newest, state->newest.data, NEWEST_BYTES);
            }
        }
    }
    vafa_call_fini(&call);
    return status;
}

static enum status ask_all(struct session *session, const char *method, struct keys keys[IDS],
                           struct error *err)
{
    enum status status = STATUS_OK;
    for (int id = FIRST; id <= LAST && status == STATUS_OK; id++) {
        status = ask(session, (Common__ServiceId)id, method, &keys[id], err);
    }
    return status;
}

/* --- status --- */

static void print_keys(struct session *session, const struct keys keys[IDS])
{
    struct table *table = table_new(4);
    table_head(table, 0, session_word(session, "service"));
    table_head(table, 1, session_word(session, "master_keys"));
    table_head(table, 2, session_word(session, "wrapped"));
    table_head(table, 3, session_word(session, "citizens"));
    for (size_t column = 1; column < 4; column++) {
        table_align_right(table, column);
    }
    for (int id = FIRST; id <= LAST; id++) {
        if (keys[id].state.holds_words) {
            table_cell(table, output_service((Common__ServiceId)id));
            table_cell_format(table, "%" PRIu32, keys[id].state.keys);
            table_cell_format(table, "%" PRIu64, keys[id].state.wrapped_to);
            table_cell_format(table, "%" PRIu64, keys[id].state.citizens);
        }
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_keys_json(const struct keys keys[IDS])
{
    json_t *all = json_object();
    for (int id = FIRST; id <= LAST; id++) {
        const Keys__KeyState *state = &keys[id].state;
        if (state->holds_words) {
            char newest[2 * NEWEST_BYTES + 1];
            hex_encode(keys[id].newest, NEWEST_BYTES, newest);
            (void)json_object_set_new(
                all, output_service((Common__ServiceId)id),
                json_pack("{s:o, s:s, s:o, s:o, s:b}", "keys", output_count(state->keys), "newest",
                          newest, "wrapped_to", output_count(state->wrapped_to), "citizens",
                          output_count(state->citizens), "is_whole", (int)state->is_whole));
        }
    }
    output_json(all);
    json_decref(all);
}

static void show(struct session *session, const struct keys keys[IDS])
{
    if (session->json) {
        print_keys_json(keys);
    } else {
        print_keys(session, keys);
    }
}

static int run_status(struct session *session)
{
    struct error err = ERROR_NONE;
    struct keys keys[IDS] = {{.state = KEYS__KEY_STATE__INIT}};
    if (ask_all(session, "GetKeys", keys, &err) != STATUS_OK) {
        return output_error(&err);
    }
    show(session, keys);
    return EXIT_DONE;
}

const struct command command_key_status = {
    .name = "key status",
    .arguments = "",
    .summary = "how many master keys are in force, and how far a change is",
    .help =
        "Of each service that holds citizens' words: master keys in force (two while the key is "
        "being changed), and up to which citizen everything is wrapped under the newest.",
    .examples = "vafa key status\nvafa key status --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_status,
};

/* --- change --- */

static enum status wrap_all(struct session *session, struct keys keys[IDS], struct error *err)
{
    enum status status = STATUS_OK;
    for (int id = FIRST; id <= LAST && status == STATUS_OK; id++) {
        struct keys *one = &keys[id];
        while (status == STATUS_OK && one->state.holds_words && !one->state.is_whole) {
            output_progress("%s: %" PRIu64 " / %" PRIu64, output_service((Common__ServiceId)id),
                            one->state.wrapped_to, one->state.citizens);
            if (!args_has(&session->args, "timeout")) {
                session_end_in(session, RPC_DEADLINE_MS_MAX); /* of each step */
            }
            uint64_t before = one->state.wrapped_to;
            status = ask(session, (Common__ServiceId)id, "WrapKeys", one, err);
            if (status == STATUS_OK && !one->state.is_whole && one->state.wrapped_to <= before) {
                status = error_set(err, STATUS_INTERNAL, "wrapped_to", "%s does not go on",
                                   output_service((Common__ServiceId)id));
            }
        }
    }
    output_progress_end();
    return status;
}

static int run_change(struct session *session)
{
    struct error err = ERROR_NONE;
    struct keys keys[IDS] = {{.state = KEYS__KEY_STATE__INIT}};
    enum status status = ask_all(session, "BeginChange", keys, &err);
    if (status == STATUS_OK) {
        status = wrap_all(session, keys, &err);
    }
    if (status == STATUS_OK) {
        status = ask_all(session, "EndChange", keys, &err);
    }
    if (status != STATUS_OK) {
        return output_error_advised(
            &err,
            "Nothing is lost: both keys lie in the file. `vafa key change` goes on from here.");
    }
    show(session, keys);
    if (!session->json) {
        puts(session_word(session, "key_changed"));
    }
    return EXIT_DONE;
}

const struct command command_key_change = {
    .name = "key change",
    .arguments = "",
    .summary = "a new master key, while everything goes on",
    .help =
        "Puts a new key into the master key's file beside the old one, wraps every citizen's key "
        "under it, some hundred at a time, and then takes the old one out. What is sealed stays "
        "as it is. When it is broken off, begin it again.\n"
        "From then on backups from before are opened with the old key only. Keep a copy of the "
        "new key apart; destroy the copies of the old one as soon as no backup from before is "
        "needed: only then are those who were forgotten forgotten there, too.",
    .examples = "vafa key change\nvafa key change --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_change,
};
