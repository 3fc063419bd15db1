/*
 * Every method of the contract has a seed that is made for it (tests/fuzz/make_corpus), so that a new one is not left to luck. A
 * seed's first line is the method's name.
 *
 *     fuzz_check_seeds FOLDER…
 */
#include "rpc/rpc.h"
#include "tests/fuzz/fuzz_contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_seed_of(const char *path, const char *method)
{
    char line[RPC_METHOD_BYTES_MAX + 2];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return false;
    }
    bool is_seed = fgets(line, sizeof(line), file) != NULL &&
                   strncmp(line, method, strlen(method)) == 0 && line[strlen(method)] == '\n';
    (void)fclose(file);
    return is_seed;
}

/* How many methods have none. */
static size_t check_service(const char *folder, const struct service_def *def)
{
    size_t missing = 0;
    for (unsigned i = 0; i < def->rpc->n_methods; i++) {
        char method[RPC_METHOD_BYTES_MAX + 1];
        char path[4096];
        rpc_method_name(def->rpc, i, method);
        (void)snprintf(path, sizeof(path), "%s/%s-%s-made", folder, def->name,
                       def->rpc->methods[i].name);
        if (!is_seed_of(path, method)) {
            (void)fprintf(stderr, "%s is no seed of %s: run tests/fuzz/make_corpus\n", path,
                          method);
            missing++;
        }
    }
    return missing;
}

int main(int argc, char **argv)
{
    size_t missing = 0;
    for (int folder = 1; folder < argc; folder++) {
        for (size_t i = 0; i < FUZZ_SERVICES; i++) {
            missing += check_service(argv[folder], fuzz_services[i]);
        }
    }
    return missing == 0 && argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
