/*
 * The one error vocabulary of the project: the canonical gRPC codes, and a detail a person can act
 * on.
 *
 * A function that can fail returns `enum status` and takes a `struct error *` last, which may be
 * NULL. Outputs (`ret_...`) are untouched unless STATUS_OK is returned. Libraries return errors;
 * only programs log them. The error of each foreign library is translated in one function: LMDB in
 * common/store, NNG in common/rpc, ICU in common/text.
 */
#ifndef VAFA_BASE_STATUS_H
#define VAFA_BASE_STATUS_H

#include <stdbool.h>

/* Source of the numbers: https://grpc.io/docs/guides/status-codes/ */
enum status {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

#define STATUS_COUNT 17

/* What went wrong, for a person. `field` is the offending field or option, empty if none. */
struct error {
    enum status status;
    char field[64];
    char message[256];
};

#define ERROR_NONE ((struct error){.status = STATUS_OK})

/* "INVALID_ARGUMENT"; "STATUS_<n>" is never returned: an unknown number reads "UNKNOWN". */
const char *status_name(enum status status);

/* Fills *err (when not NULL; longer text is cut at a character boundary, bytes that are no UTF-8
 * become '?') and returns `status`. `field` may be NULL. */
enum status error_set(struct error *err, enum status status, const char *field, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* The same, with ": strerror(errno_value)" behind the message. */
enum status error_set_errno(struct error *err, enum status status, int errno_value,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
