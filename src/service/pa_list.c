/* The list of trusted CAs (ATIS-1000084): made anew when what is listed has changed, and often enough never to be over. Its sequence comes out of the store in
 * the transaction that writes the list: two nodes give no sequence to two lists. */
#include "service/pa_parts.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct making {
    struct stir_pa *pa;
    struct stir_clerk *clerk;
    int64_t now;
    bool force, made;
    int64_t sequence, last, made_at, expires; /* of the newest: 0 when there is none */
    char content[STIR_PA_SHA_TEXT], last_content[STIR_PA_SHA_TEXT], last_signer[STIR_PA_SHA_TEXT];
    struct stir_cert *cert[STIR_MAX_LISTED];
    size_t n;
    char *jws; /* STIR_MAX_CA_LIST */
    struct stir_diag *diag;
};

bool stir_pa_is_due(int64_t made, int64_t expires, int64_t every, int64_t now)
{
    return now >= made + every || expires - now < every || made > now + STIR_PA_CLOCK_SLACK;
}

int64_t stir_pa_next_number(int64_t last, int64_t now)
{
    return last + 1 > now ? last + 1 : now;
}

static void copy_hash(char out[STIR_PA_SHA_TEXT], struct stir_slice text)
{
    snprintf(out, STIR_PA_SHA_TEXT, "%.*s", (int)(text.n < STIR_PA_SHA_TEXT ? text.n : 0), text.p ? text.p : "");
}

