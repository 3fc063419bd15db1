/* vafa city check, city show: a city pack, what is wrong in it and what it lists. */
#include "clients/vafa/cmd_city.h"
#include "city/city_find.h"
#include "clients/vafa/city_items.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include <string.h>
#include <unistd.h>

#define FINDINGS_MAX 200

/* --- city check --- */

static json_t *finding_json(const struct city_finding *finding)
{
    return json_pack("{s:s, s:i, s:s, s:s}", "file", finding->file, "line", finding->line,
                     "severity", finding->is_error ? "error" : "warning", "message",
                     finding->message);
}

static void print_finding(const char *folder, const struct city_finding *finding)
{
    char line[16] = "";
    if (finding->line > 0) {
        snprintf(line, sizeof(line), ":%d", finding->line);
    }
    printf("%s/%s%s: %s: %s\n", folder, finding->file, line,
           finding->is_error ? "error" : "warning", finding->message);
}

enum status cmd_city_folder(const char *given, char folder[CITY_FOLDER_SIZE], struct error *err)
{
    /* A name is looked for; anything that is a folder here is that folder, even when its city.ini
     * is what is missing. */
    if (access(given, F_OK) == 0 && strlen(given) < CITY_FOLDER_SIZE) {
        strcpy(folder, given);
    } else {
        struct error why = ERROR_NONE;
        enum status status = city_find(given, folder, &why);
        if (status != STATUS_OK) {
            return error_set(err, status, "dir", "%s", why.message);
        }
    }
    for (size_t size = strlen(folder); size > 1 && folder[size - 1] == '/'; size--) {
        folder[size - 1] = '\0'; /* findings are told as folder/file */
    }
    return STATUS_OK;
}

int cmd_city_tell(struct session *session, const char *folder)
{
    static struct city_finding findings[FINDINGS_MAX];
    size_t count = city_check(folder, findings, FINDINGS_MAX);
    size_t shown = count < FINDINGS_MAX ? count : FINDINGS_MAX;
    size_t errors = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < shown; i++) {
        errors += findings[i].is_error;
        if (session->json) {
            json_array_append_new(list, finding_json(&findings[i]));
        } else {
            print_finding(folder, &findings[i]);
        }
    }
    bool wrong = errors > 0 || count > shown;
    if (session->json) {
        json_t *json = json_pack("{s:b, s:I, s:O}", "usable", !wrong, "count", (json_int_t)count,
                                 "findings", list);
        output_json(json);
        json_decref(json);
    } else {
        size_t warnings = shown - errors;
        printf("%s: %zu error%s, %zu warning%s%s\n", folder, errors, errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s", count > shown ? ", and more" : "");
    }
    json_decref(list);
    return wrong ? EXIT_WRONG : EXIT_DONE;
}

static int run_city_check(struct session *session)
{
    struct error err = ERROR_NONE;
    char folder[CITY_FOLDER_SIZE];
    return cmd_city_folder(session->args.arguments[0], folder, &err) == STATUS_OK
               ? cmd_city_tell(session, folder)
               : output_error(&err);
}

const struct command command_city_check = {
    .name = "city check",
    .arguments = "DIR",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what is wrong in a city pack, by file and line",
    .help = "Reads a city pack (docs/CITY_PACKS.md) and tells every error and warning. Exit status "
            "5: there are errors.\n"
            "DIR may also be the name of an installed pack.",
    .examples = "vafa city check deploy/cities/isfahan\nvafa city check ./my-city --json",
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_city_check,
};

/* --- city show --- */

static enum status read_items(const char *text, enum city_items *ret_items, struct error *err)
{
    static const char *const names[] = {"topics", "units", "areas"}; /* as the enum counts */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], text) == 0) {
            *ret_items = (enum city_items)i;
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "\"%s\" is none of topics, units, areas",
                     text);
}

static void print_items_json(const struct city *city, enum city_items items)
{
    for (size_t i = 0; i < city_items_count(city, items); i++) {
        struct city_item item = city_items_at(city, items, i);
        json_t *json = json_pack("{s:s, s:s, s:s}", "key", item.key, "name_fa", item.name_fa,
                                 "name_en", item.name_en);
        output_json(json);
        json_decref(json);
    }
}

static void print_items(struct session *session, const struct city *city, enum city_items items)
{
    static const char *const heads[] = {"key", "name_fa", "name_en"};
    struct table *table = table_new(3);
    for (size_t i = 0; i < 3; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < city_items_count(city, items); i++) {
        struct city_item item = city_items_at(city, items, i);
        table_cell(table, item.key);
        table_cell(table, item.name_fa);
        table_cell(table, item.name_en);
    }
    list_text_print(session, table);
    table_free(table);
}

static int run_city_show(struct session *session)
{
    struct error err = ERROR_NONE;
    enum city_items items = CITY_ITEMS_TOPICS;
    if (read_items(session->args.arguments[0], &items, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    if (session->json) {
        print_items_json(city, items);
    } else {
        print_items(session, city, items);
    }
    return EXIT_DONE;
}

const struct command command_city_show = {
    .name = "city show",
    .arguments = "LIST",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what the city pack lists: keys and names",
    .help =
        "LIST is topics, units or areas: those that requests may name: key, Persian and English "
        "name, in the order of the pack.\n"
        "The pack is --city NAME|DIR, else the server's. With --json one object a line.",
    .examples = "vafa city show topics\nvafa city show units --city isfahan --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_city_show,
};
