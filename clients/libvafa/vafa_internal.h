/* What the files of the library share. */
#ifndef VAFA_CLIENTS_LIBVAFA_VAFA_INTERNAL_H
#define VAFA_CLIENTS_LIBVAFA_VAFA_INTERNAL_H

#include "clients/libvafa/vafa.h"
#include "service/address.h"

#include <pthread.h>
#include <stdatomic.h>

/* Between two attempts, so that a refusal that comes at once is not asked for again at once. */
#define VAFA_AGAIN_US (200 * MS_US)

#define VAFA_SERVICES 6 /* ids 1 to 5; 0 is unset */

struct vafa {
    char connect[ADDRESS_URL_SIZE];
    char *data; /* the folder it was found by; NULL: by a url */
    struct rpc_caller caller;
    uint32_t deadline_ms;
    uint32_t patience_ms;
    uint32_t knock_ms;
    _Atomic int64_t end_us; /* of vafa_end_by */
    atomic_bool reached[VAFA_SERVICES];
    struct loop *loop;
    pthread_t thread;

    pthread_mutex_t lock; /* guards the block below */
    struct rpc_client *clients[VAFA_SERVICES];
};

/* The connection to a service, made when first asked for. */
enum status vafa_client_of(struct vafa *vafa, Common__ServiceId service,
                           struct rpc_client **ret_client, struct error *err);

/* Waits, by the loop's clock; never on the client's thread. */
void vafa_pause(struct vafa *vafa, int64_t us);

/* What is left until an end (0: there is none), at most most_ms and at least 1. */
uint32_t vafa_ms_left(const struct vafa *vafa, int64_t end_us, uint32_t most_ms);

#endif
