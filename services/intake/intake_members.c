/* The rows of joined requests; see the header. */
#include "services/intake/intake_members.h"

static const struct bytes no_value = {NULL, 0};

static struct key number_key(enum intake_state_class class, uint64_t number)
{
    struct key key;
    key_begin(&key, (uint8_t) class);
    key_add_u64(&key, number);
    return key;
}

static struct key member_key(uint64_t head, uint64_t number)
{
    struct key key = number_key(INTAKE_CLASS_MEMBER, head);
    key_add_u64(&key, number);
    return key;
}

uint64_t intake_members_head(struct store_txn *txn, struct arena *arena, uint64_t number)
{
    struct key key = number_key(INTAKE_CLASS_JOINED, number);
    const Intake__JoinedRecord *record = (const Intake__JoinedRecord *)table_get(
        txn, STORE_STATE, &key, &intake__joined_record__descriptor, arena);
    return record == NULL ? 0 : record->head;
}

uint32_t intake_members_count(struct store_txn *txn, struct arena *arena, uint64_t head)
{
    struct key key = number_key(INTAKE_CLASS_HEAD, head);
    const Intake__HeadRecord *record = (const Intake__HeadRecord *)table_get(
        txn, STORE_STATE, &key, &intake__head_record__descriptor, arena);
    return record == NULL ? 0 : record->members;
}

size_t intake_members_list(struct store_txn *txn, uint64_t head, uint64_t *ret_numbers, size_t max)
{
    struct key prefix = number_key(INTAKE_CLASS_MEMBER, head);
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        (void)key_read_u64(&reader); /* the head */
        ret_numbers[count++] = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return count;
}

/* The row is there as long as anybody is joined. */
static void put_count(struct store_txn *txn, uint64_t head, uint32_t members)
{
    struct key key = number_key(INTAKE_CLASS_HEAD, head);
    Intake__HeadRecord record = INTAKE__HEAD_RECORD__INIT;
    record.members = members;
    if (members > 0) {
        table_put(txn, STORE_STATE, &key, &record.base);
    } else {
        txn_delete(txn, STORE_STATE, &key);
    }
}

void intake_members_split(struct store_txn *txn, struct arena *arena, uint64_t number)
{
    uint64_t head = intake_members_head(txn, arena, number);
    if (head == 0) {
        return;
    }
    struct key joined = number_key(INTAKE_CLASS_JOINED, number);
    struct key member = member_key(head, number);
    uint32_t members = intake_members_count(txn, arena, head);
    txn_delete(txn, STORE_STATE, &joined);
    txn_delete(txn, STORE_STATE, &member);
    put_count(txn, head, members > 0 ? members - 1 : 0);
}

void intake_members_join(struct store_txn *txn, struct arena *arena, uint64_t number, uint64_t head)
{
    struct key joined = number_key(INTAKE_CLASS_JOINED, number);
    struct key member = member_key(head, number);
    Intake__JoinedRecord record = INTAKE__JOINED_RECORD__INIT;
    intake_members_split(txn, arena, number);
    record.head = head;
    table_put(txn, STORE_STATE, &joined, &record.base);
    txn_put(txn, STORE_STATE, &member, no_value);
    put_count(txn, head, intake_members_count(txn, arena, head) + 1);
}
