/* Settings and live states, made and let go: whoever holds one holds all that stands behind it. From any thread. */
#ifndef STIR_SERVICE_LIVE_H
#define STIR_SERVICE_LIVE_H

#include "service/worker.h"

void stir_setting_free(struct stir_setting *setting); /* one owner less; NULL is fine */

/* One more owner of both is taken; `policy_id` tells cached chains of one conf's policy from those of another. NULL: out of memory. */
struct stir_live *stir_live_new(struct stir_setting *setting, struct stir_trust *trust, uint64_t generation, uint64_t policy_id);
struct stir_live *stir_live_ref(struct stir_live *live);
void stir_live_free(struct stir_live *live); /* one owner less; NULL is fine */

#endif
