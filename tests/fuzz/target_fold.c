/* Folding of text for search: the input is the text. Folding twice is folding once. */
#include "tests/fuzz/fuzz.h"
#include "text/fold.h"
#include "text/utf8.h"

#include <string.h>

typedef enum status fold_function(const char *text, struct buffer *out, struct error *err);

static bool fold(fold_function *folding, const char *text, struct buffer *out)
{
    struct error err = ERROR_NONE;
    enum status status = folding(text, out, &err);
    bool valid = utf8_valid(bytes_of_text(text));
    PROPERTY((status == STATUS_OK) == valid, "text is folded if and only if it is UTF-8");
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(out->size == 0, "a refusal appends nothing");
    }
    return valid;
}

static void check(fold_function *folding, const char *text, bool squeezed)
{
    struct buffer once = BUFFER_EMPTY;
    struct buffer twice = BUFFER_EMPTY;
    if (fold(folding, text, &once)) {
        const char *folded = buffer_text(&once);
        size_t size = strlen(folded);
        PROPERTY(size == once.size && utf8_valid(buffer_bytes(&once)), "folded text is text");
        PROPERTY(fold(folding, folded, &twice), "and can be folded");
        PROPERTY(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)),
                 "folding twice is folding once");
        PROPERTY(!squeezed || strstr(folded, "  ") == NULL, "no two spaces in a row");
        PROPERTY(!squeezed || size == 0 || (folded[0] != ' ' && folded[size - 1] != ' '),
                 "no space around it");
    }
    buffer_fini(&twice);
    buffer_fini(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    const char *text = fuzz_rest_text(&in);
    check(text_fold, text, true);
    check(text_fold_digits, text, false);
    fuzz_end(&in);
    return 0;
}
