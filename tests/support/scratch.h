/* Temporary folders of tests: gone at the latest when the program ends, however the test ended. */
#ifndef VAFA_TESTS_SCRATCH_H
#define VAFA_TESTS_SCRATCH_H

#define SCRATCH_SIZE 64

/* Makes a folder under the temporary folder. Fails the test when it cannot. */
void scratch_new(char ret_folder[SCRATCH_SIZE]);
/* The same in /dev/shm when there is room, for stores that need no disk. */
void scratch_new_in_memory(char ret_folder[SCRATCH_SIZE]);
/* Removes it and everything in it, now. */
void scratch_remove(const char *folder);

#endif
