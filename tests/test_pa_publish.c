/* What the policy administrator publishes: the list of trusted CAs and the CRL; who is listed, and what is reported. Run as "test_pa_publish" for SQLite,
 * "test_pa_publish postgresql" for PostgreSQL. */
#include "pa_support.h"

#include <pthread.h>

static char report_token[STIR_PA_REPORT_TOKEN];

static void list_ca(const struct pa_party *ca, const char *name, char *token)
{
    if (stir_pa_ca_add(&clerk, ca->cert, name, token, "user test", PA_NOW, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static void chores(int64_t now)
{
    assert_int_equal(stir_pa_chores(pa, &clerk, now), STIR_PA_CHORE_MS);
}

/* ---- The list ---- */

static struct stir_ca_list *list;

/* What a verifier makes of the list that is given out now. */
static const struct stir_ca_list_info *read_list(int64_t last, int64_t now)
{
    static char signer[4096], root[4096], answer[70000];
    pa_fetch(signer, sizeof(signer), "/pa/signer.pem");
    pa_fetch(root, sizeof(root), "/pa/root.pem");
    pa_fetch(answer, sizeof(answer), "/api/v1/ca-list");
    stir_ca_list_free(list);
    list = NULL;
    if (stir_ca_list_parse(&list, S(answer), S(signer), S(root), last, now, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return stir_ca_list_info(list);
}

static void drop_list(void)
{
    stir_ca_list_free(list);
    list = NULL;
}

static void without_a_ca_there_is_no_list(void **state)
{
    (void)state;
    chores(PA_NOW);
    PA_ASK(.path = "/api/v1/ca-list");
    PA_EXPECT(404, "no-list");
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_lists"), 0);
}

static void a_verifier_believes_the_list_and_its_signer_is_where_x5u_says(void **state)
{
    (void)state;
    char url[STIR_MAX_URL + 1], pem[4096];
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    const struct stir_ca_list_info *info = read_list(-1, PA_NOW);
    assert_int_equal(info->n_certs, 1);
    assert_true(info->exp == PA_NOW + 7 * PA_DAY);
    assert_true(stir_slice_eq(stir_cert_info(stir_ca_list_cert(list, 0))->der, stir_cert_info(ca_root.cert)->der));
    assert_err(stir_ca_list_signer_url(url, sizeof(url), info->jws, &diag), STIR_OK);
    assert_int_equal(strncmp(url, "https://pa.example/pa/", 22), 0);
    pa_fetch(pem, sizeof(pem), url + strlen("https://pa.example"));
    assert_non_null(strstr(pem, "BEGIN CERTIFICATE"));
    drop_list();
}

static void the_list_is_given_in_each_form_and_known_by_its_tag(void **state)
{
    (void)state;
    char tag[100], jws[70000];
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    assert_int_equal(PA_ASK(.path = "/api/v1/ca-list", .accept = "application/jose+json"), 200);
    assert_string_equal(pa_x.type, "application/json");
    assert_string_equal(pa_member("status"), "success");
    snprintf(jws, sizeof(jws), "%s", pa_member("caList"));
    snprintf(tag, sizeof(tag), "%s", pa_field("ETag"));
    assert_int_equal(PA_ASK(.path = "/sti-pa/ca-list", .accept = "application/jose+json"), 200);
    assert_string_equal(jws, pa_member("caList"));
    assert_int_equal(PA_ASK(.path = "/sti-pa/ca-list", .accept = "application/jose"), 200);
    assert_string_equal(pa_x.type, "application/jose");
    assert_string_equal(jws, pa_x.body_out);
    assert_int_equal(PA_ASK(.path = "/api/v1/ca-list", .if_none_match = tag), 304);
    assert_int_equal(pa_x.n_out, 0);
    assert_int_equal(PA_ASK(.path = "/sti-pa/ca-list", .accept = "application/jose", .if_none_match = tag), 200);
    chores(PA_NOW + PA_DAY / 2);
    assert_int_equal(PA_ASK(.path = "/api/v1/ca-list", .if_none_match = tag), 200);
}

static void the_list_is_made_anew_when_it_changes_and_when_it_is_due_and_not_else(void **state)
{
    (void)state;
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    int64_t first = read_list(-1, PA_NOW)->sequence;
    chores(PA_NOW + 1);
    assert_true(read_list(first, PA_NOW + 1)->sequence == first);
    list_ca(&other_ca, "Other", NULL);
    chores(PA_NOW + 2);
    int64_t second = read_list(first, PA_NOW + 2)->sequence;
    assert_true(second > first);
    assert_int_equal(stir_ca_list_info(list)->n_certs, 2);
    char sha256[STIR_PA_SHA_TEXT];
    stir_pa_hex(sha256, stir_cert_info(ca_root.cert)->sha256);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW + 3, &diag), STIR_OK);
    chores(PA_NOW + 3);
    int64_t third = read_list(second, PA_NOW + 3)->sequence;
    assert_true(third > second);
    assert_int_equal(stir_ca_list_info(list)->n_certs, 1);
    chores(PA_NOW + PA_DAY / 2 + 2);
    assert_true(read_list(third, PA_NOW + PA_DAY / 2 + 2)->sequence == third);
    chores(PA_NOW + PA_DAY / 2 + 3);
    assert_true(read_list(third, PA_NOW + PA_DAY / 2 + 3)->sequence > third);
    assert_true(stir_ca_list_info(list)->exp == PA_NOW + PA_DAY / 2 + 3 + 7 * PA_DAY);
    drop_list();
    assert_int_equal(pa_count("SELECT COUNT(*) FROM audit WHERE event = 'trust list published'"), 4);
}

static void no_sequence_falls_when_the_clock_or_the_store_goes_back(void **state)
{
    (void)state;
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    int64_t first = read_list(-1, PA_NOW)->sequence;
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW - 1000, &diag), STIR_OK);
    int64_t second = read_list(first, PA_NOW - 1000)->sequence;
    assert_true(second > first);
    /* a store out of an old backup */
    store_sql(clerk.store, "DELETE FROM pa_lists");
    store_sql(clerk.store, "DELETE FROM pa_crls");
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 10, &diag), STIR_OK);
    assert_true(read_list(second, PA_NOW + 10)->sequence > second);
    /* a clock that was far ahead while one was made */
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + PA_DAY, &diag), STIR_OK);
    int64_t ahead = read_list(second, PA_NOW + 20)->sequence;
    chores(PA_NOW + 20);
    assert_true(read_list(ahead, PA_NOW + 20)->sequence > ahead);
    assert_true(stir_ca_list_info(list)->exp == PA_NOW + 20 + 7 * PA_DAY);
    drop_list();
}

