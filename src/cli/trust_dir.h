/* A folder of trust, DIR/NAME/: ca.pem (anchors), list.jws (the administrator's list they came from), state.json (what is known of it), pa.pem (the
 * administrator's certificates) and revocation lists, *.crl. One folder a domain. */
#ifndef STIR_CLI_TRUST_DIR_H
#define STIR_CLI_TRUST_DIR_H

#include "cli/cli.h"
#include "io/dir.h"

enum { TRUST_PATH = 4096, TRUST_SUBJECT = 256, TRUST_HEX = 2 * STIR_SHA256 + 1 };

/* What state.json says. */
struct trust_state {
    bool there;
    bool listed;           /* the anchors came from a list; sequence, exp and signer are its own */
    int64_t imported;      /* when, seconds since 1970 */
    int64_t sequence, exp; /* -1, 0: none */
    char signer[TRUST_SUBJECT];
    char ca_sha256[TRUST_HEX]; /* of ca.pem as it was written */
};

/* One domain's folder, open. */
struct trust_domain {
    const char *dir, *name;
    char path[TRUST_PATH];
    int lock; /* -1: not held */
    struct trust_state state;
};

/* DIR/NAME/FILE into `path`. False when it does not fit. */
bool trust_path(char path[TRUST_PATH], const struct trust_domain *domain, const char *file);

/* Open the folder of a domain to look at it, or make it, hold it and open it to write. Exit status, said already. */
int trust_domain_look(const struct cli *cli, struct trust_domain *out, const char *dir, const char *name);
int trust_domain_hold(const struct cli *cli, struct trust_domain *out, const char *dir, const char *name);
/* Let go; folders that are empty are taken away again. */
void trust_domain_release(struct trust_domain *domain);

/* Read a file of the domain that may be missing: then `out->p` is NULL. */
int trust_read(const struct cli *cli, struct stir_slice *out, const struct trust_domain *domain, const char *file, size_t max);
int trust_write(const struct cli *cli, const struct trust_domain *domain, const char *file, struct stir_slice content);
/* Certificates as one PEM text; free with stir_file_free(). */
int trust_pem(const struct cli *cli, struct stir_slice *out, struct stir_cert *const *certs, size_t n);
/* Write ca.pem and then, last, state.json with its digest. */
int trust_commit(const struct cli *cli, struct trust_domain *domain, struct stir_slice ca_pem);
/* ca.pem is the one that state.json speaks of. */
bool trust_is_whole(const struct trust_state *state, struct stir_slice ca_pem);

/* Domains of a folder; none is CLI_CANNOT. Free with stir_names_free(). */
int trust_names(const struct cli *cli, struct stir_names *out, const char *dir);
/* The revocation lists of a domain. */
int trust_crls(const struct cli *cli, struct stir_names *out, const struct trust_domain *domain);

/* All domains of a folder into `builder`, with warnings about lists that are over at `now`. */
int trust_dir_add(const struct cli *cli, struct stir_trust_builder *builder, const char *dir, int64_t now);

/* How a thing with a life from `from` to `until` stands at `now`. */
enum trust_life { TRUST_FRESH = 0, TRUST_HALF_OVER = 1, TRUST_OVER = 2 };
enum trust_life trust_life(int64_t from, int64_t until, int64_t now);

#endif
