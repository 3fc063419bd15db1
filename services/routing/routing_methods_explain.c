/* ExplainRoute, by the pack in force. */
#include "services/routing/routing_explain.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

enum status routing_check_explain(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    return routing_explain_check(city, (const Routing__ExplainRouteRequest *)message, err);
}

enum status routing_read_explain(struct read *r, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__ExplainRouteRequest *request = (const Routing__ExplainRouteRequest *)message;
    bool is_told = routing_explain(r->city, request, r->now_us, r->arena,
                                   (Routing__ExplainRouteResponse *)answer) &&
                   protobuf_c_message_get_packed_size(answer) <= ROUTING_ANSWER_BYTES_MAX;
    return is_told ? STATUS_OK : routing_refuse_too_large(r);
}
