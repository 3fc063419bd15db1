/* One table of names. A value added to the contract shows with its own name until it has one here.
 */
#include "clients/vafa/labels.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct label {
    const char *name; /* in the contract, or a word of ours */
    const char *fa;
    const char *en;
};

/* Persian would be measured in bytes, and cut into words. */
/* clang-format off */
static const struct label enum_labels[] = {
    {"CHANNEL_PHONE", "تلفن", "phone"},
    {"CHANNEL_SMS", "پیامک", "SMS"},
    {"CHANNEL_WEB", "وب", "web"},
    {"CHANNEL_APP", "برنامک", "app"},
    {"CHANNEL_WALK_IN", "حضوری", "in person"},
    {"CHANNEL_SESSION", "نشست مدیران", "managers' session"},
    {"CHANNEL_STAFF", "کارکنان شهر", "city staff"},
    {"CHANNEL_IMPORT", "سابقه", "history"},
    {"URGENCY_NORMAL", "عادی", "normal"},
    {"URGENCY_URGENT", "فوری", "urgent"},
    {"CASE_STATE_REGISTERED", "ثبت شد", "registered"},
    {"CASE_STATE_IN_WORK", "در دست اقدام", "in work"},
    {"CASE_STATE_AWAITING_WORD", "کار واحد پایان یافت؛ در انتظار نظر شهروند",
     "finished by the unit, the citizen will be asked"},
    {"CASE_STATE_CONFIRMED", "تأیید شهروند", "confirmed by the citizen"},
    {"CASE_STATE_CLOSED_UNCONFIRMED", "بسته شد، بی‌تأیید شهروند",
     "closed, not confirmed"},
    {"CASE_STATE_DISPUTED", "شهروند نپذیرفت", "disputed by the citizen"},
    {"CASE_STATE_WITHDRAWN", "پس گرفته شد", "withdrawn"},
    {"CASE_STATE_REFERRED", "بیرون از وظایف شهرداری؛ ارجاع شد",
     "referred: outside the city's duty"},
    {"CASE_STATE_REOPENED", "دوباره در دست اقدام", "reopened"},
    {"TIMELINE_KIND_REGISTERED", "ثبت درخواست", "registered"},
    {"TIMELINE_KIND_ROUTED", "ارجاع", "routed"},
    {"TIMELINE_KIND_ACCEPTED", "پذیرش", "accepted"},
    {"TIMELINE_KIND_REPORTED", "گزارش واحد", "reported"},
    {"TIMELINE_KIND_RETURNED", "بازگشت", "returned"},
    {"TIMELINE_KIND_DONE", "انجام", "done"},
    {"TIMELINE_KIND_WARNED", "هشدار مهلت", "due soon"},
    {"TIMELINE_KIND_ESCALATED", "ارجاع به مقام بالاتر", "went up the ladder"},
    {"TIMELINE_KIND_RESPONSE_OVERDUE", "دیرکرد در پاسخ نخست", "first response overdue"},
    {"TIMELINE_KIND_DUE_MOVED", "جابه‌جایی مهلت", "due date moved"},
    {"TIMELINE_KIND_STORM", "ثبت در حالت طوفان", "registered in a storm"},
    {"TIMELINE_KIND_STORM_DUE_MOVED", "مهلت تازه در حالت طوفان", "new due date in a storm"},
    {"TIMELINE_KIND_ALARMED", "اعلام فوری (کد ۱۰۰)", "told as urgent"},
    {"TIMELINE_KIND_UNACKNOWLEDGED", "کسی تأیید دریافت نکرد", "nobody acknowledged"},
    {"TIMELINE_KIND_ALARM_GIVEN", "سپردن به میز دیگر", "given to another desk"},
    {"TIMELINE_KIND_CALMED", "دیگر فوری نیست", "not urgent any more"},
    {"CHANGE_KIND_WARNED", "هشدار مهلت", "due soon"},
    {"CHANGE_KIND_ESCALATED", "ارجاع به مقام بالاتر", "went up the ladder"},
    {"CHANGE_KIND_RESPONSE_OVERDUE", "دیرکرد در پاسخ نخست", "first response overdue"},
    {"CHANGE_KIND_DUE_MOVED", "جابه‌جایی مهلت", "due date moved"},
    {"CHANGE_KIND_ALARMED", "فوری (کد ۱۰۰)", "urgent"},
    {"CHANGE_KIND_UNACKNOWLEDGED", "کسی تأیید دریافت نکرد", "nobody acknowledged"},
    {"SESSION_STATE_OPEN", "باز", "open"},
    {"SESSION_STATE_CLOSED", "بسته شد", "closed"},
    {"URGENT_CHANGE_KIND_STILL_OPEN", "از پیش بی‌پاسخ", "still open"},
    {"URGENT_CHANGE_KIND_ALARMED", "فوری (کد ۱۰۰)", "urgent"},
    {"URGENT_CHANGE_KIND_ACKNOWLEDGED", "دریافت تأیید شد", "acknowledged"},
    {"URGENT_CHANGE_KIND_WENT_UP", "کسی تأیید دریافت نکرد؛ به مقام بالاتر",
     "nobody acknowledged, went up the ladder"},
    {"URGENT_CHANGE_KIND_DESK", "میز دیگر", "another desk"},
    {"URGENT_CHANGE_KIND_AMENDED", "اصلاح", "amended"},
    {"URGENT_CHANGE_KIND_LEFT", "به واحد دیگر رفت", "left the unit"},
    {"URGENT_CHANGE_KIND_DONE", "انجام", "done"},
    {"URGENT_CHANGE_KIND_CLOSED_UNDONE", "بی‌انجام بسته شد", "closed undone"},
    {"URGENT_CHANGE_KIND_CANCELLED", "لغو", "cancelled"},
    {"URGENT_CHANGE_KIND_JOINED", "پیوست به کار دیگر", "joined to another"},
    {"URGENT_CHANGE_KIND_CALMED", "دیگر فوری نیست", "not urgent any more"},
    {"CLOCK_KIND_WALL", "شبانه‌روزی", "every hour"},
    {"CLOCK_KIND_WORKING", "ساعت کار", "working hours"},
    {"TIMELINE_KIND_OVERDUE", "گذشت مهلت", "overdue"},
    {"TIMELINE_KIND_CALL_SCHEDULED", "نوبت تماس بازخورد", "call-back planned"},
    {"TIMELINE_KIND_CALL_ATTEMPTED", "تماس بی‌پاسخ", "call-back tried"},
    {"TIMELINE_KIND_CALL_COMPLETED", "پایان تماس بازخورد", "call-back ended"},
    {"TIMELINE_KIND_FEEDBACK_RECORDED", "ثبت نظر شهروند", "feedback recorded"},
    {"TIMELINE_KIND_CHASED", "پیگیری مجدد", "asked again"},
    {"TIMELINE_KIND_AMENDED", "اصلاح", "amended"},
    {"TIMELINE_KIND_WITHDRAWN", "پس گرفتن شهروند", "taken back"},
    {"TIMELINE_KIND_WORDS_ADDED", "گفتهٔ تازهٔ شهروند", "words added"},
    {"QUESTION_KIND_STRING", "متن کوتاه", "short text"},
    {"QUESTION_KIND_NUMBER", "عدد", "number"},
    {"QUESTION_KIND_DATETIME", "زمان", "time"},
    {"QUESTION_KIND_TEXT", "متن", "text"},
    {"QUESTION_KIND_ONE_OF", "یکی از", "one of"},
    {"QUESTION_KIND_SEVERAL_OF", "چند تا از", "several of"},
    {"PLACE_FOUND_GIVEN", "گفته شد", "as given"},
    {"PLACE_FOUND_POINT", "نقطه روی نقشه", "the point lies in it"},
    {"PLACE_FOUND_NEAR", "نزدیک‌ترین به نقطه", "the nearest to the point"},
    {"PLACE_FOUND_NEIGHBOURHOOD", "نام محله", "the neighbourhood's name"},
    {"PLACE_FOUND_NONE", "دانسته نیست", "not known"},
    {"SAME_BY_THING", "همان چیز", "same thing"},
    {"SAME_BY_POINT", "همان جا", "near"},
    {"SAME_BY_STREET", "همان خیابان", "same street"},
    {"TIMELINE_KIND_JOINED", "پیوست به درخواست دیگر", "joined to another request"},
    {"TIMELINE_KIND_SPLIT", "جدا شد", "split off"},
    {"TIMELINE_KIND_LEFT", "کنار رفت از کار مشترک", "left the shared task"},
    {"TIMELINE_KIND_SEEN", "دیده شد", "seen"},
    {"TIMELINE_KIND_PLANNED", "زمان‌بندی", "planned"},
    {"TIMELINE_KIND_STARTED", "آغاز کار", "started"},
    {"TIMELINE_KIND_PAUSED", "در انتظار", "waiting"},
    {"TIMELINE_KIND_RESUMED", "پایان انتظار", "waiting over"},
    {"TIMELINE_KIND_REFERRED", "ارجاع به بیرون از شهرداری", "referred outside the city"},
    {"TIMELINE_KIND_CLOSED_UNDONE", "بسته شد، انجام نشد", "closed undone"},
    {"TIMELINE_KIND_MOVED", "جابه‌جایی", "moved"},
    {"TIMELINE_KIND_REOPENED", "بازگشایی", "reopened"},
    {"TIMELINE_KIND_CANCELLED", "لغو", "cancelled"},
    {"TIMELINE_KIND_HELPER", "درخواست همکاری", "help asked"},
    {"TIMELINE_KIND_HELP_ENDED", "پایان همکاری", "help ended"},
    {"CALL_RESULT_REGISTERED", "ثبت درخواست", "request registered"},
    {"CALL_RESULT_INFORMED", "راهنمایی", "information given"},
    {"CALL_RESULT_WRONG_NUMBER", "اشتباه", "wrong number"},
    {"CALL_RESULT_SILENT", "بی‌صدا", "silent"},
    {"CALL_RESULT_REFERRED", "ارجاع به جای دیگر", "referred elsewhere"},
    {"CALL_RESULT_CHASED", "پیگیری مجدد", "asked again"},
    {"CALL_RESULT_ABANDONED", "رهاشده در صف", "abandoned"},
    {"CALL_RESULT_LEFT_OPEN", "باز مانده", "left open"},
    {"CITIZEN_VERDICT_DONE", "برطرف شد", "resolved"},
    {"CITIZEN_VERDICT_PARTLY_DONE", "تا اندازه‌ای", "partly"},
    {"CITIZEN_VERDICT_NOT_DONE", "برطرف نشد", "unresolved"},
    {"TASK_STATE_ROUTED", "ارجاع شده", "routed"},
    {"TASK_STATE_ACCEPTED", "پذیرفته", "accepted"},
    {"TASK_STATE_DONE", "انجام شده", "done"},
    {"TASK_STATE_SEEN", "دیده شده", "seen"},
    {"TASK_STATE_PLANNED", "زمان‌بندی شده", "planned"},
    {"TASK_STATE_WORKING", "در حال انجام", "in work"},
    {"TASK_STATE_WAITING", "در انتظار", "waiting"},
    {"TASK_STATE_CLOSED_UNDONE", "بسته، انجام نشده", "closed undone"},
    {"TASK_STATE_CANCELLED", "لغو شده", "cancelled"},
    {"PAUSE_REASON_CITIZEN", "شهروند", "the citizen"},
    {"PAUSE_REASON_BODY", "نهاد دیگر", "another body"},
    {"CLOSE_REASON_NOT_FEASIBLE", "شدنی نیست", "not feasible"},
    {"CLOSE_REASON_NO_BUDGET", "بودجه نیست", "no budget"},
    {"CLOSE_REASON_PLANNED_LATER", "در برنامهٔ آینده", "planned for later"},
    {"CLOSE_REASON_NOT_FOUND", "یافت نشد", "not found"},
    {"CLOSE_REASON_OUTSIDE_DUTY", "خارج از وظایف شهرداری", "outside the city's duty"},
    {"CHANGE_KIND_ROUTED", "ارجاع", "routed"},
    {"CHANGE_KIND_ACCEPTED", "پذیرش", "accepted"},
    {"CHANGE_KIND_REPORTED", "گزارش", "reported"},
    {"CHANGE_KIND_RETURNED", "بازگشت", "returned"},
    {"CHANGE_KIND_DONE", "انجام", "done"},
    {"CHANGE_KIND_OVERDUE", "گذشت مهلت", "overdue"},
    {"CHANGE_KIND_SEEN", "دیده شد", "seen"},
    {"CHANGE_KIND_PLANNED", "زمان‌بندی", "planned"},
    {"CHANGE_KIND_STARTED", "آغاز کار", "started"},
    {"CHANGE_KIND_PAUSED", "در انتظار", "waiting"},
    {"CHANGE_KIND_RESUMED", "پایان انتظار", "waiting over"},
    {"CHANGE_KIND_CLOSED_UNDONE", "بسته شد، انجام نشد", "closed undone"},
    {"CHANGE_KIND_MOVED", "جابه‌جایی", "moved"},
    {"CHANGE_KIND_REOPENED", "بازگشایی", "reopened"},
    {"CHANGE_KIND_CANCELLED", "لغو", "cancelled"},
    {"CHANGE_KIND_HELP_ASKED", "درخواست همکاری", "help asked"},
    {"CHANGE_KIND_HELP_FINISHED", "پایان همکاری", "help ended"},
    {"TASK_STATE_JOINED", "به کار دیگری پیوست", "joined to another task"},
    {"CHANGE_KIND_JOINED", "پیوستن درخواست", "request joined"},
    {"CHANGE_KIND_SPLIT", "جدا شدن درخواست", "request split off"},
    {"CHANGE_KIND_CHASED", "پیگیری مجدد", "asked again"},
    {"CHANGE_KIND_AMENDED", "اصلاح یا گفتهٔ تازه", "amended, or words added"},
    {"CALL_STATE_WAITING", "در نوبت", "waiting"},
    {"CALL_STATE_CLAIMED", "نزد کاربر", "claimed"},
    {"CALL_STATE_ANSWERED", "پاسخ داد", "answered"},
    {"CALL_STATE_UNREACHED", "دسترسی نشد", "not reached"},
    {"CALL_STATE_WITHDRAWN", "دیگر لازم نیست", "not to be made any more"},
    {"CALL_OUTCOME_ANSWERED", "پاسخ داد", "answered"},
    {"CALL_OUTCOME_NO_ANSWER", "بی‌پاسخ", "no answer"},
    {"CALL_OUTCOME_BUSY", "مشغول", "busy"},
    {"CALL_OUTCOME_WRONG_NUMBER", "شمارهٔ نادرست", "wrong number"},
    {"CALL_OUTCOME_REFUSED", "نخواست", "refused"},
    {"CALL_OUTCOME_FORGOTTEN", "فراموش شد", "forgotten"},
    {"RESOLUTION_RESOLVED", "برطرف شد", "resolved"},
    {"RESOLUTION_PARTLY", "تا اندازه‌ای", "partly"},
    {"RESOLUTION_UNRESOLVED", "برطرف نشد", "unresolved"},
    {"SERVING_STATE_SERVING", "برقرار", "serving"},
    {"SERVING_STATE_DEGRADED", "با کاستی", "degraded"},
    {"SERVING_STATE_DRAINING", "در حال توقف", "stopping"},
};
/* clang-format on */

