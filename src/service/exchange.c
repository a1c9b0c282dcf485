#include "service/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

static void drop_body(struct stir_exchange *x)
{
    if (x->body_out && x->cleanse)
        OPENSSL_cleanse(x->body_out, x->n_out);
    free(x->body_out);
    x->body_out = NULL;
    x->n_out = 0;
}

void stir_exchange_clear(struct stir_exchange *x)
{
    drop_body(x);
    x->type = NULL;
    x->n_fields = 0;
}

/* Nothing but the status is left. */
static bool fail(struct stir_exchange *x)
{
    stir_exchange_clear(x);
    x->status = 500;
    return false;
}

bool stir_exchange_answer(struct stir_exchange *x, int status, const char *type, struct stir_slice body)
{
    drop_body(x);
    x->body_out = malloc(body.n + 1);
    if (!x->body_out)
        return fail(x);
    if (body.n)
        memcpy(x->body_out, body.p, body.n);
    x->body_out[body.n] = '\0';
    x->n_out = body.n;
    x->status = status;
    x->type = type;
    return true;
}

bool stir_exchange_json(struct stir_exchange *x, int status, const char *type, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    drop_body(x);
    if (!text)
        return fail(x);
    x->body_out = text;
    x->n_out = strlen(text);
    x->status = status;
    x->type = type;
    return true;
}

/* What a header field may have (RFC 9110 §5.5): no control character. */
static bool is_field(const char *value)
{
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

void stir_exchange_field(struct stir_exchange *x, const char *name, const char *format, ...)
{
    if (x->n_fields == STIR_EXCHANGE_FIELDS) {
        fail(x);
        return;
    }
    char *value = x->fields[x->n_fields].value;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(value, STIR_EXCHANGE_FIELD, format, args);
    va_end(args);
    if (n < 0 || n >= STIR_EXCHANGE_FIELD || !is_field(value)) {
        fail(x);
        return;
    }
    x->fields[x->n_fields++].name = name;
}

bool stir_exchange_is(const struct stir_exchange *x, const char *method)
{
    return stir_slice_eq(x->method, stir_slice_str(method));
}
