/* Authority tokens: RFC 9447, RFC 9448 §5 and §6. The administrator is that of tests/data/ca-list (python3-cryptography). */
#include "quiet.h"
#include "token_support.h"

#include <openssl/x509v3.h>

static struct token_room room;

#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://pa.example/a.pem\"}"
#define PRINT "SHA256 55:AB:8E:CC:BD:81:05:F1:F5:CD:69:CC:97:BB:D2:71:3E:99:30:A1:0F:1B:9B:B9:38:BC:12:E7:DF:F6:00:46"
#define ATC "\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":\"" PRINT "\"}"
#define CLAIMS "\"exp\":1780275600,\"jti\":\"a\""

static int begin(void **state)
{
    (void)state;
    token_room_open(&room);
    return 0;
}

static int end(void **state)
{
    (void)state;
    token_room_close(&room);
    return 0;
}

static struct stir_token *make(const struct stir_token_params *params)
{
    static char text[STIR_MAX_AUTHORITY + 1];
    struct stir_diag diag = {0};
    struct stir_token *token = NULL;
    size_t n = 0;
    support_queue_one_error();
    enum stir_err err = stir_token_make(text, sizeof(text), &n, params, &room.signer, &diag);
    support_expect_that_error("stir_token_make");
    if (err != STIR_OK)
        fail_msg("no token: %s \"%s\"", stir_err_name(err), diag.text);
    assert_int_equal(strlen(text), n);
    assert_quiet_err(stir_token_read(&token, stir_slice_of(text, n), &diag), STIR_OK);
    return token;
}

static enum stir_token_fault check(const struct stir_token *token, const struct stir_token_demand *demand)
{
    enum stir_token_fault fault = (enum stir_token_fault)99;
    struct stir_diag diag = {0};
    support_queue_one_error();
    enum stir_err err = stir_token_check(&fault, token, demand, &diag);
    support_expect_that_error("stir_token_check");
    if (err != STIR_OK)
        fail_msg("%s \"%s\"", stir_err_name(err), diag.text);
    if ((fault == STIR_TOKEN_GOOD) != (diag.text[0] == '\0'))
        fail_msg("fault %d says \"%s\"", (int)fault, diag.text);
    return fault;
}

static void a_token_says_what_was_put_into_it(void **state) /*= RFC9448-5 test */
{
    (void)state;
    struct stir_token_params p = token_params(&room);
    for (int ca = 0; ca < 2; ca++) {
        p.ca = ca;
        struct stir_token *token = make(&p);
        const struct stir_token_info *info = stir_token_info(token);
        assert_slice(info->x5u, "https://pa.example/list-signer.pem");
        assert_slice(info->iss, "https://pa.example/");
        assert_slice(info->jti, "id6098364921");
        assert_int_equal(info->exp, TOKEN_NOW + 3600);
        assert_int_equal(info->iat, TOKEN_NOW);
        assert_int_equal(info->nbf, 0);
        assert_slice(info->tktype, "TNAuthList");
        assert_slice(info->tkvalue, "MAigBhYENzA5Sg");
        assert_slice(stir_tnauth_spc(info->list), "709J");
        assert_slice(info->fingerprint, PRINT);
        assert_int_equal(info->ca, ca);
        assert_false(info->has_x5c);
        stir_token_free(token);
    }
}

static void a_good_token_is_good(void **state) /*= RFC9448-6d test */
{
    (void)state;
    struct stir_token_params p = token_params(&room);
    struct stir_token_demand d = token_demand(&room);
    struct stir_token *token = make(&p);
    assert_int_equal(check(token, &d), STIR_TOKEN_GOOD);
    d.list = NULL;
    d.account = NULL;
    d.ca = -1;
    d.max_life = 0;
    assert_int_equal(check(token, &d), STIR_TOKEN_GOOD);
    stir_token_free(token);
}

