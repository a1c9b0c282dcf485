#include "cli/cli.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"--key", CLI_VALUE, "FILE", "private key", true},
    {"--x5u", CLI_VALUE, "URL", "https URL of the certificate", false},
    {"--attest", CLI_VALUE, "A|B|C", "attestation", false},
    {"--orig", CLI_VALUE, "N", "calling number", false},
    {"--dest", CLI_MANY, "N", "called number", false},
    {"--ppt", CLI_VALUE, "KIND", "shaken (the default), none, div, div-o, rph, rcd or rsp", false},
    {"--div", CLI_VALUE, "N", "div, div-o: the number that diverts the call, which the certificate must cover", false},
    {"--hi", CLI_VALUE, "INDEX", "div, div-o: index of that number in History-Info, such as 1.2", false},
    {"--opt", CLI_TEXT, "VALUE|@FILE|-", "div-o: the token that was for that number, or its Identity", false},
    {"--rph", CLI_MANY, "VALUE", "rph: a value of Resource-Priority, such as ets.0", false},
    {"--sph", CLI_VALUE, "VALUE", "rph: psap-callback", false},
    {"--rcd", CLI_TEXT, "JSON", "rcd: the claim", false},
    {"--rcdi", CLI_TEXT, "JSON", "rcd: its digests", false},
    {"--crn", CLI_VALUE, "TEXT", "rcd, shaken: the reason for the call", false},
    {"--iss", CLI_VALUE, "NAME", "rcd: sign as a third party; a name of the certificate's subject", false},
    {"--compact", CLI_FLAG, NULL, "none, rcd, with --invite: the compact form, which a verifier rebuilds from the message", false},
    {"--mky", CLI_FLAG, NULL, "with --invite: sign the SDP's fingerprints too; ppt none does so in any case", false},
    {"--origid", CLI_VALUE, "UUID", "origin identifier; default: a new random one", false},
    {"--iat", CLI_VALUE, "TIME", "time of signing; default now", false},
    {"--cert", CLI_VALUE, "FILE|-", "certificate behind the URL: checked before anything is signed", false},
    {"--invite", CLI_VALUE, "FILE|-", "sign this INVITE and print it with its Identity", false},
    {"--header", CLI_TEXT, "JSON", "with --payload: sign exactly these claims and print the token", false},
    {"--payload", CLI_TEXT, "JSON", "the claims", false},
    CLI_DIAL_OPTIONS,
    {"--quoted-ppt", CLI_FLAG, NULL, "write ppt=\"shaken\" for receivers that insist on quotes", false},
    {"--any-url", CLI_FLAG, NULL, "labs: x5u with any port, or an address", false},
    {"--pass-file", CLI_VALUE, "FILE", "passphrase of an encrypted key, on the first line of FILE", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

enum { OUT_MAX = STIR_MAX_MESSAGE + STIR_MAX_TOKEN + 4096 };

struct signing {
    struct stir_key *key;
    struct stir_cert *cert;
    struct stir_es256_ctx *ctx;
    struct stir_key_signer held;
    struct stir_signer signer;
    struct stir_attest_params params;
    struct stir_party orig, dest[STIR_MAX_DESTS], div;
    struct stir_slice rph[STIR_MAX_RPH];
    struct stir_slice opt; /* as read */
    char origid[37];
    char *out;
};

static int say_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag)
{
    int status = err == STIR_EVALUE || err == STIR_EJSON || err == STIR_ELIMIT || err == STIR_ESYNTAX ? CLI_USAGE
                 : err == STIR_ENOMEM || err == STIR_ECRYPTO                                          ? CLI_CANNOT
                                                                                                      : CLI_NO;
    if (cli_has(cli, "--invite") && status == CLI_USAGE)
        status = CLI_NO; /* the message is content, not an option */
    return cli_fail(cli, status, "%s", diag->text[0] ? diag->text : stir_err_text(err));
}

/* Signed as it is said, but seldom meant: a verifier may well read it otherwise. */
static void warn_short(const struct cli *cli, const char *option, const struct stir_party *party)
{
    if (party->standing == STIR_STANDING_LOCAL)
        cli_warn(cli, "%s \"%s\" is signed as it is: %s", option, party->text, cli_dial_doubt(party));
    else if (party->kind == STIR_PARTY_TN && strlen(party->text) < 8 && !stir_tn_is_special(stir_slice_str(party->text), NULL))
        cli_warn(cli, "%s \"%s\" is too short to have a country code; is --plan CC or --country CC missing?", option, party->text);
}

