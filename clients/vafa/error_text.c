#include "clients/vafa/error_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* --- fields --- */

/* Where the option is called otherwise; of several the first that the command has. */
static const struct {
    const char *field;
    const char *option;
} aliases[] = {
    {"idempotency_key", "key"},
    {"citizen.name", "citizen"},
    {"citizen.phone", "phone"},
    {"phone_digits", "digits"},
    {"call_number", "in-call"},
    {"to_unit", "to"},
    {"unit", "to"},
    {"unit", "of"},
    {"to_us", "to"},
    {"until_us", "to"},
    {"occurred_at_us", "at"},
    {"place_words", "place"},
    {"page_size", "limit"},
    {"page_token", "after"},
    {"requests_max", "limit"},
    {"tasks_max", "max"},
    {"answers", "answer"},
    {"desk", "name"},
    {"citizen", "phone"},
    {"planned_for_us", "for"},
    {"pictures", "picture"},
    {"changes_max", "limit"},
    {"ends_at_us", "hours"},
    {"until_us", "hours"},
    {"states", "state"},
    {"join", "with"},
    {"words", "note"},
    {"reason", "note"},
    {"code", "with"},
};

static bool has_option(const struct option_def *defs, const char *name)
{
    for (; defs != NULL && defs->name != NULL; defs++) {
        if (strcmp(defs->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

/* As an option would be spelt: without the unit of a time, dashes for what joins words. */
static void option_spelling(const char *field, char out[64])
{
    static const char *const units[] = {"_at_us", "_us", "_name"};
    snprintf(out, 64, "%s", field);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ends_with(out, units[i])) {
            out[strlen(out) - strlen(units[i])] = '\0';
            break;
        }
    }
    for (char *c = out; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
}

/* "CODE" for code, "CALL" for call_number, "N" for any other number, "LAT,LON" for a point; "[TOPIC]"
 * is a topic, too. */
static bool is_argument(const struct command *command, const char *field)
{
    char name[64];
    const char *argument = command->arguments + (command->arguments[0] == '[');
    size_t size = strcspn(argument, "]");
    snprintf(name, sizeof(name), "%s", field);
    bool is_number = ends_with(name, "_number");
    if (is_number) {
        name[strlen(name) - strlen("_number")] = '\0';
    }
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return (strlen(name) == size && strncmp(argument, name, size) == 0) ||
           (is_number && strcmp(argument, "N") == 0) ||
           (strcmp(argument, "LAT,LON") == 0 && strcmp(field, "point") == 0);
}

static const char *option_of(const struct command *command, const char *field)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(aliases[i].field, field) == 0 &&
            (has_option(command->options, aliases[i].option) ||
             (strcmp(aliases[i].option, "key") == 0 && command->changes))) {
            return aliases[i].option;
        }
    }
    return NULL;
}

void error_text_field(const struct command *command, const struct error *err, char *out,
                      size_t out_size)
{
    const char *field = err->field;
    char option[64];
    size_t head = strcspn(field, ".");
    char first[64];
    option_spelling(field, option);
    snprintf(first, sizeof(first), "%.*s", (int)head, field);
    if (command == NULL || field[0] == '\0') {
        snprintf(out, out_size, "%s", field);
    } else if (err->status == STATUS_PERMISSION_DENIED && strcmp(field, "unit") == 0) {
        snprintf(out, out_size, "--unit"); /* the caller's, not one that the command names */
    } else if (has_option(command->options, option)) {
        snprintf(out, out_size, "--%s", option);
    } else if (is_argument(command, field)) {
        snprintf(out, out_size, "%s", command->arguments);
    } else if (option_of(command, field) != NULL) {
        snprintf(out, out_size, "--%s", option_of(command, field));
    } else if (option_of(command, first) != NULL && field[head] == '.') {
        snprintf(out, out_size, "--%s %s", option_of(command, first), field + head + 1);
    } else if (has_option(commands_common_options(command), option)) {
        snprintf(out, out_size, "--%s", option);
    } else {
        snprintf(out, out_size, "%s", field);
    }
}

/* --- reasons --- */