static void tokens_by_other_software_are_good(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum stir_token_binding binding;
        bool ca, x5c;
    } rows[] = {
        {"good", STIR_TOKEN_BY_JWK, false, false},         {"good-spki", STIR_TOKEN_BY_SPKI, false, false}, {"good-ca", STIR_TOKEN_BY_JWK, true, false},
        {"good-rfc9447", STIR_TOKEN_BY_JWK, false, false}, {"good-x5c", STIR_TOKEN_BY_EITHER, false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char file[64];
        struct stir_token *token = NULL;
        struct stir_token_demand d = token_demand(&room);
        snprintf(file, sizeof(file), "tokens/%s.jwt", rows[i].file);
        struct stir_slice text = support_file(file);
        assert_err(stir_token_read(&token, text, NULL), STIR_OK);
        support_free(text);
        d.binding = rows[i].binding;
        d.ca = rows[i].ca;
        if (rows[i].x5c)
            d.signer_pem = S(NULL);
        enum stir_token_fault fault = check(token, &d);
        stir_token_free(token);
        if (fault != STIR_TOKEN_GOOD)
            fail_msg("%s: %s", file, stir_token_fault_text(fault));
    }
}

static void only_the_administrators_signer_counts(void **state) /*= RFC9448-6b test */
{
    (void)state;
    static const struct {
        const char *signer, *root;
        enum stir_token_fault wanted;
    } rows[] = {
        {"ca-list/signer.pem", "crl/pa-root.pem", STIR_TOKEN_GOOD},
        {"ca-list/signer-without-usage.pem", "crl/pa-root.pem", STIR_TOKEN_GOOD},
        {"ca-list/signer.pem", "ca-list/rogue-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer.pem", "crl/ca-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer-rogue.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer-crl-only.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer-expired.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer-p384.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer-of-signer.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/signer-without-issuer.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"crl/pa-root.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER}, /* a CA signs no tokens, were it the root itself */
        {"crl/chain1.pem", "crl/pa-root.pem", STIR_TOKEN_SIGNER},  /* a provider's */
        {"crl/leaf1.key", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
        {"ca-list/good.jws", "crl/pa-root.pem", STIR_TOKEN_SIGNER},
    };
    struct stir_token_params p = token_params(&room);
    struct stir_token *token = make(&p);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_token_demand d = token_demand(&room);
        d.signer_pem = support_file(rows[i].signer);
        d.pa_root_pem = support_file(rows[i].root);
        enum stir_token_fault fault = check(token, &d);
        support_free(d.signer_pem);
        support_free(d.pa_root_pem);
        if (fault != rows[i].wanted)
            fail_msg("%s under %s: %s", rows[i].signer, rows[i].root, stir_token_fault_text(fault));
    }
    struct stir_token_demand d = token_demand(&room);
    d.signer_pem = stir_slice_of(NULL, 0);
    assert_int_equal(check(token, &d), STIR_TOKEN_SIGNER);
    stir_token_free(token);
}

