/*
 * The small files of a data folder: what it remembers of its city (DATA/city), and where its sockets
 * are when the path is too long (DATA/run). The input is taken for each of them, and for a connect
 * url.
 */
#include "service/address.h"
#include "service/city_note.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include <string.h>

static void check_city(struct bytes content)
{
    char folder[FUZZ_PATH_SIZE];
    struct city_note note;
    struct city_note again;
    struct error err = ERROR_NONE;
    fuzz_write("data/city", content);
    fuzz_path("data", folder);
    enum status status = city_note_read(folder, &note, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(status == STATUS_DATA_LOSS, "a note that cannot be read is damage");
        return;
    }
    PROPERTY(note.pack[0] != '\0', "a note names a pack");
    PROPERTY(note.digest[0] == '\0' || strlen(note.digest) == CITY_NOTE_DIGEST_SIZE - 1,
             "a digest is whole or not there");
    PROPERTY(city_note_write(folder, &note, NULL) == STATUS_OK &&
                 city_note_read(folder, &again, NULL) == STATUS_OK &&
                 strcmp(note.pack, again.pack) == 0 && strcmp(note.digest, again.digest) == 0,
             "what was read can be written, and reads the same");
}

static void check_url(const char *connect)
{
    for (int service = 1; service <= 5; service++) {
        char url[ADDRESS_URL_SIZE] = "";
        struct error err = ERROR_NONE;
        enum status status = address_of_service(connect, (Common__ServiceId)service, url, &err);
        if (status != STATUS_OK) {
            fuzz_check_refusal(status, &err);
            PROPERTY(status == STATUS_INVALID_ARGUMENT && strcmp(err.field, "connect") == 0,
                     "the refusal is about the url");
        } else {
            PROPERTY(strncmp(url, "ipc://", 6) == 0 || strncmp(url, "tcp://", 6) == 0 ||
                         strncmp(url, "inproc://", 9) == 0,
                     "a service has a url of a known kind");
            PROPERTY(strlen(url) < ADDRESS_URL_SIZE, "that is not too long");
        }
    }
}

static void check_run(struct bytes content)
{
    char folder[FUZZ_PATH_SIZE];
    char connect[ADDRESS_URL_SIZE] = "";
    struct error err = ERROR_NONE;
    fuzz_write("data/run", content);
    fuzz_path("data", folder);
    enum status status = address_of_data(folder, connect, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
    } else {
        check_url(connect);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    check_city(in.rest);
    check_run(in.rest);
    check_url(fuzz_rest_text(&in));
    fuzz_end(&in);
    return 0;
}
