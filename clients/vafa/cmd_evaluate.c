/* vafa intake evaluate: how well topics are suggested, measured on rows of the past. Needs no server. */
#include "clients/vafa/evaluate.h"
#include "clients/vafa/import_csv.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include <inttypes.h>
#include <string.h>

#define TRAIN_PERCENT 70
#define METHOD_COLUMNS 6
#define VALUE_BYTES 1024 /* of a topic or a time as the profile makes it */

static const struct option_def options[] = {
    {"profile", 0, "NAME", "columns by imports/NAME.ini of the city pack: words, topic, opened"},
    {"words", 0, "COLUMN", "or each by its name: the citizen's words"},
    {"topic", 0, "COLUMN", "the topic that was chosen"},
    {"time", 0, "COLUMN", "when it was; left out: the rows are in order"},
    {"train", 0, "PERCENT", "learned from before the first is asked about, 0 to 99 (70)"},
    {"frozen", 0, NULL, "learn nothing from rows that were asked about"},
    {NULL, 0, NULL, NULL},
};

/* Where things are in the file. */
struct columns {
    struct city_profile *profile; /* NULL: columns by name */
    int words;
    int topic;
    int time; /* -1: none */
};

struct reading {
    uint64_t rows;
    uint64_t without; /* words or topic */
    uint64_t unusable;
    struct error first_unusable;
    uint64_t first_line;
};

/* --- the file --- */

static enum status find_column(const struct import_csv *csv, const char *name, const char *option,
                               int *ret_column, struct error *err)
{
    *ret_column = import_csv_find(csv, name);
    return *ret_column >= 0
               ? STATUS_OK
               : error_set(err, STATUS_NOT_FOUND, option, "the file has no column \"%s\"", name);
}

static enum status find_columns(const struct args *args, const struct import_csv *csv,
                                struct columns *columns, struct error *err)
{
    static const struct {
        const char *option;
        enum city_field field;
        bool needed;
    } wanted[] = {{"words", CITY_FIELD_WORDS, true},
                  {"topic", CITY_FIELD_TOPIC, true},
                  {"time", CITY_FIELD_OPENED, false}};
    int *const places[] = {&columns->words, &columns->topic, &columns->time};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && status == STATUS_OK; i++) {
        const char *name = args_value(args, wanted[i].option);
        if (name == NULL && columns->profile != NULL) {
            name = city_profile_column(columns->profile, wanted[i].field);
        }
        *places[i] = -1;
        if (name != NULL) {
            status = find_column(csv, name, wanted[i].option, places[i], err);
        } else if (wanted[i].needed) {
            status = error_set(
                err, STATUS_INVALID_ARGUMENT, wanted[i].option,
                "which column holds it? Give --%s COLUMN, or --profile NAME of a pack that maps it",
                wanted[i].option);
        }
    }
    return status;
}

static const char *topic_of(const struct columns *columns, const char *cell,
                            char value[VALUE_BYTES])
{
    if (columns->profile == NULL) {
        return cell;
    }
    city_profile_value(columns->profile, CITY_FIELD_TOPIC, cell, value, VALUE_BYTES);
    return value;
}

static enum status read_time(struct session *session, const struct columns *columns,
                             const char *cell, int64_t *ret_us, struct error *err)
{
    if (columns->profile != NULL && args_value(&session->args, "time") == NULL) {
        return civil_parse_format(city_profile_civil(columns->profile), cell,
                                  city_profile_time_format(columns->profile), "time", ret_us, err);
    }
    return civil_parse(city_civil(session_city(session, NULL)), cell, 0, "time", ret_us, err);
}

