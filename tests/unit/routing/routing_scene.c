#include "tests/unit/routing/routing_scene.h"
#include "tests/support/text.h"

#include "services/routing/routing.h"
#include "tests/support/scratch.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct rig *scene_new_clocked(void)
{
    return rig_new(&routing_service, "isfahan");
}

static void link_file(const char *folder, const char *name)
{
    char from[512];
    char to[512];
    snprintf(from, sizeof(from), "%s/deploy/cities/isfahan/%s", VAFA_SOURCE_DIR, name);
    snprintf(to, sizeof(to), "%s/%s", folder, name);
    assert_int_equal(symlink(from, to), 0);
}

struct rig *scene_new(void)
{
    char folder[SCRATCH_SIZE];
    char path[128];
    scratch_new(folder);
    DIR *pack = opendir(VAFA_SOURCE_DIR "/deploy/cities/isfahan");
    assert_non_null(pack);
    for (struct dirent *entry = readdir(pack); entry != NULL; entry = readdir(pack)) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "levels.csv") != 0 &&
            strcmp(entry->d_name, "ladder.csv") != 0) {
            link_file(folder, entry->d_name);
        }
    }
    closedir(pack);
    snprintf(path, sizeof(path), "%s/levels.csv", folder);
    FILE *levels = fopen(path, "we");
    assert_non_null(levels);
    fputs("key,due_hours,urgent_hours\ndanger,4,2\nservice,24,4\nnormal,48,4\nrepair,72,4\nworks,"
          "168,4\n"
          "complex,360,4\n",
          levels);
    assert_int_equal(fclose(levels), 0);
    struct rig *rig = rig_new_in(&routing_service, folder);
    scratch_remove(folder); /* it is loaded */
    return rig;
}

void scene_register(struct rig *rig, struct scene_request request)
{
    char code[16];
    char name[16];
    snprintf(code, sizeof(code), "%010llu", (unsigned long long)request.number);
    snprintf(name, sizeof(name), "S-%llu", (unsigned long long)request.number);
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RequestRegistered registered = INTAKE__REQUEST_REGISTERED__INIT;
    registered.number = request.number;
    registered.code = code;
    registered.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    registered.citizen = 40 + request.number;
    registered.can_be_called = !request.nobody_to_call;
    registered.topic = text(request.topic == NULL ? "asphalt" : request.topic);
    registered.topic_listed = true;
    if (request.area != NULL) {
        place.area = text(request.area);
        place.street = text("خیابان چهارباغ");
        registered.place = &place;
    }
    registered.urgency =
        request.urgent ? COMMON__URGENCY__URGENCY_URGENT : COMMON__URGENCY__URGENCY_NORMAL;
    registered.source = text("old-system");
    registered.external_id = name;
    registered.unit = text(request.unit == NULL ? "" : request.unit);
    registered.due_at_us = request.due_us;
    registered.storm = request.storm;
    Common__Answer answer = COMMON__ANSWER__INIT;
    Common__Answer *answers[] = {&answer};
    char *values[] = {text(request.answer)};
    answer.question = text("size");
    answer.n_values = 1;
    answer.values = values;
    registered.n_answers = request.answer != NULL ? 1 : 0;
    registered.answers = answers;
    Intake__Event open = INTAKE__EVENT__INIT;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &registered;
    const struct event event = {
        .occurred_at_us = request.at_us,
        .historical = request.historical,
        .open = &open.base,
    };
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, &err) != STATUS_OK) {
        fail_msg("request %llu: %s", (unsigned long long)request.number, err.message);
    }
}

void scene_register_many(struct rig *rig, uint64_t count)
{
    for (uint64_t number = 1; number <= count; number++) {
        scene_register(rig, (struct scene_request){.number = number, .area = "5"});
    }
}

/* --- offices --- */

enum status scene_chase(struct rig *rig, uint64_t number, uint32_t chases, const char *note)
{
    Intake__CaseChased chased = INTAKE__CASE_CHASED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    chased.number = number;
    chased.chases = chases;
    chased.note = text(note);
    open.kind_case = INTAKE__EVENT__KIND_CASE_CHASED;
    open.case_chased = &chased;
    const struct event event = {.open = &open.base, .actor = "operator"};
    return rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, NULL);
}

enum status scene_call(struct rig *rig, enum rpc_role role, const char *unit, const char *method,
                       ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                       struct error *err)
{
    struct rpc_caller caller = {.name = "test", .role = role};
    if (role == RPC_ROLE_OFFICE) {
        snprintf(caller.unit, sizeof(caller.unit), "%s", unit);
    }
    return rig_call_as(rig, &caller, method, request, ret_response, err);
}

