/*
 * Bringing a history in: rows are registered as a front-end does, then tasks are followed and
 * finished as the offices do, then report is awaited. Every call may be made again with its own
 * idempotency key, and (source, external id) is unique for ever: an import that was broken off is
 * simply run again.
 */
#ifndef VAFA_CLIENTS_VAFA_IMPORT_RUN_H
#define VAFA_CLIENTS_VAFA_IMPORT_RUN_H

#include "city/city.h"
#include "clients/libvafa/vafa.h"

struct import_options {
    struct vafa *vafa; /* with the import role */
    const struct city_profile *profile;
    const char *path;
    const char *rejected_path;
    size_t in_flight;
    uint32_t patience_ms; /* how long services may be away, or stand still */
};

struct import_result {
    uint64_t rows;
    uint64_t registered;
    uint64_t already_there;
    uint64_t rejected;
    bool rejected_kept;        /* every rejected row is in the file */
    uint64_t duplicates;       /* rows whose id was in the file before; among already_there */
    uint64_t closed_too_early; /* closed before they were opened: taken as closed at once */
    uint64_t notes_cut;        /* closing notes longer than an office may write */
    uint64_t requests;         /* told apart by their id: whose tasks are looked for */
    uint64_t finished;
    uint64_t already_finished;
    uint64_t still_open;
    uint64_t failed; /* tasks that could not be finished */
    struct error first_failure;
    double seconds;
    bool is_settled; /* the heads are there: what report has seen */
    struct vafa_position heads[5];
};

/* rows = registered + already_there + rejected, and requests = finished + already_finished +
 * still_open. */
bool import_adds_up(const struct import_result *result);

/* Unlike elsewhere, *result is filled whatever comes: a person wants to know how far it came. */
enum status import_run(const struct import_options *options, struct import_result *result,
                       struct error *err);

#endif
