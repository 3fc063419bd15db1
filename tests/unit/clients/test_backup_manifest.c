/* A set is trusted only when it is whole and unchanged. */
#include "clients/vafa/backup_manifest.h"

#include "store/store_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const services[] = {"intake", "routing", "followup", "feedback", "report"};
static char folder[64];

static void path_of(const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", folder, name);
}

static void write_text(const char *name, const char *text)
{
    char path[256];
    path_of(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The answer of a service that has copied two small files. */
static void add_service(json_t *manifest, const char *service)
{
    uint8_t hash[32] = {1}, log_id[16] = {2}, digests[2][32];
    char names[2][64], path[256];
    Common__Position head = COMMON__POSITION__INIT;
    Backup__CopySnapshotResponse copied = BACKUP__COPY_SNAPSHOT_RESPONSE__INIT;
    Backup__CopySnapshotResponse__File files[2], *list[2] = {&files[0], &files[1]};
    path_of(service, path);
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i < 2; i++) {
        uint64_t size;
        snprintf(names[i], sizeof(names[i]), "%s/%s", service, i == 0 ? "data.mdb" : "keys.mdb");
        write_text(names[i], service);
        path_of(names[i], path);
        assert_int_equal(file_digest(path, NULL, digests[i], &size, NULL), STATUS_OK);
        backup__copy_snapshot_response__file__init(&files[i]);
        files[i].path = names[i];
        files[i].size_bytes = size;
        files[i].digest = (ProtobufCBinaryData){32, digests[i]};
    }
    head.offset = 7;
    head.hash = (ProtobufCBinaryData){32, hash};
    head.log_id = (ProtobufCBinaryData){16, log_id};
    copied.n_files = 2;
    copied.files = list;
    manifest_add(manifest, service, &head, &copied);
}

static void make_set(size_t service_count)
{
    uint8_t set_id[16] = {9};
    struct city_note pack = {.pack = "/srv/isfahan", .digest = DIGEST};
    json_t *manifest = manifest_new(set_id, 0, "isfahan", &pack);
    for (size_t i = 0; i < service_count; i++) {
        add_service(manifest, services[i]);
    }
    assert_int_equal(manifest_write(manifest, folder, NULL), STATUS_OK);
    json_decref(manifest);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_manifest.XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}

static void reads_back_the_set_it_wrote(void **state)
{
    (void)state;
    json_t *manifest;
    make_set(5);
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_OK);
    assert_string_equal(json_string_value(json_object_get(manifest, "city")), "isfahan");
    assert_int_equal(manifest_check_files(manifest, folder, NULL, NULL), STATUS_OK);
    json_decref(manifest);
}

static void finds_a_file_that_was_changed(void **state)
{
    (void)state;
    json_t *manifest;
    struct error err = ERROR_NONE;
    make_set(5);
    write_text("routing/data.mdb", "Routing");
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_OK);
    assert_int_equal(manifest_check_files(manifest, folder, NULL, &err), STATUS_DATA_LOSS);
    assert_non_null(strstr(err.message, "routing/data.mdb"));
    json_decref(manifest);
}

static void refuses_a_set_that_lacks_a_service(void **state)
{
    (void)state;
    json_t *manifest;
    struct error err = ERROR_NONE;
    make_set(4);
    assert_int_equal(manifest_read(&manifest, folder, &err), STATUS_DATA_LOSS);
    assert_non_null(strstr(err.message, "report"));
}

static void refuses_paths_that_lead_elsewhere(void **state)
{
    (void)state;
    json_t *manifest;
    make_set(5);
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_OK);
    json_t *entry = json_object_get(json_object_get(manifest, "services"), "intake");
    json_t *file = json_array_get(json_object_get(entry, "files"), 0);
    json_object_set_new(file, "path", json_string("intake/../../etc/passwd"));
    assert_int_equal(manifest_write(manifest, folder, NULL), STATUS_OK);
    json_decref(manifest);
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_DATA_LOSS);
}

/* The other one would be restored without a look at its digest. */
static void refuses_a_set_that_names_one_of_the_two_files_twice(void **state)
{
    (void)state;
    json_t *manifest;
    struct error err = ERROR_NONE;
    make_set(5);
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_OK);
    json_t *entry = json_object_get(json_object_get(manifest, "services"), "followup");
    json_t *files = json_object_get(entry, "files");
    assert_int_equal(json_array_set(files, 1, json_array_get(files, 0)), 0);
    assert_int_equal(manifest_write(manifest, folder, NULL), STATUS_OK);
    json_decref(manifest);
    assert_int_equal(manifest_read(&manifest, folder, &err), STATUS_DATA_LOSS);
    assert_non_null(strstr(err.message, "followup"));
}

static void gives_back_the_city_s_pack_and_its_digest(void **state)
{
    (void)state;
    json_t *manifest;
    struct city_note pack;
    make_set(5);
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_OK);
    assert_int_equal(manifest_pack(manifest, &pack, NULL), STATUS_OK);
    assert_string_equal(pack.pack, "/srv/isfahan");
    assert_string_equal(pack.digest, DIGEST);
    json_object_set_new(manifest, "city_pack", json_string("./isfahan"));
    assert_int_equal(manifest_pack(manifest, &pack, NULL), STATUS_DATA_LOSS);
    json_object_del(manifest, "city_pack");
    assert_int_equal(manifest_pack(manifest, &pack, NULL), STATUS_OK);
    assert_string_equal(pack.pack, "isfahan");
    assert_string_equal(pack.digest, "");
    json_decref(manifest);
}

static void refuses_what_is_no_manifest(void **state)
{
    (void)state;
    json_t *manifest;
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_NOT_FOUND);
    write_text("manifest.json", "{\"format\":1,");
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_DATA_LOSS);
    write_text("manifest.json", "[]");
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_DATA_LOSS);
    write_text("manifest.json", "{\"format\":2}");
    assert_int_equal(manifest_read(&manifest, folder, NULL), STATUS_DATA_LOSS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_back_the_set_it_wrote),
        TEST(finds_a_file_that_was_changed),
        TEST(refuses_a_set_that_lacks_a_service),
        TEST(refuses_paths_that_lead_elsewhere),
        TEST(refuses_a_set_that_names_one_of_the_two_files_twice),
        TEST(refuses_what_is_no_manifest),
        TEST(gives_back_the_city_s_pack_and_its_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
