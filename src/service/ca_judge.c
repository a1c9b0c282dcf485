/* Is an authority token good for an authorization? It is checked whole, RFC 9448 §6, and trusted by nothing but the pinned roots of the administrator. */
#include "service/ca_order.h"

#include <stdarg.h>

#include <stir/net.h>

#include "core/url.h"

STIR_AUTO_STRUCT_FREE(stir_tnauth)
STIR_AUTO_STRUCT_FREE(stir_token)

bool stir_ca_disprove(struct stir_ca_judgement *j, enum stir_problem problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(j->why, sizeof(j->why), format, args);
    va_end(args);
    j->problem = problem;
    return false;
}

/* RFC 9448 §6 step 2: x5u is an https URL, and of a host that the operator knows as the administrator's. */
/*= RFC9448-6b */
static bool x5u_is_trusted(const struct stir_ca *ca, struct stir_slice x5u, struct stir_ca_judgement *j)
{
    struct stir_url url = {.port = 0};
    const struct stir_conf_list *hosts = &ca->conf->ca.token_hosts;
    enum stir_url_fault fault = stir_url_parse(&url, x5u, ca->conf->ca.any_url);
    if (fault != STIR_URL_GOOD)
        return stir_ca_disprove(j, STIR_PROBLEM_UNAUTHORIZED, "the token's x5u is not to be trusted: %s", stir_url_fault_text(fault));
    for (size_t i = 0; i < hosts->n; i++)
        if (stir_slice_ieq(url.host, stir_slice_str(hosts->items[i])))
            return true;
    return !hosts->n ||
           stir_ca_disprove(j, STIR_PROBLEM_UNAUTHORIZED, "the token's x5u names \"%.*s\", which is no host of the policy administrator", STIR_SHOW(url.host));
}

/* From memory, or begun and not waited for: `*out` NULL then. Under the lock. */
static enum stir_err ask_at_once(struct stir_net *net, struct stir_slice x5u, struct stir_net_answer **out)
{
    enum { OURS = 1, OTHERS = 0 };
    struct stir_net_answer *answer = NULL;
    stir_net_step(net);
    while (stir_net_next(net, &answer) == STIR_OK && answer) /* of challenges before: what they asked for is in memory now */
        stir_net_answer_free(answer);
    TRY(stir_net_start(net, x5u, STIR_NET_CERT, 0, OURS));
    TRY(stir_net_next(net, &answer));
    *out = answer;
    return STIR_OK;
}

/* Who does not wait does not wait for another who does, either. */
static enum stir_err fetch(struct stir_ca *ca, struct stir_slice x5u, bool wait, struct stir_net_answer **out)
{
    *out = NULL;
    if (wait)
        pthread_mutex_lock(&ca->net_lock);
    else if (pthread_mutex_trylock(&ca->net_lock) != 0)
        return STIR_OK;
    enum stir_err err = wait ? stir_net_get(ca->net, x5u, STIR_NET_CERT, 0, out) : ask_at_once(ca->net, x5u, out);
    pthread_mutex_unlock(&ca->net_lock);
    return err;
}

/* A fault of the token in the words of RFC 8555 §6.7: what is not this account's or not for this order is `unauthorized`, what cannot be right for anybody is
 * `incorrectResponse` (docs/ACME.md). */
static enum stir_problem problem_of(enum stir_token_fault fault)
{
    switch (fault) {
    case STIR_TOKEN_GOOD: return STIR_PROBLEM_NONE;
    case STIR_TOKEN_EXPIRED:
    case STIR_TOKEN_EARLY:
    case STIR_TOKEN_LONG: return STIR_PROBLEM_INCORRECT_RESPONSE;
    case STIR_TOKEN_SIGNER:
    case STIR_TOKEN_SIGNATURE:
    case STIR_TOKEN_LIST:
    case STIR_TOKEN_FINGERPRINT:
    case STIR_TOKEN_CA: return STIR_PROBLEM_UNAUTHORIZED;
    }
    return STIR_PROBLEM_UNAUTHORIZED;
}

