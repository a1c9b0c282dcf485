/* The folder of one trust domain, DIR/NAME/: domain.conf (its settings), pa-root.pem (the administrator's root, pinned), list.jws (its list of CAs), ca.pem
 * (the anchors, from the list or from files), state.json (what is known of them), pa.pem (the administrator's certificates for revocation), crl-signer.pem
 * (those that were fetched) and revocation lists, *.crl. */
#ifndef STIR_IO_TRUST_FOLDER_H
#define STIR_IO_TRUST_FOLDER_H

#include <stir/trust.h>

#include "io/dir.h"
#include "io/trust_settings.h"

#define STIR_TRUST_FILE_ANCHORS "ca.pem"
#define STIR_TRUST_FILE_LIST "list.jws"
#define STIR_TRUST_FILE_STATE "state.json"
#define STIR_TRUST_FILE_PA "pa.pem"
#define STIR_TRUST_FILE_PA_ROOT "pa-root.pem"
#define STIR_TRUST_FILE_CRL_SIGNER "crl-signer.pem"

enum { STIR_TRUST_PATH = 4096, STIR_TRUST_SUBJECT = 256, STIR_TRUST_HEX = 2 * STIR_SHA256 + 1, STIR_TRUST_NAME = 32 };

/* What state.json says. */
struct stir_trust_state {
    bool there;
    bool listed;           /* the anchors came from a list; sequence, exp and signer are its own */
    int64_t imported;      /* when this list, or these certificates, came first: seconds since 1970 */
    int64_t sequence, exp; /* -1, 0: none */
    char signer[STIR_TRUST_SUBJECT];
    char ca_sha256[STIR_TRUST_HEX]; /* of ca.pem as it was written */
};

/* One domain's folder, open. */
struct stir_trust_folder {
    const char *dir;
    char name[STIR_TRUST_NAME + 1];
    char path[STIR_TRUST_PATH];
    int lock; /* -1: not held */
    struct stir_trust_state state;
};

/* May a domain be called so? Such a name leads out of no folder. */
bool stir_trust_name_is_good(const char *name);

/* Open the folder of a domain to look at it; or make it, hold it against other processes and open it to write. STIR_EVALUE (no name of a domain), STIR_EIO
 * (also a state.json that cannot be read), STIR_ENOMEM. `dir` is borrowed. */
enum stir_err stir_trust_folder_look(struct stir_trust_folder *out, const char *dir, const char *name, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_trust_folder_hold(struct stir_trust_folder *out, const char *dir, const char *name, struct stir_diag *diag) STIR_MUST_USE;
/* Let go; folders that are empty are taken away again. */
void stir_trust_folder_release(struct stir_trust_folder *folder);

/* DIR/NAME/FILE into `path`. STIR_ELIMIT. */
enum stir_err stir_trust_folder_path(char path[STIR_TRUST_PATH], const struct stir_trust_folder *folder, const char *file,
                                     struct stir_diag *diag) STIR_MUST_USE;
/* A file that may be missing: then `out->p` is NULL. Free with stir_file_free(). STIR_EIO, STIR_ELIMIT, STIR_ENOMEM. */
enum stir_err stir_trust_folder_read(struct stir_slice *out, const struct stir_trust_folder *folder, const char *file, size_t max,
                                     struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_trust_folder_write(const struct stir_trust_folder *folder, const char *file, struct stir_slice content,
                                      struct stir_diag *diag) STIR_MUST_USE;
/* When a file was written, seconds since 1970; 0: there is none. */
int64_t stir_trust_folder_written(const struct stir_trust_folder *folder, const char *file);
/* Write ca.pem and then, last, state.json with its digest. */
enum stir_err stir_trust_folder_commit(struct stir_trust_folder *folder, struct stir_slice ca_pem, struct stir_diag *diag) STIR_MUST_USE;
/* ca.pem is the one that state.json speaks of. */
bool stir_trust_folder_is_whole(const struct stir_trust_folder *folder, struct stir_slice ca_pem);

/* domain.conf, or what counts without one. STIR_EVALUE: `diag` has the first wrong line and how many there are; `say` is told each. */
struct stir_trust_say {
    void (*say)(void *arg, const char *text);
    void *arg;
};
enum stir_err stir_trust_folder_settings(struct stir_trust_settings *out, const struct stir_trust_folder *folder, const struct stir_trust_say *say,
                                         struct stir_diag *diag) STIR_MUST_USE;

/* Domains of a folder, and the revocation lists of a domain. Free with stir_listing_free(). STIR_EIO, STIR_ELIMIT, STIR_ENOMEM. */
enum stir_err stir_trust_folder_names(struct stir_listing *out, const char *dir, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_trust_folder_crls(struct stir_listing *out, const struct stir_trust_folder *folder, struct stir_diag *diag) STIR_MUST_USE;

/* What became of a file, in words. */
enum stir_err stir_trust_file_said(enum stir_file_err err, const char *path, struct stir_diag *diag) STIR_MUST_USE;
/* Certificates as one PEM text; free with stir_file_free(). STIR_ENOMEM. */
enum stir_err stir_trust_pem(struct stir_slice *out, struct stir_cert *const *certs, size_t n) STIR_MUST_USE;
/* SHA-256 in hex; "" when OpenSSL could not do it. */
void stir_trust_digest(char hex[STIR_TRUST_HEX], struct stir_slice bytes);

#endif