/* Persian would be measured in bytes, and cut into words. */
/* clang-format off */
static const struct label word_labels[] = {
    {"code", "کد رهگیری", "code"},
    {"number", "شماره", "number"},
    {"task", "کار", "task"},
    {"call", "تماس", "call"},
    {"topic", "موضوع", "topic"},
    {"area", "منطقه", "area"},
    {"unit", "واحد", "unit"},
    {"channel", "راه تماس", "channel"},
    {"period", "دوره", "period"},
    {"place", "نشانی", "place"},
    {"yes", "بله", "yes"},
    {"group", "گروه", "group"},
    {"urgent", "فوری", "urgent"},
    {"question", "پرسش", "question"},
    {"questions", "پرسش‌ها", "questions"},
    {"required", "الزامی", "required"},
    {"choices", "گزینه‌ها", "choices"},
    {"outside", "بیرون از شهرداری", "outside the city"},
    {"line", "خط", "line"},
    {"direction", "سوی", "towards"},
    {"stop", "ایستگاه", "stop"},
    {"pole", "تیر", "pole"},
    {"vehicle", "کد وسیله", "vehicle"},
    {"found_by", "یافته از", "found by"},
    {"nearest", "نزدیک‌ترین", "nearest"},
    {"lookup", "هر جست‌وجو", "a look-up"},
    {"state", "وضعیت", "state"},
    {"urgency", "فوریت", "urgency"},
    {"urgent_since", "فوری از", "urgent since"},
    {"given_to", "سپرده به میز", "given to"},
    {"instead_of", "به جای میز", "instead of"},
    {"acknowledge_by", "مهلت تأیید دریافت", "to be acknowledged by"},
    {"acknowledged", "تأیید دریافت", "acknowledged"},
    {"acknowledged_by", "تأییدکننده", "acknowledged by"},
    {"nobody_yet", "هنوز هیچ‌کس", "nobody yet"},
    {"went_up", "ارجاع به بالا", "went up"},
    {"emergency_phone", "خطر جانی؛ تماس فوری با", "danger to life, dial"},
    {"registered", "زمان ثبت", "registered"},
    {"occurred", "زمان رویداد", "occurred"},
    {"due", "مهلت", "due"},
    {"time", "زمان", "time"},
    {"what", "رویداد", "what"},
    {"note", "یادداشت", "note"},
    {"kind", "گونه", "kind"},
    {"attempts", "دفعات", "attempts"},
    {"operator", "کاربر", "operator"},
    {"outcome", "نتیجه", "outcome"},
    {"resolution", "نظر شهروند", "resolution"},
    {"score", "امتیاز", "score"},
    {"requests", "درخواست", "requests"},
    {"done", "انجام شده", "done"},
    {"open", "باز", "open"},
    {"on_time", "به‌موقع", "on time"},
    {"on_time_count", "شمار به‌موقع", "on time (count)"},
    {"done_with_due", "انجام شدهٔ مهلت‌دار", "done with due date"},
    {"calls", "تماس", "calls"},
    {"answered", "پاسخ داده", "answered"},
    {"answers", "پاسخ", "answers"},
    {"mean", "میانگین", "mean"},
    {"satisfied", "رضایت", "satisfied"},
    {"resolved", "برطرف شده", "resolved"},
    {"partly", "تا اندازه‌ای", "partly"},
    {"unresolved", "برطرف نشده", "unresolved"},
    {"overdue", "دیرکرد", "overdue"},
    {"closed_undone", "بسته، انجام نشده", "closed undone"},
    {"state_closed_undone", "بسته شد، انجام نشد؛ در انتظار نظر شهروند",
     "closed undone, the citizen will be asked"},
    {"cancelled", "لغو شده", "cancelled"},
    {"referred", "ارجاع به بیرون", "referred"},
    {"seen", "زمان دیدن", "seen"},
    {"planned_for", "زمان برنامه", "planned for"},
    {"started", "آغاز کار", "started"},
    {"waits_until", "انتظار تا", "waits until"},
    {"waits_for", "در انتظار", "waits for"},
    {"closed", "زمان بستن", "closed"},
    {"held", "نزد این میز", "held"},
    {"behind", "عقب‌ماندگی", "behind"},
    {"since", "از", "since"},
    {"desks", "میزها", "desks"},
    {"desk", "میز", "desk"},
    {"units_before", "واحدهای پیشین", "units before"},
    {"went_up_to", "جهت اطلاع", "told as well"},
    {"by_the_pack_here",
     "سرور پاسخ نداد؛ این از روی بسته‌ای است که "
     "این‌جاست.",
     "The server did not answer: this is by the pack that lies here."},
    {"helping_unit", "واحد همکار", "helping unit"},
    {"withdrawn", "پس گرفته شد", "withdrawn"},
    {"for_decision", "در انتظار تصمیم", "to be decided"},
    {"look_up_none",
     "با این کد و این رقم‌ها درخواستی نیست؛ فرصت‌های "
     "باقی‌مانده:",
     "code, digits: no request has both; tries left:"},
    {"call_none_due", "اکنون نوبت تماسی نیست", "no call is due"},
    {"number_to_call", "برای دیدن شمارهٔ شهروند:", "The number to call:"},
    {"call_next_at", "؛ نوبت بعدی: ", "; the next one at "},
    {"finished", "پایان کار", "finish"},
    {"finished_undone", "انجام نشد: به شهروند بگویید چرا؛ نپرسید «انجام شد؟»",
     "not done: tell the citizen why, do not ask whether it is done"},
    {"finished_why", "چرا انجام نشد", "why it was not done"},
    {"close_reason", "دلیل", "reason"},
    {"until", "تا", "until"},
    {"for_date", "برای", "for"},
    {"picture", "تصویر", "picture"},
    {"name", "نام", "name"},
    {"key", "کلید", "key"},
    {"name_fa", "نام فارسی", "Persian name"},
    {"name_en", "نام انگلیسی", "English name"},
    {"phone", "تلفن", "phone"},
    {"no_call_back", "بی‌تلفن: تماس بازخورد گرفته نمی‌شود",
     "no phone: no call-back"},
    {"referred_no_call_back",
     "کار شهرداری نیست: تماس بازخورد گرفته نمی‌شود",
     "not the city's: no call-back"},
    {"words", "گفتهٔ شهروند", "words"},
    {"source", "منبع", "source"},
    {"respond_by", "مهلت پاسخ نخست", "first response by"},
    {"responded", "پاسخ نخست", "first response"},
    {"warn_at", "هشدار در", "warned at"},
    {"escalate_at", "ارجاع به بالا در", "goes up at"},
    {"clock", "شمارش زمان", "clock"},
    {"share", "سهم واحد", "share"},
    {"clock_closed",
     "تعطیلی ثبت شد؛ مهلت‌های باز جابه‌جا می‌شود. از",
     "The closure is announced, and open due dates move. From"},
    {"date", "تاریخ", "date"},
    {"weekday", "روز", "day"},
    {"hours", "ساعت کار", "hours"},
    {"counted", "به شمار", "counted"},
    {"sum", "جمع", "sum"},
    {"unit_day", "روز", "d"},
    {"unit_hour", "ساعت", "h"},
    {"unit_minute", "دقیقه", "min"},
    {"unit_metre", "متر", "m"},
    {"none_found", "چیزی پیدا نشد", "nothing found"},
    {"waited", "انتظار", "waited"},
    {"longest", "بیشترین", "longest"},
    {"why", "چرا", "why"},
    {"day_closed", "بسته", "closed"},
    {"holiday", "تعطیل", "holiday"},
    {"saturday", "شنبه", "Saturday"},
    {"sunday", "یکشنبه", "Sunday"},
    {"monday", "دوشنبه", "Monday"},
    {"tuesday", "سه‌شنبه", "Tuesday"},
    {"wednesday", "چهارشنبه", "Wednesday"},
    {"thursday", "پنجشنبه", "Thursday"},
    {"friday", "جمعه", "Friday"},
    {"clock_predicted", "پیش‌بینی؛ شاید یک روز جابه‌جا شود",
     "predicted, may be a day off"},
    {"clock_dated", "ساعت کار", "hours of"},
    {"clock_forward", "ساعت رسمی به جلو", "clock put forward"},
    {"clock_back", "ساعت رسمی به عقب", "clock put back"},
    {"clock_wall", "همهٔ ساعت‌های شبانه‌روز به شمار می‌آید.",
     "Every hour counts, day and night."},
    {"clock_holidays_end",
     "هشدار: تعطیلات بستهٔ شهر تا این تاریخ است:", "Warning: the pack's holidays are known up to"},
    {"same_none", "درخواست باز همانندی پیدا نشد", "no open request looks like this one"},
    {"same_partial",
     "درخواست‌های باز بسیار است؛ شاید نزدیک‌تر هم باشد",
     "many requests are open around: others may lie closer"},
    {"by", "چرا", "why"},
    {"metres", "متر", "metres"},
    {"age", "سن", "age"},
    {"incident", "پیوسته به", "joined to"},
    {"joined", "پیوسته‌ها", "joined to it"},
    {"callers", "تماس‌گیرنده", "callers"},
    {"good", "سالم", "good"},
    {"damaged", "آسیب‌دیده", "DAMAGED"},
    {"service", "سرویس", "service"},
    {"events", "رویداد", "events"},
    {"followed", "پی‌گرفته", "followed"},
    {"follows", "پی‌گیری دیگران", "follows"},
    {"version", "نسخه", "version"},
    {"store", "قالب انبار", "store"},
    {"city", "شهر", "city"},
    {"pack", "بستهٔ شهر", "pack"},
    {"purpose", "برای", "purpose"},
    {"level", "سطح خدمت", "service level"},
    {"due_hours", "ساعت مهلت", "due hours"},
    {"rule_line", "سطر", "line"},
    {"rule_helper", "واحد همکار", "helping unit"},
    {"rule_condition", "شرط", "condition"},
    {"rule_outcome", "نتیجه", "outcome"},
    {"rule_takes", "این قاعده می‌پذیرد", "takes it"},
    {"rule_other_topic", "موضوع دیگری است", "another topic"},
    {"rule_other_area", "منطقهٔ دیگری است، یا ناشناخته", "another area, or not known"},
    {"rule_other_urgency", "فوریت دیگری است", "another urgency"},
    {"rule_other_neighbourhood", "محلهٔ دیگری است، یا ناشناخته",
     "another neighbourhood, or not known"},
    {"rule_other_zone", "بیرون از پهنهٔ آن است، یا بی‌نقطه",
     "outside its zone, or no point"},
    {"rule_other_answer", "پاسخ دیگری است، یا داده نشده", "another answer, or none"},
    {"rule_other_time", "زمان دیگری است", "another time"},
    {"rule_no_unit", "چنین واحدی نیست", "no such unit"},
    {"rules_of_other_topics", "قاعده برای موضوع‌های دیگر پیش از آن",
     "rules for other topics before it"},
    {"unit_before", "واحد کنونی", "unit now"},
    {"unit_after", "واحد تازه", "unit then"},
    {"example", "نمونه", "example"},
    {"would_move", "به واحد دیگری می‌رفت", "would go elsewhere"},
    {"without_rule", "بی‌پرسش از قاعده‌ها", "without a rule"},
    {"working_hours", "ساعت کار", "working hours"},
    {"all_hours", "شبانه‌روزی", "every hour"},
    {"unlisted", "در هیچ فهرستی نیست", "not listed"},
    {"due_otherwise", "مهلت دیگری داشت", "would have other due hours"},
    {"sealed_parts", "بخش مهرشده", "sealed parts"},
    {"events_read", "رویداد خوانده", "events read"},
    {"can_be_read", "خواندنی است", "can be read"},
    {"forgotten", "فراموش شد", "forgotten"},
    {"forgotten_everywhere", "فراموش شد، در نسخه‌های کهنه نیز",
     "forgotten, in older copies, too"},
    {"never_held", "چیزی نبود", "nothing was held"},
    {"citizen_forgotten", "فراموش شد: شهروند", "forgotten: citizen"},
    {"forgotten_not_final",
     "نسخه‌های کهنه هنوز باز می‌شوند: "
     "vafa key change",
     "Older copies (backups) still open with the master key of now: vafa key change"},
    {"master_keys", "کلید اصلی", "master keys"},
    {"wrapped", "زیر کلید تازه تا", "under the newest up to"},
    {"citizens", "شهروند", "citizens"},
    {"digest", "نشان", "digest"},
    {"actor", "چه کسی", "who"},
    {"event", "رویداد", "event"},
    {"in_charge", "کار آن با", "its work is with"},
    {"valid_from", "از تاریخ", "from"},
    {"valid_to", "تا تاریخ", "to"},
    {"leader", "سرپرست", "leader"},
    {"taken_back", "(برگشت)", "(back)"},
    {"no_pack_taken", "تا کنون بستهٔ دیگری گرفته نشده است.",
     "No other pack has been taken: the one the services were started with is in force."},
    {"pack_in_force", "بستهٔ شهر از این پس: ", "City pack in force: "},
    {"from_its_start", "از آغاز", "from its start"},
    {"key_changed",
     "کلید اصلی تازه شد: رونوشت آن را "
     "جدا نگه دارید. کلید کهنه را تا وقتی "
     "نسخهٔ پشتیبانی با آن دارید نگه دارید، "
     "و بعد همهٔ رونوشت‌هایش را نابود کنید.",
     "The master key has been changed: keep a copy of keys/master.key apart, and destroy copies of "
     "the old one as soon as no older backup needs them."},
    {"backup_set", "نسخهٔ پشتیبان در", "Backup set in"},
    {"backup_key", "کلید اصلی در آن نیست: keys/master.key پوشهٔ داده را جداگانه نگه دارید.",
     "The master key is not in it: keep keys/master.key of the data folder apart, and keep it."},
    {"top_one", "نخستین درست", "first right"},
    {"top_three", "یکی از سه درست", "one of three right"},
    {"suggested", "پیشنهاد داده شد", "suggested"},
    {"answered_first", "از آن، نخستین درست", "of those, first right"},
    {"answered_three", "از آن، یکی درست", "of those, one right"},
    {"suggestions", "پیشنهادها", "suggestions"},
    {"pack_words_alone", "تنها واژه‌های بسته", "the pack's words alone"},
    {"most_frequent", "پرشمارترین موضوع", "the most frequent topic"},
    {"most_frequent_hindsight",
     "پرشمارترین، اگر از پیش دانسته می‌شد",
     "most frequent in hindsight"},
    {"no_suggestion",
     "پیشنهادی نیست: از این واژه‌ها چیزی برنمی‌آید.",
     "No suggestion: these words tell too little."},
    {"learned_rows", "آموخته", "learned"},
    {"asked_rows", "پرسیده", "asked"},
    {"confidence", "اطمینان", "confidence"},
    {"rows_without", "بی‌متن یا بی‌موضوع", "without words or topic"},
    {"rows_unusable", "به‌کارنیامدنی", "unusable"},
    {"learned_first", "ردیف نخست آموخته شد", "rows learned first"},
    {"asked_about", "ردیف پرسیده شد", "asked about"},
    {"a_suggestion", "یک پیشنهاد", "one suggestion"},
    {"median", "میانه", "median"},
    {"import_rows", "ردیف خوانده شد", "rows read"},
    {"import_registered", "  ثبت شد", "  registered"},
    {"import_already_there", "  از پیش بود", "  already there"},
    {"import_rejected", "  پذیرفته نشد", "  rejected"},
    {"import_requests", "درخواست‌های این ردیف‌ها", "requests of these rows"},
    {"import_finished", "  پایان یافت", "  finished"},
    {"import_already_finished", "  از پیش پایان یافته بود", "  already finished"},
    {"import_still_open", "  هنوز باز است", "  still open"},
    {"import_failed", "  پایان نیافت", "  could not be finished"},
    {"import_duplicates",
     "ردیف شناسه‌ای را تکرار می‌کند: نخستین هر کدام به شمار "
     "می‌آید.",
     "rows repeat an id of the file: the first of each counts."},
    {"import_closed_too_early", "ردیف پیش از گشوده شدن بسته شده بود: همان دم بسته گرفته شد.",
     "rows were closed before they were opened: taken as closed at once."},
    {"import_notes_cut", "یادداشت پایانی بلندتر از ۱۰۰۰ نویسه بود: کوتاه شد.",
     "closing notes were longer than 1,000 characters: cut."},
    {"import_rejected_file",
     "ردیف‌های پذیرفته‌نشده، با شمارهٔ خط و دلیل",
     "Rejected rows with their lines and reasons"},
    {"seconds", "ثانیه", "s"},
    {"rows_a_second", "ردیف در ثانیه", "rows/s"},
    {"import_broken_off", "ناتمام ماند", "broken off"},
    {"import_adds_up", "جمع‌ها می‌خواند", "it adds up"},
    {"import_does_not_add_up", "جمع‌ها نمی‌خواند!", "IT DOES NOT ADD UP"},
    {"queued", "آغاز انتظار", "queued"},
    {"answered_at", "زمان پاسخ", "answered at"},
    {"opened", "آغاز تماس", "opened"},
    {"ended", "پایان تماس", "ended"},
    {"result", "پایان", "ended as"},
    {"goes_on", "در جریان", "it goes on"},
    {"registered_in_it", "ثبت در این تماس", "registered in it"},
    {"chased_in_it", "پیگیری در این تماس", "asked again in it"},
    {"times_called", "بارهای تماس", "times called"},
    {"older_requests", "درخواست‌های کهن‌تر هم هست: vafa history",
     "There are older requests: vafa history"},
    {"not_known", "ناشناس", "not known"},
    {"chases", "پیگیری مجدد", "asked again"},
    {"amendments", "شمار اصلاح", "amended"},
    {"words_added", "گفته‌های تازه", "words added"},
    {"all", "همه", "all"},
    {"storm", "حالت طوفان", "storm"},
    {"surge", "اوج تماس", "surge"},
    {"surge_lasts", "ادامه دارد", "lasts"},
    {"surge_outside", "ادامه دارد؛ بیرون از وظایف شهرداری", "lasts, outside the duty"},
    {"surge_counts", "در آغاز", "at first"},
    {"surge_usual", "معمول", "usual"},
    {"surge_most", "بیشترین", "most"},
    {"storm_runs", "در جریان", "runs"},
    {"storm_over", "به سر آمد", "over"},
    {"storm_ended", "پایان داده شد", "ended"},
    {"storm_from", "از", "from"},
    {"storm_allow", "مهلت", "time"},
    {"storm_counts", "درخواست‌ها", "requests"},
    {"storm_reason", "دلیل", "reason"},
    {"storm_join_after",
     "ثبت شد. اگر یکی از این‌هاست: vafa case join CODE --with CODE",
     "Registered. If it is one of these: vafa case join CODE --with CODE"},
    {"storm_join_first",
     "حالت طوفان: ثبت نشد. اگر یکی از این‌هاست --join CODE، وگرنه "
     "--alone",
     "A storm is running: nothing was registered. If it is one of these: --join CODE, if not: "
     "--alone"},
    {"session", "نشست", "session"},
    {"session_over", "وقتش به سر آمد", "its time was over"},
    {"session_shows", "واحدها:", "units:"},
    {"session_left_out",
     "فوری‌های بی‌پاسخ دیگر که نشان داده نشد:",
     "urgent and open, not shown:"},
    {"session_has_it", "در دست", "has it:"},
    {"session_nobody", "بی‌پاسخ، مهلت", "nobody yet, until"},
    {"people", "حاضران", "there"},
    {"missing", "بی‌پاسخ", "not answered"},
    {"search_looked_at", "بررسی‌شده:", "looked at:"},
    {"search_goes_on", "بیشتر هم هست: --after", "There may be more: --after"},
    {"search_unreadable",
     "درخواست‌هایی که گفته‌هایشان آسیب دیده است و جست‌وجو نشد (vafa "
     "verify)",
     "requests whose words are damaged and could not be searched (vafa verify)"},
    {"added_words", "گفتهٔ تازه", "added"},
    {",", "،", ","},
    {"of", "از", "of"},
    {"rows", "ردیف", "rows"},
    {"registered_before", "پیش‌تر ثبت شده بود؛ چیزی افزوده نشد.",
     "It was registered before; nothing was added."},
    {";", "؛", ";"},
    {"none", "—", "—"},
};
/* clang-format on */

