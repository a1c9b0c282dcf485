#include "service/acme_settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/settings.h"

enum { DAYS_MAX = 3660, TIMEOUT_MAX = 86400, TIMEOUT = 300 };

/* What is being read. */
struct reading {
    struct stir_acme_settings *out;
    struct stir_arena *arena;
    const char *dir;
    bool no_memory;
};

enum kind { TEXT, URL, PATH, COMMAND, YES, SPC, TNAUTH, COUNTRY, DAYS, SPAN, TKAUTH, BASE64, BINDING, KEY, DIALECT, BODY, CONTACT };

static const struct row {
    const char *key;
    enum kind kind;
    size_t at; /* in struct stir_acme_settings; of what has a place of its own */
    const char *otherwise, *what;
} rows[] = {
#define AT(member) offsetof(struct stir_acme_settings, member)
    {"directory", URL, AT(directory), "https://ca.example/acme/directory", "the directory of the certificate authority; needed"},
    {"ca-root", PATH, AT(ca_root), "ca-tls.pem", "PEM of TLS roots for both authority and administrator, instead of the system's"},
    {"contact", CONTACT, AT(contact), "mailto:stir@provider.example", "whom the authority may write to"},
    {"spc", SPC, 0, "709J", "the service provider code that the certificate is for, or tnauth"},
    {"tnauth", TNAUTH, AT(tnauth), "MAigBhYENzA5Sg", "any TNAuthList, as base64url DER"},
    {"org", TEXT, AT(org), "Provider Example Inc.", "O of the subject: the legal name"},
    {"country", COUNTRY, AT(country), "US", "C of the subject"},
    {"common-name", TEXT, AT(common_name), "SHAKEN 709J", "CN of the subject, where \"SHAKEN CODE\" is not right"},
    {"ca", YES, AT(ca), "no", "yes: the certificate is a CA's, to delegate with (RFC 9060)"},
    {"profile", TEXT, AT(profile), "shaken", "asked for in the order, where the authority has several profiles"},
    {"days", DAYS, 0, "90", "life to ask for (notAfter of the order); without it the authority decides"},
    {"times", YES, AT(send_times), "no", "yes: notBefore is sent too, as one authority wants it; needs days"},
    {"token-file", PATH, AT(token_file), "token.jwt", "the SPC token stands in this file, instead of being asked for"},
    {"token-hook", COMMAND, AT(token_hook), "/usr/local/bin/spc-token",
     "a program (no shell) whose first line of output is the SPC token; it finds STIR_FINGERPRINT, STIR_TNAUTHLIST and STIR_SPC in its environment"},
    {"pa-url", URL, AT(pa_url), "https://authenticate-api.iconectiv.com", "the policy administrator that gives SPC tokens"},
    {"pa-account", TEXT, AT(pa_account), "1234", "the account there; in the path of the request"},
    {"pa-user", TEXT, AT(pa_user), "api-user", "who logs in"},
    {"pa-password-file", PATH, AT(pa_password_file), "pa.password", "the password on the first line, 0600; or credential:NAME of systemd"},
    {"pa-dialect", DIALECT, 0, "deployed", "deployed: /api/v1/...; generic: /sti-pa/... and Bearer"},
    {"pa-body", BODY, 0, "wrapped", "wrapped: the request's members stand in \"atc\"; unwrapped: they stand alone"},
    {"tkauth-field", TKAUTH, AT(tkauth_field), "tkauth", "name of the token in the answer to a challenge: tkauth, atc, or both"},
    {"identifier", BASE64, 0, "base64url", "base64url as RFC 9448 has it; base64: padded, as one authority compares it"},
    {"fingerprint", BINDING, 0, "jwk", "what the token is bound to: jwk, the account key's thumbprint; spki, the digest of its SubjectPublicKeyInfo"},
    {"certificate-key", KEY, 0, "new",
     "new: one for each certificate; keep: that of the certificate in use; account: the account's, as one authority wants it"},
    {"x5u-base", URL, AT(x5u_base), "https://cr.provider.example/certs", "x5u is this, '/', the serial and \".pem\", where the authority does not say one"},
    {"publish-dir", PATH, AT(publish_dir), "/var/lib/stir/certs", "the chain is copied there as SERIAL.pem: the folder of a certificate repository"},
    {"deploy-hook", COMMAND, AT(deploy_hook), "/usr/local/bin/stir-deployed",
     "a program (no shell) run when a new certificate is in use, with its folder as last argument"},
    {"reload", PATH, AT(reload), "/run/stir/control", "control socket of a stir serve that is asked to reload, or its stir.conf"},
    {"timeout", SPAN, 0, "5m", "how long an order may take"},
    {"any-url", YES, AT(any_url), "no", "yes: http, other ports and addresses: for labs"},
#undef AT
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- Values: each answers NULL, or what is wrong ---- */

static const char **text_at(struct reading *r, const struct row *row)
{
    return (const char **)(void *)((char *)r->out + row->at);
}

static const char *take_text(struct reading *r, const struct row *row, struct stir_slice value)
{
    const char *copy = stir_arena_copy(r->arena, value).p;
    r->no_memory = r->no_memory || !copy;
    *text_at(r, row) = copy ? copy : "";
    return NULL;
}

/* Without a '/' at its end: paths are put behind. Whether http may be is known when all lines were read. */
static const char *take_url(struct reading *r, const struct row *row, struct stir_slice value)
{
    const char *fault = stir_peer_url_fault(value, true);
    while (row->at != offsetof(struct stir_acme_settings, directory) && value.n && value.p[value.n - 1] == '/')
        value.n--;
    return fault ? fault : take_text(r, row, value);
}

static const char *take_path(struct reading *r, const struct row *row, struct stir_slice value)
{
    static const char credential[] = "credential:";
    if (value.p[0] == '/' || (value.n >= sizeof(credential) && memcmp(value.p, credential, sizeof(credential) - 1) == 0))
        return take_text(r, row, value);
    const char *joined = stir_arena_format(r->arena, "%s/%.*s", r->dir, (int)value.n, value.p);
    r->no_memory = r->no_memory || !joined;
    *text_at(r, row) = joined ? joined : "";
    return NULL;
}

static const char *take_spc(struct reading *r, const struct row *row, struct stir_slice value)
{
    struct stir_tnauth *list = NULL;
    const struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, value, 0};
    (void)row;
    if (stir_tnauth_new(&list, &entry, 1, NULL) != STIR_OK)
        return "is no service provider code: 1 to 16 letters and digits, such as 709J";
    stir_tnauth_free(list);
    r->out->spc = stir_arena_copy(r->arena, value).p;
    r->no_memory = r->no_memory || !r->out->spc;
    return NULL;
}

