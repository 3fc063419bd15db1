/* Constant text for a message: those hold char *, though nobody writes through them. */
#ifndef VAFA_TESTS_TEXT_H
#define VAFA_TESTS_TEXT_H

#include <stdint.h>

static inline char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

#endif
