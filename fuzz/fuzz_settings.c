/* domain.conf, and the answer to a login: what is read is within its bounds, what is wrong is told, and the hosts that are allowed are those that stand there.
 */
#include <stdlib.h>

#include "io/trust_login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static void count(void *arg, size_t line, const char *what)
{
    size_t *told = arg;
    hold(line > 0 && what && what[0] && !strchr(what, '\n'));
    ++*told;
}

static void check_lines(struct stir_slice text)
{
    struct stir_settings lines = stir_settings_of(text);
    struct stir_setting setting;
    int64_t seconds;
    size_t last = 0;
    while (stir_settings_next(&lines, &setting)) {
        hold(setting.line > last);
        last = setting.line;
        if (setting.fault)
            continue;
        hold(setting.key.n && setting.value.n && !memchr(setting.value.p, '\n', setting.value.n) && !memchr(setting.key.p, '=', setting.key.n));
        if (stir_settings_span(&seconds, setting.value, STIR_MAX_GRACE))
            hold(seconds >= 0 && seconds <= STIR_MAX_GRACE);
    }
}

static void check_settings(const struct stir_trust_settings *s)
{
    hold(s->n_crl_urls <= STIR_TRUST_URLS && s->n_crl_hosts <= STIR_TRUST_HOSTS && s->n_policy_oids <= STIR_DOMAIN_POLICIES &&
         s->n_countries <= STIR_DOMAIN_COUNTRIES);
    hold(s->list_grace >= 0 && s->list_grace <= STIR_MAX_GRACE && s->crl_grace >= 0 && s->crl_grace <= STIR_MAX_GRACE && s->list_refresh >= 60 &&
         s->crl_refresh >= 60);
    hold(s->spc_min <= s->spc_max && s->spc_max <= STIR_MAX_SPC);
    if (s->pa_url[0])
        hold(stir_trust_settings_allow(s, stir_slice_str(s->pa_url)));
    for (size_t i = 0; i < s->n_crl_urls; i++)
        hold(stir_trust_settings_allow(s, stir_slice_str(s->crl_url[i])));
    if (!s->pa_url[0] && s->n_crl_urls + s->n_crl_hosts == 0)
        hold(!stir_trust_settings_allow(s, stir_slice_str("https://pa.example/")));
}

/* A token is what a header can carry, and never more than the answer. */
static void check_token(struct stir_slice text)
{
    struct stir_slice token = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_trust_token_read(&token, text, &diag);
    hold((err == STIR_OK) == (token.p != NULL) && (err == STIR_OK) == (diag.text[0] == '\0'));
    hold(token.n <= text.n && token.n <= STIR_TRUST_TOKEN);
    for (size_t i = 0; i < token.n; i++)
        hold(token.p[i] > ' ' && token.p[i] < 0x7f);
    stir_file_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stir_trust_settings first, second;
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    size_t told = 0;
    check_token(text);
    check_lines(text);
    hold(stir_trust_settings_read(&first, text, count, &told) == told);
    check_settings(&first);
    hold(stir_trust_settings_read(&second, text, NULL, NULL) == told && memcmp(&first, &second, sizeof(first)) == 0);
    return 0;
}
