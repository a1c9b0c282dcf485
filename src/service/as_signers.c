/* Signing identities: read and judged before they go live, and chosen for each call. */
#include "service/as_book.h"

#include "core/bytes.h"
#include "core/url.h"
#include "io/file.h"
#include "service/secret.h"

#include <stir/lint.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY = 86400 };

/* ---- Read ---- */

/* The secret is made of what is on disk already and nobody else has: the keys. */
void stir_as_mix_secret(struct stir_as_book *book, struct stir_slice pem)
{
    unsigned char text[2 * STIR_SHA256];
    memcpy(text, book->secret, STIR_SHA256);
    if (EVP_Digest(pem.p, pem.n, text + STIR_SHA256, NULL, EVP_sha256(), NULL) == 1)
        EVP_Digest(text, sizeof(text), book->secret, NULL, EVP_sha256(), NULL);
    OPENSSL_cleanse(text, sizeof(text));
}

static bool read_key(struct stir_as_making *m, struct stir_as_signer *s)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&pem, s->key_file, STIR_MAX_KEY_PEM, true, &diag);
    if (err == STIR_OK)
        err = stir_key_from_pem(&s->key, pem, NULL, NULL, &diag);
    if (err == STIR_OK && s == m->book->signers && !s->conf->acme[0])
        stir_as_mix_secret(m->book, pem);
    stir_file_free(&pem);
    m->out_of_memory = m->out_of_memory || err == STIR_ENOMEM;
    if (err != STIR_OK)
        stir_as_tell(m, true, "signer %s: key %s: %s", s->conf->name, s->key_file, diag.text[0] ? diag.text : stir_err_text(err));
    return err == STIR_OK;
}

static bool read_chain(struct stir_as_making *m, struct stir_as_signer *s)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&pem, s->cert_file, STIR_MAX_PEM, false, &diag);
    if (err == STIR_OK)
        err = stir_certs_parse(s->chain, STIR_MAX_CHAIN, &s->n_chain, pem, &diag);
    stir_file_free(&pem);
    m->out_of_memory = m->out_of_memory || err == STIR_ENOMEM;
    if (err != STIR_OK) {
        s->n_chain = 0;
        stir_as_tell(m, true, "signer %s: certificate %s: %s", s->conf->name, s->cert_file, diag.text[0] ? diag.text : stir_err_text(err));
        return false;
    }
    s->cert = stir_cert_info(s->chain[0]);
    s->serial = stir_slice_str(s->cert->serial_hex);
    return true;
}

/* ---- Judged ---- */

static void day_of(char text[21], int64_t at)
{
    if (stir_time_write(text, at) != STIR_OK)
        memcpy(text, "?", 2);
}

struct linting {
    struct stir_as_making *making;
    const struct stir_as_signer *signer;
};

static void tell_lint(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    const struct linting *linting = arg;
    if (rule->severity == STIR_LINT_ERROR)
        stir_as_tell(linting->making, false, "signer %s: certificate %s: %s%s%s (%s)", linting->signer->conf->name, linting->signer->cert_file, rule->text,
                     *detail ? ": " : "", detail, rule->clause);
}

/* Whom no verifier would believe. Other departures from the profile are told. */
static bool judge_cert(struct stir_as_making *m, const struct stir_as_signer *s)
{
    const struct stir_cert_info *cert = s->cert;
    struct linting linting = {m, s};
    const char *fault = NULL;
    if (cert->key != STIR_CERT_KEY_P256)
        fault = "its key is not P-256 on the named curve";
    else if (!stir_key_same_public(s->key, stir_cert_key(s->chain[0])))
        fault = "the key is not the one of this certificate; the first certificate of the file is the one that signs";
    else if (cert->is_ca)
        fault = "it is a CA's: only end-entity certificates sign calls";
    else if (cert->key_usage != STIR_PART_GOOD || !(cert->key_usage_bits & STIR_KU_DIGITAL_SIGNATURE))
        fault = "it may not sign: its key usage lacks digitalSignature";
    else if (!cert->tnauth_list)
        fault = "it has no TNAuthList that can be read: it says neither a service provider code nor numbers";
    if (fault) {
        stir_as_tell(m, true, "signer %s: certificate %s: %s", s->conf->name, s->cert_file, fault);
        return false;
    }
    stir_lint_cert(s->chain[0], s->n_chain > 1 ? s->chain[1] : NULL, STIR_LINT_DEFAULT, tell_lint, &linting);
    return true;
}

