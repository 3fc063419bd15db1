/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_INTERNAL_H
#define VAFA_SERVICES_INTAKE_INTAKE_INTERNAL_H

#include "city/city_questions.h"
#include "service/service.h"
#include "services/intake/intake_story.h"
#include "services/intake/intake_tables.h"

#include "vafa/intake/v1/intake.pb-c.h"

/* What a citizen's key seals here; authenticated with the ciphertext. */
#define INTAKE_SEAL_PURPOSE "request"

/* intake_methods.c: in the order of intake.proto. */
extern const struct service_method intake_methods[];

/* intake_methods_cases.c */
enum status intake_check_register(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *request, struct error *err);
enum status intake_read_get(struct read *r, const ProtobufCMessage *request,
                            ProtobufCMessage *response);
enum status intake_check_list(const struct city *city, const struct rpc_caller *caller,
                              const ProtobufCMessage *request, struct error *err);
enum status intake_read_list(struct read *r, const ProtobufCMessage *request,
                             ProtobufCMessage *response);
enum status intake_check_reveal(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err);
enum status intake_read_reveal(struct read *r, const ProtobufCMessage *request,
                               ProtobufCMessage *response);
/* A request without personal data. `scratch` holds its timeline meanwhile, and is emptied before. */
enum status intake_read_case(struct read *r, uint64_t number, struct arena *scratch,
                             Intake__Case **ret_case);
/* As intake_story_read, and its refusal; the request told, in the answer's arena, NULL: there
 * is no memory for it. */
enum status intake_read_story(struct read *r, const struct intake_case *found, struct arena *arena,
                              struct intake_story *ret_story);
Intake__Case *intake_tell_case(struct read *r, const struct intake_case *found,
                               const struct intake_story *story);
/* What is sealed of a request, as far as there is anything; refused as keyring_open_sealed. */
enum status intake_read_personal(struct read *r, const struct intake_case *found,
                                 Intake__RevealCaseResponse *response);
/* The request of a code and its story, as much as fits an answer. */
enum status intake_read_whole_case(struct read *r, const char *code, Intake__Case **ret_case,
                                   Intake__TimelineEntry ***ret_timeline, size_t *ret_count);

/* intake_methods_incident.c */
enum status intake_check_find_same(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *request, struct error *err);
enum status intake_read_find_same(struct read *r, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
/* intake_methods_topics.c */
enum status intake_read_topic(struct read *r, const ProtobufCMessage *request,
                              ProtobufCMessage *response);
/* NULL: no memory. Texts are the pack's. */
Intake__Question *intake_tell_question(struct arena *arena, const struct city_question *asked);
enum status intake_check_topics(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err);
enum status intake_read_topics(struct read *r, const ProtobufCMessage *request,
                               ProtobufCMessage *response);

/* intake_decide_incident.c: joining, splitting off, and what routing could not join. The head of the
 * request with the code `join`, which is open and has room, and that one's own code. */
enum status intake_decide_incident_of(struct decide *d, char *join, uint64_t *ret_head,
                                      char **ret_code);
enum status intake_decide_join(struct decide *d, const ProtobufCMessage *request,
                               ProtobufCMessage *response);
enum status intake_decide_split(struct decide *d, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
enum status intake_decide_routing(struct decide *d, const struct event *event);

/* A page of requests ends when it has become as large: below RPC_MESSAGE_BYTES_MAX, with room for one
 * more. */
#define INTAKE_LIST_BYTES_MAX ((size_t)512 * 1024)
/* Memory for one request's timeline: its rows, the longest notes, and the entries made of them. */
#define INTAKE_STORY_ARENA_BYTES ((size_t)8 * 1024 * 1024)

/* intake_decide.c: the requests have passed the check of their method. */
const void *intake_prepare_register(struct prepare *p, const ProtobufCMessage *request);
enum status intake_decide_register(struct decide *d, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);
enum status intake_decide_reveal(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);

/* intake_decide_citizens.c */
enum status intake_decide_forget(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);

/* intake_methods_citizens.c */
enum status intake_check_forget(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status intake_read_looks(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer);

/* intake_apply.c: own events change the state tables, those of others the view. */
void intake_apply(struct apply *a, const struct event *event);
void intake_apply_view_routing(struct apply *a, const struct event *event);
void intake_apply_view_followup(struct apply *a, const struct event *event);
void intake_apply_view_feedback(struct apply *a, const struct event *event);

#endif