static enum status add_row(struct session *session, const struct columns *columns,
                           const struct import_csv_row *row, struct evaluation *evaluation,
                           struct reading *reading, struct error *err)
{
    size_t needed = (size_t)(columns->words > columns->topic ? columns->words : columns->topic);
    needed = columns->time > (int)needed ? (size_t)columns->time : needed;
    if (row->trouble != NULL || row->cell_count <= needed) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "%s",
                         row->trouble != NULL ? row->trouble : "the row has too few cells");
    }
    char value[VALUE_BYTES];
    const char *words = row->cells[columns->words];
    const char *topic = topic_of(columns, row->cells[columns->topic], value);
    int64_t at_us = 0;
    if (words[strspn(words, " \t\n")] == '\0' || topic[0] == '\0') {
        reading->without++;
        return STATUS_OK;
    }
    enum status status = columns->time >= 0
                             ? read_time(session, columns, row->cells[columns->time], &at_us, err)
                             : STATUS_OK;
    return status == STATUS_OK ? evaluation_add(evaluation, at_us, topic, words, err) : status;
}

/* A row that cannot be used is told and left out; a file too large is not read on. */
static enum status read_rows(struct session *session, struct import_csv *csv,
                             const struct columns *columns, struct evaluation *evaluation,
                             struct reading *reading, struct error *err)
{
    const struct import_csv_row *row;
    enum status status = import_csv_next(csv, &row, err);
    while (status == STATUS_OK && row != NULL) {
        struct error why = ERROR_NONE;
        reading->rows++;
        status = add_row(session, columns, row, evaluation, reading, &why);
        if (status == STATUS_INVALID_ARGUMENT) {
            if (reading->unusable++ == 0) {
                reading->first_unusable = why;
                reading->first_line = row->line;
            }
            status = STATUS_OK;
        } else if (status != STATUS_OK) {
            *err = why;
        }
        if (status == STATUS_OK) {
            status = import_csv_next(csv, &row, err);
        }
    }
    return status;
}

/* --- telling --- */

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static void print_row(struct table *table, const char *name, const struct evaluate_count *count)
{
    table_cell(table, name);
    table_cell_format(table, "%.1f %%", percent(count->first_right, count->asked));
    table_cell_format(table, "%.1f %%", percent(count->three_right, count->asked));
    table_cell_format(table, "%.1f %%", percent(count->told, count->asked));
    table_cell_format(table, "%.1f %%", percent(count->told_first_right, count->told));
    table_cell_format(table, "%.1f %%", percent(count->told_right, count->told));
}

static struct table *table_of(const char *const *heads, size_t count, const char *language)
{
    struct table *table = table_new(count);
    for (size_t i = 0; i < count; i++) {
        table_head(table, i, label_word(heads[i], language));
        if (i > 0) {
            table_align_right(table, i);
        }
    }
    return table;
}

static void print_one(struct table *table, const char *name, uint64_t right, uint64_t asked)
{
    table_cell(table, name);
    table_cell_format(table, "%.1f %%", percent(right, asked));
    for (size_t i = 2; i < METHOD_COLUMNS; i++) {
        table_cell(table, "");
    }
}

static void print_methods(const struct evaluate_result *result, const char *language)
{
    static const char *const heads[] = {"",          "top_one",        "top_three",
                                        "suggested", "answered_first", "answered_three"};
    struct table *table = table_of(heads, METHOD_COLUMNS, language);
    uint64_t asked = result->all.model.asked;
    print_row(table, label_word("suggestions", language), &result->all.model);
    print_row(table, label_word("pack_words_alone", language), &result->all.words);
    print_one(table, label_word("most_frequent", language), result->all.frequent_right, asked);
    /* The topics come most first. */
    print_one(table, label_word("most_frequent_hindsight", language), result->topics[0].model.asked,
              asked);
    table_print(table, stdout);
    table_free(table);
}

