/* The table of stir.conf(5): every section and every key, with type, bounds, default and a line of help. Reading, writing, checks, `stir conf keys` and the man
 * page are all made of it. Constant; any thread. */
#ifndef STIR_SERVER_CONFIG_KEYS_H
#define STIR_SERVER_CONFIG_KEYS_H

#include "service/conf.h"

enum stir_config_kind {
    STIR_SECTION_SERVER = 0,
    STIR_SECTION_SIP,
    STIR_SECTION_HTTP,
    STIR_SECTION_TENANT,
    STIR_SECTION_TRUNK,
    STIR_SECTION_SIGNER,
    STIR_SECTION_NUMBERS,
    STIR_SECTION_RULE,
    STIR_SECTION_SIGN,
    STIR_SECTION_ACTIONS,
    STIR_SECTION_VERIFY,
    STIR_SECTION_TRUST,
    STIR_SECTION_FETCH,
    STIR_SECTION_REPOSITORY,
    STIR_SECTION_STORE,
    STIR_SECTION_PA,
    STIR_SECTION_CA,
    STIR_SECTION_PROFILE,
    STIR_SECTION_LOG,
    STIR_SECTION_EVIDENCE,
    STIR_SECTION_WEBHOOK,
    STIR_SECTION_METRICS,
    STIR_SECTIONS,
    STIR_SECTION_NONE = STIR_SECTIONS, /* "refers" of a key that names no section */
};

enum {
    STIR_CONFIG_MAX = 4 << 20,    /* bytes of a file: some ten thousand trunks */
    STIR_CONFIG_LINE = 16384,     /* bytes of a line: a list of some hundred networks */
    STIR_CONFIG_SECTIONS = 20000, /* sections of a file */
    STIR_CONFIG_LISTENERS = 64,   /* of them [sip NAME] and [http NAME] */
    STIR_CONFIG_NAME = 32,        /* bytes of a section's name */
    STIR_CONFIG_ITEMS = 1000,     /* words of one list */
    STIR_CONFIG_PATH = 1024,      /* bytes of a path */
    STIR_CONFIG_URL = 900,        /* bytes of a URL of [pa] and [ca]: what is put behind it has its place in STIR_MAX_URL */
    STIR_CONFIG_FAULTS = 200,     /* faults that are told one by one; how many more there are is said: a file that is no configuration at all */
    STIR_CONFIG_KEYS = 32,        /* keys of a section */
    STIR_CONFIG_FAULT = 320,      /* bytes of a fault without file, line and key */
};

enum stir_config_type {
    STIR_KEY_TEXT,    /* const char *: one line of `low` to `high` bytes; `check` judges it */
    STIR_KEY_LIST,    /* struct stir_conf_list: words, blanks between; `check` judges each */
    STIR_KEY_PHRASES, /* struct stir_conf_list: texts that may have blanks, ';' between; `check` judges each */
    STIR_KEY_NUMBER,  /* int64_t */
    STIR_KEY_COUNT,   /* int64_t: 0 to `low`, or none: -1 */
    STIR_KEY_SPAN_MS, /* int64_t: milliseconds; "500ms", "5s", "10m", "12h" */
    STIR_KEY_SPAN,    /* int64_t: seconds; "5s", "10m", "12h", "7d" */
    STIR_KEY_SIZE,    /* int64_t: bytes; "4096", "64K", "256M", "2G" */
    STIR_KEY_BOOL,    /* bool: yes, no */
    STIR_KEY_CHOICE,  /* an enum, a bool or a char of `size` bytes: one of `words` */
    STIR_KEY_FLAGS,   /* unsigned: some of `words` */
    STIR_KEY_FILE,    /* const char *: a path; may be credential:NAME when `secret` */
    STIR_KEY_FOLDER,  /* const char * */
    STIR_KEY_STORE,   /* const char *: a path, or a URL of PostgreSQL without a password */
    STIR_KEY_PRESET,  /* struct stir_policy */
    STIR_KEY_PLAN,    /* const struct stir_dial_plan * */
    STIR_KEY_REASONS, /* struct stir_policy: reasons that get the severity `low` */
    STIR_KEY_OIDS,    /* struct stir_policy: certificate policies */
};

struct stir_config_word {
    const char *word;
    unsigned value;
};

struct stir_config_key {
    const char *name;
    enum stir_config_type type;
    size_t offset, size;                           /* in the section's struct */
    const char *otherwise;                         /* the default, as it would be written; "": not given; NULL: what the preset says */
    int64_t low, high;                             /* bounds, both allowed; texts: bytes; lists: words */
    const struct stir_config_word *words;          /* ends with NULL */
    const char *(*check)(struct stir_slice value); /* NULL, or what is wrong: "is no UUID" */
    enum stir_config_kind refers;                  /* each word is the name of such a section */
    bool required;                                 /* the section makes no sense without */
    bool secret;                                   /* a file that holds secrets: its value is never repeated in a fault */
    const char *form;                              /* what a value looks like: "ADDRESS:PORT..." */
    const char *help, *example;
};

struct stir_config_section {
    const char *kind;
    bool named;
    size_t offset;  /* in struct stir_conf: of the struct; named: of the pointer to the first */
    size_t counted; /* named: of their number */
    size_t size;    /* of one struct; named ones begin with `const char *name` */
    const struct stir_config_key *keys;
    size_t n_keys;
    const char *help;
    const char *at_start; /* its keys that a start alone reads, because threads, folders and rights stand on them: "roles user", "all"; NULL: none */
};

extern const struct stir_config_section stir_config_sections[STIR_SECTIONS];

/* The section of that kind; STIR_SECTION_NONE. */
enum stir_config_kind stir_config_kind_of(struct stir_slice word);
/* Its key; NULL. */
const struct stir_config_key *stir_config_key_of(enum stir_config_kind kind, struct stir_slice name);
/* Does a start alone read it? */
bool stir_config_at_start(const struct stir_config_section *section, const struct stir_config_key *key);
/* The struct of the `index`th section of a kind, and how many there are. */
const void *stir_config_at(const struct stir_conf *conf, enum stir_config_kind kind, size_t index);
size_t stir_config_count(const struct stir_conf *conf, enum stir_config_kind kind);

#endif