static int read_numbers(const struct cli *cli, struct signing *s)
{
    size_t n = cli_all(cli, "--dest");
    if (n > STIR_MAX_DESTS)
        return cli_fail(cli, CLI_USAGE, "more than %d --dest", STIR_MAX_DESTS);
    if (stir_party_parse(&s->orig, stir_slice_str(cli_get(cli, "--orig")), &s->params.tn) != STIR_OK)
        return cli_fail(cli, CLI_USAGE, "--orig \"%s\" is no number and no URI", cli_get(cli, "--orig"));
    for (size_t i = 0; i < n; i++)
        if (stir_party_parse(&s->dest[i], stir_slice_str(cli_nth(cli, "--dest", i)), &s->params.tn) != STIR_OK)
            return cli_fail(cli, CLI_USAGE, "--dest \"%s\" is no number and no URI", cli_nth(cli, "--dest", i));
    warn_short(cli, "--orig", &s->orig);
    for (size_t i = 0; i < n; i++)
        warn_short(cli, "--dest", &s->dest[i]);
    s->params.claims.orig = &s->orig;
    s->params.claims.dest = s->dest;
    s->params.claims.n_dest = n;
    return CLI_YES;
}

/* Which kinds take an option that not all of them take, and which cannot do without when no message has what it says. */
static const struct {
    const char *option;
    unsigned kinds, needed;
} belongs[] = {
    {"--attest", 1u << STIR_PPT_SHAKEN, 0},
    {"--origid", 1u << STIR_PPT_SHAKEN, 0},
    {"--div", 1u << STIR_PPT_DIV | 1u << STIR_PPT_DIV_O, 1u << STIR_PPT_DIV | 1u << STIR_PPT_DIV_O},
    {"--hi", 1u << STIR_PPT_DIV | 1u << STIR_PPT_DIV_O, 0},
    {"--opt", 1u << STIR_PPT_DIV_O, 1u << STIR_PPT_DIV_O},
    {"--rph", 1u << STIR_PPT_RPH, 1u << STIR_PPT_RPH},
    {"--sph", 1u << STIR_PPT_RPH, 0},
    {"--rcd", 1u << STIR_PPT_RCD, 0},
    {"--rcdi", 1u << STIR_PPT_RCD, 0},
    {"--crn", 1u << STIR_PPT_RCD | 1u << STIR_PPT_SHAKEN, 0},
    {"--iss", 1u << STIR_PPT_RCD, 0},
};

static int read_kind(const struct cli *cli, enum stir_ppt *kind)
{
    const char *name = cli_get(cli, "--ppt");
    *kind = !name ? STIR_PPT_SHAKEN : strcmp(name, "none") == 0 ? STIR_PPT_NONE : stir_ppt_of(stir_slice_str(name));
    if (*kind == STIR_PPT_OTHER)
        return cli_fail(cli, CLI_USAGE, "--ppt \"%s\" is none of shaken, none, div, div-o, rph, rcd, rsp; others are signed with --header and --payload", name);
    if (cli_has(cli, "--compact") && *kind != STIR_PPT_NONE && *kind != STIR_PPT_RCD)
        return cli_fail(cli, CLI_USAGE, "--compact: tokens of ppt %s have the full form alone; none and rcd have a compact one", name ? name : "shaken");
    for (size_t i = 0; i < sizeof(belongs) / sizeof(belongs[0]); i++)
        if (cli_has(cli, belongs[i].option) && !(belongs[i].kinds & 1u << *kind))
            return cli_fail(cli, CLI_USAGE, "%s does not go with --ppt %s", belongs[i].option, name ? name : "shaken");
    return CLI_YES;
}

static int read_shaken(const struct cli *cli, struct signing *s)
{
    const char *attest = cli_get(cli, "--attest"), *origid = cli_get(cli, "--origid");
    if (!attest || strlen(attest) != 1 || !strchr("ABC", attest[0]))
        return cli_fail(cli, CLI_USAGE, attest ? "--attest \"%s\" is none of A, B, C" : "--attest A, B or C is needed", attest);
    if (!origid && stir_uuid(s->origid) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "no random numbers");
    s->params.claims.attest = attest[0];
    s->params.claims.origid = stir_slice_str(origid ? origid : s->origid);
    return CLI_YES;
}

