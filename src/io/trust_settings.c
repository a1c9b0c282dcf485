#include "io/trust_settings.h"

#include <stdio.h>

#include "core/bytes.h"
#include "core/url.h"

enum { DAY = 86400, HOUR = 3600 };

static void copy(char *out, size_t cap, struct stir_slice value)
{
    snprintf(out, cap, "%.*s", (int)value.n, value.p);
}

/* "host" or "host:port" of a URL, small letters; 443 is not written. */
static bool write_host(char out[STIR_TRUST_VALUE + 1], const struct stir_url *url)
{
    struct stir_writer w = stir_writer_of(out, STIR_TRUST_VALUE + 1);
    size_t n;
    for (size_t i = 0; i < url->host.n; i++)
        stir_put_char(&w, stir_lower(url->host.p[i]));
    if (url->port != 443)
        stir_put_format(&w, ":%u", url->port);
    return stir_writer_close(&w, &n) == STIR_OK;
}

/* Each setter answers NULL, or what is wrong with the value. */

static const char *url_fault(struct stir_slice value)
{
    struct stir_url url;
    char host[STIR_TRUST_VALUE + 1];
    enum stir_url_fault fault = stir_url_parse(&url, value, true);
    if (fault != STIR_URL_GOOD)
        return stir_url_fault_text(fault);
    return write_host(host, &url) ? NULL : "its host is longer than any";
}

static const char *set_pa_url(struct stir_trust_settings *s, struct stir_slice value)
{
    const char *fault = url_fault(value);
    while (value.n && value.p[value.n - 1] == '/')
        value.n--;
    if (!fault)
        copy(s->pa_url, sizeof(s->pa_url), value);
    return fault;
}

static const char *set_login_file(struct stir_trust_settings *s, struct stir_slice value)
{
    if (value.n > STIR_TRUST_VALUE || stir_slice_is(value, "-"))
        return "is no path of a file";
    copy(s->login_file, sizeof(s->login_file), value);
    return NULL;
}

static const char *set_login_env(struct stir_trust_settings *s, struct stir_slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (!stir_is_alpha(value.p[i]) && value.p[i] != '_' && !(i && stir_is_digit(value.p[i])))
            return "is no name of an environment variable";
    if (value.n > STIR_TRUST_VALUE)
        return "is no name of an environment variable";
    copy(s->login_env, sizeof(s->login_env), value);
    return NULL;
}

static const char *set_crl_url(struct stir_trust_settings *s, struct stir_slice value)
{
    const char *fault = url_fault(value);
    if (!fault && s->n_crl_urls == STIR_TRUST_URLS)
        return "one more than a domain can have";
    if (!fault)
        copy(s->crl_url[s->n_crl_urls++], sizeof(s->crl_url[0]), value);
    return fault;
}

/* Read as the URL that would have this host. */
static const char *set_crl_host(struct stir_trust_settings *s, struct stir_slice value)
{
    char text[STIR_TRUST_VALUE + 16];
    struct stir_url url;
    int n = snprintf(text, sizeof(text), "https://%.*s/", (int)(value.n < STIR_TRUST_VALUE ? value.n : STIR_TRUST_VALUE), value.p);
    if (stir_slice_find(value, '/') < value.n || value.n > STIR_TRUST_VALUE || stir_url_parse(&url, stir_slice_of(text, (size_t)n), true) != STIR_URL_GOOD)
        return "is no host: a name, and \":8443\" behind it when that is the port";
    if (s->n_crl_hosts == STIR_TRUST_HOSTS)
        return "one more than a domain can have";
    return write_host(s->crl_host[s->n_crl_hosts++], &url) ? NULL : "is no host: too long";
}

static const char *set_policy_oid(struct stir_trust_settings *s, struct stir_slice value)
{
    bool dotted = stir_slice_find(value, '.') < value.n && value.n <= STIR_TRUST_VALUE;
    for (size_t i = 0; i < value.n; i++)
        dotted = dotted && (stir_is_digit(value.p[i]) || (value.p[i] == '.' && i && i + 1 < value.n && value.p[i - 1] != '.'));
    if (!dotted)
        return "is no OID in dotted form";
    if (s->n_policy_oids == STIR_DOMAIN_POLICIES)
        return "one more than a domain can have";
    copy(s->policy_oid[s->n_policy_oids++], sizeof(s->policy_oid[0]), value);
    return NULL;
}

static const char *set_country(struct stir_trust_settings *s, struct stir_slice value)
{
    int64_t code;
    if (value.n > 3 || value.p[0] == '0' || !stir_settings_number(&code, value, 999))
        return "is no country code: 1 to 3 digits, such as 1 or 33";
    if (s->n_countries == STIR_DOMAIN_COUNTRIES)
        return "one more than a domain can have";
    copy(s->country[s->n_countries++], sizeof(s->country[0]), value);
    return NULL;
}

