/* vafa import: a city's past, and whether it all arrived. */
#include "clients/vafa/import_run.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define IN_FLIGHT 256
#define PATIENCE_S 60

static const struct option_def options[] = {
    {"profile", 0, "NAME", "how to read the file: imports/NAME.ini of the city pack (needed)"},
    {"rejected", 0, "PATH", "where rows go that cannot be taken (FILE.rejected.csv)"},
    {"patience", 0, "SECONDS", "go on trying for so long when services are away (60)"},
    {"in-flight", 0, "N", "calls under way at once, 1 to 1024 (256)"},
    {"progress", 0, NULL, "tell progress even when stderr is no terminal"},
    {NULL, 0, NULL, NULL},
};

static void print_counts(const struct import_result *result, const char *language)
{
    const struct {
        const char *word;
        uint64_t count;
    } counts[] = {
        {"import_rows", result->rows},
        {"import_registered", result->registered},
        {"import_already_there", result->already_there},
        {"import_rejected", result->rejected},
        {"import_requests", result->requests},
        {"import_finished", result->finished},
        {"import_already_finished", result->already_finished},
        {"import_still_open", result->still_open},
        {"import_failed", result->failed}, /* the last: only when there are any */
    };
    size_t shown = sizeof(counts) / sizeof(counts[0]) - (result->failed == 0);
    struct table *table = table_new(2);
    table_align_right(table, 1);
    for (size_t i = 0; i < shown; i++) {
        table_cell(table, label_word(counts[i].word, language));
        table_cell_format(table, "%" PRIu64, counts[i].count);
    }
    table_print(table, stdout);
    table_free(table);
}

/* What was changed in the rows. */
static void print_changes(const struct import_result *result, const char *language)
{
    const struct {
        const char *word;
        uint64_t count;
    } changes[] = {
        {"import_duplicates", result->duplicates},
        {"import_closed_too_early", result->closed_too_early},
        {"import_notes_cut", result->notes_cut},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (changes[i].count > 0) {
            printf("%" PRIu64 " %s\n", changes[i].count, label_word(changes[i].word, language));
        }
    }
}

static void print_result(struct session *session, const struct import_result *result,
                         const char *rejected_path)
{
    const char *language = session_language(session);
    print_counts(result, language);
    print_changes(result, language);
    if (result->rejected > 0 && result->rejected_kept) {
        printf("%s: %s\n", label_word("import_rejected_file", language), rejected_path);
    }
    const char *end = !result->is_settled      ? "import_broken_off"
                      : import_adds_up(result) ? "import_adds_up"
                                               : "import_does_not_add_up";
    printf("%.1f %s%s %.0f %s%s %s\n", result->seconds, label_word("seconds", language),
           label_word(",", language),
           result->seconds > 0 ? (double)result->rows / result->seconds : 0.0,
           label_word("rows_a_second", language), label_word(";", language),
           label_word(end, language));
}

static json_t *heads_json(const struct import_result *result)
{
    json_t *as_of = json_object();
    for (int id = 1; result->is_settled && id < 5; id++) {
        json_object_set_new(as_of, output_service((Common__ServiceId)id),
                            json_integer((json_int_t)result->heads[id].position.offset));
    }
    return as_of;
}

static void print_result_json(const struct import_result *result, const char *rejected_path)
{
    json_t *json = json_pack(
        "{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I, s:I}, s:f, s:b, s:s?, s:o}",
        "rows", "read", (json_int_t)result->rows, "registered", (json_int_t)result->registered,
        "already_there", (json_int_t)result->already_there, "rejected",
        (json_int_t)result->rejected, "duplicates", (json_int_t)result->duplicates,
        "closed_too_early", (json_int_t)result->closed_too_early, "notes_cut",
        (json_int_t)result->notes_cut, "tasks", "requests", (json_int_t)result->requests,
        "finished", (json_int_t)result->finished, "already_finished",
        (json_int_t)result->already_finished, "still_open", (json_int_t)result->still_open,
        "failed", (json_int_t)result->failed, "seconds",
        (double)(int64_t)(result->seconds * 1000) / 1000, "adds_up", import_adds_up(result),
        "rejected_file", result->rejected > 0 && result->rejected_kept ? rejected_path : NULL,
        "as_of", heads_json(result));
    output_json(json);
    json_decref(json);
}

