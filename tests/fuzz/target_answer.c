/*
 * What a hostile or damaged server answers to the command line. The first line is a command with its
 * arguments, one of those below; the next two bytes choose language, --json, whether the city's pack
 * is there, and what answers when the input is over; the rest is answers (fuzz_answer.h).
 *
 * The command ends, with an exit code that --help tells. What it prints is text that drives no
 * terminal, or with --json a JSON document, or one a line where its help says so.
 */
#include "base/check.h"
#include "base/utf8_check.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "tests/fuzz/fuzz_answer.h"
#include "tests/fuzz/fuzz_files.h"

#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX 512
#define LINE_BYTES_MAX 512
#define WORDS_MAX 48
#define LATE_CALLS_MAX                                                                             \
    20000 /* a try each 200 ms, and five steps of a wait for the longest patience */

/* --- command lines: those of the help, and these --- */

/* What the examples of the help leave out. "@" is a folder of the target's own. A command that writes
 * files is run by these lines alone. */
static const char *const more_lines[] = {
    "register --topic asphalt --phone 09130000000 --point 32.6,51.6 --urgent",
    "task show 1 --case",
    "task return 1 --reason x",
    "tasks follow --unit district-5 --once --after 3 --acknowledge",
    "tasks list --unit district-5 --state routed --limit 10000",
    "call show 1 --reveal --purpose x",
    "call record 1 --outcome answered --resolution partly --score 3 --words x",
    "calls list --state answered",
    "report satisfaction --by unit --per month --limit 4 --fresh",
    "report calls --per week --from 1404-01-01 --to 1404-03-01",
    "report requests --by topic --by channel --chart",
    "report done --by area --csv --bom",
    "report open --where topic=nothing",
    "events routing --from 2 --limit 300",
    "events report",
    "health",
    "metrics",
    "metrics intake",
    "city show areas",
    "route explain --topic asphalt --area 2 --urgent --all",
    "route explain --topic نا --city small_pack",
    "route explain --topic collapse --answer fenced=no --point 32.63,51.63 --at 1404-09-03",
    "route try other_pack --since 1404-01-01",
    "import @/history.csv --profile export --rejected @/rejected.csv --patience 20",
    "backup @/set",
};

static const struct command *const writers[] = {&command_import, &command_backup};

static char lines[LINES_MAX][LINE_BYTES_MAX];
static size_t line_count;

static bool writes_files(const struct command *command)
{
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        if (writers[i] == command) {
            return true;
        }
    }
    return false;
}

/* Splits a shell's line, in place: quotes, and an end at a pipe or a file. Gives how many words. */
static int split(char *line, char *words[WORDS_MAX])
{
    int count = 0;
    while (count < WORDS_MAX - 1) {
        line += strspn(line, " ");
        if (*line == '\0' || strchr("|>&#", *line) != NULL) {
            break;
        }
        char *to = line;
        char quote = '\0';
        words[count++] = to;
        for (; *line != '\0' && (quote != '\0' || *line != ' '); line++) {
            if (quote == '\0' && (*line == '\'' || *line == '"')) {
                quote = *line;
            } else if (*line == quote) {
                quote = '\0';
            } else {
                *to++ = *line;
            }
        }
        line += *line == ' ';
        *to = '\0';
    }
    words[count] = NULL;
    return count;
}

static void add_line(const char *line, size_t size)
{
    CHECK(line_count < LINES_MAX && size < LINE_BYTES_MAX);
    memcpy(lines[line_count++], line, size);
}

/* A line may go on behind a backslash. */
static void add_examples(const struct command *command)
{
    const char *at = command->examples;
    while (*at != '\0') {
        char joined[LINE_BYTES_MAX];
        size_t size = 0;
        for (; *at != '\0' && *at != '\n'; at++) {
            if (at[0] == '\\' && at[1] == '\n') {
                at++;
                continue;
            }
            CHECK(size + 1 < sizeof(joined));
            joined[size++] = *at;
        }
        at += *at == '\n';
        PROPERTY(strncmp(joined, "vafa ", 5) == 0, "an example is a line of a shell");
        add_line(joined + 5, size - 5);
    }
}

static void make_lines(void)
{
    if (line_count > 0) {
        return;
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!commands[i]->local && !writes_files(commands[i])) {
            add_examples(commands[i]);
        }
    }
    for (size_t i = 0; i < sizeof(more_lines) / sizeof(more_lines[0]); i++) {
        add_line(more_lines[i], strlen(more_lines[i]));
    }
}

