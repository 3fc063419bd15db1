/* Where city packs lie on this machine: the same search for servers and clients. */
#ifndef VAFA_CITY_CITY_FIND_H
#define VAFA_CITY_CITY_FIND_H

#include "base/status.h"

#define CITY_FOLDER_SIZE 4096

/* The folder of a pack. A name with a "/" is the folder itself; any other is looked for in
 * $VAFA_CITIES (only there when it is set), else in ../share/vafa/cities from the program's folder
 * (installed) and in ../../deploy/cities (built in place). NOT_FOUND, field "city", naming
 * where it was looked for. */
enum status city_find(const char *name_or_folder, char ret_folder[CITY_FOLDER_SIZE],
                      struct error *err);

#endif
