/*
 * One store alone was restored to an earlier point, where whole sets must be: whoever has followed it
 * further must notice and say so, whatever was written there since, and nobody shows what is not so.
 */
#include "tests/integration/people.h"
#include "tests/integration/shell.h"
#include "tests/support/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#define PATIENCE_MS 60000
#define EVENTS (TEST_SANITIZED ? 10 : 40) /* in each log in the set at least, and behind it */
#define LOGS 4                            /* that are followed, by their services' ids from 1 */

static const char *const names[] = {"intake", "routing", "followup", "feedback", "report"};

struct scene {
    char pack[64];
    char set[192];
    struct system *system;
    struct vafa *vafa;
};

/* --- helpers --- */

static void open_client(struct scene *scene)
{
    struct error err;
    const struct vafa_options options = {.data = scene->system->data,
                                         .name = "test",
                                         .role = RPC_ROLE_ADMIN,
                                         .patience_ms = PATIENCE_MS};
    assert_int_equal(vafa_open(&scene->vafa, &options, &err), STATUS_OK);
}

static uint64_t head_of(struct scene *scene, Common__ServiceId service)
{
    struct error err;
    struct vafa_position head;
    if (vafa_head(scene->vafa, service, &head, &err) != STATUS_OK) {
        fail_msg("the end of %s: %s", names[service - 1], err.message);
    }
    return head.position.offset;
}

/* The city works until each log has so many events more than there. */
static void let_work(struct scene *scene, struct people *people, const uint64_t heads[LOGS + 1])
{
    people_work(people);
    for (int id = 1; id <= LOGS; id++) {
        while (head_of(scene, (Common__ServiceId)id) < heads[id] + EVENTS) {
            people_check(people);
        }
    }
    people_rest(people);
}

/* Until everybody has followed the others to their ends. */
static void let_settle(struct scene *scene)
{
    struct error err;
    struct vafa_position heads[LOGS + 1];
    const struct vafa_wait wait = {.wait_ms = PATIENCE_MS};
    const Common__Position *followed[LOGS - 1]; /* by intake, which report does not wait for */
    enum status status = vafa_wait_settled(scene->vafa, heads, &wait, &err);
    for (int i = 0; i < LOGS - 1; i++) {
        followed[i] = &heads[COMMON__SERVICE_ID__SERVICE_ID_ROUTING + i].position;
    }
    if (status == STATUS_OK) {
        status = vafa_wait_reached(scene->vafa, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, followed,
                                   LOGS - 1, &wait, &err);
    }
    if (status != STATUS_OK) {
        fail_msg("the services do not settle: %s: %s", status_name(status), err.message);
    }
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    shell_make_pack(scene->pack);
    scene->system = system_new(scene->pack);
    open_client(scene);
    snprintf(scene->set, sizeof scene->set, "%s/set", scene->system->folder);
    struct ledger *ledger = ledger_new();
    struct people *people = people_new(scene->system, ledger, 1);
    uint64_t heads[LOGS + 1] = {0};
    let_work(scene, people, heads);
    struct output backup = system_vafa(scene->system, ARGS("backup", scene->set));
    if (backup.code != 0) {
        fail_msg("%s%s", backup.out, backup.err);
    }
    output_free(&backup);
    for (int id = 1; id <= LOGS; id++) { /* behind the set: some came meanwhile */
        heads[id] = head_of(scene, (Common__ServiceId)id);
    }
    let_work(scene, people, heads);
    let_settle(scene); /* a follower that has not come beyond the set has nothing to notice */
    people_free(people);
    ledger_free(ledger);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    vafa_close(scene->vafa);
    system_free(scene->system);
    shell_run("rm -r %s", scene->pack);
    free(scene);
    return 0;
}

/* The store of one service, out of the set; nothing runs. */
static void restore_one(const struct scene *scene, Common__ServiceId service)
{
    const char *name = names[service - 1];
    const struct system *s = scene->system;
    char whole[192];
    snprintf(whole, sizeof whole, "%s/whole", s->folder);
    struct output restored = run_program("vafa", ARGS("restore", scene->set, "--data", whole));
    if (restored.code != 0) {
        fail_msg("%s%s", restored.out, restored.err);
    }
    output_free(&restored);
    shell_run("rm -r %s/%s && mv %s/%s %s/%s && rm -r %s", s->data, name, whole, name, s->data,
              name, whole);
}

