#include "service/vs_answer.h"

#include <string.h>

#include "core/sip.h"
#include "core/verdict.h"
#include "core/verstat.h"
#include "service/actions.h"
#include "service/alert.h"

enum { VALUE_CAP = 4096 }; /* a P-Asserted-Identity value with its verstat: a longer one is left out */

/* What is written, and for whom. */
struct lines {
    struct stir_writer w;
    const struct stir_sip *sip;
    const struct stir_vs_answer *answer;
    const struct stir_conf *conf;
    char alert[STIR_ALERT_BYTES + 1]; /* "": none */
    struct stir_slice param;          /* ;verstat=... */
    char param_text[STIR_VERSTAT_PARAM];
};

static enum stir_verstat verstat_of(const struct stir_vs_answer *answer)
{
    return answer->verdict ? answer->verdict->verstat : STIR_VERSTAT_NO;
}

static void make_param(struct lines *l)
{
    const struct stir_token_verdict *token = stir_verdict_decider(l->answer->verdict);
    l->param = stir_verstat_param(l->param_text, verstat_of(l->answer), l->answer->actions->with_attest && token ? token->attest : 0);
}

/* ---- P-Asserted-Identity ---- */

static bool is_caller(const struct lines *l, struct stir_slice value)
{
    const struct stir_party *caller = l->answer->caller;
    struct stir_party party;
    return caller && caller->kind == STIR_PARTY_TN && stir_party_parse(&party, value, &l->answer->policy->tn) == STIR_OK && stir_party_eq(&party, caller);
}

/* The URI of a value. Without brackets, what stands behind a ';' is From's in From, and in P-Asserted-Identity, which has no parameters of its own, it is kept
 * as the URI's. */
static bool find_uri(struct stir_slice *out, struct stir_slice value, bool is_from)
{
    value = stir_slice_trim(value);
    size_t open = value.n && value.p[0] == '"' ? quoted_end(value) : 0;
    if (value.n && value.p[0] == '"' && open == 0)
        return false;
    open += stir_slice_find(stir_slice_from(value, open), '<');
    *out = is_from ? stir_slice_trim(stir_slice_upto(value, stir_slice_find(value, ';'))) : value;
    if (open < value.n) {
        struct stir_slice inside = stir_slice_from(value, open + 1);
        *out = stir_slice_trim(stir_slice_upto(inside, stir_slice_find(inside, '>')));
    }
    return true;
}

/* A value as it goes on: with the alert's name; of From the URI alone, since the name there is the caller's own word, and here the network would vouch for it.
 * Absent: it cannot be read, or is longer than any real one. */
static struct stir_slice write_value(char buf[VALUE_CAP], const struct lines *l, struct stir_slice value, bool is_from)
{
    struct stir_writer w = stir_writer_of(buf, VALUE_CAP);
    bool alerts = l->alert[0] && l->answer->actions->display_name;
    struct stir_slice uri;
    size_t n;
    if (!alerts && !is_from)
        return value;
    if (!find_uri(&uri, value, is_from))
        return stir_slice_of(NULL, 0);
    if (alerts)
        stir_alert_put_quoted(&w, stir_slice_str(l->alert));
    stir_put_text(&w, alerts ? " <" : "<");
    stir_put_slice(&w, uri);
    stir_put_char(&w, '>');
    return stir_writer_close(&w, &n) == STIR_OK ? stir_slice_of(buf, n) : stir_slice_of(NULL, 0);
}

/* A value that can be read in two ways is not sent on (stir_verstat_strip()). */
static void put_pai(struct lines *l, struct stir_slice value, bool is_from)
{
    char renamed[VALUE_CAP], text[VALUE_CAP];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    struct stir_slice named = write_value(renamed, l, value, is_from);
    bool names_caller = named.p && is_caller(l, value) && is_caller(l, named);
    struct stir_verstat_edit edit = {.put = names_caller ? l->param : stir_slice_of(NULL, 0)};
    size_t n;
    if (!named.p || stir_put_verstat(&w, &edit, named) != STIR_OK || stir_writer_close(&w, &n) != STIR_OK)
        return;
    stir_put_text(&l->w, "P-Asserted-Identity: ");
    stir_put(&l->w, text, n);
    stir_put_text(&l->w, "\r\n");
}

static void put_pais(struct lines *l)
{
    const struct stir_call *call = &l->sip->call;
    for (size_t i = 0; i < call->n_pai && i < STIR_MAX_PAI; i++)
        put_pai(l, call->pai[i], false);
    if (call->n_pai == 0 && call->from.p && is_caller(l, call->from))
        put_pai(l, call->from, true);
}

/* ---- Reason and redress ---- */

static void put_reasons(struct lines *l)
{
    enum stir_reason_protocol protocol = l->conf->verify.reason_protocol == STIR_CONF_REASON_SIP ? STIR_REASON_SIP : STIR_REASON_STIR;
    size_t room = l->w.need < l->w.cap ? l->w.cap - l->w.need : 0, n = 0;
    char none[1];
    bool goes_on_unsigned = l->answer->act != STIR_ACT_STOP && stir_actions_outcome(l->answer->verdict) == STIR_OUTCOME_MISSING;
    if (!l->answer->verdict || goes_on_unsigned) /* SHAKEN asks nobody for Identity; that there was none is no failure to report */
        return;
    enum stir_err err = stir_verdict_reason_headers(room ? l->w.p + l->w.need : none, room, &n, l->answer->verdict, protocol);
    if (err == STIR_OK || err == STIR_ELIMIT)
        l->w.need += n;
}

