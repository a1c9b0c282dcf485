/* The policy administrator's list of trusted CAs, written: what ca_list.c reads. */
#include <stir/token.h>

#include "core/ca_list.h"
#include "core/cert.h"
#include "core/url.h"

static enum stir_err refuse(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why);
}

/* A reader bears no list without a certificate: nobody would be trusted. */
static enum stir_err check(const struct stir_ca_list_params *p, struct stir_diag *diag)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, p->x5u, true);
    if (fault != STIR_URL_GOOD)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "x5u \"%.*s\": %s", STIR_SHOW(p->x5u), stir_url_fault_text(fault));
    if (p->sequence < 0 || p->exp <= 0)
        return refuse(diag, "sequence is below 0, or exp is missing");
    if (!p->certs || p->n == 0)
        return refuse(diag, "the list has no certificate: nobody would be trusted");
    if (p->n > STIR_MAX_LISTED)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the list has %zu certificates; %d are read", p->n, STIR_MAX_LISTED);
    for (size_t i = 0; i < p->n; i++)
        if (!p->certs[i])
            return STIR_EARG;
    return STIR_OK;
}

static void put_header(struct stir_writer *w, const struct stir_ca_list_params *p)
{
    stir_put_text(w, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":");
    stir_put_json_string(w, p->x5u);
    stir_put_char(w, '}');
}

/* PEM has no character that JSON escapes but its line ends. */
static enum stir_err put_certificate(struct stir_writer *w, const struct stir_cert *cert, struct stir_arena *arena)
{
    struct stir_slice der = stir_cert_info(cert)->der;
    size_t room = der.n * 2 + 128;
    char *pem = stir_arena_get(arena, room);
    if (!pem)
        return STIR_ENOMEM;
    struct stir_writer p = stir_writer_of(pem, room);
    stir_put_pem(&p, "CERTIFICATE", der);
    stir_put_json_string(w, stir_slice_of(pem, p.need));
    return STIR_OK;
}

static enum stir_err put_payload(struct stir_writer *w, const struct stir_ca_list_params *p, struct stir_arena *arena)
{
    stir_put_text(w, "{\"version\":\"1\",\"sequence\":");
    stir_put_int(w, p->sequence);
    stir_put_text(w, ",\"exp\":");
    stir_put_int(w, p->exp);
    stir_put_text(w, ",\"trustList\":[");
    for (size_t i = 0; i < p->n; i++) {
        if (i)
            stir_put_char(w, ',');
        TRY(put_certificate(w, p->certs[i], arena));
    }
    stir_put_text(w, "]}");
    return STIR_OK;
}

static enum stir_err put_list(struct stir_writer *w, struct stir_arena *arena, const struct stir_ca_list_params *p, const struct stir_signer *signer)
{
    size_t room = 256;
    char header[STIR_MAX_URL * 6 + 64];
    for (size_t i = 0; i < p->n; i++)
        room += stir_cert_info(p->certs[i])->der.n * 2 + 128;
    char *payload = stir_arena_get(arena, room);
    if (!payload)
        return STIR_ENOMEM;
    struct stir_writer h = stir_writer_of(header, sizeof(header)), c = stir_writer_of(payload, room);
    put_header(&h, p);
    TRY(put_payload(&c, p, arena));
    if (c.need > room)
        return STIR_ELIMIT;
    return stir_jws_put_compact(w, stir_slice_of(header, h.need), stir_slice_of(payload, c.need), signer);
}

enum stir_err stir_ca_list_make(char *buf, size_t cap, size_t *len, const struct stir_ca_list_params *params, const struct stir_signer *signer,
                                struct stir_diag *diag)
{
    struct stir_arena arena = {.limit = 4 * (size_t)STIR_MAX_LISTED * STIR_MAX_CERT};
    if ((!buf && cap) || !len || !params || params->size != sizeof(*params))
        return STIR_EARG;
    TRY(check(params, diag));
    struct stir_writer w = stir_writer_of(buf, cap ? cap - 1 : 0);
    enum stir_err err = put_list(&w, &arena, params, signer);
    stir_arena_clear(&arena);
    TRY(err);
    if (w.need > STIR_MAX_CA_LIST)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a list of %zu bytes is longer than the %u that are read", w.need, STIR_MAX_CA_LIST);
    w.cap = cap;
    return stir_writer_close(&w, len);
}
