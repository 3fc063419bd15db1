/* vafa offices: how far behind each unit's office is, since when, and which desks it has. */
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_SIZE 100
#define UNIT_BYTES_MAX 64 /* the contract's */

static struct table *office_table(struct session *session)
{
    static const char *const heads[] = {"unit", "behind", "since", "desks"};
    struct table *table = table_new(4);
    for (size_t i = 0; i < 4; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    table_align_right(table, 1);
    return table;
}

static void add_office(struct session *session, struct table *table, const Routing__Office *office)
{
    char since[32];
    struct buffer desks = BUFFER_EMPTY;
    session_time(session, office->behind_since_us, since);
    for (size_t i = 0; i < office->n_desks; i++) {
        buffer_append_format(&desks, "%s%s: %" PRIu32, i > 0 ? "; " : "", office->desks[i]->name,
                             office->desks[i]->held);
    }
    table_cell(table, session_unit(session, office->unit));
    table_cell_format(table, "%" PRIu32, office->behind);
    table_cell(table, since);
    table_cell(table, buffer_text(&desks));
    buffer_fini(&desks);
}

/* One page; the token of the next in `token`, "" behind the last. */
static enum status list_page(struct session *session, struct table *table,
                             char token[UNIT_BYTES_MAX + 1], struct error *err)
{
    Routing__ListOfficesRequest request = ROUTING__LIST_OFFICES_REQUEST__INIT;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "ListOffices",
                             .request = &request.base};
    request.page_size = PAGE_SIZE;
    request.page_token = token;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Routing__ListOfficesResponse *page =
            (const Routing__ListOfficesResponse *)call.response;
        for (size_t i = 0; i < page->n_offices; i++) {
            if (table == NULL) {
                output_message(&page->offices[i]->base);
            } else {
                add_office(session, table, page->offices[i]);
            }
        }
        if (page->next_page_token[0] != '\0' && strcmp(page->next_page_token, token) <= 0) {
            status = error_set(err, STATUS_INTERNAL, "next_page_token",
                               "the server's next page is not behind this one");
        }
        snprintf(token, UNIT_BYTES_MAX + 1, "%s", page->next_page_token);
        session_end_in(session, session->timeout_ms);
    }
    vafa_call_fini(&call);
    return status;
}

static int run_offices(struct session *session)
{
    struct error err = ERROR_NONE;
    enum status status;
    char token[UNIT_BYTES_MAX + 1] = "";
    struct table *table = session->json ? NULL : office_table(session);
    do {
        status = list_page(session, table, token, &err);
    } while (status == STATUS_OK && token[0] != '\0');
    if (status == STATUS_OK && table != NULL) {
        list_text_print(session, table);
    }
    table_free(table);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_offices = {
    .name = "offices",
    .arguments = "",
    .summary = "how far behind each unit's office is",
    .help = "Lists the units that were ever told of a task: how many changes their office has not "
            "acknowledged (counted up to 1,000), since when the oldest waits, and the desks that "
            "share the work with what each has. With --json one object a line.",
    .examples = "vafa offices\nvafa offices --json",
    .role = RPC_ROLE_LEADERSHIP,
    .run = run_offices,
};
