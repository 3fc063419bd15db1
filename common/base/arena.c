/* Blocks that grow up to BLOCK_MAX; what is larger gets a block of its own. */
#include "base/arena.h"

#include "base/check.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN ((size_t)1024)
#define CAP_MAX ((size_t)64 * 1024 * 1024)
#define BLOCK_MIN ((size_t)512)
#define BLOCK_FIRST ((size_t)8 * 1024)
#define BLOCK_MAX ((size_t)64 * 1024)
#define ALIGNMENT alignof(max_align_t)

/* Memory that was not given, or given and forgotten, is known to AddressSanitizer: whoever touches
 * it is found at once. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FORBID(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define ALLOW(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define FORBID(memory, size) ((void)(memory), (void)(size))
#define ALLOW(memory, size) ((void)(memory), (void)(size))
#endif

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct arena {
    size_t cap_bytes;
    size_t used_bytes;    /* rounded up to the alignment */
    struct block *first;  /* kept by arena_reset */
    struct block *latest; /* the one that is being filled */
};

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);
    CHECK(block != NULL);
    block->next = NULL;
    block->size = size;
    block->used = 0;
    FORBID(block->data, size);
    return block;
}

struct arena *arena_new(size_t cap_bytes)
{
    return arena_new_for(cap_bytes, BLOCK_FIRST);
}

struct arena *arena_new_for(size_t cap_bytes, size_t expected_bytes)
{
    CHECK(cap_bytes >= CAP_MIN && cap_bytes <= CAP_MAX);
    struct arena *arena = malloc(sizeof(*arena));
    CHECK(arena != NULL);
    size_t size = expected_bytes < BLOCK_FIRST ? expected_bytes : BLOCK_FIRST;
    size = size < BLOCK_MIN ? BLOCK_MIN : size;
    struct block *first = block_new(cap_bytes < size ? cap_bytes : size);
    *arena = (struct arena){.cap_bytes = cap_bytes, .first = first, .latest = first};
    return arena;
}

static void blocks_free(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (arena != NULL) {
        blocks_free(arena->first);
        free(arena);
    }
}

void arena_reset(struct arena *arena)
{
    blocks_free(arena->first->next);
    arena->first->next = NULL;
    arena->first->used = 0;
    FORBID(arena->first->data, arena->first->size);
    arena->latest = arena->first;
    arena->used_bytes = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t left = arena->cap_bytes - arena->used_bytes;
    if (size > left) {
        return NULL;
    }
    size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded > left) {
        return NULL;
    }
    struct block *block = arena->latest;
    if (block->size - block->used < rounded) {
        size_t size_new = block->size * 2 < BLOCK_MAX ? block->size * 2 : BLOCK_MAX;
        size_new = size_new < left ? size_new : left;
        block = block_new(size_new < rounded ? rounded : size_new);
        arena->latest->next = block;
        arena->latest = block;
    }
    void *memory = block->data + block->used;
    block->used += rounded;
    arena->used_bytes += rounded;
    ALLOW(memory, size);
    memset(memory, 0, size);
    return memory;
}

char *arena_copy_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (copy != NULL && size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    CHECK(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    va_end(arguments);
    return text;
}
