/* What a trust domain asks of its own: certificate policies, the length of service provider codes, the countries it vouches for. */
#include "core/bytes.h"
#include "core/der.h"
#include "core/trust.h"

/* An OID as certificates carry it, whatever the text looks like. */
static bool is_oid(struct stir_slice text)
{
    struct stir_writer none = stir_writer_of(NULL, 0);
    return text.n <= STIR_DOMAIN_OID && stir_oid_put(&none, text) == STIR_OK;
}

static bool is_country_code(struct stir_slice text)
{
    bool good = text.n >= 1 && text.n <= STIR_DOMAIN_CODE && text.p[0] != '0';
    for (size_t i = 0; good && i < text.n; i++)
        good = stir_is_digit(text.p[i]);
    return good;
}

static enum stir_err read_policies(struct stir_domain_rules *out, const struct stir_domain_options *options, struct stir_diag *diag)
{
    for (size_t i = 0; i < options->n_policy_oids; i++) {
        struct stir_slice oid = stir_slice_str(options->policy_oid[i]);
        if (!is_oid(oid))
            return stir_diag_set(diag, STIR_EVALUE, i, "certificate policy \"%.*s\" is no OID: dotted numbers, such as 2.16.840.1.114569.1.1.4",
                                 STIR_SHOW(oid));
        memcpy(out->policy_oid[i], oid.p, oid.n);
    }
    out->n_policy_oids = options->n_policy_oids;
    return STIR_OK;
}

static enum stir_err read_countries(struct stir_domain_rules *out, const struct stir_domain_options *options, struct stir_diag *diag)
{
    for (size_t i = 0; i < options->n_countries; i++) {
        struct stir_slice code = stir_slice_str(options->country[i]);
        if (!is_country_code(code))
            return stir_diag_set(diag, STIR_EVALUE, i, "\"%.*s\" is no country code: 1 to 3 digits, such as 1 or 33", STIR_SHOW(code));
        memcpy(out->country[i], code.p, code.n);
    }
    out->n_countries = options->n_countries;
    return STIR_OK;
}

enum stir_err stir_domain_rules_read(struct stir_domain_rules *out, const struct stir_domain_options *options, struct stir_diag *diag)
{
    struct stir_domain_rules rules = {.spc_min = options->spc_min, .spc_max = options->spc_max};
    if (options->size < sizeof(*options) || options->n_policy_oids > STIR_DOMAIN_POLICIES || options->n_countries > STIR_DOMAIN_COUNTRIES)
        return STIR_EARG;
    if (rules.spc_max > STIR_MAX_SPC || rules.spc_min > rules.spc_max)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "service provider codes of %zu to %zu characters: there are none; at most %d, the lower number first",
                             rules.spc_min, rules.spc_max, STIR_MAX_SPC);
    TRY(read_policies(&rules, options, diag));
    TRY(read_countries(&rules, options, diag));
    *out = rules;
    return STIR_OK;
}

bool stir_domain_accepts_policy(const struct stir_domain *domain, struct stir_slice oid)
{
    for (size_t i = 0; i < domain->rules.n_policy_oids; i++)
        if (stir_slice_is(oid, domain->rules.policy_oid[i]))
            return true;
    return false;
}

bool stir_domain_accepts_spc(const struct stir_domain *domain, struct stir_slice spc)
{
    return domain->rules.spc_max == 0 || (spc.n >= domain->rules.spc_min && spc.n <= domain->rules.spc_max);
}

/* No country code begins another one (ITU-T E.164), so that a number's first digits tell its country. */
bool stir_domain_accepts_tn(const struct stir_domain *domain, struct stir_slice tn)
{
    for (size_t i = 0; i < domain->rules.n_countries; i++) {
        struct stir_slice code = stir_slice_str(domain->rules.country[i]);
        if (tn.n >= code.n && memcmp(tn.p, code.p, code.n) == 0)
            return true;
    }
    return domain->rules.n_countries == 0;
}

const struct stir_domain *stir_trust_find_domain(const struct stir_trust *trust, const char *name)
{
    for (size_t i = 0; i < trust->n_domains; i++)
        if (strcmp(trust->domains[i]->name, name) == 0)
            return trust->domains[i];
    return NULL;
}