static void setting(X509 *cert, const char *name, const char *value)
{
    X509V3_CTX of;
    X509V3_set_ctx(&of, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf(NULL, &of, name, value);
    assert_true(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

/* The administrator's key in a certificate of its own, for signatures and for certificates, a CA or not: as PEM. */
static size_t own_certificate(char *pem, size_t cap, bool ca)
{
    struct stir_cert *cert = NULL;
    size_t n = 0;
    unsigned char *der = NULL;
    X509 *x = X509_new();
    assert_true(x && X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 7) && X509_set_pubkey(x, stir_key_evp(room.key)));
    assert_true(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)"PA", -1, -1, 0));
    assert_true(X509_set_issuer_name(x, X509_get_subject_name(x)));
    assert_true(ASN1_TIME_set(X509_getm_notBefore(x), TOKEN_NOW - 86400) && ASN1_TIME_set(X509_getm_notAfter(x), TOKEN_NOW + 86400));
    setting(x, "basicConstraints", ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    setting(x, "keyUsage", "critical,digitalSignature,keyCertSign");
    assert_true(X509_sign(x, stir_key_evp(room.key), EVP_sha256()));
    int len = i2d_X509(x, &der);
    assert_true(len > 0);
    assert_err(stir_cert_parse(&cert, stir_slice_of(der, (size_t)len), NULL), STIR_OK);
    assert_err(stir_cert_write_pem(pem, cap, &n, cert), STIR_OK);
    stir_cert_free(cert);
    OPENSSL_free(der);
    X509_free(x);
    return n;
}

/* The same certificate says CA or not, pinned as it stands: nothing else decides. */
static void a_ca_signs_no_tokens(void **state)
{
    (void)state;
    struct stir_token_params params = token_params(&room);
    struct stir_token *token = make(&params);
    for (int ca = 0; ca < 2; ca++) {
        char pem[4096];
        struct stir_token_demand d = token_demand(&room);
        d.signer_pem = d.pa_root_pem = stir_slice_of(pem, own_certificate(pem, sizeof(pem), ca));
        assert_int_equal(check(token, &d), ca ? STIR_TOKEN_SIGNER : STIR_TOKEN_GOOD);
    }
    stir_token_free(token);
}

static void what_the_root_is_cannot_be_a_fault_of_the_token(void **state)
{
    (void)state;
    struct stir_token_params p = token_params(&room);
    struct stir_token *token = make(&p);
    struct stir_token_demand d = token_demand(&room);
    struct stir_diag diag = {0};
    enum stir_token_fault fault = STIR_TOKEN_LONG;
    d.pa_root_pem = S("nothing");
    assert_quiet_err(stir_token_check(&fault, token, &d, &diag), STIR_EPEM);
    assert_non_null(strstr(diag.text, "root"));
    assert_int_equal(fault, STIR_TOKEN_LONG);
    stir_token_free(token);
}

static void a_changed_token_is_refused(void **state) /*= RFC9448-6d test */
{
    (void)state;
    static char text[STIR_MAX_AUTHORITY];
    struct stir_token_params p = token_params(&room);
    struct stir_token_demand d = token_demand(&room);
    size_t n = 0, read = 0;
    assert_err(stir_token_make(text, sizeof(text), &n, &p, &room.signer, NULL), STIR_OK);
    for (size_t i = 0; i < n; i += 3) {
        struct stir_token *token = NULL;
        char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        if (stir_token_read(&token, stir_slice_of(text, n), NULL) == STIR_OK) {
            enum stir_token_fault fault = check(token, &d);
            read++;
            if (fault != STIR_TOKEN_SIGNATURE)
                fail_msg("byte %zu may be anything: %s", i, stir_token_fault_text(fault));
        }
        stir_token_free(token);
        text[i] = was;
    }
    assert_true(read > 20);
}

static void the_list_is_that_of_the_order(void **state) /*= RFC9448-6f test */
{
    (void)state;
    static const struct {
        const char *tkvalue, *list;
        enum stir_token_fault wanted;
    } rows[] = {
        {"MAigBhYENzA5Sg", "MAigBhYENzA5Sg==", STIR_TOKEN_GOOD}, /* by what it says, not by its spelling */
        {"MAigBhYENzA5Sg", "MAigBhYEMTIzNA", STIR_TOKEN_LIST},           {"MBCgBhYENzA5SqAGFgQxMjM0", "MBCgBhYENzA5SqAGFgQxMjM0", STIR_TOKEN_GOOD},
        {"MBCgBhYENzA5SqAGFgQxMjM0", "MAigBhYENzA5Sg", STIR_TOKEN_LIST}, /* more than what is asked for */
        {"MAigBhYENzA5Sg", "MBCgBhYENzA5SqAGFgQxMjM0", STIR_TOKEN_LIST}, /* less */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_token_params p = token_params(&room);
        struct stir_token_demand d = token_demand(&room);
        struct stir_tnauth *list = NULL;
        p.tkvalue = S(rows[i].tkvalue);
        assert_err(stir_tnauth_from_base64(&list, S(rows[i].list)), STIR_OK);
        d.list = list;
        struct stir_token *token = make(&p);
        enum stir_token_fault fault = check(token, &d);
        stir_token_free(token);
        stir_tnauth_free(list);
        if (fault != rows[i].wanted)
            fail_msg("%s for %s: %s", rows[i].tkvalue, rows[i].list, stir_token_fault_text(fault));
    }
}

static void times_are_held(void **state) /*= RFC9448-6g test */
{
    (void)state;
    static const struct {
        const char *row;
        int64_t at, max_life;
        enum stir_token_fault wanted;
    } rows[] = {
        {"at once", 0, 3600, STIR_TOKEN_GOOD},
        {"its last second", 3599, 3600, STIR_TOKEN_GOOD},
        {"exp", 3600, 0, STIR_TOKEN_EXPIRED},
        {"a day later", 86400, 0, STIR_TOKEN_EXPIRED},
        {"clocks differ by a minute", -60, 86400, STIR_TOKEN_GOOD},
        {"from the future", -61, 86400, STIR_TOKEN_EARLY},
        {"too long a life", 0, 3599, STIR_TOKEN_LONG},
        {"any life", 0, 0, STIR_TOKEN_GOOD},
    };
    struct stir_token_params p = token_params(&room);
    struct stir_token *token = make(&p);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_token_demand d = token_demand(&room);
        d.now = TOKEN_NOW + rows[i].at;
        d.max_life = rows[i].max_life;
        enum stir_token_fault fault = check(token, &d);
        if (fault != rows[i].wanted)
            fail_msg("%s: %s", rows[i].row, stir_token_fault_text(fault));
    }
    stir_token_free(token);
    assert_err(stir_token_read(&token, token_of_texts(&room, HEADER, "{" CLAIMS ",\"nbf\":1780272061," ATC "}"), NULL), STIR_OK);
    struct stir_token_demand d = token_demand(&room);
    assert_int_equal(check(token, &d), STIR_TOKEN_EARLY);
    stir_token_free(token);
}

