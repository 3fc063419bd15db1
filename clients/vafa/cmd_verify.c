/* vafa verify: a data folder looked at on this machine, without a server. */
#include "base/check.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/verify_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* vafad beside this program, else by PATH. */
static void find_vafad(char path[4096])
{
    ssize_t size = readlink("/proc/self/exe", path, 4096 - 16);
    path[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        strcpy(slash + 1, "vafad");
    }
    if (slash == NULL || access(path, X_OK) != 0) {
        strcpy(path, "vafad");
    }
}

static int tell_end(int status, const char *data)
{
    if (WIFSIGNALED(status)) {
        /* A store whose pages point beyond its file ends in SIGBUS: that, too, is a finding. */
        fprintf(stderr,
                "vafa: the check itself broke off (%s): a store in %s is damaged.\n"
                "Stop the server, keep the folder aside, and go back to a backup:\n"
                "  vafa restore SET --data NEW-FOLDER\n",
                strsignal(WTERMSIG(status)), data);
        return EXIT_WRONG;
    }
    switch (WEXITSTATUS(status)) {
    case 0: return EXIT_DONE;
    case 2: return EXIT_USAGE;
    case 3:
        fputs("vafa: go back to a backup with `vafa restore SET --data NEW-FOLDER`; keep the "
              "damaged folder.\n",
              stderr);
        return EXIT_WRONG;
    case 127:
        fputs("vafa: vafad is not beside this program and not in PATH\n", stderr);
        return EXIT_REFUSED;
    default: return EXIT_REFUSED;
    }
}

/* Starts vafad with its results in a pipe. */
static enum status start(const char *data, const char *city, pid_t *ret_child, FILE **ret_out,
                         struct error *err)
{
    char path[4096];
    int ends[2];
    posix_spawn_file_actions_t actions;
    find_vafad(path);
    char *argv[] = {path,
                    (char *)(uintptr_t) "--verify",
                    (char *)(uintptr_t) "--data",
                    (char *)(uintptr_t)data,
                    (char *)(uintptr_t)(city != NULL ? "--city" : NULL),
                    (char *)(uintptr_t)city,
                    NULL};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, STATUS_RESOURCE_EXHAUSTED, errno, "making a pipe");
    }
    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0);
    int failed = posix_spawnp(ret_child, path, &actions, NULL, argv, environ);
    CHECK(posix_spawn_file_actions_destroy(&actions) == 0);
    (void)close(ends[1]); /* the child's */
    if (failed != 0) {
        (void)close(ends[0]);
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, failed, "starting %s", path);
    }
    *ret_out = fdopen(ends[0], "r");
    CHECK(*ret_out != NULL);
    return STATUS_OK;
}

static json_t *line_json(const struct verify_line *line)
{
    return line->good
               ? json_pack("{s:s, s:b, s:I, s:I}", "service", line->service, "good", 1, "events",
                           (json_int_t)line->events, "followed", (json_int_t)line->followed)
               : json_pack("{s:s, s:b, s:s}", "service", line->service, "good", 0, "finding",
                           line->finding);
}

static void print_line(struct session *session, const struct verify_line *line)
{
    const char *language = session_language(session);
    if (line->good) {
        printf("%-9s %s: %s %" PRIu64 "%s %s %" PRIu64 "\n", line->service,
               label_word("good", language), label_word("events", language), line->events,
               label_word(",", language), label_word("followed", language), line->followed);
    } else {
        printf("%-9s %s: %s\n", line->service, label_word("damaged", language), line->finding);
    }
    (void)fflush(stdout); /* a line as soon as it is known; main tells what could not be written */
}

/* Shows what it finds; what else it says is for people, so it is no part of JSON. */
static void show(struct session *session, FILE *out, json_t *services)
{
    char text[1024];
    struct verify_line line;
    while (fgets(text, sizeof(text), out) != NULL) {
        if (!verify_text_read(text, &line)) {
            fputs(text, session->json ? stderr : stdout);
        } else if (session->json) {
            json_array_append_new(services, line_json(&line));
        } else {
            print_line(session, &line);
        }
    }
}

static int run_verify(struct session *session)
{
    struct error err = ERROR_NONE;
    pid_t child;
    FILE *out;
    int status;
    const char *data = args_value(&session->args, "data");
    const char *environment = getenv("VAFA_DATA");
    if (data == NULL) {
        data = environment != NULL && environment[0] != '\0' ? environment : VAFA_DATA_DEFAULT;
    }
    if (start(data, args_value(&session->args, "city"), &child, &out, &err) != STATUS_OK) {
        return output_error(&err);
    }
    json_t *services = json_array();
    show(session, out, services);
    (void)fclose(out); /* it was only read */
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            json_decref(services);
            return EXIT_REFUSED;
        }
    }
    int code = tell_end(status, data);
    if (session->json) {
        json_t *json = json_pack("{s:b, s:O}", "good", code == EXIT_DONE, "services", services);
        output_json(json);
        json_decref(json);
    }
    json_decref(services);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "",
    .summary = "rebuilds every table from the logs and compares",
    .help = "Runs `vafad --verify` on the data folder: the hash chain of each log, then every "
            "table against a rebuild of it, byte for byte.\n"
            "Runs beside a server, reading only. Exit status 5: something is damaged.",
    .examples = "vafa verify --data ./vafa-data",
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_verify,
};
