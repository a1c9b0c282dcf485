/* Profiles of certificates, as [profile] says: what lists they take, how long they hold, what is written, and what our own linter says before it is signed. */
#include "service/ca_order.h"

#include <stdarg.h>
#include <stir/lint.h>

enum { TRIAL_SERIAL = 0x40 }; /* the first byte of serials: positive, and always as long */

STIR_AUTO_STRUCT_FREE(stir_cert)
STIR_AUTO_STRUCT_FREE(stir_tnauth)

const struct stir_conf_profile *stir_ca_profile(const struct stir_ca *ca, struct stir_slice name)
{
    const struct stir_conf *conf = ca->conf;
    if (!name.n)
        name = stir_slice_str(conf->ca.profile[0] ? conf->ca.profile : conf->profiles[0].name);
    for (size_t i = 0; i < conf->n_profiles; i++)
        if (stir_slice_is(name, conf->profiles[i].name))
            return &conf->profiles[i];
    return NULL;
}

static bool say(char *why, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool say(char *why, size_t cap, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, cap, format, args);
    va_end(args);
    return false;
}

/* --- lists --- */

/* ATIS-1000080 v005: digits and upper-case letters. */
static bool is_code(struct stir_slice code)
{
    for (size_t i = 0; i < code.n; i++)
        if (!stir_is_digit(code.p[i]) && (code.p[i] < 'A' || code.p[i] > 'Z'))
            return false;
    return code.n > 0;
}

static bool codes_are_good(const struct stir_tnauth *list, char *why, size_t cap)
{
    for (size_t i = 0; i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry entry = stir_tnauth_get(list, i);
        if (entry.kind == STIR_TNAUTH_SPC && !is_code(entry.text))
            return say(why, cap, "a service provider code has upper-case letters and digits only (ATIS-1000080)");
    }
    return true;
}

/* A code of the issuing certificate delegates whatever numbers the token authorised: who holds them is the administrator's to know. */
static bool issuer_may(const struct stir_ca *ca, const struct stir_tnauth *list, char *why, size_t cap)
{
    const struct stir_tnauth *own = stir_cert_info(ca->chain[0])->tnauth_list;
    bool by_code;
    return !own || stir_tnauth_encompasses(own, list, &by_code) ||
           say(why, cap, "the TNAuthList does not lie within the one of this authority's own certificate (RFC 9060 section 4.1)");
}

bool stir_ca_profile_takes(const struct stir_ca *ca, const struct stir_conf_profile *profile, const struct stir_tnauth *list, char *why, size_t cap)
{
    if (profile->kind == STIR_PROFILE_SHAKEN && (stir_tnauth_count(list) != 1 || stir_tnauth_get(list, 0).kind != STIR_TNAUTH_SPC))
        return say(why, cap, "a certificate of profile \"%.32s\" is for exactly one service provider code, and for no numbers (ATIS-1000080)", profile->name);
    return codes_are_good(list, why, cap) && issuer_may(ca, list, why, cap);
}

/* --- times --- */

static bool asked_well(int64_t now, int64_t ordered, int64_t backdate, int64_t asked_before, int64_t asked_after, char *why, size_t cap)
{
    int64_t past = backdate > STIR_CA_PAST ? backdate : STIR_CA_PAST;
    if (asked_before && asked_before < ordered - past)
        return say(why, cap, "notBefore lies more than %lld seconds back; leave it out, or ask for now", (long long)past);
    if (asked_before && asked_before > now + STIR_CA_FUTURE)
        return say(why, cap, "notBefore lies more than %d days ahead; order nearer to it", STIR_CA_FUTURE / 86400);
    if (asked_after && asked_after < now + STIR_CA_MIN_LIFE)
        return say(why, cap, "notAfter is past, or less than %d seconds away", STIR_CA_MIN_LIFE);
    if (asked_before && asked_after && asked_after <= asked_before)
        return say(why, cap, "notAfter is not later than notBefore");
    return true;
}

bool stir_ca_profile_times(const struct stir_ca *ca, const struct stir_conf_profile *profile, int64_t now, int64_t ordered, int64_t asked_before,
                           int64_t asked_after, int64_t *not_before, int64_t *not_after, char *why, size_t cap)
{
    const struct stir_cert_info *issuer = stir_cert_info(ca->chain[0]);
    if (!asked_well(now, ordered, profile->backdate, asked_before, asked_after, why, cap))
        return false;
    if (issuer->not_after < now + STIR_CA_MIN_LIFE)
        return say(why, cap, "this authority's own certificate is over: nothing is issued until it is renewed");
    int64_t before = asked_before ? asked_before : now - profile->backdate;
    if (before < issuer->not_before) {
        if (asked_before)
            return say(why, cap, "notBefore is earlier than that of this authority's own certificate");
        before = issuer->not_before;
    }
    int64_t after = asked_after ? asked_after : before + profile->life - 1; /* both ends are within (RFC 5280 §4.1.2.5) */
    if (after - before + 1 > profile->max_life)
        return say(why, cap, "certificates of profile \"%.32s\" hold for at most %lld seconds; ask for a notAfter that is nearer", profile->name,
                   (long long)profile->max_life);
    if (asked_after && after > issuer->not_after)
        return say(why, cap, "notAfter is later than that of this authority's own certificate; ask for less");
    if (after > issuer->not_after)
        after = issuer->not_after;
    if (after < before + STIR_CA_MIN_LIFE)
        return say(why, cap, "the certificate would hold for less than %d seconds", STIR_CA_MIN_LIFE);
    *not_before = before;
    *not_after = after;
    return true;
}

