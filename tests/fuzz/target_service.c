/*
 * A service's life. The first byte chooses the service; then comes step after step: calls of every
 * method, events of the followed logs, time that passes, a crash. In the end its tables must follow
 * from the logs.
 */
#include "base/clock.h"
#include "tests/fuzz/fuzz_service.h"

#include <string.h>

#define STEPS_MAX 40

/* What a caller did wrong, or another's log: the service itself has no trouble. */
static bool may_say(enum status status, const struct error *err)
{
    bool of_a_position = strncmp(err->field, "at_least", 8) == 0 ||
                         strncmp(err->field, "after", 5) == 0 || err->field[0] == '\0';
    return status != STATUS_INTERNAL && status != STATUS_UNKNOWN &&
           (status != STATUS_DATA_LOSS || of_a_position);
}

static void step(struct fuzz_service *service, struct fuzz_input *in)
{
    struct error err = ERROR_NONE;
    uint8_t what = fuzz_u8(in);
    if (what < 0xA0) {
        PROPERTY(may_say(fuzz_service_call(service, in, &err), &err),
                 "no call is an accident of the service's own");
    } else if (what < 0xE0) {
        fuzz_service_feed(service, in);
    } else if (what < 0xF8) {
        rig_advance(fuzz_service_rig(service), (int64_t)(fuzz_u32(in) % (86400u * 40)) * SECOND_US);
    } else {
        rig_restart(fuzz_service_rig(service));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    struct fuzz_service *service = fuzz_service_new(fuzz_services[fuzz_below(&in, FUZZ_SERVICES)]);
    for (int i = 0; i < STEPS_MAX && in.rest.size > 0; i++) {
        step(service, &in);
    }
    fuzz_service_free(service, true);
    fuzz_end(&in);
    return 0;
}
