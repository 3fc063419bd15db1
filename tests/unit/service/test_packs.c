/* A service takes a city pack while it runs. Every test ends with a rebuild that must equal (rig_free). */
#include "services/intake/intake.h"
#include "services/routing/routing.h"
#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"
#include "tests/unit/service/packs_scene.h"

#include "base/fault.h"
#include "service/node.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DIGEST_BYTES 32

/* --- short ways --- */

static bool is_in_force(struct rig *rig, const struct city *city)
{
    ProtobufCBinaryData digest = packs_look(rig)->digest;
    return bytes_equal(city_digest(city), bytes_of(digest.data, digest.len));
}

static const char *unit_of(struct rig *rig, uint64_t number)
{
    scene_register(rig, (struct scene_request){.number = number, .area = "5"});
    return scene_task(rig, number)->unit;
}

/* --- what is told of each --- */

static void what_comes_after_a_taking_is_decided_by_the_new_pack(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    assert_string_equal(unit_of(rig, 1), "district-5-civil");
    packs_must_take(rig, other);
    assert_true(is_in_force(rig, other));
    assert_string_equal(unit_of(rig, 2), "deputy-civil");
    assert_string_equal(scene_task(rig, 1)->unit, "district-5-civil"); /* the past stays */

    const Common__PackTaken *taken = scene_event(rig, 2)->pack_taken;
    assert_string_equal(taken->city, "isfahan");
    assert_string_equal(taken->name, "night");
    assert_string_equal(taken->before_name, "isfahan");
    assert_string_equal(taken->note, "a trial");
    assert_memory_equal(taken->digest.data, city_digest(other).data, DIGEST_BYTES);
    assert_memory_equal(taken->before.data, city_digest(rig_city(rig)).data, DIGEST_BYTES);
    city_free(other);
    rig_free(rig);
}

static void it_comes_up_with_the_taken_pack(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    packs_must_take(rig, other);
    rig_restart(rig);
    assert_true(is_in_force(rig, other));
    assert_string_equal(unit_of(rig, 1), "deputy-civil");
    city_free(other);
    rig_free(rig);
}

static void the_same_pack_twice_is_one_event(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct error err;
    packs_must_take(rig, other);
    packs_must_take(rig, other);
    assert_int_equal(packs_take(rig, packs_digest(other), false, &err), STATUS_OK);
    assert_int_equal(rig_event_count(rig), 1);
    /* and the one it was started with is in force as it is */
    city_free(other);
    rig_free(rig);

    rig = scene_new_clocked();
    packs_must_take(rig, rig_city(rig));
    assert_int_equal(rig_event_count(rig), 0);
    rig_free(rig);
}

