#include "tests/bench/bench_content.h"

#include "clients/libvafa/vafa.h"

#include <stdio.h>
#include <string.h>

static const char *const topics[] = {
    "cleaning",   "garbage", "bins",     "asphalt",     "pavement", "manhole",
    "irrigation", "pruning", "planting", "bus-headway", "bus-stop", "signs-markings",
};

static const char *const names[] = {"شهروند نمونه ۱", "شهروند نمونه ۲", "شهروند نمونه ۳",
                                    "شهروند نمونه ۴", "شهروند نمونه ۵", "شهروند نمونه ۶"};

static const char *const streets[] = {"خیابان چهارباغ", "خیابان کاوه", "خیابان امام خمینی",
                                      "خیابان حکیم نظامی", "خیابان بزرگمهر"};

static const char *const complaints[] = {
    "سلام، چند روز است که این مشکل در کوچهٔ ما مانده و کسی رسیدگی نکرده است؛",
    "با احترام، دیروز هم تماس گرفتم و گفتند پیگیری "
    "می‌شود "
    "ولی "
    "هنوز "
    "خبری "
    "نیست؛",
    "لطفاً هرچه زودتر مأمور بفرستید، رفت‌وآمد "
    "همسایه‌ها "
    "سخت "
    "شده "
    "است؛",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The finaliser of splitmix64: neighbouring numbers become unlike. */
static uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void make_citizen(struct bench_request *out, uint64_t draw)
{
    uint64_t citizen = draw % BENCH_CITIZENS;
    intake__citizen__init(&out->citizen);
    snprintf(out->phone, sizeof(out->phone), "0913%07u", (unsigned)(mix(citizen) % 10000000));
    out->citizen.name = (char *)(uintptr_t)names[citizen % COUNT(names)];
    out->citizen.phone = out->phone;
}

static void make_place(struct bench_request *out, uint64_t draw, const char *area)
{
    common__place__init(&out->place);
    common__geo_point__init(&out->point);
    out->point.latitude = 32.60 + (double)(draw % 1000) / 10000;
    out->point.longitude = 51.60 + (double)(draw / 1000 % 1000) / 10000;
    snprintf(out->area, sizeof(out->area), "%s", area);
    out->place.point = &out->point;
    out->place.area = out->area;
    out->place.street = (char *)(uintptr_t)streets[draw % COUNT(streets)];
}

void bench_request_make_for(struct bench_request *out, uint64_t n, const char *topic,
                            const char *area)
{
    uint64_t draw = mix(n);
    make_citizen(out, draw);
    make_place(out, mix(draw), area);
    snprintf(out->words, sizeof(out->words), "%s نشانی: %s، کوچهٔ %u، پلاک %u.",
             complaints[draw % COUNT(complaints)], streets[draw % COUNT(streets)],
             (unsigned)(draw >> 8) % 90 + 1, (unsigned)(draw >> 20) % 200 + 1);
    intake__register_case_request__init(&out->request);
    out->request.idempotency_key = vafa_new_key(out->key);
    out->request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    out->request.citizen = &out->citizen;
    out->request.topic = (char *)(uintptr_t)topic;
    out->request.place = &out->place;
    out->request.words = out->words;
}

void bench_request_make(struct bench_request *out, uint64_t n)
{
    char area[4];
    snprintf(area, sizeof(area), "%u", (unsigned)(mix(n) >> 40) % 15 + 1);
    bench_request_make_for(out, n, topics[(mix(n) >> 32) % COUNT(topics)], area);
}
