#include "tests/integration/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

void shell_run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    assert_true((size_t)vsnprintf(command, sizeof command, format, arguments) < sizeof command);
    va_end(arguments);
    if (system(command) != 0) {
        fail_msg("%s", command);
    }
}

void shell_make_pack(char ret_folder[64])
{
    snprintf(ret_folder, 64, "/tmp/vafa-pack-XXXXXX");
    assert_non_null(mkdtemp(ret_folder));
    shell_run("cp -r %s/deploy/cities/isfahan/. %s && "
              "sed -i 's/^first_delay_minutes.*/first_delay_minutes = 0/' %s/city.ini",
              VAFA_SOURCE_DIR, ret_folder, ret_folder);
}
