/* A sorted index over an array of structs that begin with their key: looked up without allocating.
 */
#ifndef VAFA_CITY_KEY_INDEX_H
#define VAFA_CITY_KEY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define KEY_INDEX_NONE (-1)

struct key_index {
    const char *items; /* borrowed; each begins with a `const char *key` */
    size_t stride;
    size_t count;
    uint32_t *order; /* places of the items, by key; equal keys by place */
};

/* The items must stay where they are. count is at most UINT32_MAX. */
void key_index_init(struct key_index *index, const void *items, size_t stride, size_t count);
void key_index_fini(struct key_index *index);

const char *key_index_key_at(const struct key_index *index, size_t place);
/* The place of the key, or KEY_INDEX_NONE. */
int32_t key_index_find(const struct key_index *index, const char *key);
/* For each item whose key an earlier item has: its place and that of the first with the key. */
void key_index_each_duplicate(const struct key_index *index,
                              void (*found)(void *context, size_t place, size_t first_place),
                              void *context);

#endif