static void a_pack_is_taken_back_and_further_back(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *second = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct city *third =
        packs_other("rules.csv", PACKS_HEAD, PACKS_HEAD "asphalt,5,*,centre-137,normal,,,,\n");
    struct error err;
    packs_must_take(rig, second);
    packs_must_take(rig, third);
    assert_string_equal(unit_of(rig, 1), "centre-137");
    assert_int_equal(packs_take(rig, packs_digest(rig_city(rig)), true, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(packs_take(rig, packs_digest(second), true, &err), STATUS_OK);
    assert_string_equal(unit_of(rig, 2), "deputy-civil");
    assert_int_equal(packs_take(rig, packs_look(rig)->back, true, &err), STATUS_OK);
    assert_true(is_in_force(rig, rig_city(rig)));
    assert_string_equal(packs_look(rig)->name, "night");
    assert_int_equal(packs_look(rig)->back.len, 0); /* there was none before */
    rig_restart(rig);
    assert_string_equal(unit_of(rig, 3), "district-5-civil");

    const Packs__GetPacksResponse *packs = packs_look(rig);
    assert_int_equal(packs->n_takings, 4);
    assert_true(packs->takings[0]->offset > packs->takings[1]->offset);
    assert_true(packs->takings[0]->pack->is_back);
    assert_false(packs->takings[2]->pack->is_back);
    assert_string_equal(packs->takings[0]->actor, "test");
    city_free(second);
    city_free(third);
    rig_free(rig);
}

static void who_has_not_seen_the_newest_taking_takes_none(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *second = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct city *third =
        packs_other("rules.csv", PACKS_HEAD, PACKS_HEAD "asphalt,5,*,centre-137,normal,,,,\n");
    const ProtobufCMessage *response;
    struct error err;
    packs_put(rig, third);
    Packs__TakePackRequest late = packs_take_request(rig, packs_digest(third));
    packs_put(rig, second); /* its draft takes the other's place */
    assert_int_equal(packs_take(rig, packs_digest(second), false, &err), STATUS_OK);
    packs_put(rig, third);
    assert_int_equal(packs_call(rig, RPC_ROLE_ADMIN, "TakePack", &late.base, &response, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "last");
    assert_true(is_in_force(rig, second));
    city_free(second);
    city_free(third);
    rig_free(rig);
}

struct look {
    struct rig *rig;
    const struct city *other;
    unsigned looks, agreeing;
};

/* As on another thread, when the taking is on disk and its end has not come yet. */
static bool look_behind_a_commit(void *context, const char *point)
{
    struct look *look = context;
    if (strcmp(point, "store.commit.after") != 0) {
        return false;
    }
    const Packs__GetPacksResponse *packs = packs_look(look->rig);
    bool is_told = packs->n_takings > 0;
    struct bytes digest = city_digest(is_told ? look->other : rig_city(look->rig));
    look->agreeing += bytes_equal(digest, bytes_of(packs->digest.data, packs->digest.len)) &&
                      strcmp(packs->name, is_told ? "night" : "isfahan") == 0 &&
                      (packs->last != 0) == is_told && (packs->back.len != 0) == is_told;
    look->looks++;
    return false;
}

static void a_taking_and_the_pack_in_force_are_shown_together(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct look look = {.rig = rig, .other = other};
    fault_set_hook(look_behind_a_commit, &look);
    packs_must_take(rig, other);
    fault_set_hook(NULL, NULL);
    assert_true(look.looks > 0);
    assert_int_equal(look.agreeing, look.looks);
    assert_true(is_in_force(rig, other));
    assert_int_equal(packs_look(rig)->n_takings, 1);
    rig_restart(rig);
    assert_int_equal(packs_look(rig)->n_takings, 1);
    city_free(other);
    rig_free(rig);
}

static void a_trial_leaves_nothing(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    const ProtobufCMessage *response;
    struct error err;
    packs_put(rig, other);
    Packs__TakePackRequest request = packs_take_request(rig, packs_digest(other));
    request.is_trial = true;
    assert_int_equal(packs_call(rig, RPC_ROLE_ADMIN, "TakePack", &request.base, &response, &err),
                     STATUS_OK);
    assert_int_equal(rig_event_count(rig), 0);
    assert_string_equal(unit_of(rig, 1), "district-5-civil");
    city_free(other);
    rig_free(rig);
}

/* --- what is refused --- */

static void refuses(struct rig *rig, const struct city *city, enum status status, const char *field,
                    const char *part)
{
    struct error err;
    packs_put(rig, city);
    assert_int_equal(packs_take(rig, packs_digest(city), false, &err), status);
    assert_string_equal(err.field, field);
    if (strstr(err.message, part) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", err.message, part);
    }
    assert_int_equal(rig_event_count(rig), 0);
}

/* Isfahan's pack takes the place of one that has a row more. */
static void a_pack_that_lacks_a_row_of_the_one_in_force_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file, *from, *to;
    } cases[] = {
        {"units.csv", "\ndeputy-civil,", "\nextra,office,واحد,unit,,,,,,\ndeputy-civil,"},
        {"areas.csv", "\n5,", "\nextra,منطقه,area\n5,"},
        {"topics.csv", "\nasphalt,", "\nextra,موضوع,topic,roads,normal,no,\nasphalt,"},
        {"levels.csv", "\ncomplex,", "\nextra,90,4,15,80,working\ncomplex,"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char folder[SCRATCH_SIZE];
        struct city *isfahan = packs_other(NULL, NULL, NULL);
        scratch_new(folder);
        pack_copy("isfahan", folder, cases[i].file, cases[i].from, cases[i].to);
        struct rig *rig = rig_new_in(&routing_service, folder);
        refuses(rig, isfahan, STATUS_FAILED_PRECONDITION, cases[i].file, "\"extra\"");
        scratch_remove(folder);
        city_free(isfahan);
        rig_free(rig);
    }
}

static void a_pack_of_another_city_or_calendar_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file, *from, *to, *field, *part;
    } cases[] = {
        {"city.ini", "zone = Asia/Tehran", "zone = Asia/Baku", "city.ini", "zone"},
        {"city.ini", "calendar = jalali", "calendar = gregorian", "city.ini", "calendar"},
        {"city.ini", "key = isfahan", "key = shiraz", "city.ini", "shiraz"},
    };
    struct rig *rig = scene_new_clocked();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char folder[SCRATCH_SIZE];
        struct city *city = NULL;
        struct error err;
        scratch_new(folder);
        pack_copy("isfahan", folder, cases[i].file, cases[i].from, cases[i].to);
        if (city_load(&city, folder, &err) == STATUS_OK) {
            refuses(rig, city, STATUS_FAILED_PRECONDITION, cases[i].field, cases[i].part);
            city_free(city);
        } else {
            fail_msg("%s: %s", cases[i].from, err.message);
        }
        scratch_remove(folder);
    }
    rig_free(rig);
}

