/*
 * What a hostile server answers. The first byte chooses a command of the command line, the next ones
 * its options; the rest are the answers to every call it makes: made of the method's own type, or
 * bytes, or refusals. The command ends, with an exit code that is told in --help; what it printed is
 * text without control characters, or with --json a line of JSON each.
 */
#include "base/check.h"
#include "base/utf8_check.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "rpc/rpc_nng.h"
#include "tests/fuzz/fuzz_contract.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 16
#define ANSWERS_MAX 64 /* then every list ends */
#define ARGUMENTS_MAX 16

/* --- the server --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the block below */
static struct fuzz_input *answers;                       /* NULL: nobody asks */
static unsigned answer_count;

static void refuse(struct rpc_call *call, struct fuzz_input *in)
{
    /* Not those that make a client try again until its time is over. */
    static const enum status statuses[] = {STATUS_NOT_FOUND,           STATUS_INVALID_ARGUMENT,
                                           STATUS_FAILED_PRECONDITION, STATUS_PERMISSION_DENIED,
                                           STATUS_DATA_LOSS,           STATUS_INTERNAL};
    struct error err = ERROR_NONE;
    const char *field = fuzz_utf8_of(in, fuzz_take(in, fuzz_u8(in) % 32u));
    error_set(&err, statuses[fuzz_below(in, sizeof(statuses) / sizeof(statuses[0]))], field, "%s",
              fuzz_utf8_of(in, fuzz_take(in, fuzz_u8(in))));
    rpc_call_refuse(call, &err);
}

static void answer(void *context, unsigned method, struct rpc_call *call)
{
    const ProtobufCServiceDescriptor *service = context;
    const ProtobufCMessageDescriptor *type = service->methods[method].output;
    struct fuzz_input none = {.blocks = NULL};
    pthread_mutex_lock(&lock);
    struct fuzz_input *in = answers != NULL && answer_count++ < ANSWERS_MAX ? answers : &none;
    uint8_t how = fuzz_u8(in);
    const Common__Position *position = NULL;
    if (fuzz_bool(in)) {
        position = (const Common__Position *)fuzz_message(in, &common__position__descriptor);
    }
    if (how < 0xD0) {
        rpc_call_answer(call, fuzz_message(in, type), position);
    } else if (how < 0xE8) {
        rpc_call_answer_bytes(call, fuzz_take(in, fuzz_u8(in)), position);
    } else {
        refuse(call, in);
    }
    fuzz_end(&none);
    pthread_mutex_unlock(&lock);
}

/* They live as long as the program. */
static struct metric_registry *metrics[FUZZ_SERVICES];
static struct rpc_server *servers[FUZZ_SERVICES];

static void serve(size_t i)
{
    char url[64];
    Common__ServiceId id = fuzz_services[i]->id;
    struct error err = ERROR_NONE;
    const ProtobufCServiceDescriptor *all[] = {fuzz_services[i]->rpc, &eventlog__event_log__descriptor,
                                               &health__health__descriptor};
    metrics[i] = metric_registry_new();
    struct rpc_router *router =
        rpc_router_new(clock_system(), metrics[i], service_name(id), CALLS_MAX);
    for (size_t n = 0; n < sizeof(all) / sizeof(all[0]); n++) {
        rpc_router_add(router, &(struct rpc_service){.descriptor = all[n],
                                                     .handle = answer,
                                                     .context = (void *)(uintptr_t)all[n]});
    }
    servers[i] = rpc_server_new(router);
    (void)snprintf(url, sizeof(url), "inproc://fuzz/%s.sock", service_name(id));
    PROPERTY(rpc_server_listen(servers[i], url, NULL, &err) == STATUS_OK &&
                 rpc_server_start(servers[i], &err) == STATUS_OK,
             "the server starts");
}

static void start_servers(void)
{
    for (size_t i = 0; i < FUZZ_SERVICES && servers[i] == NULL; i++) {
        serve(i);
    }
}

/* --- the command --- */

struct invocation {
    const struct command *command;
    const char *arguments[4];
    const char *options[8]; /* each may be given */
};

static const struct invocation invocations[] = {
    {&command_register,
     {NULL},
     {"--topic=asphalt", "--phone=09130000000", "--words=چاله", "--area=5", "--point=32.6,51.6"}},
    {&command_show, {"5837261904"}, {"--fresh"}},
    {&command_history, {"09130000000"}, {"--limit=3"}},
    {&command_reveal, {"5837261904"}, {"--purpose=why"}},
    {&command_tasks_list, {NULL}, {"--unit=district-5-civil", "--state=routed", "--limit=9"}},
    {&command_tasks_follow, {NULL}, {"--once", "--unit=district-5-civil", "--after=0"}},
    {&command_task_show, {"1"}, {"--case"}},
    {&command_task_accept, {"1"}, {NULL}},
    {&command_task_report, {"1"}, {"--note=x"}},
    {&command_task_done, {"1"}, {"--note=x"}},
    {&command_task_return, {"1"}, {"--reason=x", "--to=district-5"}},
    {&command_call_next, {NULL}, {"--operator=desk"}},
    {&command_call_record,
     {"1"},
     {"--outcome=answered", "--resolution=resolved", "--score=5", "--words=ممنون"}},
    {&command_call_show, {"1"}, {"--reveal", "--purpose=x"}},
    {&command_calls_list, {NULL}, {"--state=waiting", "--limit=5"}},
    {&command_rates, {NULL}, {NULL}},
    {&command_report,
     {"requests"},
     {"--by=topic", "--per=day", "--from=-7d", "--where=area=5", "--chart", "--csv", "--bom"}},
    {&command_report, {"satisfaction"}, {"--by=unit", "--limit=4", "--fresh", "--per=month"}},
    {&command_events, {"routing"}, {"--from=2", "--limit=20"}},
    {&command_health, {NULL}, {NULL}},
    {&command_version, {NULL}, {NULL}},
    {&command_metrics, {NULL}, {NULL}},
};

