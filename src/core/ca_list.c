/* The STI-PA's list of trusted CAs (ATIS-1000084), as its deployed interface gives it: a JWS whose signer has a path to the administrator's pinned root. A list
 * that is not wholly good is refused, so that the caller keeps the last one that was; a certificate in it that cannot be read costs only the CA that it is of.
 */
#include "core/ca_list.h"

#include <stdlib.h>

#include "core/pa_signer.h"
#include "core/url.h"

STIR_AUTO_STRUCT_FREE(stir_trust)

/* What is needed while a list is checked, and no longer. */
struct reading {
    struct stir_arena arena;
    struct stir_jws jws;
    struct stir_pa_signer signer;
    int64_t now;
    struct stir_diag *diag;
};

static enum stir_err refuse(const struct reading *r, enum stir_err err, const char *why)
{
    return stir_diag_set(r->diag, err, SIZE_MAX, "%s", why);
}

/* ---- The texts ---- */

/* The JWS of an answer {"status":"success","caList":"..."}. */
static enum stir_err open_answer(struct reading *r, struct stir_slice *jws, struct stir_slice text)
{
    struct stir_json answer, value;
    struct stir_slice status = {NULL, 0};
    TRY(stir_json_parse(&answer, text, NULL, r->diag));
    if (stir_json_member(answer, "status", &value) && value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&status, value, &r->arena));
    if (!stir_slice_is(status, "success"))
        return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "the administrator's answer is no list: its status is \"%.*s\", not \"success\"",
                             STIR_SHOW(status));
    if (!stir_json_member(answer, "caList", &value) || value.type != STIR_JSON_STRING)
        return refuse(r, STIR_EVALUE, "the administrator's answer lacks caList");
    return stir_json_string(jws, value, &r->arena);
}

/* alg is judged by the reader of JWS; here is the rest of the header. */
static enum stir_err read_header(struct reading *r, struct stir_ca_list *list)
{
    struct stir_slice x5u;
    struct stir_url url;
    TRY(stir_jws_header(&x5u, &r->jws, "x5u", &r->arena));
    if (!x5u.p)
        return refuse(r, STIR_EVALUE, "the header of the list lacks x5u, the address of its signer's certificate");
    enum stir_url_fault fault = stir_url_parse(&url, x5u, true);
    if (fault != STIR_URL_GOOD)
        return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "x5u of the list, \"%.*s\": %s", STIR_SHOW(x5u), stir_url_fault_text(fault));
    list->info.x5u = stir_arena_copy(&list->arena, x5u);
    return list->info.x5u.p ? STIR_OK : STIR_ENOMEM;
}

/* A list of another version is borne as long as it has what we need: what is shown is what stands there. */
static enum stir_err read_version(struct reading *r, struct stir_ca_list *list)
{
    struct stir_json value;
    struct stir_slice text;
    if (!stir_json_member(r->jws.payload, "version", &value) || (value.type != STIR_JSON_NUMBER && value.type != STIR_JSON_STRING))
        return refuse(r, STIR_EVALUE, "the list lacks its version");
    text = value.text;
    if (value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&text, value, &r->arena));
    list->info.version = stir_arena_copy(&list->arena, text);
    return list->info.version.p ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err read_number(const struct reading *r, int64_t *out, const char *name)
{
    struct stir_json value;
    if (stir_json_member(r->jws.payload, name, &value) && stir_json_integer(out, value) && *out >= 0)
        return STIR_OK;
    return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "\"%s\" of the list is missing or no whole number", name);
}

