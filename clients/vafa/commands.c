/* The table, and help made from it. */
#include "clients/vafa/commands.h"

#include "clients/vafa/help_fa.h"

#include "text/utf8.h"

#include <string.h>

/* In the order of the overview, so that of the work: the hotline, offices, sessions, deadlines, afterwards, running it, city packs. */
/* clang-format off: one a line, so that lines of several hands meet. */
const struct command *const commands[] = {
    &command_phone_open,
    &command_phone_end,
    &command_phone_record,
    &command_phone_show,
    &command_phone_list,
    &command_phone_count,
    &command_suggest,
    &command_topics,
    &command_register,
    &command_case_same,
    &command_case_join,
    &command_case_split,
    &command_chase,
    &command_amend,
    &command_withdraw,
    &command_add_words,
    &command_search,
    &command_history,
    &command_show,
    &command_look_up,
    &command_reveal,

    &command_tasks_follow,
    &command_tasks_list,
    &command_tasks_claim,
    &command_task_show,
    &command_task_see,
    &command_task_accept,
    &command_task_plan,
    &command_task_start,
    &command_task_report,
    &command_task_pause,
    &command_task_resume,
    &command_task_done,
    &command_task_close,
    &command_task_return,
    &command_task_ask_help,
    &command_task_finish_help,
    &command_task_withdraw_help,
    &command_task_move,
    &command_task_reopen,
    &command_task_cancel,
    &command_offices,

    &command_session_open,
    &command_session_watch,
    &command_session_lengthen,
    &command_session_close,
    &command_session_list,
    &command_session_show,

    &command_clock_explain,
    &command_clock_close,
    &command_storm_start,
    &command_storm_lengthen,
    &command_storm_end,
    &command_storm_list,
    &command_storm_left,

    &command_call_next,
    &command_call_record,
    &command_call_show,
    &command_calls_list,
    &command_report_surges,
    &command_report_evaluate,
    &command_report,
    &command_rates,

    &command_health,
    &command_metrics,
    &command_events,
    &command_version,
    &command_backup,
    &command_restore,
    &command_verify,
    &command_citizen_forget,
    &command_citizen_check,
    &command_citizen_looks,
    &command_key_status,
    &command_key_change,
    &command_import,

    &command_city_check,
    &command_city_show,
    &command_city_units,
    &command_city_locate,
    &command_city_take,
    &command_city_back,
    &command_city_history,
    &command_route_explain,
    &command_route_try,
    &command_evaluate,
    &command_intake_duplicates,
    NULL,
};
/* clang-format on */

/* The first is of commands that change something. */
static const struct option_def changing_options[] = {
    {"key", 0, "KEY",
     "of a try whose answer did not come, as it was told: what was done then is not done again"},
    {"connect", 0, "URL",
     "where the services are: ipc:///FOLDER or tcp://127.0.0.1:PORT (VAFA_CONNECT)"},
    {"data", 0, "DIR", "or the server's data folder (VAFA_DATA; ./vafa-data)"},
    {"name", 0, "NAME", "who calls, for the log (the login name)"},
    {"role", 0, "ROLE", "call in another role: front-end, office, leadership, import, admin"},
    {"unit", 'u', "UNIT", "the unit you speak for"},
    {"timeout", 0, "SECONDS", "how long to wait for an answer, 1 to 300 (10)"},
    {"city", 0, "NAME|DIR", "city pack for names and dates (the one the server has in force)"},
    {"lang", 0, "fa|en", "language of labels (VAFA_LANG; the city's)"},
    {"json", 0, NULL, "print JSON"},
    {"help", 'h', NULL, "this text"},
    {NULL, 0, NULL, NULL},
};
const struct option_def *const common_options = changing_options + 1;

static const struct option_def local_options[] = {
    {"data", 0, "DIR", "the data folder (VAFA_DATA; ./vafa-data)"},
    {"city", 0, "NAME|DIR", "city pack (the data folder's own)"},
    {"lang", 0, "fa|en", "language of labels (VAFA_LANG; the city's)"},
    {"json", 0, NULL, "print JSON"},
    {"help", 'h', NULL, "this text"},
    {NULL, 0, NULL, NULL},
};

const struct option_def *commands_common_options(const struct command *command)
{
    return command->local ? local_options : command->changes ? changing_options : common_options;
}

static bool is_name(const struct command *command, int argc, char **argv, int *ret_words)
{
    const char *space = strchr(command->name, ' ');
    size_t first = space != NULL ? (size_t)(space - command->name) : strlen(command->name);
    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first) != 0) {
        return false;
    }
    if (space != NULL && (argc < 2 || strcmp(argv[1], space + 1) != 0)) {
        return false;
    }
    *ret_words = space != NULL ? 2 : 1;
    return true;
}

const struct command *commands_find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (is_name(commands[i], argc, argv, ret_words)) {
            return commands[i];
        }
    }
    return NULL;
}

static void print_heading(const char *heading, bool fa, FILE *out)
{
    fprintf(out, "\n%s\n", help_in(fa, heading));
}