static void judge_life(struct stir_as_making *m, const struct stir_as_signer *s)
{
    const struct stir_cert_info *cert = s->cert;
    int64_t life = cert->not_after - cert->not_before, left = cert->not_after - m->now;
    char from[21], until[21];
    day_of(from, cert->not_before);
    day_of(until, cert->not_after);
    if (s->conf->max_life && life > s->conf->max_life)
        stir_as_tell(m, true, "signer %s: certificate %s is valid for %lld days; max-life allows %lld", s->conf->name, s->cert_file, (long long)(life / DAY),
                     (long long)(s->conf->max_life / DAY));
    if (left < 0)
        stir_as_tell(m, false, "signer %s: its certificate ended at %s: it signs nothing", s->conf->name, until);
    else if (cert->not_before > m->now)
        stir_as_tell(m, false, "signer %s: its certificate begins at %s: it signs nothing until then", s->conf->name, from);
    else if (left < s->conf->warn_before)
        stir_as_tell(m, false, "signer %s: its certificate ends in %lld days, at %s", s->conf->name, (long long)(left / DAY), until);
}

static void judge_x5u(struct stir_as_making *m, const struct stir_as_signer *s)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, s->x5u, m->book->conf->sign.any_url);
    if (fault != STIR_URL_GOOD)
        stir_as_tell(m, true, "signer %s: x5u \"%.60s\": %s", s->conf->name, s->x5u_text, stir_url_fault_text(fault));
}

/* Verifiers keep what they fetched: a certificate that takes the place of another has a new URL. */
static void judge_sharing(struct stir_as_making *m, size_t i)
{
    const struct stir_as_signer *s = &m->book->signers[i];
    for (size_t k = 0; k < i; k++) {
        const struct stir_as_signer *other = &m->book->signers[k];
        if (other->cert && s->cert && stir_slice_eq(other->x5u, s->x5u) && memcmp(other->cert->sha256, s->cert->sha256, STIR_SHA256) != 0)
            stir_as_tell(m, true, "signer %s: its x5u is that of signer %s, which has another certificate: each has a URL of its own", s->conf->name,
                         other->conf->name);
    }
}

static uint32_t tenant_of(struct stir_as_making *m, const struct stir_conf_signer *signer)
{
    const struct stir_conf *conf = m->book->conf;
    if (!*signer->tenant)
        return STIR_NAMES_NOBODY;
    for (size_t i = 0; i < conf->n_tenants; i++)
        if (strcmp(conf->tenants[i].name, signer->tenant) == 0) {
            if (conf->tenants[i].kind == STIR_TENANT_CUSTOMER)
                stir_as_tell(m, true, "signer %s: tenant %s is a customer, who is signed for by signers without a tenant", signer->name, signer->tenant);
            return (uint32_t)i;
        }
    stir_as_tell(m, true, "signer %s: there is no tenant %s", signer->name, signer->tenant);
    return STIR_NAMES_NOBODY;
}