static const char *take_tnauth(struct reading *r, const struct row *row, struct stir_slice value)
{
    struct stir_tnauth *list = NULL;
    if (stir_tnauth_from_base64(&list, value) != STIR_OK)
        return "is no TNAuthList in base64url, such as MAigBhYENzA5Sg";
    stir_tnauth_free(list);
    return take_text(r, row, value);
}

static const char *take_country(struct reading *r, const struct row *row, struct stir_slice value)
{
    bool good = value.n == 2;
    for (size_t i = 0; i < value.n; i++)
        good = good && value.p[i] >= 'A' && value.p[i] <= 'Z';
    return good ? take_text(r, row, value) : "is no country: two capital letters, such as US";
}

static const char *take_contact(struct reading *r, const struct row *row, struct stir_slice value)
{
    bool good = value.n > 7 && memcmp(value.p, "mailto:", 7) == 0 && stir_slice_find(value, '@') < value.n && stir_slice_find(value, ' ') == value.n;
    return good ? take_text(r, row, value) : "is no address such as mailto:stir@provider.example";
}

static const char *take_command(struct reading *r, const struct row *row, struct stir_slice value)
{
    return value.p[0] == '/' ? take_text(r, row, value) : "begins with no absolute path of a program";
}

static const char *take_days(struct reading *r, const struct row *row, struct stir_slice value)
{
    (void)row;
    return stir_settings_number(&r->out->days, value, DAYS_MAX) && r->out->days ? NULL : "is no number of days, 1 to 3660";
}

