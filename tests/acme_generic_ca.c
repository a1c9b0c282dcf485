/* The certificate authority for clients that know names of the DNS and nothing of telephones: certbot, lego, uacme. It is `stir` with four functions wrapped by
 * the linker (tests/meson.build), and is built for tests alone: nothing of the product knows of it, and no switch of the product makes it. A name is ordered as
 * the TNAuthList of a code made of it, http-01 stands for tkauth-01, and every answer to it is a good token. All else (accounts, nonces, orders, states,
 * problems, certificates, revocation) is the product's own: what those clients drive is the whole of RFC 8555. */
#include "service/ca_parts.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 64, NAME = 254, CODE = 13, VALUE = 64 };

/* Names that were ordered. Entries are never changed once they are counted. */
static struct name {
    char name[NAME], code[CODE], value[VALUE]; /* "a.example.com", its code, and the base64url of the list */
    struct stir_tnauth *list;
} names[NAMES];
static size_t n_names;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void make_name(struct name *out, struct stir_slice name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    snprintf(out->name, sizeof(out->name), "%.*s", (int)name.n, name.p);
    if (EVP_Digest(name.p, name.n, digest, NULL, EVP_sha256(), NULL) != 1)
        abort();
    for (size_t i = 0; i < (CODE - 1) / 2; i++)
        snprintf(out->code + 2 * i, 3, "%02X", digest[i]);
    const struct stir_tnauth_entry entry = {.kind = STIR_TNAUTH_SPC, .text = stir_slice_str(out->code)};
    struct stir_writer w = stir_writer_of(out->value, sizeof(out->value) - 1);
    if (stir_tnauth_new(&out->list, &entry, 1, NULL) != STIR_OK)
        abort();
    stir_put_b64url(&w, stir_tnauth_der(out->list));
    if (stir_writer_close(&w, NULL) != STIR_OK)
        abort();
}

/* By name, made when it is new; NULL: too many. */
static const struct name *by_name(struct stir_slice name)
{
    struct name *found = NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_names && !found; i++)
        if (stir_slice_is(name, names[i].name))
            found = &names[i];
    if (!found && n_names < NAMES && name.n && name.n < NAME) {
        found = &names[n_names++];
        make_name(found, name);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static const struct name *by_value(const char *value)
{
    const struct name *found = NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; value && i < n_names && !found; i++)
        if (strcmp(value, names[i].value) == 0)
            found = &names[i];
    pthread_mutex_unlock(&lock);
    return found;
}

/* --- what is asked: rewritten behind the door, where its signature has been checked --- */

static bool put_payload(struct stir_ca_request *r, const char *text)
{
    struct stir_slice kept = stir_arena_copy(&r->arena, stir_slice_str(text));
    return kept.p && stir_json_parse(&r->jws.payload, kept, NULL, NULL) == STIR_OK;
}

/* {"identifiers":[{"type":"dns","value":NAME}]}: the one name that an order of ours can have. */
static bool translate_order(struct stir_ca_request *r)
{
    struct stir_json list, type, value;
    struct stir_slice text;
    char payload[256];
    if (!stir_json_member(r->jws.payload, "identifiers", &list))
        return true;
    struct stir_json_iter it = stir_json_iter(list);
    if (!stir_json_next(&it) || !stir_json_member(it.value, "type", &type) || !stir_json_member(it.value, "value", &value) ||
        stir_json_string(&text, type, &r->arena) != STIR_OK || !stir_slice_is(text, "dns") || stir_json_string(&text, value, &r->arena) != STIR_OK ||
        stir_json_next(&it))
        return true;
    const struct name *name = by_name(text);
    if (!name)
        return true;
    snprintf(payload, sizeof(payload), "{\"identifiers\":[{\"type\":\"TNAuthList\",\"value\":\"%s\"}]}", name->value);
    return put_payload(r, payload);
}

/* A token that reads as one: each with a jti of its own. Nobody looks at its signature here. */
static bool translate_answer(struct stir_ca_request *r)
{
    char jti[37], claims[512], text[1024], payload[1200], signature[86 + 1];
    if (stir_uuid(jti) != STIR_OK)
        return false;
    snprintf(claims, sizeof(claims),
             "{\"atc\":{\"ca\":false,\"fingerprint\":\"SHA256 %s\",\"tktype\":\"TNAuthList\",\"tkvalue\":\"MAigBhYENzA5Sg\"},\"exp\":%lld,\"jti\":\"%s\"}",
             "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00", (long long)r->x->now + 600, jti);
    memset(signature, 'A', sizeof(signature) - 1);
    signature[sizeof(signature) - 1] = '\0';
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    stir_put_b64url(&w, stir_slice_str("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5c\":[\"MAA=\"]}"));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_str(claims));
    stir_put_char(&w, '.');
    stir_put_text(&w, signature);
    if (stir_writer_close(&w, NULL) != STIR_OK)
        return false;
    snprintf(payload, sizeof(payload), "{\"tkauth\":\"%s\"}", text);
    return put_payload(r, payload);
}

