/* ICU's errors as ours. */
#include "text/icu_error.h"

static enum status translate(UErrorCode code)
{
    switch (code) {
    case U_ILLEGAL_ARGUMENT_ERROR:
    case U_ILLEGAL_CHAR_FOUND:
    case U_INVALID_CHAR_FOUND:
    case U_TRUNCATED_CHAR_FOUND:
    case U_PARSE_ERROR: return STATUS_INVALID_ARGUMENT;
    case U_MEMORY_ALLOCATION_ERROR:
    case U_BUFFER_OVERFLOW_ERROR:
    case U_INDEX_OUTOFBOUNDS_ERROR: return STATUS_RESOURCE_EXHAUSTED;
    case U_MISSING_RESOURCE_ERROR:
    case U_FILE_ACCESS_ERROR: return STATUS_FAILED_PRECONDITION; /* ICU's data is not installed */
    case U_UNSUPPORTED_ERROR: return STATUS_UNIMPLEMENTED;
    default: return STATUS_INTERNAL;
    }
}

enum status icu_status(UErrorCode code, const char *doing, struct error *err)
{
    if (U_SUCCESS(code)) {
        return STATUS_OK;
    }
    return error_set(err, translate(code), NULL, "%s: %s", doing, u_errorName(code));
}
