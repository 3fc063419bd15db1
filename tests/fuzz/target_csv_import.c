/* Exports of other systems: the input is a file, plain or gzipped, read with Boston's profile. */
#include "base/clock.h"
#include "base/utf8_check.h"
#include "clients/vafa/import_row.h"
#include "rpc/rpc.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_contract.h"
#include "tests/fuzz/fuzz_files.h"

#include <string.h>

#define NOW_US (INT64_C(1767254400) * SECOND_US) /* 2026-01-01T08:00:00Z */

static const struct city_profile *boston(void)
{
    static struct city *city;
    static struct city_profile *profile;
    if (profile == NULL) {
        PROPERTY(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/boston-2011", NULL) == STATUS_OK,
                 "the shipped pack is good");
        PROPERTY(city_profile_load(&profile, city, "boston311", NULL) == STATUS_OK,
                 "and has this profile");
    }
    return profile;
}

static bool is_column(const char *name)
{
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        const char *column = city_profile_column(boston(), (enum city_field)field);
        if (column != NULL && strcmp(column, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_taken(const struct import_row *row)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    struct buffer packed = BUFFER_EMPTY;
    PROPERTY(row->request.external_id[0] != '\0' && strlen(row->request.external_id) <= 64,
             "a row has a name");
    PROPERTY(row->request.history == &row->history && row->history.occurred_at_us != 0,
             "and a time");
    PROPERTY(row->closed_us == 0 ||
                 (row->closed_us >= row->history.occurred_at_us && row->closed_us <= NOW_US),
             "it was closed after it was opened, and not in the future");
    PROPERTY(row->request.channel != COMMON__CHANNEL__CHANNEL_UNSPECIFIED,
             "it came by some channel");
    PROPERTY(utf8_well_formed(row->note, strlen(row->note)), "a note that was cut is text");
    message_pack(&row->request.base, &packed);
    PROPERTY(fuzz_unpack(row->request.base.descriptor, buffer_bytes(&packed),
                         MESSAGE_UNKNOWN_REFUSE, arena) != NULL,
             "a row that was taken is a request that can be sent");
    buffer_fini(&packed);
    arena_free(arena);
}

static void check_row(const struct import_map *map, const struct import_csv_row *csv_row)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    struct import_row row;
    struct error err = ERROR_NONE;
    enum status status = import_row_read(map, csv_row, NOW_US, arena, &row, &err);
    if (status == STATUS_OK) {
        check_taken(&row);
    } else {
        fuzz_check_refusal(status, &err);
        PROPERTY(err.field[0] == '\0' || is_column(err.field), "the refusal names a column");
    }
    arena_free(arena);
}

static void check_shape(const struct import_csv_row *row, uint64_t line_before)
{
    PROPERTY(row->line > line_before, "rows come in the order of their lines");
    PROPERTY(row->trouble == NULL || row->cell_count == 0, "a row in trouble has no cells");
    PROPERTY(row->cell_count <= IMPORT_CSV_COLUMNS_MAX, "a row has not too many cells");
    size_t bytes = 0;
    for (size_t i = 0; i < row->cell_count; i++) {
        bytes += strlen(row->cells[i]) + 1;
        PROPERTY(strchr(row->cells[i], '\r') == NULL, "one kind of line end inside a cell");
    }
    PROPERTY(bytes <= IMPORT_CSV_ROW_BYTES_MAX, "a row is not too long");
}

static void read_rows(struct import_csv *csv)
{
    struct import_map map;
    struct error err = ERROR_NONE;
    const struct import_csv_row *row = NULL;
    uint64_t line = 0;
    enum status status;
    bool is_mapped = import_map_init(&map, boston(), csv, NULL) == STATUS_OK;
    while ((status = import_csv_next(csv, &row, &err)) == STATUS_OK && row != NULL) {
        check_shape(row, line);
        line = row->line;
        if (is_mapped) {
            check_row(&map, row);
        }
        double part = import_csv_part(csv);
        PROPERTY(part >= 0 && part <= 1, "some part of the file has been read");
    }
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
    } else {
        PROPERTY(import_csv_next(csv, &row, &err) == STATUS_OK && row == NULL,
                 "the end stays the end");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_SIZE];
    struct import_csv *csv = NULL;
    struct error err = ERROR_NONE;
    fuzz_write("export.csv", bytes_of(data, size));
    fuzz_path("export.csv", path);
    enum status status = import_csv_open(&csv, path, &err);
    if (status == STATUS_OK) {
        read_rows(csv);
        import_csv_close(csv);
    } else {
        fuzz_check_refusal(status, &err);
        PROPERTY(strcmp(err.field, "file") == 0, "the refusal is about the file");
    }
    return 0;
}
