/*
 * A backup set's manifest, as manifest.json. One that is read names two files of each service, all of
 * them inside the set, and a pack that can be noted.
 */
#include "clients/vafa/backup_manifest.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include <stdio.h>
#include <string.h>

static const char *const services[] = {"intake", "routing", "followup", "feedback", "report"};

static bool has_file(const json_t *files, const char *service, const char *name)
{
    char path[64];
    bool found = false;
    (void)snprintf(path, sizeof(path), "%s/%s", service, name);
    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *given = json_string_value(json_object_get(json_array_get(files, i), "path"));
        found = found || (given != NULL && strcmp(given, path) == 0);
    }
    return found;
}

static void check_services(const json_t *manifest)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        const json_t *entry = json_object_get(json_object_get(manifest, "services"), services[i]);
        const json_t *files = json_object_get(entry, "files");
        PROPERTY(json_array_size(files) == 2 && has_file(files, services[i], "data.mdb") &&
                     has_file(files, services[i], "keys.mdb"),
                 "each service is there with its two files, and nothing else");
    }
}

/* What is noted in the restored folder is read from there again. */
static void check_pack(const json_t *manifest, const char *folder)
{
    struct error err = ERROR_NONE;
    struct city_note pack;
    struct city_note again;
    enum status status = manifest_pack(manifest, &pack, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        return;
    }
    PROPERTY(city_note_write(folder, &pack, NULL) == STATUS_OK, "the pack can be noted");
    PROPERTY(city_note_read(folder, &again, NULL) == STATUS_OK &&
                 strcmp(pack.pack, again.pack) == 0 && strcmp(pack.digest, again.digest) == 0,
             "and is read as the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_NONE;
    json_t *manifest = NULL;
    const char *folder = fuzz_folder();
    fuzz_write(MANIFEST_NAME, bytes_of(data, size));
    enum status status = manifest_read(&manifest, folder, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        return 0;
    }
    check_services(manifest);
    check_pack(manifest, folder);
    status = manifest_check_files(manifest, folder, NULL, &err);
    PROPERTY(status != STATUS_OK, "its files are not there");
    fuzz_check_refusal(status, &err);
    json_decref(manifest);
    return 0;
}
