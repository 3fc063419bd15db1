/*
 * The master key's file, seen from the whole data folder. Each service looks whether its own store
 * fits the key (keyring.h); here it is looked at for all of them, so that a service started alone with
 * a store that is still empty does not make, or use, a key that is not the folder's.
 */
#include "service/run_internal.h"

#include "service/keyring.h"

#include <stdio.h>
#include <unistd.h>

void run_master_key(const struct options *options, char ret_file[RUN_PATH_SIZE])
{
    const char *given = option_text(options, "master-key");
    if (given[0] != '\0') {
        snprintf(ret_file, RUN_PATH_SIZE, "%s", given);
    } else {
        snprintf(ret_file, RUN_PATH_SIZE, "%s/keys/master.key", option_text(options, "data"));
    }
}

/* A store that cannot be read here (a program beside this one may be making it just now) is passed
 * over: its own service opens it, or tells what is wrong. */
static enum status check_store(const struct options *options, const char *master_key_file,
                               const char *service, struct error *err)
{
    char folder[RUN_PATH_SIZE], file[RUN_PATH_SIZE + 16];
    struct store *store = NULL;
    struct store_txn *txn;
    enum status status = STATUS_OK;
    run_store_folder(options, service, folder);
    snprintf(file, sizeof file, "%s/data.mdb", folder);
    struct store_options store_options = {.folder = folder, .service = service, .read_only = true};
    if (access(file, F_OK) == 0 && store_open(&store, &store_options, NULL) == STATUS_OK &&
        store_read_begin(store, &txn, NULL) == STATUS_OK) {
        status = keyring_check(master_key_file, txn, err);
        store_read_end(txn);
    }
    store_free(store);
    return status;
}

enum status run_check_master_key(const struct options *options, struct error *err)
{
    char file[RUN_PATH_SIZE];
    enum status status = STATUS_OK;
    run_master_key(options, file);
    for (int id = 1; id <= SERVICE_COUNT && status == STATUS_OK; id++) {
        status = check_store(options, file, service_name((Common__ServiceId)id), err);
    }
    return status;
}
