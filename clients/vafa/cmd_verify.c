/* vafa verify: a data folder looked at on this machine, without a server. */
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"

#include <errno.h>
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
