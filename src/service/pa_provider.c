/* Service providers: what an operator enters by hand, each change with its row of the audit. */
#include "service/pa_parts.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static bool is_id(const char *id)
{
    size_t n = id ? strlen(id) : 0;
    for (size_t i = 0; i < n; i++)
        if (!stir_is_alpha(id[i]) && !stir_is_digit(id[i]) && id[i] != '-' && id[i] != '_')
            return false;
    return n > 0 && n <= STIR_PA_MAX_ID;
}

/* Printable UTF-8 of a line. */
static bool is_line(const char *text)
{
    struct stir_slice s = stir_slice_str(text);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.n > 0 && s.n <= STIR_PA_MAX_TEXT && stir_utf8_valid(s);
}

/* ATIS-1000080 v005: digits and capital letters; an OCN has 4, a RespOrg's id 5. */
static bool is_code(const char *code)
{
    size_t n = code ? strlen(code) : 0;
    for (size_t i = 0; i < n; i++)
        if (!stir_is_digit(code[i]) && !(code[i] >= 'A' && code[i] <= 'Z'))
            return false;
    return n == 4 || n == 5;
}

static enum stir_err judge_code(const char *code, struct stir_diag *diag)
{
    if (is_code(code))
        return STIR_OK;
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%.40s\" is no service provider code: 4 capital letters and digits, or 5 of a RespOrg",
                         code ? code : "");
}

static enum stir_err judge_user(const char *user, const char *password, struct stir_diag *diag)
{
    size_t n = password ? strlen(password) : 0;
    if (!is_line(user))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a user's name has 1 to %d bytes of one line", STIR_PA_MAX_TEXT);
    if (n < STIR_PA_MIN_PASSWORD || n > STIR_PA_MAX_PASSWORD || !stir_utf8_valid(stir_slice_of(password, n)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a password has %d to %d bytes of UTF-8", STIR_PA_MIN_PASSWORD, STIR_PA_MAX_PASSWORD);
    return STIR_OK;
}

static enum stir_err no_provider(struct stir_diag *diag, const char *id)
{
    return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "there is no provider \"%.40s\": stir pa provider list shows them", id);
}

/* One person's work on one provider. */
struct work {
    struct stir_clerk *clerk;
    const char *id, *what, *actor;
    int64_t now;
    struct stir_diag *diag;
};

static enum stir_err find(struct stir_store *store, const struct work *w)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT 1 FROM pa_providers WHERE id = $1", STIR_VALUES(stir_store_str(w->id)));
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? no_provider(w->diag, w->id) : err;
}

static enum stir_err touch(struct stir_store *store, const struct work *w)
{
    return stir_store_do(store, "UPDATE pa_providers SET updated = $2 WHERE id = $1", STIR_VALUES(stir_store_str(w->id), stir_store_int(w->now)), NULL);
}

/* ---- A new one ---- */

struct adding {
    struct work work;
    const struct stir_pa_provider *provider;
    char account[STIR_ID], password[STIR_PA_PASSWORD_TEXT];
    char *contacts; /* JSON */
};

static enum stir_err judge_provider(const struct stir_pa_provider *p, struct stir_diag *diag)
{
    if (!is_id(p->id))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%.40s\" is no id of a provider: 1 to %d letters, digits, '-' and '_'", p->id ? p->id : "",
                             STIR_PA_MAX_ID);
    if (!is_line(p->name))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a provider's name has 1 to %d bytes of one line", STIR_PA_MAX_TEXT);
    if (p->n_codes > STIR_PA_MAX_CODES || p->n_contacts > STIR_PA_MAX_CONTACTS)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a provider has %d codes and %d contacts at most", STIR_PA_MAX_CODES, STIR_PA_MAX_CONTACTS);
    for (size_t i = 0; i < p->n_codes; i++)
        TRY(judge_code(p->codes[i], diag));
    for (size_t i = 0; i < p->n_contacts; i++)
        if (!is_line(p->contacts[i]))
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a contact has 1 to %d bytes of one line", STIR_PA_MAX_TEXT);
    return judge_user(p->user, p->password, diag);
}