/* clang-format off */
static const struct {
    enum status status;
    const char *field; /* NULL: any; ending with '.': all that begin so */
    const char *fa;
} reasons[] = {
    {STATUS_NOT_FOUND, "code", "درخواستی با این کد رهگیری نیست"},
    {STATUS_NOT_FOUND, "join", "درخواستی با این کد رهگیری نیست"},
    {STATUS_INVALID_ARGUMENT, "code", "کد رهگیری ده رقم است؛ این کد درست نیست"},
    {STATUS_NOT_FOUND, "topic", "این موضوع در بستهٔ شهر نیست"},
    {STATUS_NOT_FOUND, "topics", "این موضوع در بستهٔ شهر نیست"},
    {STATUS_NOT_FOUND, "area", "این منطقه در بستهٔ شهر نیست"},
    {STATUS_NOT_FOUND, "areas", "این منطقه در بستهٔ شهر نیست"},
    {STATUS_NOT_FOUND, "unit", "چنین واحدی نیست"},
    {STATUS_NOT_FOUND, "to_unit", "چنین واحدی نیست"},
    {STATUS_NOT_FOUND, "task_number", "چنین کاری نیست"},
    {STATUS_NOT_FOUND, "call_number", "چنین تماسی نیست"},
    {STATUS_NOT_FOUND, "storm_number", "چنین طوفانی نیست"},
    {STATUS_NOT_FOUND, "session_number", "چنین نشستی نیست"},
    {STATUS_NOT_FOUND, "surge", "چنین اوج تماسی نیست"},
    {STATUS_NOT_FOUND, "case_number", "برای این درخواست کاری نیست"},
    {STATUS_NOT_FOUND, "city", "بستهٔ شهری با این نام یا در این پوشه نیست"},
    {STATUS_NOT_FOUND, "profile", "بستهٔ شهر چنین نمایه‌ای ندارد"},
    {STATUS_NOT_FOUND, "phone", "کسی با این شماره شناخته نیست"},
    {STATUS_INVALID_ARGUMENT, "citizen.phone", "این شمارهٔ تلفن خوانده نشد"},
    {STATUS_INVALID_ARGUMENT, "phone", "این شمارهٔ تلفن خوانده نشد"},
    {STATUS_INVALID_ARGUMENT, "phone_digits", "چهار یا هشت رقم آخر تلفن لازم است"},
    {STATUS_RESOURCE_EXHAUSTED, "phone_digits",
     "رقم‌های نادرست بسیار بوده است: هشت رقم آخر تلفن را بدهید، یا دیرتر "
     "بیایید"},
    {STATUS_INVALID_ARGUMENT, "answers.", "پاسخ این پرسش داده نشده، یا پذیرفتنی نیست"},
    {STATUS_INVALID_ARGUMENT, "reason", "دلیل را بنویسید"},
    {STATUS_INVALID_ARGUMENT, "place", "نشانی کامل نیست"},
    {STATUS_INVALID_ARGUMENT, "point", "نقطه خوانده نشد"},
    {STATUS_INVALID_ARGUMENT, "idempotency_key",
     "با این کلید کار دیگری خواسته شده است، یا کلید کهنه است"},
    {STATUS_FAILED_PRECONDITION, "code",
     "با وضع کنونی این درخواست نمی‌شود"},
    {STATUS_FAILED_PRECONDITION, "join", "به این درخواست نمی‌توان پیوست"},
    {STATUS_FAILED_PRECONDITION, "call_number",
     "با وضع کنونی این تماس نمی‌شود"},
    {STATUS_FAILED_PRECONDITION, "task_number",
     "با وضع کنونی این کار نمی‌شود"},
    {STATUS_FAILED_PRECONDITION, "storm_number", "این طوفان پایان یافته است"},
    {STATUS_FAILED_PRECONDITION, "session_number", "این نشست پایان یافته است"},
    {STATUS_FAILED_PRECONDITION, "result",
     "پایان تماس با آنچه در آن گذشت نمی‌خواند"},
    {STATUS_RESOURCE_EXHAUSTED, "code",
     "بیش از اندازه شد؛ دیگر پذیرفته نمی‌شود"},
    {STATUS_PERMISSION_DENIED, NULL, "این نقش یا واحد اجازهٔ این کار را ندارد"},
    {STATUS_NOT_FOUND, "data", "سروری در این پوشه نیست"},
    {STATUS_UNAVAILABLE, NULL, "سرور در دسترس نیست"},
    {STATUS_DEADLINE_EXCEEDED, NULL, "سرور به‌موقع پاسخ نداد"},
    {STATUS_INTERNAL, NULL, "خطای درونی سرور"},
    {STATUS_DATA_LOSS, "after", "چنین جایی در دفتر نیست، یا دفتر رونوشتی کهنه‌تر است"},
    {STATUS_DATA_LOSS, NULL, "داده آسیب دیده است"},
};