static void print_topics(const struct evaluate_result *result, const char *language)
{
    static const char *const heads[] = {"topic",          "learned_rows",    "asked_rows",
                                        "top_one",        "top_three",       "answered",
                                        "answered_first", "pack_words_alone"};
    struct table *table = table_of(heads, 8, language);
    for (size_t i = 0; i < result->topic_count; i++) {
        const struct evaluate_topic *topic = &result->topics[i];
        const struct evaluate_count *model = &topic->model;
        table_cell(table, topic->key);
        table_cell_format(table, "%" PRIu64, topic->learned);
        table_cell_format(table, "%" PRIu64, model->asked);
        table_cell_format(table, "%.1f %%", percent(model->first_right, model->asked));
        table_cell_format(table, "%.1f %%", percent(model->three_right, model->asked));
        table_cell_format(table, "%.1f %%", percent(model->told, model->asked));
        table_cell_format(table, "%.1f %%", percent(model->told_first_right, model->told));
        table_cell_format(table, "%.1f %%", percent(topic->words.first_right, topic->words.asked));
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_curve(const struct evaluate_result *result, const char *language)
{
    static const char *const heads[] = {"confidence", "suggested", "answered_first"};
    struct table *table = table_of(heads, 3, language);
    for (size_t i = 0; i < EVALUATE_STEPS; i++) {
        const struct evaluate_step *step = &result->steps[i];
        table_cell_format(table, "%.1f", step->confidence);
        table_cell_format(table, "%.1f %%", percent(step->told, result->all.model.asked));
        table_cell_format(table, "%.1f %%", percent(step->first_right, step->told));
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_result(struct session *session, const struct reading *reading,
                         const struct evaluate_result *result)
{
    const char *language = session_language(session);
    printf("%" PRIu64 " %s%s %" PRIu64 " %s%s %" PRIu64 " %s\n", reading->rows,
           label_word("import_rows", language), label_word(",", language), reading->without,
           label_word("rows_without", language), label_word(",", language), reading->unusable,
           label_word("rows_unusable", language));
    printf("%" PRIu64 " %s%s %" PRIu64 " %s\n\n", result->learned,
           label_word("learned_first", language), label_word(",", language),
           result->all.model.asked, label_word("asked_about", language));
    print_methods(result, language);
    putchar('\n');
    print_topics(result, language);
    putchar('\n');
    print_curve(result, language);
    printf("\n%s: %.0f µs %s%s %.0f µs p99%s %.1f MiB\n", label_word("a_suggestion", language),
           result->median_us, label_word("median", language), label_word(",", language),
           result->p99_us, label_word(";", language), (double)result->bytes / 1048576);
}

static json_t *share(uint64_t part, uint64_t whole)
{
    return output_real(whole > 0 ? (double)part / (double)whole : 0.0);
}

static json_t *count_json(const struct evaluate_count *count)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "asked", (json_int_t)count->asked, "top1",
                     share(count->first_right, count->asked), "top3",
                     share(count->three_right, count->asked), "answered",
                     share(count->told, count->asked), "answered_top1",
                     share(count->told_first_right, count->told), "answered_any",
                     share(count->told_right, count->told));
}

static json_t *topics_json(const struct evaluate_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->topic_count; i++) {
        const struct evaluate_topic *topic = &result->topics[i];
        json_array_append_new(
            list, json_pack("{s:s, s:b, s:I, s:o, s:o}", "topic", topic->key, "listed",
                            topic->listed, "learned", (json_int_t)topic->learned, "suggestions",
                            count_json(&topic->model), "words_alone", count_json(&topic->words)));
    }
    return list;
}

static json_t *curve_json(const struct evaluate_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < EVALUATE_STEPS; i++) {
        const struct evaluate_step *step = &result->steps[i];
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "confidence", output_real(step->confidence),
                            "answered", share(step->told, result->all.model.asked), "answered_top1",
                            share(step->first_right, step->told)));
    }
    return list;
}

