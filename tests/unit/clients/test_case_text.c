/* What a request's state is called to staff and citizens. */
#include "clients/vafa/case_text.h"
#include "clients/vafa/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define KIND(name) INTAKE__TIMELINE_KIND__TIMELINE_KIND_##name

/* The state's name after that happened, in that order. */
static const char *state_after(Intake__CaseState state, const Intake__TimelineKind *kinds,
                               size_t count, const char *language)
{
    Intake__Case told = INTAKE__CASE__INIT;
    Intake__TimelineEntry entries[8];
    Intake__TimelineEntry *timeline[8];
    for (size_t i = 0; i < count; i++) {
        intake__timeline_entry__init(&entries[i]);
        entries[i].kind = kinds[i];
        timeline[i] = &entries[i];
    }
    told.state = state;
    return case_text_state(&told, timeline, count, language);
}

static void what_was_closed_undone_is_never_called_done(void **state)
{
    const Intake__TimelineKind kinds[] = {KIND(REGISTERED), KIND(ROUTED), KIND(CLOSED_UNDONE),
                                          KIND(CALL_SCHEDULED)};
    (void)state;
    const char *fa = state_after(INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD, kinds, 4, "fa");
    assert_non_null(strstr(fa, "انجام نشد"));
    assert_null(strstr(fa, "انجام شد"));
    assert_string_equal(state_after(INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD, kinds, 4, "en"),
                        "closed undone, the citizen will be asked");
}

static void what_was_done_after_a_reopening_is_not_called_undone(void **state)
{
    const Intake__TimelineKind kinds[] = {KIND(REGISTERED), KIND(CLOSED_UNDONE), KIND(REOPENED),
                                          KIND(DONE), KIND(CALL_SCHEDULED)};
    (void)state;
    assert_string_equal(state_after(INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD, kinds, 5, "en"),
                        "finished by the unit, the citizen will be asked");
}

static void a_list_without_stories_claims_neither(void **state)
{
    (void)state;
    assert_null(strstr(state_after(INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD, NULL, 0, "fa"),
                       "انجام شد"));
    assert_null(strstr(label_enum(&intake__case_state__descriptor,
                                  INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD, "en"),
                       "done"));
}

static void other_states_have_their_own_names_whatever_happened_before(void **state)
{
    const Intake__TimelineKind kinds[] = {KIND(CLOSED_UNDONE), KIND(REOPENED)};
    (void)state;
    assert_string_equal(state_after(INTAKE__CASE_STATE__CASE_STATE_REOPENED, kinds, 2, "en"),
                        "reopened");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_closed_undone_is_never_called_done),
        cmocka_unit_test(what_was_done_after_a_reopening_is_not_called_undone),
        cmocka_unit_test(a_list_without_stories_claims_neither),
        cmocka_unit_test(other_states_have_their_own_names_whatever_happened_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
