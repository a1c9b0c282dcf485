/* A value of a key: text to data and back, by the table. */
#ifndef STIR_SERVER_CONFIG_VALUE_H
#define STIR_SERVER_CONFIG_VALUE_H

#include "core/bytes.h"
#include "server/config_keys.h"

/* What reading needs: room for what lives as long as the conf, and where relative paths begin ("", or with a '/' at its end). */
struct stir_config_room {
    struct stir_arena *arena;
    const char *folder;
    bool no_memory; /* it has run out: nothing that was read is worth anything */
};

/* Read `value` into the struct `at` of a section. False: `fault` says what is wrong and what is right, "is \"7x\": no span of time ..."; the struct stays as it
 * was. */
bool stir_config_set(struct stir_config_room *room, const struct stir_config_key *key, void *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT]);

/* The value as it is written; nothing when it is not given. `preset` is a struct of the same section with all at its default: what a preset brings is not
 * written as one's own. */
void stir_config_put(struct stir_writer *w, const struct stir_config_key *key, const void *at, const void *preset);

/* The struct of a section with every key at its default. `preset` names the policy of [verify]; absent: the default one. False: out of memory. */
bool stir_config_default(struct stir_config_room *room, enum stir_config_kind kind, void *at, struct stir_slice preset);

/* What a value may be, for people: "1 to 256", "302 or 404", "50ms to 10s"; "" when its form says it all. */
void stir_config_bounds(struct stir_writer *w, const struct stir_config_key *key);

#endif
