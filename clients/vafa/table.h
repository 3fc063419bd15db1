/*
 * Tables for people: columns aligned by the width of what is shown, so that Persian and Latin text
 * stand straight. The order of letters within a cell is the terminal's business (those that can
 * show Persian reorder by themselves).
 */
#ifndef VAFA_CLIENTS_VAFA_TABLE_H
#define VAFA_CLIENTS_VAFA_TABLE_H

#include "base/bytes.h"

#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

struct table;

struct table *table_new(size_t columns); /* 1 to TABLE_COLUMNS_MAX */
void table_free(struct table *table);    /* NULL is allowed */
/* The head: one line above, with a rule under it. */
void table_head(struct table *table, size_t column, const char *text);
/* Numbers: aligned at the right. */
void table_align_right(struct table *table, size_t column);
/* The next cell, row by row. NULL is "". Plain text is made of it (below). */
void table_cell(struct table *table, const char *text);
void table_cell_format(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t table_rows(const struct table *table);
void table_print(const struct table *table, FILE *out);

/* Appends text that can be shown: what another wrote must not drive the terminal, nor turn round what
 * stands beside it. Control characters become spaces, embeddings, overrides and isolates of direction
 * go. */
void table_plain_text(struct buffer *out, const char *text);

#endif