static void the_fingerprint_is_that_of_the_account(void **state) /*= RFC9448-6h test */
{
    (void)state;
    char spki[STIR_TOKEN_FINGERPRINT_TEXT], of_stranger[STIR_TOKEN_FINGERPRINT_TEXT], lower[STIR_TOKEN_FINGERPRINT_TEXT];
    const char *jwk = room.fingerprint;
    assert_err(stir_token_fingerprint(spki, sizeof(spki), room.account, STIR_TOKEN_BY_SPKI), STIR_OK);
    assert_err(stir_token_fingerprint(of_stranger, sizeof(of_stranger), room.stranger, STIR_TOKEN_BY_JWK), STIR_OK);
    memcpy(lower, jwk, sizeof(lower));
    for (size_t i = 7; lower[i]; i++)
        lower[i] = stir_lower(lower[i]);
    const struct {
        const char *row, *fingerprint;
        enum stir_token_binding binding;
        enum stir_token_fault wanted;
    } rows[] = {
        {"thumbprint by jwk", jwk, STIR_TOKEN_BY_JWK, STIR_TOKEN_GOOD},
        {"thumbprint by spki", jwk, STIR_TOKEN_BY_SPKI, STIR_TOKEN_FINGERPRINT},
        {"thumbprint by either", jwk, STIR_TOKEN_BY_EITHER, STIR_TOKEN_GOOD},
        {"SubjectPublicKeyInfo by jwk", spki, STIR_TOKEN_BY_JWK, STIR_TOKEN_FINGERPRINT},
        {"SubjectPublicKeyInfo by spki", spki, STIR_TOKEN_BY_SPKI, STIR_TOKEN_GOOD},
        {"SubjectPublicKeyInfo by either", spki, STIR_TOKEN_BY_EITHER, STIR_TOKEN_GOOD},
        {"a stranger's", of_stranger, STIR_TOKEN_BY_EITHER, STIR_TOKEN_FINGERPRINT},
        {"small letters", lower, STIR_TOKEN_BY_JWK, STIR_TOKEN_GOOD},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_token_params p = token_params(&room);
        struct stir_token_demand d = token_demand(&room);
        p.fingerprint = S(rows[i].fingerprint);
        d.binding = rows[i].binding;
        struct stir_token *token = make(&p);
        enum stir_token_fault fault = check(token, &d);
        stir_token_free(token);
        if (fault != rows[i].wanted)
            fail_msg("%s: %s", rows[i].row, stir_token_fault_text(fault));
    }
}

static void a_fingerprint_of_another_form_matches_nothing(void **state)
{
    (void)state;
    static const char *const forms[] = {"SHA256 55:AB", "sha256 " PRINT, "SHA256", "MD5 55:AB:8E:CC:BD:81:05:F1:F5:CD:69:CC:97:BB:D2:71",
                                        PRINT " ",      PRINT ":00"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char payload[512];
        struct stir_token *token = NULL;
        struct stir_token_demand d = token_demand(&room);
        snprintf(payload, sizeof(payload), "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":\"%s\"}}", forms[i]);
        assert_err(stir_token_read(&token, token_of_texts(&room, HEADER, payload), NULL), STIR_OK);
        enum stir_token_fault fault = check(token, &d);
        stir_token_free(token);
        if (fault != STIR_TOKEN_FINGERPRINT)
            fail_msg("%s: %s", forms[i], stir_token_fault_text(fault));
    }
}

