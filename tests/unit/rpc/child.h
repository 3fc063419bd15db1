/* An echo server in a process of its own: stopped, killed and started again. fork() after any call
 * of NNG makes the child abort, so the child executes echo_server at once, and nothing of NNG runs
 * between. */
#ifndef VAFA_TESTS_RPC_CHILD_H
#define VAFA_TESTS_RPC_CHILD_H

#include <sys/types.h>

struct child {
    pid_t pid;
    int input; /* it ends when this is closed */
};

/* Returns when it serves. */
void child_start(struct child *child, const char *url);
void child_stop(const struct child *child); /* SIGSTOP; returns when it stands still */
void child_end(struct child *child);        /* in order */
void child_kill(struct child *child);       /* SIGKILL */

#endif
