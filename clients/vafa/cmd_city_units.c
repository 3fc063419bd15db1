/* vafa city units: the directory of bodies as of a day. */
#include "clients/vafa/cmd_city.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include <string.h>

/* As the pack's own days are written; "" for none. */
static void write_day(const struct city *city, int32_t day, char out[32])
{
    out[0] = '\0';
    if (day != INT32_MIN && day != INT32_MAX) {
        struct civil_time time;
        civil_from_us(city_civil(city), (int64_t)day * DAY_US + DAY_US / 2, &time);
        snprintf(out, 32, "%04d-%02d-%02d", time.year, time.month, time.day);
    }
}

static const char *in_charge(const struct city *city, const struct city_unit *unit, int64_t at_us)
{
    return city_unit_in_charge(city, unit->key, at_us);
}

static void print_units(struct session *session, const struct city *city, int64_t at_us)
{
    static const char *const heads[] = {"key",        "unit",     "leader",
                                        "valid_from", "valid_to", "in_charge"};
    const char *language = session_language(session);
    struct table *table = table_new(6);
    for (size_t i = 0; i < 6; i++) {
        table_head(table, i, label_word(heads[i], language));
    }
    for (size_t i = 0; i < city_unit_count(city); i++) {
        const struct city_unit *unit = city_unit_at(city, i);
        char from[32], to[32];
        const char *with = in_charge(city, unit, at_us);
        write_day(city, unit->first_day, from);
        write_day(city, unit->last_day, to);
        table_cell(table, unit->key);
        table_cell(table, strcmp(language, "fa") == 0 ? unit->name_fa : unit->name_en);
        const struct city_step *leader = city_role(city, unit->leader, unit->key);
        table_cell(table, leader == NULL                ? unit->leader
                          : strcmp(language, "fa") == 0 ? leader->name_fa
                                                        : leader->name_en);
        table_cell(table, from);
        table_cell(table, to);
        table_cell(table, strcmp(with, unit->key) != 0 ? with : "");
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_units_json(const struct city *city, int64_t at_us)
{
    for (size_t i = 0; i < city_unit_count(city); i++) {
        const struct city_unit *unit = city_unit_at(city, i);
        char from[32], to[32];
        write_day(city, unit->first_day, from);
        write_day(city, unit->last_day, to);
        json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "key",
                                 unit->key, "kind", unit->kind, "name_fa", unit->name_fa, "name_en",
                                 unit->name_en, "parent", unit->parent, "leader", unit->leader,
                                 "valid_from", from, "valid_to", to, "stand_in", unit->stand_in,
                                 "is_valid", (int)city_unit_is_valid(city, unit, at_us),
                                 "in_charge", in_charge(city, unit, at_us));
        output_json(json);
        json_decref(json);
    }
}

static const struct option_def options[] = {
    {"at", 0, "TIME", "as of that day; now when not given"},
    {NULL, 0, NULL, NULL},
};

/* The pack that was in force then, when another is now and it is still kept; NULL: the present one is shown, which is said. */
static struct city *city_then(struct session *session, const struct city *now, int64_t at_us)
{
    struct error err = ERROR_NONE;
    struct city *then = NULL;
    char name[4 * CITY_TAKING_NAME_MAX + 1];
    if (!args_has(&session->args, "at") || args_has(&session->args, "city")) {
        return NULL;
    }
    if (cmd_city_at(session, at_us, &then, name, &err) == STATUS_OK) {
        if (bytes_equal(city_digest(then), city_digest(now))) {
            return then;
        }
        output_foreign(stderr, "vafa: as of that day, by the pack in force then: ", name, "");
        return then;
    }
    output_foreign(
        stderr,
        "vafa: the pack in force now is shown, as it tells of that day; which one was in "
        "force then is not known or not kept: ",
        err.message, "");
    return NULL;
}

static int run_city_units(struct session *session)
{
    struct error err = ERROR_NONE;
    int64_t at_us;
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    if (session_read_time(session, "at", clock_wall_us(clock_system()), &at_us, &err) !=
        STATUS_OK) {
        return output_usage(&err);
    }
    struct city *then = city_then(session, city, at_us);
    if (session->json) {
        print_units_json(then != NULL ? then : city, at_us);
    } else {
        print_units(session, then != NULL ? then : city, at_us);
    }
    city_free(then);
    return EXIT_DONE;
}

const struct command command_city_units = {
    .name = "city units",
    .arguments = "",
    .summary = "the city's bodies as of a day: who leads, from when to when, who stands in",
    .help =
        "Lists every unit of the pack (--city NAME|DIR, else the server's) with the days between "
        "which it is one, the role that leads it, and, where it is none on the day, who has its "
        "work. With --at TIME the pack that was in force then is asked when the services still "
        "keep it, "
        "else the present one; which of the two is told. With --json one object a line.",
    .examples = "vafa city units\nvafa city units --at 1405-10-01 --json",
    .options = options,
    .role = RPC_ROLE_ADMIN,
    .run = run_city_units,
};
