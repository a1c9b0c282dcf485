#include "support.h"

#include <dirent.h>

#define ALL (stir_lint_profile_by_name(S("all")))

static struct stir_cert *cert_of(struct stir_slice name)
{
    char path[256];
    struct stir_cert *cert = NULL;
    size_t n = 0;
    snprintf(path, sizeof(path), "%.*s", (int)name.n, name.p);
    struct stir_slice text = support_file(path);
    struct stir_diag diag = {0};
    if (stir_certs_parse(&cert, 1, &n, text, &diag) != STIR_OK)
        fail_msg("%s: %s", path, diag.text);
    support_free(text);
    return cert;
}

/* What was reported: the ids in the order of the table, and how many are errors. */
struct seen {
    const struct stir_lint_rule *rules[128];
    size_t n, errors;
};

static void note(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    struct seen *seen = arg;
    assert_true(seen->n < 128);
    assert_non_null(detail);
    assert_null(strpbrk(detail, "\r\n"));
    seen->rules[seen->n++] = rule;
    seen->errors += rule->severity == STIR_LINT_ERROR;
}

static void lint(struct seen *seen, const struct stir_cert *cert, const struct stir_cert *issuer, unsigned profiles)
{
    memset(seen, 0, sizeof(*seen));
    size_t errors = stir_lint_cert(cert, issuer, profiles, note, seen);
    assert_int_equal(errors, seen->errors);
}

static bool has(const struct seen *seen, struct stir_slice id)
{
    for (size_t i = 0; i < seen->n; i++)
        if (stir_slice_is(id, seen->rules[i]->id))
            return true;
    return false;
}

