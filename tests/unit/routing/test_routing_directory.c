/* A unit of which the directory says that it ends: what comes to whom. Every test ends with a rebuild that must equal (rig_free). */
#include "services/routing/routing.h"
#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"
#include "tests/unit/routing/routing_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENDING "district-5-civil" /* after 2026-01-05 */
#define STAND_IN "district-5"

/* Adds the days of units to units.csv, whose stand-ins the pack names: every row has all cells. */
static void add_columns(const char *folder)
{
    char path[256], changed[256];
    char *line = NULL;
    size_t room = 0;
    bool has_head = false;
    snprintf(path, sizeof path, "%s/units.csv", folder);
    snprintf(changed, sizeof changed, "%s/units.new", folder);
    FILE *from = fopen(path, "re"), *to = fopen(changed, "we");
    assert_true(from != NULL && to != NULL);
    while (getline(&line, &room, from) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        bool is_row = line[0] != '#' && line[0] != '\0';
        const char *more = !is_row                                         ? ""
                           : !has_head                                     ? ",valid_from,valid_to"
                           : strncmp(line, ENDING ",", sizeof ENDING) == 0 ? ",,2026-01-05"
                                                                           : ",,";
        has_head = has_head || is_row;
        fprintf(to, "%s%s\n", line, more);
    }
    free(line);
    assert_true(fclose(from) == 0 && fclose(to) == 0 && rename(changed, path) == 0);
}

static struct rig *open_rig(void)
{
    char folder[SCRATCH_SIZE];
    scratch_new(folder);
    pack_copy("isfahan", folder, NULL, NULL, NULL);
    add_columns(folder);
    struct rig *rig = rig_new_in(&routing_service, folder);
    scratch_remove(folder);
    return rig;
}

static void
what_is_routed_after_a_unit_s_last_day_goes_to_its_stand_in_and_the_past_stays(void **state)
{
    (void)state;
    struct rig *rig = open_rig();
    scene_register(rig, (struct scene_request){.number = 1, .area = "5"});
    rig_advance(rig, 6 * DAY_US);
    scene_register(rig, (struct scene_request){.number = 2, .area = "5"});
    assert_string_equal(scene_task(rig, 1)->unit, ENDING); /* it is there, and can be seen */
    assert_string_equal(scene_task(rig, 2)->unit, STAND_IN);
    /* and it can still be worked on where it is */
    assert_int_equal(scene_accept(rig, 1, NULL), STATUS_OK);
    assert_int_equal(scene_finish(rig, 1, "done", NULL), STATUS_OK);
    rig_free(rig);
}

static void who_hands_work_on_names_a_unit_of_the_day(void **state)
{
    (void)state;
    struct rig *rig = open_rig();
    struct error err;
    const ProtobufCMessage *response;
    scene_register(rig, (struct scene_request){.number = 1, .topic = "garbage", .area = "5"});
    rig_advance(rig, 6 * DAY_US);
    Routing__MoveTaskRequest move = ROUTING__MOVE_TASK_REQUEST__INIT;
    move.task_number = 1;
    move.to_unit = (char *)(uintptr_t)ENDING;
    move.reason = (char *)(uintptr_t) "theirs";
    assert_int_equal(scene_call(rig, RPC_ROLE_ADMIN, "", "MoveTask", &move.base, &response, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "to_unit");
    assert_non_null(strstr(err.message, STAND_IN));
    /* What an office returns to it goes to the stand-in. */
    assert_int_equal(scene_return(rig, 1, ENDING, NULL), STATUS_OK);
    assert_string_equal(scene_task(rig, 1)->unit, STAND_IN);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_routed_after_a_unit_s_last_day_goes_to_its_stand_in_and_the_past_stays),
        cmocka_unit_test(who_hands_work_on_names_a_unit_of_the_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
