/* Points as people write them: what is read are two numbers, and they read the same when they are
 * written again. */
#include "clients/vafa/point.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct error err = ERROR_NONE;
    double latitude = 1;
    double longitude = 2;
    fuzz_begin(&in, data, size);
    enum status status = point_read(fuzz_rest_text(&in), &latitude, &longitude, &err);
    if (status == STATUS_OK) {
        char text[128];
        double again[2] = {0, 0};
        PROPERTY(isfinite(latitude) && isfinite(longitude), "a point has two numbers");
        (void)snprintf(text, sizeof(text), "%.17g,%.17g", latitude, longitude);
        PROPERTY(point_read(text, &again[0], &again[1], NULL) == STATUS_OK &&
                     again[0] == latitude && again[1] == longitude,
                 "it reads the same when it is written again");
    } else {
        fuzz_check_refusal(status, &err);
        PROPERTY(status == STATUS_INVALID_ARGUMENT && strcmp(err.field, "point") == 0,
                 "the refusal is about the point");
        PROPERTY(latitude == 1 && longitude == 2, "a refusal leaves the outputs alone");
    }
    fuzz_end(&in);
    return 0;
}