/* Asks until the feed has stopped, and for that reason. */
static void wait_until_stopped(struct scene *scene, Common__ServiceId service,
                               Common__ServiceId upstream)
{
    time_t until = time(NULL) + PATIENCE_MS / 1000;
    for (;;) {
        char why[512] = "", reason[512] = "";
        Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
        struct vafa_call call = {.to = service,
                                 .service = &health__health__descriptor,
                                 .method = "CheckHealth",
                                 .request = &request.base};
        assert_int_equal(vafa_call_wait(scene->vafa, &call), STATUS_OK);
        const Health__CheckHealthResponse *health =
            (const Health__CheckHealthResponse *)call.response;
        for (size_t i = 0; i < health->n_feeds; i++) {
            if (health->feeds[i]->service == upstream) {
                snprintf(why, sizeof why, "%s", health->feeds[i]->stopped_because);
            }
        }
        snprintf(reason, sizeof reason, "%s", health->reason);
        bool degraded = health->state == HEALTH__SERVING_STATE__SERVING_STATE_DEGRADED;
        vafa_call_fini(&call);
        if (why[0] != '\0') {
            assert_true(degraded);
            assert_non_null(strstr(reason, "has stopped"));
            assert_true(strstr(why, "the log of") != NULL || strstr(why, "older copy") != NULL);
            return;
        }
        if (time(NULL) > until) {
            fail_msg("%s follows %s, which was restored from an older copy, and says nothing",
                     names[service - 1], names[upstream - 1]);
        }
    }
}

static void register_one(struct scene *scene, char ret_code[16])
{
    uint8_t key[UUID_BYTES];
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.channel = COMMON__CHANNEL__CHANNEL_WEB;
    request.topic = (char[]){"asphalt"};
    place.area = (char[]){"5"};
    request.place = &place;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "RegisterCase", .request = &request.base};
    assert_int_equal(vafa_call_wait(scene->vafa, &call), STATUS_OK);
    const Intake__RegisterCaseResponse *response =
        (const Intake__RegisterCaseResponse *)call.response;
    snprintf(ret_code, 16, "%s", response->code);
    vafa_call_fini(&call);
}

/* A reader that was told so much before asks for at least that. */
static enum status read_at_least(struct scene *scene, const char *code,
                                 const struct vafa_position *position)
{
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    request.code = (char *)(uintptr_t)code;
    struct vafa_call call = {.service = &intake__intake__descriptor,
                             .method = "GetCase",
                             .request = &request.base,
                             .at_least = {&position->position},
                             .at_least_count = 1};
    enum status status = vafa_call_wait(scene->vafa, &call);
    vafa_call_fini(&call);
    return status;
}

/* --- tests --- */

/* Who has followed the restored service beyond the set. */
static const struct {
    Common__ServiceId restored, followers[4];
} followers[] = {
    {COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
     {COMMON__SERVICE_ID__SERVICE_ID_ROUTING, COMMON__SERVICE_ID__SERVICE_ID_REPORT}},
    {COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
     {COMMON__SERVICE_ID__SERVICE_ID_INTAKE, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
      COMMON__SERVICE_ID__SERVICE_ID_REPORT}},
    {COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
     {COMMON__SERVICE_ID__SERVICE_ID_INTAKE, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
      COMMON__SERVICE_ID__SERVICE_ID_REPORT}},
    {COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
     {COMMON__SERVICE_ID__SERVICE_ID_INTAKE, COMMON__SERVICE_ID__SERVICE_ID_REPORT}},
};

