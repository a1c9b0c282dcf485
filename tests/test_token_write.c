/* What a policy administrator signs: tokens, the list of trusted CAs, and any JWS. */
#include "quiet.h"
#include "token_support.h"

#include "core/ca_list.h"

static struct token_room room;

#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":\"https://pa.example/a.pem\"}"
#define ATC "\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\",\"fingerprint\":\"" PRINT "\"}"
#define PRINT "SHA256 55:AB:8E:CC:BD:81:05:F1:F5:CD:69:CC:97:BB:D2:71:3E:99:30:A1:0F:1B:9B:B9:38:BC:12:E7:DF:F6:00:46"

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

/* ---- Any JWS ---- */

static void what_is_signed_reads_the_same_in_both_forms(void **state) /*= RFC7515-5.2 test */
{
    (void)state;
    static const char header[] = "{\"alg\":\"ES256\",\"url\":\"https://ca.example/a\"}";
    static const char *const payloads[] = {"{\"a\":1}", "{}", ""};
    struct stir_arena arena = {NULL, 0, 0};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        char text[1024];
        struct stir_jws jws;
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        assert_quiet_err(stir_jws_put_compact(&w, S(header), i == 2 ? S(NULL) : S(payloads[i]), &room.signer), STIR_OK);
        assert_err(stir_jws_read(&jws, &arena, stir_slice_of(text, w.need), NULL), STIR_OK);
        assert_slice(jws.header.text, header);
        assert_true(i == 2 ? jws.payload.type == STIR_JSON_NULL : stir_slice_is(jws.payload.text, payloads[i]));
        assert_err(stir_jws_verify(&jws, room.ctx, room.key), STIR_OK);
        w = stir_writer_of(text, sizeof(text));
        assert_quiet_err(stir_jws_put_flattened(&w, S(header), S(payloads[i]), &room.signer), STIR_OK);
        assert_err(stir_jws_read_flattened(&jws, &arena, stir_slice_of(text, w.need), NULL), STIR_OK);
        assert_slice(jws.header.text, header);
        assert_err(stir_jws_verify(&jws, room.ctx, room.key), STIR_OK);
        assert_err(stir_jws_verify(&jws, room.ctx, room.stranger), STIR_ESIG);
    }
    stir_arena_clear(&arena);
}

static void a_writer_that_is_full_counts_on(void **state)
{
    (void)state;
    char text[512];
    struct stir_writer all = stir_writer_of(text, sizeof(text)), some = stir_writer_of(text, 100), none = stir_writer_of(NULL, 0);
    struct stir_signer nobody = STIR_SIGNER_INIT;
    assert_err(stir_jws_put_flattened(&all, S("{\"alg\":\"ES256\"}"), S("{}"), &room.signer), STIR_OK);
    assert_err(stir_jws_put_flattened(&some, S("{\"alg\":\"ES256\"}"), S("{}"), &room.signer), STIR_OK);
    assert_err(stir_jws_put_flattened(&none, S("{\"alg\":\"ES256\"}"), S("{}"), &room.signer), STIR_OK);
    assert_true(all.need == some.need && all.need == none.need);
    assert_err(stir_jws_put_compact(&all, S("{}"), S("{}"), &nobody), STIR_EARG);
    assert_err(stir_jws_put_compact(&all, S(""), S("{}"), &room.signer), STIR_EARG);
    assert_err(stir_jws_put_flattened(&all, S("{}"), S("{}"), NULL), STIR_EARG);
}

/* ---- Tokens ---- */

