/* posix_spawn, since it runs nothing of ours between fork and exec. */
#include "child.h"

#include "base/check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* It lies beside the test. */
static void server_path(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    CHECK(length > 0);
    out[length] = '\0';
    char *slash = strrchr(out, '/');
    CHECK(slash != NULL);
    snprintf(slash, size - (size_t)(slash - out), "/echo_server");
}

void child_start(struct child *child, const char *url)
{
    extern char **environ;
    char path[PATH_MAX];
    server_path(path, sizeof(path));
    int in[2];
    int out[2];
    CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) == 0);
    char *arguments[] = {path, (char *)url, NULL};
    CHECK(posix_spawn(&child->pid, path, &actions, NULL, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    char line[128];
    CHECK(read(out[0], line, sizeof(line)) > 0); /* it serves */
    close(out[0]);
    child->input = in[1];
}

void child_stop(const struct child *child)
{
    int status = 0;
    kill(child->pid, SIGSTOP);
    CHECK(waitpid(child->pid, &status, WUNTRACED) == child->pid && WIFSTOPPED(status));
}

void child_end(struct child *child)
{
    close(child->input);
    int status = 0;
    CHECK(waitpid(child->pid, &status, 0) == child->pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void child_kill(struct child *child)
{
    kill(child->pid, SIGKILL);
    close(child->input);
    CHECK(waitpid(child->pid, NULL, 0) == child->pid);
}