static void print_result_json(const struct reading *reading, const struct evaluate_result *result)
{
    uint64_t asked = result->all.model.asked;
    json_t *json = json_pack(
        "{s:{s:I, s:I, s:I}, s:I, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:{s:o, s:o}, s:I}", "rows",
        "read", (json_int_t)reading->rows, "without", (json_int_t)reading->without, "unusable",
        (json_int_t)reading->unusable, "learned", (json_int_t)result->learned, "suggestions",
        count_json(&result->all.model), "words_alone", count_json(&result->all.words),
        "most_frequent", "top1", share(result->all.frequent_right, asked), "hindsight_top1",
        share(result->topics[0].model.asked, asked), "topics", topics_json(result), "curve",
        curve_json(result), "us", "median", output_real(result->median_us), "p99",
        output_real(result->p99_us), "bytes", (json_int_t)result->bytes);
    output_json(json);
    json_decref(json);
}

static void tell_unusable(const struct reading *reading, const char *path)
{
    if (reading->unusable > 0) {
        char before[64];
        snprintf(before, sizeof(before), "vafa: line %" PRIu64 " of ", reading->first_line);
        output_foreign(stderr, before, path, " cannot be used: ");
        output_foreign(stderr, "  ", reading->first_unusable.message, "");
    }
}

/* --- running --- */

static enum status evaluate(struct session *session, struct import_csv *csv,
                            const struct columns *columns, struct evaluation *evaluation,
                            unsigned train, struct error *err)
{
    struct reading reading = {.rows = 0};
    struct evaluate_result result;
    enum status status = read_rows(session, csv, columns, evaluation, &reading, err);
    if (status == STATUS_OK) {
        tell_unusable(&reading, session->args.arguments[0]);
        status =
            evaluation_run(evaluation, train, args_has(&session->args, "frozen"), &result, err);
    }
    if (status == STATUS_OK && session->json) {
        print_result_json(&reading, &result);
    } else if (status == STATUS_OK) {
        print_result(session, &reading, &result);
    }
    return status;
}

static int run_evaluate(struct session *session)
{
    struct error err = ERROR_NONE;
    const struct args *args = &session->args;
    const char *profile = args_value(args, "profile");
    struct columns columns = {.profile = NULL};
    struct evaluation *evaluation = NULL;
    struct import_csv *csv = NULL;
    uint64_t train = 0;
    if (args_number(args, "train", 0, 99, TRAIN_PERCENT, &train, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    const struct city *city = session_city(session, &err);
    enum status status = city != NULL ? STATUS_OK : err.status;
    if (status == STATUS_OK && profile != NULL) {
        status = city_profile_load(&columns.profile, city, profile, &err);
    }
    if (status == STATUS_OK) {
        status = import_csv_open(&csv, args->arguments[0], &err);
    }
    if (status == STATUS_OK) {
        status = find_columns(args, csv, &columns, &err);
    }
    if (status == STATUS_OK) {
        evaluation = evaluation_new(city);
        status = evaluate(session, csv, &columns, evaluation, (unsigned)train, &err);
    }
    evaluation_free(evaluation);
    import_csv_close(csv);
    city_profile_free(columns.profile);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_evaluate = {
    .name = "intake evaluate",
    .arguments = "FILE.csv[.gz]",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "how well topics are suggested from citizens' words, on rows of the past",
    .help =
        "Takes rows whose topic is known, in order of time: learns from the first part, then asks "
        "about each of the "
        "rest before\n"
        "it learns from it too, as intake does. With the words and stop words of the city pack.\n"
        "\n"
        "Prints how often the first suggestion, and one of three, was the topic that was chosen; "
        "how many rows got a "
        "suggestion at\n"
        "all, and how good it was then; the same for the pack's words alone and for always naming "
        "the topic that was "
        "most frequent\n"
        "so far; each topic; what a higher threshold would do; and the time one suggestion takes.\n"
        "Needs no server. Nothing is kept. Topics that the pack does not list are learned as the "
        "file names them.",
    .examples = "vafa intake evaluate history.csv --profile old-system\n"
                "vafa intake evaluate requests.csv.gz --city ./my-city --words description --topic "
                "service_name "
                "--time requested_datetime\n"
                "vafa intake evaluate requests.csv.gz --words text --topic topic --train 50 "
                "--frozen --json",
    .options = options,
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_evaluate,
};
