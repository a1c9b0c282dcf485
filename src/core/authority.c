/* Authority over the number: the TNAuthLists on the way to the anchor, in the certificates or behind the signer's URL; the table of who holds what, which the
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

/* ---- The signer's list by reference ---- */

static bool is_by_reference(const struct stir_cert_info *leaf)
{
    return leaf->tnauth == STIR_PART_ABSENT && leaf->tnlist_url.p;
}

/* Only what a trusted CA wrote is ever fetched. */
/*= RFC8226-10.1a RFC8226-10.1b */
void stir_tnlist_begin(struct stir_judgement *j)
{
    const struct stir_chain_info *chain = stir_chain_info(j->chain);
    struct stir_url url;
    if (!j->policy->fetch_tnlist || !chain->trusted || !is_by_reference(stir_cert_info(chain->leaf)))
        return;
    j->tnlist_url = stir_cert_info(chain->leaf)->tnlist_url;
    enum stir_url_fault fault = stir_url_parse(&url, j->tnlist_url, j->policy->any_url);
    j->asks_tnlist = fault == STIR_URL_GOOD;
    j->tnlist_miss = stir_url_fault_text(fault);
}

enum stir_err stir_tnlist_supply(struct stir_judgement *j, struct stir_slice der)
{
    struct stir_tnauth *list = NULL;
    enum stir_err err = der.p ? stir_tnauth_parse(&list, der) : STIR_EDER;
    struct stir_slice spc = stir_tnauth_spc(list);
    if (spc.p)
        j->tnlist_spc = stir_arena_copy(j->arena, spc);
    if (err == STIR_ENOMEM || (spc.p && !j->tnlist_spc.p)) {
        stir_tnauth_free(list);
        return STIR_ENOMEM;
    }
    j->tnlist = list;
    stir_tnlist_miss(j, stir_err_text(err));
    return STIR_OK;
}

void stir_tnlist_miss(struct stir_judgement *j, const char *why)
{
    j->asks_tnlist = false;
    j->tnlist_miss = why;
}

/* It lies within the nearest list above it, as one in the certificate would (rules.c). Lists of CAs by reference are not fetched: those do not limit. */
static void judge_containment(struct stir_judgement *j)
{
    const struct stir_chain_info *chain = stir_chain_info(j->chain);
    for (size_t i = 1; i < chain->n_path; i++) {
        bool by_code = false;
        const struct stir_cert_info *issuer = stir_cert_info(chain->path[i]);
        if (!issuer->tnauth_list)
            continue;
        if (!stir_tnauth_encompasses(issuer->tnauth_list, j->tnlist, &by_code))
            stir_judge_say(j, STIR_R_TNAUTH_NOT_ENCOMPASSED, "the TNAuthList at %.*s goes beyond that of %.*s", STIR_SHOW(j->tnlist_url),
                           STIR_NAME(issuer->subject));
        return;
    }
}

/*= RFC9060-4 */
bool stir_judge_tnlist(struct stir_judgement *j)
{
    if (!is_by_reference(stir_cert_info(stir_chain_info(j->chain)->leaf)))
        return true;
    if (j->tnlist)
        judge_containment(j);
    else if (j->tnlist_url.p)
        stir_judge_say(j, STIR_R_TNLIST_MISSING, "%.*s: %s", STIR_SHOW(j->tnlist_url), j->tnlist_miss);
    else
        stir_judge_say(j, STIR_R_TNAUTH_MISSING, "it is behind a URL, and nothing is fetched for it"); /* whatever policy the chain was judged under */
    return j->checks[STIR_CHECK_TNAUTH - 1].outcome != STIR_FAIL;
}

/* ---- The lists on the way to the anchor ---- */

/* The first one, from the signer's up, that does not name the number itself: by a code it may hold it all the same, without one it does not (RFC 9060 §4.1).
 * NULL: each of them names it, `*n` of them. */
static const struct stir_tnauth *first_silent(const struct stir_judgement *j, struct stir_slice tn, size_t *n)
{
    const struct stir_chain_info *chain = stir_chain_info(j->chain);
    *n = 0;
    for (size_t i = 0; i < chain->n_path; i++) {
        const struct stir_tnauth *list = i == 0 && j->tnlist ? j->tnlist : stir_cert_info(chain->path[i])->tnauth_list;
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