static enum stir_err read_claims(struct reading *r, struct stir_ca_list *list, int64_t last_sequence)
{
    struct stir_ca_list_info *info = &list->info;
    if (r->jws.payload.type != STIR_JSON_OBJECT)
        return refuse(r, STIR_EJSON, "the list is empty");
    TRY(read_version(r, list));
    TRY(read_number(r, &info->sequence, "sequence"));
    TRY(read_number(r, &info->exp, "exp"));
    if (r->now >= info->exp) /*= RFC7519-4.1.4 */
        return stir_diag_set(r->diag, STIR_ETIME, SIZE_MAX, "the list expired at %lld; fetch a newer one (the last good one is kept)", (long long)info->exp);
    if (info->sequence < last_sequence)
        return stir_diag_set(r->diag, STIR_ETIME, SIZE_MAX, "the list is older than the one known: its sequence is %lld, that of the other %lld",
                             (long long)info->sequence, (long long)last_sequence);
    return STIR_OK;
}

/* ---- The signer ---- */

/* The first certificate signs, and has a path to a root. */
static enum stir_err check_signer(struct reading *r, struct stir_ca_list *list, struct stir_slice pem, struct stir_slice root_pem)
{
    STIR_AUTO_STRUCT(stir_trust) *roots = NULL;
    TRY(stir_pa_signer_read(&r->signer, "list", pem, r->diag));
    TRY(stir_pa_roots(&roots, root_pem, r->diag));
    TRY(stir_pa_signer_check(&r->signer, "list", roots, r->now, r->diag));
    list->info.signer_until = r->signer.until;
    list->info.signer = stir_arena_format(&list->arena, "%s", stir_cert_info(r->signer.cert[0])->subject);
    return list->info.signer ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err check_signature(struct reading *r)
{
    STIR_AUTO_STRUCT(stir_es256_ctx) *ctx = NULL;
    TRY(stir_es256_ctx_new(&ctx));
    enum stir_err err = stir_jws_verify(&r->jws, ctx, stir_cert_key(r->signer.cert[0]));
    return err == STIR_ESIG ? refuse(r, err, "the list was not signed by this certificate, or was changed since") : err;
}

/* ---- The certificates ---- */

/* An entry that is bare base64 gets the lines around it. */
static enum stir_err as_pem(struct stir_slice *text, struct stir_arena *arena)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n", end[] = "\n-----END CERTIFICATE-----\n";
    size_t n = sizeof(begin) + sizeof(end) + text->n;
    if (stir_slice_find(*text, '-') < text->n)
        return STIR_OK;
    char *pem = stir_arena_get(arena, n);
    if (!pem)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(pem, n);
    stir_put_text(&w, begin);
    stir_put_slice(&w, *text);
    stir_put_text(&w, end);
    *text = stir_slice_of(pem, w.need);
    return STIR_OK;
}

static bool is_own_trouble(enum stir_err err)
{
    return err == STIR_ENOMEM || err == STIR_ECRYPTO;
}

/* One entry: usually one certificate. */
static enum stir_err read_entry(struct reading *r, struct stir_ca_list *list, struct stir_json entry)
{
    struct stir_ca_list_info *info = &list->info;
    struct stir_slice text = {NULL, 0};
    size_t n = 0;
    if (entry.type != STIR_JSON_STRING)
        return refuse(r, STIR_EVALUE, "trustList holds something that is no string");
    TRY(stir_json_string(&text, entry, &r->arena));
    TRY(as_pem(&text, &r->arena));
    size_t room = STIR_MAX_LISTED - info->n_certs;
    if (room == 0)
        return refuse(r, STIR_ELIMIT, "the list has more certificates than any real one");
    enum stir_err err = stir_certs_parse(list->certs + info->n_certs, room < STIR_MAX_CHAIN ? room : STIR_MAX_CHAIN, &n, text, NULL);
    if (is_own_trouble(err))
        return err;
    info->n_certs += n;
    info->n_unread += err != STIR_OK;
    return STIR_OK;
}

static enum stir_err read_certificates(struct reading *r, struct stir_ca_list *list)
{
    struct stir_json entries;
    if (!stir_json_member(r->jws.payload, "trustList", &entries) || entries.type != STIR_JSON_ARRAY)
        return refuse(r, STIR_EVALUE, "the list lacks trustList, the array of its certificates");
    for (struct stir_json_iter it = stir_json_iter(entries); stir_json_next(&it);)
        TRY(read_entry(r, list, it.value));
    if (list->info.n_certs == 0)
        return refuse(r, STIR_EVALUE, "the list holds no certificate that can be read: nobody would be trusted");
    return STIR_OK;
}

