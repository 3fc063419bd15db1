/*
 * Searching what citizens said. It is sealed, and no index of it is kept, so it is opened for each search:
 * on the writer, since who searched and what was found must be on disk before it is shown, and therefore of
 * few requests at a time. The answer kept with the key has numbers only; the rest is added by the read.
 */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_rules_search.h"
#include "services/intake/intake_search.h"

#include "service/keyring.h"
#include "text/fold.h"
#include "text/utf8.h"

#include <string.h>

#define LOOKED_MAX 500 /* for one page */
#define OPENED_MAX 100 /* of these */
#define FOUND_MAX 20

static const Intake__SearchCasesRequest every_case = INTAKE__SEARCH_CASES_REQUEST__INIT;

static const Intake__SearchCasesRequest *among(const Intake__SearchWordsRequest *request)
{
    return request->among == NULL ? &every_case : request->among;
}

static enum status check_words(const char *words, struct error *err)
{
    struct buffer folded = BUFFER_EMPTY;
    enum status status = text_require(words, INTAKE_SEARCH_WORDS_MAX, "words", err);
    if (status == STATUS_OK) {
        status = text_fold(words, &folded, err);
    }
    if (status == STATUS_OK && folded.size == 0) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "words", "hold nothing to search for");
    }
    buffer_fini(&folded);
    return status;
}

enum status intake_check_search_words(const struct city *city, const struct rpc_caller *caller,
                                      const ProtobufCMessage *message, struct error *err)
{
    const Intake__SearchWordsRequest *request = (const Intake__SearchWordsRequest *)message;
    (void)caller;
    enum status status = check_words(request->words, err);
    if (status == STATUS_OK) {
        status = text_require(request->purpose, INTAKE_PURPOSE_MAX, "purpose", err);
    }
    return status == STATUS_OK ? intake_search_check(city, among(request), err) : status;
}

/* --- decide --- */

/* A search for words while it goes on. */
struct word_search {
    struct search search;
    struct buffer words;  /* folded */
    struct buffer folded; /* what a citizen said */
    size_t looked;
    uint32_t unreadable;
    Intake__WordsSearched *searched;
};

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
}

/* All that the citizen has said of it, each part for itself. */
static enum status fold_said(const Intake__RevealCaseResponse *said, struct buffer *folded,
                             struct error *err)
{
    buffer_clear(folded);
    enum status status = text_fold(said->words, folded, err);
    for (size_t i = 0; i < said->n_added_words && status == STATUS_OK; i++) {
        buffer_append_text(folded, "\n");
        status = text_fold(said->added_words[i]->words, folded, err);
    }
    return status;
}

/* What one request holds may be damaged, and everything else is searched all the same; a table that cannot be read, or memory,
 * is another matter. */
static bool is_damaged(const struct word_search *w, enum status status)
{
    return status != STATUS_OK && status != STATUS_NOT_FOUND &&
           status != STATUS_RESOURCE_EXHAUSTED && txn_error(w->search.r->txn, NULL) == STATUS_OK;
}

/* What the forgotten said cannot be opened, and is not found. */
static enum status open_said(struct word_search *w, const struct intake_case *found,
                             bool *ret_is_said)
{
    struct read aside = *w->search.r;
    struct error err = ERROR_NONE;
    Intake__RevealCaseResponse said = INTAKE__REVEAL_CASE_RESPONSE__INIT;
    aside.arena = w->search.scratch;
    aside.error = &err;
    if (intake_tables_words_citizen(aside.txn, found, aside.arena) == 0) {
        return txn_error(aside.txn, w->search.r->error); /* nobody said anything */
    }
    enum status status = intake_read_personal(&aside, found, &said);
    if (status == STATUS_OK) {
        w->searched->opened++;
        status = fold_said(&said, &w->folded, &err);
    }
    *ret_is_said = status == STATUS_OK &&
                   intake_rules_are_said(buffer_text(&w->words), buffer_text(&w->folded));
    if (is_damaged(w, status)) {
        w->unreadable++;
        return STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        *w->search.r->error = err;
        return status;
    }
    return STATUS_OK;
}

static enum status look_at(struct word_search *w, uint64_t number)
{
    struct intake_case found;
    bool is_found = false;
    w->looked++;
    arena_reset(w->search.scratch);
    if (!intake_tables_are_events_whole(w->search.r->txn, number, w->search.scratch)) {
        w->unreadable++;
        return STATUS_OK;
    }
    uint32_t opened = w->searched->opened;
    enum status status = intake_search_examine(&w->search, number, &found, &is_found);
    if (status == STATUS_OK && is_found) {
        is_found = false;
        status = open_said(w, &found, &is_found);
    }
    if (status == STATUS_OK && w->searched->opened > opened) {
        w->searched->first = w->searched->first == 0 ? number : w->searched->first;
        w->searched->last = number;
    }
    if (status == STATUS_OK && is_found) {
        w->searched->found[w->searched->n_found++] = number;
    }
    return status;
}

