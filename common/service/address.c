#include "service/address.h"

#include "base/check.h"
#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "/intake.sock" and the like must fit behind it: a socket's whole path has to stay under 100
 * bytes. */
#define RUN_FOLDER_BYTES_MAX 80

static bool is_folder(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

/* A short folder of this user's own for a data folder whose path is too long. */
static enum status make_short_folder(const char *absolute, char ret_folder[ADDRESS_URL_SIZE],
                                     struct error *err)
{
    unsigned char digest[crypto_generichash_BYTES_MIN];
    char name[2 * sizeof digest + 1];
    struct stat stat_of;
    CHECK(crypto_generichash(digest, sizeof digest, (const unsigned char *)absolute,
                             strlen(absolute), NULL, 0) == 0);
    sodium_bin2hex(name, sizeof name, digest, sizeof digest);
    snprintf(ret_folder, ADDRESS_URL_SIZE, "/tmp/vafa-%u-%s", (unsigned)getuid(), name);
    if (mkdir(ret_folder, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "the run folder %s cannot be made", ret_folder);
    }
    if (lstat(ret_folder, &stat_of) != 0 || !S_ISDIR(stat_of.st_mode) ||
        stat_of.st_uid != getuid() || (stat_of.st_mode & 077) != 0) {
        return error_set(
            err, STATUS_FAILED_PRECONDITION, NULL,
            "%s is not a folder of this user alone: remove it, or choose a shorter data folder",
            ret_folder);
    }
    return STATUS_OK;
}

static enum status write_line(const char *path, const char *line, struct error *err)
{
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fprintf(file, "%s\n", line) > 0;
    int saved = errno;
    if (file != NULL && fclose(file) != 0) {
        written = false;
    }
    return written ? STATUS_OK
                   : error_set_errno(err, STATUS_FAILED_PRECONDITION, saved, "%s cannot be written",
                                     path);
}

static enum status absolute_path(const char *path, char **ret_absolute, struct error *err)
{
    char *absolute = realpath(path, NULL);
    if (absolute == NULL) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "the data folder %s", path);
    }
    *ret_absolute = absolute;
    return STATUS_OK;
}

enum status address_make_run_folder(const char *data, char ret_folder[ADDRESS_URL_SIZE],
                                    struct error *err)
{
    char run[4096];
    char *absolute = NULL;
    enum status status = absolute_path(data, &absolute, err);
    if (status != STATUS_OK) {
        return status;
    }
    if ((size_t)snprintf(run, sizeof run, "%s/run", absolute) >= sizeof run) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "data", "the path is too long");
    } else if (strlen(run) <= RUN_FOLDER_BYTES_MAX) {
        if (mkdir(run, 0700) != 0 && (errno != EEXIST || !is_folder(run))) {
            status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                                     "the run folder %s cannot be made", run);
        } else {
            memcpy(ret_folder, run, strlen(run) + 1);
        }
    } else {
        char folder[ADDRESS_URL_SIZE];
        status = make_short_folder(absolute, folder, err);
        if (status == STATUS_OK) {
            status = write_line(run, folder, err);
        }
        if (status == STATUS_OK) {
            memcpy(ret_folder, folder, sizeof folder);
        }
    }
    free(absolute);
    return status;
}

static enum status read_short_folder(const char *run, char ret_connect[ADDRESS_URL_SIZE],
                                     struct error *err)
{
    char line[ADDRESS_URL_SIZE - sizeof "ipc://"];
    FILE *file = fopen(run, "re");
    if (file == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "data",
                         "no server was ever started on this folder: start one with vafad --data");
    }
    bool got = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file); /* it was only read */
    if (!got || line[0] != '/') {
        return error_set(err, STATUS_DATA_LOSS, "data", "%s does not name a run folder", run);
    }
    line[strcspn(line, "\n")] = '\0';
    snprintf(ret_connect, ADDRESS_URL_SIZE, "ipc://%s", line);
    return STATUS_OK;
}

enum status address_of_data(const char *data, char ret_connect[ADDRESS_URL_SIZE], struct error *err)
{
    char run[4096];
    char *absolute = NULL;
    enum status status = absolute_path(data, &absolute, err);
    if (status != STATUS_OK) {
        return status;
    }
    int length = snprintf(run, sizeof run, "%s/run", absolute);
    free(absolute);
    if ((size_t)length >= sizeof run) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "data", "the path is too long");
    }
    if (!is_folder(run)) {
        return read_short_folder(run, ret_connect, err);
    }
    if (length > RUN_FOLDER_BYTES_MAX) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "data", "%s is too long for a run folder",
                         run);
    }
    snprintf(ret_connect, ADDRESS_URL_SIZE, "ipc://%.*s", RUN_FOLDER_BYTES_MAX, run);
    return STATUS_OK;
}

static enum status tcp_address(const char *connect, Common__ServiceId service,
                               char ret_url[ADDRESS_URL_SIZE], struct error *err)
{
    const char *colon = strrchr(connect, ':');
    char *end;
    long port = strtol(colon + 1, &end, 10);
    if (*end != '\0' || end == colon + 1 || port < 1 || port > 65535 - SERVICE_COUNT + 1) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "connect",
                         "\"%s\" has no port: write tcp://127.0.0.1:4137, the first of five ports",
                         connect);
    }
    snprintf(ret_url, ADDRESS_URL_SIZE, "%.*s:%ld", (int)(colon - connect), connect,
             port + (long)service - 1);
    return STATUS_OK;
}

enum status address_of_service(const char *connect, Common__ServiceId service,
                               char ret_url[ADDRESS_URL_SIZE], struct error *err)
{
    if (strlen(connect) + sizeof "/followup.sock" > ADDRESS_URL_SIZE) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "connect", "the url is too long");
    }
    if (strncmp(connect, "ipc:///", 7) == 0 || strncmp(connect, "inproc://", 9) == 0) {
        snprintf(ret_url, ADDRESS_URL_SIZE, "%s/%s.sock", connect, service_name(service));
        return STATUS_OK;
    }
    if (strncmp(connect, "tcp://", 6) == 0 && strrchr(connect, ':') > connect + 5) {
        return tcp_address(connect, service, ret_url, err);
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, "connect",
                     "\"%s\" is not a url like ipc:///folder/run or tcp://127.0.0.1:4137", connect);
}
