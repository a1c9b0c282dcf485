/* Decode whatever an engineer has in hand: a token, an Identity value, a SIP message, an SPC token, a TNAuthList value. Says what is odd; verifies nothing. */
#include "cli/show.h"

#include "io/file.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    CLI_DIAL_OPTIONS,
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { FINDINGS_MAX = 64, FINDING_TEXT = 320 };

struct show {
    struct cli *cli;
    struct stir_tn_options plan;
    char findings[FINDINGS_MAX][FINDING_TEXT];
    size_t n_findings;
};

void show_odd(struct show *s, const char *format, ...)
{
    va_list args;
    if (s->n_findings >= FINDINGS_MAX)
        return;
    va_start(args, format);
    vsnprintf(s->findings[s->n_findings], FINDING_TEXT, format, args);
    va_end(args);
    for (size_t i = 0; i < s->n_findings; i++)
        if (strcmp(s->findings[i], s->findings[s->n_findings]) == 0)
            return;
    s->n_findings++;
}

static void end_findings(struct show *s)
{
    if (s->cli->json) {
        cli_json_begin("findings", '[');
        for (size_t i = 0; i < s->n_findings; i++)
            cli_json_str(NULL, s->findings[i]);
        cli_json_end(']');
    } else {
        for (size_t i = 0; i < s->n_findings; i++) {
            printf("  odd: ");
            cli_print(stir_slice_str(s->findings[i]));
            printf("\n");
        }
    }
    s->n_findings = 0;
}

static void field(struct show *s, const char *name, struct stir_slice value)
{
    if (s->cli->json) {
        cli_json_text(name, value);
    } else if (value.p) {
        printf("  %-10s ", name);
        cli_print(value);
        printf("\n");
    }
}

static void look_at_number(struct show *s, const char *claim, const struct stir_claim_party *party)
{
    struct stir_slice tn = party->text;
    if (party->kind != STIR_PARTY_TN)
        return;
    if (!stir_tn_is_canonical(tn))
        show_odd(s, "%s \"%.*s\" is not canonical: digits only, country code first, no '+'", claim, (int)tn.n, tn.p);
    else if (!stir_tn_is_special(tn, NULL) && tn.n < 8)
        show_odd(s, "%s \"%.*s\" is no E.164 number: too short to have a country code", claim, (int)tn.n, tn.p);
}

/* x5u and info: would a verifier fetch them?  */
static void look_at_url(struct show *s, const char *name, struct stir_slice url)
{
    if (!url.p)
        return;
    if (url.n == 0) {
        show_odd(s, "%s is empty", name);
        return;
    }
    const char *fault = show_url_fault(url);
    if (fault)
        show_odd(s, "%s \"%.*s\": %s", name, (int)(url.n < 120 ? url.n : 120), url.p, fault);
}

static void show_claims(struct show *s, const struct stir_passport *p)
{
    char text[32];
    field(s, "alg", p->alg);
    field(s, "ppt", p->ppt_text);
    field(s, "typ", p->typ);
    field(s, "x5u", p->x5u);
    field(s, "attest", p->attest ? stir_slice_of(&p->attest, 1) : stir_slice_str(NULL));
    field(s, "orig", p->orig.kind != STIR_PARTY_NONE ? p->orig.text : stir_slice_str(NULL));
    if (s->cli->json)
        cli_json_begin("dest", '[');
    for (size_t i = 0; i < p->n_dest; i++)
        if (s->cli->json)
            cli_json_text(NULL, p->dest[i].text);
        else
            field(s, "dest", p->dest[i].text);
    if (s->cli->json)
        cli_json_end(']');
    if (p->div.kind != STIR_PARTY_NONE)
        field(s, "div", p->div.text);
    field(s, "origid", p->origid);
    for (size_t i = 0; i < p->n_rph && !s->cli->json; i++)
        field(s, "rph", p->rph[i]);
    if (!s->cli->json) {
        field(s, "sph", p->sph);
        field(s, "rcd", p->rcd);
        field(s, "rcdi", p->rcdi);
        field(s, "crn", p->crn);
        field(s, "iss", p->iss);
        field(s, "mky", p->mky);
        field(s, "opt", p->opt);
    }
    if (s->cli->json) {
        if (p->has_iat)
            cli_json_int("iat", p->iat);
        else
            cli_json_str("iat", NULL);
    } else if (p->has_iat && stir_time_write(text, p->iat) == STIR_OK) {
        printf("  %-10s %lld  %s\n", "iat", (long long)p->iat, text);
    }
    for (size_t i = 0; i < p->n_faults; i++)
        show_odd(s, "%s: %s", stir_reason_name(p->faults[i]), stir_reason_info(p->faults[i])->text);
    look_at_number(s, "orig", &p->orig);
    for (size_t i = 0; i < p->n_dest; i++)
        look_at_number(s, "dest", &p->dest[i]);
    look_at_url(s, "x5u", p->x5u);
}

