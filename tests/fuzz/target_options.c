/*
 * A program's options: flags, one a line, up to an empty line; then the configuration file. What
 * --print-config prints is read as the same values.
 */
#include "base/check.h"
#include "base/utf8_check.h"
#include "service/options.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS_MAX 16

extern char **environ;

static const struct option_spec specs[] = {
    {.name = "data", .kind = OPTION_TEXT, .unit = "DIR", .fallback = "vafa-data", .help = "folder"},
    {.name = "listen", .kind = OPTION_TEXT, .unit = "URL", .fallback = "", .help = "address"},
    {.name = "map-size",
     .kind = OPTION_NUMBER,
     .unit = "MiB",
     .fallback = "64",
     .least = 16,
     .most = 16777216,
     .help = "size"},
    {.name = "offset",
     .kind = OPTION_NUMBER,
     .unit = "HOURS",
     .fallback = "0",
     .least = -12,
     .most = 12,
     .help = "hours"},
    {.name = "log-level",
     .kind = OPTION_CHOICE,
     .choices = "debug|info|warning|error",
     .fallback = "info",
     .help = "level"},
    {.name = "sync", .kind = OPTION_SWITCH, .fallback = "yes", .help = "whether to sync"},
    {.name = "config",
     .kind = OPTION_TEXT,
     .unit = "FILE",
     .fallback = "",
     .help = "file of name = value lines"},
    {.name = "help",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "print this"},
};

#define SPECS (sizeof(specs) / sizeof(specs[0]))

static bool is_choice(const char *value)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    bool found = false;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        found = found || strcmp(levels[i], value) == 0;
    }
    return found;
}

static bool is_switch(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
}

static void check_values(const struct options *options)
{
    int64_t size = option_number(options, "map-size");
    int64_t hours = option_number(options, "offset");
    PROPERTY(size >= 16 && size <= 16777216 && hours >= -12 && hours <= 12,
             "a number is within its range");
    PROPERTY(is_choice(option_text(options, "log-level")), "a choice is one of those there are");
    PROPERTY(is_switch(option_text(options, "sync")) && is_switch(option_text(options, "help")),
             "a switch is yes or no");
    for (size_t i = 0; i < SPECS; i++) {
        PROPERTY(strlen(options->text[i]) < OPTION_TEXT_SIZE && options->origin[i] != NULL,
                 "a value has an origin");
    }
}

/* Printed, and read again. */
static void check_printed(const struct options *options)
{
    static struct options again;
    char path[FUZZ_PATH_SIZE];
    char flag[FUZZ_PATH_SIZE + 16];
    struct buffer text = BUFFER_EMPTY;
    struct error err = ERROR_NONE;
    options_print(options, &text);
    fuzz_write("printed.conf", buffer_bytes(&text));
    fuzz_path("printed.conf", path);
    (void)snprintf(flag, sizeof(flag), "--config=%s", path);
    char *argv[] = {"fuzz", flag, NULL};
    PROPERTY(options_read(&again, specs, SPECS, 2, argv, &err) == STATUS_OK,
             "what is printed can be read");
    for (size_t i = 0; i < SPECS; i++) {
        bool printed = !specs[i].command && strcmp(specs[i].name, "config") != 0;
        PROPERTY(!printed || strcmp(options->text[i], again.text[i]) == 0, "and says the same");
    }
    buffer_fini(&text);
}

static int take_flags(struct fuzz_input *in, char **argv)
{
    int count = 0;
    argv[count++] = fuzz_text_of(in, bytes_of_text("fuzz"));
    for (struct bytes line = fuzz_line(in); line.size > 0 && count < FLAGS_MAX;
         line = fuzz_line(in)) {
        /* No other file than the input is read. */
        bool names_file = line.size >= 8 && memcmp(line.data, "--config", 8) == 0;
        argv[count++] = fuzz_text_of(in, names_file ? bytes_of_text("--data=x") : line);
    }
    argv[count] = NULL;
    return count;
}

static void read_all(struct fuzz_input *in)
{
    static struct options options;
    char *argv[FLAGS_MAX + 4];
    char path[FUZZ_PATH_SIZE];
    struct error err = ERROR_NONE;
    int count = take_flags(in, argv);
    fuzz_write("vafa.conf", in->rest);
    fuzz_path("vafa.conf", path);
    memmove(argv + 3, argv + 1, (size_t)count * sizeof(*argv));
    argv[1] = "--config";
    argv[2] = path;
    enum status status = options_read(&options, specs, SPECS, count + 2, argv, &err);
    if (status == STATUS_OK) {
        check_values(&options);
        check_printed(&options);
    } else {
        fuzz_check_refusal(status, &err);
        PROPERTY(status == STATUS_INVALID_ARGUMENT, "wrong usage is told as such");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *nothing[] = {NULL};
    struct fuzz_input in;
    environ = nothing; /* the caller's VAFA_… are not the input */
    fuzz_begin(&in, data, size);
    read_all(&in);
    fuzz_end(&in);
    return 0;
}