static const char *take_span(struct reading *r, const struct row *row, struct stir_slice value)
{
    (void)row;
    return stir_settings_span(&r->out->timeout, value, TIMEOUT_MAX) && r->out->timeout ? NULL : "is no span of time up to a day: 90s, 5m, 1h";
}

/* One of two or three words; which. */
static bool is_word(struct stir_slice value, const char *const *words, size_t n, size_t *which)
{
    for (*which = 0; *which < n; ++*which)
        if (stir_slice_is(value, words[*which]))
            return true;
    return false;
}

static const char *take_word(struct reading *r, const struct row *row, struct stir_slice value)
{
    static const struct {
        enum kind kind;
        const char *words[3], *fault;
    } table[] = {
        {YES, {"no", "yes", NULL}, "is neither yes nor no"},
        {TKAUTH, {"tkauth", "atc", "both"}, "is none of tkauth, atc, both"},
        {BASE64, {"base64url", "base64", NULL}, "is neither base64url nor base64"},
        {BINDING, {"jwk", "spki", NULL}, "is neither jwk nor spki"},
        {KEY, {"new", "keep", "account"}, "is none of new, keep, account"},
        {DIALECT, {"deployed", "generic", NULL}, "is neither deployed nor generic"},
        {BODY, {"wrapped", "unwrapped", NULL}, "is neither wrapped nor unwrapped"},
    };
    size_t i = 0, which;
    while (table[i].kind != row->kind)
        i++;
    if (!is_word(value, table[i].words, table[i].words[2] ? 3 : 2, &which))
        return table[i].fault;
    switch (row->kind) {
    case YES: *(bool *)(void *)((char *)r->out + row->at) = which == 1; break;
    case TKAUTH: r->out->tkauth_field = table[i].words[which]; break;
    case BASE64: r->out->base64_padded = which == 1; break;
    case BINDING: r->out->binding = which == 1 ? STIR_TOKEN_BY_SPKI : STIR_TOKEN_BY_JWK; break;
    case KEY:
        r->out->keep_key = which == 1;
        r->out->account_key_is_cert_key = which == 2;
        break;
    case DIALECT: r->out->pa_generic = which == 1; break;
    default: r->out->pa_unwrapped = which == 1; break;
    }
    return NULL;
}

static const char *take(struct reading *r, const struct row *row, struct stir_slice value)
{
    static const struct {
        enum kind kind;
        const char *(*take)(struct reading *r, const struct row *row, struct stir_slice value);
    } takers[] = {{TEXT, take_text},     {URL, take_url},         {PATH, take_path},       {COMMAND, take_command}, {SPC, take_spc},
                  {TNAUTH, take_tnauth}, {COUNTRY, take_country}, {CONTACT, take_contact}, {DAYS, take_days},       {SPAN, take_span}};
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
        if (takers[i].kind == row->kind)
            return takers[i].take(r, row, value);
    return take_word(r, row, value);
}

/* ---- The file ---- */

static const char *line_fault(struct reading *r, const struct stir_setting *line, bool said[ROWS])
{
    if (line->fault)
        return line->fault;
    for (size_t i = 0; i < ROWS; i++) {
        if (!stir_slice_is(line->key, rows[i].key))
            continue;
        if (said[i])
            return "stands twice";
        said[i] = true;
        return take(r, &rows[i], line->value);
    }
    return "no such setting; stir-acme(1) lists them";
}

static bool is_plain(const char *url)
{
    return url[0] && stir_peer_url_fault(stir_slice_str(url), false) != NULL;
}

