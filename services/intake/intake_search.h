/*
 * Searching: requests from the newest back, and which of them fit what is asked (intake_search.c); by what
 * citizens said, too (intake_search_words.c).
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_SEARCH_H
#define VAFA_SERVICES_INTAKE_INTAKE_SEARCH_H

#include "services/intake/intake_internal.h"

/* A search while it goes on. `r`, `request` and `scratch` are given; begin fills the rest. */
struct search {
    struct read *r;
    const Intake__SearchCasesRequest *request;
    struct arena *scratch;
    uint64_t citizen;    /* whose requests; 0: anybody's */
    uint64_t only;       /* the one request that a code or an external name leads to; 0: any */
    bool is_vain;        /* nothing can fit */
    struct buffer words; /* of the place, folded; empty: any place */
    size_t stories;      /* that were read to know a state */
};

/* Whatever can be refused without the tables; for the page size intake_rules_page_size. */
enum status intake_search_check(const struct city *city, const Intake__SearchCasesRequest *request,
                                struct error *err);
enum status intake_search_begin(struct search *search);
/* Frees what begin made. */
void intake_search_end(struct search *search);
/* The next lower number to be looked at, 0 behind the last. `before` 0: from the newest on. */
uint64_t intake_search_next(struct search *search, uint64_t before);
/* Reads the request into the scratch, which is emptied before. *ret_fits false also when there is none of
 * that number. */
enum status intake_search_examine(struct search *search, uint64_t number,
                                  struct intake_case *ret_case, bool *ret_fits);

/* SearchCases. */
enum status intake_check_search(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err);
enum status intake_read_search(struct read *r, const ProtobufCMessage *request,
                               ProtobufCMessage *response);

/* SearchWords. */
enum status intake_check_search_words(const struct city *city, const struct rpc_caller *caller,
                                      const ProtobufCMessage *request, struct error *err);
enum status intake_decide_search_words(struct decide *d, const ProtobufCMessage *request,
                                       ProtobufCMessage *response);
enum status intake_read_search_words(struct read *r, const ProtobufCMessage *request,
                                     ProtobufCMessage *response);

#endif