static const struct label *find_label(const struct label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0) {
            return &labels[i];
        }
    }
    return NULL;
}

static const char *in_language(const struct label *label, const char *language)
{
    return strcmp(language, "fa") == 0 ? label->fa : label->en;
}

const char *label_enum(const ProtobufCEnumDescriptor *type, int value, const char *language)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known == NULL || value == 0) {
        return "";
    }
    const struct label *label =
        find_label(enum_labels, sizeof(enum_labels) / sizeof(enum_labels[0]), known->name);
    return label != NULL ? in_language(label, language) : known->name;
}

const char *label_word(const char *word, const char *language)
{
    const struct label *label =
        find_label(word_labels, sizeof(word_labels) / sizeof(word_labels[0]), word);
    return label != NULL ? in_language(label, language) : word;
}

/* The part of the names that all share: values[0] is PREFIX_UNSPECIFIED by the rules of the
 * contract. */
static size_t prefix_length(const ProtobufCEnumDescriptor *type)
{
    const char *tail = strstr(type->values[0].name, "UNSPECIFIED");
    return tail != NULL ? (size_t)(tail - type->values[0].name) : 0;
}

static void typed_spelling(const char *name, char *out, size_t out_size)
{
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < out_size; i++) {
        out[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
    }
    out[i] = '\0';
}

