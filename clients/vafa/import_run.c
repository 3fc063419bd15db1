/*
 * Three phases, one after another: a task is looked at only when every row has been read, so that a
 * task that an earlier, broken-off run has left open meets its row whichever comes first.
 *
 * The main thread reads, follows and starts calls; calls end on the client's thread, which counts.
 */
#include "clients/vafa/import_run.h"

#include "base/check.h"
#include "clients/vafa/import_index.h"
#include "clients/vafa/import_rejects.h"
#include "clients/vafa/import_row.h"
#include "clients/vafa/output.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ROW_ARENA_BYTES (4u * 1024 * 1024) /* of one row: a cap, not a need */
#define CHANGES_MAX 500
#define TELL_US (500 * MS_US)

struct import {
    const struct import_options *options;
    struct import_result *result;
    struct import_csv *csv;
    struct import_map map;
    struct import_index *index;
    struct import_rejects *rejects;
    struct vafa_window *window;
    int64_t started_us;
    int64_t told_us;
    int64_t now_us; /* wall time at the start: what is later than this is in the future */
    struct vafa_position routing_start; /* routing's head before the first row */

    /* Watching others catch up. */
    uint64_t watched_offset;
    int64_t moved_us;

    pthread_mutex_t
        lock; /* guards the block below, and the result's counters while calls are in flight */
    struct error stopped; /* why no more is sent */
};

static int64_t mono_us(void)
{
    return clock_mono_us(clock_system());
}

static void count(struct import *import, uint64_t *counter)
{
    pthread_mutex_lock(&import->lock);
    (*counter)++;
    pthread_mutex_unlock(&import->lock);
}

static void stop(struct import *import, const struct error *why)
{
    pthread_mutex_lock(&import->lock);
    if (import->stopped.status == STATUS_OK) {
        import->stopped = *why;
    }
    pthread_mutex_unlock(&import->lock);
}

static enum status stopped(struct import *import, struct error *err)
{
    pthread_mutex_lock(&import->lock);
    enum status status = import->stopped.status;
    if (status != STATUS_OK && err != NULL) {
        *err = import->stopped;
    }
    pthread_mutex_unlock(&import->lock);
    return status;
}

/* True at most twice a second: progress may be told. */
static bool tell_now(struct import *import)
{
    int64_t now_us = mono_us();
    if (now_us - import->told_us < TELL_US) {
        return false;
    }
    import->told_us = now_us;
    return true;
}

static double rate_since(int64_t start_us, uint64_t n)
{
    int64_t passed_us = mono_us() - start_us;
    return passed_us > 0 ? (double)n * 1e6 / (double)passed_us : 0;
}

/* --- phase 1: as the front-end --- */

/* A row on its way. */
struct registering {
    struct import *import;
    struct arena *arena; /* holds this and everything below */
    struct import_row row;
    uint8_t key[UUID_BYTES];
    struct vafa_call call;
    uint64_t line;
    const char **cells;
    size_t cell_count;
};

static void registered(struct vafa_call *call)
{
    struct registering *r = call->context;
    struct import *import = r->import;
    const char *id = r->row.request.external_id;
    if (call->error.status == STATUS_OK) {
        const Intake__RegisterCaseResponse *response =
            (const Intake__RegisterCaseResponse *)call->response;
        import_index_set(import->index, id, IMPORT_ACCEPTED);
        count(import, response->already_registered ? &import->result->already_there
                                                   : &import->result->registered);
    } else if (call->error.status == STATUS_INVALID_ARGUMENT ||
               call->error.status == STATUS_NOT_FOUND) {
        import_rejects_add(import->rejects, r->line, r->cells, r->cell_count, &call->error);
    } else {
        stop(import, &call->error);
    }
    vafa_call_fini(call);
    arena_free(r->arena);
}

static struct registering *registering_new(struct import *import, const struct import_csv_row *row)
{
    struct arena *arena = arena_new(ROW_ARENA_BYTES);
    struct registering *r = arena_alloc(arena, sizeof(*r));
    CHECK(r != NULL);
    r->import = import;
    r->arena = arena;
    r->line = row->line;
    r->cell_count = row->cell_count;
    r->cells = arena_alloc(arena, (row->cell_count + 1) * sizeof(*r->cells));
    CHECK(r->cells != NULL);
    for (size_t i = 0; i < row->cell_count; i++) {
        r->cells[i] = arena_copy_text(arena, row->cells[i]);
        CHECK(r->cells[i] != NULL); /* a row's bytes are bounded far below the cap */
    }
    return r;
}

