/* A small good pack in a temporary folder: see pack_rig.h. */
#include "tests/unit/city/pack_rig.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const pack_rig_files[][2] = {
    {"city.ini", "[city]\n"
                 "key = small\n"
                 "name_fa = شهر کوچک\n"
                 "name_en = Small town\n"
                 "language = fa\n"
                 "zone = Asia/Tehran\n"
                 "calendar = jalali\n"
                 "week_start = saturday\n"
                 "coordinator = centre\n"
                 "[phone]\n"
                 "country = 98\n"
                 "trunk = 0\n"
                 "area = 31\n"
                 "local_digits = 8\n"
                 "national_digits_min = 10\n"
                 "national_digits_max = 10\n"
                 "mobile = 9\n"
                 "[callback]\n"
                 "first_delay_minutes = 60\n"
                 "retry_minutes = 30\n"
                 "attempts_max = 3\n"
                 "lease_minutes = 10\n"
                 "[urgent]\n"
                 "ack_minutes = 10\n"},
    {"units.csv", "key,kind,urgent_desk,name_fa,name_en,parent\n"
                  "centre,centre,,مرکز,Centre,\n"
                  "district-1,district,,منطقه ۱,District 1,\n"
                  "district-2,district,کشیک,منطقه ۲,District 2,\n"
                  "district-1-civil,office,کشیک,عمران ۱,Civil 1,district-1\n"
                  "district-2-civil,office,کشیک,عمران ۲,Civil 2,district-2\n"
                  "bus,company,,اتوبوس,Bus,\n"},
    {"ladder.csv", "level,kind,step,after_percent,after_hours,role,name_fa,name_en,unit\n"
                   "*,*,1,100,,unit-head,رئیس,Head,centre\n"},
    {"topics.csv", "key,name_fa,name_en,group,level,urgent\n"
                   "asphalt,آسفالت,Asphalt,civil,normal,no\n"
                   "bus-headway,سرفاصله,Headway,bus,normal,no\n"
                   "collapse,فروریزش,Collapse,civil,danger,yes\n"},
    {"areas.csv", "key,name_fa,name_en\n1,منطقه ۱,District 1\n2,منطقه ۲,District 2\n"},
    {"levels.csv", "key,due_hours,urgent_hours\nnormal,168,4\ndanger,4,2\nslow,360,\n"},
    {"rules.csv", "topic,area,urgent,unit,level\n"
                  "bus-headway,*,*,bus,slow\n"
                  "asphalt,2,yes,district-2,\n"
                  "asphalt,*,*,district-{area}-civil,\n"
                  "collapse,*,yes,district-{area}-civil,\n"
                  "*,1,*,district-1,\n"
                  "*,*,*,centre,normal\n"},
    {"imports/export.ini", "[profile]\n"
                           "source = oldsystem\n"
                           "time_format = %Y-%m-%d %H:%M\n"
                           "[columns]\n"
                           "external_id = id\n"
                           "opened = opened at\n"
                           "topic = type\n"},
};

static void pack_rig_path(const struct pack_rig *rig, const char *file, char out[256])
{
    assert_true(snprintf(out, 256, "%s/%s", rig->folder, file) < 256);
}

void pack_rig_init(struct pack_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->folder, sizeof(rig->folder), "/tmp/vafa_pack_XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    char path[256];
    pack_rig_path(rig, "imports", path);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof(pack_rig_files) / sizeof(pack_rig_files[0]); i++) {
        pack_rig_write(rig, pack_rig_files[i][0], pack_rig_files[i][1]);
    }
}

static int pack_rig_unlink(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

void pack_rig_fini(struct pack_rig *rig)
{
    assert_int_equal(nftw(rig->folder, pack_rig_unlink, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void pack_rig_write_bytes(struct pack_rig *rig, const char *file, const void *data, size_t size)
{
    char path[256];
    pack_rig_path(rig, file, path);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

void pack_rig_write(struct pack_rig *rig, const char *file, const char *text)
{
    pack_rig_write_bytes(rig, file, text, strlen(text));
}

void pack_rig_replace(struct pack_rig *rig, const char *file, const char *from, const char *to)
{
    char path[256];
    char text[8192];
    char changed[16384];
    pack_rig_path(rig, file, path);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t size = fread(text, 1, sizeof(text) - 1, stream);
    fclose(stream);
    text[size] = '\0';
    char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    pack_rig_write(rig, file, changed);
}

void pack_rig_remove(struct pack_rig *rig, const char *file)
{
    char path[256];
    pack_rig_path(rig, file, path);
    assert_int_equal(unlink(path), 0);
}

void pack_rig_check(struct pack_rig *rig)
{
    rig->found =
        city_check(rig->folder, rig->findings, sizeof(rig->findings) / sizeof(rig->findings[0]));
}

static size_t pack_rig_kept(const struct pack_rig *rig)
{
    size_t room = sizeof(rig->findings) / sizeof(rig->findings[0]);
    return rig->found < room ? rig->found : room;
}

bool pack_rig_found(const struct pack_rig *rig, bool is_error, const char *file, int line,
                    const char *part)
{
    for (size_t i = 0; i < pack_rig_kept(rig); i++) {
        const struct city_finding *finding = &rig->findings[i];
        if (finding->is_error == is_error && finding->line == line &&
            strcmp(finding->file, file) == 0 && strstr(finding->message, part) != NULL) {
            return true;
        }
    }
    return false;
}

size_t pack_rig_errors(const struct pack_rig *rig)
{
    size_t errors = 0;
    for (size_t i = 0; i < pack_rig_kept(rig); i++) {
        errors += rig->findings[i].is_error;
    }
    return errors;
}

static void pack_rig_expect(struct pack_rig *rig, bool is_error, const char *file, int line,
                            const char *part)
{
    pack_rig_check(rig);
    if (pack_rig_found(rig, is_error, file, line, part)) {
        return;
    }
    for (size_t i = 0; i < pack_rig_kept(rig); i++) {
        const struct city_finding *finding = &rig->findings[i];
        print_message("%s %s:%d: %s\n", finding->is_error ? "error" : "warning", finding->file,
                      finding->line, finding->message);
    }
    fail_msg("no finding %s:%d with \"%s\"", file, line, part);
}

void pack_rig_expect_error(struct pack_rig *rig, const char *file, int line, const char *part)
{
    pack_rig_expect(rig, true, file, line, part);
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    assert_int_equal(city_load(&city, rig->folder, &err), STATUS_INVALID_ARGUMENT);
    assert_null(city);
    assert_true(err.message[0] != '\0');
}

void pack_rig_expect_warning(struct pack_rig *rig, const char *file, int line, const char *part)
{
    pack_rig_expect(rig, false, file, line, part);
    city_free(pack_rig_load(rig));
}

struct city *pack_rig_load(struct pack_rig *rig)
{
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    if (city_load(&city, rig->folder, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return city;
}