/* The unit that has the task; "nobody" when there is none. */
static const char *holder_of(struct rig *rig, uint64_t task)
{
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.task_number = task;
    return rig_call(rig, RPC_ROLE_ADMIN, "GetTask", &request.base, &response, NULL) == STATUS_OK
               ? ((const Routing__GetTaskResponse *)response)->task->unit
               : "nobody";
}

enum status scene_accept(struct rig *rig, uint64_t task, const Routing__Task **ret_task)
{
    Routing__AcceptTaskRequest request = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.task_number = task;
    enum status status = scene_call(rig, RPC_ROLE_OFFICE, holder_of(rig, task), "AcceptTask",
                                    &request.base, &response, NULL);
    if (status == STATUS_OK && ret_task != NULL) {
        *ret_task = ((const Routing__AcceptTaskResponse *)response)->task;
    }
    return status;
}

enum status scene_report(struct rig *rig, uint64_t task, const char *note,
                         const Routing__Task **ret_task)
{
    Routing__ReportTaskRequest request = ROUTING__REPORT_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.task_number = task;
    request.note = text(note);
    enum status status = scene_call(rig, RPC_ROLE_OFFICE, holder_of(rig, task), "ReportTask",
                                    &request.base, &response, NULL);
    if (status == STATUS_OK && ret_task != NULL) {
        *ret_task = ((const Routing__ReportTaskResponse *)response)->task;
    }
    return status;
}

enum status scene_finish(struct rig *rig, uint64_t task, const char *note,
                         const Routing__Task **ret_task)
{
    Routing__FinishTaskRequest request = ROUTING__FINISH_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.task_number = task;
    request.note = text(note);
    enum status status = scene_call(rig, RPC_ROLE_OFFICE, holder_of(rig, task), "FinishTask",
                                    &request.base, &response, NULL);
    if (status == STATUS_OK && ret_task != NULL) {
        *ret_task = ((const Routing__FinishTaskResponse *)response)->task;
    }
    return status;
}

enum status scene_finish_at(struct rig *rig, enum rpc_role role, uint64_t task, int64_t at_us,
                            struct error *err)
{
    Routing__FinishTaskRequest request = ROUTING__FINISH_TASK_REQUEST__INIT;
    request.task_number = task;
    request.occurred_at_us = at_us;
    return scene_call(rig, role, holder_of(rig, task), "FinishTask", &request.base, NULL, err);
}

enum status scene_return(struct rig *rig, uint64_t task, const char *to_unit,
                         const Routing__Task **ret_task)
{
    Routing__ReturnTaskRequest request = ROUTING__RETURN_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.task_number = task;
    request.reason = text("not ours");
    request.to_unit = text(to_unit);
    enum status status = scene_call(rig, RPC_ROLE_OFFICE, holder_of(rig, task), "ReturnTask",
                                    &request.base, &response, NULL);
    if (status == STATUS_OK && ret_task != NULL) {
        *ret_task = ((const Routing__ReturnTaskResponse *)response)->task;
    }
    return status;
}

/* --- looking --- */

const Routing__Task *scene_task(struct rig *rig, uint64_t number)
{
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    request.task_number = number;
    assert_int_equal(rig_call(rig, RPC_ROLE_ADMIN, "GetTask", &request.base, &response, NULL),
                     STATUS_OK);
    return ((const Routing__GetTaskResponse *)response)->task;
}

const Routing__FollowTasksResponse *scene_follow(struct rig *rig, enum rpc_role role,
                                                 const char *unit, uint64_t after,
                                                 uint32_t changes_max)
{
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    request.unit = text(unit);
    request.after = after;
    request.changes_max = changes_max;
    request.wait_ms = 50;
    request.reader = text("desk");
    if (scene_call(rig, role, unit, "FollowTasks", &request.base, &response, &err) != STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return (const Routing__FollowTasksResponse *)response;
}

enum status scene_acknowledge(struct rig *rig, const char *unit, uint64_t sequence)
{
    Routing__AcknowledgeTasksRequest request = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    request.unit = text(unit);
    request.sequence = sequence;
    return scene_call(rig, RPC_ROLE_OFFICE, unit, "AcknowledgeTasks", &request.base, NULL, NULL);
}

const Routing__Event *scene_event(struct rig *rig, uint64_t offset)
{
    return (const Routing__Event *)rig_event(rig, offset)->open;
}
