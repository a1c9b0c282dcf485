/* What no certificate of ours may be: each refusal names its reason. */
#include "parties.h"

typedef void change_fn(struct stir_cert_params *p);
#define CHANGE(name, what)                       \
    static void name(struct stir_cert_params *p) \
    {                                            \
        what;                                    \
    }
CHANGE(no_cn, p->cn = S(NULL))
CHANGE(empty_cn, p->cn = S(""))
CHANGE(control_in_cn, p->cn = S("SHAKEN\n709J"))
CHANGE(latin1_in_o, p->o = S("\xe9"))
CHANGE(small_country, p->c = S("us"))
CHANGE(long_country, p->c = S("USA"))
CHANGE(long_cn, p->cn = S("SHAKEN 709J aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
CHANGE(odd_serial_number, p->serial_number = S("a_b"))
CHANGE(no_list, p->tnauth = NULL)
CHANGE(no_key, p->key = NULL)
CHANGE(no_issuer, p->issuer = NULL)
CHANGE(no_such_role, p->role = (enum stir_cert_role)7)
CHANGE(as_intermediate, p->role = STIR_CERT_INTERMEDIATE)
CHANGE(as_intermediate_without_list, p->role = STIR_CERT_INTERMEDIATE; p->tnauth = NULL)
CHANGE(reversed, p->not_after = p->not_before)
CHANGE(before_issuer, p->not_before = NOT_BEFORE - 1)
CHANGE(beyond_issuer, p->not_after = NOT_BEFORE + 5 * (int64_t)YEAR + 1)
CHANGE(short_serial, p->serial = stir_slice_of("\1\2\3\4\5\6\7", 7))
CHANGE(long_serial, p->serial = stir_slice_of("\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2\3\4\5\6\7", 21))
CHANGE(negative_serial, p->serial = stir_slice_of("\x80\2\3\4\5\6\7\x08", 8))
CHANGE(padded_serial, p->serial = stir_slice_of("\0\2\3\4\5\6\7\x08", 8))
CHANGE(zero_serial, p->serial = stir_slice_of("\0\0\0\0\0\0\0\0", 8))
CHANGE(ftp_url, p->crl_url = S("ftp://pa.example/crl"))
CHANGE(bare_url, p->crl_url = S("https://"))
CHANGE(blank_in_url, p->crl_url = S("https://pa.example/c rl"))
CHANGE(lone_crl_issuer, p->crl_url = S(NULL))
CHANGE(odd_crl_issuer, p->crl_issuer = S("STI-PA"))
CHANGE(odd_policy, p->policy = S("1.2.x"))
CHANGE(name_of_issuer, p->cn = S("SHAKEN Intermediate"); p->serial_number = S(NULL))
CHANGE(issued_by_root, p->issuer = root.cert)
CHANGE(issued_by_leaf, p->issuer = leaf.cert)

static void refuses_what_the_profile_forbids(void **state)
{
    (void)state;
    static const struct {
        change_fn *change;
        enum stir_err err;
        const char *diag;
    } rows[] = {
        {no_cn, STIR_EVALUE, "CN is missing"},
        {empty_cn, STIR_EVALUE, "CN has 0"},
        {control_in_cn, STIR_EVALUE, "control"},
        {latin1_in_o, STIR_EVALUE, "UTF-8"},
        {small_country, STIR_EVALUE, "capital"},
        {long_country, STIR_EVALUE, "capital"},
        {long_cn, STIR_EVALUE, "65 characters"},
        {odd_serial_number, STIR_EVALUE, "serialNumber"},
        {no_list, STIR_EVALUE, "TNAuthList"},
        {no_key, STIR_EVALUE, "key of the subject"},
        {no_issuer, STIR_EVALUE, "issuer's certificate is missing"},
        {no_such_role, STIR_EVALUE, "role"},
        {as_intermediate, STIR_EVALUE, "TNAuthList"},
        {as_intermediate_without_list, STIR_EMISMATCH, "pathLen"},
        {reversed, STIR_EVALUE, "not later"},
        {before_issuer, STIR_EVALUE, "beyond"},
        {beyond_issuer, STIR_EVALUE, "beyond"},
        {short_serial, STIR_EVALUE, "8 to 20"},
        {long_serial, STIR_EVALUE, "8 to 20"},
        {negative_serial, STIR_EVALUE, "not positive"},
        {padded_serial, STIR_EVALUE, "needless"},
        {zero_serial, STIR_EVALUE, "needless"},
        {ftp_url, STIR_EVALUE, "crl_url"},
        {bare_url, STIR_EVALUE, "crl_url"},
        {blank_in_url, STIR_EVALUE, "crl_url"},
        {lone_crl_issuer, STIR_EVALUE, "crl_issuer without"},
        {odd_crl_issuer, STIR_EVALUE, "crl_issuer"},
        {odd_policy, STIR_EVALUE, "policy"},
        {name_of_issuer, STIR_EVALUE, "name of the issuer"},
        {issued_by_root, STIR_EMISMATCH, "signer's key"},
        {issued_by_leaf, STIR_EMISMATCH, "no CA"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert_params p = leaf_params();
        struct stir_cert *cert = NULL;
        struct stir_diag diag = {0};
        rows[i].change(&p);
        enum stir_err err = stir_cert_make(&cert, &p, &intermediate.signer, &diag);
        if (err != rows[i].err || cert || !strstr(diag.text, rows[i].diag))
            fail_msg("row %zu: %s, \"%s\", wanted %s", i, stir_err_name(err), diag.text, rows[i].diag);
    }
}

CHANGE(with_issuer, p->issuer = intermediate.cert)
CHANGE(with_other_key, p->key = leaf.held.key)
CHANGE(with_url, p->crl_url = S("https://pa.example/crl"))
CHANGE(with_policy, p->policy = S("1.2.3"))
CHANGE(with_list, p->tnauth = list)
CHANGE(before_1970, p->not_before = -1)
CHANGE(after_9999, p->not_after = 253402300800)

static void refuses_roots_that_are_none(void **state)
{
    (void)state;
    static const struct {
        change_fn *change;
        enum stir_err err;
    } rows[] = {
        {with_issuer, STIR_EVALUE}, {with_other_key, STIR_EMISMATCH}, {with_url, STIR_EVALUE},   {with_policy, STIR_EVALUE},
        {with_list, STIR_EVALUE},   {before_1970, STIR_EVALUE},       {after_9999, STIR_EVALUE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert_params p = root_params();
        struct stir_cert *cert = NULL;
        struct stir_diag diag = {0};
        rows[i].change(&p);
        enum stir_err err = stir_cert_make(&cert, &p, &root.signer, &diag);
        if (err != rows[i].err || cert || !diag.text[0])
            fail_msg("row %zu: %s, \"%s\"", i, stir_err_name(err), diag.text);
    }
}

/* CAs that the real network has, and that cannot issue here. */
static void refuses_issuers_with_a_part_missing(void **state)
{
    (void)state;
    static const struct {
        const char *name, *diag;
    } rows[] = {{"shakenBasicConstNo", "cA TRUE"}, {"shakenCaEmpty", "no CA"}, {"shakenCaKeyAlgRSA", "signer's key"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *ca = lint_cert(rows[i].name), *cert = NULL;
        struct stir_cert_params p = leaf_params();
        struct stir_diag diag = {0};
        p.issuer = ca;
        p.not_before = stir_cert_info(ca)->not_before;
        p.not_after = stir_cert_info(ca)->not_after;
        enum stir_err err = stir_cert_make(&cert, &p, &intermediate.signer, &diag);
        if (err != STIR_EMISMATCH || !strstr(diag.text, rows[i].diag))
            fail_msg("%s: %s, \"%s\"", rows[i].name, stir_err_name(err), diag.text);
        stir_cert_free(ca);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_the_profile_forbids),
        cmocka_unit_test(refuses_roots_that_are_none),
        cmocka_unit_test(refuses_issuers_with_a_part_missing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