/* The claims that only some kinds have; what is missing or malformed the library says. */
static int read_others(const struct cli *cli, struct signing *s)
{
    struct stir_passport_params *claims = &s->params.claims;
    const char *div = cli_get(cli, "--div");
    if (div && stir_party_parse(&s->div, stir_slice_str(div), &s->params.tn) != STIR_OK)
        return cli_fail(cli, CLI_USAGE, "--div \"%s\" is no number and no URI", div);
    claims->div = div ? &s->div : NULL;
    claims->div_hi = stir_slice_str(cli_get(cli, "--hi"));
    if (cli_has(cli, "--hi") && !div)
        return cli_fail(cli, CLI_USAGE, "--hi is the index of the number of --div: give both");
    claims->n_rph = cli_all(cli, "--rph");
    if (claims->n_rph > STIR_MAX_RPH)
        return cli_fail(cli, CLI_USAGE, "more than %d --rph", STIR_MAX_RPH);
    for (size_t i = 0; i < claims->n_rph; i++)
        s->rph[i] = stir_slice_str(cli_nth(cli, "--rph", i));
    claims->rph = s->rph;
    claims->sph = stir_slice_str(cli_get(cli, "--sph"));
    claims->rcd = stir_slice_str(cli_get(cli, "--rcd"));
    claims->rcdi = stir_slice_str(cli_get(cli, "--rcdi"));
    claims->crn = stir_slice_str(cli_get(cli, "--crn"));
    claims->iss = stir_slice_str(cli_get(cli, "--iss"));
    return CLI_YES;
}

/* The token of --opt; of an Identity value, its token. */
static int read_opt(const struct cli *cli, struct signing *s)
{
    struct stir_identity identity;
    struct stir_diag diag = {0};
    if (!cli_has(cli, "--opt"))
        return CLI_YES;
    int status = cli_read_value(cli, &s->opt, cli_get(cli, "--opt"), STIR_MAX_IDENTITY);
    if (status != CLI_YES)
        return status;
    if (stir_identity_parse(&identity, cli_trim(s->opt), STIR_IDENTITY_TOLERANT, NULL, &diag) != STIR_OK)
        return cli_fail(cli, CLI_USAGE, "--opt: %s", diag.text);
    s->params.claims.opt = identity.token;
    return CLI_YES;
}

/* The options that describe a token. */
static int read_claims(const struct cli *cli, struct signing *s)
{
    struct stir_passport_params *claims = &s->params.claims;
    const char *x5u = cli_get(cli, "--x5u");
    if (!x5u)
        return cli_fail(cli, CLI_USAGE, "--x5u URL is needed (https URL of the certificate)");
    int status = read_kind(cli, &claims->ppt);
    if (status == CLI_YES && claims->ppt == STIR_PPT_SHAKEN)
        status = read_shaken(cli, s);
    if (status == CLI_YES)
        status = cli_dial_plan(cli, &s->params.tn);
    if (status == CLI_YES)
        status = read_others(cli, s);
    if (status == CLI_YES)
        status = read_opt(cli, s);
    claims->x5u = stir_slice_str(x5u);
    s->params.any_url = cli_has(cli, "--any-url");
    s->params.style.quoted_ppt = cli_has(cli, "--quoted-ppt");
    s->params.style.compact = cli_has(cli, "--compact");
    s->params.media_keys = cli_has(cli, "--mky");
    if (s->params.style.compact) /* RFC 8224 rebuilds it from From, whatever networks assert */
        s->params.caller = STIR_CALLER_FROM;
    if (status == CLI_YES)
        status = cli_time(cli, "--iat", cli_now(), &s->params.now);
    if (status == CLI_YES && cli_has(cli, "--iat"))
        claims->iat = s->params.now;
    if (status == CLI_YES && cli_has(cli, "--cert"))
        status = cli_cert(cli, &s->cert, cli_get(cli, "--cert"), CLI_NO);
    s->params.cert = s->cert;
    return status;
}

static int print_value(const struct cli *cli, const char *name, const char *value)
{
    if (!cli->json) {
        printf("%s\n", value);
        return CLI_YES;
    }
    cli_json_begin(NULL, '{');
    cli_json_str(name, value);
    cli_json_end('}');
    cli_json_done();
    return CLI_YES;
}

static int sign_numbers(struct cli *cli, struct signing *s)
{
    struct stir_diag diag = {0};
    size_t n;
    if (!cli_has(cli, "--orig") || !cli_has(cli, "--dest"))
        return cli_fail(cli, CLI_USAGE, "--orig and --dest are needed, or --invite, or --header and --payload");
    if (cli_has(cli, "--compact") || cli_has(cli, "--mky"))
        return cli_fail(cli, CLI_USAGE, "%s needs --invite FILE: it takes its claims from the message", cli_has(cli, "--compact") ? "--compact" : "--mky");
    int status = read_claims(cli, s);
    for (size_t i = 0; status == CLI_YES && i < sizeof(belongs) / sizeof(belongs[0]); i++)
        if (belongs[i].needed & 1u << s->params.claims.ppt && !cli_has(cli, belongs[i].option))
            return cli_fail(cli, CLI_USAGE, "--ppt %s needs %s, or --invite FILE that has it", cli_get(cli, "--ppt"), belongs[i].option);
    if (status == CLI_YES)
        status = read_numbers(cli, s);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_attest(s->out, OUT_MAX, &n, &s->params, &s->signer, s->ctx, &diag);
    return err == STIR_OK ? print_value(cli, "identity", s->out) : say_failed(cli, err, &diag);
}