static enum stir_err read_last(struct stir_store *store, struct making *m)
{
    struct stir_store_rows *rows = NULL;
    m->last = m->made_at = m->expires = 0;
    m->last_content[0] = m->last_signer[0] = '\0';
    enum stir_err err =
        stir_store_ask_one(&rows, store, "SELECT sequence, made, expires, content, signer FROM pa_lists ORDER BY sequence DESC LIMIT 1", STIR_NO_VALUES);
    if (err == STIR_OK) {
        m->last = stir_store_get_int(rows, 0);
        m->made_at = stir_store_get_int(rows, 1);
        m->expires = stir_store_get_int(rows, 2);
        copy_hash(m->last_content, stir_store_get(rows, 3));
        copy_hash(m->last_signer, stir_store_get(rows, 4));
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* What is listed, as a hash over the hashes of it. */
static enum stir_err read_content(struct stir_store *store, struct making *m, EVP_MD_CTX *md, size_t *n)
{
    struct stir_store_rows *rows = NULL;
    unsigned char hash[EVP_MAX_MD_SIZE];
    enum stir_err err = stir_store_ask(&rows, store, "SELECT sha256 FROM pa_cas WHERE state = 'listed' ORDER BY sha256", STIR_NO_VALUES);
    bool good = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (*n = 0; err == STIR_OK && (err = stir_store_next(rows)) == STIR_OK; ++*n) {
        struct stir_slice sha256 = stir_store_get(rows, 0);
        good = good && EVP_DigestUpdate(md, sha256.p, sha256.n) == 1 && EVP_DigestUpdate(md, "\n", 1) == 1;
    }
    stir_store_rows_free(rows);
    if (err != STIR_ENOTFOUND)
        return err;
    if (!good || EVP_DigestFinal_ex(md, hash, NULL) != 1)
        return STIR_ECRYPTO;
    stir_pa_hex(m->content, hash);
    return STIR_OK;
}

static enum stir_err look_at_content(struct stir_store *store, struct making *m, size_t *n)
{
    STIR_OSSL_QUIET;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    enum stir_err err = md ? read_content(store, m, md, n) : STIR_ENOMEM;
    EVP_MD_CTX_free(md);
    return err;
}

static bool is_due(const struct making *m)
{
    bool changed = strcmp(m->content, m->last_content) != 0;
    bool other_signer = !atomic_load(&m->pa->begun) && strcmp(m->pa->signer.sha256, m->last_signer) != 0;
    return m->force || m->last == 0 || changed || other_signer || stir_pa_is_due(m->made_at, m->expires, m->pa->conf->list_every, m->now);
}

static void drop_certs(struct making *m)
{
    for (; m->n > 0; m->n--)
        stir_cert_free(m->cert[m->n - 1]);
}

static enum stir_err read_certs(struct stir_store *store, struct making *m)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask(&rows, store, "SELECT der FROM pa_cas WHERE state = 'listed' ORDER BY added, sha256", STIR_NO_VALUES);
    while (err == STIR_OK && (err = stir_store_next(rows)) == STIR_OK) {
        if (m->n == STIR_MAX_LISTED)
            err = stir_diag_set(m->diag, STIR_ELIMIT, SIZE_MAX, "more than %d CAs are listed: no verifier reads such a list", STIR_MAX_LISTED);
        else
            err = stir_cert_parse(&m->cert[m->n], stir_store_get(rows, 0), m->diag);
        m->n += err == STIR_OK;
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err sign(struct making *m, size_t *n)
{
    struct stir_ca_list_params params = STIR_CA_LIST_PARAMS_INIT;
    const struct stir_pa_seal *seal = &m->pa->signer;
    struct stir_key_signer held = {seal->key, m->clerk->ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    m->sequence = stir_pa_next_number(m->last, m->now);
    m->expires = m->now + m->pa->conf->list_life < seal->until ? m->now + m->pa->conf->list_life : seal->until;
    if (m->now < seal->from)
        return stir_diag_set(m->diag, STIR_ETIME, SIZE_MAX, "the path of the signer is not valid yet: is the clock of this machine right?");
    if (m->expires <= m->now)
        return stir_diag_set(m->diag, STIR_ETIME, SIZE_MAX, "the path of the signer, [pa] cert %s, is over: nobody would believe the list", m->pa->conf->cert);
    params.x5u = stir_slice_str(seal->url);
    params.sequence = m->sequence;
    params.exp = m->expires;
    params.certs = m->cert;
    params.n = m->n;
    return stir_ca_list_make(m->jws, STIR_MAX_CA_LIST, n, &params, &signer, m->diag);
}

static enum stir_err record(struct stir_store *store, struct making *m, size_t n)
{
    size_t changed = 0;
    TRY(stir_pa_keys_keep(m->pa, store, m->now));
    TRY(stir_store_do(store, "INSERT INTO pa_lists (sequence, made, expires, content, signer, jws) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                      STIR_VALUES(stir_store_int(m->sequence), stir_store_int(m->now), stir_store_int(m->expires), stir_store_str(m->content),
                                  stir_store_str(m->pa->signer.sha256), stir_store_text(stir_slice_of(m->jws, n))),
                      &changed));
    if (changed != 1)
        return STIR_EBUSY;
    TRY(stir_store_do(store, "DELETE FROM pa_lists WHERE sequence NOT IN (SELECT sequence FROM pa_lists ORDER BY sequence DESC LIMIT $1)",
                      STIR_VALUES(stir_store_int(STIR_PA_KEPT)), NULL));
    char subject[32];
    snprintf(subject, sizeof(subject), "%lld", (long long)m->sequence);
    return stir_pa_audit(
        m->clerk, m->now, "trust list published", "stir", subject,
        json_pack("{s:I, s:s, s:I, s:s}", "cas", (json_int_t)m->n, "content", m->content, "expires", (json_int_t)m->expires, "signer", m->pa->signer.sha256));
}

static enum stir_err make(struct stir_store *store, void *arg)
{
    struct making *m = arg;
    size_t listed = 0, n = 0;
    m->made = false;
    drop_certs(m);
    TRY(read_last(store, m));
    TRY(look_at_content(store, m, &listed));
    if (listed == 0)
        return STIR_ENOTFOUND;
    if (!is_due(m))
        return STIR_OK;
    TRY(read_certs(store, m));
    TRY(sign(m, &n));
    stir_crash_point("pa list: signed");
    TRY(record(store, m, n));
    stir_crash_point("pa list: recorded");
    m->made = true;
    return STIR_OK;
}

static enum stir_err look(struct stir_store *store, void *arg)
{
    struct making *m = arg;
    size_t listed = 0;
    TRY(read_last(store, m));
    TRY(look_at_content(store, m, &listed));
    if (listed == 0)
        return STIR_ENOTFOUND;
    m->made = is_due(m);
    return STIR_OK;
}

enum stir_err stir_pa_list_make(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, bool force, bool *made, struct stir_diag *diag)
{
    struct making *m = calloc(1, sizeof(*m));
    if (!m)
        return STIR_ENOMEM;
    *m = (struct making){.pa = pa, .clerk = clerk, .now = now, .force = force, .diag = diag};
    enum stir_err err = force ? STIR_OK : stir_store_look(clerk->store, look, m, diag);
    if (err == STIR_OK && (force || m->made)) {
        m->jws = malloc(STIR_MAX_CA_LIST);
        err = m->jws ? stir_store_transact(clerk->store, make, m, diag) : STIR_ENOMEM;
        stir_crash_point("pa list: committed");
    }
    if (err == STIR_OK && m->made) {
        atomic_store(&pa->kept, true);
        stir_clerk_say(clerk, 2, "pa", "list=%lld cas=%zu", (long long)m->sequence, m->n);
    }
    if (made)
        *made = err == STIR_OK && m->made;
    drop_certs(m);
    free(m->jws);
    free(m);
    return err;
}

/* ---- Given out ---- */

static enum stir_err newest(struct stir_store *store, void *arg)
{
    struct stir_pa_issue *out = arg;
    struct stir_store_rows *rows = NULL;
    free(out->text);
    *out = (struct stir_pa_issue){.text = NULL};
    TRY(stir_store_ask_one(&rows, store,
                           "SELECT sequence, made, expires, jws FROM pa_lists WHERE EXISTS (SELECT 1 FROM pa_cas WHERE state = 'listed')"
                           " ORDER BY sequence DESC LIMIT 1",
                           STIR_NO_VALUES));
    struct stir_slice jws = stir_store_get(rows, 3);
    *out = (struct stir_pa_issue){stir_store_get_int(rows, 0), stir_store_get_int(rows, 1), stir_store_get_int(rows, 2), malloc(jws.n + 1), jws.n};
    if (out->text)
        memcpy(out->text, jws.p, jws.n);
    stir_store_rows_free(rows);
    return out->text ? STIR_OK : STIR_ENOMEM;
}

enum stir_err stir_pa_list_newest(struct stir_pa_issue *out, struct stir_store *store, struct stir_diag *diag)
{
    *out = (struct stir_pa_issue){.text = NULL};
    return stir_store_look(store, newest, out, diag);
}

/* The list itself, rather than an answer around it: where the generic path is asked for it by type alone. */
static bool wants_bare(const struct stir_exchange *x)
{
    static const struct stir_slice generic = {"/sti-pa/ca-list", sizeof("/sti-pa/ca-list") - 1};
    bool ends = x->path.n >= generic.n && stir_slice_eq(stir_slice_from(x->path, x->path.n - generic.n), generic);
    return ends && stir_slice_ieq(stir_slice_trim(x->accept), stir_slice_str("application/jose"));
}

void stir_pa_serve_list(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct stir_pa_issue list;
    struct stir_diag diag = {0};
    char tag[64];
    enum stir_err err = stir_pa_list_newest(&list, clerk->store, &diag);
    (void)pa;
    if (err == STIR_ENOTFOUND) {
        stir_pa_refuse(x, 404, "no-list", "no certificate authority is trusted yet: there is no list");
        return;
    }
    if (err != STIR_OK) {
        stir_pa_fail(clerk, x, err, &diag);
        return;
    }
    bool bare = wants_bare(x);
    snprintf(tag, sizeof(tag), "\"%s%lld\"", bare ? "jws-" : "", (long long)list.number);
    if (stir_pa_same(x, tag))
        ;
    else if (bare)
        stir_exchange_answer(x, 200, "application/jose", stir_slice_of(list.text, list.n));
    else
        stir_exchange_json(x, 200, "application/json", json_pack("{s:s, s:s%}", "status", "success", "caList", list.text, list.n));
    free(list.text);
}
