/* How the administrator stands: what is done between requests, and what is wrong. */
#include "service/pa_parts.h"

#include <stdio.h>

#include "io/clock.h"

enum { DAY = 86400 };

static enum stir_err read_state(struct stir_store *store, void *arg)
{
    struct stir_pa_state *out = arg;
    struct stir_store_rows *rows = NULL;
    *out = (struct stir_pa_state){.list = 0};
    enum stir_err err = stir_store_ask_one(&rows, store,
                                           "SELECT sequence, made, expires FROM pa_lists WHERE EXISTS (SELECT 1 FROM pa_cas WHERE state = 'listed')"
                                           " ORDER BY sequence DESC LIMIT 1",
                                           STIR_NO_VALUES);
    if (err == STIR_OK) {
        out->list = stir_store_get_int(rows, 0);
        out->list_made = stir_store_get_int(rows, 1);
        out->list_until = stir_store_get_int(rows, 2);
    }
    stir_store_rows_free(rows);
    if (err != STIR_OK && err != STIR_ENOTFOUND)
        return err;
    err = stir_store_ask_one(&rows, store, "SELECT number, made, expires FROM pa_crls ORDER BY number DESC LIMIT 1", STIR_NO_VALUES);
    if (err == STIR_OK) {
        out->crl = stir_store_get_int(rows, 0);
        out->crl_made = stir_store_get_int(rows, 1);
        out->crl_until = stir_store_get_int(rows, 2);
    }
    stir_store_rows_free(rows);
    if (err != STIR_OK && err != STIR_ENOTFOUND)
        return err;
    TRY(stir_store_ask_one(&rows, store, "SELECT MIN(told) FROM pa_revocations WHERE crl = 0", STIR_NO_VALUES));
    out->waits_since = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    return STIR_OK;
}

enum stir_err stir_pa_state(struct stir_pa_state *out, struct stir_store *store, struct stir_diag *diag)
{
    return stir_store_look(store, read_state, out, diag);
}

/* ---- Chores ---- */

static void show(const struct stir_clerk *clerk, const struct stir_pa_state *state)
{
    if (!clerk->metrics)
        return;
    stir_metrics_set(clerk->metrics, STIR_METRIC_PA_LIST_SEQUENCE, state->list);
    stir_metrics_set(clerk->metrics, STIR_METRIC_PA_LIST_UNTIL, state->list_until);
    stir_metrics_set(clerk->metrics, STIR_METRIC_PA_CRL_NUMBER, state->crl);
    stir_metrics_set(clerk->metrics, STIR_METRIC_PA_CRL_UNTIL, state->crl_until);
}

struct forgetting {
    int64_t now;
    bool any;
};