static void print_exit_codes(bool fa, FILE *out)
{
    static const char *const meanings[] = {
        "done",
        "the service refused it, or it could not be done",
        "wrong command line",
        "there is no such request, task, call, unit, topic, area, pack or file",
        "no server, or no answer in time: try again, with the --key that was told",
        "a check found something wrong",
    };
    print_heading("EXIT STATUS", fa, out);
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        fprintf(out, "  %zu  %s\n", i, help_in(fa, meanings[i]));
    }
}

static bool is_among(const struct option_def *options, const char *name)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (strcmp(options->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* But those that the command has told of itself (`but` may be NULL). */
static void print_options(const struct option_def *options, const struct option_def *but, bool fa,
                          FILE *out)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (is_among(but, options->name)) {
            continue;
        }
        char name[64];
        snprintf(name, sizeof(name), "%c%c%s --%s%s%s", options->letter != 0 ? '-' : ' ',
                 options->letter != 0 ? options->letter : ' ', options->letter != 0 ? "," : " ",
                 options->name, options->value != NULL ? " " : "",
                 options->value != NULL ? options->value : "");
        size_t width = utf8_width(name);
        fprintf(out, "  %s%*s  %s\n", name, width < 28 ? (int)(28 - width) : 0, "",
                help_in(fa, options->help));
    }
}

static void print_lines(const char *text, const char *before, FILE *out)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", length > 0 ? before : "", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_summary(const struct command *command, bool fa, FILE *out)
{
    char name[64];
    snprintf(name, sizeof(name), "%s %s", command->name, command->arguments);
    fprintf(out, "  %-24s  %s\n", name, help_in(fa, command->summary));
}

static bool is_in_group(const struct command *command, const char *group)
{
    size_t size = strlen(group);
    return strncmp(command->name, group, size) == 0 && command->name[size] == ' ';
}

const struct command *commands_meant(const char *group, const char *word)
{
    size_t size = strlen(group);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *space = strchr(commands[i]->name, ' ');
        size_t first = space != NULL ? (size_t)(space - commands[i]->name) : 0;
        bool lacks = first == size + 1 && commands[i]->name[size] == 's';
        bool has_more = first + 1 == size && group[first] == 's';
        if ((lacks || has_more) && strncmp(commands[i]->name, group, lacks ? size : first) == 0 &&
            strcmp(space + 1, word) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

bool commands_is_group(const char *word)
{
    bool found = false;
    for (size_t i = 0; commands[i] != NULL; i++) {
        found = found || is_in_group(commands[i], word);
    }
    return found;
}

bool commands_print_group(const char *group, bool fa, FILE *out)
{
    if (!commands_is_group(group)) {
        return false;
    }
    fprintf(out, "vafa %s: %s\n", group, help_in(fa, "a group of commands"));
    print_heading("COMMANDS", fa, out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (is_in_group(commands[i], group)) {
            print_summary(commands[i], fa, out);
        }
    }
    fprintf(out, "\n%s\n", help_in(fa, "`vafa COMMAND --help` tells all about one."));
    return true;
}

void commands_print_overview(bool fa, FILE *out)
{
    fprintf(out, "vafa " VAFA_VERSION ": %s\n",
            help_in(fa, "a city's citizen hotline, from the command line"));
    print_heading("SYNOPSIS", fa, out);
    fputs("  vafa COMMAND [ARGUMENTS] [OPTIONS]\n"
          "  vafa COMMAND --help\n",
          out);
    print_heading("COMMANDS", fa, out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        print_summary(commands[i], fa, out);
    }
    print_heading("OPTIONS OF EVERY COMMAND", fa, out);
    print_options(common_options, NULL, fa, out);
    print_heading("EXAMPLES", fa, out);
    fputs("  vafad --data vafa-data --city isfahan &\n"
          "  vafa register --topic asphalt --area 5 --phone 09130000000 --words 'چاله در خیابان'\n"
          "  vafa tasks list --unit district-5-civil\n"
          "  vafa report requests --by topic --per day --from -7d\n",
          out);
    print_exit_codes(fa, out);
}

void commands_print_help(const struct command *command, bool fa, FILE *out)
{
    fprintf(out, "vafa %s: %s\n", command->name, help_in(fa, command->summary));
    print_heading("SYNOPSIS", fa, out);
    fprintf(out, "  vafa %s %s%s[OPTIONS]\n", command->name, command->arguments,
            command->arguments[0] != '\0' ? " " : "");
    print_heading("DESCRIPTION", fa, out);
    print_lines(help_about(fa, command->name, command->help), "  ", out);
    if (command->options != NULL) {
        print_heading("OPTIONS", fa, out);
        print_options(command->options, NULL, fa, out);
    }
    print_heading(command->local ? "COMMON OPTIONS" : "OPTIONS OF EVERY COMMAND", fa, out);
    print_options(commands_common_options(command), command->options, fa, out);
    print_heading("EXAMPLES", fa, out);
    print_lines(command->examples, "  ", out);
    print_exit_codes(fa, out);
}
