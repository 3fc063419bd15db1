/* Commands of the shell, for what tests do to folders. A command that fails, fails the test. */
#ifndef VAFA_TESTS_SHELL_H
#define VAFA_TESTS_SHELL_H

__attribute__((format(printf, 1, 2))) void shell_run(const char *format, ...);

/* A copy of Isfahan's pack with call-backs due at once, to run a system with; the caller removes it
 * with shell_run("rm -r %s", folder). */
void shell_make_pack(char ret_folder[64]);

#endif
