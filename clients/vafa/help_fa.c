/* Texts, beside the English ones that stand where the commands are. */
#include "clients/vafa/help_fa.h"

#include "clients/vafa/help_fa_tables.h"

#include <stdlib.h>
#include <string.h>

/* Persian would be measured in bytes, and cut into words. */
/* clang-format off */
static const struct help_text texts[] = {
    /* headings */
    {"a city's citizen hotline, from the command line",
     "سامانهٔ تلفنی ارتباط شهروندان، از خط فرمان"},
    {"a group of commands", "گروهی از فرمان‌ها"},
    {"SYNOPSIS", "شکل فرمان"},
    {"COMMANDS", "فرمان‌ها"},
    {"DESCRIPTION", "شرح"},
    {"OPTIONS", "گزینه‌های خود فرمان"},
    {"OPTIONS OF EVERY COMMAND", "گزینه‌های همهٔ فرمان‌ها"},
    {"COMMON OPTIONS", "گزینه‌های مشترک"},
    {"EXAMPLES", "نمونه‌ها"},
    {"EXIT STATUS", "کد پایان"},
    {"`vafa COMMAND --help` tells all about one.",
     "«vafa COMMAND --help» همه‌چیزِ یک فرمان را می‌گوید."},
    {"there is no such command", "چنین فرمانی نیست"},
    {"Perhaps this is meant:", "شاید این مقصود است:"},
    {"`vafa --help` lists them", "«vafa --help» فهرستشان را می‌دهد"},
    /* exit codes */
    {"done", "انجام شد"},
    {"the service refused it, or it could not be done", "سرویس نپذیرفت، یا شدنی نبود"},
    {"wrong command line", "خط فرمان نادرست است"},
    {"there is no such request, task, call, unit, topic, area, pack or file",
     "چنین درخواست، کار، تماس، واحد، موضوع، منطقه، بسته یا پرونده‌ای "
     "نیست"},
    {"no server, or no answer in time: try again, with the --key that was told",
     "سرور نبود یا به‌موقع پاسخ نداد: دوباره، با همان --key که گفته "
     "شد"},
    {"a check found something wrong", "وارسی ایرادی یافت"},
    /* options of all commands */
    {"of a try whose answer did not come, as it was told: what was done then is not done again",
     "کلید تلاشی که پاسخش نرسید: آنچه آن بار انجام شده دوباره انجام "
     "نمی‌شود"},
    {"where the services are: ipc:///FOLDER or tcp://127.0.0.1:PORT (VAFA_CONNECT)",
     "نشانی سرویس‌ها: ipc:///FOLDER یا tcp://127.0.0.1:PORT (VAFA_CONNECT)"},
    {"or the server's data folder (VAFA_DATA; ./vafa-data)",
     "یا پوشهٔ دادهٔ سرور (VAFA_DATA؛ ./vafa-data)"},
    {"who calls, for the log (the login name)",
     "چه کسی فرا می‌خواند، برای دفتر (نام کاربری)"},
    {"call in another role: front-end, office, leadership, import, admin",
     "در نقشی دیگر: front-end، office، leadership، import، admin"},
    {"the unit you speak for", "واحدی که از سوی آن سخن می‌گویید"},
    {"how long to wait for an answer, 1 to 300 (10)", "چند ثانیه در انتظار پاسخ، ۱ تا ۳۰۰ (۱۰)"},
    {"city pack for names and dates (the one the server has in force)",
     "بستهٔ شهر برای نام‌ها و تاریخ‌ها (همان که سرور به کار "
     "می‌برد)"},
    {"language of labels (VAFA_LANG; the city's)",
     "زبان برچسب‌ها (VAFA_LANG؛ زبان شهر)"},
    {"print JSON", "چاپ JSON"},
    {"this text", "همین متن"},
    {"the data folder (VAFA_DATA; ./vafa-data)", "پوشهٔ داده (VAFA_DATA؛ ./vafa-data)"},
    {"city pack (the data folder's own)", "بستهٔ شهر (همان که در پوشهٔ داده است)"},
    /* summaries, in the order of the overview */
    {"registers a request and gives its tracking code",
     "درخواستی را ثبت می‌کند و کد رهگیری می‌دهد"},
    {"where a request stands, and its story", "درخواست به کجا رسیده، و سرگذشتش"},
    {"the requests of a phone, newest first",
     "درخواست‌های یک تلفن، تازه‌ترین نخست"},
    {"the citizen's name, phone and words; who looked is kept",
     "نام، تلفن و گفتهٔ شهروند؛ اینکه چه کسی دید نگه داشته "
     "می‌شود"},
    {"tells what changes in a unit's tasks, the moment it does",
     "هر تغییر در کارهای یک واحد را همان دم می‌گوید"},
    {"a unit's tasks", "کارهای یک واحد"},
    {"a desk takes tasks of its unit that no desk has",
     "یک میز کارهایی از واحد خود را برمی‌دارد "
     "که با هیچ میزی نیست"},
    {"how far behind each unit's office is", "هر واحد چه اندازه عقب مانده است"},
    {"one task", "یک کار"},
    {"the unit takes the task on", "واحد کار را می‌پذیرد"},
    {"a word on the way", "گزارشی در میانهٔ کار"},
    {"the task is finished", "کار انجام شد"},
    {"the task is not ours", "کار از آنِ ما نیست"},
    {"hands out the call-back that is longest due",
     "تماس بازخوردی را می‌دهد که از همه دیرتر شده"},
    {"what came of a call-back", "نتیجهٔ یک تماس بازخورد"},
    {"one call-back", "یک تماس بازخورد"},
    {"call-backs: waiting, handed out, ended",
     "تماس‌های بازخورد: در نوبت، سپرده، پایان‌یافته"},
    {"what citizens say of each unit", "نظر شهروندان دربارهٔ هر واحد"},
    {"where much more is asked for than is usual at that hour",
     "کجا بسیار بیش از معمولِ آن ساعت درخواست می‌رسد"},
    {"how often a surge would have been told of, on a history",
     "روی داده‌های گذشته: اوج تماس چند بار اعلام می‌شد"},
    {"figures by topic, area, unit, channel and time",
     "آمار به تفکیک موضوع، منطقه، واحد، راه تماس و زمان"},
    {"brings a city's history in, from another system's export",
     "گذشتهٔ شهر را از خروجی سامانه‌ای دیگر می‌آورد"},
    {"a service's log, event by event", "دفتر یک سرویس، رویداد به رویداد"},
    {"whether the services serve, and how far they follow each other",
     "آیا سرویس‌ها برقرارند، و تا کجا از هم خبر دارند"},
    {"counters and gauges as Prometheus text",
     "شمارنده‌ها و سنجه‌ها به متن Prometheus"},
    {"versions of this program and of the services, and the pack in force",
     "نسخهٔ این برنامه و سرویس‌ها، و بسته‌ای که به کار "
     "می‌رود"},
    {"copies all five stores as one cut, while they serve", "رونوشتی همزمان از هر پنج انبار، "
                                                            "بی‌آنکه کار بایستد"},
    {"makes a data folder out of a backup set",
     "از یک پشتیبان پوشهٔ داده می‌سازد"},
    {"rebuilds every table from the logs and compares",
     "هر جدول را از روی دفترها از نو می‌سازد و می‌سنجد"},
    {"what is wrong in a city pack, by file and line", "ایرادهای یک بستهٔ شهر، با پرونده و سطر"},
    {"what the city pack lists: keys and names",
     "آنچه در بستهٔ شهر است: کلیدها و نام‌ها"},
    {"the city's bodies as of a day: who leads, from when to when, who stands in",
     "واحدهای شهر در یک روز: سرپرست، از کی تا کی، و جانشین"},
    {"takes another city pack into use, while everything goes on",
     "بستهٔ دیگری را به کار می‌گیرد، بی‌آنکه کار "
     "بایستد"},
    {"takes the city pack from before back into use",
     "به بستهٔ پیشین شهر باز می‌گردد"},
    {"which packs were taken when, by whom and why",
     "کدام بسته کی، به دست که و چرا به کار گرفته شد"},
    {"how a deadline in working hours comes about",
     "مهلت در ساعت کار چگونه به دست می‌آید"},
    {"which area a point lies in, as a registration finds it",
     "نقطه در کدام منطقه است، چنان‌که هنگام ثبت یافته "
     "می‌شود"},
    {"who gets such a request, and why by this rule and no other",
     "چنین درخواستی به که می‌رسد، و چرا با این قاعده"},
    {"what another pack's rules would have done with the requests there were",
     "قاعده‌های بسته‌ای دیگر با درخواست‌های گذشته چه "
     "می‌کرد"},
    {"which topics a citizen's words may be about",
     "گفتهٔ شهروند به کدام موضوع می‌خورد"},
    {"how well topics are suggested from citizens' words, on rows of the past",
     "پیشنهاد موضوع از روی گفته‌ها تا چه اندازه درست است، روی داده‌های "
     "گذشته"},
    {"destroys a citizen's key: nothing of theirs can be read again",
     "کلید شهروند را از میان می‌برد: دیگر چیزی از او خوانده "
     "نمی‌شود"},
    {"what can still be read of a citizen", "از یک شهروند هنوز چه خواندنی است"},
    {"who has looked at the personal data of a request, and for what",
     "چه کسی و برای چه دادهٔ شخصی یک درخواست را دید"},
    {"how many master keys are in force, and how far a change is",
     "چند کلید اصلی به کار است، و تعویض تا کجا رسیده"},
    {"a new master key, while everything goes on",
     "کلید اصلی تازه، بی‌آنکه کار بایستد"},
    {"open requests that are probably about the same thing",
     "درخواست‌های بازی که گویا دربارهٔ همین‌اند"},
    {"joins a request to another about the same thing",
     "درخواستی را به دیگری دربارهٔ همان چیز می‌پیوندد"},
    {"splits a joined request off again",
     "درخواست پیوسته را دوباره جدا می‌کند"},
    {"how well the same thing is recognised, on a history", "شناختن همانندها تا چه اندازه درست "
                                                            "است، روی داده‌های "
                                                            "گذشته"},
    {"a person has seen the task", "کسی کار را دیده است"},
    {"the task will be done on a date", "کار در تاریخی انجام خواهد شد"},
    {"the unit is at work on it", "واحد سرگرم کار است"},
    {"the task waits, until a limit", "کار تا زمانی در انتظار می‌ماند"},
    {"the waiting is over", "انتظار به سر رسید"},
    {"the task will not be done, and why", "کار انجام نخواهد شد، و چرا"},
    {"the task goes to another unit", "کار به واحد دیگری می‌رود"},
    {"a finished task is open again",
     "کار پایان‌یافته دوباره باز می‌شود"},
    {"nobody wants it done any more", "دیگر کسی انجامش را نمی‌خواهد"},
    {"another unit is to do a part", "بخشی را واحد دیگری باید انجام دهد"},
    {"the helping unit has done its part", "واحد همکار بخش خود را انجام داد"},
    {"the part is needed no more", "آن بخش دیگر لازم نیست"},
    {"the topics of the server's city, or what one asks",
     "موضوع‌های شهرِ سرور، یا پرسش‌های یک موضوع"},
    {"the city's offices are closed for a time",
     "ادارات شهر برای مدتی تعطیل‌اند"},
    {"the phone rings: begins a call and shows who it is",
     "تلفن زنگ می‌زند: تماسی آغاز می‌شود "
     "و نشان می‌دهد کیست"},
    {"ends a call, and says how it ended",
     "تماس را پایان می‌دهد و می‌گوید چگونه پایان یافت"},
    {"a call that is over already: given up in the queue, or told afterwards",
     "تماسی که پایان یافته: در صف رها شده، یا پس از آن گفته شده"},
    {"one call to the hotline", "یک تماس با مرکز"},
    {"calls to the hotline, newest first",
     "تماس‌ها با مرکز، تازه‌ترین نخست"},
    {"how calls to the hotline ended, and how long callers waited",
     "تماس‌ها چگونه پایان یافت، و تماس‌گیرندگان چه اندازه منتظر "
     "ماندند"},
    {"the citizen asks again about a request: its office is told",
     "پیگیری مجدد شهروند: به واحدش گفته می‌شود"},
    {"corrects a request's topic, place, urgency or answers",
     "موضوع، جا، فوریت یا پاسخ‌های یک درخواست را اصلاح "
     "می‌کند"},
    {"the citizen takes a request back", "شهروند درخواست را پس می‌گیرد"},
    {"the citizen adds to what they said",
     "شهروند به گفتهٔ خود می‌افزاید"},
    {"the citizen's own look: by code and the last four digits of the phone",
     "نگاه خود شهروند: با کد رهگیری و چهار رقم آخر تلفن"},
    {"requests by phone, code, words, place, answers, topic, time and state",
     "یافتن درخواست با تلفن، کد، گفته، جا، پاسخ، موضوع، زمان و وضعیت"},
    {"a storm begins: short form, later due dates, until it ends by itself",
     "حالت طوفان: ثبت کوتاه، مهلت بلندتر، تا خود پایان یابد"},
    {"a running storm ends later", "حالت طوفان دیرتر پایان می‌یابد"},
    {"a running storm ends now",
     "حالت طوفان همین حالا پایان می‌یابد"},
    {"storms, running and past, newest first",
     "حالت‌های طوفان، جاری و گذشته، تازه‌ترین نخست"},
    {"what a storm has left to be caught up", "از حالت طوفان چه مانده که باید به آن رسید"},
    {"a manager is at the hotline centre: what is urgent in the unit is shown there",
     "مدیری در مرکز است: فوری‌های واحدش همان‌جا نشان داده "
     "می‌شود"},
    {"an open session ends later", "نشستِ باز دیرتر پایان می‌یابد"},
    {"an open session ends now", "نشستِ باز همین حالا پایان می‌یابد"},
    {"one session: who is there, until when, and which units it is shown",
     "یک نشست: چه کسی، تا کی، و برای کدام واحدها"},
    {"sessions, open and past, newest first",
     "نشست‌ها، باز و گذشته، تازه‌ترین نخست"},
    {"tells what is urgent in a session's units, the moment it happens",
     "فوری‌های واحدهای یک نشست را همان دم می‌گوید"},
    /* what to do about an error */
    {"`vafa city show topics` lists them.",
     "«vafa city show topics» فهرستشان را می‌دهد."},
    {"`vafa city show areas` lists them.",
     "«vafa city show areas» فهرستشان را می‌دهد."},
    {"`vafa city show units` lists them.",
     "«vafa city show units» فهرستشان را می‌دهد."},
    {"`vafa topics TOPIC` shows what it asks.",
     "«vafa topics TOPIC» پرسش‌های موضوع را نشان می‌دهد."},
    {"Is the server running? `vafa health` tells; `vafad --data DIR --city NAME` starts one.",
     "آیا سرور روشن است؟ «vafa health» می‌گوید؛ «vafad --data DIR --city NAME» سروری روشن "
     "می‌کند."},
    {"The server did not answer in time: try again, or give it longer with --timeout.",
     "سرور به‌موقع پاسخ نداد: دوباره بکوشید، یا با --timeout به آن زمان بیشتری "
     "بدهید."},
    {"Another role or unit may do this: see --role and --unit.",
     "نقش یا واحد دیگری اجازهٔ این کار را دارد: --role و --unit را ببینید."},
    {"The server has no room for it now: ask for less, or see `vafa health`.",
     "سرور اکنون برای آن جا ندارد: کمتر بخواهید، یا «vafa health» را ببینید."},
    {"Use another backup set: this one must not be trusted.",
     "پشتیبان دیگری بردارید: به این یکی نمی‌شود اعتماد "
     "کرد."},
    {"A number that was typed may be wrong; `vafa verify` tells what is damaged.",
     "شاید شماره نادرست نوشته شده باشد؛ «vafa verify» می‌گوید چه آسیب دیده "
     "است."},
    {"`vafa verify` tells what is damaged.",
     "«vafa verify» می‌گوید چه آسیب دیده است."},
    {"Start a server there (vafad --data DIR --city NAME), or name another place with --data or "
     "--connect.",
     "آنجا سروری روشن کنید (vafad --data DIR --city NAME)، یا با --data یا --connect جای دیگری "
     "را نام ببرید."},
};
/* clang-format on */

static const char *find(const struct help_text *table, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].what, what) == 0) {
            return table[i].fa;
        }
    }
    return NULL;
}

const char *help_in(bool fa, const char *text)
{
    const char *found = fa ? find(texts, sizeof(texts) / sizeof(texts[0]), text) : NULL;
    if (fa && found == NULL) {
        found = find(help_fa_options, help_fa_options_count, text);
    }
    return found != NULL ? found : text;
}

const char *help_about(bool fa, const char *command, const char *text)
{
    const char *found = fa ? find(help_fa_about, help_fa_about_count, command) : NULL;
    return found != NULL ? found : text;
}

bool help_is_fa(int argc, char **argv)
{
    const char *language = getenv("VAFA_LANG");
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0) {
            language = argv[i] + 7;
        } else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) {
            language = argv[i + 1];
        }
    }
    return language != NULL && strcmp(language, "fa") == 0;
}