static void what_was_not_put_whole_is_not_taken(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    const ProtobufCMessage *response;
    struct error err;
    assert_int_equal(packs_take(rig, packs_digest(other), false, &err), STATUS_NOT_FOUND);
    Packs__PutFileRequest request = PACKS__PUT_FILE_REQUEST__INIT;
    uint8_t data[4] = "abc";
    request.pack = packs_digest(other);
    request.file = text("rules.csv");
    request.data = (ProtobufCBinaryData){3, data};
    assert_int_equal(packs_call(rig, RPC_ROLE_ADMIN, "PutFile", &request.base, &response, &err),
                     STATUS_OK);
    request.offset = 4; /* three bytes are there */
    assert_int_equal(packs_call(rig, RPC_ROLE_ADMIN, "PutFile", &request.base, &response, &err),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(packs_take(rig, packs_digest(other), false, &err), STATUS_INVALID_ARGUMENT);
    /* What came after it is whole again. */
    packs_must_take(rig, other);
    city_free(other);
    rig_free(rig);
}

static void files_of_no_pack_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"../rules.csv",
                                        "/etc/passwd",
                                        "imports/../x.ini",
                                        "imports/",
                                        "imports/.ini",
                                        "other.csv",
                                        "",
                                        "imports/sub/x.ini",
                                        "rules.csv/"};
    struct rig *rig = scene_new_clocked();
    uint8_t digest[DIGEST_BYTES] = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        Packs__PutFileRequest request = PACKS__PUT_FILE_REQUEST__INIT;
        const ProtobufCMessage *response;
        struct error err;
        request.pack = (ProtobufCBinaryData){sizeof digest, digest};
        request.file = text(names[i]);
        assert_int_equal(packs_call(rig, RPC_ROLE_ADMIN, "PutFile", &request.base, &response, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "file");
    }
    rig_free(rig);
}

static void only_the_admin_may(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Packs__GetPacksRequest request = PACKS__GET_PACKS_REQUEST__INIT;
    const ProtobufCMessage *response;
    struct error err;
    assert_int_equal(
        packs_call(rig, RPC_ROLE_LEADERSHIP, "GetPacks", &request.base, &response, &err),
        STATUS_PERMISSION_DENIED);
    rig_free(rig);
}

/* --- what is kept --- */

static struct city *nth_pack(unsigned number)
{
    char to[256];
    snprintf(to, sizeof(to), PACKS_HEAD "%s,%u,*,deputy-civil,normal,,,,\n",
             number < 15 ? "asphalt" : "pavement", 1 + number % 15);
    return packs_other("rules.csv", PACKS_HEAD, to);
}

static void take_nth(struct rig *rig, unsigned number)
{
    struct city *city = nth_pack(number);
    packs_must_take(rig, city);
    city_free(city);
}