static enum stir_err hold_against(const struct stir_ca *ca, const struct stir_token *token, const struct stir_ca_authorization *a, const char *profile_name,
                                  struct stir_key *account, struct stir_slice signer, int64_t now, struct stir_ca_judgement *j)
{
    struct stir_token_demand demand = STIR_TOKEN_DEMAND_INIT;
    enum stir_token_fault fault = STIR_TOKEN_SIGNER;
    struct stir_diag diag = {0};
    const struct stir_conf_profile *profile = stir_ca_profile(ca, stir_slice_str(profile_name));
    STIR_AUTO_STRUCT(stir_tnauth) *list = NULL;
    TRY(stir_tnauth_parse(&list, a->tnauth));
    demand.signer_pem = signer;
    demand.pa_root_pem = ca->pa_root;
    demand.list = list;
    demand.account = account;
    demand.binding = (enum stir_token_binding)ca->conf->ca.binding;
    demand.ca = profile ? profile->kind == STIR_PROFILE_DELEGATE_CA : -1;
    demand.now = now;
    demand.max_life = ca->conf->ca.max_token_life;
    TRY(stir_token_check(&fault, token, &demand, &diag));
    if (fault != STIR_TOKEN_GOOD)
        stir_ca_disprove(j, problem_of(fault), "the authority token does not authorise: %s%s%s", stir_token_fault_text(fault), diag.text[0] ? ": " : "",
                         diag.text);
    return STIR_OK;
}

/* Who gave it and which it is, so that it is not used again. */
static bool remember(struct stir_ca_judgement *j, const struct stir_token_info *info)
{
    struct stir_slice issuer = info->iss.p ? info->iss : info->x5u;
    if (issuer.n >= sizeof(j->issuer) || info->jti.n >= sizeof(j->jti) || !info->jti.n)
        return stir_ca_disprove(j, STIR_PROBLEM_MALFORMED, "the token's iss or jti is longer than any real one");
    snprintf(j->issuer, sizeof(j->issuer), "%.*s", (int)issuer.n, issuer.p ? issuer.p : "");
    snprintf(j->jti, sizeof(j->jti), "%.*s", (int)info->jti.n, info->jti.p);
    j->exp = info->exp;
    j->ca = info->ca;
    return true;
}

/* A token that was read. False in `*judged`: its signer's certificates are on their way. */
static enum stir_err judge_read(struct stir_ca *ca, const struct stir_token *token, const struct stir_ca_authorization *a, const char *profile,
                                struct stir_key *account, int64_t now, bool wait, struct stir_ca_judgement *j, bool *judged)
{
    const struct stir_token_info *info = stir_token_info(token);
    struct stir_net_answer *answer = NULL;
    struct stir_slice signer = {NULL, 0};
    *judged = true;
    if (!remember(j, info))
        return STIR_OK;
    if (info->x5u.p) {
        if (!x5u_is_trusted(ca, info->x5u, j))
            return STIR_OK;
        TRY(fetch(ca, info->x5u, wait, &answer));
        *judged = answer != NULL;
        if (!answer)
            return STIR_OK;
        signer = answer->body;
    }
    enum stir_err err = STIR_OK;
    if (answer && answer->reason != STIR_R_NONE)
        stir_ca_disprove(j, STIR_PROBLEM_CONNECTION, "the certificates of the token's signer could not be had from its x5u: %s", answer->detail);
    else
        err = hold_against(ca, token, a, profile, account, signer, now, j);
    stir_net_answer_free(answer);
    return err;
}

enum stir_err stir_ca_judge(struct stir_ca *ca, struct stir_slice text, const struct stir_ca_authorization *a, const char *profile, struct stir_key *account,
                            int64_t now, bool wait, struct stir_ca_judgement *j, bool *judged)
{
    struct stir_diag diag = {0};
    STIR_AUTO_STRUCT(stir_token) *token = NULL;
    *j = (struct stir_ca_judgement){.problem = STIR_PROBLEM_NONE};
    *judged = true;
    enum stir_err err = stir_token_read(&token, text, &diag);
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return err;
    if (err != STIR_OK) {
        stir_ca_disprove(j, STIR_PROBLEM_MALFORMED, "the authority token cannot be read: %s", diag.text[0] ? diag.text : stir_err_text(err));
        return STIR_OK;
    }
    return judge_read(ca, token, a, profile, account, now, wait, j, judged);
}