/* The line of that text; any other text stands for one, too. */
static const char *find_line(struct bytes text)
{
    uint32_t hash = 2166136261; /* FNV-1a */
    make_lines();
    for (size_t i = 0; i < line_count; i++) {
        if (bytes_equal(text, bytes_of_text(lines[i]))) {
            return lines[i];
        }
    }
    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ text.data[i]) * 16777619;
    }
    return lines[hash % line_count];
}

/* --- the command --- */

struct run {
    const struct command *command;
    int argc;
    char *argv[WORDS_MAX + 8];
    bool is_json;
    bool follows; /* it ends when the server has been away for long enough */
    bool has_pack;
};

static void add_word(struct fuzz_input *in, struct run *run, const char *word)
{
    struct buffer text = BUFFER_EMPTY;
    if (word[0] == '@') {
        buffer_append_text(&text, fuzz_folder());
        word++;
    }
    buffer_append_text(&text, word);
    run->argv[run->argc++] = fuzz_text_of(in, buffer_bytes(&text));
    buffer_fini(&text);
}

static bool has_word(const struct run *run, const char *word)
{
    bool found = false;
    for (int i = 1; i < run->argc; i++) {
        found = found || strcmp(run->argv[i], word) == 0;
    }
    return found;
}

static void make_run(struct fuzz_input *in, const char *line, struct run *run)
{
    char *words[WORDS_MAX];
    char *copy = fuzz_text_of(in, bytes_of_text(line));
    int name_words = 0;
    uint8_t how = fuzz_u8(in);
    int count = split(copy, words);
    *run = (struct run){.command = commands_find(count, words, &name_words)};
    PROPERTY(run->command != NULL, "a line of the target begins with a command");
    add_word(in, run, "vafa");
    for (int i = name_words; i < count; i++) {
        add_word(in, run, words[i]);
    }
    if (!run->command->local) { /* which takes no options of calls */
        add_word(in, run, "--connect=ipc:///fuzz");
        add_word(in, run, "--timeout=60");
        add_word(in, run, "--name=fuzz");
    }
    add_word(in, run, (how & 1) != 0 ? "--lang=fa" : "--lang=en");
    if ((how & 2) != 0 && !has_word(run, "--csv") && !has_word(run, "--chart")) {
        add_word(in, run, "--json");
    }
    run->argv[run->argc] = NULL;
    run->is_json = has_word(run, "--json");
    run->has_pack = (how & 4) == 0;
    run->follows = has_word(run, "--follow") || has_word(run, "-f") ||
                   (run->command == &command_tasks_follow && !has_word(run, "--once"));
}

/* Read once: reading it takes longer than everything else together. */
static struct city *the_pack(void)
{
    static struct city *pack;
    if (pack == NULL) {
        CHECK(city_load(&pack, VAFA_SOURCE_DIR "/tests/fuzz/small_pack", NULL) == STATUS_OK);
        CHECK(setenv("VAFA_CITIES", VAFA_SOURCE_DIR "/tests/fuzz", 1) == 0);
    }
    return pack;
}

/* As main.c does it. */
static int run_command(struct run *run)
{
    struct session session;
    struct error err = ERROR_NONE;
    int code;
    enum status status = session_init(&session, run->command, run->argc, run->argv, &err);
    if (run->has_pack) {
        session.city = the_pack();
        session.city_sought = true;
    }
    if (status != STATUS_OK) {
        code = output_usage(&err);
    } else if (args_has(&session.args, "city") && session_city(&session, &err) == NULL) {
        code = output_error(&err);
    } else {
        code = run->command->run(&session);
    }
    output_progress_end();
    output_progress_force(false);
    if (run->has_pack) {
        session.city = NULL;
    }
    session_fini(&session);
    return code;
}

/* --- files it reads and writes --- */

static void prepare_files(void)
{
    static const char history[] = "id,opened at,type\n1,2024-03-01 10:00,asphalt\n"
                                  "2,2024-03-02 10:00,nothing\n";
    fuzz_write("history.csv", bytes_of_text(history));
    fuzz_remove("rejected.csv");
    fuzz_remove("set/manifest.json");
}

