/* Names of methods as they stand in the envelope. */
#include "rpc/rpc.h"

#include "base/check.h"

#include <stdio.h>

void rpc_method_name(const ProtobufCServiceDescriptor *service, unsigned method, char *out)
{
    CHECK(method < service->n_methods);
    int length = snprintf(out, RPC_METHOD_BYTES_MAX + 1, "%s/%s", service->name,
                          service->methods[method].name);
    CHECK(length > 0 && length <= RPC_METHOD_BYTES_MAX);
}