bool __real_stir_ca_enter(struct stir_ca_request *r, enum stir_ca_who who);
bool __wrap_stir_ca_enter(struct stir_ca_request *r, enum stir_ca_who who);
bool __wrap_stir_ca_enter(struct stir_ca_request *r, enum stir_ca_who who)
{
    if (!__real_stir_ca_enter(r, who))
        return false;
    struct stir_slice rest = stir_slice_from(r->x->path, strlen(r->ca->path) + 1);
    if (r->post_as_get)
        return true;
    if (stir_slice_is(rest, "new-order"))
        return translate_order(r);
    return !stir_slice_is(stir_slice_upto(rest, strlen("chall/")), "chall/") || translate_answer(r);
}

/* Every token is a good one. */
enum stir_err __wrap_stir_token_check(enum stir_token_fault *fault, const struct stir_token *token, const struct stir_token_demand *demand,
                                      struct stir_diag *diag);
enum stir_err __wrap_stir_token_check(enum stir_token_fault *fault, const struct stir_token *token, const struct stir_token_demand *demand,
                                      struct stir_diag *diag)
{
    (void)token;
    (void)demand;
    (void)diag;
    *fault = STIR_TOKEN_GOOD;
    return STIR_OK;
}

/* --- what is answered --- */

static void translate_member(json_t *json)
{
    const char *type = json_string_value(json_object_get(json, "type")); /* until it is set anew */
    if (type && strcmp(type, "tkauth-01") == 0) {
        json_object_set_new(json, "type", json_string("http-01"));
        json_object_del(json, "tkauth-type");
    } else if (type && strcmp(type, "TNAuthList") == 0) {
        const struct name *name = by_value(json_string_value(json_object_get(json, "value")));
        if (name) {
            json_object_set_new(json, "type", json_string("dns"));
            json_object_set_new(json, "value", json_string(name->name));
        }
    }
}

/* Identifiers and challenges lie one level deep; a challenge alone is the answer itself. */
static void translate(json_t *json)
{
    static const char *const lists[] = {"identifiers", "challenges"};
    translate_member(json);
    translate_member(json_object_get(json, "identifier"));
    for (size_t i = 0; i < 2; i++) {
        size_t k;
        json_t *item;
        json_array_foreach(json_object_get(json, lists[i]), k, item) translate_member(item);
    }
}

void __real_stir_ca_answer(struct stir_ca_request *r, int status, json_t *json);
void __wrap_stir_ca_answer(struct stir_ca_request *r, int status, json_t *json);
void __wrap_stir_ca_answer(struct stir_ca_request *r, int status, json_t *json)
{
    translate(json);
    __real_stir_ca_answer(r, status, json);
}

/* --- the request for a certificate: its one name, as the request that a provider would send --- */

static const struct name *asked_name(struct stir_slice der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)der.n);
    STACK_OF(X509_EXTENSION) *extensions = request ? X509_REQ_get_extensions(request) : NULL;
    GENERAL_NAMES *all = extensions ? X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL) : NULL;
    const struct name *found = NULL;
    if (sk_GENERAL_NAME_num(all) == 1 && sk_GENERAL_NAME_value(all, 0)->type == GEN_DNS) {
        const ASN1_IA5STRING *name = sk_GENERAL_NAME_value(all, 0)->d.dNSName;
        found = by_name(stir_slice_of(ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name)));
    }
    GENERAL_NAMES_free(all);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    return found;
}

const struct stir_csr_info *__real_stir_csr_info(const struct stir_csr *csr);
const struct stir_csr_info *__wrap_stir_csr_info(const struct stir_csr *csr);
const struct stir_csr_info *__wrap_stir_csr_info(const struct stir_csr *csr)
{
    static _Thread_local struct stir_csr_info info;
    static _Thread_local char cn[8 + CODE];
    info = *__real_stir_csr_info(csr);
    const struct name *name = asked_name(info.der);
    if (!name)
        return __real_stir_csr_info(csr);
    snprintf(cn, sizeof(cn), "SHAKEN %s", name->code);
    info.cn = stir_slice_str(cn);
    info.o = stir_slice_str("Generic");
    info.c = stir_slice_str("US");
    info.tnauth = STIR_PART_GOOD;
    info.tnauth_list = name->list;
    info.n_sans = 0;
    return &info;
}