/* The token's numbers beside the message's. */
static void look_at_message(struct show *s, const struct stir_passport *p, const struct stir_call *call)
{
    struct stir_party from = {0}, to = {0};
    struct stir_slice caller = call->n_pai ? call->pai[0] : call->from;
    if (!call->from.p && !call->to.p)
        return;
    bool has_from = caller.p && stir_party_parse(&from, caller, &s->plan) == STIR_OK,
         has_to = call->to.p && stir_party_parse(&to, call->to, &s->plan) == STIR_OK;
    if (!has_from || !has_to || p->orig.kind == STIR_PARTY_NONE || p->n_dest == 0)
        return;
    bool orig_is_from = stir_slice_is(p->orig.text, from.text), dest_is_to = stir_slice_is(p->dest[0].text, to.text);
    if (!orig_is_from && !dest_is_to && stir_slice_is(p->orig.text, to.text) && stir_slice_is(p->dest[0].text, from.text))
        show_odd(s, "orig and dest are swapped: the message calls from %s to %s", from.text, to.text);
    else if (!orig_is_from)
        show_odd(s, "orig is %.*s, and the message's caller %s", (int)p->orig.text.n, p->orig.text.p, from.text);
    else if (!dest_is_to && p->n_dest == 1)
        show_odd(s, "dest is %.*s, and the message's callee %s", (int)p->dest[0].text.n, p->dest[0].text.p, to.text);
}

static void look_at_header(struct show *s, const struct stir_identity *id, const struct stir_passport *p)
{
    for (unsigned bit = 1; bit <= id->departures; bit <<= 1)
        if (id->departures & bit)
            show_odd(s, "%s", stir_identity_departure_text((enum stir_identity_departure)bit));
    look_at_url(s, "info", id->info);
    if (!p)
        return;
    if (id->info.n && p->x5u.p && !stir_slice_eq(id->info, p->x5u))
        show_odd(s, "info differs from x5u");
    if (id->alg.p && p->alg.p && !stir_slice_eq(id->alg, p->alg))
        show_odd(s, "the alg parameter differs from the signed alg");
    if (p->ppt_text.p && id->ppt.p && !stir_slice_eq(id->ppt, p->ppt_text))
        show_odd(s, "the ppt parameter differs from the signed ppt");
    if (p->ppt_text.p && !id->ppt.p && id->info.p)
        show_odd(s, "the ppt parameter is missing");
}

static int show_identity(struct show *s, struct stir_slice value, const struct stir_call *call)
{
    struct stir_identity id;
    struct stir_passport *p = NULL;
    struct stir_diag diag = {0};
    if (stir_identity_parse(&id, value, STIR_IDENTITY_TOLERANT, NULL, &diag) != STIR_OK)
        return cli_fail(s->cli, CLI_NO, "the Identity value cannot be read: %s", diag.text);
    bool bare = !id.info.p && !id.alg.p && !id.ppt.p;
    enum stir_err err = id.compact || (id.departures & STIR_ID_BAD_PARTS) ? STIR_EVALUE : stir_passport_parse(&p, &id);
    if (err == STIR_ENOMEM)
        return cli_fail(s->cli, CLI_CANNOT, "out of memory");
    if (!p && !id.compact)
        return cli_fail(s->cli, CLI_NO, "no token in it: three parts of base64url divided by dots are wanted%s",
                        err == STIR_ELIMIT ? ", and it is longer than any real one" : "");
    if (p && !p->alg.p && !p->x5u.p && !p->has_iat && p->orig.kind == STIR_PARTY_NONE && !show_is_json(p->header_json)) {
        stir_passport_free(p);
        return cli_fail(s->cli, CLI_NO, "no token in it: its header is no JSON");
    }
    if (bare && p && show_spc_token(s->cli, p)) {
        stir_passport_free(p);
        return CLI_YES;
    }
    if (s->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("kind", id.compact ? "compact" : bare ? "token" : "identity");
    } else {
        printf("%s, not verified\n", id.compact ? "Identity in compact form" : bare ? "PASSporT" : "Identity");
    }
    if (p)
        show_claims(s, p);
    field(s, "info", id.info);
    look_at_header(s, &id, p);
    if (id.compact)
        show_odd(s, "compact form: its claims stand in the message, not in the token; SHAKEN does not allow it");
    if (p && call)
        look_at_message(s, p, call);
    end_findings(s);
    if (s->cli->json)
        cli_json_end('}');
    stir_passport_free(p);
    return CLI_YES;
}

