/* The files of packs are handed out: of the one in force to everybody, of those before to the admin. */
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/service/packs_scene.h"

#include "service/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Appends the file at that place of the pack (NULL: in force) to `data`, part by part. */
static enum status get_file(struct rig *rig, enum rpc_role role, const struct city *pack,
                            uint32_t place, struct buffer *data, const Packs__GetFileResponse **ret,
                            struct error *err)
{
    enum status status;
    do {
        Packs__GetFileRequest request = PACKS__GET_FILE_REQUEST__INIT;
        const ProtobufCMessage *response;
        request.pack = pack != NULL ? packs_digest(pack) : (ProtobufCBinaryData){0, NULL};
        request.place = place;
        request.offset = data->size;
        status = packs_call(rig, role, "GetFile", &request.base, &response, err);
        if (status == STATUS_OK) {
            *ret = (const Packs__GetFileResponse *)response;
            assert_true((*ret)->data.len <= 256 * 1024);
            buffer_append(data, (*ret)->data.data, (*ret)->data.len);
        }
    } while (status == STATUS_OK && data->size < (*ret)->size);
    return status;
}

/* Reads the whole pack and makes a city of it. */
static struct city *fetch(struct rig *rig, enum rpc_role role, const struct city *pack)
{
    static char names[64][64];
    static struct buffer data[64];
    struct city_file files[64];
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    const Packs__GetFileResponse *told = NULL;
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        if (get_file(rig, role, pack, i, &data[i], &told, &err) != STATUS_OK) {
            fail_msg("%s", err.message);
        }
        count = told->files;
        assert_true(count <= 64);
        snprintf(names[i], sizeof names[i], "%s", told->file);
        files[i] = (struct city_file){.name = names[i], .data = buffer_bytes(&data[i])};
    }
    if (city_load_files(&city, files, count, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    for (uint32_t i = 0; i < count; i++) {
        buffer_fini(&data[i]);
    }
    return city;
}

static void expect_same(const struct city *a, const struct city *b)
{
    assert_true(bytes_equal(city_digest(a), city_digest(b)));
}

static void the_pack_in_force_is_given_file_by_file_to_every_role(void **state)
{
    (void)state;
    char *large = malloc(400 * 1024); /* a file of two parts */
    assert_non_null(large);
    memset(large, '#', 400 * 1024 - 1);
    large[400 * 1024 - 1] = '\0';
    memcpy(large + 400 * 1024 - 2 - strlen(PACKS_HEAD), "\n" PACKS_HEAD, strlen(PACKS_HEAD) + 1);
    struct city *other = packs_other("rules.csv", PACKS_HEAD, large);
    struct rig *rig = scene_new_clocked();
    packs_must_take(rig, other);
    struct city *got = fetch(rig, RPC_ROLE_FRONT_END, NULL);
    expect_same(got, other);
    city_free(got);
    struct buffer data = BUFFER_EMPTY;
    const Packs__GetFileResponse *told;
    struct error err;
    assert_int_equal(get_file(rig, RPC_ROLE_OFFICE, NULL, 99, &data, &told, &err),
                     STATUS_OUT_OF_RANGE);
    assert_string_equal(err.field, "place");
    buffer_fini(&data);
    free(large);
    city_free(other);
    rig_free(rig);
}

static void packs_of_before_are_given_to_the_admin_as_long_as_they_are_kept(void **state)
{
    (void)state;
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct city *never =
        packs_other("rules.csv", PACKS_HEAD, PACKS_HEAD "asphalt,6,*,deputy-civil,normal,,,,\n");
    struct rig *rig = scene_new_clocked();
    struct city *first = fetch(rig, RPC_ROLE_ADMIN, NULL);
    packs_must_take(rig, other);
    struct city *kept = fetch(rig, RPC_ROLE_ADMIN, first);
    expect_same(kept, first);
    struct buffer data = BUFFER_EMPTY;
    const Packs__GetFileResponse *told;
    struct error err;
    assert_int_equal(get_file(rig, RPC_ROLE_FRONT_END, first, 0, &data, &told, &err),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(get_file(rig, RPC_ROLE_ADMIN, never, 0, &data, &told, &err), STATUS_NOT_FOUND);
    packs_must_take(rig, first); /* whoever was refused has let go of the shelf */
    buffer_fini(&data);
    city_free(kept);
    city_free(first);
    city_free(never);
    city_free(other);
    rig_free(rig);
}

/* Nor does it wait for its turn: what lies on the shelf does not change. */
static void a_pack_of_before_is_read_while_another_is_taken(void **state)
{
    (void)state;
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct city *next =
        packs_other("rules.csv", PACKS_HEAD, PACKS_HEAD "asphalt,6,*,deputy-civil,normal,,,,\n");
    struct rig *rig = scene_new_clocked();
    struct city *first = fetch(rig, RPC_ROLE_ADMIN, NULL);
    packs_must_take(rig, other);
    packs_put(rig, next);
    Packs__TakePackRequest taking = packs_take_request(rig, packs_digest(next));
    Packs__GetFileRequest reading = PACKS__GET_FILE_REQUEST__INIT;
    reading.pack = packs_digest(first);
    struct rig_mixed calls[] = {
        {.rpc = &packs__packs__descriptor,
         .method = "TakePack",
         .role = RPC_ROLE_ADMIN,
         .request = &taking.base},
        {.rpc = &packs__packs__descriptor,
         .method = "GetFile",
         .role = RPC_ROLE_ADMIN,
         .request = &reading.base},
    };
    rig_call_mixed(rig, calls, 2);
    assert_int_equal(calls[0].err.status, STATUS_OK);
    assert_int_equal(calls[1].err.status, STATUS_OK);
    city_free(first);
    city_free(next);
    city_free(other);
    rig_free(rig);
}

/* Whoever has all of it sees by the digest whether it is whole. */
static void only_what_is_asked_for_is_read_of_a_pack_of_before(void **state)
{
    (void)state;
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct rig *rig = scene_new_clocked();
    struct city *first = fetch(rig, RPC_ROLE_ADMIN, NULL);
    char folder[PACK_SHELF_PATH_SIZE];
    packs_must_take(rig, other);
    (void)node_pack_folder(rig_node(rig), folder);
    packs_must_take(rig, first);
    packs_damage(folder);
    struct error err = ERROR_NONE;
    struct buffer areas = BUFFER_EMPTY;
    const Packs__GetFileResponse *told = NULL;
    assert_int_equal(get_file(rig, RPC_ROLE_ADMIN, other, 0, &areas, &told, &err), STATUS_OK);
    const char *name;
    assert_true(bytes_equal(buffer_bytes(&areas), city_file_at(other, 0, &name)));
    assert_string_equal(told->file, name);
    assert_int_equal(told->files, city_file_count(other));
    for (uint32_t i = 0; i < told->files; i++) {
        struct buffer data = BUFFER_EMPTY;
        struct bytes whole = city_file_at(other, i, &name);
        assert_int_equal(get_file(rig, RPC_ROLE_ADMIN, other, i, &data, &told, &err), STATUS_OK);
        assert_string_equal(told->file, name);
        assert_int_equal(bytes_equal(buffer_bytes(&data), whole), strcmp(name, "rules.csv") != 0);
        buffer_fini(&data);
    }
    assert_int_equal(get_file(rig, RPC_ROLE_ADMIN, other, told->files, &areas, &told, &err),
                     STATUS_OUT_OF_RANGE);
    assert_string_equal(err.field, "place");
    buffer_append_text(&areas, "more");
    assert_int_equal(get_file(rig, RPC_ROLE_ADMIN, other, 0, &areas, &told, &err),
                     STATUS_OUT_OF_RANGE);
    assert_string_equal(err.field, "offset");
    buffer_fini(&areas);
    city_free(first);
    city_free(other);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pack_in_force_is_given_file_by_file_to_every_role),
        cmocka_unit_test(packs_of_before_are_given_to_the_admin_as_long_as_they_are_kept),
        cmocka_unit_test(a_pack_of_before_is_read_while_another_is_taken),
        cmocka_unit_test(only_what_is_asked_for_is_read_of_a_pack_of_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
