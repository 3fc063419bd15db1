#include "said.h"

#include "clients/vafa/output.h"
#include "rpc/rpc_nng.h"

#include "vafa/backup/v1/backup.pb-c.h"
#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES 5
#define CALLS_MAX 64
#define ASKED_MAX 40 /* then it is refused, so that who asks for ever fails instead */
#define WORDS_MAX 16

/* --- the server: one method answers what the test says, all others an empty message --- */

struct said said = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct metric_registry *metrics[SERVICES];
static struct rpc_router *routers[SERVICES];
static struct rpc_server *servers[SERVICES];

/* But writers are held, and where is known. */
static void answer_empty(struct rpc_call *call, const ProtobufCMessageDescriptor *type)
{
    Common__Position head = COMMON__POSITION__INIT;
    ProtobufCMessage *empty = calloc(1, type->sizeof_message);
    assert_non_null(empty);
    type->message_init(empty);
    if (type == &backup__begin_snapshot_response__descriptor) {
        ((Backup__BeginSnapshotResponse *)empty)->head = &head;
    } else if (type == &backup__release_writer_response__descriptor) {
        ((Backup__ReleaseWriterResponse *)empty)->held = true;
    }
    bool is_version = type == &health__get_version_response__descriptor && said.version != NULL;
    rpc_call_answer(call, is_version ? &said.version->base : empty, NULL);
    free(empty);
}

static void answer(void *context, unsigned method, struct rpc_call *call)
{
    const ProtobufCServiceDescriptor *service = context;
    const ProtobufCMessageDescriptor *type = service->methods[method].output;
    struct error err = ERROR_NONE;
    pthread_mutex_lock(&said.lock);
    bool asked = said.answer != NULL && said.answer->descriptor == type;
    said.asked += asked;
    if (said.field != NULL) {
        error_set(&err, STATUS_INVALID_ARGUMENT, said.field, "refused");
    } else if (said.refuses) {
        error_set(&err, STATUS_DEADLINE_EXCEEDED, NULL, "not in time");
    } else if (said.asked > ASKED_MAX) {
        error_set(&err, STATUS_FAILED_PRECONDITION, NULL, "asked too often");
    }
    if (err.status != STATUS_OK) {
        said.asked += said.refuses;
        rpc_call_refuse(call, &err);
    } else if (asked) {
        rpc_call_answer(call, said.answer, NULL);
    } else {
        answer_empty(call, type);
    }
    pthread_mutex_unlock(&said.lock);
}

int said_start(void **state)
{
    static const char *const names[] = {"intake", "routing", "followup", "feedback", "report"};
    const ProtobufCServiceDescriptor *const own[] = {
        &intake__intake__descriptor, &routing__routing__descriptor, &followup__followup__descriptor,
        &feedback__feedback__descriptor, &report__report__descriptor};
    (void)state;
    for (size_t i = 0; i < SERVICES; i++) {
        char url[64];
        const ProtobufCServiceDescriptor *const all[] = {own[i], &health__health__descriptor,
                                                         &eventlog__event_log__descriptor,
                                                         &backup__backup__descriptor};
        metrics[i] = metric_registry_new();
        routers[i] = rpc_router_new(clock_system(), metrics[i], names[i], CALLS_MAX);
        for (size_t n = 0; n < 4; n++) {
            rpc_router_add(routers[i], &(struct rpc_service){.descriptor = all[n],
                                                             .handle = answer,
                                                             .context = (void *)(uintptr_t)all[n]});
        }
        servers[i] = rpc_server_new(routers[i]);
        snprintf(url, sizeof(url), "inproc://hostile/%s.sock", names[i]);
        if (rpc_server_listen(servers[i], url, NULL, NULL) != STATUS_OK ||
            rpc_server_start(servers[i], NULL) != STATUS_OK) {
            return -1;
        }
    }
    return 0;
}

int said_stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVICES; i++) {
        rpc_server_free(servers[i]);
        rpc_router_free(routers[i]);
        metric_registry_free(metrics[i]);
    }
    return 0;
}

/* --- a command --- */

char *printed;
char *told;
static size_t printed_size;
static size_t told_size;

int said_forget(void **state)
{
    (void)state;
    free(printed);
    free(told);
    printed = told = NULL;
    said.answer = NULL;
    said.refuses = false;
    said.asked = 0;
    return 0;
}

int said_run(const struct command *command, const ProtobufCMessage *answer_of_server,
             const char *const *words)
{
    static char url[] = "--connect=inproc://hostile";
    static char name[] = "--name=test";
    static char language[] = "--lang=en";
    char *argv[WORDS_MAX + 1] = {"vafa", url, name, language};
    int argc = 4;
    for (; *words != NULL; words++) {
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    FILE *const outside[2] = {stdout, stderr};
    struct session session;
    struct error err = ERROR_NONE;
    (void)said_forget(NULL);
    said.answer = answer_of_server;
    stdout = open_memstream(&printed, &printed_size);
    stderr = open_memstream(&told, &told_size);
    int code = session_init(&session, command, argc, argv, &err) == STATUS_OK
                   ? command->run(&session)
                   : output_usage(&err);
    session_fini(&session);
    fclose(stdout);
    fclose(stderr);
    stdout = outside[0];
    stderr = outside[1];
    return code;
}
