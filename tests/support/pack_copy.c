#include "tests/support/pack_copy.h"

#include "base/bytes.h"
#include "base/check.h"
#include "city/city.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void write_file(const char *folder, const char *name, struct bytes data)
{
    char path[4096];
    CHECK((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && fwrite(data.data, 1, data.size, file) == data.size && fclose(file) == 0);
}

static void write_changed(const char *folder, const char *name, struct bytes data, const char *from,
                          const char *to)
{
    struct buffer text = BUFFER_EMPTY, changed = BUFFER_EMPTY;
    buffer_append_bytes(&text, data);
    const char *whole = buffer_text(&text), *at = strstr(whole, from);
    CHECK(at != NULL);
    buffer_append(&changed, whole, (size_t)(at - whole));
    buffer_append_text(&changed, to);
    buffer_append_text(&changed, at + strlen(from));
    write_file(folder, name, buffer_bytes(&changed));
    buffer_fini(&changed);
    buffer_fini(&text);
}

void pack_copy(const char *city_name, const char *folder, const char *file, const char *from,
               const char *to)
{
    char path[4096];
    struct city *city;
    snprintf(path, sizeof path, "%s/deploy/cities/%s", VAFA_SOURCE_DIR, city_name);
    CHECK(city_load(&city, path, NULL) == STATUS_OK);
    snprintf(path, sizeof path, "%s/imports", folder);
    (void)mkdir(path, 0700); /* it may be there; writing into it tells */
    for (size_t i = 0; i < city_file_count(city); i++) {
        const char *name;
        struct bytes data = city_file_at(city, i, &name);
        if (file != NULL && strcmp(name, file) == 0) {
            write_changed(folder, name, data, from, to);
        } else {
            write_file(folder, name, data);
        }
    }
    city_free(city);
}