/* --- what is written --- */

static struct stir_slice *names_of(struct stir_arena *arena, const struct stir_conf_list *list)
{
    struct stir_slice *names = stir_arena_get(arena, (list->n + 1) * sizeof(*names));
    for (size_t i = 0; names && i < list->n; i++)
        names[i] = stir_slice_str(list->items[i]);
    return names;
}

/* "claim=value|value" */
static bool read_permitted(struct stir_cert_permitted *out, struct stir_slice text, struct stir_arena *arena)
{
    size_t at = stir_slice_find(text, '='), n = 1;
    if (at == text.n)
        return false;
    struct stir_slice rest = stir_slice_from(text, at + 1);
    for (size_t i = 0; i < rest.n; i++)
        n += rest.p[i] == '|';
    struct stir_slice *values = stir_arena_get(arena, n * sizeof(*values));
    for (size_t i = 0; values && i < n; i++) {
        size_t end = stir_slice_find(rest, '|');
        values[i] = stir_slice_upto(rest, end);
        rest = stir_slice_from(rest, end < rest.n ? end + 1 : end);
    }
    *out = (struct stir_cert_permitted){stir_slice_upto(text, at), values, n};
    return values != NULL;
}

static enum stir_err put_constraints(struct stir_cert_params *out, const struct stir_conf_profile *profile, struct stir_arena *arena)
{
    if (!profile->must_include.n && !profile->must_exclude.n && !profile->permitted.n)
        return STIR_OK;
    struct stir_cert_constraints *made = stir_arena_get(arena, sizeof(*made));
    struct stir_cert_permitted *permitted = stir_arena_get(arena, (profile->permitted.n + 1) * sizeof(*permitted));
    if (!made || !permitted)
        return STIR_ENOMEM;
    for (size_t i = 0; i < profile->permitted.n; i++)
        if (!read_permitted(&permitted[i], stir_slice_str(profile->permitted.items[i]), arena))
            return STIR_EVALUE;
    *made = (struct stir_cert_constraints){
        .must_include = names_of(arena, &profile->must_include),
        .n_must_include = profile->must_include.n,
        .must_exclude = names_of(arena, &profile->must_exclude),
        .n_must_exclude = profile->must_exclude.n,
        .permitted = permitted,
        .n_permitted = profile->permitted.n,
    };
    out->constraints = made;
    return made->must_include && made->must_exclude ? STIR_OK : STIR_ENOMEM;
}

static struct stir_slice said(const char *text)
{
    return text[0] ? stir_slice_str(text) : (struct stir_slice){NULL, 0};
}

enum stir_err stir_ca_profile_params(struct stir_cert_params *out, const struct stir_ca *ca, const struct stir_ca_issue *issue, struct stir_arena *arena)
{
    static const enum stir_cert_role roles[] = {
        [STIR_PROFILE_SHAKEN] = STIR_CERT_END_ENTITY, [STIR_PROFILE_DELEGATE] = STIR_CERT_DELEGATE, [STIR_PROFILE_DELEGATE_CA] = STIR_CERT_DELEGATE_CA};
    const struct stir_conf_ca *conf = &ca->conf->ca;
    *out = (struct stir_cert_params)STIR_CERT_PARAMS_INIT;
    out->role = roles[issue->profile->kind];
    out->cn = issue->cn;
    out->o = issue->o;
    out->c = issue->c;
    out->serial_number = issue->serial_number;
    out->tnauth = issue->list;
    out->key = issue->key;
    out->not_before = issue->not_before;
    out->not_after = issue->not_after;
    out->crl_url = said(conf->crl_url);
    out->crl_issuer = said(ca->crl_issuer ? ca->crl_issuer : "");
    out->policy = said(conf->policy);
    out->issuer = ca->chain[0];
    out->path_len = (int)issue->profile->path_len;
    /* RFC 8226 §8, RFC 9118 §3: of end entities alone. */
    return issue->profile->kind == STIR_PROFILE_DELEGATE_CA ? STIR_OK : put_constraints(out, issue->profile, arena);
}

