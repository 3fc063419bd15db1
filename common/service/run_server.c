/* Serving: start in order, a ready line, signals, drain, stop. */
#include "service/run_internal.h"

#include "base/check.h"
#include "base/log.h"
#include "rpc/rpc_nng.h"
#include "service/address.h"
#include "service/node.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_US (2 * SECOND_US) /* of the 5 s a stop may take, for all servers together */
#define DESCRIPTORS_WANTED 24576
#define DESCRIPTORS_FEW 4096
#define FEED_CALLS_MAX 4 /* a follower has one call in flight */
#define HEADS_EVERY_S                                                                              \
    86400 /* the chains' heads are logged daily: a copy of the log proves the chain */

struct member {
    const struct service_def *def;
    struct node *node;
    struct rpc_server *server;
};

struct program {
    const struct options *options;
    const char *name;
    struct member members[SERVICE_COUNT];
    size_t count;
    struct city *city; /* given at the start; NULL: it cannot be loaded */
    struct error no_city;
    char city_key[CITY_KEY_SIZE_MAX + 1];
    pthread_mutex_t note_lock; /* of the data folder's note: five writers come here */
    atomic_bool store_failed;
    char folder[ADDRESS_URL_SIZE];   /* of the sockets */
    char upstream[ADDRESS_URL_SIZE]; /* connect url of the services followed */
};

/* --- systemd: https://www.freedesktop.org/software/systemd/man/sd_notify.html --- */

static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof address.sun_path) {
        return;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (fd < 0 ||
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0) {
        log_warning("systemd", "the manager could not be told %s: %s", state, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd); /* a datagram has gone or not */
    }
}

/* --- starting, in the order things need each other --- */

static enum status make_folders(const struct options *options, struct error *err)
{
    char keys[RUN_PATH_SIZE];
    const char *data = option_text(options, "data");
    if (mkdir(data, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "the data folder %s cannot be made", data);
    }
    snprintf(keys, sizeof keys, "%s/keys", data);
    if (option_text(options, "master-key")[0] == '\0' && mkdir(keys, 0700) != 0 &&
        errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "the folder %s cannot be made", keys);
    }
    return STATUS_OK;
}

static enum status connect_upstream(void *context, Common__ServiceId upstream,
                                    struct rpc_transport **ret_transport, struct error *err)
{
    const struct program *program = context;
    char url[ADDRESS_URL_SIZE];
    enum status status = address_of_service(program->upstream, upstream, url, err);
    return status == STATUS_OK ? rpc_nng_transport_new(ret_transport, url, FEED_CALLS_MAX, err)
                               : status;
}

/* In one process the services speak over memory; alone, over their sockets. */
static void choose_upstream(struct program *program)
{
    const char *given = option_text(program->options, "upstream");
    if (given[0] != '\0') {
        snprintf(program->upstream, sizeof program->upstream, "%.*s", ADDRESS_URL_SIZE - 1, given);
    } else if (program->count > 1) {
        snprintf(program->upstream, sizeof program->upstream, "inproc://vafa-%ld", (long)getpid());
    } else {
        snprintf(program->upstream, sizeof program->upstream, "ipc://%.*s", ADDRESS_URL_SIZE - 7,
                 program->folder);
    }
}

/* Stopped as by SIGTERM, once: what can still be answered is. */
static void store_failed(void *context)
{
    struct program *program = context;
    if (!atomic_exchange(&program->store_failed, true)) {
        CHECK(kill(getpid(), SIGTERM) == 0);
    }
}

/* Clients on this machine find the pack by the note. The store is what counts: a note that cannot be written is only told. */
static void note_pack(void *context, struct node *node)
{
    struct program *program = context;
    char folder[PACK_SHELF_PATH_SIZE];
    struct error err = ERROR_NONE;
    pthread_mutex_lock(&program->note_lock);
    if (run_note_taken(program->options, node_pack_folder(node, folder), &err) != STATUS_OK) {
        log_error(program->name, "the pack in force cannot be noted", &err);
    }
    pthread_mutex_unlock(&program->note_lock);
}

/* Which packs are in force, where they are not the one that was given. */
static void tell_packs(struct program *program)
{
    char folder[PACK_SHELF_PATH_SIZE] = "";
    for (size_t i = program->count; i-- > 0;) {
        struct node *node = program->members[i].node;
        if (node_pack_folder(node, folder)[0] != '\0') {
            log_info(program->members[i].def->name, "the pack that was taken is in force: %s",
                     folder);
        }
        if (i == 0) {
            note_pack(program, node);
        }
    }
}

