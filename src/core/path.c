/* Path building (RFC 5280 §6.1 judges a path; finding one is our own): from the leaf upward, by names, every candidate tried, within STIR_MAX_PATHS. */
#include "core/bytes.h"
#include "core/chain.h"

/* Whole paths judged in one search: a second is wanted when the first fails or ends early, a hostile bundle could offer thousands. */
enum { MAX_JUDGED = 16 };

/* What is known of a signature between two delivered certificates, so that none is computed twice. */
enum signed_by { NOT_TRIED = 0, SIGNED, NOT_SIGNED, NOT_USABLE };

/* Where the search got stuck the furthest from the leaf. */
struct dead_end {
    struct stir_path path;
    size_t wrong_signature; /* candidates with the right name that did not sign */
    size_t unusable;        /* whose key or signature algorithm is not trusted */
    size_t seen_before;     /* that the path already goes through */
};

struct search {
    const struct stir_path_task *task;
    struct stir_cert *pool[STIR_MAX_CHAIN]; /* delivered issuers, each once, no anchors */
    size_t n_pool;
    unsigned char memo[STIR_MAX_CHAIN + 1][STIR_MAX_CHAIN]; /* enum signed_by: [0] the leaf, [i + 1] pool[i], by pool[j] */
    unsigned tried, judged;
    bool done;
    struct stir_path at;             /* as far as it is built */
    size_t slot[STIR_MAX_CHAIN + 1]; /* row in memo of each certificate of it */
    struct stir_path_verdict *best;  /* of the whole paths found */
    struct dead_end furthest;
};

static bool same_cert(const struct stir_cert *a, const struct stir_cert *b)
{
    return memcmp(stir_cert_info(a)->sha256, stir_cert_info(b)->sha256, STIR_SHA256) == 0;
}

static bool is_anchor(const struct stir_trust *trust, const struct stir_cert *cert, const struct stir_domain **domain)
{
    for (size_t i = 0; i < trust->n_domains; i++) {
        if (stir_domain_has_anchor(trust->domains[i], cert)) {
            *domain = trust->domains[i];
            return true;
        }
    }
    return false;
}

/* Delivered anchors are left out: they are found among the anchors, where they count. */
static void fill_pool(struct search *s)
{
    const struct stir_path_task *task = s->task;
    for (size_t i = 0; i < task->n_others && s->n_pool < STIR_MAX_CHAIN; i++) {
        const struct stir_domain *domain;
        bool twice = same_cert(task->others[i], task->leaf) || is_anchor(task->trust, task->others[i], &domain);
        for (size_t j = 0; !twice && j < s->n_pool; j++)
            twice = same_cert(task->others[i], s->pool[j]);
        if (!twice)
            s->pool[s->n_pool++] = task->others[i];
    }
}

/* Better candidates have lower ranks: such as may issue before others, then those that the key identifiers name (RFC 5280 §4.2.1.1). */
enum { RANKS = 6 };
static int rank_of(const struct stir_cert *child, const struct stir_cert *issuer)
{
    const struct stir_cert_info *c = stir_cert_info(child), *i = stir_cert_info(issuer);
    int rank = stir_rules_issuer(i, 0) == STIR_R_NONE ? 0 : 3;
    if (!c->aki_id.p || !i->ski_id.p)
        return rank + 1;
    return stir_slice_eq(c->aki_id, i->ski_id) ? rank : rank + 2;
}

static enum stir_err check_signature(struct search *s, const struct stir_cert *child, const struct stir_cert *issuer, enum signed_by *out)
{
    if (stir_rules_key_refused(stir_cert_info(issuer)) || stir_cert_info(child)->sig_mismatch) { /*= RFC5280-4.1.1.2 */
        *out = NOT_USABLE;
        return STIR_OK;
    }
    s->tried++;
    enum stir_err err = stir_cert_signed_by(child, issuer);
    if (err != STIR_OK && err != STIR_ESIG && err != STIR_EKEY)
        return err;
    *out = err == STIR_OK ? SIGNED : err == STIR_ESIG ? NOT_SIGNED : NOT_USABLE;
    return STIR_OK;
}

