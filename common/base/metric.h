/*
 * Counters and gauges, printed as Prometheus text 0.0.4.
 *
 * A metric is a static object with a name and help; a registry holds pointers to groups of them.
 * Counting is one relaxed atomic addition from any thread.
 */
#ifndef VAFA_BASE_METRIC_H
#define VAFA_BASE_METRIC_H

#include "base/bytes.h"

#include <stdatomic.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
    const char *name; /* "vafa_rpc_calls_total": without labels */
    const char
        *labels; /* "service=\"intake\",status=\"OK\"" or "" ; borrowed, outlives the registry */
    const char *help;
    enum metric_kind kind;
    _Atomic int64_t value;
    int64_t (*read)(const struct metric *metric); /* instead of value, when not NULL */
    void *context;                                /* for read */
};

struct metric_registry;

struct metric_registry *metric_registry_new(void);
void metric_registry_free(struct metric_registry *registry); /* NULL is allowed */
/* The metric must stay valid until the registry is freed. Any thread. */
void metric_register(struct metric_registry *registry, struct metric *metric);
/* Groups metrics of one name under one HELP and TYPE; sorted by name, then labels. */
void metric_print(struct metric_registry *registry, struct buffer *out);

static inline void metric_add(struct metric *metric, int64_t n)
{
    atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

#endif
