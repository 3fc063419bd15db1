/* Rows are sorted by topic and by list once, so that the questions of a topic and the choices of a
 * list lie together. */
#include "city/city_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define QUESTIONS_FILE "questions.csv"
#define CHOICES_FILE "choices.csv"

enum questions_column {
    QUESTIONS_TOPIC,
    QUESTIONS_KEY,
    QUESTIONS_KIND,
    QUESTIONS_REQUIRED,
    QUESTIONS_NAME_FA,
    QUESTIONS_NAME_EN,
    QUESTIONS_CHOICES,
};

static const struct csv_column questions_columns[] = {
    {"topic", true},   {"key", true},     {"kind", true},   {"required", true},
    {"name_fa", true}, {"name_en", true}, {"choices", true}};

enum choices_column { CHOICES_LIST, CHOICES_KEY, CHOICES_NAME_FA };

static const struct csv_column choices_columns[] = {
    {"list", true}, {"key", true}, {"name_fa", true}, {"name_en", true}};

static const char *const questions_kinds[] = {
    [CITY_QUESTION_STRING] = "string",     [CITY_QUESTION_NUMBER] = "number",
    [CITY_QUESTION_DATETIME] = "datetime", [CITY_QUESTION_TEXT] = "text",
    [CITY_QUESTION_ONE_OF] = "one_of",     [CITY_QUESTION_SEVERAL_OF] = "several_of"};

#define QUESTIONS_KINDS (sizeof(questions_kinds) / sizeof(questions_kinds[0]))

static bool questions_file_is_there(const struct city *city, const char *name)
{
    const struct pack_file *file = pack_files_find(&city->files, name);
    return file != NULL && file->readable;
}

/* --- choices.csv --- */

static int choices_compare(const void *left, const void *right)
{
    const struct city_choice_row *a = left;
    const struct city_choice_row *b = right;
    int order = strcmp(a->list, b->list);
    return order != 0 ? order : a->line - b->line;
}

/* The first place behind those of the list that begins at `first`. */
static size_t choices_end(const struct city *city, size_t first)
{
    size_t end = first;
    while (end < city->choice_count &&
           strcmp(city->choices[end].list, city->choices[first].list) == 0) {
        end++;
    }
    return end;
}

static void choices_check_list(const struct city *city, size_t first, size_t end,
                               struct findings *findings)
{
    if (end - first > CITY_CHOICES_OF_LIST_MAX) {
        findings_error(findings, CHOICES_FILE, city->choices[first + CITY_CHOICES_OF_LIST_MAX].line,
                       "the list \"%s\" has more than %d choices",
                       findings_quote(city->choices[first].list).text, CITY_CHOICES_OF_LIST_MAX);
        return; /* what follows compares in pairs */
    }
    for (size_t i = first; i < end; i++) {
        for (size_t j = first; j < i; j++) {
            if (strcmp(city->choices[i].choice.key, city->choices[j].choice.key) == 0) {
                findings_error(findings, CHOICES_FILE, city->choices[i].line,
                               "the list has the choice \"%s\" already, on line %d",
                               findings_quote(city->choices[i].choice.key).text,
                               city->choices[j].line);
            }
        }
    }
}

static void choices_load(struct city *city, struct findings *findings)
{
    struct city_cells cells;
    bool whole;
    city->choices = city_cells_open(
        city, CHOICES_FILE, choices_columns, sizeof(choices_columns) / sizeof(choices_columns[0]),
        sizeof(*city->choices), &city->choice_table, &whole, &cells, findings);
    city->choice_count = csv_table_rows(cells.table);
    for (size_t row = 0; row < city->choice_count; row++) {
        struct city_choice_row *choice = &city->choices[row];
        choice->list = city_cells_key(&cells, row, CHOICES_LIST);
        choice->choice.key = city_cells_key(&cells, row, CHOICES_KEY);
        city_cells_names(city, &cells, row, CHOICES_NAME_FA, &choice->choice.name_fa,
                         &choice->choice.name_en);
        choice->line = csv_table_line(cells.table, row);
    }
    qsort(city->choices, city->choice_count, sizeof(*city->choices), choices_compare);
    city->choice_list = calloc(city->choice_count + 1, sizeof(*city->choice_list));
    CHECK(city->choice_list != NULL);
    for (size_t i = 0; i < city->choice_count; i++) {
        city->choice_list[i] = city->choices[i].choice;
    }
    for (size_t first = 0, end; first < city->choice_count; first = end) {
        end = choices_end(city, first);
        choices_check_list(city, first, end, findings);
    }
}

