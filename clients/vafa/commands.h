/* The table of commands. Each is one function; what --help says of it stands beside it. */
#ifndef VAFA_CLIENTS_VAFA_COMMANDS_H
#define VAFA_CLIENTS_VAFA_COMMANDS_H

#include "clients/vafa/args.h"
#include "rpc/rpc.h"

#include <stdio.h>

struct session;

/* What the program tells its caller; printed by --help. */
enum exit_code {
    EXIT_DONE = 0,        /* done */
    EXIT_REFUSED = 1,     /* the service refused it, or it could not be done */
    EXIT_USAGE = 2,       /* wrong command line */
    EXIT_NOT_FOUND = 3,   /* there is no such thing */
    EXIT_UNREACHABLE = 4, /* no server, or no answer in time */
    EXIT_WRONG = 5,       /* a check found something wrong */
};

struct command {
    const char *name;      /* one or two words: "task done" */
    const char *arguments; /* "N"; "" for none */
    size_t arguments_min;
    size_t arguments_max;
    const char *summary;                 /* one line */
    const char *help;                    /* paragraphs */
    const char *examples;                /* lines of a shell */
    const struct option_def *options;    /* its own; NULL for none */
    bool local;                          /* asks no server: options of calls are not offered */
    bool changes;                        /* something that must not be done twice: takes --key */
    enum rpc_role role;                  /* in which it calls, unless --role says otherwise */
    int (*run)(struct session *session); /* gives an exit code */
};

extern const struct command *const commands[]; /* ends with NULL */

/* The command at the front of argv (argc words) and how many words its name has; NULL when there is
 * none of that name. */
const struct command *commands_find(int argc, char **argv, int *ret_words);

/* The options of every command, and of those that ask no server. */
extern const struct option_def *const common_options;
const struct option_def *commands_common_options(const struct command *command);

/* What help is in (help_fa.h). */
void commands_print_overview(bool fa, FILE *out);
/* The command that was meant by these two words: of a group that is called so but for an s ("task list": tasks list); NULL: none. */
const struct command *commands_meant(const char *group, const char *word);
/* Whether there are commands of two words of which this is the first. */
bool commands_is_group(const char *word);
/* The commands of a group; false, and prints nothing, when it is none. */
bool commands_print_group(const char *group, bool fa, FILE *out);
void commands_print_help(const struct command *command, bool fa, FILE *out);

/* cmd_register.c */
extern const struct command command_register;
/* cmd_topics.c */
extern const struct command command_topics;
/* cmd_case.c */
extern const struct command command_show, command_history, command_reveal;
/* cmd_citizen.c */
extern const struct command command_citizen_forget, command_citizen_check, command_citizen_looks;
/* cmd_city_take.c, cmd_city_history.c, cmd_city_units.c */
extern const struct command command_city_units, command_city_take, command_city_back,
    command_city_history;
/* cmd_key.c */
extern const struct command command_key_status, command_key_change;
/* cmd_same.c */
extern const struct command command_case_same, command_intake_duplicates;
/* cmd_join.c */
extern const struct command command_case_join, command_case_split;
/* cmd_tasks.c */
extern const struct command command_tasks_follow, command_tasks_list, command_tasks_claim;
/* cmd_offices.c */
extern const struct command command_offices;
/* cmd_task.c */
extern const struct command command_task_show, command_task_accept, command_task_report,
    command_task_done, command_task_return;
/* cmd_task_acts.c */
extern const struct command command_task_see, command_task_plan, command_task_start,
    command_task_pause, command_task_resume, command_task_close, command_task_move,
    command_task_reopen, command_task_cancel, command_task_ask_help, command_task_finish_help,
    command_task_withdraw_help;
/* cmd_calls.c */
extern const struct command command_call_next, command_call_record, command_call_show,
    command_calls_list;
/* cmd_rates.c */
extern const struct command command_rates;
/* cmd_phone.c */
extern const struct command command_phone_open, command_phone_end, command_phone_record,
    command_phone_show, command_chase;
/* cmd_phone_list.c */
extern const struct command command_phone_list, command_phone_count;
/* cmd_amend.c */
extern const struct command command_amend, command_withdraw, command_add_words, command_look_up;
/* cmd_route.c, cmd_route_try.c */
extern const struct command command_route_explain, command_route_try;
/* cmd_storm.c */
extern const struct command command_storm_start, command_storm_lengthen, command_storm_end,
    command_storm_list, command_storm_left;
/* cmd_session.c, cmd_session_watch.c */
extern const struct command command_session_open, command_session_lengthen, command_session_close,
    command_session_show, command_session_list, command_session_watch;
/* cmd_search.c */
extern const struct command command_search;
/* cmd_report.c */
extern const struct command command_report;
/* cmd_surges.c, cmd_surge_evaluate.c */
extern const struct command command_report_surges, command_report_evaluate;
/* cmd_import.c */
extern const struct command command_import;
/* cmd_system.c */
extern const struct command command_health, command_version, command_metrics;
/* cmd_events.c */
extern const struct command command_events;
/* cmd_backup.c, cmd_restore.c */
extern const struct command command_backup, command_restore;
/* cmd_suggest.c, cmd_evaluate.c */
extern const struct command command_suggest, command_evaluate;
/* cmd_verify.c */
extern const struct command command_verify;
/* cmd_clock.c */
extern const struct command command_clock_explain, command_clock_close;
/* cmd_city.c */
extern const struct command command_city_check, command_city_show;
/* cmd_city_locate.c */
extern const struct command command_city_locate;

#endif