static void when_the_last_ca_is_gone_so_is_the_list(void **state)
{
    (void)state;
    char sha256[STIR_PA_SHA_TEXT];
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    stir_pa_hex(sha256, stir_cert_info(ca_root.cert)->sha256);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW, &diag), STIR_OK);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW, &diag), STIR_ENOTFOUND);
    PA_ASK(.path = "/api/v1/ca-list");
    PA_EXPECT(404, "no-list");
    chores(PA_NOW + 1);
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 1, &diag), STIR_ENOTFOUND);
}

static void a_few_lists_and_crls_are_kept(void **state)
{
    (void)state;
    list_ca(&ca_root, "Example", NULL);
    for (int i = 0; i < STIR_PA_KEPT + 3; i++)
        assert_err(stir_pa_publish(pa, &clerk, PA_NOW + i, &diag), STIR_OK);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_lists"), STIR_PA_KEPT);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_crls"), STIR_PA_KEPT);
    assert_int_equal(pa_count("SELECT MAX(sequence) FROM pa_lists"), PA_NOW + STIR_PA_KEPT + 2);
}

static void nothing_outlives_its_signer(void **state)
{
    (void)state;
    list_ca(&ca_root, "Example", NULL);
    pa->signer.until = PA_NOW + 100;
    pa->crl.until = PA_NOW + 200;
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW, &diag), STIR_OK);
    assert_int_equal(pa_count("SELECT expires FROM pa_lists"), PA_NOW + 100);
    assert_int_equal(pa_count("SELECT expires FROM pa_crls"), PA_NOW + 200);
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 100, &diag), STIR_ETIME);
    assert_int_equal(stir_pa_chores(pa, &clerk, PA_NOW + 100), STIR_PA_RETRY_MS);
    pa->signer.until = PA_NOW + PA_YEAR;
    pa->crl.until = PA_NOW + 200;
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW + 200, &diag), STIR_ETIME);
}