static void ca_is_what_is_asked_for(void **state) /*= RFC9448-6i test */
{
    (void)state;
    for (int says = 0; says < 2; says++) {
        struct stir_token_params p = token_params(&room);
        p.ca = says;
        struct stir_token *token = make(&p);
        for (int asked = -1; asked < 2; asked++) {
            struct stir_token_demand d = token_demand(&room);
            d.ca = asked;
            enum stir_token_fault fault = check(token, &d);
            if (fault != (asked < 0 || asked == says ? STIR_TOKEN_GOOD : STIR_TOKEN_CA))
                fail_msg("ca %d, asked %d: %s", says, asked, stir_token_fault_text(fault));
        }
        stir_token_free(token);
    }
}

/* Several faults at once: the first in the order of the steps is told. */
static void the_first_fault_is_told(void **state)
{
    (void)state;
    struct stir_token_params p = token_params(&room);
    struct stir_tnauth *other = NULL;
    struct stir_token_demand d = token_demand(&room);
    assert_err(stir_tnauth_from_base64(&other, S("MAigBhYEMTIzNA")), STIR_OK);
    p.ca = true;
    struct stir_token *token = make(&p);
    d.pa_root_pem = support_file("ca-list/rogue-root.pem");
    d.list = other;
    d.account = room.stranger;
    d.now = TOKEN_NOW + 3600;
    assert_int_equal(check(token, &d), STIR_TOKEN_SIGNER);
    support_free(d.pa_root_pem);
    d.pa_root_pem = room.root_pem;
    assert_int_equal(check(token, &d), STIR_TOKEN_LIST);
    d.list = room.list;
    assert_int_equal(check(token, &d), STIR_TOKEN_EXPIRED);
    d.now = TOKEN_NOW - 61;
    assert_int_equal(check(token, &d), STIR_TOKEN_EARLY);
    d.now = TOKEN_NOW;
    d.max_life = 10;
    assert_int_equal(check(token, &d), STIR_TOKEN_FINGERPRINT);
    d.account = room.account;
    assert_int_equal(check(token, &d), STIR_TOKEN_CA);
    d.ca = 1;
    assert_int_equal(check(token, &d), STIR_TOKEN_LONG);
    stir_token_free(token);
    stir_tnauth_free(other);
}

