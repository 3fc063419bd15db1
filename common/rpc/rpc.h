/*
 * Protobuf services over NNG, gRPC in manner: what both sides share.
 *
 *   client machine (retries, deadlines) -> transport -> frame -> router -> method
 *
 * The transport is the seam: NNG (rpc_nng.h), or the simulator's. Everything above it is the same
 * code.
 */
#ifndef VAFA_RPC_RPC_H
#define VAFA_RPC_RPC_H

#include "base/bytes.h"
#include "base/message.h"

#include "vafa/common/v1/common.pb-c.h"
#include "vafa/rpc/v1/rpc.pb-c.h"

#define RPC_VERSION 1
#define RPC_MESSAGE_BYTES_MAX (1024 * 1024) /* a packed request or response message */
#define RPC_FRAME_BYTES_MAX (RPC_MESSAGE_BYTES_MAX + 4096) /* with its envelope */
#define RPC_TRANSPORT_BYTES_MAX (2 * RPC_FRAME_BYTES_MAX)  /* beyond it the connection is cut */
#define RPC_UNPACK_BYTES_MAX (8 * RPC_MESSAGE_BYTES_MAX)   /* memory of one unpacked message */
#define RPC_METHOD_BYTES_MAX 128
#define RPC_DEADLINE_MS_MAX 300000
#define RPC_DEADLINE_MS_DEFAULT 10000
#define RPC_TRACE_BYTES 16

enum rpc_role {
    RPC_ROLE_NONE = 0,
    RPC_ROLE_FRONT_END = 1,
    RPC_ROLE_OFFICE = 2,
    RPC_ROLE_SERVICE = 3,
    RPC_ROLE_LEADERSHIP = 4,
    RPC_ROLE_IMPORT = 5,
    RPC_ROLE_ADMIN = 6,
};

#define RPC_CALLER_NAME_MAX 100 /* code points */

struct rpc_caller {
    char name[4 * RPC_CALLER_NAME_MAX + 1];
    enum rpc_role role;
    char unit[72];
};

/* "vafa.intake.v1.Intake/RegisterCase" into out (RPC_METHOD_BYTES_MAX + 1). */
void rpc_method_name(const ProtobufCServiceDescriptor *service, unsigned method, char *out);

#endif