/* --- questions.csv --- */

static void questions_load_choices(struct city *city, const struct city_cells *cells, size_t row,
                                   struct city_question *question)
{
    const char *list = csv_table_cell(cells->table, row, QUESTIONS_CHOICES);
    int line = csv_table_line(cells->table, row);
    bool chooses =
        question->kind == CITY_QUESTION_ONE_OF || question->kind == CITY_QUESTION_SEVERAL_OF;
    if (!chooses) {
        if (list[0] != '\0') {
            findings_error(cells->findings, QUESTIONS_FILE, line,
                           "only one_of and several_of have choices");
        }
        return;
    }
    size_t first = 0;
    while (first < city->choice_count && strcmp(city->choices[first].list, list) != 0) {
        first++;
    }
    if (first == city->choice_count) {
        findings_error(cells->findings, QUESTIONS_FILE, line,
                       "\"choices\" names the list \"%s\", which is not in choices.csv",
                       findings_quote(list).text);
        return;
    }
    question->choices = &city->choice_list[first];
    question->choice_count = choices_end(city, first) - first;
    city->choices[first].used = true;
}

static void questions_load_one(struct city *city, const struct city_cells *cells, size_t row)
{
    struct city_question_row *read = &city->questions[row];
    struct city_question *question = &read->question;
    const char *topic = csv_table_cell(cells->table, row, QUESTIONS_TOPIC);
    const char *kind = csv_table_cell(cells->table, row, QUESTIONS_KIND);
    read->line = csv_table_line(cells->table, row);
    read->topic = key_index_find(&city->topic_index, topic);
    if (read->topic == KEY_INDEX_NONE && city->topics_whole) {
        findings_error(cells->findings, QUESTIONS_FILE, read->line,
                       "the topic \"%s\" is not in topics.csv", findings_quote(topic).text);
    }
    question->key = city_cells_key(cells, row, QUESTIONS_KEY);
    if (strchr(question->key, '=') != NULL) {
        findings_error(cells->findings, QUESTIONS_FILE, read->line,
                       "the key \"%s\" must not hold \"=\"", findings_quote(question->key).text);
    }
    city_cells_names(city, cells, row, QUESTIONS_NAME_FA, &question->name_fa, &question->name_en);
    question->required = city_cells_yes(cells, row, QUESTIONS_REQUIRED);
    size_t i = 0;
    while (i < QUESTIONS_KINDS && strcmp(questions_kinds[i], kind) != 0) {
        i++;
    }
    if (i == QUESTIONS_KINDS) {
        findings_error(cells->findings, QUESTIONS_FILE, read->line,
                       "the kind \"%s\" is none of string, number, datetime, text, one_of, "
                       "several_of",
                       findings_quote(kind).text);
        return;
    }
    question->kind = (enum city_question_kind)i;
    questions_load_choices(city, cells, row, question);
}

static int questions_compare(const void *left, const void *right)
{
    const struct city_question_row *a = left;
    const struct city_question_row *b = right;
    return a->topic != b->topic ? (a->topic > b->topic) - (a->topic < b->topic) : a->line - b->line;
}

