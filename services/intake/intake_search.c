/*
 * Searching: requests from the newest back, each looked at once, until the page is full or so many were
 * looked at. By phone only that citizen's are; a code or an external name leads to one.
 *
 * A page's token is the number of the last request that was looked at: new requests have higher
 * numbers, so they move nothing on the pages to come. Citizens' words are sealed and not searched: an
 * index of them would have to be forgotten with the citizen.
 */
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"

#include "service/keyring.h"
#include "text/fold.h"
#include "text/phone.h"
#include "text/utf8.h"

#include <string.h>

#define EXAMINED_MAX 2000 /* for one page */
#define ASKED_EVERY 64    /* whether somebody still waits for it */
#define PLACE_WORDS_MAX 100

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

static enum status check_key(const char *key, size_t bytes_max, const char *field,
                             struct error *err)
{
    return key[0] == '\0' ? STATUS_OK : text_check_key(key, bytes_max, field, err);
}

static enum status check_span(const Intake__SearchCasesRequest *request, struct error *err)
{
    if (request->from_us < 0 || request->until_us < 0 ||
        (request->until_us != 0 && request->until_us <= request->from_us)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "until_us",
                         "must be later than from_us, and neither before 1970");
    }
    return STATUS_OK;
}

enum status intake_check_search(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    const Intake__SearchCasesRequest *request = (const Intake__SearchCasesRequest *)message;
    char e164[PHONE_E164_SIZE];
    uint32_t page_size;
    (void)caller;
    enum status status = intake_rules_page_size(request->page_size, &page_size, err);
    if (status == STATUS_OK && request->phone[0] != '\0') {
        status = phone_normalise(city_phone_plan(city), request->phone, e164, err);
    }
    if (status == STATUS_OK) {
        status = check_key(request->source, INTAKE_EXTERNAL_BYTES_MAX, "source", err);
    }
    if (status == STATUS_OK) {
        status = check_key(request->external_id, INTAKE_EXTERNAL_BYTES_MAX, "external_id", err);
    }
    if (status == STATUS_OK && request->external_id[0] != '\0' && request->source[0] == '\0') {
        status =
            error_set(err, STATUS_INVALID_ARGUMENT, "source", "must be given with external_id");
    }
    if (status == STATUS_OK) {
        status = check_key(request->topic, CITY_KEY_SIZE_MAX, "topic", err);
    }
    if (status == STATUS_OK) {
        status = check_key(request->area, CITY_KEY_SIZE_MAX, "area", err);
    }
    if (status == STATUS_OK) {
        status = text_check(request->place_words, PLACE_WORDS_MAX, "place_words", err);
    }
    if (status == STATUS_OK && protobuf_c_enum_descriptor_get_value(&intake__case_state__descriptor,
                                                                    (int)request->state) == NULL) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "state", "%d is no state of a request",
                           (int)request->state);
    }
    return status == STATUS_OK ? check_span(request, err) : status;
}

/* A search while it goes on. */
struct search {
    struct read *r;
    const Intake__SearchCasesRequest *request;
    uint64_t citizen;    /* whose requests; 0: anybody's */
    uint64_t only;       /* the one request that a code or an external name leads to; 0: any */
    bool is_vain;        /* nothing can fit */
    struct buffer words; /* folded; empty: any place */
    struct arena *scratch;
};

/* --- what fits --- */

static bool has_words(struct search *search, const Common__Place *place)
{
    struct buffer folded = BUFFER_EMPTY;
    if (search->words.size == 0) {
        return true;
    }
    if (place == NULL) {
        return false;
    }
    const char *parts[] = {place->neighbourhood, place->street, place->landmark};
    bool is_read = true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        is_read = is_read && text_fold(parts[i], &folded, NULL) == STATUS_OK;
        buffer_append_text(&folded, "\n");
    }
    bool has = is_read && strstr(buffer_text(&folded), buffer_text(&search->words)) != NULL;
    buffer_fini(&folded);
    return has;
}

static bool fits_key(const char *asked, const char *key)
{
    return asked[0] == '\0' || strcmp(asked, key) == 0;
}

static bool fits(struct search *search, const struct intake_case *found)
{
    const Intake__SearchCasesRequest *request = search->request;
    const Intake__RequestRegistered *one = found->registered;
    return fits_key(request->topic, one->topic) &&
           fits_key(request->area, one->place == NULL ? "" : one->place->area) &&
           fits_key(request->source, one->source) &&
           fits_key(request->external_id, one->external_id) &&
           (search->citizen == 0 || one->citizen == search->citizen) &&
           found->occurred_at_us >= request->from_us &&
           (request->until_us == 0 || found->occurred_at_us < request->until_us) &&
           has_words(search, one->place);
}

