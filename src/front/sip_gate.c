#include "front/sip_gate.h"

#include "core/sip.h"

static void reply(struct stir_sip_verdict *out, int code, const char *phrase)
{
    out->step = STIR_SIP_REPLY;
    out->code = code;
    out->phrase = phrase;
}

static bool is_method(const struct stir_sip_request *r, const char *method)
{
    return stir_slice_is(r->method, method);
}

/* Extensions that bind who takes part in the dialog, which a redirect server never does: to refuse them would leave the call unsigned for nothing. */
static bool is_bearable(struct stir_slice tag)
{
    static const char *const tags[] = {"100rel",   "timer",    "precondition",      "replaces",   "path",   "gruu",
                                       "outbound", "histinfo", "resource-priority", "norefersub", "tdialog"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (stir_slice_ieq(tag, stir_slice_str(tags[i])))
            return true;
    return false;
}

/*= RFC3261-8.2.2.3 */
/* The option tags that are not known, in `w`; how many. */
static size_t put_unsupported(struct stir_writer *w, const struct stir_sip_request *r)
{
    size_t unknown = 0;
    for (size_t i = 0; i < r->n_requires; i++) {
        struct stir_slice rest = r->requires[i];
        while (rest.n) {
            size_t n = stir_slice_find(rest, ',');
            struct stir_slice tag = stir_slice_trim(stir_slice_upto(rest, n));
            rest = stir_slice_from(rest, n < rest.n ? n + 1 : n);
            if (tag.n == 0 || is_bearable(tag))
                continue;
            stir_put_text(w, unknown++ ? ", " : "Unsupported: ");
            stir_put_slice(w, stir_slice_upto(tag, stir_span(tag, STIR_C_TOKEN)));
        }
    }
    return unknown;
}

static bool requires_unknown(struct stir_sip_verdict *out, const struct stir_sip_request *r)
{
    struct stir_writer w = stir_writer_of(out->lines, sizeof(out->lines) - 1);
    size_t len;
    if (r->n_requires == 0 || put_unsupported(&w, r) == 0)
        return false;
    stir_put_text(&w, "\r\n");
    if (stir_writer_close(&w, &len) != STIR_OK)
        out->lines[0] = '\0';
    reply(out, 420, "Bad Extension");
    return true;
}

static bool is_scheme(struct stir_slice uri, const char *scheme)
{
    return stir_slice_ieq(stir_slice_upto(uri, stir_slice_find(uri, ':')), stir_slice_str(scheme));
}

/* Headers within a Request-URI are forbidden (RFC 3261 §19.1.1): in the Contact they would be headers of the call. And with two '@' readers disagree on the
 * host. */
static bool is_bad_uri(struct stir_slice uri)
{
    size_t at = stir_slice_find(uri, '@');
    struct stir_slice rest = stir_slice_from(uri, at < uri.n ? at + 1 : 0);
    return stir_slice_find(rest, '?') < rest.n || (at < uri.n && stir_slice_find(rest, '@') < rest.n);
}

static bool refuses_uri(struct stir_sip_verdict *out, const struct stir_sip_request *r)
{
    bool sip = stir_sip_is_sip_uri(r->ruri);
    if (!sip && !is_scheme(r->ruri, "tel") && !is_scheme(r->ruri, "urn"))
        reply(out, 416, "Unsupported URI Scheme");
    else if (sip && is_bad_uri(r->ruri))
        reply(out, 400, "Request-URI with headers, or with two '@'");
    else
        return false;
    return true;
}

static void answer_options(struct stir_sip_verdict *out, bool ready)
{
    struct stir_writer w = stir_writer_of(out->lines, sizeof(out->lines) - 1);
    size_t len;
    stir_put_text(&w, STIR_SIP_ALLOW "Accept: application/sdp\r\nSupported:\r\n");
    if (!ready)
        stir_put_text(&w, "Retry-After: 5\r\n");
    if (stir_writer_close(&w, &len) != STIR_OK)
        out->lines[0] = '\0';
    reply(out, ready ? 200 : 503, ready ? "OK" : "Service Unavailable");
}

/* A request of a known source, in the order of RFC 3261 §8.2. */
static void judge(struct stir_sip_verdict *out, const struct stir_sip_request *r, const struct stir_sip_gate *gate)
{
    bool options = is_method(r, "OPTIONS"), invite = is_method(r, "INVITE");
    /*= RFC3261-8.2.1 */
    if (!options && !invite && !r->to_tag.n) {
        memcpy(out->lines, STIR_SIP_ALLOW, sizeof(STIR_SIP_ALLOW));
        reply(out, 405, "Method Not Allowed");
        return;
    }
    /*= RFC3261-12.2.2 */
    if (r->to_tag.n && !options) {
        reply(out, 481, "Call/Transaction Does Not Exist");
        return;
    }
    if (r->max_forwards == 0 && !options) {
        reply(out, 483, "Too Many Hops");
        return;
    }
    bool helps = invite && gate->emergency; /* whoever takes the call may know the extension; we only point the way */
    if (refuses_uri(out, r) || (!helps && requires_unknown(out, r)))
        return;
    if (options)
        answer_options(out, gate->ready);
    else
        out->step = STIR_SIP_SERVE;
}

void stir_sip_gate(struct stir_sip_verdict *out, const struct stir_sip_request *r, const struct stir_sip_gate *gate)
{
    out->step = STIR_SIP_DROP;
    out->code = 0;
    out->phrase = "";
    out->lines[0] = '\0';
    if (r->response)
        return;
    /*= RFC3261-17.1.1.3 */
    /* An ACK is never answered, whatever is wrong with it. */
    if (is_method(r, "ACK"))
        out->step = STIR_SIP_ABSORB;
    else if (r->fault && r->answerable)
        reply(out, r->fault, r->phrase);
    else if (r->fault || !r->answerable)
        return;
    else if (!gate->known)
        reply(out, 403, "Forbidden");
    else if (is_method(r, "CANCEL"))
        out->step = STIR_SIP_CANCEL;
    else
        judge(out, r, gate);
}
