#include "core/trust.h"

#include <stdlib.h>

#include "core/bytes.h"

/* The builder is the snapshot to be, its last domain open. */
struct stir_trust_builder {
    struct stir_trust *trust;
};

enum stir_err stir_trust_builder_new(struct stir_trust_builder **out)
{
    if (!out)
        return STIR_EARG;
    struct stir_trust_builder *builder = calloc(1, sizeof(*builder));
    struct stir_trust *trust = calloc(1, sizeof(*trust));
    if (!builder || !trust) {
        free(builder);
        free(trust);
        return STIR_ENOMEM;
    }
    atomic_init(&trust->owners, 1);
    builder->trust = trust;
    *out = builder;
    return STIR_OK;
}

void stir_trust_builder_free(struct stir_trust_builder *builder)
{
    if (!builder)
        return;
    stir_trust_free(builder->trust);
    free(builder);
}

static bool is_domain_name(struct stir_slice name)
{
    if (name.n == 0 || name.n > STIR_DOMAIN_NAME || !name.p)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!stir_is_alpha(name.p[i]) && !stir_is_digit(name.p[i]) && name.p[i] != '-' && name.p[i] != '_')
            return false;
    return true;
}

enum stir_err stir_trust_domain(struct stir_trust_builder *builder, struct stir_slice name)
{
    if (!builder)
        return STIR_EARG;
    struct stir_trust *trust = builder->trust;
    if (!is_domain_name(name))
        return STIR_EVALUE;
    for (size_t i = 0; i < trust->n_domains; i++)
        if (stir_slice_is(name, trust->domains[i]->name))
            return STIR_EVALUE;
    if (trust->n_domains == STIR_MAX_DOMAINS)
        return STIR_ELIMIT;
    struct stir_domain *domain = calloc(1, sizeof(*domain));
    if (!domain)
        return STIR_ENOMEM;
    memcpy(domain->name, name.p, name.n);
    trust->domains[trust->n_domains++] = domain;
    return STIR_OK;
}

/* The domain that additions go into. */
static enum stir_err open_domain(struct stir_trust_builder *builder, struct stir_domain **out)
{
    if (builder->trust->n_domains == 0)
        TRY(stir_trust_domain(builder, stir_slice_str("default")));
    *out = builder->trust->domains[builder->trust->n_domains - 1];
    return STIR_OK;
}

enum stir_err stir_trust_domain_options(struct stir_trust_builder *builder, const struct stir_domain_options *options, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct stir_domain *domain;
    struct stir_domain_rules rules;
    if (!builder || !options)
        return STIR_EARG;
    TRY(stir_domain_rules_read(&rules, options, diag));
    TRY(open_domain(builder, &domain));
    domain->rules = rules;
    return STIR_OK;
}