/* Whatever a command writes beside itself lies in the target's folder. */
static int run_in_folder(struct run *run)
{
    int outside = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(outside >= 0 && chdir(fuzz_folder()) == 0);
    int code = run_command(run);
    CHECK(fchdir(outside) == 0 && close(outside) == 0);
    return code;
}

/* --- what it printed --- */

#define OVER_THE_LINE "\r\033[K" /* our own, when stderr is a terminal */

static bool turns_text(uint32_t code)
{
    return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static void check_text(const char *text, size_t size, bool may_return)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t length = 0;
    for (size_t i = 0; i < size; i += length) {
        uint32_t code = 0;
        length = utf8_decode(at + i, size - i, &code);
        PROPERTY(length > 0, "what is printed is text");
        if (code == '\r' && strncmp(text + i, OVER_THE_LINE, 4) == 0 && output_progress_wanted()) {
            length = 4;
            continue;
        }
        PROPERTY(code >= 0x20 || code == '\n' || code == '\t' || (may_return && code == '\r'),
                 "no control character is printed");
        PROPERTY(code < 0x7F || code > 0x9F, "nor one of the second set");
        PROPERTY(!turns_text(code), "nor one that turns the text round");
    }
}

/* One document, or where the help says so one a line. After a refusal there may be fewer. */
static void check_json(const struct run *run, int code, const char *text)
{
    bool many = strstr(run->command->help, "object a line") != NULL ||
                strstr(run->command->help, "--json an object") != NULL;
    size_t documents = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        /* 64-bit numbers are beyond jansson's integers. */
        json_t *json =
            json_loadb(text, size, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
        PROPERTY(json_is_object(json), "a line is a JSON object");
        json_decref(json);
        documents++;
        text += size + (text[size] == '\n');
    }
    PROPERTY(many || documents <= 1, "one document is printed");
    PROPERTY(many || documents == 1 || code != EXIT_DONE, "a document is printed");
}

static void check_end(const struct run *run, int code, const struct fuzz_answer_told *told,
                      const char *text, size_t size)
{
    PROPERTY(code >= EXIT_DONE && code <= EXIT_WRONG, "the exit code is one of those in --help");
    PROPERTY(code != EXIT_USAGE || told->calls == 0,
             "what a server answers is no mistake of the command line's");
    PROPERTY(code != EXIT_DONE || told->calls == 0 || told->good > 0,
             "nothing is done when nobody said so");
    PROPERTY(told->late <= LATE_CALLS_MAX, "it does not go on asking");
    check_text(text, size, has_word(run, "--csv"));
    if (run->is_json) {
        check_json(run, code, text);
    }
}

/* With VAFA_FUZZ_SHOW in the environment: for whoever looks into a finding. */
static void show(const struct run *run, int code, char *const texts[2])
{
    if (getenv("VAFA_FUZZ_SHOW") != NULL) {
        for (int i = 0; i < run->argc; i++) {
            (void)fprintf(stderr, "%s ", run->argv[i]);
        }
        (void)fprintf(stderr, "\n%s%sexit code %d\n", texts[0], texts[1], code);
    }
}

static void run_captured(struct run *run, struct fuzz_input *in, enum fuzz_answer_end end)
{
    char *texts[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    FILE *const outside[2] = {stdout, stderr};
    (void)the_pack();
    if (writes_files(run->command)) {
        prepare_files();
    }
    stdout = open_memstream(&texts[0], &sizes[0]);
    stderr = open_memstream(&texts[1], &sizes[1]);
    CHECK(stdout != NULL && stderr != NULL);
    fuzz_answer_start(in, run->follows ? FUZZ_ANSWER_AWAY : end);
    int code = run_in_folder(run);
    struct fuzz_answer_told told = fuzz_answer_stop();
    CHECK(fclose(stdout) == 0 && fclose(stderr) == 0);
    stdout = outside[0];
    stderr = outside[1];
    show(run, code, texts);
    check_end(run, code, &told, texts[0], sizes[0]);
    check_text(texts[1], sizes[1], false);
    free(texts[0]);
    free(texts[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct run run;
    fuzz_begin(&in, data, size);
    make_run(&in, find_line(fuzz_line(&in)), &run);
    run_captured(&run, &in, (enum fuzz_answer_end)(fuzz_u8(&in) % FUZZ_ANSWER_ENDS));
    fuzz_end(&in);
    return 0;
}