/*= RFC9448-6a RFC9448-6e RFC9448-5.2 RFC9448-5.3 RFC9448-5.4a RFC9448-5.4b RFC9448-5.4c RFC9447-4a RFC9447-4b RFC9447-7b test */
static void only_whole_tokens_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *row, *header, *payload;
        enum stir_err wanted;
    } rows[] = {
        {"good", HEADER, "{" CLAIMS "," ATC "}", STIR_OK},
        {"no typ", "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_OK},
        {"typ jwt", "{\"alg\":\"ES256\",\"typ\":\"jwt\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_OK},
        {"typ passport", "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"typ a number", "{\"alg\":\"ES256\",\"typ\":1,\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"no x5u", "{\"alg\":\"ES256\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5u by http", "{\"alg\":\"ES256\",\"x5u\":\"http://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5u with a user", "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example@evil.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5u a number", "{\"alg\":\"ES256\",\"x5u\":1}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"a jwk alone", "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"}}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"a jku alone", "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/jwks\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"alg none", "{\"alg\":\"none\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"alg HS256", "{\"alg\":\"HS256\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"alg ES384", "{\"alg\":\"ES384\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"crit", "{\"alg\":\"ES256\",\"crit\":[\"x5u\"],\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"b64", "{\"alg\":\"ES256\",\"b64\":false,\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"alg twice", "{\"alg\":\"ES256\",\"alg\":\"none\",\"x5u\":\"https://pa.example/a\"}", "{" CLAIMS "," ATC "}", STIR_EJSON},
        {"x5c empty", "{\"alg\":\"ES256\",\"x5c\":[]}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5c text", "{\"alg\":\"ES256\",\"x5c\":\"MIIB\"}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5c of numbers", "{\"alg\":\"ES256\",\"x5c\":[1]}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5c that breaks out", "{\"alg\":\"ES256\",\"x5c\":[\"-----END CERTIFICATE-----\"]}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5c in base64url", "{\"alg\":\"ES256\",\"x5c\":[\"MI_B\"]}", "{" CLAIMS "," ATC "}", STIR_EVALUE},
        {"x5c of nine", "{\"alg\":\"ES256\",\"x5c\":[\"A\",\"A\",\"A\",\"A\",\"A\",\"A\",\"A\",\"A\",\"A\"]}", "{" CLAIMS "," ATC "}", STIR_ELIMIT},
        {"nothing", HEADER, "", STIR_EJSON},
        {"no claims", HEADER, "{}", STIR_EVALUE},
        {"no exp", HEADER, "{\"jti\":\"a\"," ATC "}", STIR_EVALUE},
        {"exp a text", HEADER, "{\"exp\":\"1780275600\",\"jti\":\"a\"," ATC "}", STIR_EVALUE},
        {"exp 0", HEADER, "{\"exp\":0,\"jti\":\"a\"," ATC "}", STIR_EVALUE},
        {"exp a fraction", HEADER, "{\"exp\":1.5,\"jti\":\"a\"," ATC "}", STIR_EVALUE},
        {"exp too large", HEADER, "{\"exp\":99999999999999999999,\"jti\":\"a\"," ATC "}", STIR_EVALUE},
        {"no jti", HEADER, "{\"exp\":1780275600," ATC "}", STIR_EVALUE},
        {"jti empty", HEADER, "{\"exp\":1780275600,\"jti\":\"\"," ATC "}", STIR_EVALUE},
        {"jti a number", HEADER, "{\"exp\":1780275600,\"jti\":1," ATC "}", STIR_EVALUE},
        {"jti twice", HEADER, "{" CLAIMS ",\"jti\":\"b\"," ATC "}", STIR_EJSON},
        {"iat a text", HEADER, "{" CLAIMS ",\"iat\":\"1\"," ATC "}", STIR_EVALUE},
        {"nbf a text", HEADER, "{" CLAIMS ",\"nbf\":\"1\"," ATC "}", STIR_EVALUE},
        {"iss a number", HEADER, "{" CLAIMS ",\"iss\":1," ATC "}", STIR_EVALUE},
        {"no atc", HEADER, "{" CLAIMS "}", STIR_EVALUE},
        {"atc a text", HEADER, "{" CLAIMS ",\"atc\":\"\"}", STIR_EVALUE},
        {"atc an array", HEADER, "{" CLAIMS ",\"atc\":[]}", STIR_EVALUE},
        {"no tktype", HEADER, "{" CLAIMS ",\"atc\":{\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":\"" PRINT "\"}}", STIR_EVALUE},
        {"another tktype", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"JWTClaimConstraints\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":\"" PRINT "\"}}",
         STIR_EVALUE},
        {"tktype as RFC 9447 spells it", HEADER,
         "{" CLAIMS ",\"atc\":{\"tktype\":\"TnAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg==\",\"fingerprint\":\"" PRINT "\"}}", STIR_OK},
        {"no tkvalue", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"fingerprint\":\"" PRINT "\"}}", STIR_EVALUE},
        {"tkvalue no base64", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"!\",\"fingerprint\":\"" PRINT "\"}}", STIR_EB64},
        {"tkvalue no list", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAA\",\"fingerprint\":\"" PRINT "\"}}", STIR_EDER},
        {"no fingerprint", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\"}}", STIR_EVALUE},
        {"fingerprint a number", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":1}}", STIR_EVALUE},
        {"ca a text", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"ca\":\"false\",\"fingerprint\":\"" PRINT "\"}}",
         STIR_EVALUE},
        {"ca null", HEADER, "{" CLAIMS ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"ca\":null,\"fingerprint\":\"" PRINT "\"}}",
         STIR_EVALUE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_token *token = NULL;
        struct stir_diag diag = {0};
        support_queue_one_error();
        enum stir_err err = stir_token_read(&token, token_of_texts(&room, rows[i].header, rows[i].payload), &diag);
        support_expect_that_error(rows[i].row);
        bool untouched = (token == NULL) == (err != STIR_OK);
        stir_token_free(token);
        if (err != rows[i].wanted || (err != STIR_OK) != (diag.text[0] != '\0') || !untouched)
            fail_msg("%s: %s \"%s\", wanted %s", rows[i].row, stir_err_name(err), diag.text, stir_err_name(rows[i].wanted));
    }
}

/* Base64 of what stands between the lines of a PEM file, as x5c has it. */
static size_t put_x5c(char *to, size_t cap, struct stir_slice pem)
{
    struct stir_writer w = stir_writer_of(to, cap);
    struct stir_slice line, rest = pem;
    bool inside = false, first = true;
    stir_put_char(&w, '[');
    while (support_line(&rest, &line)) {
        if (line.n && line.p[0] == '-') {
            inside = !inside;
            stir_put_text(&w, inside ? (first ? "\"" : ",\"") : "\"");
            first = false;
        } else if (inside) {
            stir_put_slice(&w, line);
        }
    }
    stir_put_char(&w, ']');
    assert_true(w.need <= cap);
    return w.need;
}

static void a_chain_in_the_header_does_as_well(void **state) /*= RFC9448-6c test */
{
    (void)state;
    static const struct {
        const char *chain;
        enum stir_token_fault wanted, beside;
    } rows[] = {
        {"ca-list/signer.pem", STIR_TOKEN_GOOD, STIR_TOKEN_GOOD},
        {"ca-list/signer-rogue.pem", STIR_TOKEN_SIGNER, STIR_TOKEN_SIGNER}, /* what was delivered counts for nothing by itself */
        {"ca-list/signer-expired.pem", STIR_TOKEN_SIGNER, STIR_TOKEN_GOOD}, /* the same key as that of x5u */
        {"crl/chain1.pem", STIR_TOKEN_SIGNER, STIR_TOKEN_SIGNER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static char x5c[16384], header[20000];
        struct stir_token *token = NULL;
        struct stir_token_demand d = token_demand(&room);
        struct stir_slice pem = support_file(rows[i].chain);
        size_t n = put_x5c(x5c, sizeof(x5c), pem);
        support_free(pem);
        snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"x5c\":%.*s}", (int)n, x5c);
        d.signer_pem = stir_slice_of(NULL, 0);
        assert_err(stir_token_read(&token, token_of_texts(&room, header, "{" CLAIMS "," ATC "}"), NULL), STIR_OK);
        assert_true(stir_token_info(token)->has_x5c);
        enum stir_token_fault fault = check(token, &d);
        d.signer_pem = room.signer_pem; /* beside what x5u gives, of which it must not say otherwise */
        enum stir_token_fault beside = check(token, &d);
        stir_token_free(token);
        if (fault != rows[i].wanted || beside != rows[i].beside)
            fail_msg("%s: %s, beside x5u %s", rows[i].chain, stir_token_fault_text(fault), stir_token_fault_text(beside));
    }
}

static void arguments_are_checked(void **state)
{
    (void)state;
    struct stir_token_params p = token_params(&room);
    struct stir_token *token = make(&p), *none = NULL;
    enum stir_token_fault fault = STIR_TOKEN_GOOD;
    struct stir_token_demand d = token_demand(&room);
    d.binding = (enum stir_token_binding)0;
    assert_err(stir_token_check(&fault, token, &d, NULL), STIR_EARG);
    d = token_demand(&room);
    d.size = 0;
    assert_err(stir_token_check(&fault, token, &d, NULL), STIR_EARG);
    d = token_demand(&room);
    d.pa_root_pem = stir_slice_of(NULL, 0);
    assert_err(stir_token_check(&fault, token, &d, NULL), STIR_EARG);
    d = token_demand(&room);
    assert_err(stir_token_check(&fault, NULL, &d, NULL), STIR_EARG);
    assert_err(stir_token_check(NULL, token, &d, NULL), STIR_EARG);
    assert_err(stir_token_read(&none, stir_slice_of(NULL, 0), NULL), STIR_EARG);
    assert_non_null(stir_token_info(NULL));
    for (int f = STIR_TOKEN_GOOD; f <= STIR_TOKEN_LONG; f++)
        assert_string_not_equal(stir_token_fault_text((enum stir_token_fault)f), stir_token_fault_text((enum stir_token_fault)99));
    stir_token_free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_what_was_put_into_it),
        cmocka_unit_test(a_good_token_is_good),
        cmocka_unit_test(tokens_by_other_software_are_good),
        cmocka_unit_test(only_the_administrators_signer_counts),
        cmocka_unit_test(a_ca_signs_no_tokens),
        cmocka_unit_test(what_the_root_is_cannot_be_a_fault_of_the_token),
        cmocka_unit_test(a_changed_token_is_refused),
        cmocka_unit_test(the_list_is_that_of_the_order),
        cmocka_unit_test(times_are_held),
        cmocka_unit_test(the_fingerprint_is_that_of_the_account),
        cmocka_unit_test(a_fingerprint_of_another_form_matches_nothing),
        cmocka_unit_test(ca_is_what_is_asked_for),
        cmocka_unit_test(the_first_fault_is_told),
        cmocka_unit_test(only_whole_tokens_are_read),
        cmocka_unit_test(a_chain_in_the_header_does_as_well),
        cmocka_unit_test(arguments_are_checked),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
