/* What the commands of a city pack share. */
#ifndef VAFA_CLIENTS_VAFA_CMD_CITY_H
#define VAFA_CLIENTS_VAFA_CMD_CITY_H

#include "city/city_find.h"
#include "clients/vafa/session.h"

#include "vafa/packs/v1/packs.pb-c.h"

#define CITY_SERVICES 5
#define CITY_DIGEST_BYTES 32
#define CITY_TAKING_NAME_MAX 100

/* The folder of a pack that was given by name or folder, without a / at its end. cmd_city.c */
enum status cmd_city_folder(const char *given, char folder[CITY_FOLDER_SIZE], struct error *err);
/* Tells every finding of a pack; EXIT_DONE, or EXIT_WRONG when it has errors. */
int cmd_city_tell(struct session *session, const char *folder);

/* In the order in which they take a pack: who routes knows it before who takes requests in. */
extern const Common__ServiceId city_services[CITY_SERVICES];

/* What a service has in force, kept beyond the call. */
struct city_force {
    uint8_t digest[CITY_DIGEST_BYTES];
    uint64_t last;
    bool has_back;
    uint8_t back[CITY_DIGEST_BYTES];
    char back_name[4 * CITY_TAKING_NAME_MAX + 1];
};

/* cmd_city_history.c */
enum status cmd_city_ask(struct session *session, Common__ServiceId service,
                         struct city_force *ret_force, struct error *err);
/* Of all five, in the order above; the error names the service. */
enum status cmd_city_ask_all(struct session *session, struct city_force forces[CITY_SERVICES],
                             struct error *err);
bool cmd_city_is_one(const struct city_force forces[CITY_SERVICES]);
/* The pack in force at that time by routing's word: the city to free in *ret_city and how it was called, "" when it was none that was taken. NOT_FOUND
 * when it is kept no longer; other refusals as they came. */
enum status cmd_city_at(struct session *session, int64_t at_us, struct city **ret_city,
                        char ret_name[4 * CITY_TAKING_NAME_MAX + 1], struct error *err);
/* "which: message" of another's refusal. */
enum status cmd_city_name(Common__ServiceId service, enum status status, struct error *err);

#endif
