/*
 * The simulator's program. "sim --help" tells what it can be asked.
 */
#include "tests/sim/city_days.h"
#include "tests/sim/hunt.h"
#include "tests/sim/invariants.h"
#include "tests/sim/plants.h"
#include "tests/sim/trouble.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/plant.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "sim [--seed N] [--days D] [--faults LIST] [--trace]\n"
    "    One seed: the whole city on virtual time. Prints a digest; the same seed of the same\n"
    "    sources gives the same one. What breaks is told with seed, virtual time and the last "
    "steps.\n"
    "sim --seeds COUNT [--tally] [--seed FIRST] [--days D] [--faults LIST]\n"
    "    So many seeds, one after another.\n"
    "    --tally: how often each kind of event and of trouble came, and 1 when one never did.\n"
    "sim --hunt MINUTES [--seed FIRST] [--jobs N]\n"
    "    Seeds on all cores until one fails or the time is over.\n"
    "sim --invariants\n"
    "    What must hold, explained.\n"
    "\n"
    "  --seed N       1\n"
    "  --days D       30\n"
    "  --faults LIST  none, network, crash, disk, clock, all; several with commas. Default: all\n"
    "  --requests R   a day, 4; storms bring four times as many\n"
    "  --trace        every step\n"
    "  --jobs N       of a hunt; default: as many as there are cores\n"
#ifdef VAFA_PLANT
    "  --plant NAME   with this mistake in it\n"
#endif
    "\n"
    "Examples:\n"
    "  scripts/sim --seed 17 --trace                what happens in seed 17, all of it\n"
    "  scripts/sim --seed 17 --faults crash         the same people, crashes alone\n"
    "  scripts/sim --seed 1 --days 365              a year\n"
    "  scripts/sim --hunt 60                        an hour's search from a seed of the clock's\n";

enum {
    OPTION_SEED = 256,
    OPTION_SEEDS,
    OPTION_DAYS,
    OPTION_FAULTS,
    OPTION_REQUESTS,
    OPTION_TRACE,
    OPTION_HUNT,
    OPTION_JOBS,
    OPTION_INVARIANTS,
    OPTION_TALLY,
    OPTION_PLANT,
    OPTION_HELP
};

static const struct option options[] = {{"seed", required_argument, NULL, OPTION_SEED},
                                        {"seeds", required_argument, NULL, OPTION_SEEDS},
                                        {"days", required_argument, NULL, OPTION_DAYS},
                                        {"faults", required_argument, NULL, OPTION_FAULTS},
                                        {"requests", required_argument, NULL, OPTION_REQUESTS},
                                        {"trace", no_argument, NULL, OPTION_TRACE},
                                        {"tally", no_argument, NULL, OPTION_TALLY},
                                        {"hunt", required_argument, NULL, OPTION_HUNT},
                                        {"jobs", required_argument, NULL, OPTION_JOBS},
                                        {"invariants", no_argument, NULL, OPTION_INVARIANTS},
#ifdef VAFA_PLANT
                                        {"plant", required_argument, NULL, OPTION_PLANT},
#endif
                                        {"help", no_argument, NULL, OPTION_HELP},
                                        {0}};

struct arguments {
    struct hunt_options hunt;
    uint64_t seeds;   /* 0: one, told */
    uint64_t minutes; /* 0: no hunt */
    bool has_seed;
};

static char command[256];

static uint64_t number_of(const char *text, uint64_t max)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number > max) {
        fprintf(stderr, "sim: %s is no number up to %" PRIu64 "\n", text, max);
        exit(2);
    }
    return number;
}

#ifdef VAFA_PLANT
static void take_plant(const char *name)
{
    if (plants_find(name) == NULL) {
        fprintf(stderr, "sim: there is no plant %s; there are:\n", name);
        for (size_t i = 0; i < plants_count; i++) {
            fprintf(stderr, "  %s\n", plants[i].name);
        }
        exit(2);
    }
    plant_choose(name);
}
#endif

static void take_option(struct arguments *arguments, int option)
{
    struct city_days_options *days = &arguments->hunt.days;
    switch (option) {
    case OPTION_SEED:
        days->seed = number_of(optarg, UINT64_MAX);
        arguments->has_seed = true;
        break;
    case OPTION_SEEDS: arguments->seeds = number_of(optarg, 1000000000); break;
    case OPTION_DAYS: days->days = (unsigned)number_of(optarg, 4000); break;
    case OPTION_REQUESTS: days->requests_a_day = (unsigned)number_of(optarg, 1000); break;
    case OPTION_TRACE: days->trace = true; break;
    case OPTION_TALLY: arguments->hunt.tally = true; break;
    case OPTION_HUNT: arguments->minutes = number_of(optarg, 100000); break;
    case OPTION_JOBS: arguments->hunt.jobs = (unsigned)number_of(optarg, 256); break;
    case OPTION_FAULTS:
        if (!trouble_parse(optarg, &days->troubles)) {
            fprintf(stderr, "sim: --faults takes none, network, crash, disk, clock, all\n");
            exit(2);
        }
        arguments->hunt.faults = optarg;
        break;
#ifdef VAFA_PLANT
    case OPTION_PLANT: take_plant(optarg); break;
#endif
    case OPTION_INVARIANTS: invariants_print(); exit(0);
    case OPTION_HELP: fputs(help, stdout); exit(0);
    default: fputs(help, stderr); exit(2);
    }
}

static int run_one(const struct arguments *arguments)
{
    struct city_days_result result;
    char digest[2 * STORY_DIGEST_BYTES + 1];
    struct city_days_options days = arguments->hunt.days;
    days.command = command;
    hunt_command(&arguments->hunt, days.seed, command, sizeof command);
    city_days_run(&days, &result);
    hex_encode(result.digest, STORY_DIGEST_BYTES, digest);
    printf("seed %" PRIu64 ", %u days: %" PRIu64 " requests, %" PRIu64 " done, %" PRIu64
           " calls, %" PRIu64 " answers; %" PRIu64 " events, %u crashes, %" PRIu64
           " errands, %" PRIu64 " answers given again\n%s\n",
           days.seed, days.days, result.figures.requests, result.figures.tasks_done,
           result.figures.calls, result.figures.answers, result.figures.events, result.crashes,
           result.figures.errands, result.figures.same_answers, digest);
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.hunt = {.days = {.seed = 1,
                                                    .days = CITY_DAYS_DEFAULT,
                                                    .requests_a_day = CITY_DAYS_REQUESTS_DEFAULT,
                                                    .troubles = TROUBLE_ALL},
                                           .faults = "all",
                                           .jobs = 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        take_option(&arguments, option);
    }
    if (optind < argc) {
        take_option(&arguments, '?');
    }
    /* The services' own log would tell of every crash and every wait. */
    log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORMAT_TEXT);
    invariants_watch();
    if (arguments.minutes > 0) {
        return hunt_run(&arguments.hunt, arguments.has_seed, arguments.minutes);
    }
    return arguments.seeds > 0 ? hunt_seeds(&arguments.hunt, arguments.seeds) : run_one(&arguments);
}
