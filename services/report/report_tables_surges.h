/*
 * Report's surges. The state space:
 *
 *   surges  {3, surge number}  -> SurgeRecord
 *   open    {4, topic, area}   -> OpenSurgeRecord, of those that last; area "" is everywhere
 *
 * and what the cells of the view (report_tables.h) say about two hours of a topic.
 */
#ifndef VAFA_SERVICES_REPORT_REPORT_TABLES_SURGES_H
#define VAFA_SERVICES_REPORT_REPORT_TABLES_SURGES_H

#include "service/tables.h"
#include "services/report/report_rules_surges.h"

#include "vafa/report/v1/records.pb-c.h"

enum report_surge_class {
    REPORT_CLASS_SURGE = 3,
    REPORT_CLASS_SURGE_OPEN = 4,
};

/* NULL when there is none. Lives in the arena. */
Report__Surge *report_tables_surge(struct store_txn *txn, uint64_t number, struct arena *arena);
void report_tables_surge_put(struct store_txn *txn, Report__Surge *surge);
/* 0 when there was none. */
uint64_t report_tables_last_surge(struct store_txn *txn);

/* The surge that lasts there; NULL when there is none. Lives in the arena. */
const Report__OpenSurgeRecord *report_tables_open_surge(struct store_txn *txn, const char *topic,
                                                        const char *area, struct arena *arena);
void report_tables_open_surge_put(struct store_txn *txn, const char *topic, const char *area,
                                  uint64_t number, int64_t until_us);
void report_tables_open_surge_delete(struct store_txn *txn, const char *topic, const char *area);

/* Citizens' requests about the topic in the two hours that end with `local_hour`; `area` NULL:
 * everywhere. */
uint64_t report_tables_surge_requests(struct store_txn *txn, int32_t local_hour, const char *topic,
                                      const char *area);
/* Those in areas whose own surge lasts at `at_us`. */
uint64_t report_tables_surge_told(struct store_txn *txn, int32_t local_hour, const char *topic,
                                  int64_t at_us, struct arena *arena);
/* Fills `before` and `weeks`: the same two hours in the weeks before. */
void report_tables_surge_before(struct store_txn *txn, int32_t local_hour, const char *topic,
                                const char *area, struct report_surge_count *count);

#endif
