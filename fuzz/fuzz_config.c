/* stir.conf(5): whatever is read, faults are lines of text that name the file, and what is good goes back to text and comes back the same, with the same hash.
 */
#include <stdlib.h>

#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static void told(void *arg, const char *text)
{
    size_t *faults = arg;
    hold(text && text[0]);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        hold(*p >= ' ' && *p != 0x7f);
    ++*faults;
}

static void comes_back(const struct stir_conf *conf, bool effective)
{
    size_t faults = 0;
    const struct stir_config_say say = {told, &faults};
    struct stir_conf *again = NULL;
    char *text = stir_config_text(conf, effective);
    hold(text && stir_config_parse(&again, stir_slice_str(text), "x", &say) == STIR_OK && faults == 0);
    char *second = stir_config_text(again, effective);
    hold(second && strcmp(text, second) == 0 && strcmp(conf->hash, again->hash) == 0);
    stir_config_free(again);
    free(text);
    free(second);
}

/* What services may rely on. */
static void check(const struct stir_conf *conf)
{
    hold(conf->n_actions >= 1 && strcmp(conf->actions[0].name, "default") == 0 && strlen(conf->hash) == 16);
    hold(conf->server.roles != 0 && conf->server.max_waiting > 0 && conf->verify.policy.name && conf->verify.policy.max_age > 0);
    for (size_t i = 0; i < conf->n_trunks; i++) {
        hold(conf->trunks[i].addresses.n || conf->trunks[i].tls_name[0]);
        hold(!conf->trunks[i].tn.technical_prefixes || !conf->trunks[i].tn.technical_prefixes[conf->trunks[i].technical_prefixes.n]);
    }
    for (size_t i = 0; i < conf->n_signers; i++)
        hold(conf->signers[i].acme[0] ? !conf->signers[i].key[0] : conf->signers[i].key[0] && conf->signers[i].cert[0] && conf->signers[i].x5u[0]);
    hold(conf->n_profiles >= 1 && strcmp(conf->profiles[0].name, "shaken") == 0);
    for (size_t i = 0; i < conf->n_profiles; i++)
        hold(conf->profiles[i].life > 0 && conf->profiles[i].life <= conf->profiles[i].max_life && conf->profiles[i].path_len >= -1);
    if (conf->server.roles & (STIR_ROLE_PA | STIR_ROLE_CA))
        hold(conf->store.url[0] && conf->store.clerks > 0 && conf->store.max_jobs > 0);
    if (conf->server.roles & STIR_ROLE_CA)
        hold(conf->ca.url[0] && conf->ca.key[0] && conf->ca.cert[0] && conf->ca.pa_root[0] && conf->ca.crl_url[0] && conf->ca.profile[0]);
    if (conf->server.roles & STIR_ROLE_PA)
        hold(conf->pa.url[0] && conf->pa.key[0] && conf->pa.cert[0] && conf->pa.root[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t faults = 0, doubts = 0;
    const struct stir_config_say say = {told, &faults}, second = {told, &doubts};
    struct stir_conf *conf = NULL;
    enum stir_err err = stir_config_parse(&conf, stir_slice_of(data ? (const void *)data : "", size), "stir.conf", &say);
    hold((err == STIR_OK) == (conf != NULL) && (err == STIR_OK) == (faults == 0));
    if (!conf)
        return 0;
    check(conf);
    stir_config_doubts(conf, &second);
    comes_back(conf, false);
    comes_back(conf, true);
    char *json = stir_config_json(conf, true);
    hold(json != NULL);
    free(json);
    stir_config_free(conf);
    return 0;
}