static void a_new_signer_makes_a_new_list_and_the_old_one_is_still_served(void **state)
{
    (void)state;
    char old_url[STIR_MAX_URL + 1], old[4096], again[4096];
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    int64_t first = read_list(-1, PA_NOW)->sequence;
    snprintf(old_url, sizeof(old_url), "%s", pa->signer.url);
    pa_fetch(old, sizeof(old), "/pa/signer.pem");
    stir_pa_free(pa);
    struct pa_party fresh = {.cert = NULL};
    pa_party_make(&fresh, &pa_root, STIR_CERT_PA_SIGNER, "STI-PA Signer 2");
    pa_write_party(&fresh, "fresh.key", "fresh.crt");
    pa_conf.pa.key = pa_path(5, "fresh.key");
    pa_conf.pa.cert = pa_path(6, "fresh.crt");
    assert_err(pa_read(&pa), STIR_OK);
    chores(PA_NOW + 1);
    assert_true(read_list(first, PA_NOW + 1)->sequence > first);
    pa_fetch(again, sizeof(again), old_url + strlen("https://pa.example"));
    assert_string_equal(old, again);
    pa_fetch(again, sizeof(again), "/pa/signer.pem");
    assert_string_not_equal(old, again);
    drop_list();
    pa_party_free(&fresh);
}

/* ---- Who is listed ---- */

static void only_certificates_of_cas_are_listed(void **state)
{
    (void)state;
    assert_err(stir_pa_ca_add(&clerk, pa_signer.cert, "Signer", NULL, "user test", PA_NOW, &diag), STIR_EVALUE);
    assert_err(stir_pa_ca_add(&clerk, ca_root.cert, "Late", NULL, "user test", PA_NOW + 30 * (int64_t)PA_YEAR, &diag), STIR_EVALUE);
    assert_err(stir_pa_ca_add(&clerk, ca_root.cert, "bad\xff", NULL, "user test", PA_NOW, &diag), STIR_EVALUE);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_cas"), 0);
    list_ca(&ca_root, NULL, NULL);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_cas WHERE name = 'SHAKEN Example ROOT'"), 1);
}

static void see_ca(void *arg, const struct stir_pa_ca_row *row)
{
    int *n = arg;
    ++*n;
    assert_true(stir_slice_is(row->name, "Example"));
    assert_true(row->may_report);
    assert_int_equal(row->issuers, 1);
}

static void a_ca_is_listed_again_with_a_new_name_and_token(void **state)
{
    (void)state;
    int n = 0;
    char other[STIR_PA_REPORT_TOKEN];
    list_ca(&ca_root, "Former", report_token);
    list_ca(&ca_root, "Example", other);
    assert_string_not_equal(report_token, other);
    assert_err(stir_pa_cas(&clerk, see_ca, &n, &diag), STIR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_issuers WHERE ca = 'Example'"), 1);
}

static void an_issuers_name_is_one_cas_while_that_is_listed(void **state)
{
    (void)state;
    /* another key under the same subject */
    struct pa_party twin = {.cert = NULL};
    char sha256[STIR_PA_SHA_TEXT];
    pa_party_make(&twin, NULL, STIR_CERT_ROOT, "SHAKEN Example ROOT");
    list_ca(&ca_root, "Example", NULL);
    assert_err(stir_pa_ca_add(&clerk, twin.cert, "Impostor", NULL, "user test", PA_NOW, &diag), STIR_EMISMATCH);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_cas"), 1);
    list_ca(&twin, "Example", NULL); /* the same CA, with its next key */
    stir_pa_hex(sha256, stir_cert_info(ca_root.cert)->sha256);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW, &diag), STIR_OK);
    assert_err(stir_pa_ca_add(&clerk, ca_root.cert, "Impostor", NULL, "user test", PA_NOW, &diag), STIR_EMISMATCH);
    stir_pa_hex(sha256, stir_cert_info(twin.cert)->sha256);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW, &diag), STIR_OK);
    list_ca(&ca_root, "Successor", NULL);
    pa_party_free(&twin);
}