/* What holds between the lines. */
static const char *whole_fault(const struct stir_acme_settings *s)
{
    if (!s->directory[0])
        return "directory is missing: the URL of the certificate authority's ACME directory";
    if (!s->spc[0] == !s->tnauth[0])
        return s->spc[0] ? "spc and tnauth are both there: one of them says what the certificate is for"
                         : "spc (or tnauth) is missing: what the certificate is for";
    if (!s->any_url && (is_plain(s->directory) || is_plain(s->pa_url) || is_plain(s->x5u_base)))
        return "a URL is not https on port 443 or 8443 of a named host; any-url = yes allows that, for labs";
    if ((s->token_file[0] != '\0') + (s->token_hook[0] != '\0') + (s->pa_url[0] != '\0') > 1)
        return "of token-file, token-hook and pa-url one says where the token comes from";
    if (s->pa_url[0] && (!s->pa_account[0] || !s->pa_password_file[0]))
        return "pa-url needs pa-account and pa-password-file beside it";
    if (s->send_times && !s->days)
        return "times = yes needs days";
    return NULL;
}

static void defaults(struct stir_acme_settings *s)
{
    *s = (struct stir_acme_settings){.binding = STIR_TOKEN_BY_JWK, .timeout = TIMEOUT, .tkauth_field = "tkauth"};
    const char **texts[] = {&s->directory,        &s->ca_root,  &s->contact,     &s->spc,         &s->tnauth, &s->org,        &s->country,
                            &s->common_name,      &s->profile,  &s->token_file,  &s->token_hook,  &s->pa_url, &s->pa_account, &s->pa_user,
                            &s->pa_password_file, &s->x5u_base, &s->publish_dir, &s->deploy_hook, &s->reload};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = "";
}

enum stir_err stir_acme_settings_read(struct stir_acme_settings *out, struct stir_slice text, const char *name, const char *dir, struct stir_arena *arena,
                                      struct stir_diag *diag)
{
    struct reading r = {out, arena, dir, false};
    struct stir_settings lines = stir_settings_of(text);
    struct stir_setting line;
    bool said[ROWS] = {false};
    defaults(out);
    while (stir_settings_next(&lines, &line)) {
        const char *fault = line_fault(&r, &line, said);
        if (fault)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.80s:%zu: %.*s%s%s", name, line.line, STIR_SHOW(line.key), line.key.n ? ": " : "", fault);
    }
    if (r.no_memory)
        return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
    const char *fault = whole_fault(out);
    return fault ? stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.80s: %s", name, fault) : STIR_OK;
}

const char *stir_acme_settings_key(size_t i, const char **what)
{
    if (i >= ROWS)
        return NULL;
    *what = rows[i].what;
    return rows[i].key;
}

static void put_row(struct stir_writer *w, const struct row *row, const struct stir_acme_given *given, size_t n)
{
    const char *value = NULL;
    for (size_t i = 0; i < n; i++)
        if (given[i].value && strcmp(given[i].key, row->key) == 0)
            value = given[i].value;
    stir_put_format(w, "\n# %s.\n%s%s = ", row->what, value ? "" : "#", row->key);
    stir_put_text(w, value ? value : row->otherwise);
    stir_put_text(w, "\n");
}

char *stir_acme_settings_write(const struct stir_acme_given *given, size_t n)
{
    char *text = calloc(1, STIR_SETTINGS_MAX + 1);
    struct stir_writer w = stir_writer_of(text, STIR_SETTINGS_MAX);
    if (!text)
        return NULL;
    stir_put_text(&w, "# An account with a certificate authority, and what is asked of it: stir-acme(1). \"key = value\", one a line.\n"
                      "# Lines that begin with '#' say what would be there, or are examples.\n");
    for (size_t i = 0; i < ROWS; i++)
        put_row(&w, &rows[i], given, n);
    if (stir_writer_close(&w, NULL) == STIR_OK)
        return text;
    free(text);
    return NULL;
}
