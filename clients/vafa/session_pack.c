/* A city pack from the server, file by file: it need not lie on this machine. */
#include "clients/vafa/session.h"

#include "vafa/packs/v1/packs.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define FILES_MAX 64
#define FILE_NAME_SIZE 64
#define PACK_BYTES_MAX (32u << 20) /* more than a service keeps: whatever a server says, it ends */
#define DIGEST_BYTES 32
#define ATTEMPTS 3 /* another pack may be taken meanwhile */

struct fetched {
    uint8_t digest[DIGEST_BYTES]; /* of the first answer */
    uint32_t files;               /* as the first answer says; 0 before it */
    size_t bytes;
    char names[FILES_MAX][FILE_NAME_SIZE];
    struct buffer data[FILES_MAX];
};

static void fetched_fini(struct fetched *fetched)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        buffer_fini(&fetched->data[i]);
    }
    *fetched = (struct fetched){0};
}

/* An answer that fits the question and what came before; ABORTED when it is of another pack. */
static enum status take_part(struct fetched *fetched, uint32_t place,
                             const Packs__GetFileResponse *response, struct error *err)
{
    struct buffer *data = &fetched->data[place];
    if (response->pack.len != DIGEST_BYTES || response->files == 0 || response->files > FILES_MAX ||
        strlen(response->file) >= FILE_NAME_SIZE ||
        response->data.len > response->size - data->size || response->size < data->size ||
        fetched->bytes + response->data.len > PACK_BYTES_MAX ||
        (response->data.len == 0 && data->size < response->size)) {
        return session_lacks("file", err);
    }
    if (fetched->files == 0) {
        memcpy(fetched->digest, response->pack.data, DIGEST_BYTES);
        fetched->files = response->files;
    }
    if (memcmp(fetched->digest, response->pack.data, DIGEST_BYTES) != 0 ||
        fetched->files != response->files) {
        return error_set(err, STATUS_ABORTED, "pack", "another pack was taken meanwhile");
    }
    snprintf(fetched->names[place], FILE_NAME_SIZE, "%s", response->file);
    buffer_append(data, response->data.data, response->data.len);
    fetched->bytes += response->data.len;
    return STATUS_OK;
}

static enum status fetch_file(struct session *session, Common__ServiceId service,
                              const uint8_t *pack, uint32_t place, struct fetched *fetched,
                              struct error *err)
{
    enum status status = STATUS_OK;
    bool is_whole = false;
    while (status == STATUS_OK && !is_whole) {
        Packs__GetFileRequest request = PACKS__GET_FILE_REQUEST__INIT;
        request.pack =
            (ProtobufCBinaryData){pack != NULL ? DIGEST_BYTES : 0, (uint8_t *)(uintptr_t)pack};
        request.place = place;
        request.offset = fetched->data[place].size;
        struct vafa_call call = {.to = service,
                                 .service = &packs__packs__descriptor,
                                 .method = "GetFile",
                                 .request = &request.base};
        status = session_call(session, &call, err);
        if (status == STATUS_OK) {
            const Packs__GetFileResponse *response = (const Packs__GetFileResponse *)call.response;
            status = take_part(fetched, place, response, err);
            is_whole = fetched->data[place].size == response->size;
        }
        vafa_call_fini(&call);
    }
    return status;
}

static enum status fetch_all(struct session *session, Common__ServiceId service,
                             const uint8_t *pack, struct fetched *fetched, struct error *err)
{
    enum status status = fetch_file(session, service, pack, 0, fetched, err);
    for (uint32_t place = 1; status == STATUS_OK && place < fetched->files; place++) {
        status = fetch_file(session, service, pack, place, fetched, err);
    }
    return status;
}

static enum status load(const struct fetched *fetched, const uint8_t *pack, struct city **ret_city,
                        struct error *err)
{
    struct city_file files[FILES_MAX];
    struct city *city = NULL;
    for (size_t i = 0; i < fetched->files; i++) {
        files[i] =
            (struct city_file){.name = fetched->names[i], .data = buffer_bytes(&fetched->data[i])};
    }
    enum status status = city_load_files(&city, files, fetched->files, err);
    const uint8_t *wanted = pack != NULL ? pack : fetched->digest;
    if (status == STATUS_OK && !bytes_equal(city_digest(city), bytes_of(wanted, DIGEST_BYTES))) {
        status = error_set(err, STATUS_DATA_LOSS, "pack",
                           "the files that the server sent are not those of its pack's digest");
    }
    if (status == STATUS_OK) {
        *ret_city = city;
    } else {
        city_free(city);
    }
    return status;
}

enum status session_fetch_city(struct session *session, Common__ServiceId service,
                               const uint8_t *pack, struct city **ret_city, struct error *err)
{
    struct fetched *fetched = calloc(1, sizeof(*fetched));
    enum status status = STATUS_ABORTED;
    if (fetched == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "there is no memory");
    }
    for (int attempt = 0; attempt < ATTEMPTS && status == STATUS_ABORTED; attempt++) {
        fetched_fini(fetched);
        status = fetch_all(session, service, pack, fetched, err);
    }
    if (status == STATUS_OK) {
        status = load(fetched, pack, ret_city, err);
    }
    fetched_fini(fetched);
    free(fetched);
    return status;
}
