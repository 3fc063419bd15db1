/* Requests as a hotline gets them, the same ones in every run: the n-th is made from n alone. */
#ifndef VAFA_TESTS_BENCH_BENCH_CONTENT_H
#define VAFA_TESTS_BENCH_BENCH_CONTENT_H

#include "base/random.h"

#include "vafa/intake/v1/intake.pb-c.h"

/* Those who call are drawn from so many. */
#define BENCH_CITIZENS 10000

/* A request and all it points to. */
struct bench_request {
    Intake__RegisterCaseRequest request;
    Intake__Citizen citizen;
    Common__Place place;
    Common__GeoPoint point;
    uint8_t key[UUID_BYTES];
    char phone[16];
    char area[4];
    char words[512];
};

/* With a new idempotency key. */
void bench_request_make(struct bench_request *out, uint64_t n);
/* The same, of one topic in one area: all for one office. */
void bench_request_make_for(struct bench_request *out, uint64_t n, const char *topic,
                            const char *area);

#endif