static void no_bad_token_is_made(void **state)
{
    (void)state;
    static char buf[4096];
    static char long_jti[STIR_MAX_JTI + 2];
    memset(long_jti, 'j', sizeof(long_jti) - 1);
    const struct token_change {
        const char *row;
        size_t at;
        const char *text;
    } rows[] = {
        {"no x5u", offsetof(struct stir_token_params, x5u), NULL},
        {"x5u by http", offsetof(struct stir_token_params, x5u), "http://pa.example/a"},
        {"iss empty", offsetof(struct stir_token_params, iss), ""},
        {"no jti", offsetof(struct stir_token_params, jti), NULL},
        {"jti empty", offsetof(struct stir_token_params, jti), ""},
        {"jti too long", offsetof(struct stir_token_params, jti), long_jti},
        {"jti no UTF-8", offsetof(struct stir_token_params, jti), "\xff"},
        {"no tkvalue", offsetof(struct stir_token_params, tkvalue), NULL},
        {"tkvalue padded", offsetof(struct stir_token_params, tkvalue), "MAigBhYENzA5Sg=="},
        {"tkvalue no list", offsetof(struct stir_token_params, tkvalue), "MAA"},
        {"no fingerprint", offsetof(struct stir_token_params, fingerprint), NULL},
        {"fingerprint cut", offsetof(struct stir_token_params, fingerprint), "SHA256 55:AB"},
        {"fingerprint of blanks", offsetof(struct stir_token_params, fingerprint),
         "SHA256 55 AB 8E CC BD 81 05 F1 F5 CD 69 CC 97 BB D2 71 3E 99 30 A1 0F 1B 9B B9 38 BC 12 E7 DF F6 00 46"},
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_token_params p = token_params(&room);
        struct stir_slice value = rows[i].text ? S(rows[i].text) : stir_slice_of(NULL, 0);
        struct stir_diag diag = {0};
        memcpy((char *)&p + rows[i].at, &value, sizeof(value));
        enum stir_err err = stir_token_make(buf, sizeof(buf), &n, &p, &room.signer, &diag);
        if (err != STIR_EVALUE || !diag.text[0])
            fail_msg("%s: %s \"%s\"", rows[i].row, stir_err_name(err), diag.text);
    }
    struct stir_token_params p = token_params(&room);
    p.exp = p.iat;
    assert_err(stir_token_make(buf, sizeof(buf), &n, &p, &room.signer, NULL), STIR_EVALUE);
    p = token_params(&room);
    p.size--;
    assert_err(stir_token_make(buf, sizeof(buf), &n, &p, &room.signer, NULL), STIR_EARG);
    assert_err(stir_token_make(buf, sizeof(buf), &n, &p, NULL, NULL), STIR_EARG);
}

static unsigned asked;
static enum stir_err count_and_lie(void *arg, const unsigned char digest[STIR_SHA256], unsigned char sig[STIR_ES256_SIG])
{
    (void)digest;
    asked++;
    memset(sig, 1, STIR_ES256_SIG);
    return *(const enum stir_err *)arg;
}

static void a_small_buffer_is_told_and_nobody_asked_to_sign(void **state)
{
    (void)state;
    static char buf[4096];
    struct stir_token_params p = token_params(&room);
    size_t need = 0, n = 0;
    enum stir_err answer = STIR_OK;
    struct stir_signer liar = room.signer;
    liar.sign = count_and_lie;
    liar.arg = &answer;
    asked = 0;
    assert_err(stir_token_make(NULL, 0, &need, &p, &liar, NULL), STIR_ELIMIT);
    assert_err(stir_token_make(buf, need, &n, &p, &liar, NULL), STIR_ELIMIT);
    assert_int_equal(asked, 0);
    assert_int_equal(n, need);
    assert_err(stir_token_make(buf, need + 1, &n, &p, &room.signer, NULL), STIR_OK);
    assert_int_equal(strlen(buf), need);
    /* one who signs with another key than he names, and one who cannot */
    assert_err(stir_token_make(buf, sizeof(buf), &n, &p, &liar, NULL), STIR_EMISMATCH);
    answer = STIR_EBUSY;
    assert_err(stir_token_make(buf, sizeof(buf), &n, &p, &liar, NULL), STIR_EBUSY);
    assert_int_equal(asked, 2);
}

