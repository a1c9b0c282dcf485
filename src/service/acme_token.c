/* The authority token of an order: from a file, a program, or the policy administrator. */
#include "service/acme_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/program.h"
#include "service/secret.h"

enum { MIN_LIFE = 180 /* seconds that a token must still be good for: an order is no matter of a second */, PASSWORD_MAX = 1024 };

static struct stir_slice first_line(struct stir_slice text)
{
    return stir_slice_trim(stir_slice_upto(text, stir_slice_find(text, '\n')));
}

static enum stir_err take(struct stir_acme *acme, struct stir_slice text, const char *from, struct stir_diag *diag)
{
    text = first_line(text);
    if (!text.n || text.n > STIR_ACME_TOKEN)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: its first line is no authority token", from);
    acme->token = strndup(text.p, text.n);
    return acme->token ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err from_file(struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_slice text = {NULL, 0};
    TRY(stir_secret_read(&text, acme->settings.token_file, STIR_ACME_TOKEN, false, diag));
    enum stir_err err = take(acme, text, "token-file", diag);
    stir_file_free(&text);
    return err;
}

static enum stir_err from_hook(struct stir_acme *acme, const char *fingerprint, struct stir_diag *diag)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_slice output = {NULL, 0};
    const char *list = NULL;
    TRY(stir_acme_tnauthlist.value(acme, &arena, &list, diag));
    struct stir_slice spc = stir_tnauth_spc(acme->list);
    const char *env[] = {stir_arena_format(&arena, "STIR_FINGERPRINT=%s", fingerprint), stir_arena_format(&arena, "STIR_TNAUTHLIST=%s", list),
                         stir_arena_format(&arena, "STIR_SPC=%.*s", (int)spc.n, spc.p ? spc.p : ""),
                         stir_arena_format(&arena, "STIR_CA=%s", acme->settings.ca ? "true" : "false")};
    const struct stir_program program = {
        .command = acme->settings.token_hook, .env = env, .n_env = 4, .timeout_ms = STIR_ACME_HOOK_MS, .stop = acme->told.stop, .stop_arg = acme->told.arg};
    enum stir_err err = env[0] && env[1] && env[2] && env[3] ? stir_program_run(&output, &program, diag) : STIR_ENOMEM;
    err = err == STIR_OK ? take(acme, output, "token-hook", diag) : err;
    free((char *)(uintptr_t)output.p);
    stir_arena_clear(&arena);
    return err;
}

static enum stir_err from_administrator(struct stir_acme *acme, const char *fingerprint, struct stir_diag *diag)
{
    const struct stir_acme_settings *s = &acme->settings;
    struct stir_slice file = {NULL, 0};
    char *crl = NULL;
    TRY(stir_secret_read(&file, s->pa_password_file, PASSWORD_MAX, true, diag));
    const struct stir_pa_client client = {.url = s->pa_url,
                                          .generic = s->pa_generic,
                                          .unwrapped = s->pa_unwrapped,
                                          .account = s->pa_account,
                                          .user = s->pa_user[0] ? s->pa_user : NULL,
                                          .password = s->pa_user[0] ? first_line(file) : (struct stir_slice){NULL, 0},
                                          .token = s->pa_user[0] ? (struct stir_slice){NULL, 0} : first_line(file)};
    enum stir_err err =
        stir_pa_client_token(&acme->token, &crl, acme->peer, &client, acme->list, fingerprint, s->ca, stir_clock_unix_ms() / 1000, MIN_LIFE, diag);
    stir_file_free(&file);
    free(crl);
    return err;
}

enum stir_err stir_acme_token(struct stir_acme *acme, struct stir_diag *diag)
{
    const struct stir_acme_settings *s = &acme->settings;
    char fingerprint[STIR_TOKEN_FINGERPRINT_TEXT];
    if (acme->token)
        return STIR_OK;
    TRY(stir_token_fingerprint(fingerprint, sizeof(fingerprint), acme->key, s->binding));
    if (s->token_file[0])
        return from_file(acme, diag);
    if (s->token_hook[0])
        TRY(from_hook(acme, fingerprint, diag));
    else if (s->pa_url[0])
        TRY(from_administrator(acme, fingerprint, diag));
    else
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX,
                             "nobody says where the SPC token comes from: pa-url, token-file or token-hook of acme.conf; it must be bound to %s", fingerprint);
    stir_acme_tell(acme, "the SPC token is there");
    return STIR_OK;
}
