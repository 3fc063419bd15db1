/* The one translation of ICU's errors; private to text. */
#ifndef VAFA_TEXT_ICU_ERROR_H
#define VAFA_TEXT_ICU_ERROR_H

#include "base/status.h"

#include <unicode/utypes.h>

/* STATUS_OK for success and ICU's warnings. `doing` says what was being done: "reading the time
 * zone". */
enum status icu_status(UErrorCode code, const char *doing, struct error *err);

#endif