static void make_signer(struct stir_as_making *m, size_t i)
{
    struct stir_as_signer *s = &m->book->signers[i];
    s->conf = &m->book->conf->signers[i];
    s->key_file = s->conf->key;
    s->cert_file = s->conf->cert;
    s->x5u_text = s->conf->x5u;
    bool there = !s->conf->acme[0] || stir_as_acme_find(m, s);
    s->x5u = stir_slice_str(s->x5u_text);
    s->tenant = tenant_of(m, s->conf);
    s->narrow = s->conf->numbers.n || s->conf->number_sets.n;
    if (there)
        judge_x5u(m, s);
    stir_as_places(m, &s->trunks, &s->conf->trunks, false, "signer");
    stir_as_sets(m, &s->sets, &s->conf->number_sets, "signer");
    if (!there)
        return;
    bool key = read_key(m, s), chain = read_chain(m, s);
    if (!key || !chain || !judge_cert(m, s))
        return;
    s->spc = stir_tnauth_spc(s->cert->tnauth_list);
    snprintf(s->spc_text, sizeof(s->spc_text), "%.*s", STIR_SHOW(s->spc));
    judge_life(m, s);
    judge_sharing(m, i);
}

/* ---- Groups ---- */

static struct stir_as_group *group_of(const struct stir_as_book *book, uint32_t tenant)
{
    return &book->groups[tenant == STIR_NAMES_NOBODY ? book->conf->n_tenants : tenant];
}

static void join_group(struct stir_as_making *m, uint32_t i)
{
    const struct stir_as_signer *s = &m->book->signers[i];
    struct stir_as_group *group = group_of(m->book, s->tenant);
    stir_as_patterns(m, &group->numbers, &s->conf->numbers, i, "signer");
    if (s->conf->numbers.n && !s->conf->number_sets.n)
        return;
    uint32_t *loose = realloc(group->loose, (group->n_loose + 1) * sizeof(*loose));
    if (!loose) {
        m->out_of_memory = true;
        return;
    }
    group->loose = loose;
    group->loose[group->n_loose++] = i;
}

void stir_as_signers_make(struct stir_as_making *m)
{
    struct stir_as_book *book = m->book;
    size_t n = book->conf->n_signers;
    book->signers = calloc(n + 1, sizeof(*book->signers));
    book->groups = calloc(book->conf->n_tenants + 1, sizeof(*book->groups));
    if (!book->signers || !book->groups || !stir_names_room(&book->by_x5u, n, false)) {
        m->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        book->n_signers = i + 1;
        make_signer(m, i);
        stir_names_add(&book->by_x5u, book->signers[i].x5u, i);
        join_group(m, (uint32_t)i);
    }
    stir_names_sort(&book->by_x5u);
    for (size_t i = 0; i <= book->conf->n_tenants; i++)
        m->out_of_memory = m->out_of_memory || stir_ranges_sort(&book->groups[i].numbers) != STIR_OK;
}

void stir_as_signers_free(struct stir_as_book *book)
{
    for (size_t i = 0; book->signers && i < book->n_signers; i++) {
        struct stir_as_signer *s = &book->signers[i];
        stir_key_free(s->key);
        for (size_t k = 0; k < s->n_chain; k++)
            stir_cert_free(s->chain[k]);
        free(s->trunks.bits);
        free(s->sets.at);
        for (size_t k = 0; k < sizeof(s->found) / sizeof(*s->found); k++)
            free(s->found[k]);
    }
    for (size_t i = 0; book->groups && i <= book->conf->n_tenants; i++) {
        free(book->groups[i].loose);
        stir_ranges_free(&book->groups[i].numbers);
    }
    free(book->signers);
    free(book->groups);
    free(book->by_x5u.items);
    OPENSSL_cleanse(book->secret, sizeof(book->secret));
}

/* ---- Chosen ---- */

const char *stir_as_signer_fault(const struct stir_as_signer *s, int64_t now)
{
    if (!s->cert || !s->key)
        return s->conf->acme[0] ? "it has no certificate yet" : "it could not be read";
    if (atomic_load_explicit(&s->is_left_out, memory_order_relaxed))
        return "its x5u gives another certificate";
    return now < s->cert->not_before ? "its certificate is not valid yet" : now > s->cert->not_after ? "its certificate has ended" : NULL;
}

