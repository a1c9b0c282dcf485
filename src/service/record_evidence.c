#include "service/record_text.h"

#include <openssl/evp.h>

#include "io/clock.h"

/* A record as it grows: members after the first, which is written by hand. */
struct object {
    struct stir_writer *w;
    bool in_short;
};

static void put_name(const struct object *o, const char *name)
{
    stir_put_text(o->w, ",\"");
    stir_put_text(o->w, name);
    stir_put_text(o->w, "\":");
}

static void put_hex(struct stir_writer *w, const unsigned char *bytes, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        stir_put_char(w, hex[bytes[i] >> 4]);
        stir_put_char(w, hex[bytes[i] & 15]);
    }
}

static void put_slice(const struct object *o, const char *name, struct stir_slice value)
{
    if (!value.p)
        return;
    if (o->in_short && value.n > STIR_EVIDENCE_HEAD)
        value = stir_slice_upto(value, STIR_EVIDENCE_HEAD);
    put_name(o, name);
    stir_put_plain_string(o->w, value);
}

static void put_text(const struct object *o, const char *name, const char *value)
{
    if (value && value[0])
        put_slice(o, name, stir_slice_str(value));
}

static void put_int(const struct object *o, const char *name, int64_t value)
{
    put_name(o, name);
    stir_put_int(o->w, value);
}

static void put_bool(const struct object *o, const char *name, bool value)
{
    put_name(o, name);
    stir_put_text(o->w, value ? "true" : "false");
}

static void put_source(const struct object *o, const struct stir_source *source)
{
    if (!source)
        return;
    put_text(o, "source", source->address);
    if (source->trunk) {
        put_text(o, "trunk", source->trunk->name);
        put_text(o, "customer", source->trunk->customer);
    }
    if (source->tenant) {
        put_text(o, "tenant", source->tenant->name);
        put_text(o, "tenant_kind", source->tenant->kind == STIR_TENANT_PROVIDER ? "provider" : "customer");
    }
    put_bool(o, "proven", source->proven);
}

/* A value by its hash: what it was can be shown, not read. */
static void put_digest(struct stir_writer *w, struct stir_slice value)
{
    unsigned char digest[32] = {0};
    unsigned n = 0;
    if (EVP_Digest(value.p, value.n, digest, &n, EVP_sha256(), NULL) != 1)
        n = 0;
    stir_put_text(w, "{\"sha256\":\"");
    put_hex(w, digest, n);
    stir_put_format(w, "\",\"bytes\":%zu}", value.n);
}

static void put_identities(const struct object *o, const struct stir_record *record)
{
    if (!record->identities)
        return;
    put_name(o, "identity");
    stir_put_char(o->w, '[');
    for (size_t i = 0; i < record->n_identities; i++) {
        if (i)
            stir_put_char(o->w, ',');
        if (o->in_short)
            put_digest(o->w, record->identities[i]);
        else
            stir_put_plain_string(o->w, record->identities[i]);
    }
    stir_put_char(o->w, ']');
}

static void put_sign(const struct object *o, const struct stir_record *record)
{
    put_text(o, "result", stir_sign_result_text(record->result));
    put_text(o, "ppt", stir_ppt_text(record->ppt));
    if (record->attest)
        put_slice(o, "attest", stir_slice_of(&record->attest, 1));
    put_text(o, "rule", record->rule);
    put_text(o, "proof", record->proof);
    put_text(o, "signer", record->signer);
    put_slice(o, "serial", record->serial);
    put_slice(o, "x5u", record->x5u);
    put_slice(o, "origid", record->origid);
    put_int(o, "new", (int64_t)record->n_new);
    put_int(o, "bytes_added", record->bytes_added);
    put_bool(o, "over_1300", record->over_1300);
}

/* The library's own JSON (docs/VERDICT.md), every check of every token. It is written into what room there is; if that is too little the record is, too. */
static void put_verdict(struct stir_writer *w, const struct stir_verdict *verdict)
{
    char none[1];
    const bool room = w->need < w->cap;
    size_t n = 0;
    if (stir_verdict_json(room ? w->p + w->need : none, room ? w->cap - w->need : sizeof(none), &n, verdict) == STIR_OK)
        w->need += n;
    else
        w->need = w->need > SIZE_MAX - n - 1 ? SIZE_MAX : w->need + n + 1;
}

static void put_verify(const struct object *o, const struct stir_record *record)
{
    const struct stir_verdict *v = record->verdict;
    if (v) {
        put_text(o, "verstat", stir_verstat_text(v->verstat));
        put_text(o, "reason", stir_reason_name(v->reason));
    }
    if (v && !o->in_short) {
        put_name(o, "verdict");
        put_verdict(o->w, v);
    }
    put_text(o, "action", record->unanswered ? NULL : stir_act_text(record->act));
    put_bool(o, "emergency", record->emergency);
    if (record->chain_hash) {
        put_name(o, "chain_sha256");
        stir_put_char(o->w, '"');
        put_hex(o->w, record->chain_hash, 32);
        stir_put_char(o->w, '"');
    }
}

static void begin(struct stir_writer *w, const char *kind, int64_t unix_ms)
{
    stir_put_format(w, "{\"schema\":1,\"kind\":\"%s\",\"time\":\"", kind);
    stir_put_utc(w, unix_ms);
    stir_put_char(w, '"');
}

void stir_put_evidence(struct stir_writer *w, const struct stir_record *record, const char *id, bool in_short)
{
    const struct object o = {w, in_short};
    begin(w, record->kind == STIR_RECORD_SIGN ? "sign" : "verify", record->unix_ms);
    put_text(&o, "id", id);
    put_text(&o, "way", stir_way_text(record->way));
    put_source(&o, record->source);
    put_slice(&o, "request_id", record->request_id);
    put_slice(&o, "call_id", record->call_id);
    put_slice(&o, "orig", record->orig);
    put_slice(&o, "dest", record->dest);
    put_slice(&o, "ruri", record->ruri);
    put_slice(&o, "date", record->date);
    put_text(&o, "conf", record->conf_hash);
    if (record->kind == STIR_RECORD_SIGN)
        put_sign(&o, record);
    else
        put_verify(&o, record);
    put_identities(&o, record);
    put_text(&o, "why", record->why);
    if (record->unanswered)
        put_bool(&o, "unanswered", true);
    if (in_short)
        put_bool(&o, "in_short", true);
    if (record->sip_code)
        put_int(&o, "sip", record->sip_code);
    if (record->http_code)
        put_int(&o, "http", record->http_code);
    put_int(&o, "took_us", record->took_us);
    put_int(&o, "waited_us", record->waited_us);
    stir_put_char(w, '}');
}
