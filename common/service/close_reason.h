/* Why a task was closed undone, in the words that a request's story and a call-back tell. */
#ifndef VAFA_SERVICE_CLOSE_REASON_H
#define VAFA_SERVICE_CLOSE_REASON_H

#include "vafa/routing/v1/routing.pb-c.h"

/* "no budget"; "" for none, and for one that this version does not know. Static. */
const char *close_reason_words(Routing__CloseReason reason);

#endif
