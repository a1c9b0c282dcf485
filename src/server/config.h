/* stir.conf(5) in one table: every key with its section, type, unit, default, bounds and one line of help. The table drives reading, `stir conf check`, `stir
 * conf show` and the man page. */
#ifndef STIR_SERVER_CONFIG_H
#define STIR_SERVER_CONFIG_H

#include "service/conf.h"

#include <stir/err.h>

/* Told of every wrong line: "stir.conf:12: [sip as] listen: ...". */
struct stir_config_say {
    void (*say)(void *arg, const char *text);
    void *arg;
};

/* Read the file `path`. All faults are said, not the first alone. STIR_EIO (cannot be read), STIR_EVALUE (faults were said), STIR_ELIMIT, STIR_ENOMEM; `*out`
 * is untouched unless STIR_OK. Relative paths in it begin at its own folder, and are absolute in the conf. Does not look at the files that it names: the
 * services do. */
enum stir_err stir_config_read(struct stir_conf **out, const char *path, const struct stir_config_say *say) STIR_MUST_USE;
/* The same from text; `name` stands in the faults. */
enum stir_err stir_config_parse(struct stir_conf **out, struct stir_slice text, const char *name, const struct stir_config_say *say) STIR_MUST_USE;
void stir_config_free(struct stir_conf *conf);

/* What a good conf says that is worth a second look, a line each: "[log] numbers = full: ...". */
void stir_config_doubts(const struct stir_conf *conf, const struct stir_config_say *say);

/* Of these: trunks that no call reaches, since all their addresses are of earlier ones. */
void stir_config_shadows(const struct stir_conf *conf, const struct stir_config_say *say);

/* Told of files: `fatal` ones keep stir serve from starting. */
struct stir_config_look {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};
/* Look at the files, folders and users that a good conf names, as they are at `now`: keys that match certificates, tokens, lists of numbers, trust. Nothing is
 * fetched. False: something fatal was said. */
bool stir_config_files(const struct stir_conf *conf, int64_t now, const struct stir_config_look *look);

/* What a reload cannot change because a start alone reads it: the first such key in which the two differ, "[server] workers", in `key`. False: there is none.
 * STIR_CONFIG_KEY_TEXT bytes are always enough. */
enum { STIR_CONFIG_KEY_TEXT = 80 };
bool stir_config_fixed(const struct stir_conf *before, const struct stir_conf *after, char key[STIR_CONFIG_KEY_TEXT]);

/* As a file that gives the same conf again, with the same hash; `effective`: every key, those left at their default as comments of what they are. free() it. */
char *stir_config_text(const struct stir_conf *conf, bool effective);
/* The same as one JSON object: sections by their kind, named ones in arrays; lists as their words in one string. free() it. */
char *stir_config_json(const struct stir_conf *conf, bool effective);

#endif
