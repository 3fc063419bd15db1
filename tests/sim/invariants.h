/*
 * The invariants: what must hold of the city whatever happened, each named and explained here and
 * nowhere else. They are checked against the recount (recount.h) and the people's own ledgers, which
 * share no code with the services.
 *
 * A new one: a line in INVARIANTS, a check that calls invariant_broken, and a plant (base/plant.h)
 * with its line in plants.c: test_plants.c shows it found, and fails for an invariant without one.
 */
#ifndef VAFA_TESTS_SIM_INVARIANTS_H
#define VAFA_TESTS_SIM_INVARIANTS_H

/* NAME, its name, what it means, when it is looked at. */
#define INVARIANTS(X)                                                                              \
    X(EXACTLY_ONCE, "every acknowledged request exists exactly once",                              \
      "What was answered with a number and a code is in intake's log under both, once, however "   \
      "often it was sent; an act that was answered is in its owner's log.",                        \
      "at every event, each day, at the end")                                                      \
    X(ONE_CHAIN, "every request has exactly one live task chain",                                  \
      "A request has one task, which lives by routing's rules; a finished one has one call, "      \
      "which "                                                                                     \
      "lives by follow-up's; a heard one has one answer.",                                         \
      "at every event, at the end")                                                                \
    X(JOINED, "a joined request always has its own answer, and its incident one live task",        \
      "Intake and routing agree who is joined to whom; every end of the common task is followed "  \
      "by a call for each request that is joined to it, with its own citizen. What was taken "     \
      "back "                                                                                      \
      "shares no open task, and no task is done for nobody.",                                      \
      "at every event, at the end")                                                                \
    X(RULED, "every request goes where the pack's rules send it",                                  \
      "Its task is routed to the unit that topic, area, answers and the hour of registration "     \
      "give, "                                                                                     \
      "and the rule's helping unit is asked at once. ExplainRoute says the same.",                 \
      "at every event and answer, at the end")                                                     \
    X(APPLIED_ONCE, "every event is applied exactly once by every follower, in order",             \
      "What a follower has written because of another log is what that log tells up to its "       \
      "cursor, in that order: not more, not less, not twice.",                                     \
      "at every event, each day, at the end")                                                      \
    X(OFFICES, "no office misses or is skipped",                                                   \
      "An answer of FollowTasks has every change of the unit between `after` and `next`; it "      \
      "never "                                                                                     \
      "begins behind what the office has; what is acknowledged is what it acknowledged. A desk "   \
      "is given what is to be done first: urgent, then chased, then due. Whom a task goes up to "  \
      "is the unit that the ladder gives, and is told of it from then on.",                        \
      "at every answer, at the end")                                                               \
    X(TIMELINES, "timelines agree with the owners",                                                \
      "A request's story is what the four logs tell of it up to how far intake has come, each "    \
      "event once; who has an urgent task is told as long as the story says it is one.",           \
      "at every answer, at the end of all")                                                        \
    X(SAME_ANSWER, "idempotent answers are the same answers",                                      \
      "The same request under the same key gets the same bytes, at once, hours or days later, "    \
      "before and after crashes.",                                                                 \
      "at every answer")                                                                           \
    X(TIMERS, "every timer due has fired once",                                                    \
      "A task whose due date passed before it was done is marked overdue, once, not before.",      \
      "at every event, each day, at the end")                                                      \
    X(CLOCK_RIGHT, "the clock equals the slow calculation",                                        \
      "Each date of a task - first response, warning, due date, next step of the ladder - is "     \
      "what "                                                                                      \
      "adding up minutes of the pack's hours gives, when it is routed, after a pause, a closure, " \
      "a step.",                                                                                   \
      "at every event")                                                                            \
    X(URGENT, "urgent reaches a person, or the ladder's end",                                      \
      "Whatever gives a unit an urgent task tells it at once, and gives it to the desk the pack "  \
      "names, or one that is there. While no person of the unit has done anything about it, it "   \
      "goes up the ladder, step by step, to its end.",                                             \
      "at every event, each day, at the end")                                                      \
    X(REPORTS, "reports equal a recount of the logs",                                              \
      "Every figure of a report is the one counted anew from the logs up to its as_of.",           \
      "at every answer, at the end")                                                               \
    X(SURGES, "surges equal a recount of the logs",                                                \
      "At each request that report has read, a surge of its topic begins, goes on or ends when "   \
      "the logs up to there say so, and at no other; each ends once, by itself at the latest.",    \
      "at every event, at every answer, each day, at the end")                                     \
    X(CHAINS, "hash chains hold",                                                                  \
      "Each event's hash is BLAKE2b-256 of the one before and of its bytes, computed here.",       \
      "at every event")                                                                            \
    X(SYNCED, "what was synced stays",                                                             \
      "A log keeps its id and what was in it; the position of an answer is in the log.",           \
      "at every answer, each day")                                                                 \
    X(OWN_WRITES, "who asks for at_least sees it",                                                 \
      "An answer to a read with at_least knows of that position.", "at every answer")              \
    X(CLOCKS, "recorded time never runs backwards", "In a log, whatever the clock did.",           \
      "at every event")                                                                            \
    X(REFUSALS, "nobody is refused without a reason",                                              \
      "An errand ends well, or with a refusal that what happened meanwhile explains.",             \
      "at every answer")                                                                           \
    X(CALLS, "every call opened ends once",                                                        \
      "A call is opened, then ended by a person or, two hours later, by itself; nothing is done "  \
      "in it afterwards. A chase is counted once, in intake and in routing.",                      \
      "at every event, each day, at the end")                                                      \
    X(STORMS, "a storm loosens what is in its scope, nothing else, and ends",                      \
      "A request is of the storm that runs for its topic and area when it is registered; what "    \
      "was open is given its later date, once; no storm lasts beyond its time.",                   \
      "at every event, at every answer, each day, at the end")                                     \
    X(SESSIONS, "a session is shown what is urgent in its units, once, in order, and ends",        \
      "Whatever routing tells of an urgent task is shown to each open session of its unit, or of " \
      "one above it, each change once and in routing's order, with who has it; a session begins "  \
      "with what waits for a person then, and none lasts beyond its time.",                        \
      "at every event, at every answer, each day, at the end")                                     \
    X(SEALED, "what was sealed comes back as it was",                                              \
      "Phone and words of RevealCase are the citizen's, and find the request, also after the "     \
      "master key was changed.",                                                                   \
      "at every answer")                                                                           \
    X(LOOKS, "who looked at a citizen's data is told",                                             \
      "ListLooks tells each look that intake's log or follow-up's has - words revealed, a card "   \
      "shown, words found, an answer revealed - once, with who, when and for what; intake's own "  \
      "at once.",                                                                                  \
      "at every answer, at the end")                                                               \
    X(SAME, "what is shown as the same thing is open",                                             \
      "FindSame shows nothing whose task had ended, as of the position it was asked with; at the " \
      "end it finds every open request by its thing, or by the line that was answered.",           \
      "at every answer, at the end")                                                               \
    X(PAGES, "what fits is on one page, once",                                                     \
      "Pages of SearchCases and ListCases, newest first, of ListTasks, by number and by due "      \
      "time, and of follow-up's ListCalls hold whatever was there all along, and nothing twice, "  \
      "while new requests come in.",                                                               \
      "at every answer")                                                                           \
    X(FORGOTTEN, "who was forgotten stays forgotten",                                              \
      "Once ForgetCitizen was answered, RevealCase opens no request of theirs; follow-up has no "  \
      "open call for them, and schedules none.",                                                   \
      "at every answer, at every event, at the end")                                               \
    X(PACKS, "what is decided goes by the pack in force",                                          \
      "A service's log tells which pack is in force at each of its events: what routing routes "   \
      "goes by that one's rules, also after a crash, and each taking leaves what was in force. "   \
      "What is told of it - files, topics, suggestions - is its own, byte for byte.",              \
      "at every event, at every answer, at the end")                                               \
    X(DELIVERY, "after faults stop, everything is delivered in bounded time",                      \
      "Every errand has its answer, every follower is at the end of the logs it follows, every "   \
      "office has all its changes.",                                                               \
      "at the end")                                                                                \
    X(TABLES, "tables follow from the logs",                                                       \
      "Built anew from the logs, as `vafa verify` does, every service's tables are byte for byte " \
      "what they are.",                                                                            \
      "at the end")                                                                                \
    X(STARTS, "a service starts again from what it left",                                          \
      "However it died, its store opens, and it serves.", "at every start")                        \
    X(ALIVE, "no service dies of itself",                                                          \
      "Only trouble ends a service: no check of its own fails.", "all along")                      \
    X(TIME, "time goes on", "Nothing is done a million times at one instant.", "all along")

enum invariant {
#define X(name, title, text, when) INVARIANT_##name,
    INVARIANTS(X)
#undef X
        INVARIANT_COUNT
};

const char *invariant_title(enum invariant invariant);
/* All of them, explained, to standard output. */
void invariants_print(void);

/* From here on a CHECK that fails in this process tells the story, as a broken ALIVE, and ends it. */
void invariants_watch(void);

/* Tells the story and ends it. */
_Noreturn void invariant_broken(enum invariant invariant, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
