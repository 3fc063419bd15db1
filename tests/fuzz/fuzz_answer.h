/*
 * A server that answers from an input, and the time of a program that waits for nothing else.
 *
 * Linked with --wrap, libvafa is given this server instead of a connection, no thread - its loop runs
 * while its callers wait - and a clock that goes on when nothing else does. So what happens follows
 * from the input alone, and a minute of waiting and trying again takes no time.
 */
#ifndef VAFA_TESTS_FUZZ_ANSWER_H
#define VAFA_TESTS_FUZZ_ANSWER_H

#include "tests/fuzz/fuzz.h"

/* What answers when the input is over. */
enum fuzz_answer_end {
    FUZZ_ANSWER_EMPTY,  /* empty messages: lists end */
    FUZZ_ANSWER_REPEAT, /* what was answered last, again and again */
    FUZZ_ANSWER_REFUSE, /* a refusal, again and again, of a status that may pass */
    FUZZ_ANSWER_AWAY,   /* nobody: UNAVAILABLE */
    FUZZ_ANSWER_ENDS
};

/* From now on calls are answered from the input, which lives until fuzz_answer_stop. */
void fuzz_answer_start(struct fuzz_input *in, enum fuzz_answer_end end);

struct fuzz_answer_told {
    unsigned calls; /* attempts that reached the server */
    unsigned late;  /* of them, when the input was over */
    unsigned good;  /* answers that said OK, whatever was in them */
};

/* Nobody asks any more. */
struct fuzz_answer_told fuzz_answer_stop(void);

#endif
