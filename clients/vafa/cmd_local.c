/* vafa verify, vafa city check: what is looked at on this machine, without a server. */
#include "city/city_find.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINDINGS_MAX 200

/* --- verify --- */

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

static int run_verify(struct session *session)
{
    char path[4096];
    pid_t child;
    int status;
    const char *data = args_value(&session->args, "data");
    const char *environment = getenv("VAFA_DATA");
    if (data == NULL) {
        data = environment != NULL && environment[0] != '\0' ? environment : VAFA_DATA_DEFAULT;
    }
    find_vafad(path);
    const char *city = args_value(&session->args, "city");
    char *argv[] = {path,
                    (char *)(uintptr_t) "--verify",
                    (char *)(uintptr_t) "--data",
                    (char *)(uintptr_t)data,
                    (char *)(uintptr_t)(city != NULL ? "--city" : NULL),
                    (char *)(uintptr_t)city,
                    NULL};
    int failed = posix_spawnp(&child, path, NULL, NULL, argv, environ);
    if (failed != 0) {
        struct error err;
        error_set_errno(&err, STATUS_FAILED_PRECONDITION, failed, "starting %s", path);
        return output_error(&err);
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return EXIT_REFUSED;
        }
    }
    return tell_end(status, data);
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "",
    .summary = "rebuilds every table from the logs and compares",
    .help = "Runs `vafad --verify` on the data folder: the hash chain of each log, then every "
            "table against a rebuild of it, byte for byte.\n"
            "Runs beside a server, reading only. Exit status 5: something is damaged.",
    .examples = "vafa verify --data ./vafa-data",
    .role = RPC_ROLE_ADMIN,
    .run = run_verify,
};

/* --- city check --- */

static json_t *finding_json(const struct city_finding *finding)
{
    return json_pack("{s:s, s:i, s:s, s:s}", "file", finding->file, "line", finding->line,
                     "severity", finding->is_error ? "error" : "warning", "message",
                     finding->message);
}

static void print_finding(const char *folder, const struct city_finding *finding)
{
    char line[16] = "";
    if (finding->line > 0) {
        snprintf(line, sizeof(line), ":%d", finding->line);
    }
    printf("%s/%s%s: %s: %s\n", folder, finding->file, line,
           finding->is_error ? "error" : "warning", finding->message);
}

static int run_city_check(struct session *session)
{
    static struct city_finding findings[FINDINGS_MAX];
    struct error err = ERROR_NONE;
    char folder[CITY_FOLDER_SIZE];
    const char *given = session->args.arguments[0];
    /* A name is looked for; anything that is a folder here is that folder, even when its city.ini
     * is what is missing. */
    if (access(given, F_OK) == 0 && strlen(given) < sizeof(folder)) {
        strcpy(folder, given);
    } else if (city_find(given, folder, &err) != STATUS_OK) {
        return output_error(&err);
    }
    for (size_t size = strlen(folder); size > 1 && folder[size - 1] == '/'; size--) {
        folder[size - 1] = '\0'; /* findings are told as folder/file */
    }
    size_t count = city_check(folder, findings, FINDINGS_MAX);
    size_t shown = count < FINDINGS_MAX ? count : FINDINGS_MAX;
    size_t errors = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < shown; i++) {
        errors += findings[i].is_error;
        if (session->json) {
            json_array_append_new(list, finding_json(&findings[i]));
        } else {
            print_finding(folder, &findings[i]);
        }
    }
    bool wrong = errors > 0 || count > shown;
    if (session->json) {
        json_t *json = json_pack("{s:b, s:I, s:O}", "usable", !wrong, "count", (json_int_t)count,
                                 "findings", list);
        output_json(json);
        json_decref(json);
    } else {
        size_t warnings = shown - errors;
        printf("%s: %zu error%s, %zu warning%s%s\n", folder, errors, errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s", count > shown ? ", and more" : "");
    }
    json_decref(list);
    return wrong ? EXIT_WRONG : EXIT_DONE;
}

const struct command command_city_check = {
    .name = "city check",
    .arguments = "DIR",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what is wrong in a city pack, by file and line",
    .help = "Reads a city pack (docs/CITY_PACKS.md) and tells every error and warning. Exit status "
            "5: there are errors.\n"
            "DIR may also be the name of an installed pack.",
    .examples = "vafa city check deploy/cities/isfahan\nvafa city check ./my-city --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_city_check,
};