static int print_invite(const struct cli *cli, const struct signing *s, size_t n, const struct stir_attest_report *report)
{
    if (report->over_1300)
        cli_warn(cli, "the INVITE has %zu bytes now: over 1,300 it may be lost over UDP; use TCP or TLS (RFC 3261 18.1.1)", n);
    if (!cli->json)
        return fwrite(s->out, 1, n, stdout) == n ? CLI_YES : CLI_CANNOT;
    cli_json_begin(NULL, '{');
    cli_json_text("invite", stir_slice_of(s->out, n));
    cli_json_int("bytes_added", (int64_t)report->bytes_added);
    cli_json_int("identities_added", (int64_t)report->identities_added);
    cli_json_bool("date_added", report->date_added);
    cli_json_bool("over_1300", report->over_1300);
    cli_json_end('}');
    cli_json_done();
    return CLI_YES;
}

static int sign_invite(struct cli *cli, struct signing *s)
{
    struct stir_slice invite = {NULL, 0};
    struct stir_attest_report report;
    struct stir_diag diag = {0};
    size_t n;
    if (cli_has(cli, "--orig") || cli_has(cli, "--dest") || cli_has(cli, "--opt"))
        return cli_fail(cli, CLI_USAGE, "--orig, --dest and --opt come from the INVITE; leave them out");
    int status = read_claims(cli, s);
    if (status == CLI_YES)
        status = cli_read(cli, &invite, cli_get(cli, "--invite"), STIR_MAX_MESSAGE, CLI_NO);
    if (status == CLI_YES) {
        enum stir_err err = stir_attest_invite(s->out, OUT_MAX, &n, &report, invite, &s->params, &s->signer, s->ctx, &diag);
        status = err == STIR_OK ? print_invite(cli, s, n, &report) : say_failed(cli, err, &diag);
    }
    stir_file_free(&invite);
    return status;
}

static int sign_claims(struct cli *cli, struct signing *s)
{
    static const char *const others[] = {"--x5u", "--attest", "--orig", "--dest", "--origid", "--iat", "--invite",  "--cert", "--ppt", "--div",
                                         "--rph", "--sph",    "--rcd",  "--rcdi", "--crn",    "--iss", "--compact", "--mky",  "--hi",  "--opt"};
    struct stir_diag diag = {0};
    size_t n;
    const char *header = cli_get(cli, "--header"), *payload = cli_get(cli, "--payload");
    if (!header || !payload)
        return cli_fail(cli, CLI_USAGE, "--header and --payload belong together");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (cli_has(cli, others[i]))
            return cli_fail(cli, CLI_USAGE, "%s does not go with --header: the JSON says it all", others[i]);
    enum stir_err err = stir_attest_claims(s->out, OUT_MAX, &n, stir_slice_str(header), stir_slice_str(payload), &s->signer, s->ctx, &diag);
    return err == STIR_OK ? print_value(cli, "token", s->out) : say_failed(cli, err, &diag);
}

static int sign(struct cli *cli, struct signing *s)
{
    if (cli_has(cli, "--header") || cli_has(cli, "--payload"))
        return sign_claims(cli, s);
    return cli_has(cli, "--invite") ? sign_invite(cli, s) : sign_numbers(cli, s);
}

static int run(struct cli *cli)
{
    struct signing s = {.params = STIR_ATTEST_PARAMS_INIT};
    int status = cli_key(cli, &s.key, "--key");
    if (status == CLI_YES) {
        s.out = malloc(OUT_MAX);
        if (!s.out || stir_es256_ctx_new(&s.ctx) != STIR_OK)
            status = cli_fail(cli, CLI_CANNOT, "out of memory");
    }
    if (status == CLI_YES) {
        s.held = (struct stir_key_signer){s.key, s.ctx};
        s.signer = stir_signer_of_key(&s.held);
        status = sign(cli, &s);
    }
    free(s.out);
    stir_file_free(&s.opt);
    stir_es256_ctx_free(s.ctx);
    stir_cert_free(s.cert);
    stir_key_free(s.key);
    return status;
}

const struct cli_command cmd_sign = {"sign", NULL, "", 0, 0, "sign a call: an Identity value, an INVITE, or a token of given claims", options, run};
