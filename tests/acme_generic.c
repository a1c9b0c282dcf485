/* Our ACME client, made to order names of the DNS, which no STI-CA has: so that it can be held against servers that nobody here wrote. And it can be killed:
 * with STIR_TEST_CRASH=N the process ends as by kill -9 at the Nth crash point; with STIR_TEST_CRASH=count it says at the end how many there were.
 *   acme_generic dns:NAME[,NAME] DIR WORD...     acme_generic tnauth DIR WORD...
 * WORD: register[:KID:BASE64URL], obtain, force, rollover, revoke, revoke-by-key, deactivate */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/crash_point.h"
#include "service/acme_parts.h"

static const char *names; /* with commas between */
static long crash_at, crash_points;

static void crash(const char *point)
{
    if (++crash_points == crash_at) {
        fprintf(stderr, "killed at: %s\n", point);
        kill(getpid(), SIGKILL);
    }
}

/* ---- Orders for names ---- */

static enum stir_err value(struct stir_acme *acme, struct stir_arena *arena, const char **out, struct stir_diag *diag)
{
    (void)acme, (void)diag;
    *out = stir_arena_format(arena, "%s", names);
    return *out ? STIR_OK : STIR_ENOMEM;
}

static bool suits(struct stir_json challenge)
{
    (void)challenge;
    return true;
}

static enum stir_err answer(struct stir_acme *acme, struct stir_json challenge, json_t **out, struct stir_diag *diag)
{
    (void)acme, (void)challenge, (void)diag;
    *out = json_object();
    return *out ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err request(struct stir_acme *acme, struct stir_arena *arena, struct stir_key *key, struct stir_slice *der, struct stir_diag *diag)
{
    char pem[4096], text[400] = "";
    size_t n;
    unsigned char *bytes = NULL;
    (void)acme, (void)diag;
    TRY(stir_key_write_pem(pem, sizeof(pem), &n, key, (struct stir_slice){NULL, 0}));
    BIO *in = BIO_new_mem_buf(pem, (int)n);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    for (const char *at = names; *at && strlen(text) < 250; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
        snprintf(text + strlen(text), 140, "%sDNS:%.*s", text[0] ? "," : "", (int)strcspn(at, ","), at);
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text));
    X509_REQ_add_extensions(req, extensions);
    X509_REQ_set_pubkey(req, pkey);
    int len = X509_REQ_sign(req, pkey, EVP_sha256()) > 0 ? i2d_X509_REQ(req, &bytes) : -1;
    *der = len > 0 ? stir_arena_copy(arena, stir_slice_of(bytes, (size_t)len)) : (struct stir_slice){NULL, 0};
    OPENSSL_free(bytes);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(req);
    EVP_PKEY_free(pkey);
    BIO_free(in);
    return der->p ? STIR_OK : STIR_ECRYPTO;
}

static enum stir_err check(struct stir_acme *acme, struct stir_cert *const *chain, size_t n, struct stir_diag *diag)
{
    (void)acme, (void)chain, (void)n, (void)diag;
    return STIR_OK;
}

static const struct stir_acme_kind dns = {
    .identifier = "dns", .several = true, .value = value, .challenge = "http-01", .suits = suits, .answer = answer, .request = request, .check = check};

/* ---- Words ---- */

static void told(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

static enum stir_err enrol(struct stir_acme *acme, char *word, struct stir_diag *diag)
{
    unsigned char mac[512];
    size_t n = 0;
    char *kid = strchr(word, ':'), *key = kid ? strchr(kid + 1, ':') : NULL;
    if (!key)
        return stir_acme_register(acme, true, (struct stir_slice){NULL, 0}, (struct stir_slice){NULL, 0}, diag);
    *key = '\0';
    TRY(stir_b64url_decode(mac, &n, stir_slice_str(key + 1)));
    return stir_acme_register(acme, true, stir_slice_str(kid + 1), stir_slice_of(mac, n), diag);
}

static enum stir_err act(struct stir_acme *acme, char *word, struct stir_diag *diag)
{
    if (strncmp(word, "register", 8) == 0)
        return enrol(acme, word, diag);
    if (strcmp(word, "obtain") == 0 || strcmp(word, "force") == 0)
        return stir_acme_obtain(acme, word[0] == 'f', diag);
    if (strcmp(word, "rollover") == 0)
        return stir_acme_key_change(acme, diag);
    if (strncmp(word, "revoke", 6) == 0)
        return stir_acme_revoke(acme, NULL, 1, word[6] != '\0', diag);
    return strcmp(word, "deactivate") == 0 ? stir_acme_deactivate(acme, diag) : STIR_EARG;
}

int main(int argc, char **argv)
{
    const struct stir_acme_told say = {told, NULL, NULL};
    const char *when = getenv("STIR_TEST_CRASH");
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    stir_crash_hook = crash;
    crash_at = when ? strtol(when, NULL, 10) : 0;
    if (argc < 4)
        return 2;
    names = strncmp(argv[1], "dns:", 4) == 0 ? argv[1] + 4 : NULL;
    enum stir_err err = stir_acme_open(&acme, argv[2], &say, &diag);
    if (err == STIR_OK && names)
        acme->kind = &dns;
    for (int i = 3; i < argc && err == STIR_OK; i++)
        err = act(acme, argv[i], &diag);
    stir_acme_free(acme);
    if (err != STIR_OK)
        printf("%s: %s\n", stir_err_name(err), diag.text);
    else
        printf("STIR_OK\n");
    if (when && strcmp(when, "count") == 0)
        printf("points %ld\n", crash_points);
    return err == STIR_OK ? 0 : 1;
}