/* ---- The CRL ---- */

static struct stir_crl *crl;

static const struct stir_crl_info *read_crl(void)
{
    int status = PA_ASK(.path = "/download/v1/crl", .accept = "application/pkix-crl");
    if (status != 200)
        fail_msg("%d", status);
    stir_crl_free(crl);
    crl = NULL;
    if (stir_crl_parse(&crl, stir_slice_of(pa_x.body_out, pa_x.n_out), &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return stir_crl_info(crl);
}

static void drop_crl(void)
{
    stir_crl_free(crl);
    crl = NULL;
}

static uint64_t number_of(const struct stir_crl_info *info)
{
    uint64_t n = 0;
    for (size_t i = 0; i < info->number.n; i++)
        n = n << 8 | (unsigned char)info->number.p[i];
    return n;
}

struct by_hand {
    struct stir_slice issuer;
    const char *serial;
    int64_t not_after;
    int reason;
};
static enum stir_err revoke_one(struct stir_store *store, void *arg)
{
    const struct by_hand *r = arg;
    return stir_pa_revoke(store, r->issuer, r->serial, PA_NOW - 5, r->reason, r->not_after, "user test", PA_NOW);
}
static enum stir_err revoke(struct stir_slice issuer, const char *serial, int reason, int64_t not_after)
{
    struct by_hand r = {issuer, serial, not_after, reason};
    return stir_store_transact(clerk.store, revoke_one, &r, &diag);
}

static void the_crl_is_indirect_and_signed_by_its_signer(void **state)
{
    (void)state;
    chores(PA_NOW);
    const struct stir_crl_info *info = read_crl();
    assert_int_equal(info->n_entries, 0);
    assert_true(info->indirect && info->idp == STIR_PART_GOOD);
    assert_true(stir_slice_is(info->idp_url, "https://pa.example/download/v1/crl"));
    assert_true(stir_slice_is(info->ca_issuers_url, pa->crl.url));
    assert_true(info->this_update == PA_NOW && info->next_update == PA_NOW + PA_DAY);
    assert_true(stir_slice_eq(info->issuer_der, stir_cert_info(pa_crl_signer.cert)->subject_der));
    assert_err(stir_crl_signed_by(crl, pa_crl_signer.cert), STIR_OK);
    drop_crl();
}

static void a_verifier_knows_a_revoked_certificate_by_it(void **state)
{
    (void)state;
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    struct stir_crl_entry entry;
    const struct stir_cert_info *info = stir_cert_info(ca_issuing.cert);
    assert_err(revoke(info->issuer_der, info->serial_hex, 1, info->not_after), STIR_OK);
    chores(PA_NOW);
    (void)read_crl();
    assert_true(stir_crl_find(crl, info->issuer_der, info->serial, &entry));
    assert_int_equal(entry.reason, 1);
    assert_true(entry.revoked_at == PA_NOW - 5);
    assert_false(stir_crl_find(crl, info->subject_der, info->serial, &entry));
    assert_err(stir_trust_builder_new(&builder), STIR_OK);
    assert_err(stir_trust_add_anchor(builder, ca_root.cert), STIR_OK);
    assert_err(stir_trust_add_pa(builder, pa_root.cert), STIR_OK);
    assert_err(stir_trust_add_pa(builder, pa_crl_signer.cert), STIR_OK);
    assert_err(stir_trust_add_crl(builder, crl), STIR_OK);
    assert_err(stir_trust_freeze(&trust, builder, 1), STIR_OK);
    assert_true(stir_trust_crl_by_pa(trust, 0, 0, PA_NOW));
    stir_trust_free(trust);
    drop_crl();
}

static void the_crl_is_made_anew_on_revocation_and_when_due_and_its_number_rises(void **state)
{
    (void)state;
    struct stir_slice issuer = stir_cert_info(ca_root.cert)->subject_der;
    chores(PA_NOW);
    uint64_t first = number_of(read_crl());
    chores(PA_NOW + 1);
    assert_true(number_of(read_crl()) == first);
    assert_err(revoke(issuer, "0A01", 0, PA_NOW + PA_YEAR), STIR_OK);
    chores(PA_NOW + 2);
    uint64_t second = number_of(read_crl());
    assert_true(second > first);
    assert_int_equal(stir_crl_info(crl)->n_entries, 1);
    assert_int_equal(pa_count("SELECT crl FROM pa_revocations"), (int64_t)second);
    assert_err(revoke(issuer, "0a01", 0, PA_NOW + PA_YEAR), STIR_OK); /* the same again */
    chores(PA_NOW + 3);
    assert_true(number_of(read_crl()) == second);
    chores(PA_NOW + 2 + PA_DAY / 4);
    uint64_t third = number_of(read_crl());
    assert_true(third > second);
    assert_err(stir_pa_publish(pa, &clerk, PA_NOW, &diag), STIR_ENOTFOUND);
    assert_true(number_of(read_crl()) > third);
    drop_crl();
}

static void a_certificate_that_is_over_leaves_the_crl_after_a_period(void **state)
{
    (void)state;
    struct stir_slice issuer = stir_cert_info(ca_root.cert)->subject_der;
    assert_err(revoke(issuer, "01", 0, PA_NOW), STIR_OK);
    assert_err(revoke(issuer, "02", 0, 0), STIR_OK);
    assert_err(revoke(issuer, "03", 0, PA_NOW + PA_YEAR), STIR_OK);
    chores(PA_NOW);
    assert_int_equal(read_crl()->n_entries, 3);
    chores(PA_NOW + PA_DAY);
    assert_int_equal(read_crl()->n_entries, 3);
    chores(PA_NOW + 2 * PA_DAY);
    assert_int_equal(read_crl()->n_entries, 2);
    drop_crl();
}

static void what_cannot_be_revoked_is_refused(void **state)
{
    (void)state;
    struct stir_slice issuer = stir_cert_info(ca_root.cert)->subject_der;
    assert_err(revoke(issuer, "", 0, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "xy", 0, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "0123456789012345678901234567890123456789012", 0, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "01", 7, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "01", 8, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "01", 11, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "01", -1, 0), STIR_EVALUE);
    assert_err(revoke(issuer, "01", 0, -1), STIR_EVALUE);
    assert_err(revoke(S("no name"), "01", 0, 0), STIR_EVALUE);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations"), 0);
    assert_err(revoke(issuer, "000", 0, 0), STIR_OK);
    assert_int_equal(pa_count("SELECT COUNT(*) FROM pa_revocations WHERE serial = '00'"), 1);
}

static void serials_of_any_length_and_sign_are_found(void **state)
{
    (void)state;
    static const char *const serials[] = {"00", "7F", "80", "ff01", "8123456789ABCDEF0123456789ABCDEF01234567", "0000000000000000000000000000000000000005"};
    struct stir_slice issuer = stir_cert_info(ca_root.cert)->subject_der;
    struct stir_crl_entry entry;
    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++)
        assert_err(revoke(issuer, serials[i], 0, 0), STIR_OK);
    chores(PA_NOW);
    assert_int_equal(read_crl()->n_entries, 6);
    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
        unsigned char bytes[64] = {0};
        size_t n = support_hex(bytes + 1, sizeof(bytes) - 1, serials[i]);
        assert_true(stir_crl_find(crl, issuer, stir_slice_of(bytes, n + 1), &entry));
    }
    drop_crl();
}