/* --- lint, before anything is signed --- */

struct linting {
    char *why;
    size_t cap, n;
};

static void fault(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    struct linting *l = arg;
    if (rule->severity == STIR_LINT_ERROR && l->n++ == 0)
        snprintf(l->why, l->cap, "%s: %s%s%s", rule->id, rule->text, detail[0] ? ": " : "", detail);
}

enum stir_err stir_ca_profile_lint(size_t *faults, const struct stir_ca *ca, const struct stir_conf_profile *profile, struct stir_slice tbs, char *why,
                                   size_t cap, struct stir_diag *diag)
{
    unsigned char der[STIR_MAX_CERT], no_signature[STIR_ES256_SIG] = {0};
    size_t n = 0;
    struct linting linting = {why, cap, 0};
    no_signature[STIR_ES256_SIG / 2 - 1] = no_signature[STIR_ES256_SIG - 1] = 1; /* r = s = 1: well formed, and nobody's */
    TRY(stir_signed_assemble(der, sizeof(der), &n, tbs, no_signature));
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    TRY(stir_cert_parse(&cert, stir_slice_of(der, n), diag));
    unsigned editions = profile->kind == STIR_PROFILE_SHAKEN ? STIR_LINT_DEFAULT : STIR_LINT_DELEGATE;
    stir_lint_cert(cert, ca->chain[0], editions, fault, &linting);
    *faults = linting.n;
    return STIR_OK;
}

/* --- at the start --- */

/* A list that the profile takes: the issuing certificate's own, or a code. */
static enum stir_err trial_list(struct stir_tnauth **out, const struct stir_ca *ca, const struct stir_conf_profile *profile)
{
    const struct stir_tnauth *own = stir_cert_info(ca->chain[0])->tnauth_list;
    const struct stir_tnauth_entry code = {STIR_TNAUTH_SPC, stir_slice_str("709J"), 0};
    if (own && profile->kind != STIR_PROFILE_SHAKEN)
        return stir_tnauth_parse(out, stir_tnauth_der(own));
    return stir_tnauth_new(out, &code, 1, NULL);
}

static enum stir_err trial(const struct stir_ca *ca, const struct stir_conf_profile *profile, const struct stir_tnauth *list, int64_t now, char *why,
                           size_t cap, struct stir_arena *arena, struct stir_diag *diag)
{
    unsigned char tbs[STIR_MAX_CERT], serial[STIR_CA_SERIAL] = {TRIAL_SERIAL, 1};
    struct stir_cert_params params;
    size_t n = 0, faults = 0;
    STIR_AUTO_STRUCT(stir_key) *key = NULL;
    struct stir_ca_issue issue = {
        .profile = profile, .list = list, .cn = stir_slice_str("SHAKEN 709J"), .o = stir_slice_str("Trial"), .c = stir_slice_str("US")};
    if (!stir_ca_profile_times(ca, profile, now, now, 0, 0, &issue.not_before, &issue.not_after, why, cap))
        return STIR_EVALUE;
    TRY(stir_key_generate(&key));
    issue.key = key;
    TRY(stir_ca_profile_params(&params, ca, &issue, arena));
    params.serial = stir_slice_of(serial, sizeof(serial));
    TRY(stir_cert_prepare(tbs, sizeof(tbs), &n, &params, ca->key, diag));
    TRY(stir_ca_profile_lint(&faults, ca, profile, stir_slice_of(tbs, n), why, cap, diag));
    return faults ? STIR_EVALUE : STIR_OK;
}

static bool try_one(const struct stir_ca *ca, const struct stir_conf_profile *profile, int64_t now, const struct stir_ca_say *listener)
{
    char why[300] = "", text[500];
    struct stir_diag diag = {0};
    struct stir_arena arena = {0};
    STIR_AUTO_STRUCT(stir_tnauth) *list = NULL;
    enum stir_err err = trial_list(&list, ca, profile);
    if (err == STIR_OK)
        err = trial(ca, profile, list, now, why, sizeof(why), &arena, &diag);
    stir_arena_clear(&arena);
    if (err == STIR_OK)
        return true;
    snprintf(text, sizeof(text), "[profile %.32s]: no certificate can be issued by it: %s", profile->name,
             why[0]         ? why
             : diag.text[0] ? diag.text
                            : stir_err_text(err));
    if (listener && listener->say)
        listener->say(listener->arg, false, text);
    return false;
}

bool stir_ca_profiles_try(const struct stir_ca *ca, int64_t now, const struct stir_ca_say *listener)
{
    bool good = true;
    for (size_t i = 0; i < ca->conf->n_profiles; i++)
        good = try_one(ca, &ca->conf->profiles[i], now, listener) && good;
    return good;
}
