/* A whole service for fuzz targets: its real store, engine and methods on virtual time, with calls
 * and upstream events made of an input. The same input makes the same service do the same. */
#ifndef VAFA_TESTS_FUZZ_SERVICE_H
#define VAFA_TESTS_FUZZ_SERVICE_H

#include "service/node.h"
#include "store/store.h"
#include "tests/fuzz/fuzz_contract.h"
#include "tests/support/rig.h"

struct fuzz_service;

/* With the pack of Isfahan and an empty store. */
struct fuzz_service *fuzz_service_new(const struct service_def *def);
/* verify: its tables must follow from the logs. */
void fuzz_service_free(struct fuzz_service *service, bool verify);
struct rig *fuzz_service_rig(struct fuzz_service *service);

/* Any method, also of those every service has, by any caller. Gives what it was answered with; what
 * holds for every answer is checked. */
enum status fuzz_service_call(struct fuzz_service *service, struct fuzz_input *in,
                              struct error *err);
/* An event of a followed log; after a refusal that log is not followed any more, as in the running
 * service. */
void fuzz_service_feed(struct fuzz_service *service, struct fuzz_input *in);

#endif
