/*
 * A fuzz target without libFuzzer: runs it on the empty input and on every file of a folder, whole
 * and cut short, and says how many inputs there were. The input being run is named when the target
 * aborts.
 *
 *     fuzz_TARGET FOLDER|FILE…
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024 * 1024)
#define PREFIXES 10 /* of each file, evenly spread */

static char running[4096] = "the empty input";

/* Where it was, before the signal does what it does. */
static void tell_input(int number)
{
    static const char words[] = "the input was: ";
    (void)signal(number, SIG_DFL);
    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0 ||
        write(STDERR_FILENO, running, strlen(running)) < 0 || write(STDERR_FILENO, "\n", 1) < 0) {
        _exit(1);
    }
    (void)raise(number);
}

/* A copy of exactly that size, so that reading behind it is noticed. */
static void run_input(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static bool read_file(const char *path, uint8_t *room, size_t *ret_size)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return false;
    }
    *ret_size = fread(room, 1, FILE_BYTES_MAX, file);
    return fclose(file) == 0;
}

static bool run_file(const char *path, size_t *inputs)
{
    static uint8_t room[FILE_BYTES_MAX];
    size_t size = 0;
    if (!read_file(path, room, &size)) {
        perror(path);
        return false;
    }
    (void)snprintf(running, sizeof(running), "%s", path);
    run_input(room, size);
    size_t step = size / PREFIXES + 1;
    for (size_t length = 0; length < size; length += step) {
        (void)snprintf(running, sizeof(running), "%s, its first %zu bytes", path, length);
        run_input(room, length);
        ++*inputs;
    }
    ++*inputs;
    return true;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool run_folder(const char *folder, size_t *inputs)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_shown, alphasort);
    if (count < 0) {
        return run_file(folder, inputs);
    }
    bool whole = count > 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        whole = run_file(path, inputs) && whole;
        free(entries[i]);
    }
    free(entries);
    return whole;
}

int main(int argc, char **argv)
{
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    bool whole = true;
    size_t inputs = 1;
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
        (void)signal(deadly[i], tell_input);
    }
    run_input(NULL, 0);
    for (int i = 1; i < argc; i++) {
        whole = run_folder(argv[i], &inputs) && whole;
    }
    printf("%zu inputs\n", inputs);
    return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
