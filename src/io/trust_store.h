/* Ages, as the store judges them, for what shows and what refreshes. */
#ifndef STIR_IO_TRUST_STORE_H
#define STIR_IO_TRUST_STORE_H

#include <stir/trust_store.h>

/* How a thing with a life from `from` to `until` (0: without end) and a grace behind it stands at `now`. */
enum stir_trust_life stir_trust_life_of(int64_t from, int64_t until, int64_t grace, int64_t now);
/* The first second at which a revocation list is over; 0: never. */
int64_t stir_trust_crl_end(const struct stir_crl_info *info);

#endif