/* One call's search. */
struct search {
    const struct stir_as_book *book;
    const struct stir_number *number;
    uint32_t trunk;
    int64_t now, iat;
    const struct stir_as_signer *best, *unfit;
    uint64_t span; /* of the best: the fewer numbers, the closer it fits */
};

/* Beyond every range of numbers. */
#define BY_LIST (UINT64_MAX - 1)
#define BY_NOTHING UINT64_MAX

/* Closer in numbers, else closer in trunks, else the younger certificate; the earlier of the file stays. */
static bool is_closer(const struct search *search, const struct stir_as_signer *s, uint64_t span)
{
    const struct stir_as_signer *best = search->best;
    if (!best || span != search->span)
        return !best || span < search->span;
    if (!s->trunks.bits != !best->trunks.bits)
        return s->trunks.bits != NULL;
    if (s->cert->not_before != best->cert->not_before)
        return s->cert->not_before > best->cert->not_before;
    return s < best;
}

/* A certificate that names no provider speaks for the numbers that it names alone. */
static bool may_speak(const struct stir_as_signer *s, const struct stir_number *number)
{
    return s->spc.p || stir_tnauth_covers(s->cert->tnauth_list, number->text);
}

static void consider(struct search *search, uint32_t at, uint64_t span)
{
    const struct stir_as_signer *s = &search->book->signers[at];
    if (!stir_place_is_in(&s->trunks, search->trunk) || !s->cert || !may_speak(s, search->number))
        return;
    if (stir_as_signer_fault(s, search->now) || stir_as_signer_fault(s, search->iat))
        search->unfit = s;
    else if (is_closer(search, s, span)) {
        search->best = s;
        search->span = span;
    }
}

static void look_at_numbers(struct search *search, const struct stir_ranges *numbers)
{
    struct stir_ranges_walk walk;
    stir_ranges_begin(&walk, numbers, search->number->value);
    for (const struct stir_range *range = stir_ranges_next(&walk); range; range = stir_ranges_next(&walk))
        consider(search, range->tag, range->last - range->first);
}

const struct stir_as_signer *stir_as_choose(const struct stir_as_book *book, uint32_t tenant, uint32_t trunk, const struct stir_number *number, int64_t now,
                                            int64_t iat, char *why, size_t cap)
{
    struct search search = {.book = book, .number = number, .trunk = trunk, .now = now, .iat = iat};
    const struct stir_as_group *group = group_of(book, tenant);
    const char *whose = tenant == STIR_NAMES_NOBODY ? "" : " of tenant ", *name = tenant == STIR_NAMES_NOBODY ? "" : book->conf->tenants[tenant].name;
    if (number->value)
        look_at_numbers(&search, &group->numbers);
    for (size_t i = 0; i < group->n_loose; i++) {
        const struct stir_as_signer *s = &book->signers[group->loose[i]];
        if (!s->narrow)
            consider(&search, group->loose[i], BY_NOTHING);
        else if (stir_as_sets_have(book, &s->sets, number, stir_slice_of(NULL, 0), now, NULL, NULL))
            consider(&search, group->loose[i], BY_LIST);
    }
    if (!search.best && search.unfit)
        snprintf(why, cap, "signer %s: %s", search.unfit->conf->name,
                 stir_as_signer_fault(search.unfit, now) ? stir_as_signer_fault(search.unfit, now) : "its certificate is not valid at the call's Date");
    else if (!search.best)
        snprintf(why, cap, "no signer%s%s signs for this number and trunk", whose, name);
    return search.best;
}

bool stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out)
{
    if (index >= book->n_signers)
        return false;
    const struct stir_as_signer *s = &book->signers[index];
    const char *why = stir_as_signer_fault(s, now);
    *out = (struct stir_as_signer_state){s->conf->name, s->spc_text,   s->x5u_text, s->cert ? s->cert->not_before : 0, s->cert ? s->cert->not_after : 0,
                                         !why,          why ? why : ""};
    return true;
}