static json_t *list_of(const char *const *items, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n && list; i++)
        if (json_array_append_new(list, json_string(items[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static enum stir_err put_code(struct stir_store *store, const struct work *w, const char *code)
{
    size_t added = 0;
    TRY(stir_store_do(store, "INSERT INTO pa_codes (code, provider, added) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                      STIR_VALUES(stir_store_str(code), stir_store_str(w->id), stir_store_int(w->now)), &added));
    if (added)
        return STIR_OK;
    return stir_diag_set(w->diag, STIR_EEXISTS, SIZE_MAX, "the code %s is held already, by this provider or another", code);
}

static enum stir_err put_provider(struct stir_store *store, const struct adding *a)
{
    const struct stir_pa_provider *p = a->provider;
    size_t added = 0;
    TRY(stir_store_do(
        store,
        "INSERT INTO pa_providers (id, name, contacts, state, may_ca, created, updated) VALUES ($1, $2, $3, 'active', $4, $5, $5)"
        " ON CONFLICT DO NOTHING",
        STIR_VALUES(stir_store_str(p->id), stir_store_str(p->name), stir_store_str(a->contacts), stir_store_int(p->may_ca), stir_store_int(a->work.now)),
        &added));
    if (!added)
        return stir_diag_set(a->work.diag, STIR_EEXISTS, SIZE_MAX, "there is a provider \"%s\" already", p->id);
    return STIR_OK;
}

static enum stir_err put_account(struct stir_store *store, const struct adding *a)
{
    size_t added = 0;
    TRY(stir_store_do(store,
                      "INSERT INTO pa_accounts (id, provider, user_id, password, state, failures, locked_until, created)"
                      " VALUES ($1, $2, $3, $4, 'active', 0, 0, $5) ON CONFLICT DO NOTHING",
                      STIR_VALUES(stir_store_str(a->account), stir_store_str(a->provider->id), stir_store_str(a->provider->user), stir_store_str(a->password),
                                  stir_store_int(a->work.now)),
                      &added));
    if (!added)
        return stir_diag_set(a->work.diag, STIR_EEXISTS, SIZE_MAX, "there is a user \"%s\" already", a->provider->user);
    return STIR_OK;
}

static enum stir_err add(struct stir_store *store, void *arg)
{
    const struct adding *a = arg;
    const struct stir_pa_provider *p = a->provider;
    TRY(put_provider(store, a));
    TRY(put_account(store, a));
    for (size_t i = 0; i < p->n_codes; i++)
        TRY(put_code(store, &a->work, p->codes[i]));
    stir_crash_point("pa provider: recorded");
    return stir_pa_audit(a->work.clerk, a->work.now, "provider added", a->work.actor, p->id,
                         json_pack("{s:s, s:s, s:s, s:o, s:b}", "name", p->name, "account", a->account, "user", p->user, "codes", list_of(p->codes, p->n_codes),
                                   "mayCa", (int)p->may_ca));
}

static enum stir_err make_contacts(struct adding *a)
{
    json_t *list = list_of(a->provider->contacts, a->provider->n_contacts);
    a->contacts = list ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    return a->contacts ? STIR_OK : STIR_ENOMEM;
}

enum stir_err stir_pa_provider_add(struct stir_clerk *clerk, const struct stir_pa_provider *provider, const char *actor, int64_t now, char *account,
                                   struct stir_diag *diag)
{
    struct adding a = {.work = {clerk, provider->id, NULL, actor, now, diag}, .provider = provider};
    TRY(judge_provider(provider, diag));
    TRY(stir_id_new(a.account));
    TRY(stir_pa_password_make(a.password, stir_slice_str(provider->password)));
    TRY(make_contacts(&a));
    enum stir_err err = stir_store_transact(clerk->store, add, &a, diag);
    free(a.contacts);
    if (err == STIR_OK && account)
        memcpy(account, a.account, STIR_ID);
    return err;
}

/* ---- Changes ---- */

static enum stir_err set_state(struct stir_store *store, void *arg)
{
    const struct work *w = arg;
    size_t changed = 0;
    TRY(stir_store_do(store, "UPDATE pa_providers SET state = $2, updated = $3 WHERE id = $1",
                      STIR_VALUES(stir_store_str(w->id), stir_store_str(w->what), stir_store_int(w->now)), &changed));
    if (changed == 0)
        return no_provider(w->diag, w->id);
    return stir_pa_audit(w->clerk, w->now, w->what[0] == 'a' ? "provider resumed" : "provider suspended", w->actor, w->id, json_object());
}

enum stir_err stir_pa_provider_state(struct stir_clerk *clerk, const char *id, const char *state, const char *actor, int64_t now, struct stir_diag *diag)
{
    struct work w = {clerk, id, state, actor, now, diag};
    if (strcmp(state, "active") != 0 && strcmp(state, "suspended") != 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a provider is active or suspended, not \"%.20s\"", state);
    return stir_store_transact(clerk->store, set_state, &w, diag);
}

static enum stir_err add_code(struct stir_store *store, void *arg)
{
    const struct work *w = arg;
    TRY(find(store, w));
    TRY(put_code(store, w, w->what));
    TRY(touch(store, w));
    return stir_pa_audit(w->clerk, w->now, "code added", w->actor, w->id, json_pack("{s:s}", "code", w->what));
}

enum stir_err stir_pa_code_add(struct stir_clerk *clerk, const char *id, const char *code, const char *actor, int64_t now, struct stir_diag *diag)
{
    struct work w = {clerk, id, code, actor, now, diag};
    TRY(judge_code(code, diag));
    return stir_store_transact(clerk->store, add_code, &w, diag);
}

static enum stir_err remove_code(struct stir_store *store, void *arg)
{
    const struct work *w = arg;
    size_t changed = 0;
    TRY(find(store, w));
    TRY(stir_store_do(store, "DELETE FROM pa_codes WHERE code = $1 AND provider = $2", STIR_VALUES(stir_store_str(w->what), stir_store_str(w->id)), &changed));
    if (changed == 0)
        return stir_diag_set(w->diag, STIR_ENOTFOUND, SIZE_MAX, "provider %s does not hold the code \"%.40s\"", w->id, w->what);
    TRY(touch(store, w));
    return stir_pa_audit(w->clerk, w->now, "code removed", w->actor, w->id, json_pack("{s:s}", "code", w->what));
}

enum stir_err stir_pa_code_remove(struct stir_clerk *clerk, const char *id, const char *code, const char *actor, int64_t now, struct stir_diag *diag)
{
    struct work w = {clerk, id, code, actor, now, diag};
    return stir_store_transact(clerk->store, remove_code, &w, diag);
}

struct passwording {
    struct work work; /* id: the user */
    char password[STIR_PA_PASSWORD_TEXT];
};

static enum stir_err set_password(struct stir_store *store, void *arg)
{
    const struct passwording *p = arg;
    const struct work *w = &p->work;
    size_t changed = 0;
    TRY(stir_store_do(store, "UPDATE pa_accounts SET password = $2, failures = 0, locked_until = 0 WHERE user_id = $1",
                      STIR_VALUES(stir_store_str(w->id), stir_store_str(p->password)), &changed));
    if (changed == 0)
        return stir_diag_set(w->diag, STIR_ENOTFOUND, SIZE_MAX, "there is no user \"%.40s\"", w->id);
    TRY(stir_store_do(store, "DELETE FROM pa_logins WHERE account IN (SELECT id FROM pa_accounts WHERE user_id = $1)", STIR_VALUES(stir_store_str(w->id)),
                      NULL));
    return stir_pa_audit(w->clerk, w->now, "password changed", w->actor, w->id, json_object());
}

enum stir_err stir_pa_password(struct stir_clerk *clerk, const char *user, const char *password, const char *actor, int64_t now, struct stir_diag *diag)
{
    struct passwording p = {.work = {clerk, user, NULL, actor, now, diag}};
    TRY(judge_user(user, password, diag));
    TRY(stir_pa_password_make(p.password, stir_slice_str(password)));
    return stir_store_transact(clerk->store, set_password, &p, diag);
}

/* ---- Shown ---- */

struct walking {
    const char *id;
    void (*row)(void *arg, const struct stir_pa_provider_row *row);
    void *arg;
    struct stir_diag *diag;
};

static char *codes_of(struct stir_store *store, struct stir_slice provider, enum stir_err *err)
{
    struct stir_store_rows *rows = NULL;
    json_t *list = json_array();
    *err = stir_store_ask(&rows, store, "SELECT code FROM pa_codes WHERE provider = $1 ORDER BY code", STIR_VALUES(stir_store_text(provider)));
    while (*err == STIR_OK && (*err = stir_store_next(rows)) == STIR_OK) {
        struct stir_slice code = stir_store_get(rows, 0);
        json_array_append_new(list, json_stringn(code.p, code.n));
    }
    stir_store_rows_free(rows);
    *err = *err == STIR_ENOTFOUND ? STIR_OK : *err;
    char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    if (*err == STIR_OK && !text)
        *err = STIR_ENOMEM;
    return text;
}

static enum stir_err show(struct stir_store *store, const struct walking *w, struct stir_store_rows *rows)
{
    enum stir_err err;
    struct stir_slice id = stir_store_get(rows, 0);
    char *codes = codes_of(store, id, &err);
    if (err == STIR_OK) {
        const struct stir_pa_provider_row row = {.id = id,
                                                 .name = stir_store_get(rows, 1),
                                                 .state = stir_store_get(rows, 2),
                                                 .contacts = stir_store_get(rows, 3),
                                                 .codes = stir_slice_str(codes),
                                                 .may_ca = stir_store_get_int(rows, 4) != 0,
                                                 .created = stir_store_get_int(rows, 5),
                                                 .updated = stir_store_get_int(rows, 6),
                                                 .account = stir_store_get(rows, 7),
                                                 .user = stir_store_get(rows, 8),
                                                 .locked_until = stir_store_get_int(rows, 9),
                                                 .tokens = stir_store_get_int(rows, 10)};
        w->row(w->arg, &row);
    }
    free(codes);
    return err;
}

static enum stir_err walk(struct stir_store *store, void *arg)
{
    const struct walking *w = arg;
    struct stir_store_rows *rows = NULL;
    size_t n = 0;
    enum stir_err err = stir_store_ask(&rows, store,
                                       "SELECT p.id, p.name, p.state, p.contacts, p.may_ca, p.created, p.updated, a.id, a.user_id, a.locked_until,"
                                       " (SELECT COUNT(*) FROM pa_tokens t WHERE t.provider = p.id)"
                                       " FROM pa_providers p LEFT JOIN pa_accounts a ON a.provider = p.id"
                                       " WHERE ($1 = '' OR p.id = $1) ORDER BY p.id, a.created, a.id",
                                       STIR_VALUES(stir_store_str(w->id ? w->id : "")));
    for (; err == STIR_OK && (err = stir_store_next(rows)) == STIR_OK; n++)
        err = show(store, w, rows);
    stir_store_rows_free(rows);
    if (err == STIR_ENOTFOUND && w->id && n == 0)
        return no_provider(w->diag, w->id);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

enum stir_err stir_pa_providers(struct stir_clerk *clerk, const char *id, void (*row)(void *arg, const struct stir_pa_provider_row *row), void *arg,
                                struct stir_diag *diag)
{
    struct walking w = {id, row, arg, diag};
    return stir_store_look(clerk->store, walk, &w, diag);
}
