/* Where two stores differ: both are walked in key order, side by side. */
#include "store/store_copy.h"

#include "store/store_internal.h"

#include <string.h>

static void take_key(struct key *key, struct bytes bytes)
{
    key->overflow = false;
    key->size = (uint16_t)(bytes.size < KEY_BYTES_MAX ? bytes.size : KEY_BYTES_MAX);
    memcpy(key->data, bytes.data, key->size);
}

enum status store_compare(struct store_txn *expected, struct store_txn *actual,
                          enum store_space space, bool *ret_same,
                          struct store_difference *ret_difference, struct error *err)
{
    struct txn_scan left, right;
    struct bytes left_key = {0}, left_value = {0}, right_key = {0}, right_value = {0};
    txn_scan_begin_all(&left, expected, space);
    txn_scan_begin_all(&right, actual, space);
    const char *kind = NULL;
    struct bytes where = {0};
    while (kind == NULL) {
        bool have_left = txn_scan_next(&left, &left_key, &left_value);
        bool have_right = txn_scan_next(&right, &right_key, &right_value);
        if (!have_left && !have_right) {
            break;
        }
        int order = !have_left ? 1 : !have_right ? -1 : bytes_compare(left_key, right_key);
        if (order == 0) {
            kind = bytes_equal(left_value, right_value) ? NULL : "different";
        } else {
            kind = order < 0 ? "missing" : "extra";
        }
        where = order <= 0 ? left_key : right_key;
    }
    txn_scan_end(&left);
    txn_scan_end(&right);
    enum status status = txn_error(expected, err);
    status = status != STATUS_OK ? status : txn_error(actual, err);
    if (status != STATUS_OK) {
        return status; /* a walk that broke off says nothing */
    }
    *ret_same = kind == NULL;
    if (kind != NULL) {
        ret_difference->space = space;
        ret_difference->kind = kind;
        take_key(&ret_difference->key, where);
    }
    return STATUS_OK;
}