static void the_crl_is_given_as_der_and_as_pem(void **state)
{
    (void)state;
    chores(PA_NOW);
    struct stir_crl *other = NULL;
    (void)read_crl();
    assert_string_equal(pa_x.type, "application/pkix-crl");
    assert_int_equal(PA_ASK(.path = "/sti-pa/crl", .accept = "application/x-pem-file"), 200);
    assert_string_equal(pa_x.type, "application/x-pem-file");
    assert_err(stir_crl_parse(&other, stir_slice_of(pa_x.body_out, pa_x.n_out), &diag), STIR_OK);
    assert_true(stir_slice_eq(stir_crl_info(crl)->der, stir_crl_info(other)->der));
    stir_crl_free(other);
    drop_crl();
}

static void before_the_first_there_is_no_crl(void **state)
{
    (void)state;
    PA_ASK(.path = "/download/v1/crl");
    PA_EXPECT(404, "no-crl");
}

/* ---- Files ---- */

static void static_files_are_what_is_served(void **state)
{
    (void)state;
    char *text, served[70000], sha256[STIR_PA_SHA_TEXT];
    pa_conf.pa.static_dir = pa_path(5, "static");
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    assert_int_equal(PA_ASK(.path = "/sti-pa/ca-list", .accept = "application/jose"), 200);
    text = file_text("static/ca-list.jws");
    assert_string_equal(text, pa_x.body_out);
    free(text);
    (void)read_crl();
    text = file_text("static/crl.der");
    assert_memory_equal(text, pa_x.body_out, pa_x.n_out);
    free(text);
    assert_int_equal(PA_ASK(.path = "/sti-pa/crl", .accept = "text/plain"), 200);
    text = file_text("static/crl.pem");
    assert_string_equal(text, pa_x.body_out);
    free(text);
    pa_fetch(served, sizeof(served), "/pa/signer.pem");
    text = file_text("static/signer.pem");
    assert_string_equal(text, served);
    free(text);
    /* another node made a newer one */
    struct stir_pa *other = NULL;
    pa_conf.pa.static_dir = "";
    assert_err(pa_read(&other), STIR_OK);
    assert_err(stir_pa_publish(other, &clerk, PA_NOW + 5, &diag), STIR_OK);
    stir_pa_free(other);
    pa_conf.pa.static_dir = pa_paths[5];
    chores(PA_NOW + 6);
    assert_int_equal(PA_ASK(.path = "/sti-pa/ca-list", .accept = "application/jose"), 200);
    text = file_text("static/ca-list.jws");
    assert_string_equal(text, pa_x.body_out);
    free(text);
    /* nobody is trusted any more */
    stir_pa_hex(sha256, stir_cert_info(ca_root.cert)->sha256);
    assert_err(stir_pa_ca_remove(&clerk, sha256, "user test", PA_NOW + 7, &diag), STIR_OK);
    chores(PA_NOW + 7);
    assert_int_equal(access(path_in("static/ca-list.jws"), F_OK), -1);
    drop_crl();
    snprintf(served, sizeof(served), "rm -r %s", path_in("static"));
    assert_int_equal(system(served), 0);
}

