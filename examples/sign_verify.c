/* The whole of SHAKEN on one page: a certificate authority, a provider's certificate, a signed call, and its verification. No files, no network, no clock.
 *     cc sign_verify.c $(pkg-config --cflags --libs stir) */
#include <stdio.h>
#include <stdlib.h>

#include <stir/stir.h>

static const int64_t NOW = 1700000000; /* a program would ask time() */
#define X5U "https://cert.example.com/709J/sp.pem"

static void must(enum stir_err err, const char *what, const struct stir_diag *diag)
{
    if (err == STIR_OK)
        return;
    fprintf(stderr, "%s: %s%s%s\n", what, stir_err_text(err), diag && diag->text[0] ? ": " : "", diag ? diag->text : "");
    exit(1);
}

/* A root of our own and a certificate for the provider 709J under it. */
static void make_certificates(struct stir_key *root_key, struct stir_key *sp_key, struct stir_es256_ctx *ctx, struct stir_cert **root, struct stir_cert **sp)
{
    struct stir_diag diag = {0};
    struct stir_key_signer held = {root_key, ctx};
    struct stir_signer signer = stir_signer_of_key(&held);

    struct stir_cert_params ca = STIR_CERT_PARAMS_INIT;
    ca.role = STIR_CERT_ROOT;
    ca.cn = stir_slice_str("Example SHAKEN Root");
    ca.o = stir_slice_str("Example");
    ca.c = stir_slice_str("US");
    ca.not_before = NOW - 86400;
    ca.not_after = NOW + 365 * (int64_t)86400;
    must(stir_cert_make(root, &ca, &signer, &diag), "root certificate", &diag);

    struct stir_tnauth_entry code = {STIR_TNAUTH_SPC, stir_slice_str("709J"), 0};
    struct stir_tnauth *tnauth = NULL;
    must(stir_tnauth_new(&tnauth, &code, 1, &diag), "TNAuthList", &diag);
    struct stir_cert_params leaf = STIR_CERT_PARAMS_INIT;
    leaf.role = STIR_CERT_END_ENTITY;
    leaf.cn = stir_slice_str("SHAKEN 709J");
    leaf.o = stir_slice_str("Example Telephone");
    leaf.c = stir_slice_str("US");
    leaf.tnauth = tnauth;
    leaf.key = sp_key;
    leaf.issuer = *root;
    leaf.not_before = NOW - 3600;
    leaf.not_after = NOW + 90 * (int64_t)86400;
    leaf.crl_url = stir_slice_str("https://crl.example.com/pa.crl");
    leaf.crl_issuer = stir_slice_str("CN=STI-PA CRL,O=STI-PA,C=US");
    leaf.policy = stir_slice_str("2.16.840.1.114569.1.1.3");
    must(stir_cert_make(sp, &leaf, &signer, &diag), "provider's certificate", &diag);
    stir_tnauth_free(tnauth);
}

/* The authentication service: who calls whom, and how sure we are of it. */
static void sign(char *identity, size_t cap, struct stir_key *key, const struct stir_cert *cert, struct stir_es256_ctx *ctx)
{
    struct stir_diag diag = {0};
    struct stir_key_signer held = {key, ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_party orig, dest;
    must(stir_party_parse(&orig, stir_slice_str("tel:+1-215-555-1212"), NULL), "orig", NULL);
    must(stir_party_parse(&dest, stir_slice_str("sip:+12155551213@example.com;user=phone"), NULL), "dest", NULL);
    char origid[37];
    must(stir_uuid(origid), "origid", NULL);

    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = stir_slice_str(X5U);
    params.claims.attest = 'A';
    params.claims.origid = stir_slice_str(origid);
    params.claims.orig = &orig;
    params.claims.dest = &dest;
    params.claims.n_dest = 1;
    params.cert = cert;
    params.now = NOW;
    size_t len = 0;
    must(stir_attest(identity, cap, &len, &params, &signer, ctx, &diag), "sign", &diag);
}

/* The verification service: it says what it needs (here one certificate), we answer, it judges. */
static struct stir_verdict *verify(const char *identity, struct stir_slice x5u_body, struct stir_trust *trust, int64_t now)
{
    struct stir_policy policy;
    must(stir_policy_preset(&policy, stir_slice_str("shaken")), "policy", NULL);
    struct stir_slice header = stir_slice_str(identity);
    struct stir_call call = STIR_CALL_INIT;
    call.identity = &header;
    call.n_identity = 1;
    call.from = stir_slice_str("<sip:+12155551212@example.net;user=phone>;tag=1");
    call.to = stir_slice_str("<sip:+12155551213@example.com;user=phone>");
    call.ruri = stir_slice_str("sip:+12155551213@example.com;user=phone");

    struct stir_verify *v = NULL;
    must(stir_verify_new(&v, &call, &policy, trust, NULL, now), "begin", NULL);
    const struct stir_need *needs = NULL;
    size_t n = 0;
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    while (n > 0) {
        /* Over the network this would be a fetch of needs[0].url, bounded by max_bytes. */
        if (needs[0].kind == STIR_NEED_CERT && stir_slice_is(needs[0].url, X5U))
            must(stir_verify_supply_pem(v, needs[0].id, x5u_body), "answer", NULL);
        else
            must(stir_verify_fail(v, needs[0].id, STIR_R_INFO_UNREACHABLE), "answer", NULL);
        must(stir_verify_next(v, &needs, &n), "verify", NULL);
    }
    struct stir_verdict *verdict = NULL;
    must(stir_verify_take(v, &verdict), "verdict", NULL);
    stir_verify_free(v);
    return verdict;
}

static int show(const struct stir_verdict *verdict, enum stir_verstat wanted)
{
    char line[2048];
    size_t len = 0;
    must(stir_verdict_line(line, sizeof(line), &len, verdict), "print", NULL);
    puts(line);
    return verdict->verstat == wanted ? 0 : 1;
}

int main(void)
{
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *root_key = NULL, *sp_key = NULL;
    must(stir_es256_ctx_new(&ctx), "context", NULL);
    must(stir_key_generate(&root_key), "key", NULL);
    must(stir_key_generate(&sp_key), "key", NULL);

    struct stir_cert *root = NULL, *sp = NULL;
    make_certificates(root_key, sp_key, ctx, &root, &sp);
    char pem[4096], identity[2048];
    size_t len = 0;
    must(stir_cert_write_pem(pem, sizeof(pem), &len, sp), "PEM", NULL);
    sign(identity, sizeof(identity), sp_key, sp, ctx);
    printf("Identity: %s\n", identity);

    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    must(stir_trust_builder_new(&builder), "trust", NULL);
    must(stir_trust_add_anchor(builder, root), "anchor", NULL);
    must(stir_trust_freeze(&trust, builder, 1), "trust", NULL); /* uses the builder up */

    struct stir_verdict *now = verify(identity, stir_slice_of(pem, len), trust, NOW + 2);
    struct stir_verdict *later = verify(identity, stir_slice_of(pem, len), trust, NOW + 3600);
    int bad = show(now, STIR_VERSTAT_PASSED);
    bad |= later->reason != STIR_R_IAT_STALE;
    show(later, later->verstat); /* the same call an hour later is a replay */

    stir_verdict_free(now);
    stir_verdict_free(later);
    stir_trust_free(trust);
    stir_cert_free(root);
    stir_cert_free(sp);
    stir_key_free(root_key);
    stir_key_free(sp_key);
    stir_es256_ctx_free(ctx);
    return bad;
}
