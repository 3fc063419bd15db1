/*
 * How many echo calls a second, client and server in two processes on one machine:
 * bench_echo URL IN_FLIGHT SECONDS [PAYLOAD_BYTES]
 */
#include "echo_service.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct bench {
    struct rpc_client *client;
    Echo__SayBackRequest request;
    int64_t until_us;
    uint64_t answered;
    uint64_t failed;
    size_t flying;
    struct loop *loop;
};

static void bench_done(struct rpc_client_call *call);

static void start(struct bench *bench, struct rpc_client_call *call)
{
    call_prepare_say_back(call, &bench->request, 5000);
    call->context = bench;
    call->done = bench_done;
    bench->flying++;
    rpc_client_start(bench->client, call);
}

static void bench_done(struct rpc_client_call *call)
{
    struct bench *bench = call->context;
    bench->flying--;
    if (call->error.status == STATUS_OK) {
        bench->answered++;
    } else {
        bench->failed++;
    }
    rpc_client_call_fini(call);
    if (test_now_us() < bench->until_us) {
        start(bench, call);
    } else if (bench->flying == 0) {
        loop_stop(bench->loop);
    }
}

/* The server, as a child that was started before NNG was. Ends when the returned descriptor is
 * closed. */
static int start_server(const char *program, const char *url)
{
    char path[512];
    int in[2];
    int out[2];
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    snprintf(path, sizeof(path), "%.*s/echo_server", (int)(strrchr(program, '/') - program),
             program);
    if (fork() == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execl(path, path, url, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    char line[128];
    CHECK(read(out[0], line, sizeof(line)) > 0);
    close(out[0]);
    return in[1];
}

int main(int argc, char **argv)
{
    CHECK(argc >= 4);
    size_t in_flight = strtoul(argv[2], NULL, 10);
    int server = start_server(argv[0], argv[1]);
    struct bench bench = {.request = ECHO__SAY_BACK_REQUEST__INIT};
    bench.request.text = "echo";
    bench.request.payload.len = argc > 4 ? strtoul(argv[4], NULL, 10) : 300;
    bench.request.payload.data = calloc(1, bench.request.payload.len + 1);
    bench.loop = loop_new(clock_system());
    bench.client = rig_client(bench.loop, argv[1], in_flight);
    struct rpc_client_call *calls = calloc(in_flight, sizeof(*calls));
    int64_t start_us = test_now_us();
    bench.until_us = start_us + strtol(argv[3], NULL, 10) * SECOND_US;
    for (size_t i = 0; i < in_flight; i++) {
        start(&bench, &calls[i]);
    }
    loop_run(bench.loop);
    double seconds = (double)(test_now_us() - start_us) / 1e6;
    printf("%s, %zu in flight, %zu bytes: %.0f calls/s, %llu failed\n", argv[1], in_flight,
           bench.request.payload.len, (double)bench.answered / seconds,
           (unsigned long long)bench.failed);
    rpc_client_free(bench.client);
    loop_free(bench.loop);
    free(calls);
    free(bench.request.payload.data);
    close(server);
    wait(NULL);
    return 0;
}
