/* The command: one table of commands, one way to read options, to speak and to end. */
#ifndef STIR_CLI_H
#define STIR_CLI_H

#include <stir/stir.h>

#include <stdio.h>

#include "io/file.h"

/* Exit statuses, the same everywhere. */
enum {
    CLI_YES = 0,    /* done, or the answer is yes */
    CLI_NO = 1,     /* the answer is no: a call, a token or a certificate is bad */
    CLI_USAGE = 2,  /* asked wrongly */
    CLI_CANNOT = 3, /* could not do it: a file, a key, a trust list */
};

enum cli_option_kind {
    CLI_FLAG = 0,  /* no value */
    CLI_VALUE = 1, /* one value of one line */
    CLI_MANY = 2,  /* may stand several times */
    CLI_TEXT = 3,  /* one value that may hold line ends (headers, JSON) */
};

struct cli_option {
    const char *name; /* "--key" */
    enum cli_option_kind kind;
    const char *value; /* what --help calls it, "FILE"; NULL for flags */
    const char *help;  /* one line */
    bool required;
};

struct cli;

struct cli_command {
    const char *noun, *verb; /* verb NULL: the noun stands alone, as in "stir sign"; of several words: "provider add" */
    const char *operands;    /* what --help writes for operands, "FILE"; "" for none */
    size_t min_operands, max_operands;
    const char *summary;
    const struct cli_option *options; /* ends with a NULL name; --json and --help are everywhere */
    int (*run)(struct cli *cli);
};

enum { CLI_MAX_WORDS = 256 };

struct cli {
    const struct cli_command *command;
    struct {
        const struct cli_option *option;
        const char *value;
    } given[CLI_MAX_WORDS];
    size_t n_given;
    const char *operand[CLI_MAX_WORDS];
    size_t n_operands;
    bool json;
};

extern const struct cli_command *const cli_commands[]; /* ends with NULL: src/cli/main.c */

/* Options as given. cli_get: the last value, NULL when absent. cli_all: how many values; the i-th by cli_nth. */
const char *cli_get(const struct cli *cli, const char *name);
bool cli_has(const struct cli *cli, const char *name);
size_t cli_all(const struct cli *cli, const char *name);
const char *cli_nth(const struct cli *cli, const char *name, size_t i);

/* Say on standard error "stir key new: ..." (or, with --json, {"error":...} on standard output) and answer `status`: return cli_fail(cli, CLI_CANNOT, "...");
 * one line, control characters escaped. */
int cli_fail(const struct cli *cli, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A warning on standard error; never changes the status. */
void cli_warn(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read a file or "-" of at most `max` bytes. 0, or the exit status, said already: CLI_CANNOT, or `status_long` when it is too long. Free with stir_file_free().
 */
int cli_read(const struct cli *cli, struct stir_slice *out, const char *path, size_t max, int status_long);
/* VALUE | @FILE | -: a value on the command line, a file's content, or standard input. Free with stir_file_free(). */
int cli_read_value(const struct cli *cli, struct stir_slice *out, const char *value, size_t max);
/* Without blanks and line ends around it, as people paste things. */
struct stir_slice cli_trim(struct stir_slice text);
/* The first line, without its end: the passphrase of a --pass-file. */
struct stir_slice cli_first_line(struct stir_slice text);
/* Write to -o FILE, or to standard output when it was not given. */
int cli_write(const struct cli *cli, struct stir_slice content);
int cli_write_secret(const struct cli *cli, struct stir_slice content);

/* The private key in the file of option `name`, with --pass-file when given. CLI_CANNOT when unusable. */
int cli_key(const struct cli *cli, struct stir_key **out, const char *name);
/* The first certificate of a file or "-"; bad content answers `status_bad`. */
int cli_cert(const struct cli *cli, struct stir_cert **out, const char *path, int status_bad);
/* What became of a file: CLI_YES, or CLI_CANNOT, said already. */
int cli_file(const struct cli *cli, enum stir_file_err err, const char *path);
/* A file of the policy administrator's certificates, or a revocation list, into the open domain. */
int cli_add_pa(const struct cli *cli, struct stir_trust_builder *builder, const char *path);
int cli_add_crl(const struct cli *cli, struct stir_trust_builder *builder, const char *path);
/* All --trust (files and folders), --crl and --pa-trust, as one snapshot. CLI_CANNOT when one is unusable. */
int cli_trust(const struct cli *cli, struct stir_trust **out);
/* --NAME as a time; `otherwise` when absent. CLI_USAGE when it is none. */
int cli_time(const struct cli *cli, const char *name, int64_t otherwise, int64_t *out);
/* --NAME as a number from low to high. */
int cli_number(const struct cli *cli, const char *name, int64_t otherwise, int64_t low, int64_t high, int64_t *out);

/* --reason: a CRLReason (RFC 5280 §5.3.1) by its name or number. */
int cli_revocation_reason(const struct cli *cli, int otherwise, int *out);
const char *cli_revocation_reason_name(int reason);
int64_t cli_now(void);
/* How the numbers of a source are written, the same for each command that reads some. */
#define CLI_DIAL_OPTIONS                                                                                                                         \
    {"--country", CLI_VALUE, "CC", "country code put before national numbers, such as 1", false},                                                \
        {"--intl-prefix", CLI_VALUE, "P", "with --country: international prefix, such as 00", false},                                            \
        {"--trunk-prefix", CLI_VALUE, "P", "with --country: prefix of national numbers that is cut, such as 0", false},                          \
        {"--national-length", CLI_VALUE, "MIN-MAX", "with --country: digits of national numbers without that, such as 10-11", false},            \
        {"--plan", CLI_VALUE, "CC", "dial plan of a country, such as FR: trunk and international prefixes, lengths", false},                     \
        {"--tech-prefix", CLI_MANY, "P", "what this source puts before its numbers, such as 99#", false},                                        \
    {                                                                                                                                            \
        "--ported-prefix", CLI_MANY, "P", "routing prefix of ported numbers, such as 347 or D1XX, X any digit; goes where the plan tells", false \
    }
/* These options as a dial plan; without them `out` stays. CLI_USAGE when they are none. */
int cli_dial_plan(const struct cli *cli, struct stir_tn_options *out);
/* Why the dial plan could not make a number global; NULL when it is, or need not be, or no plan was asked. */
const char *cli_dial_doubt(const struct stir_party *party);

/* --policy, shaken when it was not given. CLI_USAGE when there is no such preset. */
int cli_policy(const struct cli *cli, struct stir_policy *out);

/* JSON to standard output, commas taken care of: cli_json_begin('{') ... cli_json_end('}'). Names NULL inside arrays. */
void cli_json_begin(const char *name, char bracket);
void cli_json_end(char bracket);
void cli_json_text(const char *name, struct stir_slice value); /* absent: null */
void cli_json_str(const char *name, const char *value);        /* NULL: null */
void cli_json_int(const char *name, int64_t value);
void cli_json_bool(const char *name, bool value);
void cli_json_time(const char *name, int64_t at); /* RFC 3339 */
void cli_json_hex(const char *name, struct stir_slice bytes);
void cli_json_raw(const char *name, const char *json);
/* Ends the line. */
void cli_json_done(void);

/* Text of an outsider to standard output: control characters as \xNN. */
void cli_print(struct stir_slice text);
/* A TNAuthList as text; free() it. NULL for none. */
char *cli_tnauth_text(const struct stir_tnauth *list);

#endif
