#include "io/trust_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

/* Strings can be written as six bytes each. */
static enum stir_err write_body(struct stir_slice *body, struct stir_slice user, struct stir_slice password)
{
    size_t cap = 64 + 6 * (user.n + password.n);
    char *text = malloc(cap);
    if (!text)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(text, cap);
    stir_put_text(&w, "{\"userId\":");
    stir_put_json_string(&w, user);
    stir_put_text(&w, ",\"password\":");
    stir_put_json_string(&w, password);
    stir_put_char(&w, '}');
    *body = stir_slice_of(text, w.need);
    return STIR_OK;
}

static enum stir_err from_environment(struct stir_slice *body, const char *name, struct stir_diag *diag)
{
    struct stir_slice value = stir_slice_str(getenv(name));
    size_t colon = stir_slice_find(value, ':');
    if (!value.p)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "the environment has no %s, which login-env names", name);
    if (value.n > STIR_TRUST_LOGIN_FILE || colon == 0 || colon + 1 >= value.n)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the environment's %s is not USER:PASSWORD", name);
    return write_body(body, stir_slice_upto(value, colon), stir_slice_from(value, colon + 1));
}

/* Lines are told by their number alone: what stands in them may be the password. */
static enum stir_err from_text(struct stir_slice *body, struct stir_slice text, const char *path, struct stir_diag *diag)
{
    struct stir_settings lines = stir_settings_of(text);
    struct stir_setting setting;
    struct stir_slice user = {NULL, 0}, password = {NULL, 0};
    while (stir_settings_next(&lines, &setting)) {
        struct stir_slice *said = stir_slice_is(setting.key, "user") ? &user : stir_slice_is(setting.key, "password") ? &password : NULL;
        if (setting.fault || !said || said->p)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s:%zu: is neither \"user = NAME\" nor \"password = WORD\", or stands twice", path,
                                 setting.line);
        *said = setting.value;
    }
    if (!user.p || !password.p)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s: lacks the line \"%s = ...\"", path, user.p ? "password" : "user");
    return write_body(body, user, password);
}

/* A path that is not absolute begins in the domain's folder. */
static enum stir_err from_file(struct stir_slice *body, const struct stir_trust_folder *folder, const char *file, struct stir_diag *diag)
{
    char path[STIR_TRUST_PATH];
    struct stir_slice text = {NULL, 0};
    if (file[0] == '/')
        snprintf(path, sizeof(path), "%s", file);
    else
        TRY(stir_trust_folder_path(path, folder, file, diag));
    TRY(stir_trust_file_said(stir_file_read(&text, path, STIR_TRUST_LOGIN_FILE, true), path, diag));
    enum stir_err err = from_text(body, text, path, diag);
    stir_file_free(&text);
    return err;
}

enum stir_err stir_trust_login_read(struct stir_slice *body, const struct stir_trust_folder *folder, const struct stir_trust_settings *settings,
                                    struct stir_diag *diag)
{
    *body = stir_slice_str(NULL);
    if (settings->login_file[0])
        return from_file(body, folder, settings->login_file, diag);
    return settings->login_env[0] ? from_environment(body, settings->login_env, diag) : STIR_OK;
}

static bool can_be_sent(struct stir_slice token)
{
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] <= ' ' || token.p[i] >= 0x7f)
            return false;
    return token.n > 0 && token.n <= STIR_TRUST_TOKEN;
}

static enum stir_err take_token(struct stir_slice *out, struct stir_json answer, struct stir_arena *arena, struct stir_diag *diag)
{
    struct stir_json value;
    struct stir_slice status = {NULL, 0}, token = {NULL, 0};
    if (stir_json_member(answer, "status", &value) && value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&status, value, arena));
    if (!stir_slice_is(status, "success"))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the administrator does not answer the login with success: is the account right?");
    if (stir_json_member(answer, "accessToken", &value) && value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&token, value, arena));
    if (!can_be_sent(token))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the answer to the login has no accessToken that a header could carry");
    char *copy = malloc(token.n);
    if (!copy)
        return STIR_ENOMEM;
    memcpy(copy, token.p, token.n);
    *out = stir_slice_of(copy, token.n);
    return STIR_OK;
}

enum stir_err stir_trust_token_read(struct stir_slice *token, struct stir_slice answer, struct stir_diag *diag)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_json object;
    struct stir_diag ignored = {0}; /* where in the answer it went wrong could show what stands there */
    if (stir_json_parse(&object, answer, NULL, &ignored) != STIR_OK || object.type != STIR_JSON_OBJECT)
        return stir_diag_set(diag, STIR_EJSON, SIZE_MAX, "the answer to the login is no JSON object: is pa-url right?");
    enum stir_err err = take_token(token, object, &arena, diag);
    stir_arena_clear(&arena);
    return err;
}