static void take_back(struct rig *rig)
{
    struct error err;
    if (packs_take(rig, packs_look(rig)->back, true, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

/* It was put long before the others, and taken again of late. */
static void a_pack_taken_again_is_kept_as_long_as_it_may_be_taken_back(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    struct city *old = nth_pack(0);
    packs_must_take(rig, old);
    for (unsigned i = 1; i < 15; i++) {
        take_nth(rig, i);
    }
    packs_must_take(rig, old);
    for (unsigned i = 15; i < 18; i++) {
        take_nth(rig, i);
    }
    for (unsigned i = 0; i < 3; i++) {
        take_back(rig);
    }
    assert_true(is_in_force(rig, old));
    city_free(old);
    rig_free(rig);
}

/* --- a damaged shelf --- */

static void a_damaged_pack_says_what_to_do_and_is_mended_by_the_same_one(void **state)
{
    (void)state;
    struct city *other = packs_other("rules.csv", PACKS_HEAD, PACKS_OTHER_RULE);
    struct rig *rig = scene_new_clocked();
    struct error err = ERROR_NONE;
    char folder[PACK_SHELF_PATH_SIZE];
    packs_must_take(rig, other);
    packs_damage(node_pack_folder(rig_node(rig), folder));
    assert_int_equal(rig_try_restart(rig, NULL, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, "\"night\""));
    assert_non_null(strstr(err.message, "another service"));
    assert_non_null(strstr(err.message, "--city"));
    assert_int_equal(rig_try_restart(rig, other, &err), STATUS_OK); /* as with --city */
    rig_restart(rig); /* and as before: the shelf has it again */
    assert_true(is_in_force(rig, other));
    rig_free(rig);
    city_free(other);
}

/* --- what is under way --- */

/* It was checked by the old pack, and its turn comes behind the taking, in the same batch. */
static void a_call_whose_turn_comes_behind_the_taking_is_checked_again(void **state)
{
    (void)state;
    struct rig *rig = rig_new(&intake_service, "isfahan");
    struct city *other =
        packs_other("questions.csv", "asphalt,size,one_of,no", "asphalt,size,one_of,yes");
    packs_put(rig, other);
    Packs__TakePackRequest taking = packs_take_request(rig, packs_digest(other));
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request.topic = text("asphalt");
    request.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    Intake__RegisterCaseRequest before = request;
    const ProtobufCServiceDescriptor *intake = &intake__intake__descriptor;
    struct rig_mixed calls[] = {
        {.rpc = intake,
         .method = "RegisterCase",
         .role = RPC_ROLE_FRONT_END,
         .request = &before.base},
        {.rpc = &packs__packs__descriptor,
         .method = "TakePack",
         .role = RPC_ROLE_ADMIN,
         .request = &taking.base},
        {.rpc = intake,
         .method = "RegisterCase",
         .role = RPC_ROLE_FRONT_END,
         .request = &request.base},
    };
    rig_call_mixed(rig, calls, 3);
    assert_int_equal(calls[0].err.status, STATUS_OK);
    assert_int_equal(calls[1].err.status, STATUS_OK);
    assert_int_equal(calls[2].err.status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(rig_event_count(rig), 2);
    city_free(other);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_after_a_taking_is_decided_by_the_new_pack),
        cmocka_unit_test(it_comes_up_with_the_taken_pack),
        cmocka_unit_test(the_same_pack_twice_is_one_event),
        cmocka_unit_test(a_pack_is_taken_back_and_further_back),
        cmocka_unit_test(who_has_not_seen_the_newest_taking_takes_none),
        cmocka_unit_test(a_taking_and_the_pack_in_force_are_shown_together),
        cmocka_unit_test(a_trial_leaves_nothing),
        cmocka_unit_test(a_pack_that_lacks_a_row_of_the_one_in_force_is_refused),
        cmocka_unit_test(a_pack_of_another_city_or_calendar_is_refused),
        cmocka_unit_test(what_was_not_put_whole_is_not_taken),
        cmocka_unit_test(files_of_no_pack_are_refused),
        cmocka_unit_test(only_the_admin_may),
        cmocka_unit_test(a_pack_taken_again_is_kept_as_long_as_it_may_be_taken_back),
        cmocka_unit_test(a_damaged_pack_says_what_to_do_and_is_mended_by_the_same_one),
        cmocka_unit_test(a_call_whose_turn_comes_behind_the_taking_is_checked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
