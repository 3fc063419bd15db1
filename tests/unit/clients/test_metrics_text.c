/* Texts of five services as one. */
#include "clients/vafa/metrics_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void puts_samples_of_one_name_together_and_repeats_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {
        "# HELP a First.\n# TYPE a counter\na{s=\"1\"} 1\n# HELP b Second.\n# TYPE b gauge\nb 5\n",
        "# HELP a First.\n# TYPE a counter\na{s=\"2\"} 1\n# HELP b Second.\n# TYPE b gauge\nb 5\n",
    };
    struct buffer out = BUFFER_EMPTY;
    metrics_text_merge(texts, 2, &out);
    assert_string_equal(buffer_text(&out),
                        "# HELP a First.\n# TYPE a counter\na{s=\"1\"} 1\na{s=\"2\"} 1\n"
                        "# HELP b Second.\n# TYPE b gauge\nb 5\n");
    buffer_fini(&out);
}

#define MANY 100000

/* Whatever a server sends, it is not looked at again and again. */
static void many_families_and_many_lines_take_no_longer_each(void **state)
{
    (void)state;
    struct buffer families = BUFFER_EMPTY;
    struct buffer lines = BUFFER_EMPTY;
    struct buffer out = BUFFER_EMPTY;
    buffer_append_text(&lines, "# HELP lines Many.\n");
    for (int i = 0; i < MANY; i++) {
        buffer_append_format(&families, "# HELP family%d Some.\nfamily%d 1\n", i, i);
        buffer_append_format(&lines, "lines{n=\"%d\"} 1\n", i);
    }
    const char *const texts[] = {buffer_text(&families), buffer_text(&lines),
                                 buffer_text(&families), buffer_text(&lines)};
    metrics_text_merge(texts, 4, &out); /* for hours, if it were by looking for each among all */
    buffer_append_bytes(&families, buffer_bytes(&lines)); /* as they are, and once */
    assert_int_equal(out.size, families.size);
    assert_memory_equal(out.data, families.data, out.size);
    buffer_fini(&families);
    buffer_fini(&lines);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_samples_of_one_name_together_and_repeats_nothing),
        cmocka_unit_test(many_families_and_many_lines_take_no_longer_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
