/* Authority tokens: as they come, and with the input as the payload that the administrator signed, so that what stands behind a good signature is read and
 * judged, too. */
#include <stdio.h>
#include <stdlib.h>

#include "core/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780272000, LONGEST = 1 << 14 };

static struct {
    struct stir_slice signer, root;
    struct stir_key_signer held;
    struct stir_signer sign;
    struct stir_key *account;
} admin;

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* A file of tests/data, kept to the end. */
static struct stir_slice file(char *room, size_t cap, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", STIR_TEST_DATA, name);
    FILE *f = fopen(path, "rb");
    hold(f != NULL);
    size_t n = fread(room, 1, cap, f);
    fclose(f);
    return stir_slice_of(room, n);
}

static void begin(void)
{
    static char signer[8192], root[4096], key[2048], account[1024];
    if (admin.held.ctx)
        return;
    admin.signer = file(signer, sizeof(signer), "ca-list/signer.pem");
    admin.root = file(root, sizeof(root), "crl/pa-root.pem");
    hold(stir_key_from_pem(&admin.held.key, file(key, sizeof(key), "ca-list/signer.key"), NULL, NULL, NULL) == STIR_OK);
    hold(stir_key_from_public_pem(&admin.account, file(account, sizeof(account), "vectors/rfc/rfc8225-public-key.pem"), NULL) == STIR_OK);
    hold(stir_es256_ctx_new(&admin.held.ctx) == STIR_OK);
    admin.sign = stir_signer_of_key(&admin.held);
}

/* What was read is whole. */
static void check_info(const struct stir_token_info *info)
{
    hold(info->exp > 0 && info->iat >= 0 && info->nbf >= 0 && info->jti.n && info->jti.n <= STIR_MAX_JTI && info->fingerprint.n && info->tkvalue.n);
    hold(info->list && stir_tnauth_count(info->list) > 0 && (info->x5u.n || info->has_x5c));
    hold(stir_slice_is(info->tktype, "TNAuthList") || stir_slice_is(info->tktype, "TnAuthList"));
}

static struct stir_token_demand demand(const struct stir_token *token)
{
    const struct stir_token_info *info = stir_token_info(token);
    struct stir_token_demand d = STIR_TOKEN_DEMAND_INIT;
    d.signer_pem = admin.signer;
    d.pa_root_pem = admin.root;
    d.list = info->list;
    d.ca = info->ca;
    d.now = NOW;
    return d;
}

static enum stir_token_fault judge(const struct stir_token *token, const struct stir_token_demand *d)
{
    enum stir_token_fault fault = STIR_TOKEN_GOOD;
    struct stir_diag diag = {0};
    hold(stir_token_check(&fault, token, d, &diag) == STIR_OK);
    hold((fault == STIR_TOKEN_GOOD) == (diag.text[0] == '\0'));
    return fault;
}

/* A token that says the same, made by us, is as good. */
static void check_again(const struct stir_token_info *info)
{
    static char text[STIR_MAX_AUTHORITY + 1];
    struct stir_token *again = NULL;
    struct stir_token_params p = STIR_TOKEN_PARAMS_INIT;
    size_t n = 0;
    p.x5u = info->x5u;
    p.iss = info->iss;
    p.jti = info->jti;
    p.iat = info->iat;
    p.exp = info->exp;
    p.tkvalue = info->tkvalue;
    p.fingerprint = info->fingerprint;
    p.ca = info->ca;
    enum stir_err err = stir_token_make(text, sizeof(text), &n, &p, &admin.sign, NULL);
    hold(err == STIR_OK || err == STIR_EVALUE || err == STIR_ELIMIT);
    if (err != STIR_OK)
        return;
    hold(stir_token_read(&again, stir_slice_of(text, n), NULL) == STIR_OK);
    const struct stir_token_info *same = stir_token_info(again);
    hold(stir_slice_eq(same->jti, info->jti) && stir_slice_eq(same->fingerprint, info->fingerprint) && same->exp == info->exp && same->ca == info->ca);
    hold(stir_slice_eq(stir_tnauth_der(same->list), stir_tnauth_der(info->list)));
    stir_token_free(again);
}

/* `ours`: the administrator signed it. */
static void check(struct stir_slice text, bool ours)
{
    struct stir_token *token = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_token_read(&token, text, &diag);
    hold((err == STIR_OK) == (token != NULL) && (err == STIR_OK) == (diag.text[0] == '\0'));
    if (err != STIR_OK)
        return;
    const struct stir_token_info *info = stir_token_info(token);
    struct stir_token_demand d = demand(token);
    check_info(info);
    enum stir_token_fault fault = judge(token, &d);
    if (ours)
        hold(fault == (NOW >= info->exp ? STIR_TOKEN_EXPIRED : info->iat > NOW + 60 || info->nbf > NOW + 60 ? STIR_TOKEN_EARLY : STIR_TOKEN_GOOD));
    if (ours && fault == STIR_TOKEN_GOOD) {
        d.ca = !info->ca;
        hold(judge(token, &d) == STIR_TOKEN_CA);
        d.account = admin.account;
        d.binding = STIR_TOKEN_BY_EITHER;
        fault = judge(token, &d);
        hold(fault == STIR_TOKEN_FINGERPRINT || (fault == STIR_TOKEN_CA && stir_token_is_fingerprint(info->fingerprint)));
    }
    check_again(info);
    stir_token_free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[2 * LONGEST];
    static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://pa.example/signer.pem\"}";
    struct stir_slice input = stir_slice_of(data ? (const void *)data : "", size);
    begin();
    check(input, false);
    if (size > LONGEST)
        return 0;
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    hold(stir_jws_put_compact(&w, stir_slice_str(header), input, &admin.sign) == STIR_OK && w.need <= sizeof(text));
    check(stir_slice_of(text, w.need), true);
    return 0;
}