/* Whether the story says so; read and told in the scratch, of which nothing stays. */
static enum status examine_state(struct search *search, const struct intake_case *found,
                                 struct intake_story *ret_story, bool *ret_fits)
{
    struct read aside = *search->r;
    aside.arena = search->scratch;
    enum status status = intake_read_story(&aside, found, search->scratch, ret_story);
    const Intake__Case *told =
        status == STATUS_OK ? intake_tell_case(&aside, found, ret_story) : NULL;
    if (status == STATUS_OK && told == NULL) {
        return refuse_memory(search->r);
    }
    *ret_fits = status == STATUS_OK &&
                (search->request->state == INTAKE__CASE_STATE__CASE_STATE_UNSPECIFIED ||
                 search->request->state == told->state);
    return status;
}

/* The request told, when it fits; NULL in *ret_case when it does not. */
static enum status examine(struct search *search, uint64_t number, Intake__Case **ret_case)
{
    struct read *r = search->r;
    struct intake_case found;
    struct intake_story story;
    bool is_asked = false;
    arena_reset(search->scratch);
    *ret_case = NULL;
    if (!intake_tables_case_find(r->txn, number, search->scratch, &found)) {
        return txn_error(r->txn, r->error); /* a code may stand for no request */
    }
    if (!fits(search, &found)) {
        return STATUS_OK;
    }
    enum status status = examine_state(search, &found, &story, &is_asked);
    if (status != STATUS_OK || !is_asked) {
        return status;
    }
    /* Again, to stay: what an answer points to lives in its arena. */
    if (!intake_tables_case_find(r->txn, number, r->arena, &found)) {
        return refuse_memory(r);
    }
    *ret_case = intake_tell_case(r, &found, &story);
    return *ret_case == NULL ? refuse_memory(r) : STATUS_OK;
}

/* --- the way back --- */

/* The next lower number to be looked at, 0 behind the last. `before` 0: from the newest on. */
static uint64_t next_number(struct search *search, uint64_t before)
{
    uint64_t number = 0;
    if (search->is_vain) {
        return 0;
    }
    if (search->only != 0) {
        return before == 0 || search->only < before ? search->only : 0;
    }
    if (search->citizen != 0) {
        return intake_tables_citizen_cases(search->r->txn, search->citizen, before, &number, 1) > 0
                   ? number
                   : 0;
    }
    uint64_t last = intake_tables_last_number(search->r->txn);
    return before == 0 || before > last ? last : before - 1;
}

static enum status fill_page(struct search *search, size_t page_size,
                             Intake__SearchCasesResponse *response)
{
    enum status status = STATUS_OK;
    uint64_t number = next_number(search, search->request->page_token);
    size_t examined = 0;
    size_t bytes = 0;
    response->cases = arena_alloc(search->r->arena, page_size * sizeof(*response->cases));
    if (response->cases == NULL) {
        return refuse_memory(search->r);
    }
    while (status == STATUS_OK && number != 0) {
        Intake__Case *one = NULL;
        status = examined % ASKED_EVERY == ASKED_EVERY - 1 ? read_wanted(search->r) : STATUS_OK;
        if (status == STATUS_OK) {
            status = examine(search, number, &one);
        }
        if (one != NULL) {
            response->cases[response->n_cases++] = one;
            bytes += protobuf_c_message_get_packed_size(&one->base);
        }
        examined++;
        uint64_t next = next_number(search, number);
        if (next != 0 && (response->n_cases == page_size || examined == EXAMINED_MAX ||
                          bytes >= INTAKE_LIST_BYTES_MAX)) {
            response->next_page_token = number;
            break;
        }
        number = next;
    }
    return status;
}

/* What leads to few requests at once. */
static enum status begin(struct search *search)
{
    struct read *r = search->r;
    const Intake__SearchCasesRequest *request = search->request;
    char e164[PHONE_E164_SIZE];
    enum status status = STATUS_OK;
    if (request->phone[0] != '\0') {
        status = phone_normalise(city_phone_plan(r->city), request->phone, e164, r->error);
        search->citizen = status == STATUS_OK ? keyring_find_phone(r->keyring, r->txn, e164) : 0;
        search->is_vain = search->citizen == 0;
    }
    if (status == STATUS_OK && request->code[0] != '\0') {
        status = intake_tables_code_number(r->txn, request->code, &search->only, r->error);
        search->is_vain = search->is_vain || search->only == 0;
    }
    if (status == STATUS_OK && request->external_id[0] != '\0' && request->code[0] == '\0') {
        search->only =
            intake_tables_external_find(r->txn, request->source, request->external_id, r->arena);
        search->is_vain = search->is_vain || search->only == 0;
    }
    if (status == STATUS_OK) {
        status = text_fold(request->place_words, &search->words, r->error);
    }
    return status;
}

enum status intake_read_search(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    struct search search = {
        .r = r,
        .request = (const Intake__SearchCasesRequest *)message,
        .words = BUFFER_EMPTY,
        .scratch = arena_new(INTAKE_STORY_ARENA_BYTES),
    };
    uint32_t page_size = 0;
    enum status status = intake_rules_page_size(search.request->page_size, &page_size, r->error);
    if (status == STATUS_OK) {
        status = begin(&search);
    }
    if (status == STATUS_OK) {
        status = fill_page(&search, page_size, (Intake__SearchCasesResponse *)answer);
    }
    buffer_fini(&search.words);
    arena_free(search.scratch);
    return status;
}