static enum stir_err look_for_logins(struct stir_store *store, void *arg)
{
    struct forgetting *f = arg;
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask_one(
        &rows, store, "SELECT 1 FROM pa_logins WHERE expires <= $1 UNION ALL SELECT 1 FROM limits WHERE what = 'pa login' AND at_ms + level_ms < $2 LIMIT 1",
        STIR_VALUES(stir_store_int(f->now), stir_store_int(f->now * 1000)));
    stir_store_rows_free(rows);
    f->any = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err forget_logins(struct stir_store *store, void *arg)
{
    const struct forgetting *f = arg;
    TRY(stir_store_do(store, "DELETE FROM limits WHERE what = 'pa login' AND at_ms + level_ms < $1", STIR_VALUES(stir_store_int(f->now * 1000)), NULL));
    return stir_store_do(store, "DELETE FROM pa_logins WHERE expires <= $1", STIR_VALUES(stir_store_int(f->now)), NULL);
}

static enum stir_err forget(struct stir_clerk *clerk, int64_t now, struct stir_diag *diag)
{
    struct forgetting f = {now, false};
    TRY(stir_store_look(clerk->store, look_for_logins, &f, diag));
    return f.any ? stir_store_transact(clerk->store, forget_logins, &f, diag) : STIR_OK;
}

/* One chore that failed does not keep the others from being done. What goes on failing is said once a minute: an authority beside us has chores each second. */
static bool is_done(struct stir_pa *pa, struct stir_clerk *clerk, enum stir_pa_chore chore, enum stir_err err, const struct stir_diag *diag)
{
    static const char *const names[STIR_PA_CHORES] = {"list", "crl", "logins", "files"};
    const int64_t now = stir_clock_monotonic_ms(), again = atomic_load(&pa->say_again[chore]);
    if (err != STIR_OK && now >= again) {
        stir_clerk_say(clerk, 0, "pa", "chore=%s failed=\"%s\"", names[chore], diag->text[0] ? diag->text : stir_err_text(err));
        atomic_store(&pa->say_again[chore], now + STIR_PA_SAY_MS);
    } else if (err == STIR_OK && again) {
        atomic_store(&pa->say_again[chore], 0);
    }
    return err == STIR_OK;
}

int64_t stir_pa_chores(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now)
{
    struct stir_diag diag = {0};
    struct stir_pa_state state;
    enum stir_err err = stir_pa_list_make(pa, clerk, now, false, NULL, &diag);
    bool good = is_done(pa, clerk, STIR_PA_CHORE_LIST, err == STIR_ENOTFOUND ? STIR_OK : err, &diag);
    diag.text[0] = '\0';
    good = is_done(pa, clerk, STIR_PA_CHORE_CRL, stir_pa_crl_make(pa, clerk, now, false, NULL, &diag), &diag) && good;
    atomic_store(&pa->begun, true);
    diag.text[0] = '\0';
    good = is_done(pa, clerk, STIR_PA_CHORE_LOGINS, forget(clerk, now, &diag), &diag) && good;
    diag.text[0] = '\0';
    err = stir_pa_state(&state, clerk->store, &diag);
    if (err == STIR_OK) {
        show(clerk, &state);
        err = stir_pa_files(pa, clerk, &state, &diag);
    }
    good = is_done(pa, clerk, STIR_PA_CHORE_FILES, err, &diag) && good;
    return good ? STIR_PA_CHORE_MS : STIR_PA_RETRY_MS;
}

enum stir_err stir_pa_publish(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, struct stir_diag *diag)
{
    struct stir_pa_state state;
    enum stir_err listed = stir_pa_list_make(pa, clerk, now, true, NULL, diag);
    if (listed != STIR_OK && listed != STIR_ENOTFOUND)
        return listed;
    TRY(stir_pa_crl_make(pa, clerk, now, true, NULL, diag));
    TRY(stir_pa_state(&state, clerk->store, diag));
    TRY(stir_pa_files(pa, clerk, &state, diag));
    return listed == STIR_OK ? STIR_OK : stir_diag_set(diag, listed, SIZE_MAX, "no CA is listed, so there is no list; stir pa ca add lists one");
}

/* ---- What is wrong ---- */

struct faults {
    struct stir_writer w;
    bool any;
};

static void fault(struct faults *f, const char *what, const char *how)
{
    f->any = true;
    stir_put_format(&f->w, "pa: %s %s\n", what, how);
}

/* Something that is made anew often stands half its life away from its end. */
static void judge(struct faults *f, const char *what, int64_t number, int64_t made, int64_t until, int64_t now)
{
    if (number == 0)
        fault(f, what, "is not there");
    else if (until <= now)
        fault(f, what, "is over");
    else if (until - now < (until - made) / 10)
        fault(f, what, "is nearly over, and could not be made anew");
}

static void judge_seal(struct faults *f, const char *what, const struct stir_pa_seal *seal, int64_t now)
{
    if (seal->until <= now)
        fault(f, what, "is over, or an issuer of it: what it signs is believed by nobody");
    else if (seal->from > now)
        fault(f, what, "is not valid yet");
    else if (seal->until - now < (int64_t)STIR_PA_WARN_DAYS * DAY)
        fault(f, what, "ends within 14 days");
}

bool stir_pa_ready(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, char *buf, size_t cap)
{
    struct stir_pa_state state;
    struct stir_diag diag = {0};
    struct faults f = {stir_writer_of(buf, cap), false};
    if (stir_pa_state(&state, clerk->store, &diag) != STIR_OK) {
        fault(&f, "the store", "cannot be read");
    } else {
        judge(&f, "the list of trusted CAs", state.list, state.list_made, state.list_until, now);
        judge(&f, "the CRL", state.crl, state.crl_made, state.crl_until, now);
        if (state.waits_since && now - state.waits_since > STIR_PA_CRL_LATE)
            fault(&f, "a revocation", "was reported, and no CRL with it could be made");
    }
    judge_seal(&f, "the certificate of the signer", &pa->signer, now);
    if (pa->crl.key)
        judge_seal(&f, "the certificate of the CRL's signer", &pa->crl, now);
    if (stir_writer_close(&f.w, NULL) != STIR_OK && cap)
        buf[0] = '\0';
    return !f.any;
}