static enum status open_nodes(struct program *program, struct error *err)
{
    char master_key[RUN_PATH_SIZE];
    run_master_key(program->options, master_key);
    for (size_t i = 0; i < program->count; i++) {
        struct member *member = &program->members[i];
        char folder[RUN_PATH_SIZE];
        run_store_folder(program->options, member->def->name, folder);
        struct node_options options = {
            .def = member->def,
            .store_folder = folder,
            .master_key_file = master_key,
            .city = program->city,
            .clock = clock_system(),
            .random = random_system(),
            .map_bytes = (uint64_t)option_number(program->options, "map-size") << 20,
            .calls_max = (uint32_t)option_number(program->options, "calls-max"),
            .store_failed = store_failed,
            .pack_taken = note_pack,
            .connect = connect_upstream,
            .context = program,
        };
        enum status status = node_open(&member->node, &options, err);
        if (status == STATUS_NOT_FOUND && program->city == NULL) {
            *err = program->no_city; /* nor was any taken */
            return err->status;
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    node_city_name(program->members[0].node, program->city_key);
    return STATUS_OK;
}

static enum status listen_on(struct member *member, const char *connect, struct error *err)
{
    char url[ADDRESS_URL_SIZE];
    enum status status = address_of_service(connect, member->def->id, url, err);
    return status == STATUS_OK ? rpc_server_listen(member->server, url, NULL, err) : status;
}

/* The stores are locked by now: nobody else serves these sockets. */
static enum status open_servers(struct program *program, struct error *err)
{
    char own[ADDRESS_URL_SIZE];
    const char *tcp = option_text(program->options, "listen");
    snprintf(own, sizeof own, "ipc://%.*s", ADDRESS_URL_SIZE - 7, program->folder);
    for (size_t i = 0; i < program->count; i++) {
        struct member *member = &program->members[i];
        member->server = rpc_server_new(node_router(member->node));
        enum status status = listen_on(member, own, err);
        if (status == STATUS_OK && program->count > 1) {
            char memory[ADDRESS_URL_SIZE];
            snprintf(memory, sizeof memory, "inproc://vafa-%ld", (long)getpid());
            status = listen_on(member, memory, err);
        }
        if (status == STATUS_OK && tcp[0] != '\0') {
            status = listen_on(member, tcp, err);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status start_all(struct program *program, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < program->count && status == STATUS_OK; i++) {
        status = node_start(program->members[i].node, err);
        if (status == STATUS_OK) {
            status = rpc_server_start(program->members[i].server, err);
        }
    }
    return status;
}

/* A service that took a pack has it in its own folder: what was given once may be gone by now. */
static enum status load_given(struct program *program, struct error *err)
{
    char packs[RUN_PATH_SIZE + 8];
    enum status status = run_load_city(program->options, &program->city, &program->no_city);
    snprintf(packs, sizeof packs, "%s/%s/packs", option_text(program->options, "data"),
             program->members[0].def->name);
    if (status != STATUS_OK && access(packs, F_OK) != 0) {
        *err = program->no_city;
        return status;
    }
    return STATUS_OK;
}

static enum status start(struct program *program, struct error *err)
{
    CHECK(pthread_mutex_init(&program->note_lock, NULL) == 0);
    enum status status = load_given(program, err);
    if (status == STATUS_OK) {
        status = run_check_master_key(program->options, err);
    }
    if (status == STATUS_OK) {
        status = make_folders(program->options, err);
    }
    if (status == STATUS_OK) {
        status =
            address_make_run_folder(option_text(program->options, "data"), program->folder, err);
    }
    if (status == STATUS_OK) {
        choose_upstream(program);
        status = open_nodes(program, err);
    }
    if (status == STATUS_OK && program->city != NULL) { /* not before the stores are ours */
        char folder[PACK_SHELF_PATH_SIZE];
        status = run_claim_city(program->options, program->name, program->city,
                                node_pack_folder(program->members[0].node, folder)[0] == '\0', err);
    }
    if (status == STATUS_OK) {
        tell_packs(program);
    }
    if (status == STATUS_OK) {
        status = open_servers(program, err);
    }
    return status == STATUS_OK ? start_all(program, err) : status;
}

/* Each connection is a file to the kernel, and the usual soft limit is 1,024 of them: five services
 * may have 4,096 connections each. */
static void raise_descriptors(const char *name)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED) {
        return;
    }
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        limit.rlim_cur = before;
    }
    if (limit.rlim_cur < DESCRIPTORS_FEW) {
        log_info(name, "at most %llu files and connections at once (ulimit -n)",
                 (unsigned long long)limit.rlim_cur);
    }
}

/* --- stopping --- */

static uint32_t left_ms(int64_t until_us)
{
    int64_t left_us = until_us - clock_mono_us(clock_system());
    return left_us > 0 ? (uint32_t)(left_us / MS_US) : 0;
}

static void stop(struct program *program)
{
    int64_t until_us = clock_mono_us(clock_system()) + FLUSH_US;
    for (size_t i = 0; i < program->count; i++) {
        if (program->members[i].node != NULL) {
            node_drain(program->members[i].node);
        }
    }
    for (size_t i = 0; i < program->count; i++) {
        struct member *member = &program->members[i];
        if (member->node != NULL) {
            node_settle(member->node);
        }
        if (member->server != NULL) {
            rpc_server_stop(member->server, left_ms(until_us));
        }
    }
    for (size_t i = 0; i < program->count; i++) {
        rpc_server_free(program->members[i].server);
        node_free(program->members[i].node);
    }
    city_free(program->city);
    (void)pthread_mutex_destroy(&program->note_lock);
}

static void log_heads(const struct program *program, const char *when)
{
    for (size_t i = 0; i < program->count; i++) {
        struct store_txn *txn;
        struct log_position head;
        char hash[2 * STORE_HASH_BYTES + 1];
        if (store_read_begin(node_store(program->members[i].node), &txn, NULL) != STATUS_OK) {
            continue; /* tomorrow again */
        }
        log_head(txn, &head);
        store_read_end(txn);
        hex_encode(head.hash, sizeof head.hash, hash);
        log_info(program->members[i].def->name, "log head %s: offset %llu, hash %s", when,
                 (unsigned long long)head.offset, hash);
    }
}

/* --- signals --- */

static void exit_at_once(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_FAILURE);
}

