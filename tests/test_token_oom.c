/* Tokens, bindings, lists and delegates while allocations fail: the answer is STIR_ENOMEM, nothing is lost, and the next call does its work. */
#include "oom.h"

#include "token_support.h"

static struct token_room room;

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

static enum stir_err make_read_and_check(void *arg)
{
    static char text[4096];
    struct stir_token_params params = token_params(&room);
    const struct stir_token_demand demand = token_demand(&room);
    struct stir_token *token = NULL;
    enum stir_token_fault fault = STIR_TOKEN_LONG;
    size_t n = 0;
    (void)arg;
    enum stir_err err = stir_token_make(text, sizeof(text), &n, &params, &room.signer, NULL);
    if (err == STIR_OK)
        err = stir_token_read(&token, stir_slice_of(text, n), NULL);
    if (err == STIR_OK)
        err = stir_token_check(&fault, token, &demand, NULL);
    if (err == STIR_OK)
        assert_int_equal(fault, STIR_TOKEN_GOOD);
    stir_token_free(token);
    return err;
}

/* A token that is refused is refused while memory is short, too, or nothing is said of it. */
static enum stir_err check_a_bad_one(void *arg)
{
    struct stir_token *token = NULL;
    struct stir_token_demand demand = token_demand(&room);
    enum stir_token_fault fault = STIR_TOKEN_GOOD;
    demand.account = room.stranger;
    enum stir_err err = stir_token_read(&token, *(const struct stir_slice *)arg, NULL);
    if (err == STIR_OK)
        err = stir_token_check(&fault, token, &demand, NULL);
    if (err == STIR_OK)
        assert_int_equal(fault, STIR_TOKEN_FINGERPRINT);
    stir_token_free(token);
    return err;
}

static void tokens_answer_enomem(void **state)
{
    (void)state;
    struct stir_slice text = support_file("tokens/good.jwt"), chain = support_file("tokens/good-x5c.jwt");
    oom_run(make_read_and_check, NULL);
    oom_run(check_a_bad_one, &text);
    oom_run(check_a_bad_one, &chain);
    support_free(text);
    support_free(chain);
}

static enum stir_err make_list(void *arg)
{
    static char text[8192];
    struct stir_cert *certs[] = {arg};
    struct stir_ca_list_params p = STIR_CA_LIST_PARAMS_INIT;
    size_t n = 0;
    p.x5u = S("https://pa.example/a.pem");
    p.exp = TOKEN_NOW + 10;
    p.certs = certs;
    p.n = 1;
    return stir_ca_list_make(text, sizeof(text), &n, &p, &room.signer, NULL);
}

static enum stir_err bind_and_verify(void *arg)
{
    static const struct stir_slice mac_key = {"0123456789abcdef0123456789abcdef", 32};
    char text[1024];
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_json json;
    struct stir_eab eab;
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    (void)arg;
    enum stir_err err = stir_eab_put(&w, S("k\n"), S("https://ca.example/new"), room.account, mac_key);
    if (err == STIR_OK)
        err = stir_json_parse(&json, stir_slice_of(text, w.need), NULL, NULL);
    if (err == STIR_OK)
        err = stir_eab_read(&eab, &arena, json, NULL);
    if (err == STIR_OK)
        err = stir_eab_verify(&eab, mac_key);
    stir_arena_clear(&arena);
    return err;
}

static void lists_and_bindings_answer_enomem(void **state)
{
    (void)state;
    struct stir_cert *cert = NULL;
    size_t n = 0;
    struct stir_slice pem = support_file("crl/ca-root.pem");
    assert_err(stir_certs_parse(&cert, 1, &n, pem, NULL), STIR_OK);
    support_free(pem);
    oom_run(make_list, cert);
    oom_run(bind_and_verify, NULL);
    stir_cert_free(cert);
}

/* A CA of delegates, a delegate of it with constraints, one who signs lists, and a list that revokes the delegate. */
struct family {
    struct stir_tnauth *list;
    struct stir_cert *ca, *delegate, *crl_signer;
    struct stir_crl *crl;
};

static struct stir_cert_params person(enum stir_cert_role role, const char *cn, const struct stir_cert *issuer)
{
    struct stir_cert_params p = STIR_CERT_PARAMS_INIT;
    p.role = role;
    p.cn = S(cn);
    p.key = room.key;
    p.issuer = issuer;
    p.path_len = -1;
    p.not_before = TOKEN_NOW;
    p.not_after = TOKEN_NOW + 86400;
    return p;
}

static enum stir_err make_family(struct family *f, const struct stir_cert *root)
{
    static const struct stir_slice claim = {"rcd", 3};
    const struct stir_cert_constraints constraints = {.must_exclude = &claim, .n_must_exclude = 1};
    struct stir_cert_params p = person(STIR_CERT_DELEGATE_CA, "CA", root);
    p.tnauth = f->list;
    TRY(stir_cert_make(&f->ca, &p, &room.signer, NULL));
    p = person(STIR_CERT_DELEGATE, "Shop", f->ca);
    p.tnauth = f->list;
    p.constraints = &constraints;
    TRY(stir_cert_make(&f->delegate, &p, &room.signer, NULL));
    p = person(STIR_CERT_CRL_SIGNER, "Lists", root);
    TRY(stir_cert_make(&f->crl_signer, &p, &room.signer, NULL));
    const struct stir_crl_revocation revoked = {stir_cert_info(f->delegate)->issuer_der, stir_cert_info(f->delegate)->serial, TOKEN_NOW, 1};
    struct stir_crl_params list = STIR_CRL_PARAMS_INIT;
    list.issuer = f->crl_signer;
    list.this_update = TOKEN_NOW;
    list.next_update = TOKEN_NOW + 1;
    list.idp_url = S("https://pa.example/crl");
    list.revoked = &revoked;
    list.n = 1;
    return stir_crl_make(&f->crl, &list, &room.signer, NULL);
}

static enum stir_err family(void *arg)
{
    struct family f = {.list = NULL};
    enum stir_err err = stir_tnauth_from_base64(&f.list, S("MA-iDRYLMTIxNTU1NTEyMTI"));
    if (err == STIR_OK)
        err = make_family(&f, arg);
    stir_crl_free(f.crl);
    stir_cert_free(f.crl_signer);
    stir_cert_free(f.delegate);
    stir_cert_free(f.ca);
    stir_tnauth_free(f.list);
    return err;
}

static void delegates_and_their_revocation_answer_enomem(void **state)
{
    (void)state;
    struct stir_cert *root = NULL;
    struct stir_cert_params p = person(STIR_CERT_ROOT, "Root", NULL);
    assert_err(stir_cert_make(&root, &p, &room.signer, NULL), STIR_OK);
    oom_run(family, root);
    stir_cert_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_answer_enomem),
        cmocka_unit_test(lists_and_bindings_answer_enomem),
        cmocka_unit_test(delegates_and_their_revocation_answer_enomem),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
