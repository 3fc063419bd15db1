/* A server that says what a test wants, and commands run at it: what they print is kept. */
#ifndef VAFA_TESTS_UNIT_CLIENTS_SAID_H
#define VAFA_TESTS_UNIT_CLIENTS_SAID_H

#include "clients/vafa/session.h"

#include "vafa/health/v1/health.pb-c.h"

#include <pthread.h>

/* One method answers what the test says, all others an empty message. */
extern struct said {
    pthread_mutex_t lock; /* guards what is below */
    const ProtobufCMessage *answer;
    const Health__GetVersionResponse *version; /* NULL: an empty one */
    bool refuses;                              /* DEADLINE_EXCEEDED, at once */
    const char *field;                         /* with one of it: INVALID_ARGUMENT */
    unsigned asked;
} said;

extern char *printed; /* on stdout; of the command before */
extern char *told;    /* on stderr */

/* For cmocka: of a group of tests, and behind each. */
int said_start(void **state);
int said_stop(void **state);
int said_forget(void **state);

/* Words behind the command's name, up to a NULL; gives the exit code. */
int said_run(const struct command *command, const ProtobufCMessage *answer_of_server,
             const char *const *words);

#define RUN(command, answer_of_server, ...)                                                        \
    said_run(command, answer_of_server, (const char *const[]){__VA_ARGS__, NULL})

#endif
