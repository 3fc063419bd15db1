/* The printed form of metrics. */
#include "base/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t read_context(const struct metric *metric)
{
    return *(const int64_t *)metric->context;
}

static void prints_metrics_of_one_name_under_one_head(void **state)
{
    (void)state;
    int64_t depth = -4;
    struct metric b = {.name = "vafa_calls_total",
                       .labels = "service=\"routing\"",
                       .help = "Calls \\ taken\nin.",
                       .kind = METRIC_COUNTER};
    struct metric a = b;
    a.labels = "service=\"intake\"";
    struct metric queue = {.name = "vafa_a_queue",
                           .labels = "",
                           .help = "Waiting.",
                           .kind = METRIC_GAUGE,
                           .read = read_context,
                           .context = &depth};
    struct metric_registry *registry = metric_registry_new();
    metric_register(registry, &b);
    metric_register(registry, &queue);
    metric_register(registry, &a);
    metric_add(&a, 3);
    metric_add(&a, 2);
    metric_set(&b, 1);
    struct buffer out = BUFFER_EMPTY;
    metric_print(registry, &out);
    assert_string_equal(buffer_text(&out), "# HELP vafa_a_queue Waiting.\n"
                                           "# TYPE vafa_a_queue gauge\n"
                                           "vafa_a_queue -4\n"
                                           "# HELP vafa_calls_total Calls \\\\ taken\\nin.\n"
                                           "# TYPE vafa_calls_total counter\n"
                                           "vafa_calls_total{service=\"intake\"} 5\n"
                                           "vafa_calls_total{service=\"routing\"} 1\n");
    buffer_fini(&out);
    metric_registry_free(registry);
    metric_registry_free(NULL);
}

static void keeps_many_metrics(void **state)
{
    (void)state;
    static struct metric metrics[500];
    struct metric_registry *registry = metric_registry_new();
    for (size_t i = 0; i < 500; i++) {
        metrics[i].name = "m";
        metrics[i].labels = "";
        metrics[i].help = "";
        metric_register(registry, &metrics[i]);
    }
    struct buffer out = BUFFER_EMPTY;
    metric_print(registry, &out);
    assert_int_equal(out.size, 500 * 4 + sizeof("# HELP m \n# TYPE m counter\n") - 1);
    buffer_fini(&out);
    metric_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_metrics_of_one_name_under_one_head),
        cmocka_unit_test(keeps_many_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