/* Count a candidate that leads nowhere; true when it may be followed. */
static bool follow(enum signed_by answer, struct dead_end *here)
{
    here->wrong_signature += answer == NOT_SIGNED;
    here->unusable += answer == NOT_USABLE;
    return answer == SIGNED;
}

static bool out_of_tries(struct search *s)
{
    if (s->tried >= STIR_MAX_PATHS)
        s->done = true;
    return s->done;
}

static bool in_path(const struct search *s, const struct stir_cert *cert)
{
    for (size_t i = 0; i < s->at.n; i++)
        if (same_cert(s->at.cert[i], cert))
            return true;
    return false;
}

static void meet_validity(const struct stir_path *path, int64_t *from, int64_t *until)
{
    *from = INT64_MIN;
    *until = INT64_MAX;
    for (size_t i = 0; i < path->n; i++) {
        const struct stir_cert_info *info = stir_cert_info(path->cert[i]);
        *from = info->not_before > *from ? info->not_before : *from;
        *until = info->not_after < *until ? info->not_after : *until;
    }
}

static enum stir_err judge(const struct stir_path_task *task, const struct stir_path *path, struct stir_path_verdict *out)
{
    struct stir_path_verdict v = {.path = *path, .findings.policy = task->policy, .checked_until = INT64_MAX};
    meet_validity(path, &v.valid_from, &v.valid_until);
    stir_rules_path(path, &v.findings);
    if (path->domain)
        TRY(stir_revocation_path(path, task->now, &v.findings, &v.checked_until));
    v.trusted = path->domain && v.findings.fatal == STIR_R_NONE;
    *out = v;
    return STIR_OK;
}

static bool is_valid_at(const struct stir_path_verdict *v, int64_t at)
{
    return v->valid_from <= at && at <= v->valid_until;
}

/* Trusted before not, valid now before not, then the one that stays valid longest: a chain is kept. */
static bool is_better(const struct stir_path_verdict *a, const struct stir_path_verdict *b, int64_t now)
{
    if (a->trusted != b->trusted)
        return a->trusted;
    if (is_valid_at(a, now) != is_valid_at(b, now))
        return is_valid_at(a, now);
    return a->trusted && a->valid_until > b->valid_until;
}

/* The path built so far ends at an anchor of `domain`. */
static enum stir_err complete(struct search *s, const struct stir_domain *domain)
{
    struct stir_path_verdict v;
    struct stir_path path = s->at;
    path.domain = domain;
    TRY(judge(s->task, &path, &v));
    if (!s->best->path.domain || is_better(&v, s->best, s->task->now))
        *s->best = v;
    bool lasts = v.trusted && is_valid_at(&v, s->task->now) && v.valid_until >= stir_cert_info(s->task->leaf)->not_after;
    if (lasts || ++s->judged == MAX_JUDGED)
        s->done = true;
    return STIR_OK;
}

static enum stir_err extend(struct search *s);

static enum stir_err try_anchors(struct search *s, const struct stir_domain *domain, int rank, struct dead_end *here)
{
    size_t n;
    const struct stir_cert *tip = s->at.cert[s->at.n - 1];
    struct stir_cert *const *anchors = stir_domain_anchors(domain, stir_cert_info(tip)->issuer_der, &n);
    for (size_t i = 0; i < n; i++) {
        enum signed_by answer;
        if (rank_of(tip, anchors[i]) != rank)
            continue;
        if (out_of_tries(s))
            return STIR_OK;
        TRY(check_signature(s, tip, anchors[i], &answer));
        if (!follow(answer, here))
            continue;
        s->at.cert[s->at.n++] = anchors[i];
        enum stir_err err = complete(s, domain);
        s->at.n--;
        TRY(err);
    }
    return STIR_OK;
}

