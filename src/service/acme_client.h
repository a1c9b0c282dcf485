/* An ACME client (RFC 8555, RFC 9447, RFC 9448) over io/peer, waited for: of commands and of the thread that renews. Its state is a folder:
 *   acme.conf               what was registered: settings, for people to read and change (stir-acme(1))
 *   account.key             the account's key, 0600
 *   account.url             where the account is
 *   certs/SERIAL/           key.pem (0600), chain.pem (leaf first), x5u (the URL, one line), whole before it is named
 *   current -> certs/SERIAL what is in use, swapped by one rename
 *   order.json              an order under way, so that a client that was killed goes on with it */
#ifndef STIR_SERVICE_ACME_CLIENT_H
#define STIR_SERVICE_ACME_CLIENT_H

#include "service/pa_client.h"

#include <stir/key.h>
#include <stir/token.h>

/* acme.conf, read. Strings are never NULL. */
struct stir_acme_settings {
    const char *directory;               /* of the CA */
    const char *ca_root;                 /* TLS: PEM of roots instead of the system's */
    const char *contact;                 /* mailto: */
    const char *spc;                     /* "709J"; or */
    const char *tnauth;                  /* base64url DER of any list */
    const char *org, *country;           /* of the subject */
    const char *common_name;             /* "": "SHAKEN " and the code, or the organisation where the list has no code */
    bool ca;                             /* a CA's, to delegate with (RFC 9060): the token, the request and the certificate say so */
    const char *profile;                 /* asked for in the order where the CA has profiles; "" none */
    int64_t days;                        /* notAfter asked for in the order; 0: the CA's own */
    const char *token_file, *token_hook; /* instead of the administrator: a file, or a program whose first line of output is the token */
    const char *pa_url, *pa_account, *pa_user, *pa_password_file;
    bool pa_generic, pa_unwrapped;
    const char *tkauth_field;        /* tkauth-field = tkauth | atc | both */
    bool base64_padded;              /* identifier = base64: padded standard base64, as one CA compares it */
    enum stir_token_binding binding; /* fingerprint = jwk | spki */
    bool account_key_is_cert_key;    /* certificate-key = account: as one CA wants it */
    bool keep_key;                   /* certificate-key = keep: that of the certificate in use; else a new one for each */
    bool send_times;                 /* notBefore and notAfter in the order */
    const char *x5u_base;            /* x5u = URL/ + serial.pem where the CA does not say one in the order */
    const char *publish_dir;         /* chains are copied there too, as SERIAL.pem: a repository's folder */
    const char *deploy_hook;         /* run after a new certificate is in use, with its folder as argument */
    const char *reload;              /* control socket of stir serve, or its stir.conf: asked to reload */
    int64_t timeout;                 /* seconds that an order may take, default 300 */
    bool any_url;                    /* labs: http */
};

struct stir_acme;
/* Told what happens, a line each: "order is ready". */
struct stir_acme_told {
    void (*told)(void *arg, const char *line);
    void *arg;
    bool (*stop)(void *arg); /* asked during every wait: true ends what is under way with STIR_EBUSY, and it can go on later; NULL: nobody stops it */
};
/* Open a folder that has an acme.conf. Nothing is locked: what changes anything holds the folder while it does, and answers STIR_EBUSY when another works on
 * it. `told` is copied. STIR_ENOTFOUND (no folder, no acme.conf), STIR_EVALUE (acme.conf; `diag` says line and key), STIR_EIO, STIR_ENOMEM. */
enum stir_err stir_acme_open(struct stir_acme **out, const char *dir, const struct stir_acme_told *told, struct stir_diag *diag) STIR_MUST_USE;
void stir_acme_free(struct stir_acme *acme);
const struct stir_acme_settings *stir_acme_settings(const struct stir_acme *acme);

/* Make the account (or find it), with external account binding where `eab_kid` is given; writes account.key and account.url. `agree`: to the terms of service
 * that the CA names; without it, a CA that has some is not registered with: STIR_EVALUE, and `diag` names them. */
enum stir_err stir_acme_register(struct stir_acme *acme, bool agree, struct stir_slice eab_kid, struct stir_slice eab_mac,
                                 struct stir_diag *diag) STIR_MUST_USE;
/* A certificate, now; `current` names it in the end, then hook and reload. `force`: with a new order even where order.json has one. `diag` says the CA's
 * problem document in words. STIR_EIO (a file, a peer), STIR_EVALUE (it says no), STIR_EMISMATCH (the certificate that came is not the one that was asked for:
 * it is not used), STIR_ETIME (it took too long; the order is kept), STIR_ESTATE (the certificate is in use, but hook or reload failed; they are tried again by
 * the next call), STIR_EBUSY. */
enum stir_err stir_acme_obtain(struct stir_acme *acme, bool force, struct stir_diag *diag) STIR_MUST_USE;
/* When the certificate in use is due: before two thirds of its life, moved forward by up to a tenth of it, the same for one certificate each time it is asked;
 * one that was revoked, since its beginning. 0: there is none. */
int64_t stir_acme_due(struct stir_acme *acme);
/* Is there something that the next stir_acme_obtain() goes on with: an order, or a deployment that has not gone well? */
bool stir_acme_is_under_way(struct stir_acme *acme);
/* What `current` names: STIR_ENOTFOUND when there is none. */
struct stir_acme_current {
    char dir[4096], serial[64], x5u[1025];
    int64_t not_before, not_after;
    bool revoked; /* stir_acme_revoke() did it */
};
enum stir_err stir_acme_current(struct stir_acme *acme, struct stir_acme_current *out, struct stir_diag *diag) STIR_MUST_USE;
/* Revoke the certificate of `chain_file` (NULL: the one in use), by the account, or by the certificate's key, which lies beside it. Where it is
 * one of the folder's, certs/SERIAL/revoked says so from then on. */
enum stir_err stir_acme_revoke(struct stir_acme *acme, const char *chain_file, int reason, bool by_certificate_key, struct stir_diag *diag) STIR_MUST_USE;
/* The account gets a new key (RFC 8555 §7.3.5). The new one is on disk before the CA hears of it, and whichever the CA has is found out after a kill. */
enum stir_err stir_acme_key_change(struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;
/* The account is given up for good: there is no way back (RFC 8555 §7.3.6). */
enum stir_err stir_acme_deactivate(struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;

#endif
