/* Cells are written as they came, not made safe for a spreadsheet: a changed "-71.06" would not be
 * the city's row any more. */
#include "clients/vafa/import_rejects.h"

#include "base/check.h"
#include "clients/vafa/csv_out.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct import_rejects {
    char path[4096];
    const struct import_csv *csv;
    bool made;            /* the file was not there before */
    pthread_mutex_t lock; /* guards all below */
    FILE *file;
    uint64_t count;
    int failed; /* errno of the first failure */
};

/* Nothing is cut off here: a run that rejects no row has no reason to take an older run's from its
 * owner. */
static FILE *open_file(const char *path, bool *ret_made)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *ret_made = fd >= 0;
    if (fd < 0 && errno == EEXIST) {
        fd = open(path, O_WRONLY | O_CLOEXEC);
    }
    return fd >= 0 ? fdopen(fd, "w") : NULL;
}

enum status import_rejects_new(struct import_rejects **ret_rejects, const char *path,
                               const struct import_csv *csv, struct error *err)
{
    struct import_rejects *rejects = calloc(1, sizeof(*rejects));
    CHECK(rejects != NULL);
    rejects->file = open_file(path, &rejects->made);
    if (rejects->file == NULL) {
        int failed = errno;
        free(rejects);
        return error_set(err, STATUS_FAILED_PRECONDITION, "rejected",
                         "rejected rows could not be written to %s: %s", path, strerror(failed));
    }
    strncpy(rejects->path, path, sizeof(rejects->path) - 1);
    rejects->csv = csv;
    CHECK(pthread_mutex_init(&rejects->lock, NULL) == 0);
    *ret_rejects = rejects;
    return STATUS_OK;
}

static void write_line(struct import_rejects *rejects, struct buffer *line)
{
    buffer_append_text(line, "\n");
    if (fwrite(line->data, 1, line->size, rejects->file) != line->size && rejects->failed == 0) {
        rejects->failed = errno;
    }
}

static void write_head(struct import_rejects *rejects)
{
    struct buffer line = BUFFER_EMPTY;
    struct stat stat_of;
    int fd = fileno(rejects->file);
    /* A device or a pipe has no end to cut. */
    if (fstat(fd, &stat_of) != 0 || (S_ISREG(stat_of.st_mode) && ftruncate(fd, 0) != 0)) {
        rejects->failed = errno;
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
    if (rejects->count++ == 0) {
        write_head(rejects);
    }
    write_line(rejects, &text);
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
    if (rejects->file != NULL && rejects->made && rejects->count == 0 &&
        unlink(rejects->path) != 0 && rejects->failed == 0) {
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