/* From now on a second SIGTERM or SIGINT ends the program where it stands. */
static void let_second_signal_through(const sigset_t *signals)
{
    struct sigaction action = {.sa_handler = exit_at_once};
    CHECK(sigemptyset(&action.sa_mask) == 0);
    CHECK(sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGINT, &action, NULL) == 0);
    CHECK(pthread_sigmask(SIG_UNBLOCK, signals, NULL) == 0);
}

static void wait_for_signal(const struct program *program, const sigset_t *signals)
{
    for (;;) {
        struct timespec day = {.tv_sec = HEADS_EVERY_S};
        int signal_number = sigtimedwait(signals, NULL, &day);
        if (signal_number > 0) {
            log_info(program->name, "%s: stopping",
                     atomic_load(&program->store_failed) ? "a store has failed"
                                                         : strsignal(signal_number));
            return;
        }
        if (errno == EAGAIN) {
            log_heads(program, "today");
        }
    }
}

int run_server(const struct options *options, const char *name,
               const struct service_def *const *services, size_t count)
{
    static struct program program;
    struct error err = ERROR_NONE;
    sigset_t signals;
    program = (struct program){.options = options, .name = name, .count = count};
    for (size_t i = 0; i < count; i++) {
        program.members[i].def = services[i];
    }
    /* Before the first thread, so that every thread has them blocked and sigtimedwait gets them. */
    CHECK(sigemptyset(&signals) == 0 && sigaddset(&signals, SIGTERM) == 0 &&
          sigaddset(&signals, SIGINT) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    (void)signal(SIGPIPE, SIG_IGN); /* a gone caller is an error code */

    raise_descriptors(name);
    if (start(&program, &err) != STATUS_OK) {
        log_error(name, "it cannot start", &err);
        stop(&program);
        return err.status == STATUS_INVALID_ARGUMENT ? EXIT_WRONG_USAGE : EXIT_FAILURE;
    }
    log_heads(&program, "at start");
    printf("ready %s %s city=%s connect=ipc://%s\n", name, VAFA_VERSION, program.city_key,
           program.folder);
    (void)fflush(stdout); /* whoever waits for the line has gone if this fails */
    notify("READY=1");

    wait_for_signal(&program, &signals);
    let_second_signal_through(&signals);
    notify("STOPPING=1");
    log_heads(&program, "at stop");
    stop(&program);
    return atomic_load(&program.store_failed) ? EXIT_STORE_FAILED : EXIT_SUCCESS;
}