/* ---- Readiness ---- */

static void readiness_says_what_is_missing_over_or_ends(void **state)
{
    (void)state;
    char text[1000];
    assert_false(stir_pa_ready(pa, &clerk, PA_NOW, text, sizeof(text)));
    assert_non_null(strstr(text, "the list of trusted CAs is not there"));
    assert_non_null(strstr(text, "the CRL is not there"));
    list_ca(&ca_root, "Example", NULL);
    chores(PA_NOW);
    assert_true(stir_pa_ready(pa, &clerk, PA_NOW, text, sizeof(text)));
    assert_string_equal(text, "");
    assert_err(revoke(stir_cert_info(ca_root.cert)->subject_der, "01", 0, 0), STIR_OK);
    assert_true(stir_pa_ready(pa, &clerk, PA_NOW + STIR_PA_CRL_LATE, text, sizeof(text)));
    assert_false(stir_pa_ready(pa, &clerk, PA_NOW + STIR_PA_CRL_LATE + 1, text, sizeof(text)));
    assert_non_null(strstr(text, "a revocation was reported"));
    assert_false(stir_pa_ready(pa, &clerk, PA_NOW + PA_DAY - 1000, text, sizeof(text)));
    assert_non_null(strstr(text, "the CRL is nearly over"));
    assert_false(stir_pa_ready(pa, &clerk, PA_NOW + 7 * PA_DAY, text, sizeof(text)));
    assert_non_null(strstr(text, "the CRL is over"));
    assert_non_null(strstr(text, "the list of trusted CAs is over"));
    chores(PA_NOW + 7 * PA_DAY);
    pa->signer.until = PA_NOW + 8 * PA_DAY;
    assert_false(stir_pa_ready(pa, &clerk, PA_NOW + 7 * PA_DAY, text, sizeof(text)));
    assert_non_null(strstr(text, "the certificate of the signer ends within 14 days"));
    pa->signer.until = PA_NOW;
    assert_false(stir_pa_ready(pa, &clerk, PA_NOW + 7 * PA_DAY, text, sizeof(text)));
    assert_non_null(strstr(text, "the certificate of the signer is over"));
}

