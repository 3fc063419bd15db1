/* What commands tell people of what a server says. */
#include "said.h"

#include "clients/vafa/output.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* A task is sent as it is now, with each of its changes. */
static void says_who_has_a_task_on_its_newest_line_only(void **state)
{
    (void)state;
    Followup__UrgentTask tasks[2] = {FOLLOWUP__URGENT_TASK__INIT, FOLLOWUP__URGENT_TASK__INIT};
    Followup__UrgentChange rows[4];
    Followup__UrgentChange *changes[4];
    Followup__FollowSessionResponse page = FOLLOWUP__FOLLOW_SESSION_RESPONSE__INIT;
    tasks[0].task_number = 1;
    tasks[0].role = "mayor";
    tasks[0].acknowledge_by_us = 1000000;
    tasks[1].task_number = 2;
    tasks[1].role = "deputy";
    tasks[1].acknowledge_by_us = 1000000;
    tasks[1].end = FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_DONE;
    for (size_t i = 0; i < 4; i++) {
        followup__urgent_change__init(&rows[i]);
        rows[i].sequence = i + 1;
        rows[i].kind = FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_WENT_UP;
        rows[i].task = &tasks[i == 3];
        changes[i] = &rows[i];
    }
    page.changes = changes;
    page.n_changes = 4;
    page.next = 4;
    /* The same page again is refused; what was there is shown. */
    assert_int_equal(RUN(&command_session_watch, &page.base, "1", "--once"), EXIT_REFUSED);
    const char *first = strstr(printed, "mayor");
    assert_non_null(first);
    assert_null(strstr(first + 1, "mayor"));
    assert_true(first > strstr(printed, "\n3 "));
    const char *nobody = strstr(printed, "nobody yet");
    assert_non_null(nobody);
    assert_null(strstr(nobody + 1, "nobody yet")); /* what is done waits for nobody */
    assert_null(strstr(printed, "deputy"));
}

static void says_that_what_was_closed_undone_is_not_done(void **state)
{
    (void)state;
    Followup__Call call = FOLLOWUP__CALL__INIT;
    Followup__NextCallResponse next = FOLLOWUP__NEXT_CALL_RESPONSE__INIT;
    call.number = 1;
    call.note = "next year";
    next.call = &call;
    assert_int_equal(RUN(&command_call_next, &next.base, "--operator=a"), EXIT_DONE);
    assert_null(strstr(printed, "not done"));
    call.closed_undone = true;
    call.reason = "no budget";
    assert_int_equal(RUN(&command_call_next, &next.base, "--operator=a"), EXIT_DONE);
    assert_non_null(strstr(printed, "not done: tell the citizen why"));
    assert_non_null(strstr(printed, "no budget"));
    assert_non_null(strstr(printed, "next year"));
    assert_int_equal(RUN(&command_call_next, &next.base, "--operator=a", "--lang=fa"), EXIT_DONE);
    assert_non_null(strstr(printed, "بودجه نیست"));
}

static void a_story_says_why_a_task_was_closed_undone(void **state)
{
    (void)state;
    Intake__Case told_case = INTAKE__CASE__INIT;
    Intake__TimelineEntry entry = INTAKE__TIMELINE_ENTRY__INIT;
    Intake__TimelineEntry *timeline[] = {&entry};
    Intake__LookUpCaseResponse found = INTAKE__LOOK_UP_CASE_RESPONSE__INIT;
    found.found = true;
    found.case_data = &told_case;
    found.timeline = timeline;
    found.n_timeline = 1;
    entry.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE;
    entry.reason = "no budget";
    entry.note = "next year";
    assert_int_equal(RUN(&command_look_up, &found.base, "5355279872", "--digits=0000", "--lang=fa"),
                     EXIT_DONE);
    assert_non_null(strstr(printed, "بودجه نیست؛ next year"));
    entry.reason = "of a newer server";
    assert_int_equal(RUN(&command_look_up, &found.base, "5355279872", "--digits=0000"), EXIT_DONE);
    assert_non_null(strstr(printed, "of a newer server; next year"));
}

static void the_card_says_until_when_what_is_open_is_due(void **state)
{
    (void)state;
    Intake__Case told_case = INTAKE__CASE__INIT;
    Intake__CardCase one = INTAKE__CARD_CASE__INIT;
    Intake__CardCase *cases[] = {&one};
    Intake__Card card = INTAKE__CARD__INIT;
    Intake__OpenCallResponse opened = INTAKE__OPEN_CALL_RESPONSE__INIT;
    told_case.state = INTAKE__CASE_STATE__CASE_STATE_IN_WORK;
    told_case.due_at_us = 1000000; /* long past */
    one.case_data = &told_case;
    one.planned_for_us = 4102444800000000; /* 2100 */
    card.cases = cases;
    card.n_cases = 1;
    opened.call_number = 1;
    opened.card = &card;
    assert_int_equal(RUN(&command_phone_open, &opened.base, "--operator=a"), EXIT_DONE);
    assert_non_null(strstr(printed, "overdue"));
    assert_non_null(strstr(printed, "2100-01-01"));
    told_case.due_at_us = 4102444800000000;
    assert_int_equal(RUN(&command_phone_open, &opened.base, "--operator=a"), EXIT_DONE);
    assert_null(strstr(printed, "overdue"));
    told_case.state = INTAKE__CASE_STATE__CASE_STATE_CONFIRMED;
    told_case.due_at_us = 1000000;
    assert_int_equal(RUN(&command_phone_open, &opened.base, "--operator=a"), EXIT_DONE);
    assert_null(strstr(printed, "1970-01-01"));
}

static void tells_a_citizen_s_mistakes_in_persian(void **state)
{
    (void)state;
    Intake__LookUpCaseResponse none = INTAKE__LOOK_UP_CASE_RESPONSE__INIT;
    Followup__NextCallResponse nothing = FOLLOWUP__NEXT_CALL_RESPONSE__INIT;
    none.tries_left = 4;
    assert_int_equal(RUN(&command_look_up, &none.base, "5355279872", "--digits=0001", "--lang=fa"),
                     EXIT_NOT_FOUND);
    assert_non_null(strstr(
        told,
        "با این کد و این رقم‌ها درخواستی نیست؛ فرصت‌های "
        "باقی‌مانده: "
        "4"));
    assert_int_equal(RUN(&command_call_next, &nothing.base, "--lang=fa"), EXIT_NOT_FOUND);
    assert_non_null(strstr(told, "اکنون نوبت تماسی نیست"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(says_who_has_a_task_on_its_newest_line_only, said_forget),
        cmocka_unit_test_teardown(says_that_what_was_closed_undone_is_not_done, said_forget),
        cmocka_unit_test_teardown(a_story_says_why_a_task_was_closed_undone, said_forget),
        cmocka_unit_test_teardown(the_card_says_until_when_what_is_open_is_due, said_forget),
        cmocka_unit_test_teardown(tells_a_citizen_s_mistakes_in_persian, said_forget),
    };
    return cmocka_run_group_tests(tests, said_start, said_stop);
}