static enum status read_options(struct session *session, struct import_options *import,
                                struct error *err)
{
    uint64_t patience_s;
    uint64_t in_flight;
    const struct args *args = &session->args;
    enum status status = args_number(args, "patience", 1, 3600, PATIENCE_S, &patience_s, err);
    if (status == STATUS_OK) {
        status = args_number(args, "in-flight", 1, VAFA_WINDOW_MAX, IN_FLIGHT, &in_flight, err);
    }
    if (status == STATUS_OK) {
        status = args_need(args, "profile", err);
    }
    if (status == STATUS_OK) {
        import->in_flight = (size_t)in_flight;
        import->patience_ms = (uint32_t)patience_s * 1000;
        import->path = args->arguments[0];
        output_progress_force(args_has(args, "progress"));
        session->patience_ms = import->patience_ms;
        session_end_in(session, 0);
    }
    return status;
}

static int finish(struct session *session, enum status status, const struct import_result *result,
                  const char *rejected_path, const struct error *err)
{
    if (result->rows > 0 || status == STATUS_OK) {
        if (session->json) {
            print_result_json(result, rejected_path);
        } else {
            print_result(session, result, rejected_path);
        }
    }
    if (status != STATUS_OK) {
        int code = output_error(err);
        if (result->rows > 0) {
            fputs(
                "What has arrived is kept: run the same command again and it goes on from there.\n",
                stderr);
        }
        return code;
    }
    if (result->failed > 0) {
        output_foreign(stderr,
                       "vafa: a task could not be finished: ", result->first_failure.message, "");
    }
    return import_adds_up(result) ? EXIT_DONE : EXIT_WRONG;
}

/* Rejected rows written over the rows still to be read would lose both. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

static int run_import(struct session *session)
{
    struct error err = ERROR_NONE;
    struct import_options import = {0};
    struct import_result result = {0};
    char rejected[4096];
    struct city_profile *profile = NULL;
    if (read_options(session, &import, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    const char *given = args_value(&session->args, "rejected");
    snprintf(rejected, sizeof(rejected), "%s%s", given != NULL ? given : import.path,
             given != NULL ? "" : ".rejected.csv");
    import.rejected_path = rejected;
    if (is_same_file(import.path, rejected)) {
        (void)error_set(&err, STATUS_INVALID_ARGUMENT, "rejected",
                        "%s is the file to be imported: choose another", rejected);
        return output_usage(&err);
    }
    enum status status = session_client(session, &import.vafa, &err);
    const struct city *city = status == STATUS_OK ? session_city(session, &err) : NULL;
    if (city == NULL || city_profile_load(&profile, city, args_value(&session->args, "profile"),
                                          &err) != STATUS_OK) {
        return output_error(&err);
    }
    import.profile = profile;
    status = import_run(&import, &result, &err);
    int code = finish(session, status, &result, rejected, &err);
    city_profile_free(profile);
    return code;
}

const struct command command_import = {
    .name = "import",
    .arguments = "FILE.csv[.gz]",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "brings a city's history in, from another system's export",
    .help =
        "Reads the file by a profile of the city pack (docs/CITY_PACKS.md), registers each row at "
        "its own time, finishes its task\n"
        "at its closing time, waits until report has seen it all, and tells whether it adds up:\n"
        "rows read = registered + already there + rejected.\n"
        "\n"
        "It may be broken off and run again at any time: a row is known by its source and id, and "
        "a second run adds nothing.\n"
        "Services may stop and start while it runs: it goes on trying for --patience.\n"
        "A history makes no calls, notices or escalations.\n"
        "Rows that cannot be taken go to another file, with line and reason; put right, that file "
        "can be imported as it is.\n"
        "Exit status 0 only if it adds up; 5 if it does not.",
    .examples = "vafa import boston311_2011Q3.csv.gz --profile boston311\n"
                "vafa import history.csv --profile old-system --rejected /tmp/rejected.csv --json",
    .options = options,
    .role = RPC_ROLE_IMPORT,
    .run = run_import,
};