static int show_message(struct show *s, struct stir_slice text)
{
    struct stir_sip sip;
    struct stir_diag diag = {0};
    if (stir_sip_parse(&sip, text, &diag) != STIR_OK)
        return cli_fail(s->cli, CLI_NO, "the SIP message cannot be read: %s", diag.text);
    if (s->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("kind", "message");
    } else {
        printf("SIP %s\n", sip.status ? "response" : "request");
    }
    field(s, "method", sip.method);
    field(s, "from", sip.call.from);
    for (size_t i = 0; i < sip.call.n_pai && !s->cli->json; i++)
        field(s, "pai", sip.call.pai[i]);
    field(s, "to", sip.call.to);
    field(s, "ruri", sip.call.ruri);
    field(s, "date", sip.call.date);
    field(s, "call-id", sip.call.call_id);
    if (sip.identities_seen > STIR_MAX_IDENTITIES)
        show_odd(s, "%zu Identity headers: a verifier judges no more than %d", sip.identities_seen, STIR_MAX_IDENTITIES);
    if (sip.call.n_identity == 0)
        show_odd(s, "no Identity header: the call is not signed");
    end_findings(s);
    int status = CLI_YES;
    if (s->cli->json)
        cli_json_begin("identities", '[');
    for (size_t i = 0; i < sip.call.n_identity; i++) { /* a bad one does not hide those behind it */
        int one = show_identity(s, sip.call.identity[i], &sip.call);
        status = one > status ? one : status;
    }
    if (s->cli->json) {
        cli_json_end(']');
        cli_json_end('}');
        if (status != CLI_YES)
            cli_json_done();
    }
    return status;
}

/* A line that begins a SIP message: a method or "SIP/2.0", and "SIP/2.0" at its end or start. */
static bool is_message(struct stir_slice text)
{
    const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    size_t n = end ? (size_t)(end - text.p) : text.n;
    for (size_t i = 0; i + 7 <= n; i++)
        if (memcmp(text.p + i, "SIP/2.0", 7) == 0 && (i == 0 || text.p[i - 1] == ' '))
            return true;
    return false;
}

static int show(struct show *s, struct stir_slice text)
{
    if (cli_trim(text).n == 0)
        return cli_fail(s->cli, CLI_NO, "there is nothing to show: the value is empty");
    if (memchr(text.p, '\0', text.n) && !is_message(text))
        return cli_fail(s->cli, CLI_NO, "a NUL byte: this is no token, header or message");
    if (text.n > 5 && memcmp(text.p, "-----", 5) == 0)
        return cli_fail(s->cli, CLI_NO, "this is PEM: stir cert show, stir csr show and stir key show read it");
    if (is_message(text))
        return show_message(s, text);
    text = cli_trim(text);
    if (!memchr(text.p, '.', text.n) && show_tnauth(s->cli, text))
        return CLI_YES;
    return show_identity(s, text, NULL);
}

static int run(struct cli *cli)
{
    struct stir_slice text = {NULL, 0};
    struct show *s = calloc(1, sizeof(*s));
    if (!s)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    s->cli = cli;
    s->plan = (struct stir_tn_options)STIR_TN_OPTIONS_INIT;
    int status = cli_dial_plan(cli, &s->plan);
    if (status == CLI_YES)
        status = cli_read_value(cli, &text, cli->operand[0], STIR_MAX_MESSAGE);
    if (status == CLI_YES)
        status = show(s, text);
    if (status == CLI_YES && cli->json)
        cli_json_done();
    stir_file_free(&text);
    free(s);
    return status;
}

const struct cli_command cmd_show = {"show",  NULL, "VALUE|@FILE|-", 1, 1, "decode a token, header, message, SPC token or TNAuthList; verifies nothing",
                                     options, run};
