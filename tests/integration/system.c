#include "tests/integration/system.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define READY_MS 60000
/* Promised is: drained and stopped within 5 s. What a loaded machine and its disk add to that is nobody's mistake, so a longer stop is
 * printed, and what is asserted only tells it from one that hangs. */
#define STOP_PROMISED_MS 5000
#define STOP_MS 60000
/* Of a command, which alone would have 10 s, and of `health`, which has 2. */
#define PATIENCE_S "120"
#define ARGUMENTS_MAX 40
#define OUTPUT_BYTES_MAX (64u << 20)

extern char **environ;

static const char *const five[] = {"vafa-intake", "vafa-routing", "vafa-followup", "vafa-feedback",
                                   "vafa-report"};

bool system_is_five(void)
{
    const char *shape = getenv("TEST_SHAPE");
    return shape != NULL && strcmp(shape, "five") == 0;
}

const char *system_program(const struct system *system, size_t i)
{
    return system->program_count == 1 ? "vafad" : five[i];
}

static int64_t now_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- processes --- */

/* out_fd, err_fd: -1 throws away. */
static pid_t spawn(const char *program, const char *const *arguments, int out_fd, int err_fd)
{
    char path[512];
    char *argv[ARGUMENTS_MAX + 2];
    size_t count = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    snprintf(path, sizeof path, "%s/%s", VAFA_BIN_DIR, program);
    argv[count++] = path;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(count < ARGUMENTS_MAX);
        argv[count++] = (char *)(uintptr_t)arguments[i];
    }
    argv[count] = NULL;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), 0);
    if (out_fd >= 0) {
        assert_int_equal(posix_spawn_file_actions_adddup2(&actions, out_fd, 1), 0);
    } else {
        assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0),
                         0);
    }
    if (err_fd >= 0) {
        assert_int_equal(posix_spawn_file_actions_adddup2(&actions, err_fd, 2), 0);
    } else {
        assert_int_equal(posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0),
                         0);
    }
    int failure = posix_spawn(&pid, path, &actions, NULL, argv, environ);
    if (failure != 0) {
        fail_msg("%s cannot be started: %s", path, strerror(failure));
    }
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    return pid;
}

static int code_of(int state)
{
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int wait_for_end(pid_t pid)
{
    int state;
    while (waitpid(pid, &state, 0) < 0) {
        assert_int_equal(errno, EINTR);
    }
    return code_of(state);
}

/* --- the servers --- */

/* The last of a program's log, or of the command line's in the background. */
static void print_log(const struct system *system, const char *program)
{
    char log[256], line[1024];
    snprintf(log, sizeof log, "%s/%s.log", system->folder, program);
    FILE *file = fopen(log, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        print_error("%s: %s", program, line);
    }
    if (file != NULL) {
        (void)fclose(file); /* it was only read */
    }
}

/* Reads the program's output up to the line that begins with "ready". */
static void wait_until_ready(const struct system *system, const char *program, int fd)
{
    char text[4096];
    size_t size = 0;
    int64_t until_ms = now_ms() + READY_MS;
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0 || poll(&poll_fd, 1, (int)left_ms) <= 0) {
            print_log(system, program);
            fail_msg("%s was not ready after %d ms", program, READY_MS);
        }
        ssize_t got = read(fd, text + size, sizeof text - 1 - size);
        if (got <= 0) {
            print_log(system, program);
            fail_msg("%s ended before it was ready", program);
        }
        size += (size_t)got;
        text[size] = '\0';
        if ((strncmp(text, "ready ", 6) == 0 || strstr(text, "\nready ") != NULL) &&
            text[size - 1] == '\n') {
            return;
        }
        assert_true(size < sizeof text - 1);
    }
}

