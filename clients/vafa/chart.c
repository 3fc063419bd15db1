/* A bar is whole blocks and one of eight parts of a block: U+2588 down to U+258F. */
#include "clients/vafa/chart.h"

#include "text/utf8.h"

#define BAR_COLUMNS_MIN 10

static void print_bar(double eighths_exact, FILE *out)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    unsigned eighths = (unsigned)(eighths_exact + 0.5);
    for (unsigned i = 0; i < eighths / 8; i++) {
        fputs("█", out);
    }
    fputs(parts[eighths % 8], out);
}

void chart_print(const struct chart_bar *bars, size_t count, size_t columns, FILE *out)
{
    size_t label_width = 0;
    size_t value_width = 0;
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t label = utf8_width(bars[i].label);
        size_t value = utf8_width(bars[i].shown);
        label_width = label > label_width ? label : label_width;
        value_width = value > value_width ? value : value_width;
        if (!bars[i].missing && bars[i].value > most) {
            most = bars[i].value;
        }
    }
    size_t taken = label_width + value_width + 3;
    size_t room = columns > taken + BAR_COLUMNS_MIN ? columns - taken : BAR_COLUMNS_MIN;
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%*s  ", bars[i].label, (int)(label_width - utf8_width(bars[i].label)), "");
        if (!bars[i].missing && bars[i].value > 0 && most > 0) {
            print_bar(bars[i].value / most * (double)room * 8, out);
            fputs(" ", out);
        }
        fprintf(out, "%s\n", bars[i].shown);
    }
}
