/* Bars in a terminal. */
#ifndef VAFA_CLIENTS_VAFA_CHART_H
#define VAFA_CLIENTS_VAFA_CHART_H

#include "base/bytes.h"

#include <stdio.h>

struct chart_bar {
    const char *label;
    double value;      /* negative values are drawn as none */
    const char *shown; /* the value as text */
    bool missing;      /* no figure: no bar */
};

/* One line a bar: label, bar, value; `columns` is the terminal's width (40 and more). Eighths of a
 * column are drawn. */
void chart_print(const struct chart_bar *bars, size_t count, size_t columns, FILE *out);

#endif
