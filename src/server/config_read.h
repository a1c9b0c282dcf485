/* A file being read: what its sections and keys are, and where they stand, for faults. */
#ifndef STIR_SERVER_CONFIG_READ_H
#define STIR_SERVER_CONFIG_READ_H

#include "server/config.h"
#include "server/config_value.h"

/* A section of the file. */
struct stir_config_place {
    enum stir_config_kind kind;
    size_t index; /* among those of its kind */
    size_t line;
    unsigned lines[STIR_CONFIG_KEYS]; /* of each key, in the order of the table; 0: not given */
};

struct stir_config_reading {
    const char *file; /* as it is called in faults */
    const struct stir_config_say *say;
    size_t faults;
    struct stir_config_room room;
    struct stir_conf *conf;
    struct stir_config_place *places;
    size_t n_places;
};

/* One fault: "FILE:LINE: [kind name] key: what"; key NULL: none; place NULL: none. */
void stir_config_fault(struct stir_config_reading *reading, size_t line, const struct stir_config_place *place, const char *key, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* At the line of the key, or of its section when it is not given. */
size_t stir_config_line(const struct stir_config_place *place, const char *key);
/* The key was written. */
bool stir_config_given(const struct stir_config_place *place, const char *key);
/* The nearest of `n` words to `word` that is near enough to be meant; NULL. `at(arg, i)` gives each; NULL ones are left out. */
const char *stir_config_near(struct stir_slice word, size_t n, const char *(*at)(const void *arg, size_t i), const void *arg);

/* config_check.c: what holds between keys and sections. Each fault is said. */
void stir_config_check(struct stir_config_reading *reading);
/* config_check_office.c: the same of roles pa and ca, and of signers that are renewed. */
void stir_config_check_office(struct stir_config_reading *reading);
/* config_text.c: conf->hash. False: no memory. */
bool stir_config_hash(struct stir_conf *conf);

#endif