static bool is_uri_text(const char *text)
{
    return text && text[0] && stir_is_all(stir_slice_str(text), STIR_C_URL);
}

/* Q.850 21 is "call rejected": the network did it, not the callee. */
static void put_stop(struct lines *l)
{
    const struct stir_conf_actions *actions = l->answer->actions;
    bool blocked = l->answer->sip_code == 603 && actions->stop == STIR_STOP_603, rejected = l->answer->sip_code == 608;
    if (!blocked && !rejected)
        return;
    if (blocked)
        stir_put_text(&l->w, "Reason: Q.850 ;cause=21 ;text=\"Network Blocked\"\r\n");
    if (is_uri_text(actions->redress))
        stir_put_format(&l->w, "Call-Info: <%s>%s\r\n", actions->redress, strncmp(actions->redress, "https:", 6) == 0 ? ";purpose=jwscard" : "");
}

/* ---- X-headers ---- */

/* What tokens say is a stranger's: nothing that could end a line, or be longer than any real one. */
static bool is_plain(struct stir_slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] <= ' ' || value.p[i] >= 0x7f)
            return false;
    return value.n > 0 && value.n <= STIR_MAX_ORIGID;
}

static void put_x(struct lines *l, struct stir_slice name, const char *otherwise, struct stir_slice value)
{
    if (name.n)
        stir_put_slice(&l->w, name);
    else
        stir_put_text(&l->w, otherwise);
    stir_put_text(&l->w, ": ");
    stir_put_slice(&l->w, value);
    stir_put_text(&l->w, "\r\n");
}

static void put_claim(struct lines *l, struct stir_slice name, const char *otherwise, struct stir_slice value)
{
    if (verstat_of(l->answer) == STIR_VERSTAT_PASSED && is_plain(value))
        put_x(l, name, otherwise, value);
}

static void put_alert(struct lines *l, struct stir_slice name)
{
    char quoted[2 * STIR_ALERT_BYTES + 3];
    struct stir_writer w = stir_writer_of(quoted, sizeof(quoted));
    size_t n;
    stir_alert_put_quoted(&w, stir_slice_str(l->alert));
    if (l->alert[0] && stir_writer_close(&w, &n) == STIR_OK)
        put_x(l, name, "X-STIR-Alert", stir_slice_of(quoted, n));
}

/* "attest=X-Attest", or the word alone for a name of ours. */
static void put_wanted(struct lines *l, const char *item)
{
    const struct stir_token_verdict *token = stir_verdict_decider(l->answer->verdict);
    const struct stir_token_verdict none = {.attest = 0};
    struct stir_slice text = stir_slice_str(item), word = stir_slice_upto(text, stir_slice_find(text, '='));
    struct stir_slice name = stir_slice_from(text, word.n < text.n ? word.n + 1 : text.n);
    enum stir_reason reason = l->answer->verdict ? l->answer->verdict->reason : STIR_R_INTERNAL;
    token = token ? token : &none;
    if (stir_slice_is(word, "attest"))
        put_claim(l, name, "X-STIR-Attest", stir_slice_of(&token->attest, token->attest != 0));
    else if (stir_slice_is(word, "origid"))
        put_claim(l, name, "X-STIR-Origid", token->origid);
    else if (stir_slice_is(word, "spc"))
        put_claim(l, name, "X-STIR-SPC", token->spc);
    else if (stir_slice_is(word, "reason") && reason != STIR_R_NONE)
        put_x(l, name, "X-STIR-Reason", stir_slice_str(stir_reason_name(reason)));
    else if (stir_slice_is(word, "verstat"))
        put_x(l, name, "X-STIR-Verstat", stir_slice_from(l->param, sizeof(";verstat=") - 1));
    else if (stir_slice_is(word, "alert"))
        put_alert(l, name);
}

enum stir_err stir_vs_write_headers(char *buf, size_t cap, size_t *len, struct stir_slice message, const struct stir_sip *sip,
                                    const struct stir_vs_answer *answer, const struct stir_conf *conf)
{
    struct lines l = {.w = stir_writer_of(buf, cap), .sip = sip, .answer = answer, .conf = conf};
    const struct stir_conf_actions *actions = answer->actions;
    (void)message; /* `sip` points into it */
    make_param(&l);
    if (answer->act == STIR_ACT_ALERT)
        (void)stir_alert_name(l.alert, actions->prefix, sip->call.display_name, actions->suffix);
    if (answer->act != STIR_ACT_STOP)
        put_pais(&l);
    put_reasons(&l);
    if (answer->act == STIR_ACT_STOP)
        put_stop(&l);
    for (size_t i = 0; i < actions->headers.n; i++)
        put_wanted(&l, actions->headers.items[i]);
    return stir_writer_close(&l.w, len);
}
