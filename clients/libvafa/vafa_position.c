/* Positions: how far the services have come, and waiting for it. */
#include "clients/libvafa/vafa_internal.h"

#include "base/check.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <string.h>

#define STEP_MS 1000 /* between two words about what is waited for */

static ProtobufCBinaryData keep(uint8_t *storage, size_t size, ProtobufCBinaryData data)
{
    if (data.len != size) {
        return (ProtobufCBinaryData){0, NULL};
    }
    memcpy(storage, data.data, size);
    return (ProtobufCBinaryData){size, storage};
}

void vafa_position_copy(struct vafa_position *out, const Common__Position *position)
{
    common__position__init(&out->position);
    out->position.service = position->service;
    out->position.offset = position->offset;
    out->position.log_id = keep(out->log_id, sizeof(out->log_id), position->log_id);
    out->position.hash = keep(out->hash, sizeof(out->hash), position->hash);
}

enum status vafa_head(struct vafa *vafa, Common__ServiceId service, struct vafa_position *ret_head,
                      struct error *err)
{
    Eventlog__GetHeadRequest request = EVENTLOG__GET_HEAD_REQUEST__INIT;
    struct vafa_call call = {.to = service,
                             .service = &eventlog__event_log__descriptor,
                             .method = "GetHead",
                             .request = &request.base};
    enum status status = vafa_call_wait(vafa, &call);
    if (status == STATUS_OK) {
        const Eventlog__GetHeadResponse *response =
            (const Eventlog__GetHeadResponse *)call.response;
        if (response->head != NULL) {
            vafa_position_copy(ret_head, response->head);
        } else {
            status =
                error_set(&call.error, STATUS_INTERNAL, "head", "the service gave no position");
        }
    }
    if (status != STATUS_OK && err != NULL) {
        *err = call.error;
    }
    vafa_call_fini(&call);
    return status;
}

/* One step of a wait: the service itself holds the read back until it has come so far. */
static enum status wait_step(struct vafa *vafa, Common__ServiceId service,
                             const Common__Position *const *positions, size_t count,
                             uint32_t step_ms, struct error *err)
{
    CHECK(count <= VAFA_AT_LEAST_MAX);
    Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
    struct vafa_call call = {.to = service,
                             .service = &health__health__descriptor,
                             .method = "CheckHealth",
                             .request = &request.base,
                             .deadline_ms = step_ms,
                             .once = true, /* the step is the deadline */
                             .at_least_count = count};
    for (size_t i = 0; i < count; i++) {
        call.at_least[i] = positions[i];
    }
    enum status status = vafa_call_wait(vafa, &call);
    if (status != STATUS_OK && err != NULL) {
        *err = call.error;
    }
    vafa_call_fini(&call);
    return status;
}

/* A step that ended before its time was answered so: whoever says "not in time" at once is not asked
 * again at once. */
static void rest_of_step(struct vafa *vafa, int64_t begun_us)
{
    int64_t left_us = begun_us + VAFA_AGAIN_US - loop_mono_us(vafa->loop);
    if (left_us > 0) {
        vafa_pause(vafa, left_us);
    }
}

static enum status wait_until(struct vafa *vafa, Common__ServiceId service,
                              const Common__Position *const *positions, size_t count,
                              const struct vafa_wait *wait, int64_t until_us, struct error *err)
{
    for (;;) {
        int64_t left_ms = (until_us - loop_mono_us(vafa->loop)) / MS_US;
        uint32_t step_ms = left_ms < STEP_MS ? (uint32_t)(left_ms > 1 ? left_ms : 1) : STEP_MS;
        int64_t begun_us = loop_mono_us(vafa->loop);
        enum status status = wait_step(vafa, service, positions, count, step_ms, err);
        bool nobody = status == STATUS_UNAVAILABLE && vafa->knock_ms != 0 &&
                      !atomic_load(&vafa->reached[service]);
        if ((status != STATUS_DEADLINE_EXCEEDED && status != STATUS_UNAVAILABLE) || nobody ||
            left_ms <= STEP_MS || (wait->tell != NULL && !wait->tell(wait->context, service))) {
            return status;
        }
        rest_of_step(vafa, begun_us);
    }
}

static int64_t end_of(struct vafa *vafa, const struct vafa_wait *wait)
{
    int64_t end_us = atomic_load(&vafa->end_us);
    int64_t until_us =
        wait->wait_ms != 0 ? loop_mono_us(vafa->loop) + wait->wait_ms * MS_US : INT64_MAX;
    return end_us != 0 && end_us < until_us ? end_us : until_us;
}

enum status vafa_wait_reached(struct vafa *vafa, Common__ServiceId service,
                              const Common__Position *const *positions, size_t count,
                              const struct vafa_wait *wait, struct error *err)
{
    return wait_until(vafa, service, positions, count, wait, end_of(vafa, wait), err);
}

enum status vafa_wait_settled(struct vafa *vafa, struct vafa_position ret_heads[5],
                              const struct vafa_wait *wait, struct error *err)
{
    int64_t until_us = end_of(vafa, wait);
    struct vafa_position heads[5];
    const Common__Position *positions[4];
    memset(heads, 0, sizeof(heads));
    /* In the order of the flow: a service's head counts only once it has followed the one before.
     */
    for (int id = COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
         id <= COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK; id++) {
        Common__ServiceId service = (Common__ServiceId)id;
        enum status status = STATUS_OK;
        if (id > COMMON__SERVICE_ID__SERVICE_ID_INTAKE) {
            status = wait_until(vafa, service, &positions[id - 2], 1, wait, until_us, err);
        }
        if (status == STATUS_OK) {
            status = vafa_head(vafa, service, &heads[id], err);
        }
        if (status != STATUS_OK) {
            return status;
        }
        positions[id - 1] = &heads[id].position;
    }
    enum status status =
        wait_until(vafa, COMMON__SERVICE_ID__SERVICE_ID_REPORT, positions, 4, wait, until_us, err);
    for (int id = 1; status == STATUS_OK && id < 5; id++) {
        vafa_position_copy(&ret_heads[id], &heads[id].position);
    }
    return status;
}