/* Sends the row, or writes it to the rejected ones. */
static enum status register_row(struct import *import, const struct import_csv_row *csv_row,
                                struct error *err)
{
    struct registering *r = registering_new(import, csv_row);
    struct error why = ERROR_NONE;
    bool added = false;
    import->result->rows++;
    if (import_row_read(&import->map, csv_row, import->now_us, r->arena, &r->row, &why) !=
        STATUS_OK) {
        import_rejects_add(import->rejects, r->line, r->cells, r->cell_count, &why);
        arena_free(r->arena);
        return STATUS_OK;
    }
    enum status status = import_index_add(import->index, r->row.request.external_id,
                                          r->row.closed_us, r->row.note, &added, err);
    if (status != STATUS_OK) {
        arena_free(r->arena);
        return status;
    }
    import->result->duplicates += !added;
    import->result->closed_too_early += added && r->row.closed_too_early;
    import->result->notes_cut += added && r->row.note_cut && r->row.closed_us != 0;
    r->row.request.idempotency_key = vafa_new_key(r->key);
    r->call = (struct vafa_call){.service = &intake__intake__descriptor,
                                 .method = "RegisterCase",
                                 .request = &r->row.request.base,
                                 .patience_ms = import->options->patience_ms,
                                 .window = import->window,
                                 .done = registered,
                                 .context = r};
    vafa_call_start(import->options->vafa, &r->call);
    return STATUS_OK;
}

static void tell_registering(struct import *import)
{
    if (tell_now(import)) {
        output_progress("registering: %" PRIu64 " rows, %.0f %%, %.0f rows/s", import->result->rows,
                        import_csv_part(import->csv) * 100,
                        rate_since(import->started_us, import->result->rows));
    }
}

static enum status register_rows(struct import *import, struct error *err)
{
    const struct import_csv_row *row = NULL;
    enum status status = STATUS_OK;
    do {
        status = import_csv_next(import->csv, &row, err);
        if (status == STATUS_OK && row != NULL) {
            status = register_row(import, row, err);
        }
        if (status == STATUS_OK) {
            status = stopped(import, err);
        }
        tell_registering(import);
    } while (status == STATUS_OK && row != NULL);
    vafa_window_drain(import->window);
    return status == STATUS_OK ? stopped(import, err) : status;
}

/* --- waiting for others, as long as they move --- */

/* How far a service has followed, summed over its feeds; false when it does not answer. */
static bool followed_so_far(struct import *import, Common__ServiceId service, uint64_t *ret_offset)
{
    Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
    struct vafa_call call = {.to = service,
                             .service = &health__health__descriptor,
                             .method = "CheckHealth",
                             .request = &request.base,
                             .deadline_ms = 1000,
                             .once = true};
    bool answered = vafa_call_wait(import->options->vafa, &call) == STATUS_OK;
    if (answered) {
        const Health__CheckHealthResponse *response =
            (const Health__CheckHealthResponse *)call.response;
        *ret_offset = 0;
        for (size_t i = 0; i < response->n_feeds; i++) {
            *ret_offset += response->feeds[i]->offset;
        }
    }
    vafa_call_fini(&call);
    return answered;
}

/* Patience is over when nothing has moved for so long, not when much is to be done. */
static bool wait_goes_on(void *context, Common__ServiceId waiting_for)
{
    struct import *import = context;
    uint64_t offset;
    int64_t now_us = mono_us();
    if (followed_so_far(import, waiting_for, &offset) && offset != import->watched_offset) {
        import->watched_offset = offset;
        import->moved_us = now_us;
    }
    output_progress("waiting for %s: %" PRIu64 " events followed", output_service(waiting_for),
                    import->watched_offset);
    return now_us - import->moved_us < import->options->patience_ms * MS_US;
}

static struct vafa_wait patient_wait(struct import *import)
{
    import->moved_us = mono_us();
    return (struct vafa_wait){.tell = wait_goes_on, .context = import};
}

/* --- phase 2: as the offices --- */

/* A task on its way to its end. */
struct finishing {
    struct import *import;
    uint8_t key[UUID_BYTES];
    Routing__FinishTaskRequest finish;
    Routing__GetTaskRequest look;
    struct vafa_call call;
    struct buffer note;
    char external_id[]; /* with NUL */
};

static void finishing_end(struct finishing *f, enum import_state state)
{
    import_index_set(f->import->index, f->external_id, state);
    vafa_call_fini(&f->call);
    buffer_fini(&f->note);
    free(f);
}