void system_start_begin(struct system *system, size_t i)
{
    int out[2];
    char log[256];
    const char *program = system_program(system, i);
    assert_int_equal(system->pids[i], 0);
    snprintf(log, sizeof log, "%s/%s.log", system->folder, program);
    int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(log_fd >= 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    system->pids[i] =
        spawn(program, ARGS("--data", system->data, "--city", system->city, "--map-size", "4096"),
              out[1], log_fd);
    system->outs[i] = out[0];
    assert_int_equal(close(out[1]), 0);
    assert_int_equal(close(log_fd), 0);
}

static void close_out(struct system *system, size_t i)
{
    if (system->outs[i] != 0) {
        assert_int_equal(close(system->outs[i]), 0);
        system->outs[i] = 0;
    }
}

void system_start_end(struct system *system, size_t i)
{
    wait_until_ready(system, system_program(system, i), system->outs[i]);
    close_out(system, i);
}

void system_start(struct system *system, size_t i)
{
    system_start_begin(system, i);
    system_start_end(system, i);
}

void system_start_all(struct system *system)
{
    for (size_t i = 0; i < system->program_count; i++) {
        if (system->pids[i] == 0) {
            system_start(system, i);
        }
    }
}

static void wait_for_killed(struct system *system, size_t i)
{
    int code = wait_for_end(system->pids[i]);
    system->pids[i] = 0;
    close_out(system, i);
    if (code != 128 + SIGKILL) {
        print_log(system, system_program(system, i));
        fail_msg("%s ended with %d before it was killed", system_program(system, i), code);
    }
}

void system_kill(struct system *system, size_t i)
{
    assert_int_equal(kill(system->pids[i], SIGKILL), 0);
    wait_for_killed(system, i);
}

void system_kill_all(struct system *system)
{
    for (size_t i = 0; i < system->program_count; i++) {
        assert_int_equal(kill(system->pids[i], SIGKILL), 0);
    }
    for (size_t i = 0; i < system->program_count; i++) {
        wait_for_killed(system, i);
    }
}

void system_pause(struct system *system, size_t i)
{
    int state;
    assert_int_equal(kill(system->pids[i], SIGSTOP), 0);
    assert_int_equal(waitpid(system->pids[i], &state, WUNTRACED), system->pids[i]);
    assert_true(WIFSTOPPED(state));
}

void system_resume(struct system *system, size_t i)
{
    assert_int_equal(kill(system->pids[i], SIGCONT), 0);
}

void system_stop(struct system *system, size_t i)
{
    int64_t began_ms = now_ms();
    assert_int_equal(kill(system->pids[i], SIGTERM), 0);
    int code = wait_for_end(system->pids[i]);
    int64_t took_ms = now_ms() - began_ms;
    system->pids[i] = 0;
    if (took_ms > STOP_PROMISED_MS) {
        print_message("%s took %lld ms to stop\n", system_program(system, i), (long long)took_ms);
    }
    if (code != 0 || took_ms > STOP_MS) {
        print_log(system, system_program(system, i));
        fail_msg("%s ended with %d, %lld ms after SIGTERM", system_program(system, i), code,
                 (long long)took_ms);
    }
}

void system_stop_all(struct system *system)
{
    for (size_t i = system->program_count; i-- > 0;) {
        if (system->pids[i] != 0) {
            system_stop(system, i);
        }
    }
}

/* A failed test jumps out and leaves its system: nothing of it may outlive the test program. */
static struct system *live;

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_what_is_left(void)
{
    for (size_t i = 0; live != NULL && i < live->program_count; i++) {
        if (live->pids[i] != 0) {
            (void)kill(live->pids[i], SIGKILL); /* it may have ended by itself */
            (void)waitpid(live->pids[i], NULL, 0);
        }
    }
    if (live != NULL) {
        (void)nftw(live->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS); /* as far as it goes */
    }
}

struct system *system_new(const char *city)
{
    struct system *system = calloc(1, sizeof *system);
    assert_non_null(system);
    snprintf(system->folder, sizeof system->folder, "/tmp/vafa-test-XXXXXX");
    assert_non_null(mkdtemp(system->folder));
    snprintf(system->data, sizeof system->data, "%s/data", system->folder);
    snprintf(system->city, sizeof system->city, "%s", city);
    system->program_count = system_is_five() ? 5 : 1;
    assert_int_equal(setenv("VAFA_CITIES", VAFA_SOURCE_DIR "/deploy/cities", 1), 0);
    static bool registered;
    if (!registered) {
        registered = true;
        assert_int_equal(atexit(remove_what_is_left), 0);
    }
    if (live != NULL) {
        remove_what_is_left(); /* of the test that failed before */
        free(live);
    }
    live = system;
    system_start_all(system);
    return system;
}

void system_free(struct system *system)
{
    if (system == NULL) {
        return;
    }
    system_stop_all(system);
    assert_int_equal(nftw(system->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    live = NULL;
    free(system);
}

/* --- the command line --- */

static char *read_whole(FILE *file)
{
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0 && size < (long)OUTPUT_BYTES_MAX);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

struct output run_program(const char *program, const char *const *arguments)
{
    FILE *out = tmpfile(), *err = tmpfile();
    assert_non_null(out);
    assert_non_null(err);
    pid_t pid = spawn(program, arguments, fileno(out), fileno(err));
    struct output output = {.code = wait_for_end(pid)};
    output.out = read_whole(out);
    output.err = read_whole(err);
    return output;
}

void output_free(struct output *output)
{
    free(output->out);
    free(output->err);
    output->out = output->err = NULL;
}

/* The command's own words first: "show CODE --data DIR". */
static void with_data(const struct system *system, const char *const *arguments,
                      const char *all[ARGUMENTS_MAX])
{
    size_t count = 0;
    bool is_timed = strcmp(arguments[0], "verify") == 0; /* it asks nobody */
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(count < ARGUMENTS_MAX - 5);
        is_timed = is_timed || strcmp(arguments[i], "--timeout") == 0;
        all[count++] = arguments[i];
    }
    all[count++] = "--data";
    all[count++] = system->data;
    if (!is_timed) {
        all[count++] = "--timeout";
        all[count++] = PATIENCE_S;
    }
    all[count] = NULL;
}

struct output system_vafa(const struct system *system, const char *const *arguments)
{
    const char *all[ARGUMENTS_MAX];
    with_data(system, arguments, all);
    return run_program("vafa", all);
}

pid_t system_vafa_start(const struct system *system, const char *const *arguments)
{
    const char *all[ARGUMENTS_MAX];
    char log[256];
    with_data(system, arguments, all);
    snprintf(log, sizeof log, "%s/vafa.log", system->folder);
    int log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(log_fd >= 0);
    pid_t pid = spawn("vafa", all, -1, log_fd);
    assert_int_equal(close(log_fd), 0);
    return pid;
}

void system_expect_good_end(const struct system *system, int code)
{
    if (code != 0) {
        for (size_t i = 0; i < system->program_count; i++) {
            print_log(system, system_program(system, i));
        }
        print_log(system, "vafa");
        fail_msg("vafa ended with %d", code);
    }
}

json_t *system_json(const struct system *system, const char *const *arguments)
{
    const char *all[ARGUMENTS_MAX];
    size_t count = 0;
    for (; arguments[count] != NULL; count++) {
        assert_true(count < ARGUMENTS_MAX - 6);
        all[count] = arguments[count];
    }
    all[count++] = "--json";
    all[count] = NULL;
    struct output output = system_vafa(system, all);
    json_error_t where;
    if (output.code != 0) {
        fail_msg("vafa %s: exit code %d: %s%s", arguments[0], output.code, output.err, output.out);
    }
    json_t *json = json_loads(output.out, 0, &where);
    if (json == NULL) {
        fail_msg("vafa %s: not JSON: %s: %s", arguments[0], where.text, output.out);
    }
    output_free(&output);
    return json;
}
