/* Sorted index by key: see key_index.h. */
#include "city/key_index.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *key_index_key_at(const struct key_index *index, size_t place)
{
    const char *key = NULL;
    memcpy(&key, index->items + place * index->stride, sizeof(key));
    return key;
}

static int key_index_compare(const void *left, const void *right, void *context)
{
    const struct key_index *index = context;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    int order = strcmp(key_index_key_at(index, a), key_index_key_at(index, b));
    return order != 0 ? order : (a > b) - (a < b);
}

void key_index_init(struct key_index *index, const void *items, size_t stride, size_t count)
{
    CHECK(count <= INT32_MAX);
    *index = (struct key_index){.items = items, .stride = stride, .count = count};
    index->order = calloc(count == 0 ? 1 : count, sizeof(*index->order));
    CHECK(index->order != NULL);
    for (size_t i = 0; i < count; i++) {
        index->order[i] = (uint32_t)i;
    }
    qsort_r(index->order, count, sizeof(*index->order), key_index_compare, index);
}

void key_index_fini(struct key_index *index)
{
    free(index->order);
    *index = (struct key_index){0};
}

int32_t key_index_find(const struct key_index *index, const char *key)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key_index_key_at(index, index->order[middle]), key);
        if (order == 0) {
            return (int32_t)index->order[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return KEY_INDEX_NONE;
}

void key_index_each_duplicate(const struct key_index *index,
                              void (*found)(void *context, size_t place, size_t first_place),
                              void *context)
{
    size_t first = 0;
    for (size_t i = 1; i < index->count; i++) {
        if (strcmp(key_index_key_at(index, index->order[i]),
                   key_index_key_at(index, index->order[first])) == 0) {
            found(context, index->order[i], index->order[first]);
        } else {
            first = i;
        }
    }
}
