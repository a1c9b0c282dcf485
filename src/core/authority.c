/* Authority over the number: the TNAuthLists on the way to the anchor, in the certificates or behind their URLs; the table of who holds what, which the
 * caller of the library has, for lists that name a code alone; and the countries that the trust domain vouches for. */
#include "core/chain.h"
#include "core/passport.h"
#include "core/url.h"
#include "core/verify.h"

/* Whose number the signer must hold: the diverting one for div, the callee's for rsp, else the caller's (requirements C6). */
/*= RFC8946-3h RFC8946-4.2c */
static const struct stir_claim_party *number_to_hold(const struct stir_passport *p)
{
    switch (p->ppt) {
    case STIR_PPT_DIV:
    case STIR_PPT_DIV_O: return &p->div;
    case STIR_PPT_RSP: return &p->dest[0];
    default: return &p->orig;
    }
}

static bool read_number(struct stir_party *out, const struct stir_claim_party *claim)
{
    return claim->kind == STIR_PARTY_TN && stir_tn_parse(out, claim->text, NULL) == STIR_OK;
}

/* The token says that the number is its bearer's: attestation B and C say that nobody knows (RFC 8588 §4). */
static bool vouches(const struct stir_judgement *j)
{
    return !j->passport->attest || j->passport->attest == 'A';
}

/* Who has the say over a number of another country is for that country's domain: where an operator wrote down for which countries a domain vouches, a token
 * that vouches for another's caller claims what nobody there could know, and fails. One that vouches for nobody is what a gateway says of a call from abroad;
 * that is a warning. Only a token that says who calls is asked; a number without country code, such as 112, belongs to none. */
static void judge_country(struct stir_judgement *j)
{
    const struct stir_domain *domain = stir_trust_find_domain(j->trust, stir_chain_info(j->chain)->domain);
    struct stir_party number;
    if (!domain || !stir_may_decide(j) || !read_number(&number, &j->passport->orig))
        return;
    struct stir_slice tn = stir_slice_of(number.text, number.len);
    if (stir_tn_is_special(tn, &j->policy->tn) || stir_domain_accepts_tn(domain, tn))
        return;
    stir_judge_say(j, vouches(j) ? STIR_R_COUNTRY_OTHER : STIR_R_COUNTRY_UNVOUCHED, "%.*s, signed under %s", STIR_SHOW(j->passport->orig.text), domain->name);
}

/* ---- Lists by reference ---- */

static const struct stir_cert_info *cert_at(const struct stir_judgement *j, size_t i)
{
    return stir_cert_info(stir_chain_info(j->chain)->path[i]);
}

static bool is_by_reference(const struct stir_cert_info *cert)
{
    return cert->tnauth == STIR_PART_ABSENT && cert->tnlist_url.p;
}

/* The list of a certificate of the path: what came from its URL, else its own; NULL: it has none, or none that could be read. */
static const struct stir_tnauth *list_at(const struct stir_judgement *j, size_t i)
{
    return j->tnlists[i].list ? j->tnlists[i].list : cert_at(j, i)->tnauth_list;
}

/* The signer's says what it holds, that of a CA limits the paths through it. Only what stands in a path to an anchor is ever fetched. */
/*= RFC8226-10.1a RFC8226-10.1b */
void stir_tnlist_begin(struct stir_judgement *j)
{
    const struct stir_chain_info *chain = stir_chain_info(j->chain);
    for (size_t i = 0; j->policy->fetch_tnlist && chain->trusted && i < chain->n_path; i++) {
        struct stir_tnlist *t = &j->tnlists[i];
        struct stir_url url;
        if (!is_by_reference(cert_at(j, i)))
            continue;
        t->url = cert_at(j, i)->tnlist_url;
        enum stir_url_fault fault = stir_url_parse(&url, t->url, j->policy->any_url);
        t->asks = fault == STIR_URL_GOOD;
        t->miss = stir_url_fault_text(fault);
    }
}

enum stir_err stir_tnlist_supply(struct stir_judgement *j, size_t i, struct stir_slice der)
{
    struct stir_tnauth *list = NULL;
    enum stir_err err = der.p ? stir_tnauth_parse(&list, der) : STIR_EDER;
    struct stir_slice spc = stir_tnauth_spc(list);
    if (i == 0 && spc.p)
        j->tnlist_spc = stir_arena_copy(j->arena, spc);
    if (err == STIR_ENOMEM || (i == 0 && spc.p && !j->tnlist_spc.p)) {
        stir_tnauth_free(list);
        return STIR_ENOMEM;
    }
    j->tnlists[i].list = list;
    stir_tnlist_miss(j, i, stir_err_text(err));
    return STIR_OK;
}

void stir_tnlist_miss(struct stir_judgement *j, size_t i, const char *why)
{
    j->tnlists[i].asks = false;
    j->tnlists[i].miss = why;
}

void stir_tnlist_free(struct stir_judgement *j)
{
    for (size_t i = 0; i <= STIR_MAX_CHAIN; i++)
        stir_tnauth_free(STIR_MOVE(j->tnlists[i].list));
}

/* Each list within the nearest one above it: what rules.c asks of those in the certificates, asked of all together. */
static void judge_containment(struct stir_judgement *j)
{
    const struct stir_tnauth *child = NULL;
    size_t of = 0;
    for (size_t i = 0; i < stir_chain_info(j->chain)->n_path; i++) {
        bool by_code = false;
        const struct stir_tnauth *list = list_at(j, i);
        if (!list)
            continue;
        if (child && !stir_tnauth_encompasses(list, child, &by_code))
            stir_judge_say(j, STIR_R_TNAUTH_NOT_ENCOMPASSED, "the TNAuthList of %.*s goes beyond that of %.*s", STIR_NAME(cert_at(j, of)->subject),
                           STIR_NAME(cert_at(j, i)->subject));
        child = list;
        of = i;
    }
}

