/* A pack of deploy/cities with a line changed, for tests that take another one. */
#ifndef VAFA_TESTS_PACK_COPY_H
#define VAFA_TESTS_PACK_COPY_H

/* Copies deploy/cities/<city> into `folder`, which is there. Then the text `from` of `file` (NULL: of none; it must be there)
 * becomes `to`. Aborts when it cannot. */
void pack_copy(const char *city, const char *folder, const char *file, const char *from,
               const char *to);

#endif
