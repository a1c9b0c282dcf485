/* Certificate requests as finalizing takes them. The input is what a request's signature is over, signed here by the key of tests/data/ca-list/signer.key, so
 * that what is behind the signature is reached: held against each profile, and what is good is prepared and linted. What is said to be good is for the order's
 * list, and a CA's only where that was authorised. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ca_order.h"

enum { NOW = 1780272000, DAY = 86400 };

static struct stir_conf conf;
static struct stir_conf_profile profiles[3];
static struct stir_ca ca;
static struct stir_tnauth *list;
static struct stir_es256_ctx *ctx;
static struct stir_key *subject;

static void must(bool good)
{
    if (!good)
        abort();
}

static void begin(void)
{
    static const char *const nothing[] = {NULL};
    static const char *const include[] = {"rcd"};
    static const char *const names[] = {"shaken", "delegate", "delegate-ca"};
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    for (int i = 0; i < 3; i++) {
        profiles[i] = (struct stir_conf_profile){
            .name = names[i], .kind = (enum stir_conf_profile_kind)i, .life = 30 * DAY, .max_life = 60 * DAY, .must_include = {include, i == 1}};
        profiles[i].must_exclude.items = profiles[i].permitted.items = profiles[i].orgs.items = nothing;
    }
    conf.profiles = profiles;
    conf.n_profiles = 3;
    conf.ca.crl_url = "https://pa.example/crl";
    static char crl_issuer[] = "CN=CRL,O=PA,C=US";
    ca.crl_issuer = crl_issuer;
    conf.ca.policy = "2.16.840.1.114569.1.1.4";
    conf.ca.profile = "shaken";
    ca.conf = &conf;
    must(stir_es256_ctx_new(&ctx) == STIR_OK && stir_key_generate(&ca.key) == STIR_OK);
    struct stir_key_signer held = {ca.key, ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    p.role = STIR_CERT_ROOT;
    p.cn = stir_slice_str("SHAKEN ROOT");
    p.o = stir_slice_str("CA");
    p.c = stir_slice_str("US");
    p.not_before = NOW - DAY;
    p.not_after = NOW + 400 * DAY;
    must(stir_cert_make(&ca.chain[0], &p, &signer, NULL) == STIR_OK);
    ca.n_chain = 1;
    must(stir_tnauth_from_base64(&list, stir_slice_str("MAigBhYENzA5Sg")) == STIR_OK);
    char pem[4096];
    FILE *f = fopen(STIR_TEST_DATA "/ca-list/signer.key", "rb");
    must(f != NULL);
    size_t n = fread(pem, 1, sizeof(pem) - 1, f);
    fclose(f);
    must(stir_key_from_pem(&subject, stir_slice_of(pem, n), NULL, NULL, NULL) == STIR_OK);
}

/* What was found good: it can be prepared, unless its names cannot be written, and the certificate is for the list. */
static void hold(const struct stir_csr *csr, const struct stir_conf_profile *profile, bool token_ca)
{
    const struct stir_csr_info *info = stir_csr_info(csr);
    struct stir_arena arena = {0};
    struct stir_ca_faults faults = {.n = 0};
    struct stir_ca_issue issue = {
        .profile = profile, .list = list, .key = stir_csr_key(csr), .cn = info->cn, .o = info->o, .c = info->c, .serial_number = info->serial_number};
    struct stir_cert_params params;
    unsigned char tbs[STIR_MAX_CERT];
    char why[300];
    size_t n = 0, linted = 0;
    must(stir_ca_profile_times(&ca, profile, NOW, NOW, 0, 0, &issue.not_before, &issue.not_after, why, sizeof(why)));
    must(stir_ca_csr_faults(&faults, &ca, info, &issue, token_ca, &arena) == STIR_OK);
    if (!faults.n) {
        must(issue.key && info->tnauth == STIR_PART_GOOD && !info->n_sans && info->wants_ca == token_ca);
        must(stir_slice_eq(stir_tnauth_der(info->tnauth_list), stir_tnauth_der(list)));
        must(stir_ca_profile_params(&params, &ca, &issue, &arena) == STIR_OK);
        if (stir_cert_prepare(tbs, sizeof(tbs), &n, &params, ca.key, NULL) == STIR_OK)
            must(stir_ca_profile_lint(&linted, &ca, profile, stir_slice_of(tbs, n), why, sizeof(why), NULL) == STIR_OK);
    }
    stir_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_csr *csr = NULL;
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG], der[STIR_MAX_CERT];
    size_t n = 0;
    if (!ca.key)
        begin();
    const struct stir_slice tbs = stir_slice_of(data, size);
    must(stir_es256_digest(ctx, tbs, digest) == STIR_OK && stir_es256_sign(ctx, subject, digest, sig) == STIR_OK);
    if (stir_signed_assemble(der, sizeof(der), &n, tbs, sig) != STIR_OK || stir_csr_parse(&csr, stir_slice_of(der, n), NULL) != STIR_OK)
        return 0;
    for (int i = 0; i < 3; i++) {
        hold(csr, &profiles[i], i == 2);
        hold(csr, &profiles[i], i != 2);
    }
    stir_csr_free(csr);
    return 0;
}
