/* The city's pack: which one it is, and the names, times and language that come from it. */
#include "city/city_find.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "service/city_note.h"
#include "text/utf8.h"

#include "vafa/health/v1/health.pb-c.h"

#include <stdlib.h>
#include <string.h>

/* --- the pack --- */

#define CITY_NAME_SIZE 256 /* as callers have room */

/* A name only: what a server says must not lead to any other folder. */
static bool is_city_name(const char *text)
{
    return text[0] != '\0' && text[0] != '.' && strchr(text, '/') == NULL &&
           text_check_key(text, CITY_NAME_SIZE - 1, "city", NULL) == STATUS_OK;
}

enum status session_ask_city(struct session *session, char ret_name[256], uint8_t ret_digest[32],
                             struct error *err)
{
    Health__GetVersionRequest request = HEALTH__GET_VERSION_REQUEST__INIT;
    struct vafa_call call = {.to = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                             .service = &health__health__descriptor,
                             .method = "GetVersion",
                             .request = &request.base};
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Health__GetVersionResponse *version =
            (const Health__GetVersionResponse *)call.response;
        if (!is_city_name(version->city)) {
            status = error_set(err, STATUS_INTERNAL, "city", "the server's city is no name");
        } else if (ret_digest != NULL && version->city_digest.len != 32) {
            status = error_set(err, STATUS_INTERNAL, "city", "the server's pack has no digest");
        } else if (ret_digest != NULL) {
            memcpy(ret_digest, version->city_digest.data, 32);
        }
        if (status == STATUS_OK) {
            strcpy(ret_name, version->city);
        }
    }
    vafa_call_fini(&call);
    return status;
}

/* The pack that the data folder remembers. */
static enum status read_own_city(struct session *session, struct city_note *ret_note,
                                 struct error *err)
{
    struct vafa *vafa;
    enum status status = session_client(session, &vafa, err);
    if (status != STATUS_OK) {
        return status;
    }
    const char *data = vafa_data(vafa);
    if (data == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "city", "the data folder is not known");
    }
    return city_note_read(data, ret_note, err);
}

static enum status load(const char *name_or_folder, struct city **ret_city, struct error *err)
{
    char folder[CITY_FOLDER_SIZE];
    enum status status = city_find(name_or_folder, folder, err);
    return status == STATUS_OK ? city_load(ret_city, folder, err) : status;
}

/* The pack in force, from this machine when it is the same here. A server of before gives no files: then what lies here under its
 * name is better than nothing. */
