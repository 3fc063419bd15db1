/* What `vafad --verify` prints, read again: a line a service. */
#ifndef VAFA_CLIENTS_VAFA_VERIFY_TEXT_H
#define VAFA_CLIENTS_VAFA_VERIFY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct verify_line {
    char service[16];
    bool good;
    uint64_t events;   /* when good: of its own, */
    uint64_t followed; /* and of others */
    char finding[512]; /* when not */
};

/* False for any other line. The line may end with a newline. */
bool verify_text_read(const char *line, struct verify_line *ret_line);

#endif
