/*
 * What fuzz targets share.
 *
 * A target is one file target_NAME.c with LLVMFuzzerTestOneInput. libFuzzer calls it with inputs it
 * makes up (scripts/fuzz), replay.c with the files of corpus/NAME (the ordinary test run). A target
 * asserts properties with PROPERTY and keeps nothing from one input to the next but what is read
 * only.
 */
#ifndef VAFA_TESTS_FUZZ_H
#define VAFA_TESTS_FUZZ_H

#include "base/bytes.h"

#include <stdbool.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input was; otherwise the program aborts and says which property it
 * was. */
#define PROPERTY(condition, text)                                                                  \
    ((condition) ? (void)0 : fuzz_property_failed(text, #condition, __FILE__, __LINE__))

_Noreturn void fuzz_property_failed(const char *text, const char *condition, const char *file,
                                    int line);

/* A refusal that a caller can be told: a status of the vocabulary, and words that are text. */
void fuzz_check_refusal(enum status status, const struct error *err);

/* An input that is taken apart from its front; behind its end everything is zero, empty or false.
 */
struct fuzz_input {
    struct bytes rest;
    bool hostile; /* messages are made of what harms: ends of ranges, words that drive terminals */
    unsigned crowds; /* lists of hundreds that may still be made */
    struct fuzz_block
        *blocks; /* every allocation is one of its own, so that its ends are watched */
};

void fuzz_begin(struct fuzz_input *in, const uint8_t *data, size_t size);
void fuzz_end(struct fuzz_input *in); /* frees every allocation */

uint8_t fuzz_u8(struct fuzz_input *in);
uint32_t fuzz_u32(struct fuzz_input *in);
uint64_t fuzz_u64(struct fuzz_input *in);
int64_t fuzz_i64(struct fuzz_input *in);
bool fuzz_bool(struct fuzz_input *in);
size_t fuzz_below(struct fuzz_input *in, size_t limit);         /* 0..limit-1; limit > 0 */
struct bytes fuzz_take(struct fuzz_input *in, size_t size_max); /* borrowed; shorter at the end */
struct bytes fuzz_line(struct fuzz_input *in); /* borrowed; up to a line feed, which goes */

void *fuzz_alloc(struct fuzz_input *in, size_t size); /* zeroed */
/* With a NUL behind it; cut at the first NUL inside. */
char *fuzz_text_of(struct fuzz_input *in, struct bytes bytes);
char *fuzz_rest_text(struct fuzz_input *in);
/* The same, made well-formed: bytes that are not become letters. */
char *fuzz_utf8_of(struct fuzz_input *in, struct bytes bytes);

#endif
