/* CSV for spreadsheets: quoted where needed, and no cell that a spreadsheet would run as a formula.
 */
#ifndef VAFA_CLIENTS_VAFA_CSV_OUT_H
#define VAFA_CLIENTS_VAFA_CSV_OUT_H

#include "base/bytes.h"

#define CSV_BOM "\xEF\xBB\xBF" /* tells older spreadsheets that it is UTF-8 */

/* Appends a cell of text: a first = + - @, tab or line break gets an apostrophe before it (OWASP,
 * "CSV Injection"). */
void csv_out_text(struct buffer *out, const char *text);
/* Appends a cell as it is but for quotes: numbers that may be negative. */
void csv_out_plain(struct buffer *out, const char *text);

#endif