static void finishing_failed(struct finishing *f)
{
    struct import *import = f->import;
    pthread_mutex_lock(&import->lock);
    if (import->result->first_failure.status == STATUS_OK) {
        import->result->first_failure = f->call.error;
    }
    pthread_mutex_unlock(&import->lock);
    if (f->call.error.status == STATUS_UNAVAILABLE ||
        f->call.error.status == STATUS_DEADLINE_EXCEEDED) {
        stop(import, &f->call.error);
    }
    finishing_end(f, IMPORT_FAILED);
}

static void looked(struct vafa_call *call)
{
    struct finishing *f = call->context;
    const Routing__GetTaskResponse *response = (const Routing__GetTaskResponse *)call->response;
    if (response != NULL && response->task != NULL &&
        response->task->state == ROUTING__TASK_STATE__TASK_STATE_DONE) {
        finishing_end(f, IMPORT_ALREADY);
    } else {
        finishing_failed(f);
    }
}

static void finished(struct vafa_call *call)
{
    struct finishing *f = call->context;
    if (call->error.status == STATUS_OK) {
        finishing_end(f, IMPORT_FINISHED);
    } else if (call->error.status == STATUS_FAILED_PRECONDITION) {
        /* Somebody else may have finished it in between: look. Still within the window, so it takes
         * no further place. */
        vafa_call_fini(call);
        routing__get_task_request__init(&f->look);
        f->look.task_number = f->finish.task_number;
        struct vafa *vafa = f->import->options->vafa;
        f->call = (struct vafa_call){.service = &routing__routing__descriptor,
                                     .method = "GetTask",
                                     .request = &f->look.base,
                                     .patience_ms = f->import->options->patience_ms,
                                     .done = looked,
                                     .context = f};
        vafa_call_start(vafa, &f->call);
    } else {
        finishing_failed(f);
    }
}

static enum status finish_task(struct import *import, const Routing__Task *task, int64_t closed_us,
                               struct error *err)
{
    size_t id_size = strlen(task->external_id) + 1;
    struct finishing *f = calloc(1, sizeof(*f) + id_size);
    CHECK(f != NULL);
    f->import = import;
    memcpy(f->external_id, task->external_id, id_size);
    enum status status = import_index_note(import->index, f->external_id, &f->note, err);
    if (status != STATUS_OK) {
        buffer_fini(&f->note);
        free(f);
        return status;
    }
    routing__finish_task_request__init(&f->finish);
    f->finish.idempotency_key = vafa_new_key(f->key);
    f->finish.task_number = task->number;
    f->finish.note = (char *)f->note.data;
    f->finish.occurred_at_us = closed_us;
    f->call = (struct vafa_call){.service = &routing__routing__descriptor,
                                 .method = "FinishTask",
                                 .request = &f->finish.base,
                                 .patience_ms = import->options->patience_ms,
                                 .window = import->window,
                                 .done = finished,
                                 .context = f};
    import_index_set(import->index, f->external_id, IMPORT_CLOSING);
    vafa_call_start(import->options->vafa, &f->call);
    return STATUS_OK;
}

/* A task as it is now; its row says what is to become of it. */
static enum status meet_task(struct import *import, const Routing__Task *task, struct error *err)
{
    enum import_state state;
    int64_t closed_us;
    if (strcmp(task->source, city_profile_source(import->options->profile)) != 0 ||
        !import_index_find(import->index, task->external_id, &state, &closed_us) ||
        state != IMPORT_ACCEPTED) {
        return STATUS_OK;
    }
    if (task->state == ROUTING__TASK_STATE__TASK_STATE_DONE) {
        import_index_set(import->index, task->external_id, IMPORT_ALREADY);
    } else if (closed_us == 0) {
        import_index_set(import->index, task->external_id, IMPORT_OPEN);
    } else {
        return finish_task(import, task, closed_us, err);
    }
    return STATUS_OK;
}

static void tell_finishing(struct import *import, uint64_t after, uint64_t until)
{
    if (tell_now(import)) {
        output_progress("finishing: %zu tasks, %.0f %%",
                        import_index_count(import->index, IMPORT_FINISHED),
                        until > 0 ? (double)after * 100 / (double)until : 100.0);
    }
}

