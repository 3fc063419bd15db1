/* The other side of it is common/service/run_verify.c. */
#include "clients/vafa/verify_text.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows `prefix`, or NULL when the text begins otherwise. */
static const char *behind(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text != NULL && strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

/* What follows a number, or NULL when there is none. */
static const char *behind_number(const char *text, uint64_t *ret_number)
{
    if (text == NULL || !isdigit((unsigned char)text[0])) {
        return NULL;
    }
    char *end;
    *ret_number = strtoull(text, &end, 10);
    return end;
}

bool verify_text_read(const char *line, struct verify_line *ret_line)
{
    struct verify_line read = {.good = true};
    size_t name = strcspn(line, " \n");
    if (name == 0 || name >= sizeof(read.service)) {
        return false;
    }
    memcpy(read.service, line, name);
    const char *rest = line + name + strspn(line + name, " ");
    const char *finding = behind(rest, "DAMAGED: ");
    if (finding != NULL) {
        read.good = false;
        snprintf(read.finding, sizeof(read.finding), "%.*s", (int)strcspn(finding, "\n"), finding);
    } else {
        rest = behind_number(behind(rest, "good: "), &read.events);
        rest = behind_number(behind(rest, " events of its own and "), &read.followed);
        if (behind(rest, " followed") == NULL) {
            return false;
        }
    }
    *ret_line = read;
    return true;
}