static enum status fill_page(struct word_search *w, size_t page_size, uint64_t *ret_token)
{
    enum status status = STATUS_OK;
    uint64_t number = intake_search_next(&w->search, w->search.request->page_token);
    while (status == STATUS_OK && number != 0) {
        status = look_at(w, number);
        uint64_t next = intake_search_next(&w->search, number);
        if (next != 0 && (w->searched->n_found == page_size || w->looked == LOOKED_MAX ||
                          w->searched->opened + w->unreadable >= OPENED_MAX ||
                          w->search.stories == OPENED_MAX)) {
            *ret_token = number;
            break;
        }
        number = next;
    }
    return status;
}

static enum status search(struct decide *d, const Intake__SearchWordsRequest *request,
                          struct arena *scratch, Intake__WordsSearched *searched,
                          Intake__SearchWordsResponse *response)
{
    struct read r = {.txn = d->txn,
                     .city = d->city,
                     .keyring = d->keyring,
                     .arena = d->arena,
                     .caller = d->caller,
                     .error = d->error,
                     .now_us = d->now_us};
    struct word_search w = {
        .search = {.r = &r, .request = among(request), .scratch = scratch},
        .words = BUFFER_EMPTY,
        .folded = BUFFER_EMPTY,
        .searched = searched,
    };
    uint32_t page_size = 0;
    enum status status = intake_search_begin(&w.search);
    if (status == STATUS_OK) {
        status = intake_rules_page_size(w.search.request->page_size, &page_size, d->error);
    }
    if (status == STATUS_OK) {
        status = text_fold(request->words, &w.words, d->error);
    }
    if (status == STATUS_OK) {
        status = fill_page(&w, page_size < FOUND_MAX ? page_size : FOUND_MAX,
                           &response->next_page_token);
    }
    response->unreadable = w.unreadable;
    buffer_fini(&w.words);
    if (w.folded.data != NULL) {
        explicit_bzero(w.folded.data, w.folded.capacity);
    }
    buffer_fini(&w.folded);
    intake_search_end(&w.search);
    return status;
}

static enum status answer_numbers(struct decide *d, const Intake__WordsSearched *searched,
                                  Intake__SearchWordsResponse *response)
{
    Intake__Case *told = arena_alloc(d->arena, FOUND_MAX * sizeof(*told));
    response->cases = arena_alloc(d->arena, FOUND_MAX * sizeof(*response->cases));
    if (told == NULL || response->cases == NULL) {
        return refuse_memory(d);
    }
    for (size_t i = 0; i < searched->n_found; i++) {
        intake__case__init(&told[i]);
        told[i].number = searched->found[i];
        response->cases[response->n_cases++] = &told[i];
    }
    response->opened = searched->opened;
    return STATUS_OK;
}

/* Where nothing was opened nobody has learned anything. */
enum status intake_decide_search_words(struct decide *d, const ProtobufCMessage *message,
                                       ProtobufCMessage *answer)
{
    const Intake__SearchWordsRequest *request = (const Intake__SearchWordsRequest *)message;
    Intake__SearchWordsResponse *response = (Intake__SearchWordsResponse *)answer;
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__WordsSearched *searched = arena_alloc(d->arena, sizeof(*searched));
    uint64_t *found = arena_alloc(d->arena, FOUND_MAX * sizeof(*found));
    if (event == NULL || searched == NULL || found == NULL) {
        return refuse_memory(d);
    }
    intake__words_searched__init(searched);
    searched->purpose = request->purpose;
    searched->found = found;
    struct arena *scratch = arena_new(INTAKE_STORY_ARENA_BYTES);
    enum status status = search(d, request, scratch, searched, response);
    arena_free(scratch);
    if (status == STATUS_OK) {
        status = answer_numbers(d, searched, response);
    }
    if (status != STATUS_OK || searched->opened == 0) {
        return status;
    }
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_WORDS_SEARCHED;
    event->words_searched = searched;
    return decide_emit(d, &event->base, &(struct event_options){.ignorable = true});
}

/* --- the read, behind the commit --- */

/* Asked again with the key when the citizen has been forgotten meanwhile: nothing tells what they said. */
static enum status is_there(struct read *r, uint64_t number, bool *ret_is_there)
{
    struct intake_case found;
    struct citizen_key key;
    if (!intake_tables_case_find(r->txn, number, r->arena, &found)) {
        return txn_error(r->txn, r->error);
    }
    *ret_is_there = keyring_get(r->keyring, r->txn,
                                intake_tables_words_citizen(r->txn, &found, r->arena), &key);
    explicit_bzero(&key, sizeof(key));
    return txn_error(r->txn, r->error);
}

enum status intake_read_search_words(struct read *r, const ProtobufCMessage *message,
                                     ProtobufCMessage *answer)
{
    Intake__SearchWordsResponse *response = (Intake__SearchWordsResponse *)answer;
    struct arena *scratch = arena_new(INTAKE_STORY_ARENA_BYTES);
    enum status status = STATUS_OK;
    size_t count = 0;
    (void)message;
    for (size_t i = 0; i < response->n_cases && status == STATUS_OK; i++) {
        uint64_t number = response->cases[i]->number;
        bool has_words = false;
        status = is_there(r, number, &has_words);
        if (status == STATUS_OK && has_words) {
            status = intake_read_case(r, number, scratch, &response->cases[count++]);
        }
    }
    response->n_cases = count;
    arena_free(scratch);
    return status;
}
