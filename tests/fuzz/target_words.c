/* A citizen's words: the input is the text. Every stem is text of its own, and reading a stem again gives a stem. */
#include "tests/fuzz/fuzz.h"
#include "text/utf8.h"
#include "text/words.h"

#include <string.h>

static void check_stem(const char *stem)
{
    struct words again = WORDS_EMPTY;
    size_t size = strlen(stem);
    PROPERTY(size >= 2 && size <= WORDS_WORD_BYTES_MAX,
             "a stem is no shorter than two bytes and no longer than a word");
    PROPERTY(utf8_valid(bytes_of(stem, size)), "a stem is text");
    PROPERTY(strpbrk(stem, " \t\n0123456789") == NULL, "without spaces and digits");
    PROPERTY(words_hash(stem) != 0, "its hash is something");
    PROPERTY(words_read(stem, &again, NULL) == STATUS_OK && again.count <= 1,
             "it is one word, or a part that tells nothing");
    words_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    const char *text = fuzz_rest_text(&in);
    struct words words = WORDS_EMPTY;
    struct error err = ERROR_NONE;
    enum status status = words_read(text, &words, &err);
    PROPERTY((status == STATUS_OK) == utf8_valid(bytes_of_text(text)),
             "words are read of text and of nothing else");
    PROPERTY(words.count <= WORDS_MAX, "so many and no more");
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(words.count == 0, "a refusal leaves nothing");
    }
    for (size_t i = 0; i < words.count; i++) {
        check_stem(words_at(&words, i));
    }
    words_fini(&words);
    fuzz_end(&in);
    return 0;
}
