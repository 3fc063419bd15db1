#include "service/run.h"

#include "base/log.h"
#include "service/run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option_spec specs[] = {
    {.name = "data",
     .kind = OPTION_TEXT,
     .unit = "DIR",
     .fallback = "vafa-data",
     .help = "folder that holds everything; made when missing"},
    {.name = "city",
     .kind = OPTION_TEXT,
     .unit = "NAME|DIR",
     .fallback = "",
     .help = "city pack, by name or folder; the data folder's own when not given, isfahan for a "
             "new one"},
    {.name = "listen",
     .kind = OPTION_TEXT,
     .unit = "URL",
     .fallback = "",
     .help = "serve on TCP too: tcp://127.0.0.1:4137 takes five ports from there, one a service "
             "(this machine only)"},
    {.name = "upstream",
     .kind = OPTION_TEXT,
     .unit = "URL",
     .fallback = "",
     .help = "where the other services are, when they are not in the same data folder"},
    {.name = "master-key",
     .kind = OPTION_TEXT,
     .unit = "FILE",
     .fallback = "",
     .help = "key that wraps the citizens' keys; DATA/keys/master.key when not given; made with "
             "a new data folder"},
    {.name = "map-size",
     .kind = OPTION_NUMBER,
     .unit = "MiB",
     .fallback = "65536",
     .least = 16,
     .most = 16777216,
     .help = "how large a store may grow"},
    {.name = "calls-max",
     .kind = OPTION_NUMBER,
     .unit = "CALLS",
     .fallback = "1536",
     .least = 64,
     .most = 4096,
     .help = "calls a service has open at once; three quarters of them may wait"},
    {.name = "log-format",
     .kind = OPTION_CHOICE,
     .choices = "text|json",
     .fallback = "text",
     .help = "form of the log on standard error"},
    {.name = "log-level",
     .kind = OPTION_CHOICE,
     .choices = "debug|info|warning|error",
     .fallback = "info",
     .help = "least level that is logged"},
    {.name = "config",
     .kind = OPTION_TEXT,
     .unit = "FILE",
     .fallback = "",
     .help = "file of name = value lines"},
    {.name = "check-config",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "check the configuration and the city pack, and stop"},
    {.name = "print-config",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "print the configuration in force, and stop"},
    {.name = "verify",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "verify the stores (a server may run): hash chains, and tables against a rebuild; "
             "then stop"},
    {.name = "version",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "print the version, and stop"},
    {.name = "help",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "print this, and stop"},
};

#define SPEC_COUNT (sizeof specs / sizeof specs[0])

void run_store_folder(const struct options *options, const char *service,
                      char ret_folder[RUN_PATH_SIZE])
{
    snprintf(ret_folder, RUN_PATH_SIZE, "%s/%s", option_text(options, "data"), service);
}

static void print(struct buffer *text)
{
    (void)fputs(buffer_text(text), stdout); /* flushed and checked at exit */
    buffer_fini(text);
}

static void print_help(const char *program, const struct service_def *const *services, size_t count)
{
    struct buffer out = BUFFER_EMPTY;
    buffer_append_format(&out, "Usage: %s [OPTIONS]\n\nServes ", program);
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(&out, "%s%s",
                             i == 0           ? ""
                             : i + 1 == count ? " and "
                                              : ", ",
                             services[i]->name);
    }
    buffer_append_format(
        &out,
        " until SIGTERM. Prints a line beginning with \"ready\" once it serves.\n\nOptions:\n");
    options_print_help(specs, SPEC_COUNT, &out);
    buffer_append_format(
        &out,
        "\nEvery option may also be given as an environment variable (--map-size "
        "as VAFA_MAP_SIZE) or in the\n"
        "file of --config. A flag is stronger than the environment, which is "
        "stronger than the file.\n\n"
        "Examples:\n"
        "  %s\n"
        "  %s --data /srv/vafa --city isfahan --log-format json\n"
        "  %s --data /srv/vafa --verify\n\n"
        "Exit codes: 0 stopped as asked, 1 cannot start or run, 2 wrong usage or "
        "configuration, 3 verification\n"
        "found something wrong, 4 a store could not be written: look at the disk.\n",
        program, program, program);
    print(&out);
}

/* What is in force, also where an empty value stands for something else. */
static enum status print_config(struct options *options, struct error *err)
{
    struct buffer out = BUFFER_EMPTY;
    char master_key[RUN_PATH_SIZE];
    enum status status = run_fill_city(options, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (option_text(options, "master-key")[0] == '\0') {
        run_master_key(options, master_key);
        options_fill(options, "master-key", master_key, "default");
    }
    options_print(options, &out);
    print(&out);
    return STATUS_OK;
}

static int check_config(const struct options *options)
{
    struct city *city = NULL;
    struct error err;
    enum status status = run_load_city_in_force(options, &city, &err);
    if (status != STATUS_OK) {
        log_error("config", "the city pack is not usable", &err);
        return EXIT_WRONG_USAGE;
    }
    printf("the configuration is good; city pack %s (%s)\n", city_key(city), city_name(city, "en"));
    city_free(city);
    return EXIT_SUCCESS;
}

static void set_up_log(const struct options *options)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    enum log_level level = LOG_LEVEL_INFO;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(option_text(options, "log-level"), levels[i]) == 0) {
            level = (enum log_level)i;
        }
    }
    log_setup(level, strcmp(option_text(options, "log-format"), "json") == 0 ? LOG_FORMAT_JSON
                                                                             : LOG_FORMAT_TEXT);
}

static void tell_wrong_usage(const char *program, const struct error *err)
{
    fprintf(stderr, "%s: %s%s%s\n", program, err->field, err->field[0] != '\0' ? ": " : "",
            err->message);
}

static int run(struct options *options, const char *program,
               const struct service_def *const *services, size_t count)
{
    if (option_switch(options, "help")) {
        print_help(program, services, count);
        return EXIT_SUCCESS;
    }
    if (option_switch(options, "version")) {
        printf("%s %s\n", program, VAFA_VERSION);
        return EXIT_SUCCESS;
    }
    set_up_log(options);
    struct error err;
    bool prints = option_switch(options, "print-config");
    if ((prints ? print_config(options, &err) : run_check_options(options, &err)) != STATUS_OK) {
        tell_wrong_usage(program, &err);
        return EXIT_WRONG_USAGE;
    }
    if (prints) {
        return EXIT_SUCCESS;
    }
    if (option_switch(options, "check-config")) {
        return check_config(options);
    }
    return option_switch(options, "verify") ? run_verify(options, services, count)
                                            : run_server(options, program, services, count);
}

int service_main(int argc, char **argv, const struct service_def *const *services, size_t count)
{
    static struct options options; /* large for a stack */
    struct error err = ERROR_NONE;
    const char *slash = strrchr(argv[0], '/');
    const char *program = slash == NULL ? argv[0] : slash + 1;
    int code;
    if (options_read(&options, specs, SPEC_COUNT, argc, argv, &err) != STATUS_OK) {
        tell_wrong_usage(program, &err);
        code = EXIT_WRONG_USAGE;
    } else {
        code = run(&options, program, services, count);
    }
    return fflush(stdout) == 0 || code != EXIT_SUCCESS ? code : EXIT_FAILURE;
}
