/*
 * Sending together: what this thread sends between the two goes out by some messages at once, with
 * one system call and one wake-up of the other side for them. For whoever ends many calls in a row;
 * keep it short, since the last ones leave only at the end. May be nested.
 */
#ifndef VAFA_RPC_GATHER_H
#define VAFA_RPC_GATHER_H

void rpc_gather_begin(void);
void rpc_gather_end(void);

#endif
