/* Answers to a topic's questions as options: --answer line=12 --answer touches=wire. */
#ifndef VAFA_CLIENTS_VAFA_ANSWER_ARGS_H
#define VAFA_CLIENTS_VAFA_ANSWER_ARGS_H

#include "base/arena.h"
#include "clients/vafa/args.h"

#include "vafa/common/v1/common.pb-c.h"

/* Room for the answers of one command. */
#define ANSWERS_ARENA_BYTES ((size_t)256 * 1024)

/* Every --answer QUESTION=VALUE; the same question again adds a value to its answer. What is given
 * lives in the arena, the texts in argv. INVALID_ARGUMENT, field "answer". */
enum status answer_args_read(const struct args *args, struct arena *arena,
                             Common__Answer ***ret_answers, size_t *ret_count, struct error *err);

#endif