static void fingerprints_are_as_computed_by_hand(void **state) /*= RFC9448-5.4d test */
{
    (void)state;
    char text[STIR_TOKEN_FINGERPRINT_TEXT];
    assert_quiet_err(stir_token_fingerprint(text, sizeof(text), room.account, STIR_TOKEN_BY_JWK), STIR_OK);
    assert_string_equal(text, PRINT);
    assert_quiet_err(stir_token_fingerprint(text, sizeof(text), room.account, STIR_TOKEN_BY_SPKI), STIR_OK);
    assert_string_equal(text, "SHA256 04:61:7E:18:81:8F:ED:CD:CA:CD:37:47:26:F9:57:AC:B1:AE:95:FF:D6:41:19:26:B6:9C:DA:77:A4:13:DD:36");
    assert_err(stir_token_fingerprint(text, sizeof(text), room.account, STIR_TOKEN_BY_EITHER), STIR_EVALUE);
    assert_err(stir_token_fingerprint(text, sizeof(text) - 1, room.account, STIR_TOKEN_BY_JWK), STIR_ELIMIT);
    assert_err(stir_token_fingerprint(text, sizeof(text), NULL, STIR_TOKEN_BY_JWK), STIR_EARG);
}

static void lengths_are_limited(void **state)
{
    (void)state;
    static char text[STIR_MAX_AUTHORITY + 2], payload[1024];
    struct stir_token *token = NULL;
    memset(text, 'A', sizeof(text));
    assert_err(stir_token_read(&token, stir_slice_of(text, STIR_MAX_AUTHORITY + 1), NULL), STIR_ELIMIT);
    for (int n = STIR_MAX_JTI; n <= STIR_MAX_JTI + 1; n++) {
        snprintf(payload, sizeof(payload), "{\"exp\":1780275600,\"jti\":\"%0*d\"," ATC "}", n, 1);
        assert_err(stir_token_read(&token, token_of_texts(&room, HEADER, payload), NULL), n > STIR_MAX_JTI ? STIR_ELIMIT : STIR_OK);
        stir_token_free(token);
        token = NULL;
    }
}

/* ---- The list of trusted CAs ---- */

static struct stir_cert *listed(const char *file)
{
    struct stir_cert *cert = NULL;
    size_t n = 0;
    struct stir_slice pem = support_file(file);
    assert_err(stir_certs_parse(&cert, 1, &n, pem, NULL), STIR_OK);
    support_free(pem);
    return cert;
}

static struct stir_ca_list_params list_params(struct stir_cert *const *certs, size_t n)
{
    struct stir_ca_list_params p = STIR_CA_LIST_PARAMS_INIT;
    p.x5u = S("https://pa.example/list-signer.pem");
    p.sequence = 7;
    p.exp = TOKEN_NOW + 86400;
    p.certs = certs;
    p.n = n;
    return p;
}