/* ---- The whole ---- */

/* The JWS of what came, and what its header says. */
static enum stir_err open_list(struct reading *r, struct stir_ca_list *list, struct stir_slice *jws, struct stir_slice text)
{
    *jws = stir_slice_trim(text);
    if (jws->n && jws->p[0] == '{')
        TRY(open_answer(r, jws, *jws));
    TRY(stir_jws_read(&r->jws, &r->arena, *jws, r->diag));
    return read_header(r, list);
}

static enum stir_err check(struct reading *r, struct stir_ca_list *list, struct stir_slice text, struct stir_slice signer_pem, struct stir_slice root_pem,
                           int64_t last_sequence)
{
    struct stir_slice jws;
    TRY(open_list(r, list, &jws, text));
    TRY(check_signer(r, list, signer_pem, root_pem));
    TRY(check_signature(r)); /* what stands in it is believed from here on */
    TRY(read_claims(r, list, last_sequence));
    TRY(read_certificates(r, list));
    list->info.jws = stir_arena_copy(&list->arena, jws);
    return list->info.jws.p ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err check_length(struct stir_slice text, struct stir_diag *diag)
{
    if (text.n <= STIR_MAX_CA_LIST)
        return STIR_OK;
    return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the list is longer than %u bytes, which no real one is", STIR_MAX_CA_LIST);
}

enum stir_err stir_ca_list_signer_url(char *url, size_t cap, struct stir_slice text, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct reading r = {.diag = diag};
    struct stir_slice jws;
    if (!url || !text.p)
        return STIR_EARG;
    TRY(check_length(text, diag));
    STIR_AUTO_STRUCT(stir_ca_list) *list = calloc(1, sizeof(*list));
    if (!list)
        return STIR_ENOMEM;
    enum stir_err err = open_list(&r, list, &jws, text);
    stir_arena_clear(&r.arena);
    TRY(err);
    if (list->info.x5u.n >= cap)
        return STIR_ELIMIT;
    memcpy(url, list->info.x5u.p, list->info.x5u.n);
    url[list->info.x5u.n] = '\0';
    return STIR_OK;
}

enum stir_err stir_ca_list_parse(struct stir_ca_list **out, struct stir_slice text, struct stir_slice signer_pem, struct stir_slice pa_root_pem,
                                 int64_t last_sequence, int64_t now, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct reading r = {.now = now, .diag = diag};
    if (!out || !text.p || !signer_pem.p || !pa_root_pem.p)
        return STIR_EARG;
    TRY(check_length(text, diag));
    STIR_AUTO_STRUCT(stir_ca_list) *list = calloc(1, sizeof(*list));
    if (!list)
        return STIR_ENOMEM;
    enum stir_err err = check(&r, list, text, signer_pem, pa_root_pem, last_sequence);
    stir_pa_signer_clear(&r.signer);
    stir_arena_clear(&r.arena);
    TRY(err);
    *out = STIR_MOVE(list);
    return STIR_OK;
}

void stir_ca_list_free(struct stir_ca_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->info.n_certs; i++)
        stir_cert_free(list->certs[i]);
    stir_arena_clear(&list->arena);
    free(list);
}

const struct stir_ca_list_info *stir_ca_list_info(const struct stir_ca_list *list)
{
    return &list->info;
}

struct stir_cert *stir_ca_list_cert(const struct stir_ca_list *list, size_t i)
{
    return list && i < list->info.n_certs ? list->certs[i] : NULL;
}

enum stir_err stir_trust_add_ca_list(struct stir_trust_builder *builder, const struct stir_ca_list *list)
{
    if (!builder || !list)
        return STIR_EARG;
    for (size_t i = 0; i < list->info.n_certs; i++)
        TRY(stir_trust_add_anchor(builder, list->certs[i]));
    return STIR_OK;
}
