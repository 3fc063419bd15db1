/* The registry: pointers in any order, sorted when printed. Format: Prometheus text 0.0.4. */
#include "base/metric.h"

#include "base/check.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct metric_registry {
    pthread_mutex_t lock;
    struct metric **metrics;
    size_t count;
    size_t capacity;
};

struct metric_registry *metric_registry_new(void)
{
    struct metric_registry *registry = calloc(1, sizeof(*registry));
    CHECK(registry != NULL);
    CHECK(pthread_mutex_init(&registry->lock, NULL) == 0);
    return registry;
}

void metric_registry_free(struct metric_registry *registry)
{
    if (registry != NULL) {
        pthread_mutex_destroy(&registry->lock);
        free(registry->metrics);
        free(registry);
    }
}

void metric_register(struct metric_registry *registry, struct metric *metric)
{
    CHECK(metric->name != NULL && metric->labels != NULL && metric->help != NULL);
    pthread_mutex_lock(&registry->lock);
    if (registry->count == registry->capacity) {
        size_t capacity = registry->capacity == 0 ? 64 : registry->capacity * 2;
        struct metric **metrics = realloc(registry->metrics, capacity * sizeof(*metrics));
        CHECK(metrics != NULL);
        registry->metrics = metrics;
        registry->capacity = capacity;
    }
    registry->metrics[registry->count++] = metric;
    pthread_mutex_unlock(&registry->lock);
}

static int compare(const void *left, const void *right)
{
    const struct metric *a = *(struct metric *const *)left;
    const struct metric *b = *(struct metric *const *)right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->labels, b->labels);
}

static void print_head(const struct metric *metric, struct buffer *out)
{
    buffer_append_format(out, "# HELP %s ", metric->name);
    for (const char *at = metric->help; *at != '\0'; at++) {
        if (*at == '\\') {
            buffer_append_text(out, "\\\\");
        } else if (*at == '\n') {
            buffer_append_text(out, "\\n");
        } else {
            buffer_append(out, at, 1);
        }
    }
    buffer_append_format(out, "\n# TYPE %s %s\n", metric->name,
                         metric->kind == METRIC_COUNTER ? "counter" : "gauge");
}

static void print_value(const struct metric *metric, struct buffer *out)
{
    int64_t value = metric->read != NULL
                        ? metric->read(metric)
                        : atomic_load_explicit(&metric->value, memory_order_relaxed);
    buffer_append_text(out, metric->name);
    if (metric->labels[0] != '\0') {
        buffer_append_format(out, "{%s}", metric->labels);
    }
    buffer_append_format(out, " %" PRId64 "\n", value);
}

void metric_print(struct metric_registry *registry, struct buffer *out)
{
    /* A copy, so that a slow read() holds nobody up and may itself register. */
    pthread_mutex_lock(&registry->lock);
    size_t count = registry->count;
    struct metric **sorted = malloc((count + 1) * sizeof(*sorted));
    CHECK(sorted != NULL);
    if (count > 0) {
        memcpy(sorted, registry->metrics, count * sizeof(*sorted));
    }
    pthread_mutex_unlock(&registry->lock);
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(sorted[i - 1]->name, sorted[i]->name) != 0) {
            print_head(sorted[i], out);
        }
        print_value(sorted[i], out);
    }
    free(sorted);
}
