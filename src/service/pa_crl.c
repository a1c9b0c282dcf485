/* The indirect CRL over all CAs' revocations (ATIS-1000080 6.4.1, RFC 5280 §5): made anew when one was reported, and often enough never to be over. */
#include "service/pa_parts.h"

#include <stdio.h>
#include <string.h>

struct making {
    struct stir_pa *pa;
    struct stir_clerk *clerk;
    int64_t now;
    bool force, made, waiting; /* waiting: for their first CRL */
    int64_t number, last, made_at, expires;
    char last_signer[STIR_PA_SHA_TEXT];
    struct stir_arena arena; /* of what is revoked */
    struct stir_crl_revocation *revoked;
    size_t n;
    struct stir_crl *crl;
    struct stir_diag *diag;
};

static enum stir_err read_last(struct stir_store *store, struct making *m)
{
    struct stir_store_rows *rows = NULL;
    m->last = m->made_at = m->expires = 0;
    m->last_signer[0] = '\0';
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT number, made, expires, signer FROM pa_crls ORDER BY number DESC LIMIT 1", STIR_NO_VALUES);
    if (err == STIR_OK) {
        struct stir_slice signer = stir_store_get(rows, 3);
        m->last = stir_store_get_int(rows, 0);
        m->made_at = stir_store_get_int(rows, 1);
        m->expires = stir_store_get_int(rows, 2);
        snprintf(m->last_signer, sizeof(m->last_signer), "%.*s", (int)(signer.n < STIR_PA_SHA_TEXT ? signer.n : 0), signer.p ? signer.p : "");
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err read_waiting(struct stir_store *store, struct making *m)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT 1 FROM pa_revocations WHERE crl = 0 LIMIT 1", STIR_NO_VALUES);
    stir_store_rows_free(rows);
    m->waiting = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static bool is_due(const struct making *m)
{
    bool other_signer = !atomic_load(&m->pa->begun) && strcmp(stir_pa_crl_seal(m->pa)->sha256, m->last_signer) != 0;
    return m->force || m->last == 0 || m->waiting || other_signer || stir_pa_is_due(m->made_at, m->expires, m->pa->conf->crl_every, m->now);
}

/* The bytes of an INTEGER whose magnitude is this hex. */
static enum stir_err put_serial(struct making *m, struct stir_slice hex, struct stir_slice *out)
{
    unsigned char *bytes = stir_arena_get(&m->arena, hex.n / 2 + 1);
    size_t n = 0;
    if (!bytes)
        return STIR_ENOMEM;
    if (hex.n && stir_hex_value(hex.p[0]) >= 8)
        bytes[n++] = 0;
    for (size_t i = 0; i + 1 < hex.n; i += 2)
        bytes[n++] = (unsigned char)(stir_hex_value(hex.p[i]) << 4 | stir_hex_value(hex.p[i + 1]));
    *out = stir_slice_of(bytes, n);
    return STIR_OK;
}

/* Rows come issuer by issuer: one name is kept once. */
static enum stir_err put_revoked(struct making *m, struct stir_store_rows *rows)
{
    struct stir_crl_revocation *r = &m->revoked[m->n];
    struct stir_slice issuer = stir_store_get(rows, 0);
    if (m->n > 0 && stir_slice_eq(issuer, m->revoked[m->n - 1].issuer_der))
        r->issuer_der = m->revoked[m->n - 1].issuer_der;
    else
        r->issuer_der = stir_arena_copy(&m->arena, issuer);
    if (!r->issuer_der.p)
        return STIR_ENOMEM;
    TRY(put_serial(m, stir_store_get(rows, 1), &r->serial));
    r->revoked_at = stir_store_get_int(rows, 2);
    r->reason = (int)stir_store_get_int(rows, 3);
    m->n++;
    return STIR_OK;
}

/* RFC 5280 §3.3: an entry stands in at least one CRL after the end of its certificate, and then leaves. */
static enum stir_err read_revoked(struct stir_store *store, struct making *m)
{
    struct stir_store_rows *rows = NULL;
    m->n = 0;
    enum stir_err err = stir_store_ask(&rows, store,
                                       "SELECT issuer, serial, revoked, reason FROM pa_revocations WHERE not_after = 0 OR not_after >= $1"
                                       " ORDER BY issuer, serial",
                                       STIR_VALUES(stir_store_int(m->now - m->pa->conf->crl_life)));
    while (err == STIR_OK && (err = stir_store_next(rows)) == STIR_OK)
        err = m->n < STIR_MAX_REVOKED
                  ? put_revoked(m, rows)
                  : stir_diag_set(m->diag, STIR_ELIMIT, SIZE_MAX, "more than %d certificates are revoked: no verifier reads such a CRL", STIR_MAX_REVOKED);
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err sign(struct making *m)
{
    struct stir_crl_params params = STIR_CRL_PARAMS_INIT;
    const struct stir_pa_seal *seal = stir_pa_crl_seal(m->pa);
    struct stir_key_signer held = {seal->key, m->clerk->ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    m->number = stir_pa_next_number(m->last, m->now);
    m->expires = m->now + m->pa->conf->crl_life < seal->until ? m->now + m->pa->conf->crl_life : seal->until;
    if (m->now < seal->from)
        return stir_diag_set(m->diag, STIR_ETIME, SIZE_MAX, "the path of the CRL's signer is not valid yet: is the clock of this machine right?");
    if (m->expires <= m->now)
        return stir_diag_set(m->diag, STIR_ETIME, SIZE_MAX, "the path of the CRL's signer is over: nobody would believe it; give it a new certificate");
    params.issuer = seal->chain[0];
    params.number = (uint64_t)m->number;
    params.this_update = m->now;
    params.next_update = m->expires;
    params.idp_url = stir_slice_str(m->pa->crl_url);
    params.ca_issuers_url = stir_slice_str(seal->url);
    params.revoked = m->revoked;
    params.n = m->n;
    return stir_crl_make(&m->crl, &params, &signer, m->diag);
}

static enum stir_err record(struct stir_store *store, struct making *m)
{
    size_t changed = 0;
    TRY(stir_pa_keys_keep(m->pa, store, m->now));
    TRY(stir_store_do(store, "INSERT INTO pa_crls (number, made, expires, signer, der) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                      STIR_VALUES(stir_store_int(m->number), stir_store_int(m->now), stir_store_int(m->expires),
                                  stir_store_str(stir_pa_crl_seal(m->pa)->sha256), stir_store_bytes(stir_crl_info(m->crl)->der)),
                      &changed));
    if (changed != 1)
        return STIR_EBUSY;
    TRY(stir_store_do(store, "UPDATE pa_revocations SET crl = $1 WHERE crl = 0", STIR_VALUES(stir_store_int(m->number)), NULL));
    TRY(stir_store_do(store, "DELETE FROM pa_crls WHERE number NOT IN (SELECT number FROM pa_crls ORDER BY number DESC LIMIT $1)",
                      STIR_VALUES(stir_store_int(STIR_PA_KEPT)), NULL));
    char subject[32];
    snprintf(subject, sizeof(subject), "%lld", (long long)m->number);
    return stir_pa_audit(
        m->clerk, m->now, "crl published", "stir", subject,
        json_pack("{s:I, s:I, s:s}", "entries", (json_int_t)m->n, "expires", (json_int_t)m->expires, "signer", stir_pa_crl_seal(m->pa)->sha256));
}

static void drop(struct making *m)
{
    stir_crl_free(m->crl);
    m->crl = NULL;
    stir_arena_clear(&m->arena);
    m->arena = (struct stir_arena){NULL, 0, 4 * (size_t)STIR_MAX_CRL};
}

static enum stir_err make(struct stir_store *store, void *arg)
{
    struct making *m = arg;
    m->made = false;
    drop(m);
    TRY(read_last(store, m));
    TRY(read_waiting(store, m));
    if (!is_due(m))
        return STIR_OK;
    TRY(read_revoked(store, m));
    TRY(sign(m));
    stir_crash_point("pa crl: signed");
    TRY(record(store, m));
    stir_crash_point("pa crl: recorded");
    m->made = true;
    return STIR_OK;
}

static enum stir_err look(struct stir_store *store, void *arg)
{
    struct making *m = arg;
    TRY(read_last(store, m));
    TRY(read_waiting(store, m));
    m->made = is_due(m);
    return STIR_OK;
}

enum stir_err stir_pa_crl_make(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, bool force, bool *made, struct stir_diag *diag)
{
    struct making m = {.pa = pa, .clerk = clerk, .now = now, .force = force, .diag = diag};
    enum stir_err err = force ? STIR_OK : stir_store_look(clerk->store, look, &m, diag);
    if (err == STIR_OK && (force || m.made)) {
        m.revoked = calloc(STIR_MAX_REVOKED, sizeof(*m.revoked));
        err = m.revoked ? stir_store_transact(clerk->store, make, &m, diag) : STIR_ENOMEM;
        stir_crash_point("pa crl: committed");
    }
    if (err == STIR_OK && m.made) {
        atomic_store(&pa->kept, true);
        stir_clerk_say(clerk, 2, "pa", "crl=%lld entries=%zu", (long long)m.number, m.n);
    }
    if (made)
        *made = err == STIR_OK && m.made;
    drop(&m);
    free(m.revoked);
    return err;
}

/* ---- Given out ---- */

static enum stir_err newest(struct stir_store *store, void *arg)
{
    struct stir_pa_issue *out = arg;
    struct stir_store_rows *rows = NULL;
    free(out->text);
    *out = (struct stir_pa_issue){.text = NULL};
    TRY(stir_store_ask_one(&rows, store, "SELECT number, made, expires, der FROM pa_crls ORDER BY number DESC LIMIT 1", STIR_NO_VALUES));
    struct stir_slice der = stir_store_get(rows, 3);
    *out = (struct stir_pa_issue){stir_store_get_int(rows, 0), stir_store_get_int(rows, 1), stir_store_get_int(rows, 2), malloc(der.n + 1), der.n};
    if (out->text && der.n)
        memcpy(out->text, der.p, der.n);
    stir_store_rows_free(rows);
    return out->text ? STIR_OK : STIR_ENOMEM;
}

enum stir_err stir_pa_crl_newest(struct stir_pa_issue *out, struct stir_store *store, struct stir_diag *diag)
{
    *out = (struct stir_pa_issue){.text = NULL};
    return stir_store_look(store, newest, out, diag);
}

enum stir_err stir_pa_crl_pem(char **out, size_t *n, struct stir_slice der, struct stir_diag *diag)
{
    struct stir_crl *crl = NULL;
    size_t cap = der.n * 3 / 2 + 200;
    TRY(stir_crl_parse(&crl, der, diag));
    char *pem = malloc(cap);
    enum stir_err err = pem ? stir_crl_write_pem(pem, cap, n, crl) : STIR_ENOMEM;
    stir_crl_free(crl);
    if (err == STIR_OK)
        *out = pem;
    else
        free(pem);
    return err;
}

/* PEM for those who name a type of it; DER (RFC 2585 §4.2) for all others. */
static bool wants_pem(const struct stir_exchange *x)
{
    static const char *const types[] = {"application/x-pem-file", "application/pem-certificate-chain", "text/plain"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (stir_slice_ieq(stir_slice_trim(x->accept), stir_slice_str(types[i])))
            return true;
    return false;
}

static enum stir_err give(struct stir_exchange *x, const struct stir_pa_issue *crl, struct stir_diag *diag)
{
    char tag[64], *pem = NULL;
    size_t n = 0;
    bool as_pem = wants_pem(x);
    snprintf(tag, sizeof(tag), "\"%s%lld\"", as_pem ? "pem-" : "", (long long)crl->number);
    if (stir_pa_same(x, tag))
        return STIR_OK;
    if (!as_pem) {
        stir_exchange_answer(x, 200, "application/pkix-crl", stir_slice_of(crl->text, crl->n));
        return STIR_OK;
    }
    TRY(stir_pa_crl_pem(&pem, &n, stir_slice_of(crl->text, crl->n), diag));
    stir_exchange_answer(x, 200, "application/x-pem-file", stir_slice_of(pem, n));
    free(pem);
    return STIR_OK;
}

void stir_pa_serve_crl(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct stir_pa_issue crl;
    struct stir_diag diag = {0};
    enum stir_err err = stir_pa_crl_newest(&crl, clerk->store, &diag);
    (void)pa;
    if (err == STIR_OK)
        err = give(x, &crl, &diag);
    if (err == STIR_ENOTFOUND)
        stir_pa_refuse(x, 404, "no-crl", "there is no CRL yet");
    else if (err != STIR_OK)
        stir_pa_fail(clerk, x, err, &diag);
    free(crl.text);
}
