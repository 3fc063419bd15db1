/*
 * --verify: each service in a child process of its own, because a damaged map can end the process
 * that reads it: then the crash is the finding.
 */
#include "service/keyring.h"
#include "service/run_internal.h"
#include "service/verify.h"

#include "base/log.h"
#include "base/random.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAY_BACK                                                                                   \
    "Restore the last backup set on an empty folder (vafa restore SET --data DIR); see "           \
    "docs/OPERATIONS.md."

static enum status open_read_only(const struct options *options, const char *service,
                                  struct store **ret_store, struct error *err)
{
    char folder[RUN_PATH_SIZE];
    run_store_folder(options, service, folder);
    struct store_options store_options = {.folder = folder, .service = service, .read_only = true};
    return store_open(ret_store, &store_options, err);
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    const struct service_def *def = context;
    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "\r%-9s %llu of %llu events", def->name, (unsigned long long)done,
                (unsigned long long)total);
    }
}

/* A store whose tables hold is of no use without the key of its words. */
static enum status check_key(const struct options *options, struct store *store, struct error *err)
{
    char file[RUN_PATH_SIZE];
    struct store_txn *txn;
    run_master_key(options, file);
    enum status status = store_read_begin(store, &txn, err);
    if (status == STATUS_OK) {
        status = keyring_check(file, txn, err);
        store_read_end(txn);
    }
    return status;
}

/* Opens everything the service's tables derive from, and verifies. ret_key: whether the words
 * open. */
static enum status verify(const struct options *options, const struct service_def *def,
                          const struct city *city, const char *scratch,
                          struct verify_result *ret_result, struct error *ret_key,
                          struct error *err)
{
    struct verify_options verify_options = {
        .def = def,
        .city = city,
        .scratch_folder = scratch,
        .random = random_system(),
        .progress = show_progress,
        .context = (void *)(uintptr_t)def,
    };
    enum status status = open_read_only(options, def->name, &verify_options.store, err);
    for (size_t i = 0; i < def->feed_count && status == STATUS_OK; i++) {
        status = open_read_only(options, service_name(def->feeds[i].upstream),
                                &verify_options.upstreams[i], err);
    }
    if (status == STATUS_OK) {
        status = verify_service(&verify_options, ret_result, err);
    }
    if (status == STATUS_OK && ret_result->ok && def->holds_words) {
        ret_key->status = check_key(options, verify_options.store, ret_key);
    }
    for (size_t i = 0; i < def->feed_count; i++) {
        store_free(verify_options.upstreams[i]);
    }
    store_free(verify_options.store);
    return status;
}

static int verify_in_child(const struct options *options, const struct service_def *def,
                           const char *scratch)
{
    struct city *city = NULL;
    struct verify_result result;
    struct error err, key = ERROR_NONE;
    int code = EXIT_FAILURE;
    enum status status = run_load_city_in_force(options, &city, &err);
    if (status == STATUS_OK) {
        status = verify(options, def, city, scratch, &result, &key, &err);
    }
    if (status == STATUS_DATA_LOSS) {
        printf("%-9s DAMAGED: %s\n", def->name, err.message);
        code = EXIT_FOUND_WRONG;
    } else if (status != STATUS_OK) {
        log_error(def->name, "it could not be verified", &err);
    } else if (!result.ok) {
        printf("%-9s DAMAGED: %s\n", def->name, result.finding);
        code = EXIT_FOUND_WRONG;
    } else if (key.status != STATUS_OK) {
        log_error(def->name, "chain and tables hold, but its words do not open", &key);
    } else {
        printf("%-9s good: %llu events of its own and %llu followed; chain and tables hold\n",
               def->name, (unsigned long long)result.events,
               (unsigned long long)result.upstream_events);
        if (result.records_to_add > 0) {
            printf("%-9s the next start adds %llu records of its journal\n", "",
                   (unsigned long long)result.records_to_add);
        }
        code = EXIT_SUCCESS;
    }
    city_free(city);
    return code;
}

static int verify_one(const struct options *options, const struct service_def *def,
                      const char *scratch)
{
    int state;
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "%s: no process can be started: %s\n", def->name, strerror(errno));
        return EXIT_FAILURE;
    }
    if (child == 0) {
        int code = verify_in_child(options, def, scratch);
        (void)fflush(stdout);
        _exit(code);
    }
    while (waitpid(child, &state, 0) < 0) {
        if (errno != EINTR) {
            return EXIT_FAILURE;
        }
    }
    if (WIFSIGNALED(state)) {
        printf("%-9s DAMAGED: reading the store ended with signal %d (%s)\n", def->name,
               WTERMSIG(state), strsignal(WTERMSIG(state)));
        return EXIT_FOUND_WRONG;
    }
    return WEXITSTATUS(state);
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

int run_verify(const struct options *options, const struct service_def *const *services,
               size_t count)
{
    char scratch[RUN_PATH_SIZE];
    const char *folder = getenv("TMPDIR");
    snprintf(scratch, sizeof scratch, "%s/vafa-verify-XXXXXX",
             folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    if (mkdtemp(scratch) == NULL) {
        fprintf(stderr, "%s: no folder can be made there: %s\n", scratch, strerror(errno));
        return EXIT_FAILURE;
    }
    int worst = EXIT_SUCCESS;
    for (size_t i = 0; i < count; i++) {
        char own[RUN_PATH_SIZE + 16];
        snprintf(own, sizeof own, "%s/%s", scratch, services[i]->name);
        (void)fflush(stdout); /* the child must not print it again */
        int code = verify_one(options, services[i], own);
        worst = code > worst ? code : worst;
    }
    /* Here, not in the child: one that ended with a signal leaves its tables behind. */
    if (nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        fprintf(stderr, "%s is left behind: %s\n", scratch, strerror(errno));
    }
    if (worst == EXIT_FOUND_WRONG) {
        printf("%s\n", WAY_BACK);
    }
    return worst;
}
