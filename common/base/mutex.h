/*
 * A lock that is held for some instructions at a time. Who finds it taken looks again for a moment
 * before it sleeps: sleeping and being woken cost more than what is waited for.
 */
#ifndef VAFA_BASE_MUTEX_H
#define VAFA_BASE_MUTEX_H

#include <pthread.h>

/* Ended with pthread_mutex_destroy. */
void mutex_init_brief(pthread_mutex_t *mutex);

#endif