/* The rows from `first` to before `end` are those of one topic. */
static void questions_take_topic(struct city *city, size_t first, size_t end,
                                 struct findings *findings)
{
    struct city_topic_row *topic = &city->topics[city->questions[first].topic];
    if (end - first > CITY_QUESTIONS_OF_TOPIC_MAX) {
        findings_error(findings, QUESTIONS_FILE,
                       city->questions[first + CITY_QUESTIONS_OF_TOPIC_MAX].line,
                       "the topic \"%s\" has more than %d questions",
                       findings_quote(topic->topic.key).text, CITY_QUESTIONS_OF_TOPIC_MAX);
        return; /* what follows compares in pairs */
    }
    size_t choices = 0;
    topic->question_first = first;
    topic->question_count = end - first;
    for (size_t i = first; i < end; i++) {
        choices += city->questions[i].question.choice_count;
        if (choices > CITY_CHOICES_OF_TOPIC_MAX) {
            findings_error(findings, QUESTIONS_FILE, city->questions[i].line,
                           "the questions of the topic \"%s\" have more than %d choices",
                           findings_quote(topic->topic.key).text, CITY_CHOICES_OF_TOPIC_MAX);
            return;
        }
        for (size_t j = first; j < i; j++) {
            if (strcmp(city->questions[i].question.key, city->questions[j].question.key) == 0) {
                findings_error(findings, QUESTIONS_FILE, city->questions[i].line,
                               "the topic has the question \"%s\" already, on line %d",
                               findings_quote(city->questions[i].question.key).text,
                               city->questions[j].line);
            }
        }
    }
}

void city_questions_load(struct city *city, struct findings *findings)
{
    struct city_cells cells;
    bool whole;
    size_t errors = findings->errors;
    city->questions_whole = pack_files_find(&city->files, QUESTIONS_FILE) == NULL;
    if (questions_file_is_there(city, CHOICES_FILE)) {
        choices_load(city, findings);
    }
    if (!questions_file_is_there(city, QUESTIONS_FILE)) {
        return;
    }
    city->questions =
        city_cells_open(city, QUESTIONS_FILE, questions_columns,
                        sizeof(questions_columns) / sizeof(questions_columns[0]),
                        sizeof(*city->questions), &city->question_table, &whole, &cells, findings);
    city->question_count = csv_table_rows(cells.table);
    for (size_t row = 0; row < city->question_count; row++) {
        questions_load_one(city, &cells, row);
    }
    qsort(city->questions, city->question_count, sizeof(*city->questions), questions_compare);
    size_t end;
    for (size_t first = 0; first < city->question_count; first = end) {
        end = first;
        while (end < city->question_count &&
               city->questions[end].topic == city->questions[first].topic) {
            end++;
        }
        if (city->questions[first].topic != KEY_INDEX_NONE) {
            questions_take_topic(city, first, end, findings);
        }
    }
    city->questions_whole = findings->errors == errors;
}

void city_questions_review(const struct city *city, struct findings *findings)
{
    for (size_t first = 0; first < city->choice_count; first = choices_end(city, first)) {
        if (!city->choices[first].used) {
            findings_warning(findings, CHOICES_FILE, city->choices[first].line,
                             "no question uses the list \"%s\"",
                             findings_quote(city->choices[first].list).text);
        }
    }
}

void city_questions_fini(struct city *city)
{
    free(city->questions);
    free(city->choices);
    free(city->choice_list);
    csv_table_free(city->question_table);
    csv_table_free(city->choice_table);
}

/* --- asking --- */

size_t city_question_count(const struct city *city, const char *topic)
{
    int32_t place = key_index_find(&city->topic_index, topic);
    return place == KEY_INDEX_NONE ? 0 : city->topics[place].question_count;
}

const struct city_question *city_question_at(const struct city *city, const char *topic,
                                             size_t index)
{
    int32_t place = key_index_find(&city->topic_index, topic);
    CHECK(place != KEY_INDEX_NONE && index < city->topics[place].question_count);
    return &city->questions[city->topics[place].question_first + index].question;
}

const struct city_question *city_question(const struct city *city, const char *topic,
                                          const char *key)
{
    size_t count = city_question_count(city, topic);
    for (size_t i = 0; i < count; i++) {
        const struct city_question *question = city_question_at(city, topic, i);
        if (strcmp(question->key, key) == 0) {
            return question;
        }
    }
    return NULL;
}

const struct city_choice *city_question_choice(const struct city_question *question,
                                               const char *key)
{
    for (size_t i = 0; i < question->choice_count; i++) {
        if (strcmp(question->choices[i].key, key) == 0) {
            return &question->choices[i];
        }
    }
    return NULL;
}
