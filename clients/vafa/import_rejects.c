/* Cells are written as they came, not made safe for a spreadsheet: a changed "-71.06" would not be
 * the city's row any more. */
#include "clients/vafa/import_rejects.h"

#include "base/check.h"
#include "clients/vafa/csv_out.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct import_rejects {
    char path[4096];
    const struct import_csv *csv;
    pthread_mutex_t lock; /* guards all below */
    FILE *file;
    uint64_t count;
    int failed; /* errno of the first failure */
};

struct import_rejects *import_rejects_new(const char *path, const struct import_csv *csv)
{
    struct import_rejects *rejects = calloc(1, sizeof(*rejects));
    CHECK(rejects != NULL);
    strncpy(rejects->path, path, sizeof(rejects->path) - 1);
    rejects->csv = csv;
    CHECK(pthread_mutex_init(&rejects->lock, NULL) == 0);
    return rejects;
}

static void write_line(struct import_rejects *rejects, struct buffer *line)
{
    buffer_append_text(line, "\n");
    if (fwrite(line->data, 1, line->size, rejects->file) != line->size && rejects->failed == 0) {
        rejects->failed = errno;
    }
}

static void open_file(struct import_rejects *rejects)
{
    struct buffer line = BUFFER_EMPTY;
    rejects->file = fopen(rejects->path, "we");
    if (rejects->file == NULL) {
        rejects->failed = errno;
        return;
    }
    for (size_t i = 0; i < import_csv_columns(rejects->csv); i++) {
        csv_out_plain(&line, import_csv_column(rejects->csv, i));
        buffer_append_text(&line, ",");
    }
    buffer_append_text(&line, "rejected_line,rejected_because");
    write_line(rejects, &line);
    buffer_fini(&line);
}

void import_rejects_add(struct import_rejects *rejects, uint64_t line, const char *const *cells,
                        size_t cell_count, const struct error *why)
{
    struct buffer text = BUFFER_EMPTY;
    struct buffer reason = BUFFER_EMPTY;
    size_t columns = import_csv_columns(rejects->csv);
    for (size_t i = 0; i < columns || i < cell_count; i++) {
        csv_out_plain(&text, i < cell_count ? cells[i] : "");
        buffer_append_text(&text, ",");
    }
    buffer_append_format(&text, "%llu,", (unsigned long long)line);
    buffer_append_format(&reason, "%s%s%s", why->field, why->field[0] != '\0' ? ": " : "",
                         why->message);
    csv_out_plain(&text, buffer_text(&reason));
    pthread_mutex_lock(&rejects->lock);
    rejects->count++;
    if (rejects->file == NULL && rejects->failed == 0) {
        open_file(rejects);
    }
    if (rejects->file != NULL) {
        write_line(rejects, &text);
    }
    pthread_mutex_unlock(&rejects->lock);
    buffer_fini(&text);
    buffer_fini(&reason);
}

uint64_t import_rejects_count(struct import_rejects *rejects)
{
    pthread_mutex_lock(&rejects->lock);
    uint64_t count = rejects->count;
    pthread_mutex_unlock(&rejects->lock);
    return count;
}

enum status import_rejects_close(struct import_rejects *rejects, struct error *err)
{
    pthread_mutex_lock(&rejects->lock);
    if (rejects->file != NULL && fclose(rejects->file) != 0 && rejects->failed == 0) {
        rejects->failed = errno;
    }
    rejects->file = NULL;
    int failed = rejects->failed;
    pthread_mutex_unlock(&rejects->lock);
    return failed == 0 ? STATUS_OK
                       : error_set_errno(err, STATUS_FAILED_PRECONDITION, failed,
                                         "rejected rows cannot be written to %s", rejects->path);
}

void import_rejects_free(struct import_rejects *rejects)
{
    if (rejects == NULL) {
        return;
    }
    (void)import_rejects_close(rejects, NULL);
    pthread_mutex_destroy(&rejects->lock);
    free(rejects);
}
