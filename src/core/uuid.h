/* The text of a UUID, for those who have its random bytes already. */
#ifndef STIR_CORE_UUID_H
#define STIR_CORE_UUID_H

#include <stir/passport.h>

enum { STIR_UUID = 16 }; /* bytes */

/* Version 4, with a closing NUL; six bits of `random` are not used. */
void stir_uuid_write(char buf[37], const unsigned char random[STIR_UUID]);

#endif
