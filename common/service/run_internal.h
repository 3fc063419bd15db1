/* What the program's own files share. */
#ifndef VAFA_SERVICE_RUN_INTERNAL_H
#define VAFA_SERVICE_RUN_INTERNAL_H

#include "service/options.h"
#include "service/service.h"

#define RUN_PATH_SIZE 2048

#define EXIT_WRONG_USAGE 2
#define EXIT_FOUND_WRONG 3
#define EXIT_STORE_FAILED 4

/* <data>/<service>, the store's folder. */
void run_store_folder(const struct options *options, const char *service,
                      char ret_folder[RUN_PATH_SIZE]);
/* run_check.c: urls and folders, before anything is made. The error's field is the option. */
enum status run_check_options(const struct options *options, struct error *err);

/* The pack of --city, else the data folder's own, else the default. INVALID_ARGUMENT, field "city",
 * when the folder belongs to another. */
enum status run_load_city(const struct options *options, struct city **ret_city, struct error *err);
/* The one that was taken while the folder was served, else the same: for looking at the folder. */
enum status run_load_city_in_force(const struct options *options, struct city **ret_city,
                                   struct error *err);
/* Notes the folder of the pack in force for clients; "" for none that was taken. One thread at a time. */
enum status run_note_taken(const struct options *options, const char *folder, struct error *err);
/* Logs which pack was given, warns when it is in force and not the one of the last time, and notes it in the
 * data folder. */
enum status run_claim_city(const struct options *options, const char *program,
                           const struct city *city, bool is_in_force, struct error *err);
/* The pack that is chosen when none was given, for printing. */
enum status run_fill_city(struct options *options, struct error *err);

/* run_key.c: the file of --master-key, or the data folder's own. */
void run_master_key(const struct options *options, char ret_file[RUN_PATH_SIZE]);
/* Before anything is opened: FAILED_PRECONDITION when a store of the folder holds words sealed under
 * a master key, and the file is missing or another key. */
enum status run_check_master_key(const struct options *options, struct error *err);

/* run_verify.c: --verify. Returns the program's exit code. */
int run_verify(const struct options *options, const struct service_def *const *services,
               size_t count);

/* run_server.c: serves until a signal. Returns the program's exit code. */
int run_server(const struct options *options, const char *program,
               const struct service_def *const *services, size_t count);

#endif
