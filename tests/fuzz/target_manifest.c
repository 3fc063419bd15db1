/*
 * Manifests of backup sets: the input is manifest.json in a folder with a whole set. It is refused,
 * or everything that is taken from it later is there; no file outside the set is ever read.
 */
#include "clients/vafa/backup_manifest.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include <stdio.h>
#include <string.h>

static const char *const services[] = {"intake", "routing", "followup", "feedback", "report"};

/* The files of a set, each with the service's name in it. */
static void make_files(void)
{
    static bool made;
    char name[64];
    if (made) {
        return;
    }
    made = true;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        for (int keys = 0; keys <= 1; keys++) {
            (void)snprintf(name, sizeof(name), "%s/%s", services[i],
                           keys ? "keys.mdb" : "data.mdb");
            fuzz_write(name, bytes_of_text(services[i]));
        }
    }
}

static void check_path(const char *path)
{
    PROPERTY(path != NULL && path[0] != '/' && strstr(path, "..") == NULL,
             "a file lies within the set");
}

static void check_taken(const json_t *manifest)
{
    struct city_note pack;
    struct error err = ERROR_NONE;
    enum status status = manifest_pack(manifest, &pack, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(status == STATUS_DATA_LOSS, "a pack that cannot be one is damage");
    } else {
        PROPERTY(pack.pack[0] != '\0' && strchr(pack.pack, '\n') == NULL, "a pack has a name");
    }
    err = ERROR_NONE;
    status = manifest_check_files(manifest, fuzz_folder(), check_path, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *manifest = NULL;
    struct error err = ERROR_NONE;
    make_files();
    char path[FUZZ_PATH_SIZE];
    fuzz_path(MANIFEST_NAME, path);
    FILE *file = fopen(path, "wbe");
    PROPERTY(file != NULL && (size == 0 || fwrite(data, 1, size, file) == size) &&
                 fclose(file) == 0,
             "the manifest can be written");
    enum status status = manifest_read(&manifest, fuzz_folder(), &err);
    if (status == STATUS_OK) {
        check_taken(manifest);
        json_decref(manifest);
    } else {
        fuzz_check_refusal(status, &err);
        PROPERTY(status == STATUS_DATA_LOSS, "what is no manifest is damage");
        PROPERTY(manifest == NULL, "a refusal leaves the output alone");
    }
    return 0;
}