/* One page of changes; moves *after. */
static enum status follow_page(struct import *import, uint64_t *after, struct error *err)
{
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    request.unit = (char *)(uintptr_t) "*";
    request.after = *after;
    request.changes_max = CHANGES_MAX;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "FollowTasks",
                             .request = &request.base,
                             .patience_ms = import->options->patience_ms};
    enum status status = vafa_call_wait(import->options->vafa, &call);
    if (status != STATUS_OK) {
        *err = call.error;
    } else {
        const Routing__FollowTasksResponse *page =
            (const Routing__FollowTasksResponse *)call.response;
        for (size_t i = 0; i < page->n_changes && status == STATUS_OK; i++) {
            if (page->changes[i]->task != NULL) {
                status = meet_task(import, page->changes[i]->task, err);
            }
        }
        if (status == STATUS_OK && page->next <= *after) {
            status =
                error_set(err, STATUS_DATA_LOSS, NULL,
                          "routing's log ends at %" PRIu64 ", before where it was", page->next);
        }
        *after = page->next;
    }
    vafa_call_fini(&call);
    return status;
}

static enum status finish_tasks(struct import *import, struct error *err)
{
    struct vafa *vafa = import->options->vafa;
    struct vafa_position intake;
    struct vafa_position routing;
    const Common__Position *positions[1] = {&intake.position};
    const struct vafa_wait wait = patient_wait(import);
    enum status status = vafa_head(vafa, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &intake, err);
    if (status == STATUS_OK) {
        status = vafa_wait_reached(vafa, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, positions, 1,
                                   &wait, err);
    }
    if (status == STATUS_OK) {
        status = vafa_head(vafa, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &routing, err);
    }
    /* What was there before the first row only matters when rows were there before. */
    uint64_t after = import->result->already_there > 0 ? 0 : import->routing_start.position.offset;
    while (status == STATUS_OK && after < routing.position.offset) {
        status = follow_page(import, &after, err);
        if (status == STATUS_OK) {
            status = stopped(import, err);
        }
        tell_finishing(import, after, routing.position.offset);
    }
    vafa_window_drain(import->window);
    return status == STATUS_OK ? stopped(import, err) : status;
}

/* --- the whole --- */

static void fill_result(struct import *import)
{
    struct import_result *result = import->result;
    result->rejected = import_rejects_count(import->rejects);
    result->finished = import_index_count(import->index, IMPORT_FINISHED);
    result->already_finished = import_index_count(import->index, IMPORT_ALREADY);
    result->still_open = import_index_count(import->index, IMPORT_OPEN);
    result->failed = import_index_count(import->index, IMPORT_FAILED);
    result->requests = result->finished + result->already_finished + result->still_open +
                       result->failed + import_index_count(import->index, IMPORT_ACCEPTED) +
                       import_index_count(import->index, IMPORT_CLOSING);
    result->seconds = (double)(mono_us() - import->started_us) / 1e6;
}

bool import_adds_up(const struct import_result *result)
{
    return result->rows == result->registered + result->already_there + result->rejected &&
           result->requests == result->finished + result->already_finished + result->still_open;
}

static enum status run_phases(struct import *import, struct error *err)
{
    struct vafa *vafa = import->options->vafa;
    enum status status =
        vafa_head(vafa, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &import->routing_start, err);
    if (status == STATUS_OK) {
        status = register_rows(import, err);
    }
    if (status == STATUS_OK) {
        status = finish_tasks(import, err);
    }
    if (status == STATUS_OK) {
        const struct vafa_wait wait = patient_wait(import);
        status = vafa_wait_settled(vafa, import->result->heads, &wait, err);
        import->result->is_settled = status == STATUS_OK;
    }
    return status;
}

enum status import_run(const struct import_options *options, struct import_result *result,
                       struct error *err)
{
    struct import import = {.options = options,
                            .result = result,
                            .started_us = mono_us(),
                            .now_us = clock_wall_us(clock_system())};
    memset(result, 0, sizeof(*result));
    enum status status = import_csv_open(&import.csv, options->path, err);
    if (status == STATUS_OK) {
        status = import_map_init(&import.map, options->profile, import.csv, err);
    }
    if (status == STATUS_OK) {
        status = import_index_new(&import.index, err);
    }
    if (status == STATUS_OK) {
        status = import_rejects_new(&import.rejects, options->rejected_path, import.csv, err);
    }
    if (status != STATUS_OK) {
        import_index_free(import.index);
        import_csv_close(import.csv);
        return status;
    }
    CHECK(pthread_mutex_init(&import.lock, NULL) == 0);
    import.window = vafa_window_new(options->in_flight);
    status = run_phases(&import, err);
    vafa_window_free(import.window); /* waits for all that is in flight */
    fill_result(&import);
    enum status written = import_rejects_close(import.rejects, status == STATUS_OK ? err : NULL);
    result->rejected_kept = written == STATUS_OK;
    output_progress_end();
    import_rejects_free(import.rejects);
    import_index_free(import.index);
    import_csv_close(import.csv);
    pthread_mutex_destroy(&import.lock);
    return status == STATUS_OK ? written : status;
}
