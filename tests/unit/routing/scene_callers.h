/* What intake tells routing of a request once it is registered: others that share its task, what is put right or taken
 * back. Each fails the test when routing cannot follow it. */
#ifndef VAFA_TESTS_SCENE_CALLERS_H
#define VAFA_TESTS_SCENE_CALLERS_H

#include "tests/support/rig.h"

#include "vafa/common/v1/common.pb-c.h"

/* A request put right; zero what does not matter. */
struct scene_amendment {
    uint64_t number;   /* of the case */
    uint32_t nth;      /* of its amendments, from 1 */
    const char *topic; /* NULL: "asphalt" */
    const char *area;  /* NULL: no place at all */
    Common__Urgency urgency;
    bool urgent_now; /* the danger is told anew */
};

/* Requests of citizen 40 + number about asphalt, and the task of `incident` that they share. */
void scene_register_joined(struct rig *rig, uint64_t number, uint64_t incident,
                           Common__Urgency urgency);
void scene_join(struct rig *rig, uint64_t number, uint64_t incident, Common__Urgency urgency);
/* made_at_us: when the request was registered; 0 when that is not known. */
void scene_split(struct rig *rig, uint64_t number, uint64_t incident, Common__Urgency urgency,
                 int64_t made_at_us);
void scene_amend(struct rig *rig, struct scene_amendment amendment);
void scene_withdraw(struct rig *rig, uint64_t number);
void scene_add_words(struct rig *rig, uint64_t number, uint32_t nth);

#endif
