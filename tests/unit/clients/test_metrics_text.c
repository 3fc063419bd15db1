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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_samples_of_one_name_together_and_repeats_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