/*= RFC9060-6a */
static enum stir_err try_delivered(struct search *s, int rank, struct dead_end *here)
{
    const struct stir_cert *tip = s->at.cert[s->at.n - 1];
    unsigned char *memo = s->memo[s->slot[s->at.n - 1]];
    for (size_t i = 0; i < s->n_pool; i++) {
        enum signed_by answer = memo[i];
        if (!stir_slice_eq(stir_cert_info(s->pool[i])->subject_der, stir_cert_info(tip)->issuer_der) || rank_of(tip, s->pool[i]) != rank)
            continue;
        if (in_path(s, s->pool[i])) {
            here->seen_before++;
            continue;
        }
        if (out_of_tries(s))
            return STIR_OK;
        if (answer == NOT_TRIED)
            TRY(check_signature(s, tip, s->pool[i], &answer));
        else
            s->tried++; /* cheap, but steps are bounded as well */
        memo[i] = (unsigned char)answer;
        if (!follow(answer, here))
            continue;
        s->slot[s->at.n] = i + 1;
        s->at.cert[s->at.n++] = s->pool[i];
        enum stir_err err = extend(s);
        s->at.n--;
        TRY(err);
    }
    return STIR_OK;
}

/* Go on from the last certificate of the path. Deep at most as there are delivered certificates, for none is gone through twice. */
static enum stir_err extend(struct search *s)
{
    struct dead_end here = {.path = s->at};
    unsigned judged = s->judged;
    for (int rank = 0; rank < RANKS && !s->done; rank++) {
        for (size_t i = 0; i < s->task->trust->n_domains && !s->done; i++)
            TRY(try_anchors(s, s->task->trust->domains[i], rank, &here));
        if (!s->done)
            TRY(try_delivered(s, rank, &here));
    }
    if (s->judged == judged && here.path.n > s->furthest.path.n)
        s->furthest = here;
    return STIR_OK;
}

/* Say why there is no path: what was missing where the search came furthest. */
static void explain(const struct search *s, struct stir_findings *findings)
{
    const struct dead_end *end = &s->furthest;
    const struct stir_cert_info *tip = stir_cert_info(end->path.cert[end->path.n - 1]);
    if (s->done)
        stir_findings_add(findings, STIR_R_ISSUER_MISSING, "gave up after trying %u signatures: too many certificates have the same name", s->tried);
    else if (end->wrong_signature)
        stir_findings_add(findings, STIR_R_ISSUER_SIGNATURE, "a certificate named %.*s is there, but its key did not sign %.*s", STIR_NAME(tip->issuer),
                          STIR_NAME(tip->subject));
    else if (end->unusable)
        stir_findings_add(findings, STIR_R_CERT_ALGORITHM, "the key of issuer %.*s or the signature of %.*s is of a kind that is not trusted",
                          STIR_NAME(tip->issuer), STIR_NAME(tip->subject));
    else if (tip->self_issued)
        stir_findings_add(findings, STIR_R_ISSUER_MISSING, "%.*s is its own issuer and is not among the anchors; that it was delivered counts for nothing",
                          STIR_NAME(tip->subject));
    else if (end->seen_before)
        stir_findings_add(findings, STIR_R_ISSUER_MISSING, "the issuers of %.*s lead back to it and to no anchor", STIR_NAME(tip->subject));
    else
        stir_findings_add(findings, STIR_R_ISSUER_MISSING, "issuer %.*s of %.*s is not among the anchors and was not delivered", STIR_NAME(tip->issuer),
                          STIR_NAME(tip->subject));
}

/*= RFC5280-6.1 */
enum stir_err stir_path_search(const struct stir_path_task *task, struct stir_path_verdict *out)
{
    struct stir_path_verdict best = {0};
    struct search s = {.task = task, .best = &best};
    const struct stir_domain *domain;
    fill_pool(&s);
    s.at.cert[s.at.n++] = task->leaf;
    if (is_anchor(task->trust, task->leaf, &domain))
        TRY(complete(&s, domain));
    else
        TRY(extend(&s));
    if (!best.path.domain) {
        TRY(judge(task, &s.furthest.path, &best));
        explain(&s, &best.findings);
    }
    *out = best;
    return STIR_OK;
}