static void check_noticed(struct scene *scene, size_t row)
{
    char finding[64];
    system_stop_all(scene->system);
    restore_one(scene, followers[row].restored);
    struct output verified = system_vafa(scene->system, ARGS("verify", "--lang", "en"));
    snprintf(finding, sizeof finding, "its cursor on %s stands at",
             names[followers[row].restored - 1]);
    if (verified.code != 5 || strstr(verified.out, finding) == NULL) {
        fail_msg("exit code %d: %s%s", verified.code, verified.out, verified.err);
    }
    output_free(&verified);
    system_start_all(scene->system);
    for (size_t i = 0; followers[row].followers[i] != 0; i++) {
        wait_until_stopped(scene, followers[row].followers[i], followers[row].restored);
    }
    system_stop_all(scene->system); /* and says so again after a start */
    system_start_all(scene->system);
    wait_until_stopped(scene, followers[row].followers[0], followers[row].restored);
}

static void an_older_intake_is_noticed_by_who_followed_it(void **state)
{
    check_noticed(*state, 0);
}

static void an_older_routing_is_noticed_by_who_followed_it(void **state)
{
    check_noticed(*state, 1);
}

static void an_older_followup_is_noticed_by_who_followed_it(void **state)
{
    check_noticed(*state, 2);
}

static void an_older_feedback_is_noticed_by_who_followed_it(void **state)
{
    check_noticed(*state, 3);
}

/* Alone it has gone on until its log is longer than what the others know of it: so no length tells. */
static void an_older_intake_that_went_on_is_noticed_and_shows_no_other_requests_story(void **state)
{
    struct scene *scene = *state;
    struct error err;
    struct vafa_position known, now;
    char first[16], another[16];
    assert_int_equal(vafa_head(scene->vafa, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &known, &err),
                     STATUS_OK);
    system_stop_all(scene->system);
    restore_one(scene, COMMON__SERVICE_ID__SERVICE_ID_INTAKE);
    struct system alone = *scene->system;
    alone.program_count = SYSTEM_PROGRAMS_MAX;
    system_start(&alone, 0);
    register_one(scene, first); /* its number is one that the others know as another request's */
    while (head_of(scene, COMMON__SERVICE_ID__SERVICE_ID_INTAKE) <= known.position.offset) {
        register_one(scene, another);
    }
    assert_int_equal(vafa_head(scene->vafa, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &now, &err),
                     STATUS_OK);
    assert_int_equal(read_at_least(scene, first, &now), STATUS_OK);
    assert_int_equal(read_at_least(scene, first, &known), STATUS_DATA_LOSS);
    system_stop(&alone, 0);

    system_start_all(scene->system);
    wait_until_stopped(scene, COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                       COMMON__SERVICE_ID__SERVICE_ID_INTAKE);
    wait_until_stopped(scene, COMMON__SERVICE_ID__SERVICE_ID_REPORT,
                       COMMON__SERVICE_ID__SERVICE_ID_INTAKE);
    wait_until_stopped(scene, COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                       COMMON__SERVICE_ID__SERVICE_ID_ROUTING);
    json_t *shown = system_json(scene->system, ARGS("show", first));
    assert_int_equal(json_array_size(json_object_get(shown, "timeline")), 1);
    json_decref(shown);
}

/* Nobody follows it, and all it has comes from the others' logs. */
static void an_older_report_catches_up(void **state)
{
    struct scene *scene = *state;
    json_t *before = system_json(scene->system, ARGS("report", "requests", "--fresh"));
    system_stop_all(scene->system);
    restore_one(scene, COMMON__SERVICE_ID__SERVICE_ID_REPORT);
    system_start_all(scene->system);
    json_t *after = system_json(scene->system, ARGS("report", "requests", "--fresh"));
    assert_true(json_equal(json_object_get(before, "rows"), json_object_get(after, "rows")));
    json_decref(before);
    json_decref(after);
    struct output verified = system_vafa(scene->system, ARGS("verify"));
    assert_int_equal(verified.code, 0);
    output_free(&verified);
}

#define WITH_SET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SET(an_older_intake_is_noticed_by_who_followed_it),
        WITH_SET(an_older_routing_is_noticed_by_who_followed_it),
        WITH_SET(an_older_followup_is_noticed_by_who_followed_it),
        WITH_SET(an_older_feedback_is_noticed_by_who_followed_it),
        WITH_SET(an_older_intake_that_went_on_is_noticed_and_shows_no_other_requests_story),
        WITH_SET(an_older_report_catches_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
