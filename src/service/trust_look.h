/* Has a folder of trust changed? Told by names, places, sizes and times of its files, so that it may be asked each second. */
#ifndef STIR_SERVICE_TRUST_LOOK_H
#define STIR_SERVICE_TRUST_LOOK_H

#include <stir/err.h>

enum { STIR_TRUST_LOOKED_AT = 4096 }; /* files of one domain that are looked at: STIR_MAX_CRLS lists, a handful of others, and some air */

/* Numbers that differ when something does: of all files, and of those alone that a snapshot is made of (what is known of the lists, state.json and list.jws, is
 * none of them). A folder that cannot be read looks as if it were empty. */
struct stir_trust_look {
    uint64_t all, material;
};
struct stir_trust_look stir_trust_look_at(const char *dir);

#endif
