/* vafa: finds the command, reads its options, runs it. */
#include "clients/vafa/help_fa.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"

#include <string.h>

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool asks_for_help(int argc, char **argv)
{
    bool asks = false;
    for (int i = 1; i < argc; i++) {
        asks = asks || is_help(argv[i]);
    }
    return asks;
}

static bool asks_for_json(int argc, char **argv)
{
    bool asks = false;
    for (int i = 1; i < argc; i++) {
        asks = asks || strcmp(argv[i], "--json") == 0;
    }
    return asks;
}

/* For a program, which reads no list of commands. */
static int refuse_command(int argc, char **argv)
{
    struct error err;
    bool two = argc > 2 && argv[2][0] != '-';
    output_speak(&(struct output_voice){.json = true});
    (void)error_set(&err, STATUS_INVALID_ARGUMENT, NULL, "there is no such command: \"%s%s%s\"",
                    argv[1], two ? " " : "", two ? argv[2] : "");
    return output_usage(&err);
}

/* A group's name stands for its commands; any other is wrong. */
static int run_no_command(int argc, char **argv, bool fa)
{
    if (argc < 2) {
        commands_print_overview(fa, stderr);
        return EXIT_USAGE;
    }
    bool help = argc > 2 && is_help(argv[2]);
    if (!help && asks_for_json(argc, argv)) {
        return refuse_command(argc, argv);
    }
    if (argc > 2 && argv[2][0] != '-' && commands_is_group(argv[1])) {
        const struct command *meant = commands_meant(argv[1], argv[2]);
        fprintf(stderr, "vafa: %s: \"%s %s\"\n", help_in(fa, "there is no such command"), argv[1],
                argv[2]);
        if (meant != NULL) {
            fprintf(stderr, "%s `vafa %s`\n", help_in(fa, "Perhaps this is meant:"), meant->name);
            return EXIT_USAGE;
        }
    }
    if (commands_print_group(argv[1], fa, help ? stdout : stderr)) {
        return help ? EXIT_DONE : EXIT_USAGE;
    }
    fprintf(stderr, "vafa: %s: \"%s\"; %s\n", help_in(fa, "there is no such command"), argv[1],
            help_in(fa, "`vafa --help` lists them"));
    return EXIT_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct session session;
    struct error err = ERROR_NONE;
    int code = EXIT_DONE;
    if (session_init(&session, command, argc, argv, &err) != STATUS_OK) {
        code = output_usage(&err);
    } else if (args_has(&session.args, "help")) {
        commands_print_help(command, help_is_fa(argc, argv), stdout);
    } else if (args_has(&session.args, "city") && session_city(&session, &err) == NULL) {
        code = output_error(&err); /* who names a pack wants no other */
    } else {
        code = command->run(&session);
    }
    output_progress_end();
    session_fini(&session);
    return output_flush() || code != EXIT_DONE ? code : EXIT_REFUSED;
}

/* How many words of argv are options of every command that stand before the command's name: `vafa
 * --data DIR health`. */
static int leading_options(int argc, char **argv)
{
    int at = 1;
    while (at < argc && strncmp(argv[at], "--", 2) == 0) {
        size_t size = strcspn(argv[at] + 2, "=");
        const struct option_def *def = common_options;
        while (def->name != NULL &&
               (strlen(def->name) != size || strncmp(def->name, argv[at] + 2, size) != 0)) {
            def++;
        }
        if (def->name == NULL) {
            break;
        }
        at += def->value != NULL && argv[at][2 + size] == '\0' ? 2 : 1;
    }
    return at <= argc ? at - 1 : argc - 1;
}

/* Moves them behind the command's name, where its options are read. */
static void put_command_first(char **argv, int leading, int words)
{
    for (int i = 0; i < words; i++) {
        char *word = argv[1 + leading + i];
        memmove(argv + 2 + i, argv + 1 + i, (size_t)leading * sizeof(*argv));
        argv[1 + i] = word;
    }
}

int main(int argc, char **argv)
{
    int words;
    bool fa = help_is_fa(argc, argv);
    if (argc >= 2 && (is_help(argv[1]) || strcmp(argv[1], "help") == 0)) {
        const struct command *of = commands_find(argc - 2, argv + 2, &words);
        if (of != NULL) {
            commands_print_help(of, fa, stdout);
        } else if (argc < 3 || !commands_print_group(argv[2], fa, stdout)) {
            commands_print_overview(fa, stdout);
        }
        return EXIT_DONE;
    }
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        puts("vafa " VAFA_VERSION);
        return EXIT_DONE;
    }
    int leading = leading_options(argc, argv);
    if (leading == argc - 1 && asks_for_help(argc, argv)) {
        commands_print_overview(fa, stdout);
        return EXIT_DONE;
    }
    const struct command *command = commands_find(argc - 1 - leading, argv + 1 + leading, &words);
    if (command == NULL) {
        return run_no_command(argc - leading, argv + leading, fa);
    }
    put_command_first(argv, leading, words);
    return run_command(command, argc - words, argv + words);
}