static void the_list_that_is_made_is_read(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct stir_cert *certs[] = {listed("crl/ca-root.pem"), listed("crl/other-root.pem"), listed("crl/ca-int.pem")};
    struct stir_ca_list_params p = list_params(certs, 3);
    struct stir_ca_list *list = NULL;
    size_t n = 0, need = 0;
    assert_quiet_err(stir_ca_list_make(text, sizeof(text), &n, &p, &room.signer, NULL), STIR_OK);
    assert_int_equal(strlen(text), n);
    assert_err(stir_ca_list_parse(&list, stir_slice_of(text, n), room.signer_pem, room.root_pem, 7, TOKEN_NOW, NULL), STIR_OK);
    const struct stir_ca_list_info *info = stir_ca_list_info(list);
    assert_slice(info->version, "1");
    assert_slice(info->x5u, "https://pa.example/list-signer.pem");
    assert_int_equal(info->sequence, 7);
    assert_int_equal(info->exp, TOKEN_NOW + 86400);
    assert_int_equal(info->n_certs, 3);
    assert_int_equal(info->n_unread, 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(stir_slice_eq(stir_cert_info(stir_ca_list_cert(list, i))->der, stir_cert_info(certs[i])->der));
    stir_ca_list_free(list);
    assert_err(stir_ca_list_make(NULL, 0, &need, &p, &room.signer, NULL), STIR_ELIMIT);
    assert_int_equal(need, n);
    assert_err(stir_ca_list_make(text, n, &need, &p, &room.signer, NULL), STIR_ELIMIT);
    assert_err(stir_ca_list_make(text, n + 1, &need, &p, &room.signer, NULL), STIR_OK);
    for (size_t i = 0; i < 3; i++)
        stir_cert_free(certs[i]);
}

static void four_hundred_cas_fit_where_they_are_small(void **state)
{
    (void)state;
    static char text[STIR_MAX_CA_LIST + 1];
    static struct stir_cert *certs[STIR_MAX_LISTED + 1];
    struct stir_cert *one = listed("crl/ca-root.pem");
    struct stir_ca_list *list = NULL;
    struct stir_diag diag = {0};
    size_t n = 0;
    for (size_t i = 0; i < STIR_MAX_LISTED + 1; i++)
        certs[i] = one;
    struct stir_ca_list_params p = list_params(certs, STIR_MAX_LISTED);
    assert_err(stir_ca_list_make(text, sizeof(text), &n, &p, &room.signer, &diag), STIR_OK);
    assert_err(stir_ca_list_parse(&list, stir_slice_of(text, n), room.signer_pem, room.root_pem, -1, TOKEN_NOW, NULL), STIR_OK);
    assert_int_equal(stir_ca_list_info(list)->n_certs, STIR_MAX_LISTED);
    stir_ca_list_free(list);
    p.n++;
    assert_err(stir_ca_list_make(text, sizeof(text), &n, &p, &room.signer, &diag), STIR_ELIMIT);
    stir_cert_free(one);
}

static void no_bad_list_is_made(void **state)
{
    (void)state;
    static char text[8192];
    struct stir_cert *certs[] = {listed("crl/ca-root.pem"), NULL};
    const struct stir_ca_list_params good = list_params(certs, 1);
    struct stir_ca_list_params rows[] = {good, good, good, good, good};
    size_t n = 0;
    rows[0].x5u = S("http://pa.example/a");
    rows[1].sequence = -1;
    rows[2].exp = 0;
    rows[3].n = 0;
    rows[4].certs = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_diag diag = {0};
        enum stir_err err = stir_ca_list_make(text, sizeof(text), &n, &rows[i], &room.signer, &diag);
        if (err != STIR_EVALUE || !diag.text[0])
            fail_msg("row %zu: %s \"%s\"", i, stir_err_name(err), diag.text);
    }
    struct stir_ca_list_params p = good;
    p.n = 2;
    assert_err(stir_ca_list_make(text, sizeof(text), &n, &p, &room.signer, NULL), STIR_EARG);
    p = good;
    p.size = 0;
    assert_err(stir_ca_list_make(text, sizeof(text), &n, &p, &room.signer, NULL), STIR_EARG);
    assert_err(stir_ca_list_make(text, sizeof(text), &n, &good, NULL, NULL), STIR_EARG);
    stir_cert_free(certs[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_reads_the_same_in_both_forms),
        cmocka_unit_test(a_writer_that_is_full_counts_on),
        cmocka_unit_test(fingerprints_are_as_computed_by_hand),
        cmocka_unit_test(lengths_are_limited),
        cmocka_unit_test(no_bad_token_is_made),
        cmocka_unit_test(a_small_buffer_is_told_and_nobody_asked_to_sign),
        cmocka_unit_test(the_list_that_is_made_is_read),
        cmocka_unit_test(four_hundred_cas_fit_where_they_are_small),
        cmocka_unit_test(no_bad_list_is_made),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