#define INVOCATIONS (sizeof(invocations) / sizeof(invocations[0]))

static int make_arguments(struct fuzz_input *in, const struct invocation *invocation,
                          char *argv[ARGUMENTS_MAX], bool *ret_json)
{
    int argc = 0;
    uint8_t given = fuzz_u8(in);
    uint8_t common = fuzz_u8(in);
    *ret_json = (common & 1) != 0;
    const char *const first[] = {"vafa", "--connect=inproc://fuzz", "--timeout=1", "--name=fuzz"};
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        argv[argc++] = fuzz_text_of(in, bytes_of_text(first[i]));
    }
    if (*ret_json) {
        argv[argc++] = fuzz_text_of(in, bytes_of_text("--json"));
    }
    if ((common & 2) != 0) {
        argv[argc++] =
            fuzz_text_of(in, bytes_of_text("--city=" VAFA_SOURCE_DIR "/tests/fuzz/small_pack"));
    }
    argv[argc++] =
        fuzz_text_of(in, bytes_of_text((common & 4) != 0 ? "--lang=fa" : "--lang=en"));
    for (size_t i = 0; i < 7 && invocation->options[i] != NULL; i++) {
        if ((given & 1u << i) == 0) {
            argv[argc++] = fuzz_text_of(in, bytes_of_text(invocation->options[i]));
        }
    }
    for (size_t i = 0; invocation->arguments[i] != NULL; i++) {
        argv[argc++] = fuzz_text_of(in, bytes_of_text(invocation->arguments[i]));
    }
    argv[argc] = NULL;
    return argc;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct session session;
    struct error err = ERROR_NONE;
    int code;
    if (session_init(&session, command, argc, argv, &err) != STATUS_OK) {
        code = output_usage(&err);
    } else if (args_has(&session.args, "city") && session_city(&session, &err) == NULL) {
        code = output_error(&err);
    } else {
        code = command->run(&session);
    }
    output_progress_end();
    session_fini(&session);
    return code;
}

/* --- what it printed --- */

static void check_text(const char *text, size_t size)
{
    PROPERTY(utf8_well_formed(text, size), "what is printed is text");
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)text[i];
        PROPERTY(byte >= 0x20 || byte == '\n' || byte == '\r', "no control character is printed");
        PROPERTY(byte != 0x7F, "nor the last of them");
        PROPERTY(byte != 0xC2 || i + 1 == size || (uint8_t)text[i + 1] >= 0xA0,
                 "nor one of the second set");
    }
}

static void check_json(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        json_t *json = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        PROPERTY(json != NULL, "a line is JSON");
        json_decref(json);
        text += size + (text[size] == '\n');
    }
}

static void run_captured(struct fuzz_input *in, const struct invocation *invocation)
{
    char *argv[ARGUMENTS_MAX + 1];
    char *texts[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    bool is_json;
    FILE *const outside[2] = {stdout, stderr};
    int argc = make_arguments(in, invocation, argv, &is_json);
    pthread_mutex_lock(&lock);
    answers = in;
    answer_count = 0;
    pthread_mutex_unlock(&lock);
    stdout = open_memstream(&texts[0], &sizes[0]);
    stderr = open_memstream(&texts[1], &sizes[1]);
    CHECK(stdout != NULL && stderr != NULL);
    int code = run(invocation->command, argc, argv);
    CHECK(fclose(stdout) == 0 && fclose(stderr) == 0);
    stdout = outside[0];
    stderr = outside[1];
    pthread_mutex_lock(&lock);
    answers = NULL;
    pthread_mutex_unlock(&lock);
    PROPERTY(code >= EXIT_DONE && code <= EXIT_WRONG, "the exit code is one of those in --help");
    check_text(texts[0], sizes[0]);
    check_text(texts[1], sizes[1]);
    if (is_json && code == EXIT_DONE && invocation->command != &command_metrics) {
        check_json(texts[0]);
    }
    free(texts[0]);
    free(texts[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    start_servers();
    fuzz_begin(&in, data, size);
    run_captured(&in, &invocations[fuzz_below(&in, INVOCATIONS)]);
    fuzz_end(&in);
    return 0;
}