int label_enum_value(const ProtobufCEnumDescriptor *type, const char *text)
{
    char wanted[64];
    typed_spelling(text, wanted, sizeof(wanted));
    for (unsigned i = 0; i < type->n_values; i++) {
        char spelling[64];
        typed_spelling(type->values[i].name + prefix_length(type), spelling, sizeof(spelling));
        if (type->values[i].value != 0 && strcmp(spelling, wanted) == 0) {
            return type->values[i].value;
        }
    }
    return -1;
}

void label_enum_word(const ProtobufCEnumDescriptor *type, int value, char *out, size_t out_size)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    const char *name = known != NULL ? known->name + prefix_length(type) : "";
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < out_size; i++) {
        out[i] = (char)tolower((unsigned char)name[i]);
    }
    out[i] = '\0';
}

static bool is_left_out(int value, const int *without)
{
    for (; without != NULL && *without != 0; without++) {
        if (*without == value) {
            return true;
        }
    }
    return value == 0;
}

void label_enum_choices(const ProtobufCEnumDescriptor *type, const int *without, char *out,
                        size_t out_size)
{
    size_t at = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < type->n_values && at < out_size; i++) {
        char spelling[64];
        if (!is_left_out(type->values[i].value, without)) {
            typed_spelling(type->values[i].name + prefix_length(type), spelling, sizeof(spelling));
            at += (size_t)snprintf(out + at, out_size - at, "%s%s", at > 0 ? ", " : "", spelling);
        }
    }
}
