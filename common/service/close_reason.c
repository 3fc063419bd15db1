#include "service/close_reason.h"

const char *close_reason_words(Routing__CloseReason reason)
{
    switch (reason) {
    case ROUTING__CLOSE_REASON__CLOSE_REASON_NOT_FEASIBLE: return "not feasible";
    case ROUTING__CLOSE_REASON__CLOSE_REASON_NO_BUDGET: return "no budget";
    case ROUTING__CLOSE_REASON__CLOSE_REASON_PLANNED_LATER: return "planned later";
    case ROUTING__CLOSE_REASON__CLOSE_REASON_NOT_FOUND: return "not found";
    case ROUTING__CLOSE_REASON__CLOSE_REASON_OUTSIDE_DUTY: return "outside duty";
    default: return "";
    }
}
