/* Which urls we speak over. */
#include "rpc/rpc_nng.h"
#include "rpc/rpc_nng_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IPC_PATH_BYTES_MAX 99
#define INPROC_NAME_BYTES_MAX 99
#define TCP_HOST_BYTES_MAX 45

static const char *after(const char *url, const char *scheme)
{
    size_t size = strlen(scheme);
    return strncmp(url, scheme, size) == 0 ? url + size : NULL;
}

const char *rpc_nng_url_path(const char *url)
{
    return after(url, "ipc://");
}

bool rpc_nng_url_is_inproc(const char *url)
{
    return after(url, "inproc://") != NULL;
}

/* Numbers only: a name is whatever the resolver says. */
static bool host_is_loopback(const char *host, size_t size)
{
    char text[TCP_HOST_BYTES_MAX + 1];
    if (size == 0 || size > TCP_HOST_BYTES_MAX) {
        return false;
    }
    bool bracketed = host[0] == '[' && host[size - 1] == ']';
    snprintf(text, sizeof(text), "%.*s", (int)(bracketed ? size - 2 : size),
             bracketed ? host + 1 : host);
    struct in_addr v4;
    struct in6_addr v6;
    if (bracketed) {
        return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return inet_pton(AF_INET, text, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static enum status check_tcp(const char *url, const char *address, struct error *err)
{
    const char *colon = strrchr(address, ':');
    char *end = NULL;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
    if (colon == NULL || end == colon + 1 || *end != '\0' || colon[1] < '0' || colon[1] > '9' ||
        port > 65535) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "%s: not tcp://HOST:PORT", url);
    }
    if (!host_is_loopback(address, (size_t)(colon - address))) {
        return error_set(err, STATUS_PERMISSION_DENIED, NULL,
                         "%s: only 127.0.0.1 or [::1] until callers can be authenticated", url);
    }
    return STATUS_OK;
}

enum status rpc_nng_url_check(const char *url, struct error *err)
{
    const char *rest = after(url, "tcp://");
    if (rest != NULL) {
        return check_tcp(url, rest, err);
    }
    rest = rpc_nng_url_path(url);
    if (rest != NULL) {
        return rest[0] == '/' && strlen(rest) <= IPC_PATH_BYTES_MAX
                   ? STATUS_OK
                   : error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                               "%s: the path must be absolute and have at most %d bytes", url,
                               IPC_PATH_BYTES_MAX);
    }
    rest = after(url, "inproc://");
    if (rest != NULL && rest[0] != '\0' && strlen(rest) <= INPROC_NAME_BYTES_MAX) {
        return STATUS_OK;
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                     "%s: not inproc://NAME, ipc:///PATH or tcp://127.0.0.1:PORT", url);
}