/* "4", or "4-5". */
static const char *set_spc_length(struct stir_trust_settings *s, struct stir_slice value)
{
    int64_t low, high;
    size_t dash = stir_slice_find(value, '-');
    bool good = stir_settings_number(&low, stir_slice_upto(value, dash), STIR_MAX_SPC);
    good = good && stir_settings_number(&high, dash < value.n ? stir_slice_from(value, dash + 1) : value, STIR_MAX_SPC);
    if (!good || low < 1 || high < low)
        return "is no length of service provider codes: 4, or 4-5";
    s->spc_min = (size_t)low;
    s->spc_max = (size_t)high;
    return NULL;
}

static const char *set_grace(int64_t *out, struct stir_slice value)
{
    return stir_settings_span(out, value, STIR_MAX_GRACE) ? NULL : "is no span of time up to 30 days: 90m, 72h, 3d";
}

static const char *set_refresh(int64_t *out, struct stir_slice value)
{
    int64_t seconds;
    if (!stir_settings_span(&seconds, value, 30 * DAY) || seconds < 60)
        return "is no span of time from 1m to 30d: 30m, 6h, 1d";
    *out = seconds;
    return NULL;
}

static const char *set_list_grace(struct stir_trust_settings *s, struct stir_slice value)
{
    return set_grace(&s->list_grace, value);
}

static const char *set_crl_grace(struct stir_trust_settings *s, struct stir_slice value)
{
    return set_grace(&s->crl_grace, value);
}

static const char *set_list_refresh(struct stir_trust_settings *s, struct stir_slice value)
{
    return set_refresh(&s->list_refresh, value);
}

static const char *set_crl_refresh(struct stir_trust_settings *s, struct stir_slice value)
{
    return set_refresh(&s->crl_refresh, value);
}

static const struct row {
    const char *key;
    const char *(*set)(struct stir_trust_settings *, struct stir_slice);
    bool many;
} rows[] = {
    {"pa-url", set_pa_url, false},         {"login-file", set_login_file, false},
    {"login-env", set_login_env, false},   {"crl-url", set_crl_url, true},
    {"crl-host", set_crl_host, true},      {"policy-oid", set_policy_oid, true},
    {"spc-length", set_spc_length, false}, {"country", set_country, true},
    {"list-grace", set_list_grace, false}, {"list-refresh", set_list_refresh, false},
    {"crl-grace", set_crl_grace, false},   {"crl-refresh", set_crl_refresh, false},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= sizeof(((struct stir_trust_settings *)0)->is_said), "one for each row");

static const char *take(struct stir_trust_settings *s, const struct stir_setting *setting)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!stir_slice_is(setting->key, rows[i].key))
            continue;
        if (s->is_said[i] && !rows[i].many)
            return "stands twice";
        s->is_said[i] = true;
        return rows[i].set(s, setting->value);
    }
    return "no such setting; stir(1) lists them";
}

void stir_trust_settings_init(struct stir_trust_settings *out)
{
    *out = (struct stir_trust_settings){.list_grace = 72 * HOUR, .crl_grace = 24 * HOUR, .list_refresh = 12 * HOUR, .crl_refresh = HOUR};
}

size_t stir_trust_settings_read(struct stir_trust_settings *out, struct stir_slice text, void (*say)(void *arg, size_t line, const char *what), void *arg)
{
    struct stir_settings lines = stir_settings_of(text);
    struct stir_setting setting;
    size_t wrong = 0;
    stir_trust_settings_init(out);
    while (stir_settings_next(&lines, &setting)) {
        char what[STIR_TRUST_VALUE + 80];
        const char *fault = setting.fault ? setting.fault : take(out, &setting);
        if (!fault)
            continue;
        wrong++;
        snprintf(what, sizeof(what), "%.*s%s%s", STIR_SHOW(setting.key), setting.key.n ? ": " : "", fault);
        if (say)
            say(arg, setting.line, what);
    }
    return wrong;
}

static bool same_host(const char *text, const char *host)
{
    char other[STIR_TRUST_VALUE + 1];
    struct stir_url url;
    return text[0] && stir_url_parse(&url, stir_slice_str(text), true) == STIR_URL_GOOD && write_host(other, &url) && strcmp(other, host) == 0;
}

bool stir_trust_settings_allow(const struct stir_trust_settings *s, struct stir_slice text)
{
    char host[STIR_TRUST_VALUE + 1];
    struct stir_url url;
    if (stir_url_parse(&url, text, true) != STIR_URL_GOOD || !write_host(host, &url))
        return false;
    bool named = same_host(s->pa_url, host);
    for (size_t i = 0; i < s->n_crl_urls; i++)
        named = named || same_host(s->crl_url[i], host);
    for (size_t i = 0; i < s->n_crl_hosts; i++)
        named = named || strcmp(s->crl_host[i], host) == 0;
    return named;
}

struct stir_domain_options stir_trust_settings_options(const struct stir_trust_settings *s)
{
    struct stir_domain_options options = STIR_DOMAIN_OPTIONS_INIT;
    for (options.n_policy_oids = 0; options.n_policy_oids < s->n_policy_oids; options.n_policy_oids++)
        options.policy_oid[options.n_policy_oids] = s->policy_oid[options.n_policy_oids];
    for (options.n_countries = 0; options.n_countries < s->n_countries; options.n_countries++)
        options.country[options.n_countries] = s->country[options.n_countries];
    options.spc_min = s->spc_min;
    options.spc_max = s->spc_max;
    return options;
}
