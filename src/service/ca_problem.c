#include "service/ca_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ACME_ERROR "urn:ietf:params:acme:error:"

/*= RFC8555-6.7 */
static const struct {
    const char *type;
    int status; /* where nothing else is said */
} problems[STIR_PROBLEMS] = {
    [STIR_PROBLEM_NONE] = {"about:blank", 500},
    [STIR_PROBLEM_ACCOUNT_DOES_NOT_EXIST] = {ACME_ERROR "accountDoesNotExist", 400},
    [STIR_PROBLEM_ALREADY_REVOKED] = {ACME_ERROR "alreadyRevoked", 400},
    [STIR_PROBLEM_BAD_CSR] = {ACME_ERROR "badCSR", 400},
    [STIR_PROBLEM_BAD_NONCE] = {ACME_ERROR "badNonce", 400},
    [STIR_PROBLEM_BAD_PUBLIC_KEY] = {ACME_ERROR "badPublicKey", 400},
    [STIR_PROBLEM_BAD_REVOCATION_REASON] = {ACME_ERROR "badRevocationReason", 400},
    [STIR_PROBLEM_BAD_SIGNATURE_ALGORITHM] = {ACME_ERROR "badSignatureAlgorithm", 400},
    [STIR_PROBLEM_COMPOUND] = {ACME_ERROR "compound", 400},
    [STIR_PROBLEM_CONNECTION] = {ACME_ERROR "connection", 400},
    [STIR_PROBLEM_EXTERNAL_ACCOUNT_REQUIRED] = {ACME_ERROR "externalAccountRequired", 403},
    [STIR_PROBLEM_INCORRECT_RESPONSE] = {ACME_ERROR "incorrectResponse", 403},
    [STIR_PROBLEM_INVALID_CONTACT] = {ACME_ERROR "invalidContact", 400},
    [STIR_PROBLEM_MALFORMED] = {ACME_ERROR "malformed", 400},
    [STIR_PROBLEM_ORDER_NOT_READY] = {ACME_ERROR "orderNotReady", 403},
    [STIR_PROBLEM_RATE_LIMITED] = {ACME_ERROR "rateLimited", 429},
    [STIR_PROBLEM_REJECTED_IDENTIFIER] = {ACME_ERROR "rejectedIdentifier", 403},
    [STIR_PROBLEM_SERVER_INTERNAL] = {ACME_ERROR "serverInternal", 500},
    [STIR_PROBLEM_UNAUTHORIZED] = {ACME_ERROR "unauthorized", 401},
    [STIR_PROBLEM_UNSUPPORTED_CONTACT] = {ACME_ERROR "unsupportedContact", 400},
    [STIR_PROBLEM_UNSUPPORTED_IDENTIFIER] = {ACME_ERROR "unsupportedIdentifier", 400},
    [STIR_PROBLEM_USER_ACTION_REQUIRED] = {ACME_ERROR "userActionRequired", 403},
};

const char *stir_problem_type(enum stir_problem problem)
{
    return problem < STIR_PROBLEMS ? problems[problem].type : problems[STIR_PROBLEM_NONE].type;
}

const char *stir_problem_name(enum stir_problem problem)
{
    const char *type = stir_problem_type(problem), *colon = strrchr(type, ':');
    return colon ? colon + 1 : type;
}

/* What strangers wrote goes into a JSON string and onto a terminal: no control character, nothing that is no UTF-8. */
static void put_clean(struct stir_writer *w, const char *text)
{
    bool utf8 = stir_utf8_valid(stir_slice_str(text));
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            stir_put_format(w, "\\x%02x", c);
        else
            stir_put_char(w, c >= 0x80 && !utf8 ? '?' : (char)c);
    }
}

static json_t *make(enum stir_problem problem, int status, const char *format, va_list args)
{
    char said[STIR_PROBLEM_DETAIL], detail[4 * STIR_PROBLEM_DETAIL + 1];
    struct stir_writer w = stir_writer_of(detail, sizeof(detail));
    vsnprintf(said, sizeof(said), format, args);
    put_clean(&w, said);
    if (stir_writer_close(&w, NULL) != STIR_OK)
        return NULL;
    return json_pack("{s:s, s:s, s:i}", "type", stir_problem_type(problem), "detail", detail, "status", status ? status : problems[problem].status);
}

json_t *stir_problem_json(enum stir_problem problem, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *json = make(problem, status, format, args);
    va_end(args);
    return json;
}

bool stir_ca_refuse_json(struct stir_ca_request *r, json_t *document)
{
    json_int_t status = json_integer_value(json_object_get(document, "status"));
    if (r->answered) {
        json_decref(document);
        return false;
    }
    r->answered = true;
    stir_exchange_json(r->x, status >= 400 && status < 600 ? (int)status : 500, "application/problem+json", document);
    return false;
}

/* What a type must have beside. */
static json_t *complete(enum stir_problem problem, json_t *json)
{
    if (problem == STIR_PROBLEM_BAD_SIGNATURE_ALGORITHM && json && json_object_set_new(json, "algorithms", json_pack("[s]", "ES256"))) /*= RFC8555-6.2 */ {
        json_decref(json);
        return NULL;
    }
    return json;
}

bool stir_ca_refuse(struct stir_ca_request *r, enum stir_problem problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *json = complete(problem, make(problem, 0, format, args));
    va_end(args);
    return stir_ca_refuse_json(r, json);
}

bool stir_ca_refuse_as(struct stir_ca_request *r, enum stir_problem problem, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *json = complete(problem, make(problem, status, format, args));
    va_end(args);
    return stir_ca_refuse_json(r, json);
}

bool stir_ca_went(struct stir_ca_request *r, enum stir_err err, const struct stir_diag *diag)
{
    enum { AGAIN = 2 }; /* seconds: those it met are done by then */
    if (err == STIR_OK)
        return true;
    if (err == STIR_EIO)
        atomic_store(&r->ca->memory->store_failed, r->x->now);
    stir_clerk_say(r->clerk, err == STIR_EBUSY ? 1 : 0, "acme-fault", "%s: %s%s%s", r->x->event ? r->x->event : "acme", stir_err_text(err),
                   diag && diag->text[0] ? ": " : "", diag ? diag->text : "");
    if (err != STIR_EBUSY)
        return stir_ca_refuse(r, STIR_PROBLEM_SERVER_INTERNAL, "the certificate authority could not do it; its operator finds the reason in its log");
    stir_ca_refuse_as(r, STIR_PROBLEM_SERVER_INTERNAL, 503, "too much is done at once here; ask the same again");
    stir_ca_retry_after(r, AGAIN);
    return false;
}

void stir_ca_answer(struct stir_ca_request *r, int status, json_t *json)
{
    if (r->answered) {
        json_decref(json);
        return;
    }
    r->answered = true;
    stir_exchange_json(r->x, status, "application/json", stir_ca_disorder(r->ca, json));
}

const char *stir_ca_url(struct stir_ca_request *r, const char *resource, const char *id, const char *rest)
{
    const char *url = stir_arena_format(&r->arena, "%s/%s%s%s%s%s", r->ca->base, resource, id ? "/" : "", id ? id : "", rest ? "/" : "", rest ? rest : "");
    if (!url)
        stir_ca_went(r, STIR_ENOMEM, NULL);
    return url;
}
