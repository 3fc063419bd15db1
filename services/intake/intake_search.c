/*
 * Searching: requests from the newest back, each looked at once, until the page is full or so many were
 * looked at. By phone only that citizen's are; a code or an external name leads to one.
 *
 * A page's token is the number of the last request that was looked at: new requests have higher
 * numbers, so they move nothing on the pages to come. Citizens' words are sealed and not searched here:
 * see intake_search_words.c.
 */
#include "services/intake/intake_search.h"

#include "services/intake/intake_rules.h"
#include "services/intake/intake_rules_search.h"

#include "base/plant.h"
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
                         "the end must be later than the beginning, and neither before 1970");
    }
    return STATUS_OK;
}

enum status intake_search_check(const struct city *city, const Intake__SearchCasesRequest *request,
                                struct error *err)
{
    char e164[PHONE_E164_SIZE];
    uint32_t page_size;
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
    if (status == STATUS_OK) {
        status = intake_rules_check_asked(city, request->topic, request->answers,
                                          request->n_answers, err);
    }
    return status == STATUS_OK ? check_span(request, err) : status;
}

enum status intake_check_search(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err)
{
    (void)caller;
    return intake_search_check(city, (const Intake__SearchCasesRequest *)request, err);
}

/* --- what fits --- */

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
           intake_rules_is_in_place(buffer_text(&search->words), one->place) &&
           intake_rules_are_answered(search->r->city, one, request->answers, request->n_answers);
}

/* Whether the story says so; read and told in the scratch, of which nothing stays. */
static enum status is_in_state(struct search *search, const struct intake_case *found,
                               bool *ret_fits)
{
    struct read aside = *search->r;
    struct intake_story story;
    aside.arena = search->scratch;
    search->stories++;
    enum status status = intake_read_story(&aside, found, search->scratch, &story);
    const Intake__Case *told = status == STATUS_OK ? intake_tell_case(&aside, found, &story) : NULL;
    if (status == STATUS_OK && told == NULL) {
        return refuse_memory(search->r);
    }
    *ret_fits = status == STATUS_OK && search->request->state == told->state;
    return status;
}

enum status intake_search_examine(struct search *search, uint64_t number,
                                  struct intake_case *ret_case, bool *ret_fits)
{
    struct read *r = search->r;
    arena_reset(search->scratch);
    *ret_fits = false;
    if (!intake_tables_case_find(r->txn, number, search->scratch, ret_case)) {
        return txn_error(r->txn, r->error); /* a code may stand for no request */
    }
    *ret_fits = fits(search, ret_case);
    return *ret_fits && search->request->state != INTAKE__CASE_STATE__CASE_STATE_UNSPECIFIED
               ? is_in_state(search, ret_case, ret_fits)
               : STATUS_OK;
}

/* The request told, when it fits; NULL in *ret_case when it does not. */
static enum status examine(struct search *search, uint64_t number, Intake__Case **ret_case)
{
    struct intake_case found;
    bool is_asked = false;
    *ret_case = NULL;
    enum status status = intake_search_examine(search, number, &found, &is_asked);
    return status == STATUS_OK && is_asked
               ? intake_read_case(search->r, number, search->scratch, ret_case)
               : status;
}

/* --- the way back --- */

uint64_t intake_search_next(struct search *search, uint64_t before)
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
    return intake_tables_next_number(search->r->txn, before - 1, true); /* 0 wraps to the highest */
}

static enum status fill_page(struct search *search, size_t page_size,
                             Intake__SearchCasesResponse *response)
{
    enum status status = STATUS_OK;
    uint64_t number = intake_search_next(search, search->request->page_token);
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
        uint64_t next = intake_search_next(search, number);
        if (next != 0 && (response->n_cases == page_size || examined == EXAMINED_MAX ||
                          bytes >= INTAKE_LIST_BYTES_MAX)) {
            response->next_page_token = PLANTED("page_skips_one") ? next : number;
            break;
        }
        number = next;
    }
    return status;
}

/* What leads to few requests at once. */
enum status intake_search_begin(struct search *search)
{
    struct read *r = search->r;
    const Intake__SearchCasesRequest *request = search->request;
    char e164[PHONE_E164_SIZE];
    enum status status = STATUS_OK;
    search->words = (struct buffer)BUFFER_EMPTY;
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

void intake_search_end(struct search *search)
{
    buffer_fini(&search->words);
}

enum status intake_read_search(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    struct search search = {
        .r = r,
        .request = (const Intake__SearchCasesRequest *)message,
        .scratch = arena_new(INTAKE_STORY_ARENA_BYTES),
    };
    uint32_t page_size = 0;
    enum status status = intake_search_begin(&search);
    if (status == STATUS_OK) {
        status = intake_rules_page_size(search.request->page_size, &page_size, r->error);
    }
    if (status == STATUS_OK) {
        status = fill_page(&search, page_size, (Intake__SearchCasesResponse *)answer);
    }
    intake_search_end(&search);
    arena_free(search.scratch);
    return status;
}
