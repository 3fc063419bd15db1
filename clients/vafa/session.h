/* What a command runs with: its arguments, a client, the city's pack, a language. Each is made when
 * first needed. */
#ifndef VAFA_CLIENTS_VAFA_SESSION_H
#define VAFA_CLIENTS_VAFA_SESSION_H

#include "city/city.h"
#include "clients/libvafa/vafa.h"
#include "clients/vafa/commands.h"

struct session {
    const struct command *command;
    struct args args;
    bool json;
    enum rpc_role
        role; /* the command's, or --role; a command may change it before its first call */
    uint32_t timeout_ms;  /* --timeout: the whole run is over by then, see session_end_in */
    uint32_t patience_ms; /* of every call, and no service is knocked at; set before the first */
    /* the session's own */
    struct vafa *vafa;
    int64_t end_us; /* of the monotonic clock; 0: none */
    struct city *city;
    bool city_sought;
    bool city_told;       /* that there is none */
    struct error no_city; /* why there is none */
    char language[4];
    uint8_t key[UUID_BYTES];
    bool key_given; /* with --key, and not used yet */
};

/* Reads the command line behind the command's name. */
enum status session_init(struct session *session, const struct command *command, int argc,
                         char **argv, struct error *err);
void session_fini(struct session *session);

/* Every call and wait is over so many ms from now; 0: whenever it is. A run begins with --timeout: a
 * list begins anew with each page that came, and whoever follows or has patience has no end. */
void session_end_in(struct session *session, uint32_t ms);

/* An option's text for a message, which is only read by the call: "" when it was not given. */
char *session_text(const struct session *session, const char *option);

enum status session_client(struct session *session, struct vafa **ret_vafa, struct error *err);

/* Calls a method and waits. On failure the error is in *err, on success call->response. End with
 * vafa_call_fini. */
enum status session_call(struct session *session, struct vafa_call *call, struct error *err);

/* The idempotency key of the one thing that the command changes: --key, else a new one. Told with an
 * error after which nobody knows whether it was done. Borrows from the session. */
ProtobufCBinaryData session_key(struct session *session);

/* "The server's answer has no call in it": INTERNAL. For answers of other versions, or of no server of
 * ours. */
enum status session_lacks(const char *what, struct error *err);

/* The key of the server's city pack, and the digest of its files (BLAKE2b-256; may be NULL). */
enum status session_ask_city(struct session *session, char ret_name[256], uint8_t ret_digest[32],
                             struct error *err);
/* session_pack.c: a pack as the service has it, checked against its digest and held in memory. `pack`: 32 bytes, of one that was
 * taken before; NULL: the one in force. */
enum status session_fetch_city(struct session *session, Common__ServiceId service,
                               const uint8_t *pack, struct city **ret_city, struct error *err);
/* The pack: --city, else the one the data folder names, else the one in the server's force: from this machine when it lies here
 * under that name and is the same, else from the server. NULL when there is none; the reason is in *err. */
const struct city *session_city(struct session *session, struct error *err);
/* "fa" or "en". */
const char *session_language(struct session *session);
/* The same as far as it is known without asking a server. */
const char *session_language_known(struct session *session);
/* A word of ours in the language (labels.h). */
const char *session_word(struct session *session, const char *word);

/* A key's name in the language; the key itself when it is not listed, or when there is no pack, which
 * is said once on stderr. Borrowed from the pack or from `key`. */
const char *session_topic(struct session *session, const char *key);
const char *session_unit(struct session *session, const char *key);
const char *session_area(struct session *session, const char *key);
/* Of a role of the pack's ladder, to whom a task of that unit goes up, or who leads it. */
const char *session_role(struct session *session, const char *key, const char *unit);

/* "1404-09-03 14:30" in the city's zone and calendar ("…Z" without a pack); "" for 0. */
void session_time(struct session *session, int64_t us, char out[32]);
/* A time as people give it, in the city's zone. The option's value; `fallback` when it was not
 * given. */
enum status session_read_time(struct session *session, const char *option, int64_t fallback,
                              int64_t *ret_us, struct error *err);

/* With --fresh: waits until all that was said so far has arrived everywhere; ret_heads[1..4] are
 * then the ends of the logs. */
enum status session_settle(struct session *session, struct vafa_position ret_heads[5],
                           struct error *err);

/* Adds the heads of the services from..to (ids) to what the call waits for. */
void session_at_least(struct vafa_call *call, const struct vafa_position heads[5], int from,
                      int to);

#endif
