/*
 * The simulated city: Isfahan's pack, smaller where size alone costs. Every start of a service after a crash reads a pack,
 * by the real code, and polygons and words had been half of a seed: three districts are squares (one of two parts,
 * one with a hole, two that overlap, with gaps), and the lists of words and neighbourhoods are short. All else is Isfahan's.
 */
#include "tests/sim/world_internal.h"
#include "tests/support/pack_copy.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_LINES 24 /* comments among them */
#define FILE_BYTES_MAX 65536

static size_t read_file(const char *path, char data[FILE_BYTES_MAX])
{
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    size_t size = fread(data, 1, FILE_BYTES_MAX, file);
    CHECK(size < FILE_BYTES_MAX && fclose(file) == 0);
    return size;
}

static void write_file(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void shorten(const char *folder, const char *name)
{
    char path[2 * WORLD_PATH_SIZE], data[FILE_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    size_t size = read_file(path, data), kept = 0;
    for (int lines = 0; kept < size && lines < LIST_LINES; kept++) {
        lines += data[kept] == '\n';
    }
    write_file(path, data, kept);
}

/* In a small city three requests are many. */
static void few_are_a_surge(const char *folder)
{
    char path[2 * WORLD_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/city.ini", folder);
    FILE *file = fopen(path, "ae");
    CHECK(file != NULL && fputs("\n[surge]\nrequests = 3\nweeks = 1\none_in = 20\n", file) >= 0 &&
          fclose(file) == 0);
}

static void draw_squares(const char *folder)
{
    char path[2 * WORLD_PATH_SIZE], data[FILE_BYTES_MAX];
    size_t size = read_file(VAFA_SOURCE_DIR "/tests/sim/areas.geojson", data);
    (void)snprintf(path, sizeof path, "%s/areas.geojson", folder);
    write_file(path, data, size);
}

static struct city *load(const char *folder, const char *file, const char *from, const char *to)
{
    struct city *city;
    struct error err;
    CHECK(mkdir(folder, 0700) == 0);
    pack_copy("isfahan", folder, file, from, to);
    draw_squares(folder);
    few_are_a_surge(folder);
    shorten(folder, "words.csv");
    shorten(folder, "stopwords.txt");
    shorten(folder, "neighbourhoods.csv");
    world_must(city_load(&city, folder, &err), &err);
    return city;
}

void world_load_cities(struct world *world)
{
    static struct city *usual, *other; /* nobody changes them: once for all worlds of the process */
    static const char head[] = "topic,area,urgent,unit,level,answer,time,helpers,helpers_note\n";
    char folder[WORLD_PATH_SIZE], changed[256];
    if (usual == NULL) {
        (void)snprintf(folder, sizeof folder, "%s/pack", world->folder);
        usual = load(folder, NULL, NULL, NULL);
        (void)snprintf(folder, sizeof folder, "%s/other-pack", world->folder);
        (void)snprintf(changed, sizeof changed, "%s*,%s,*,%s,,,,,\n", head, WORLD_OTHER_AREA,
                       WORLD_OTHER_UNIT);
        other = load(folder, "rules.csv", head, changed);
    }
    world->city = usual;
    world->other_city = other;
}
