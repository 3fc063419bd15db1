/* What a program's options must say before anything is made: urls that can be served or called, and
 * folders that are there. */
#include "service/run_internal.h"

#include "rpc/rpc_nng.h"
#include "service/address.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* All five urls under it: the last port must be one, too. */
static enum status check_url(const struct options *options, const char *option, struct error *err)
{
    const char *connect = option_text(options, option);
    enum status status = STATUS_OK;
    struct error why;
    for (int id = 1; id <= SERVICE_COUNT && status == STATUS_OK && connect[0] != '\0'; id++) {
        char url[ADDRESS_URL_SIZE];
        status = address_of_service(connect, (Common__ServiceId)id, url, &why);
        if (status == STATUS_OK) {
            status = rpc_nng_url_check(url, &why);
        }
    }
    return status == STATUS_OK ? status : error_set(err, status, option, "%s", why.message);
}

/* The folder that the option's file or folder would be made in. */
static enum status check_place(const struct options *options, const char *option, struct error *err)
{
    char folder[OPTION_TEXT_SIZE] = ".";
    struct stat stat_of;
    const char *path = option_text(options, option);
    const char *end = path + strlen(path);
    while (end > path + 1 && end[-1] == '/') {
        end--; /* "folder/" lies where "folder" does */
    }
    while (end > path && end[-1] != '/') {
        end--;
    }
    if (end > path) {
        memcpy(folder, path, (size_t)(end - path));
        folder[end - path] = '\0';
    }
    if (stat(folder, &stat_of) != 0) {
        return error_set(err, STATUS_FAILED_PRECONDITION, option, "%s: the folder %s: %s", path,
                         folder, strerror(errno));
    }
    return S_ISDIR(stat_of.st_mode) ? STATUS_OK
                                    : error_set(err, STATUS_FAILED_PRECONDITION, option,
                                                "%s: %s is not a folder", path, folder);
}

/* The option names something that is there and of the right kind, or could be made. */
static enum status check_path(const struct options *options, const char *option, bool is_folder,
                              struct error *err)
{
    struct stat stat_of;
    const char *path = option_text(options, option);
    if (stat(path, &stat_of) != 0) {
        return check_place(options, option, err);
    }
    return S_ISDIR(stat_of.st_mode) == is_folder
               ? STATUS_OK
               : error_set(err, STATUS_FAILED_PRECONDITION, option, "%s is %s folder", path,
                           is_folder ? "not a" : "a");
}

enum status run_check_options(const struct options *options, struct error *err)
{
    if (option_text(options, "data")[0] == '\0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, "data", "it is empty: name a folder");
    }
    enum status status = check_path(options, "data", true, err);
    if (status == STATUS_OK && option_text(options, "master-key")[0] != '\0') {
        status = check_path(options, "master-key", false, err);
    }
    if (status == STATUS_OK) {
        status = check_url(options, "listen", err);
    }
    return status == STATUS_OK ? check_url(options, "upstream", err) : status;
}
