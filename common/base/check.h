/* CHECK: a condition that must hold whatever the input was; always compiled in, aborts with its
 * place. Never for input, disk or network: those get a status. */
#ifndef VAFA_BASE_CHECK_H
#define VAFA_BASE_CHECK_H

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))

_Noreturn void check_failed(const char *condition, const char *file, int line,
                            const char *function);

#endif
