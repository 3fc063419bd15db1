/* A client: where the services are, its thread, its connections. */
#include "clients/libvafa/vafa_internal.h"

#include "base/check.h"
#include "rpc/rpc_nng.h"
#include "text/utf8.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_CHARACTERS 100
#define UNIT_BYTES_MAX 64

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Flags win over the environment, and there a url over a folder. */
static enum status find_connect(const struct vafa_options *options, struct vafa *vafa,
                                struct error *err)
{
    const char *connect = options->connect;
    const char *data = options->data;
    if (connect != NULL && data != NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "connect",
                         "give a connect url or a data folder, not both");
    }
    if (connect == NULL && data == NULL) {
        connect = environment("VAFA_CONNECT");
        data = environment("VAFA_DATA");
    }
    if (connect == NULL) {
        struct error why = ERROR_NONE;
        data = data != NULL ? data : VAFA_DATA_DEFAULT;
        enum status found = address_of_data(data, vafa->connect, &why);
        if (found != STATUS_OK) {
            return error_set(err, found, "data", "%s", why.message);
        }
        vafa->data = strdup(data);
        CHECK(vafa->data != NULL);
        return STATUS_OK;
    }
    char url[ADDRESS_URL_SIZE];
    struct error why = ERROR_NONE;
    if (strlen(connect) >= ADDRESS_URL_SIZE) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "connect", "the url is too long");
    }
    enum status status =
        address_of_service(connect, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, url, err);
    if (status == STATUS_OK && rpc_nng_url_check(url, &why) != STATUS_OK) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "connect", "%s", why.message);
    }
    if (status == STATUS_OK) {
        strcpy(vafa->connect, connect);
    }
    return status;
}

const char *vafa_login_name(void)
{
    const struct passwd *entry = getpwuid(getuid());
    return entry != NULL && utf8_valid(bytes_of_text(entry->pw_name)) ? entry->pw_name : "";
}

static enum status fill_caller(const struct vafa_options *options, struct rpc_caller *caller,
                               struct error *err)
{
    const char *name = options->name != NULL ? options->name : vafa_login_name();
    const char *unit = options->unit != NULL ? options->unit : "";
    enum status status = text_check(name, NAME_MAX_CHARACTERS, "name", err);
    if (status == STATUS_OK && unit[0] != '\0') {
        status = text_check_key(unit, UNIT_BYTES_MAX, "unit", err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (strlen(name) >= sizeof(caller->name)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "name", "it is longer than %zu bytes",
                         sizeof(caller->name) - 1);
    }
    strcpy(caller->name, name);
    strcpy(caller->unit, unit);
    caller->role = options->role;
    return STATUS_OK;
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

enum status vafa_open(struct vafa **ret_vafa, const struct vafa_options *options, struct error *err)
{
    struct vafa *vafa = calloc(1, sizeof(*vafa));
    CHECK(vafa != NULL);
    enum status status = find_connect(options, vafa, err);
    if (status == STATUS_OK) {
        status = fill_caller(options, &vafa->caller, err);
    }
    if (status != STATUS_OK) {
        free(vafa->data);
        free(vafa);
        return status;
    }
    vafa->deadline_ms = options->deadline_ms != 0 ? options->deadline_ms : RPC_DEADLINE_MS_DEFAULT;
    vafa->patience_ms = options->patience_ms;
    vafa->knock_ms = options->knock_ms;
    CHECK(pthread_mutex_init(&vafa->lock, NULL) == 0);
    vafa->loop = loop_new(clock_system());
    if (pthread_create(&vafa->thread, NULL, run_loop, vafa->loop) != 0) {
        loop_free(vafa->loop);
        pthread_mutex_destroy(&vafa->lock);
        free(vafa->data);
        free(vafa);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "no thread can be started");
    }
    *ret_vafa = vafa;
    return STATUS_OK;
}

void vafa_close(struct vafa *vafa)
{
    if (vafa == NULL) {
        return;
    }
    loop_stop(vafa->loop);
    CHECK(pthread_join(vafa->thread, NULL) == 0);
    for (size_t i = 0; i < VAFA_SERVICES; i++) {
        rpc_client_free(vafa->clients[i]);
    }
    loop_free(vafa->loop);
    pthread_mutex_destroy(&vafa->lock);
    free(vafa->data);
    free(vafa);
}

void vafa_end_by(struct vafa *vafa, int64_t mono_us)
{
    atomic_store(&vafa->end_us, mono_us);
}

uint32_t vafa_ms_left(const struct vafa *vafa, int64_t end_us, uint32_t most_ms)
{
    int64_t left_ms = (end_us - loop_mono_us(vafa->loop)) / MS_US;
    if (end_us == 0 || left_ms >= (int64_t)most_ms) {
        return most_ms;
    }
    return left_ms > 1 ? (uint32_t)left_ms : 1;
}

const char *vafa_connect(const struct vafa *vafa)
{
    return vafa->connect;
}

const char *vafa_data(const struct vafa *vafa)
{
    return vafa->data;
}

static enum status connect_to(struct vafa *vafa, Common__ServiceId service,
                              struct rpc_client **ret_client, struct error *err)
{
    char url[ADDRESS_URL_SIZE];
    struct rpc_transport *transport = NULL;
    enum status status = address_of_service(vafa->connect, service, url, err);
    if (status == STATUS_OK) {
        status = rpc_nng_transport_new(&transport, url, VAFA_WINDOW_MAX, err);
    }
    if (status == STATUS_OK) {
        *ret_client = rpc_client_new(vafa->loop, transport, random_system(), &vafa->caller);
    }
    return status;
}

enum status vafa_client_of(struct vafa *vafa, Common__ServiceId service,
                           struct rpc_client **ret_client, struct error *err)
{
    CHECK(service > 0 && service < VAFA_SERVICES);
    enum status status = STATUS_OK;
    pthread_mutex_lock(&vafa->lock);
    if (vafa->clients[service] == NULL) {
        status = connect_to(vafa, service, &vafa->clients[service], err);
    }
    if (status == STATUS_OK) {
        *ret_client = vafa->clients[service];
    }
    pthread_mutex_unlock(&vafa->lock);
    return status;
}