/* Any order of byte strings does for a search; shorter first is the cheapest. */
static int compare_bytes(struct stir_slice a, struct stir_slice b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

static int compare_certs(const struct stir_cert *a, const struct stir_cert *b)
{
    const struct stir_cert_info *x = stir_cert_info(a), *y = stir_cert_info(b);
    int order = compare_bytes(x->subject_der, y->subject_der);
    return order ? order : memcmp(x->sha256, y->sha256, STIR_SHA256);
}

/* Where `cert` stands among the anchors, or would stand. */
static size_t anchor_place(const struct stir_domain *domain, const struct stir_cert *cert)
{
    size_t low = 0, high = domain->n_anchors;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_certs(domain->anchors[mid], cert) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool stands_at(const struct stir_domain *domain, size_t place, const struct stir_cert *cert)
{
    return place < domain->n_anchors && compare_certs(domain->anchors[place], cert) == 0;
}

bool stir_domain_has_anchor(const struct stir_domain *domain, const struct stir_cert *cert)
{
    return stands_at(domain, anchor_place(domain, cert), cert);
}

struct stir_cert *const *stir_domain_anchors(const struct stir_domain *domain, struct stir_slice subject_der, size_t *n)
{
    size_t low = 0, high = domain->n_anchors;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_bytes(stir_cert_info(domain->anchors[mid])->subject_der, subject_der) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    size_t end = low;
    while (end < domain->n_anchors && compare_bytes(stir_cert_info(domain->anchors[end])->subject_der, subject_der) == 0)
        end++;
    *n = end - low;
    return *n ? domain->anchors + low : NULL;
}

static enum stir_err make_room(struct stir_domain *domain)
{
    if (domain->n_anchors < domain->cap_anchors)
        return STIR_OK;
    size_t cap = domain->cap_anchors ? domain->cap_anchors * 2 : 64;
    struct stir_cert **anchors = realloc(domain->anchors, cap * sizeof(*anchors));
    if (!anchors)
        return STIR_ENOMEM;
    domain->anchors = anchors;
    domain->cap_anchors = cap;
    return STIR_OK;
}

enum stir_err stir_trust_add_anchor(struct stir_trust_builder *builder, struct stir_cert *cert)
{
    struct stir_domain *domain;
    if (!builder || !cert)
        return STIR_EARG;
    TRY(open_domain(builder, &domain));
    size_t place = anchor_place(domain, cert);
    if (stands_at(domain, place, cert))
        return STIR_OK;
    if (domain->n_anchors == STIR_MAX_ANCHORS)
        return STIR_ELIMIT;
    TRY(make_room(domain));
    memmove(domain->anchors + place + 1, domain->anchors + place, (domain->n_anchors - place) * sizeof(*domain->anchors));
    domain->anchors[place] = stir_cert_ref(cert);
    domain->n_anchors++;
    return STIR_OK;
}

enum stir_err stir_trust_add_pem(struct stir_trust_builder *builder, struct stir_slice pem, struct stir_diag *diag)
{
    if (!builder)
        return STIR_EARG;
    struct stir_cert **certs = malloc(STIR_MAX_ANCHORS * sizeof(struct stir_cert *));
    if (!certs)
        return STIR_ENOMEM;
    size_t n = 0;
    enum stir_err err = stir_certs_parse(certs, STIR_MAX_ANCHORS, &n, pem, diag);
    for (size_t i = 0; err == STIR_OK && i < n; i++)
        err = stir_trust_add_anchor(builder, certs[i]);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    free(certs);
    return err;
}

enum stir_err stir_trust_add_pa(struct stir_trust_builder *builder, struct stir_cert *cert)
{
    struct stir_domain *domain;
    if (!builder || !cert)
        return STIR_EARG;
    TRY(open_domain(builder, &domain));
    for (size_t i = 0; i < domain->n_pa; i++)
        if (compare_certs(domain->pa[i], cert) == 0)
            return STIR_OK;
    if (domain->n_pa == STIR_MAX_PA)
        return STIR_ELIMIT;
    domain->pa[domain->n_pa++] = stir_cert_ref(cert);
    return STIR_OK;
}

enum stir_err stir_trust_add_crl(struct stir_trust_builder *builder, struct stir_crl *crl)
{
    struct stir_domain *domain;
    if (!builder || !crl)
        return STIR_EARG;
    TRY(open_domain(builder, &domain));
    if (domain->n_crls == STIR_MAX_CRLS)
        return STIR_ELIMIT;
    domain->crls[domain->n_crls++] = stir_crl_ref(crl);
    return STIR_OK;
}

enum stir_err stir_trust_crl_grace(struct stir_trust_builder *builder, int64_t seconds)
{
    struct stir_domain *domain;
    if (!builder)
        return STIR_EARG;
    if (seconds < 0 || seconds > STIR_MAX_GRACE)
        return STIR_EVALUE;
    TRY(open_domain(builder, &domain));
    domain->crl_grace = seconds;
    return STIR_OK;
}

/* A signature that does not verify, or cannot be verified, is an answer; only our own trouble is an error. */
static enum stir_err signed_or_not(enum stir_err err, bool *yes)
{
    *yes = err == STIR_OK;
    return err == STIR_ESIG || err == STIR_EKEY ? STIR_OK : err;
}

/* Settle who issued pa[i], and whether it signed itself. */
static enum stir_err settle_pa(struct stir_domain *domain, size_t i, bool *self_signed)
{
    struct stir_slice issuer = stir_cert_info(domain->pa[i])->issuer_der;
    *self_signed = false;
    domain->pa_issuers[i] = 0;
    for (size_t j = 0; j < domain->n_pa; j++) {
        bool yes = false;
        if (!stir_slice_eq(stir_cert_info(domain->pa[j])->subject_der, issuer))
            continue;
        TRY(signed_or_not(stir_cert_signed_by(domain->pa[i], domain->pa[j]), &yes));
        if (yes && j == i)
            *self_signed = true;
        else if (yes)
            domain->pa_issuers[i] |= (uint64_t)1 << j;
    }
    return STIR_OK;
}

/* An indirect list is the policy administrator's: any other is judged with the path that its issuer stands in. */
static enum stir_err settle_crl(struct stir_domain *domain, size_t i)
{
    const struct stir_crl_info *crl = stir_crl_info(domain->crls[i]);
    domain->crl_signers[i] = 0;
    for (size_t j = 0; crl->indirect && j < domain->n_pa; j++) {
        bool yes = false;
        if (!stir_slice_eq(stir_cert_info(domain->pa[j])->subject_der, crl->issuer_der))
            continue;
        TRY(signed_or_not(stir_crl_signed_by(domain->crls[i], domain->pa[j]), &yes));
        if (yes)
            domain->crl_signers[i] |= (uint64_t)1 << j;
    }
    return STIR_OK;
}

static enum stir_err settle(struct stir_domain *domain)
{
    uint64_t roots = 0, all = 0;
    for (size_t i = 0; i < domain->n_pa; i++) {
        bool self_signed;
        TRY(settle_pa(domain, i, &self_signed));
        all |= (uint64_t)1 << i;
        if (self_signed)
            roots |= (uint64_t)1 << i;
    }
    domain->pa_roots = roots ? roots : all;
    for (size_t i = 0; i < domain->n_crls; i++)
        TRY(settle_crl(domain, i));
    return STIR_OK;
}

enum stir_err stir_trust_freeze(struct stir_trust **out, struct stir_trust_builder *builder, uint64_t generation)
{
    STIR_OSSL_QUIET;
    if (!out || !builder)
        return STIR_EARG;
    struct stir_trust *trust = builder->trust;
    for (size_t i = 0; i < trust->n_domains; i++)
        TRY(settle(trust->domains[i]));
    trust->generation = generation;
    free(builder);
    *out = trust;
    return STIR_OK;
}

struct stir_trust *stir_trust_ref(struct stir_trust *trust)
{
    if (trust)
        atomic_fetch_add_explicit(&trust->owners, 1, memory_order_relaxed);
    return trust;
}

static void domain_free(struct stir_domain *domain)
{
    for (size_t i = 0; i < domain->n_anchors; i++)
        stir_cert_free(domain->anchors[i]);
    free(domain->anchors);
    for (size_t i = 0; i < domain->n_pa; i++)
        stir_cert_free(domain->pa[i]);
    for (size_t i = 0; i < domain->n_crls; i++)
        stir_crl_free(domain->crls[i]);
    free(domain);
}

void stir_trust_free(struct stir_trust *trust)
{
    if (!trust || atomic_fetch_sub_explicit(&trust->owners, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < trust->n_domains; i++)
        domain_free(trust->domains[i]);
    free(trust);
}

uint64_t stir_trust_generation(const struct stir_trust *trust)
{
    return trust ? trust->generation : 0;
}

size_t stir_trust_domains(const struct stir_trust *trust)
{
    return trust ? trust->n_domains : 0;
}

const char *stir_trust_domain_name(const struct stir_trust *trust, size_t domain)
{
    return trust && domain < trust->n_domains ? trust->domains[domain]->name : "";
}
