/* A set of NNG's connection ids: which of a server's connections live. Bounded; the caller locks.
 */
#ifndef VAFA_RPC_PIPE_SET_H
#define VAFA_RPC_PIPE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPC_PIPES_MAX 4096
#define RPC_PIPE_SLOTS (2 * RPC_PIPES_MAX)

/* Zeroed before first use. An id is never 0. */
struct rpc_pipe_set {
    size_t count;
    uint32_t slots[RPC_PIPE_SLOTS];
};

bool rpc_pipe_set_add(struct rpc_pipe_set *set, uint32_t id); /* false: it is full */
void rpc_pipe_set_remove(struct rpc_pipe_set *set, uint32_t id);
bool rpc_pipe_set_has(const struct rpc_pipe_set *set, uint32_t id);

#endif
