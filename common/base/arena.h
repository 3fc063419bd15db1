/*
 * An arena: allocations that end together, with a cap. Messages are unpacked through one, so a
 * hostile message of many empty parts costs at most the cap and is dropped whole.
 */
#ifndef VAFA_BASE_ARENA_H
#define VAFA_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* cap_bytes bounds the sum of all allocations (from 1 KiB to 64 MiB). Never NULL: aborts without
 * memory. */
struct arena *arena_new(size_t cap_bytes);
/* For something of about `expected_bytes`: takes as much at first, where arena_new takes 8 KiB. */
struct arena *arena_new_for(size_t cap_bytes, size_t expected_bytes);
void arena_free(struct arena *arena); /* NULL is allowed */

/* Forgets every allocation and keeps a first block for the next use. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type; NULL when the cap is reached. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy_text(struct arena *arena, const char *text);
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