static enum status ask_for_city(struct session *session, struct error *err)
{
    char name[CITY_NAME_SIZE];
    uint8_t digest[32];
    struct city *here = NULL;
    enum status status = session_ask_city(session, name, digest, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_here = load(name, &here, NULL) == STATUS_OK;
    if (is_here && bytes_equal(city_digest(here), bytes_of(digest, sizeof digest))) {
        session->city = here;
        return STATUS_OK;
    }
    status = session_fetch_city(session, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, NULL,
                                &session->city, err);
    if (status == STATUS_UNIMPLEMENTED && is_here) {
        session->city = here;
        return STATUS_OK;
    }
    city_free(here);
    return status;
}

/* The pack that the data folder remembers; NULL: it is not on this machine. *ret_is_same: the one that was served last, and not
 * changed in place since. */
static struct city *own_city(struct session *session, bool *ret_is_same)
{
    struct city_note own;
    struct city *city = NULL;
    char digest[CITY_NOTE_DIGEST_SIZE];
    if (read_own_city(session, &own, NULL) != STATUS_OK ||
        load(own.taken[0] != '\0' ? own.taken : own.pack, &city, NULL) != STATUS_OK) {
        return NULL;
    }
    hex_encode(city_digest(city).data, city_digest(city).size, digest);
    *ret_is_same = own.taken[0] != '\0' /* nobody but the services writes there */ ||
                   strcmp(digest, own.digest) == 0;
    return city;
}

/* Where that pack is not known, or is another by now, the server's own is taken; without a server it is better than nothing. */
static enum status seek_city(struct session *session, struct error *err)
{
    bool is_same = false;
    const char *given = args_value(&session->args, "city");
    if (given != NULL) {
        return load(given, &session->city, err);
    }
    struct city *own = own_city(session, &is_same);
    if (is_same || (own != NULL && ask_for_city(session, NULL) != STATUS_OK)) {
        session->city = own;
        return STATUS_OK;
    }
    city_free(own);
    return session->city != NULL ? STATUS_OK : ask_for_city(session, err);
}

const struct city *session_city(struct session *session, struct error *err)
{
    if (!session->city_sought) {
        session->city_sought = true;
        (void)seek_city(session, &session->no_city); /* kept for whoever asks */
    }
    if (session->city == NULL && err != NULL) {
        *err = session->no_city;
    }
    return session->city;
}

/* For showing: without a pack keys and UTC do, and that is said once. That there is no server is
 * said by the command itself. */
static const struct city *city_to_show(struct session *session)
{
    const struct city *city = session_city(session, NULL);
    enum status why = session->no_city.status;
    if (city == NULL && !session->city_told && why != STATUS_UNAVAILABLE &&
        why != STATUS_DEADLINE_EXCEEDED) {
        session->city_told = true;
        output_foreign(stderr, "vafa: keys and UTC are shown, no names: ", session->no_city.message,
                       "");
    }
    return city;
}

/* By option or environment; NULL: neither. */
static const char *language_asked_for(const struct session *session)
{
    const char *given = args_value(&session->args, "lang");
    const char *language = given != NULL ? given : getenv("VAFA_LANG");
    return language != NULL && (strcmp(language, "fa") == 0 || strcmp(language, "en") == 0)
               ? language
               : NULL;
}

const char *session_language(struct session *session)
{
    if (session->language[0] == '\0') {
        const char *language = language_asked_for(session);
        if (language == NULL) {
            const struct city *city = session_city(session, NULL);
            language = city != NULL ? city_language(city) : "en";
        }
        snprintf(session->language, sizeof(session->language), "%s", language);
    }
    return session->language;
}

const char *session_word(struct session *session, const char *word)
{
    return label_word(word, session_language(session));
}

const char *session_language_known(struct session *session)
{
    struct city_note own;
    const char *language = language_asked_for(session);
    if (session->language[0] != '\0' || session->city_sought) {
        return session_language(session);
    }
    if (language == NULL && read_own_city(session, &own, NULL) == STATUS_OK &&
        load(own.taken[0] != '\0' ? own.taken : own.pack, &session->city, NULL) == STATUS_OK) {
        session->city_sought = true;
        language = city_language(session->city);
    }
    return language != NULL ? language : "en";
}

static bool is_persian(struct session *session)
{
    return strcmp(session_language(session), "fa") == 0;
}

const char *session_topic(struct session *session, const char *key)
{
    const struct city *city = city_to_show(session);
    const struct city_topic *topic = city != NULL ? city_topic(city, key) : NULL;
    return topic == NULL ? key : is_persian(session) ? topic->name_fa : topic->name_en;
}

const char *session_unit(struct session *session, const char *key)
{
    const struct city *city = city_to_show(session);
    const struct city_unit *unit = city != NULL ? city_unit(city, key) : NULL;
    return unit == NULL ? key : is_persian(session) ? unit->name_fa : unit->name_en;
}

const char *session_area(struct session *session, const char *key)
{
    const struct city *city = city_to_show(session);
    const struct city_area *area = city != NULL ? city_area(city, key) : NULL;
    return area == NULL ? key : is_persian(session) ? area->name_fa : area->name_en;
}

const char *session_role(struct session *session, const char *key, const char *unit)
{
    const struct city *city = city_to_show(session);
    const struct city_step *step = city != NULL ? city_role(city, key, unit) : NULL;
    return step == NULL ? key : is_persian(session) ? step->name_fa : step->name_en;
}

/* --- times --- */

void session_time(struct session *session, int64_t us, char out[32])
{
    const struct city *city = us != 0 ? city_to_show(session) : NULL;
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