/* ---- Two at once ---- */

enum { ROUNDS = 20, CLERKS = 3 };

static void *publish_often(void *arg)
{
    (void)arg;
    struct stir_clerk own = {.store = store_again(&stir_schema), .node = "other"};
    struct stir_diag why = {0};
    assert_err(stir_es256_ctx_new(&own.ctx), STIR_OK);
    for (int i = 0; i < ROUNDS; i++)
        if (stir_pa_publish(pa, &own, PA_NOW, &why) != STIR_OK)
            abort();
    stir_store_close(own.store);
    stir_es256_ctx_free(own.ctx);
    return NULL;
}

static void clerks_at_once_give_no_number_twice(void **state)
{
    (void)state;
    pthread_t thread[CLERKS];
    list_ca(&ca_root, "Example", NULL);
    for (size_t i = 0; i < CLERKS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, publish_often, NULL), 0);
    for (size_t i = 0; i < CLERKS; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    /* the first has the time as its number, and each the next */
    assert_int_equal(pa_count("SELECT MAX(sequence) FROM pa_lists"), PA_NOW + ROUNDS * CLERKS - 1);
    assert_int_equal(pa_count("SELECT MAX(number) FROM pa_crls"), PA_NOW + ROUNDS * CLERKS - 1);
    assert_int_equal(pa_count("SELECT COUNT(DISTINCT subject) FROM audit WHERE event = 'trust list published'"), ROUNDS * CLERKS);
    assert_int_equal(pa_count("SELECT COUNT(DISTINCT subject) FROM audit WHERE event = 'crl published'"), ROUNDS * CLERKS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, pa_set_up, pa_tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(without_a_ca_there_is_no_list),
        T(a_verifier_believes_the_list_and_its_signer_is_where_x5u_says),
        T(the_list_is_given_in_each_form_and_known_by_its_tag),
        T(the_list_is_made_anew_when_it_changes_and_when_it_is_due_and_not_else),
        T(no_sequence_falls_when_the_clock_or_the_store_goes_back),
        T(when_the_last_ca_is_gone_so_is_the_list),
        T(a_few_lists_and_crls_are_kept),
        T(nothing_outlives_its_signer),
        T(a_new_signer_makes_a_new_list_and_the_old_one_is_still_served),
        T(only_certificates_of_cas_are_listed),
        T(a_ca_is_listed_again_with_a_new_name_and_token),
        T(an_issuers_name_is_one_cas_while_that_is_listed),
        T(the_crl_is_indirect_and_signed_by_its_signer),
        T(a_verifier_knows_a_revoked_certificate_by_it),
        T(the_crl_is_made_anew_on_revocation_and_when_due_and_its_number_rises),
        T(a_certificate_that_is_over_leaves_the_crl_after_a_period),
        T(what_cannot_be_revoked_is_refused),
        T(serials_of_any_length_and_sign_are_found),
        T(the_crl_is_given_as_der_and_as_pem),
        T(before_the_first_there_is_no_crl),
        T(static_files_are_what_is_served),
        T(readiness_says_what_is_missing_over_or_ends),
        T(clerks_at_once_give_no_number_twice),
    };
    int failed = cmocka_run_group_tests(tests, pa_begin_parties, pa_end_parties);
    stir_exchange_clear(&pa_x);
    return failed;
}
