/* What may be meant, and is worth a second look: said by stir conf check, and refused by nobody. */
#include "core/bytes.h"
#include "io/socket.h"
#include "server/config.h"

#include <stdio.h>

static void doubt(const struct stir_config_say *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void doubt(const struct stir_config_say *to, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    to->say(to->arg, text);
}

static bool is_loopback(const struct stir_conf_list *listen)
{
    for (size_t i = 0; i < listen->n; i++)
        if (strncmp(listen->items[i], "127.", 4) != 0 && strncmp(listen->items[i], "[::1]", 5) != 0)
            return false;
    return true;
}

static void listeners(const struct stir_conf *conf, const struct stir_config_say *to)
{
    for (size_t i = 0; i < conf->n_http; i++) {
        const struct stir_conf_http *http = &conf->http[i];
        bool signing = (http->apis & (STIR_API_SIGNING | STIR_API_NATIVE | STIR_API_SECSIPIDX)) && (conf->server.roles & STIR_ROLE_AS);
        if (http->open && signing && !is_loopback(&http->listen))
            doubt(to, "[http %s] open: whoever can connect gets calls signed", http->name);
        if (!http->open && signing && !http->tls_cert[0] && !is_loopback(&http->listen))
            doubt(to, "[http %s]: tokens travel in clear text; tls-cert and tls-key end that", http->name);
    }
    for (size_t i = 0; i < conf->n_sip; i++)
        if (conf->sip[i].any_source && conf->sip[i].role == STIR_ROLE_AS)
            doubt(to, "[sip %s] sources = any: whoever can reach it gets calls signed, as far as rules and signers without tenant go", conf->sip[i].name);
}

static bool is_everybody(const struct stir_conf_list *networks)
{
    struct stir_network network;
    for (size_t i = 0; i < networks->n; i++)
        if (stir_network_parse(&network, stir_slice_str(networks->items[i])) == STIR_OK && network.bits == 0)
            return true;
    return false;
}

static void sources(const struct stir_conf *conf, const struct stir_config_say *to)
{
    bool trusted = false;
    for (size_t i = 0; i < conf->n_trunks; i++) {
        const struct stir_conf_trunk *trunk = &conf->trunks[i];
        trusted = trusted || trunk->trusted;
        if (is_everybody(&trunk->addresses) && !trunk->tls_name[0])
            doubt(to, "[trunk %s] %s: it is everybody on the Internet", trunk->name, trunk->trusted ? "trusted" : "addresses");
    }
    bool asks = false;
    for (size_t i = 0; i < conf->n_sip; i++)
        asks = asks || (conf->sip[i].role && !conf->sip[i].any_source);
    if (asks && !conf->n_trunks)
        doubt(to, "there is no [trunk NAME]: every SIP request gets 403, since sources = trunks");
    for (size_t i = 0; i < conf->n_rules; i++) {
        const struct stir_conf_rule *rule = &conf->rules[i];
        bool names = rule->trunks.n || rule->tenants.n || rule->number_sets.n || rule->numbers.n;
        if (rule->attest == STIR_DECIDE_ASKED && !trusted && conf->n_trunks)
            doubt(to, "[rule %s] attest = asked: no trunk is trusted to ask", rule->name);
        if (!names && i + 1 < conf->n_rules)
            doubt(to, "[rule %s] holds for every call: [rule %s] and what follows are never reached", rule->name, conf->rules[i + 1].name);
        if (rule->attest == STIR_DECIDE_A && rule->number_sets.n && !rule->owned)
            doubt(to, "[rule %s] number-sets without owned = yes: A for whoever calls with one of their numbers, whosever it is", rule->name);
    }
}

enum { DIGITS = 10 /* with its country code, hardly a number has fewer */ };

/* A prefix whose '*' was left out is one short number, and holds for no call. */
static void numbers_of(const char *section, const char *name, const struct stir_conf_list *numbers, const struct stir_config_say *to)
{
    for (size_t i = 0; i < numbers->n; i++)
        if (strlen(numbers->items[i]) < DIGITS && !strpbrk(numbers->items[i], "*-"))
            doubt(to, "[%s %s] numbers: %s is one number and no prefix: was %s* meant?", section, name, numbers->items[i], numbers->items[i]);
}

static void numbers(const struct stir_conf *conf, const struct stir_config_say *to)
{
    for (size_t i = 0; i < conf->n_rules; i++)
        numbers_of("rule", conf->rules[i].name, &conf->rules[i].numbers, to);
    for (size_t i = 0; i < conf->n_signers; i++)
        numbers_of("signer", conf->signers[i].name, &conf->signers[i].numbers, to);
}

static bool is_used(const struct stir_conf *conf, const char *actions)
{
    bool used = strcmp(actions, "default") == 0;
    for (size_t i = 0; i < conf->n_trunks && !used; i++)
        used = strcmp(conf->trunks[i].actions, actions) == 0;
    return used;
}

static void actions(const struct stir_conf *conf, const struct stir_config_say *to)
{
    for (size_t i = 0; i < conf->n_actions; i++) {
        const struct stir_conf_actions *a = &conf->actions[i];
        if (!is_used(conf, a->name))
            doubt(to, "[actions %s]: no [trunk NAME] has actions = %s, so that it holds for no call", a->name, a->name);
        if (a->ok == STIR_ACT_STOP)
            doubt(to, "[actions %s] ok = stop: calls whose verification passed are stopped", a->name);
    }
}

static void in_labs(const struct stir_conf *conf, const struct stir_config_say *to)
{
    if (conf->sign.any_url)
        doubt(to, "[sign] any-url: for labs; verifiers elsewhere refuse such certificates");
    if (conf->verify.policy.any_url || conf->fetch.any_url || conf->fetch.allow_net.n)
        doubt(to, "[verify] any-url, [fetch] any-url and allow-net are for labs: strangers choose what is fetched");
    if (conf->verify.policy.tnauth_optional)
        doubt(to, "[verify] tnauth-optional: for labs; a certificate that vouches for nothing may sign");
}

/* A URL of ours that anybody on the way could answer. */
static void clear_text(const char *section, const char *url, const struct stir_config_say *to)
{
    if (strncmp(url, "http://", 7) == 0)
        doubt(to, "[%s] url: http is for labs; certificates and links name it for years", section);
}

static void offices(const struct stir_conf *conf, const struct stir_config_say *to)
{
    const struct stir_conf_ca *ca = &conf->ca;
    if (conf->server.roles & STIR_ROLE_PA)
        clear_text("pa", conf->pa.url, to);
    if (!(conf->server.roles & STIR_ROLE_CA))
        return;
    clear_text("ca", ca->url, to);
    if (ca->any_url)
        doubt(to, "[ca] any-url: for labs; strangers choose what is fetched");
    if (ca->chaos)
        doubt(to, "[ca] chaos: for tests of clients; nonces are refused and orders slow on purpose");
    if (!ca->publish_dir[0])
        doubt(to, "[ca] publish-dir is not given: who has a certificate must publish it himself, and orders name no x5u");
    else if (!ca->publish_url[0])
        doubt(to, "[ca] publish-url is not given: orders name no x5u, though chains are published in publish-dir");
    if (!ca->report_url[0] && !(conf->server.roles & STIR_ROLE_PA))
        doubt(to, "[ca] report-url is not given: no administrator hears of revocations, and no CRL will have them");
    if (ca->max_token_life == 0 && ca->token_use == STIR_TOKEN_ACCOUNT)
        doubt(to, "[ca] token-use = account without max-token-life: one token authorises for as long as whoever signed it chose");
}

static void streams(const struct stir_conf *conf, const struct stir_config_say *to)
{
    if (conf->log.mask == STIR_NUMBERS_FULL)
        doubt(to, "[log] numbers = full: telephone numbers are personal data");
    if (!conf->evidence.dir[0] && (conf->server.roles & STIR_ROLE_AS))
        doubt(to, "[evidence] dir is not given: nothing will prove why a call got its attestation");
    if (conf->webhook.token_file[0] && strncmp(conf->webhook.url, "http://", 7) == 0)
        doubt(to, "[webhook] url: the token travels in clear text");
}

void stir_config_doubts(const struct stir_conf *conf, const struct stir_config_say *to)
{
    listeners(conf, to);
    sources(conf, to);
    stir_config_shadows(conf, to);
    numbers(conf, to);
    actions(conf, to);
    in_labs(conf, to);
    offices(conf, to);
    streams(conf, to);
}