/*= RFC9060-4 */
bool stir_judge_tnlist(struct stir_judgement *j)
{
    bool came = false;
    for (size_t i = 0; i < stir_chain_info(j->chain)->n_path; i++) {
        const struct stir_tnlist *t = &j->tnlists[i];
        came = came || t->list;
        if (t->url.p && !t->list)
            stir_judge_say(j, STIR_R_TNLIST_MISSING, "%.*s: %s", STIR_SHOW(t->url), t->miss);
        else if (!t->url.p && is_by_reference(cert_at(j, i))) /* whatever policy the chain was judged under; a limit that is not known is none to be within */
            stir_judge_say(j, i ? STIR_R_TNLIST_MISSING : STIR_R_TNAUTH_MISSING, "that of %.*s is behind a URL, and nothing is fetched for it",
                           STIR_NAME(cert_at(j, i)->subject));
    }
    if (came)
        judge_containment(j);
    return j->checks[STIR_CHECK_TNAUTH - 1].outcome != STIR_FAIL;
}

/* ---- The lists on the way to the anchor ---- */

/* The first one, from the signer's up, that does not name the number itself: by a code it may hold it all the same, without one it does not (RFC 9060 §4.1).
 * NULL: each of them names it, `*n` of them. */
static const struct stir_tnauth *first_silent(const struct stir_judgement *j, struct stir_slice tn, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < stir_chain_info(j->chain)->n_path; i++) {
        const struct stir_tnauth *list = list_at(j, i);
        if (list && !(tn.n && stir_tnauth_covers(list, tn)))
            return list;
        *n += list != NULL;
    }
    return NULL;
}

static bool will_ask(const struct stir_judgement *j)
{
    return j->policy->check_authority && vouches(j) && !stir_is_rph(j) && !stir_is_third_party(j) && number_to_hold(j->passport)->kind == STIR_PARTY_TN;
}

/*= RFC8946-3h */
void stir_judge_authority(struct stir_judgement *j)
{
    const struct stir_claim_party *claim = number_to_hold(j->passport);
    struct stir_party number = {.kind = STIR_PARTY_NONE};
    size_t n;
    if (stir_is_third_party(j)) { /* it holds a name and no number */
        stir_judge_off(j, STIR_CHECK_AUTHORITY);
        return;
    }
    judge_country(j);
    if (claim->kind == STIR_PARTY_NONE)
        return;
    bool known = read_number(&number, claim);
    const struct stir_tnauth *silent = first_silent(j, stir_slice_of(number.text, known ? number.len : 0), &n);
    if (silent && !stir_tnauth_spc(silent).p)
        stir_judge_say(j, STIR_R_NOT_AUTHORISED, "%.*s", STIR_SHOW(claim->text));
    else if (silent && !will_ask(j))
        stir_judge_off(j, STIR_CHECK_AUTHORITY);
    else if (!silent && n)
        stir_judge_pass(j, STIR_CHECK_AUTHORITY);
}

/* ---- The table of who holds what ---- */

static bool is_plain(struct stir_slice code)
{
    for (size_t i = 0; i < code.n; i++)
        if (!stir_is_alpha(code.p[i]) && !stir_is_digit(code.p[i]))
            return false;
    return code.n > 0;
}

/* The codes of a list, one blank between two; absent when there are none, or more than are asked for. */
static struct stir_slice write_codes(struct stir_arena *arena, const struct stir_tnauth *list)
{
    char text[STIR_MAX_SPC_CODES * (STIR_MAX_SPC + 1)];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    for (size_t i = 0; i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry entry = stir_tnauth_get(list, i);
        if (entry.kind != STIR_TNAUTH_SPC || !is_plain(entry.text))
            continue;
        if (w.need)
            stir_put_char(&w, ' ');
        stir_put_slice(&w, entry.text);
    }
    return w.need && w.need <= w.cap ? stir_arena_copy(arena, stir_slice_of(text, w.need)) : stir_slice_of(NULL, 0);
}

enum stir_err stir_ask_authority(struct stir_judgement *j)
{
    struct stir_party number;
    size_t n;
    if (!will_ask(j) || !read_number(&number, number_to_hold(j->passport)))
        return STIR_OK;
    const struct stir_tnauth *silent = first_silent(j, stir_slice_of(number.text, number.len), &n);
    if (!silent)
        return STIR_OK;
    j->authority_tn = stir_arena_copy(j->arena, stir_slice_of(number.text, number.len));
    j->authority_codes = write_codes(j->arena, silent);
    j->asks_authority = j->authority_codes.p != NULL;
    return j->authority_tn.p ? STIR_OK : STIR_ENOMEM;
}

void stir_answer_authority(struct stir_judgement *j, int answer)
{
    j->asks_authority = false;
    if (answer < 0)
        stir_judge_say(j, STIR_R_HOLDER_UNKNOWN, "%.*s", STIR_SHOW(j->authority_tn));
    else if (answer == 0)
        stir_judge_say(j, STIR_R_HOLDER_OTHER, "%.*s is not among the numbers of %.*s", STIR_SHOW(j->authority_tn), STIR_SHOW(j->authority_codes));
    if (answer >= 0)
        stir_judge_pass(j, STIR_CHECK_AUTHORITY);
}