/* Whatever the field: what is wrong with a command line, by what its English message says; the first that fits. */
static const struct {
    const char *en, *fa;
} wrong_words[] = {
    {"it is missing: ", "لازم است و گفته نشد"},
    {"it needs a value", "مقدارش گفته نشد"},
    {"there is no such option",
     "چنین گزینه‌ای نیست، یا مقدار نمی‌گیرد"},
    {"\" is not a whole number from ", "عددی در بازهٔ پذیرفتنی نیست"},
    {"\" is none of ", "از گزینه‌های پذیرفتنی نیست"},
    {"\": write YYYY-MM-DD", "این زمان خوانده نشد"},
    {"\": there is no such day", "چنین روزی در تقویم نیست"},
    {" days ahead", "از آنچه شهر اجازه می‌دهد دورتر است"},
    {"it ends before it begins", "پایانش پیش از آغاز است"},
    {"longer than ", "بلندتر از اندازهٔ پذیرفتنی است"},
    {"the time ends before it", "پایانش پیش از آغاز است"},
    {"the end must be later", "پایانش پیش از آغاز است"},
    {"this is not in the future", "این زمان در آینده نیست"},
    {"this is in the future", "این زمان هنوز نرسیده است"},
    {"cannot be later than now", "این زمان هنوز نرسیده است"},
    {"must be within the last day", "زمان‌های تماس باید از شبانه‌روز گذشته و به ترتیب باشند"},
    {"a session ends at most ", "نشست نمی‌تواند چنین دیر پایان یابد"},
    {"a session ends later than now", "پایان نشست باید در آینده باشد"},
    {"it would end no later than it does", "پایان نشست باید دیرتر از آنچه هست باشد"},
    {"it would end more than ", "طوفان نمی‌تواند چنین دیر پایان یابد"},
    {"must not be empty", "لازم است و گفته نشد"},
    {"must be given", "لازم است و گفته نشد"},
    {" is missing: vafa ", "لازم است و گفته نشد"},
    {"hold nothing to search for", "واژه‌ای برای جست‌وجو در آن نیست"},
    {"\" is one argument too many", "این یکی زیادی است"},
    {"well-formed UTF-8", "متن UTF-8 درست نیست"},
    {"is not UTF-8", "متن UTF-8 درست نیست"},
    {"the control character", "نویسهٔ کنترلی در متن است"},
    {"is there twice", "دو بار آمده است"},
    {"is answered twice", "دو بار پاسخ داده شده است"},
    {"\" is not QUESTION=VALUE", "به شکل QUESTION=VALUE نیست"},
    {"\" is not DIM=VALUE", "به شکل DIM=VALUE نیست"},
    {"it has 32 hexadecimal digits", "کلید ۳۲ رقم شانزده‌شانزدهی است"},
    {"say --yes if you mean it", "بازگشت ندارد: اگر به‌راستی می‌خواهید --yes بگویید"},
    {"give what is amended", "بگویید چه اصلاح می‌شود: موضوع، جا، فوریت یا پاسخ‌ها"},
    {"name the unit or body that the caller was referred to", "بگویید تماس‌گیرنده به کجا ارجاع شد"},
    {"which column holds it", "بگویید کدام ستون است"},
    {"the file has no column", "پرونده چنین ستونی ندارد"},
};
/* clang-format on */

static bool is_about(const char *wanted, const char *field)
{
    size_t size = wanted == NULL ? 0 : strlen(wanted);
    return wanted == NULL || strcmp(wanted, field) == 0 ||
           (size > 0 && wanted[size - 1] == '.' && strncmp(wanted, field, size) == 0);
}

const char *error_text_fa(const struct command *command, const struct error *err)
{
    if (command == &command_look_up && err->status == STATUS_RESOURCE_EXHAUSTED &&
        strcmp(err->field, "code") == 0) { /* of other commands it is another limit */
        return "این کد بسته است: نیم ساعت دیگر بکوشید";
    }
    for (size_t i = 0; i < sizeof(wrong_words) / sizeof(wrong_words[0]); i++) {
        const char *at = strstr(err->message, wrong_words[i].en);
        if ((err->status == STATUS_INVALID_ARGUMENT && at != NULL) ||
            (err->status == STATUS_NOT_FOUND &&
             at == err->message)) { /* others quote what was typed */
            return wrong_words[i].fa;
        }
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == err->status && is_about(reasons[i].field, err->field)) {
            return reasons[i].fa;
        }
    }
    return NULL;
}

const char *error_text_retry(bool is_fa)
{
    return is_fa ? "برای کوشش دوباره، بی‌آنکه دو بار انجام شود:"
                 : "To try again without doing it twice, add";
}
