/* The other side of it is common/service/run_verify.c. */
#include "clients/vafa/verify_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool verify_text_read(const char *line, struct verify_line *ret_line)
{
    struct verify_line read = {.good = true};
    int at = 0;
    if (sscanf(line, "%15s good: %" SCNu64 " events of its own and %" SCNu64 " followed",
               read.service, &read.events, &read.followed) == 3) {
        *ret_line = read;
        return true;
    }
    if (sscanf(line, "%15s DAMAGED: %n", read.service, &at) != 1 || at == 0) {
        return false;
    }
    read.good = false;
    read.events = 0; /* a first number may have been read */
    snprintf(read.finding, sizeof(read.finding), "%.*s", (int)strcspn(line + at, "\n"), line + at);
    *ret_line = read;
    return true;
}
