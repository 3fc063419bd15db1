#include "tests/sim/invariants.h"

#include "tests/sim/story.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
    const char *title;
    const char *text;
    const char *when;
} invariants[INVARIANT_COUNT] = {
#define X(name, title, text, when) {title, text, when},
    INVARIANTS(X)
#undef X
};

const char *invariant_title(enum invariant invariant)
{
    return invariants[invariant].title;
}

void invariants_print(void)
{
    for (unsigned i = 0; i < INVARIANT_COUNT; i++) {
        printf("%s\n    %s\n    Looked at: %s.\n", invariants[i].title, invariants[i].text,
               invariants[i].when);
    }
}

void invariant_broken(enum invariant invariant, const char *format, ...)
{
    char text[384];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    story_fail(invariants[invariant].title, "%s", text);
}

static void died(int signal_number)
{
    (void)signal(signal_number, SIG_DFL);
    /* Raised by abort() at a place of ours, in the only thread: nothing was interrupted. */
    /* NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
    story_tell(invariants[INVARIANT_ALIVE].title, "a check has failed; see above");
    _exit(1);
}

void invariants_watch(void)
{
    (void)signal(SIGABRT, died);
}
