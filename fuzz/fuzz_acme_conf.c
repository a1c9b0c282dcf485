/* acme.conf: what is read is within its bounds, what is wrong is told by its line, and what a value says is what the file that is written of it says again. */
#include <stdlib.h>

#include "service/acme_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static void check(const struct stir_acme_settings *s)
{
    struct stir_tnauth *list = NULL;
    hold(s->directory[0] && (s->spc[0] != '\0') != (s->tnauth[0] != '\0'));
    hold(s->days >= 0 && s->days <= 3660 && s->timeout > 0 && s->timeout <= 86400);
    hold(!stir_peer_url_fault(stir_slice_str(s->directory), s->any_url));
    hold(!s->pa_url[0] || !stir_peer_url_fault(stir_slice_str(s->pa_url), s->any_url));
    hold(!s->token_hook[0] || s->token_hook[0] == '/');
    hold(!s->deploy_hook[0] || s->deploy_hook[0] == '/');
    hold(s->binding == STIR_TOKEN_BY_JWK || s->binding == STIR_TOKEN_BY_SPKI);
    if (s->tnauth[0])
        hold(stir_tnauth_from_base64(&list, stir_slice_str(s->tnauth)) == STIR_OK);
    stir_tnauth_free(list);
}

/* `--directory` of what was read, written and read again. */
static void check_again(const struct stir_acme_settings *s)
{
    const struct stir_acme_given given[] = {
        {"directory", s->directory}, {"spc", s->spc[0] ? s->spc : "709J"}, {"any-url", "yes"}, {"org", s->org[0] ? s->org : NULL}};
    struct stir_acme_settings again;
    struct stir_arena arena = {NULL, 0, 0};
    char *text = stir_acme_settings_write(given, 4);
    hold(text != NULL);
    hold(stir_acme_settings_read(&again, stir_slice_str(text), "again", "/d", &arena, NULL) == STIR_OK);
    hold(strcmp(again.directory, s->directory) == 0 && strcmp(again.org, s->org) == 0 && again.any_url);
    stir_arena_clear(&arena);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_acme_settings s;
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_acme_settings_read(&s, stir_slice_of(data ? (const void *)data : "", size), "acme.conf", "/dir", &arena, &diag);
    hold(err == STIR_OK || err == STIR_EVALUE || err == STIR_ENOMEM);
    hold((err == STIR_OK) == (diag.text[0] == '\0') && !strchr(diag.text, '\n'));
    if (err == STIR_OK) {
        check(&s);
        check_again(&s);
    }
    stir_arena_clear(&arena);
    return 0;
}