/* Exactly the rules named in `wanted`: ids with commas between, "-" for none. */
static void check(struct stir_slice name, const char *profile, const struct seen *seen, struct stir_slice wanted)
{
    size_t n = 0;
    if (stir_slice_is(wanted, "-"))
        wanted.n = 0;
    while (wanted.n) {
        const char *comma = memchr(wanted.p, ',', wanted.n);
        struct stir_slice id = stir_slice_of(wanted.p, comma ? (size_t)(comma - wanted.p) : wanted.n);
        size_t step = id.n + (comma ? 1 : 0);
        wanted = stir_slice_of(wanted.p + step, wanted.n - step);
        n++;
        if (!has(seen, id))
            fail_msg("%.*s breaks %.*s in profile %s, and it is not reported", (int)name.n, name.p, (int)id.n, id.p, profile);
    }
    if (n == seen->n)
        return;
    char all[2048] = "";
    for (size_t i = 0; i < seen->n; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", seen->rules[i]->id);
    fail_msg("%.*s breaks %zu rules in profile %s, and these are reported:%s", (int)name.n, name.p, n, profile, all);
}

/* tests/data/lint.tsv, row by row. */
struct row {
    struct stir_slice file, issuer, all, usual;
};

static bool next_row(struct stir_slice *text, struct row *row)
{
    struct stir_slice line;
    while (support_line(text, &line)) {
        if (line.n == 0 || line.p[0] == '#')
            continue;
        row->file = support_field(&line);
        row->issuer = support_field(&line);
        row->all = support_field(&line);
        row->usual = support_field(&line);
        return true;
    }
    return false;
}

static struct stir_cert *issuer_of(const struct row *row)
{
    return stir_slice_is(row->issuer, "-") ? NULL : cert_of(row->issuer);
}

static void each_certificate_breaks_exactly_the_rules_of_its_row(void **state)
{
    (void)state;
    struct stir_slice text = support_file("lint.tsv"), rest = text;
    struct row row;
    while (next_row(&rest, &row)) {
        struct stir_cert *cert = cert_of(row.file), *issuer = issuer_of(&row);
        struct seen seen;
        lint(&seen, cert, issuer, ALL);
        check(row.file, "all", &seen, row.all);
        lint(&seen, cert, issuer, STIR_LINT_DEFAULT);
        check(row.file, "default", &seen, row.usual);
        stir_cert_free(cert);
        stir_cert_free(issuer);
    }
    support_free(text);
}

static size_t files_in(const char *folder)
{
    char path[4096];
    size_t n = 0;
    snprintf(path, sizeof(path), "%s/%s", STIR_TEST_DATA, folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += strlen(entry->d_name) > 4 && strcmp(entry->d_name + strlen(entry->d_name) - 4, ".pem") == 0;
    closedir(dir);
    return n;
}

static void no_certificate_is_missing_from_the_table(void **state)
{
    (void)state;
    struct stir_slice text = support_file("lint.tsv"), rest = text;
    struct row row;
    size_t n = 0;
    while (next_row(&rest, &row))
        n++;
    assert_int_equal(n, files_in("vectors/lint") + files_in("lint-made"));
    support_free(text);
}

static void each_rule_is_broken_by_some_certificate(void **state)
{
    (void)state;
    struct stir_slice text = support_file("lint.tsv"), rest = text;
    bool broken[256] = {false};
    struct row row;
    while (next_row(&rest, &row)) {
        struct stir_cert *cert = cert_of(row.file), *issuer = issuer_of(&row);
        struct seen seen;
        lint(&seen, cert, issuer, ALL | STIR_LINT_DELEGATE);
        for (size_t i = 0; stir_lint_rule_at(i); i++)
            broken[i] |= has(&seen, S(stir_lint_rule_at(i)->id));
        stir_cert_free(cert);
        stir_cert_free(issuer);
    }
    for (size_t i = 0; stir_lint_rule_at(i); i++)
        if (!broken[i])
            fail_msg("no certificate breaks %s", stir_lint_rule_at(i)->id);
    support_free(text);
}

/* A file of lint-made is named after what it breaks; with a tail when there are several. */
static void made_certificates_break_what_they_are_named_after(void **state)
{
    (void)state;
    struct stir_slice text = support_file("lint.tsv"), rest = text;
    static const char folder[] = "lint-made/";
    struct row row;
    while (next_row(&rest, &row)) {
        const size_t head = sizeof(folder) - 1;
        if (row.file.n < head + 4 || memcmp(row.file.p, folder, head) != 0)
            continue;
        struct stir_slice name = stir_slice_of(row.file.p + head, row.file.n - head - 4);
        bool good = (name.n > 5 && memcmp(name.p, "good-", 5) == 0) || (name.n > 5 && memcmp(name.p + name.n - 5, "-good", 5) == 0);
        for (size_t i = 0; stir_lint_rule_at(i); i++) {
            struct stir_slice id = S(stir_lint_rule_at(i)->id);
            bool named = name.n >= id.n && memcmp(name.p, id.p, id.n) == 0 && (name.n == id.n || name.p[id.n] == '-');
            struct stir_cert *cert = named ? cert_of(row.file) : NULL, *issuer = named ? issuer_of(&row) : NULL;
            struct seen seen = {.n = 0};
            lint(&seen, cert, issuer, ALL);
            if (named && has(&seen, id) == good)
                fail_msg("%.*s and rule %s", (int)row.file.n, row.file.p, id.p);
            stir_cert_free(cert);
            stir_cert_free(issuer);
        }
    }
    support_free(text);
}

static void an_edition_looks_at_its_own_rules_only(void **state)
{
    (void)state;
    static const struct {
        const char *file, *profile, *rules;
    } rows[] = {
        {"lint-made/good-leaf.pem", "v3", "-"},
        {"lint-made/good-leaf.pem", "v4", "-"},
        {"lint-made/good-leaf.pem", "v5", "-"},
        {"lint-made/good-leaf.pem", "cp1.4", "-"},
        {"lint-made/good-leaf.pem", "cp1.3", "policy-not-cp-1-3"},
        {"lint-made/good-leaf-cp-1-3.pem", "cp1.3", "-"},
        {"lint-made/good-leaf-cp-1-3.pem", "cp1.4", "policy-not-cp-1-4"},
        {"lint-made/good-intermediate.pem", "default", "-"},
        {"lint-made/good-root.pem", "all", "-"},
        /* an intermediate of v003 needs no CRL; one of v004 does; P-384 is a CA's under policy 1.4 alone */
        {"vectors/lint/shakenCaEmpty.pem", "rfc", "issuer-empty,subject-empty,ku-missing-ca,ski-missing-ca,aki-missing"},
        {"vectors/lint/shakenCaEmpty.pem", "v3", "issuer-empty,subject-empty,ku-missing-ca,ski-missing-ca,aki-missing,policy-missing"},
        {"vectors/lint/shakenCaEmpty.pem", "v4",
         "issuer-empty,subject-empty,ku-missing-ca,ski-missing-ca,aki-missing,policy-missing,crldp-missing-intermediate"},
        {"lint-made/key-p384-ca.pem", "cp1.4", "-"},
        {"lint-made/key-p384-ca.pem", "v4", "key-not-ec-256"},
        {"lint-made/key-p384-ca.pem", "v5", "key-not-named-p256"},
        {"lint-made/key-p384-leaf.pem", "cp1.4", "key-not-of-cp-1-4"},
        {"lint-made/signature-ecdsa-sha384.pem", "cp1.4", "-"},
        {"lint-made/signature-ecdsa-sha384.pem", "cp1.3", "signature-not-ecdsa-sha256,policy-not-cp-1-3"},
        /* v003 has no O, and wants the code in the CN wherever it stands */
        {"vectors/lint/shakenCaSubjectWithoutO.pem", "v3", "crldp-without-issuer"},
        {"lint-made/cn-two-spaces.pem", "v3", "-"},
        {"lint-made/cn-two-spaces.pem", "v4", "cn-not-shaken-spc"},
        /* v003 and v004 let a CA sign lists and more; v005 certificates alone */
        {"vectors/lint/shakenCaKeyUsageWCRL.pem", "v4", "crldp-without-issuer"},
        {"vectors/lint/shakenCaKeyUsageWCRL.pem", "v5", "crldp-without-issuer,ku-ca-only-cert-sign,ski-not-sha1-of-key"},
        /* what only v005 says */
        {"vectors/lint/shakenRootExtOdd.pem", "v4", "eku-present"},
        {"lint-made/tnauth-spc-form.pem", "v4", "-"},
        {"lint-made/tnauth-in-ca.pem", "v4", "-"},
        {"lint-made/constraints-unreadable.pem", "v4", "constraints-unreadable"},
        {"vectors/lint/shakenSerialNumberPadded.pem", "v4", "crldp-without-issuer,ku-leaf-only-digital-signature"},
        /* delegates: any entries, any names, constraints; but a key, a usage and a list as those who sign calls have them */
        {"lint-made/good-delegate.pem", "delegate", "-"},
        {"lint-made/good-leaf.pem", "delegate", "-"},
        {"lint-made/good-intermediate.pem", "delegate", "-"},
        {"lint-made/tnauth-in-ca.pem", "delegate", "-"},
        {"lint-made/tnauth-not-one-entry.pem", "delegate", "-"},
        {"lint-made/tnauth-not-spc.pem", "delegate", "-"},
        {"lint-made/ku-empty.pem", "delegate", "ku-empty,ku-leaf-only-digital-signature"},
        {"lint-made/tnauth-missing-below-delegation.pem", "delegate", "delegate-without-list"},
        {"lint-made/key-p384-leaf.pem", "delegate", "key-not-of-cp-1-4"},
        /* serialNumber of the subject: a must in policy 1.3, a may in 1.4 */
        {"vectors/lint/shakenSubjectWithoutSerialNumber.pem", "cp1.3", "subject-serial-number-missing,aki-missing"},
        {"vectors/lint/shakenSubjectWithoutSerialNumber.pem", "cp1.4", "aki-missing"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_cert *cert = cert_of(S(rows[i].file));
        struct seen seen;
        unsigned profiles = stir_lint_profile_by_name(S(rows[i].profile));
        assert_true(profiles & STIR_LINT_RFC);
        lint(&seen, cert, NULL, profiles);
        check(S(rows[i].file), rows[i].profile, &seen, S(rows[i].rules));
        stir_cert_free(cert);
    }
}

static void rules_about_the_issuer_need_the_issuer(void **state)
{
    (void)state;
    struct stir_cert *leaf = cert_of(S("lint-made/aki-not-issuer-ski.pem")), *root = cert_of(S("lint-made/good-root.pem"));
    struct seen seen;
    lint(&seen, leaf, NULL, STIR_LINT_DEFAULT);
    assert_int_equal(seen.n, 0);
    lint(&seen, leaf, root, STIR_LINT_DEFAULT);
    check(S("a leaf under the root"), "default", &seen, S("issuer-not-parent"));
    lint(&seen, root, root, STIR_LINT_DEFAULT);
    assert_int_equal(seen.n, 0);
    stir_cert_free(leaf);
    stir_cert_free(root);
}

static void rfc_rules_are_always_looked_at(void **state)
{
    (void)state;
    struct stir_cert *cert = cert_of(S("lint-made/validity-order.pem"));
    struct seen seen;
    lint(&seen, cert, NULL, 0);
    check(S("validity-order"), "none", &seen, S("validity-order"));
    assert_int_equal(stir_lint_cert(cert, NULL, 0, NULL, NULL), 1);
    assert_int_equal(stir_lint_cert(NULL, NULL, ALL, note, &seen), 0);
    stir_cert_free(cert);
}

static void only_errors_are_counted(void **state)
{
    (void)state;
    static const char *const mild[] = {"lint-made/subject-attribute-unknown.pem", "lint-made/crldp-critical.pem", "lint-made/crldp-by-reasons.pem"};
    for (size_t i = 0; i < 3; i++) {
        struct stir_cert *cert = cert_of(S(mild[i]));
        struct seen seen;
        lint(&seen, cert, NULL, STIR_LINT_DEFAULT);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.errors, 0);
        stir_cert_free(cert);
    }
}

static void profiles_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned profiles;
    } rows[] = {
        {"v3", STIR_LINT_RFC | STIR_LINT_ATIS_V3},
        {"v4", STIR_LINT_RFC | STIR_LINT_ATIS_V4},
        {"v5", STIR_LINT_RFC | STIR_LINT_ATIS_V5},
        {"cp1.3", STIR_LINT_RFC | STIR_LINT_CP_1_3},
        {"cp1.4", STIR_LINT_RFC | STIR_LINT_CP_1_4},
        {"rfc", STIR_LINT_RFC},
        {"delegate", STIR_LINT_RFC | STIR_LINT_DELEGATE},
        {"default", STIR_LINT_DEFAULT},
        {"all", 63},
        {"", 0},
        {"v6", 0},
        {"V5", 0},
        {"v5 ", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_lint_profile_by_name(S(rows[i].name)) != rows[i].profiles)
            fail_msg("\"%s\"", rows[i].name);
}

static void rules_are_well_made_and_ids_unique(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct stir_lint_rule *rule; (rule = stir_lint_rule_at(n)); n++) {
        if (strspn(rule->id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(rule->id) || strlen(rule->id) < 5)
            fail_msg("id %s", rule->id);
        if (!rule->profiles || rule->profiles & ~(ALL | STIR_LINT_DELEGATE) || rule->severity > STIR_LINT_ERROR)
            fail_msg("profiles or severity of %s", rule->id);
        if (strlen(rule->clause) < 8 || strlen(rule->text) < 15 || strchr(rule->text, '\n') || rule->text[strlen(rule->text) - 1] == '.')
            fail_msg("texts of %s", rule->id);
        for (size_t i = 0; i < n; i++)
            if (strcmp(stir_lint_rule_at(i)->id, rule->id) == 0 || strcmp(stir_lint_rule_at(i)->text, rule->text) == 0)
                fail_msg("%s and %s", rule->id, stir_lint_rule_at(i)->id);
    }
    assert_true(n >= 90);
    assert_null(stir_lint_rule_at(SIZE_MAX));
}

/* Another tool looked at the same leaves (column lints of leaf.tsv). Its rules changed over the years, so silence of it says nothing; but where it found one of
 * these, so must we. */
static const struct {
    const char *theirs, *ours;
    size_t n;
} agreed[] = {
    {"e_atis_version", "version-not-3", 1},
    {"e_atis_signature_algorithm", "signature-not-ecdsa-sha256", 7},
    {"e_atis_subject", "subject-not-one-c", 1},
    {"e_atis_subject_cn", "cn-not-shaken-spc", 23},
    {"e_atis_subject_cn_spc", "cn-not-shaken-spc", 34},
    {"w_shaken_subject_rdn_unknown", "subject-attribute-unknown", 16},
    {"e_us_cp_subject_sn", "subject-serial-number-missing", 24},
    {"e_us_cp_subject_sn_shall", "subject-serial-number-missing", 20},
    {"e_atis_basic_constraints", "bc-missing", 1},
    {"e_atis_ext_basic_constraints", "bc-missing", 3},
    {"e_atis_ext_key_usage", "ku-missing-leaf", 3},
    {"e_atis_ext_key_usage_ee", "ku-leaf-only-digital-signature", 9},
    {"e_incorrect_ku_encoding", "ku-padded", 6},
    {"e_atis_subject_key_identifier", "ski-missing-leaf", 8},
    {"e_atis_ext_authority_key_identifier", "aki-missing", 3},
    {"e_atis_crl_distribution", "crldp-missing-leaf", 1},
    {"e_atis_ext_crl_distribution", "crldp-missing-leaf", 8},
    {"e_atis_ext_crl_distribution_struct", "crldp-without-issuer", 19},
    {"n_atis_certificate_policy_critical", "policy-critical", 3},
    {"e_atis_tn_auth_list", "tnauth-missing", 1},
    {"e_atis_tn_auth_list_spc_format", "tnauth-spc-form", 5},
    {"e_atis_ext_not_specified", "extension-not-specified", 5},
    {"e_atis_extension_unknown", "extension-not-specified", 2},
};
enum { AGREED = sizeof(agreed) / sizeof(agreed[0]), LEAVES = 133, CAS = 60 };

static bool lists(struct stir_slice ids, const char *id)
{
    while (ids.n) {
        const char *comma = memchr(ids.p, ',', ids.n);
        size_t n = comma ? (size_t)(comma - ids.p) : ids.n;
        if (stir_slice_is(stir_slice_of(ids.p, n), id))
            return true;
        ids = stir_slice_of(ids.p + n + (comma ? 1 : 0), ids.n - n - (comma ? 1 : 0));
    }
    return false;
}

/* The last field of the row of leaf.tsv that begins with this fingerprint. */
static struct stir_slice their_lints(struct stir_slice table, const unsigned char sha256[STIR_SHA256])
{
    char hex[2 * STIR_SHA256 + 1];
    struct stir_slice line = {NULL, 0};
    for (size_t i = 0; i < STIR_SHA256; i++)
        snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
    while (support_line(&table, &line)) {
        if (!stir_slice_is(support_field(&line), hex))
            continue;
        for (int i = 0; i < 7; i++)
            support_field(&line);
        return line;
    }
    fail_msg("%s is not in leaf.tsv", hex);
    return line;
}

static size_t bundle(struct stir_cert **certs, size_t max, const char *file)
{
    struct stir_slice text = support_file(file);
    size_t n = 0;
    assert_err(stir_certs_parse(certs, max, &n, text, NULL), STIR_OK);
    support_free(text);
    return n;
}

static void real_leaves_break_what_another_tool_found(void **state)
{
    (void)state;
    struct stir_cert *certs[LEAVES + 1];
    struct stir_slice table = support_file("certs/leaf.tsv");
    size_t found[AGREED] = {0};
    assert_int_equal(bundle(certs, LEAVES + 1, "certs/leaf.pem"), LEAVES);
    for (size_t i = 0; i < LEAVES; i++) {
        struct stir_slice theirs = their_lints(table, stir_cert_info(certs[i])->sha256);
        struct seen seen;
        lint(&seen, certs[i], NULL, ALL);
        for (size_t j = 0; j < AGREED; j++)
            if (lists(theirs, agreed[j].theirs)) {
                found[j]++;
                if (!has(&seen, S(agreed[j].ours)))
                    fail_msg("%s has %s, and not %s", stir_cert_info(certs[i])->subject, agreed[j].theirs, agreed[j].ours);
            }
        stir_cert_free(certs[i]);
    }
    for (size_t j = 0; j < AGREED; j++)
        assert_int_equal(found[j], agreed[j].n);
    support_free(table);
}

static void real_authorities_are_linted_with_and_without_issuer(void **state)
{
    (void)state;
    struct stir_cert *certs[CAS + 1];
    size_t roots = 0;
    assert_int_equal(bundle(certs, CAS + 1, "certs/ca.pem"), CAS);
    for (size_t i = 0; i < CAS; i++)
        for (size_t j = 0; j < CAS; j++) {
            struct seen seen;
            bool parent = stir_slice_eq(stir_cert_info(certs[i])->issuer_der, stir_cert_info(certs[j])->subject_der);
            lint(&seen, certs[i], certs[j], ALL);
            assert_int_equal(has(&seen, S("issuer-not-parent")), !parent);
            roots += i == j && parent;
        }
    assert_true(roots > 10 && roots < CAS);
    for (size_t i = 0; i < CAS; i++)
        stir_cert_free(certs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_certificate_breaks_exactly_the_rules_of_its_row),
        cmocka_unit_test(no_certificate_is_missing_from_the_table),
        cmocka_unit_test(each_rule_is_broken_by_some_certificate),
        cmocka_unit_test(made_certificates_break_what_they_are_named_after),
        cmocka_unit_test(an_edition_looks_at_its_own_rules_only),
        cmocka_unit_test(rules_about_the_issuer_need_the_issuer),
        cmocka_unit_test(rfc_rules_are_always_looked_at),
        cmocka_unit_test(only_errors_are_counted),
        cmocka_unit_test(profiles_have_names),
        cmocka_unit_test(rules_are_well_made_and_ids_unique),
        cmocka_unit_test(real_leaves_break_what_another_tool_found),
        cmocka_unit_test(real_authorities_are_linted_with_and_without_issuer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
