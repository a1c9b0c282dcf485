/* What every answer of the administrator has in common, and what every request. */
#include "service/pa_parts.h"

#include "service/audit.h"

#include <stdio.h>
#include <string.h>

void stir_pa_refuse(struct stir_exchange *x, int status, const char *code, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    stir_exchange_json(x, status, "application/json", json_pack("{s:s, s:s, s:s}", "status", "error", "code", code, "message", message));
}

void stir_pa_fail(struct stir_clerk *clerk, struct stir_exchange *x, enum stir_err err, const struct stir_diag *diag)
{
    const char *why = diag->text[0] ? diag->text : stir_err_text(err);
    stir_clerk_say(clerk, 0, "pa", "request=\"%s\" failed=\"%s\"", x->event ? x->event : "", why);
    stir_exchange_field(x, "Retry-After", "%d", err == STIR_EBUSY ? 1 : STIR_PA_RETRY_MS / 1000);
    stir_pa_refuse(x, 503, "unavailable", "the administrator cannot work on this now; nothing was done: ask again");
}

bool stir_pa_body(struct stir_exchange *x, struct stir_json *out, size_t max)
{
    struct stir_diag diag = {0};
    struct stir_slice type = stir_slice_trim(stir_slice_upto(x->content_type, stir_slice_find(x->content_type, ';')));
    if (x->too_long || x->body.n > max)
        stir_pa_refuse(x, 413, "body-too-long", "the body is longer than the %zu bytes that are read", max);
    else if (type.n && !stir_slice_ieq(type, stir_slice_str("application/json")))
        stir_pa_refuse(x, 415, "content-type", "the body must be application/json");
    else if (stir_json_parse(out, x->body, NULL, &diag) != STIR_OK || out->type != STIR_JSON_OBJECT)
        stir_pa_refuse(x, 400, "not-json", "the body is no JSON object%s%s", diag.text[0] ? ": " : "", diag.text);
    else
        return true;
    return false;
}

bool stir_pa_text(struct stir_slice *out, struct stir_json object, const char *name, struct stir_arena *arena)
{
    struct stir_json value;
    *out = stir_slice_str(NULL);
    return stir_json_member(object, name, &value) && value.type == STIR_JSON_STRING && stir_json_string(out, value, arena) == STIR_OK && out->p;
}

struct stir_slice stir_pa_bearer(const struct stir_exchange *x)
{
    static const char word[] = "bearer ";
    struct stir_slice token = stir_slice_trim(x->authorization);
    size_t n = sizeof(word) - 1;
    if (token.n > n && stir_slice_ieq(stir_slice_upto(token, n), stir_slice_str(word)))
        token = stir_slice_trim(stir_slice_from(token, n));
    return token.n && token.n <= STIR_PA_MAX_BEARER ? token : stir_slice_str(NULL);
}

bool stir_pa_same(struct stir_exchange *x, const char *tag)
{
    stir_exchange_field(x, "ETag", "%s", tag);
    stir_exchange_field(x, "Cache-Control", "no-cache");
    stir_exchange_field(x, "Vary", "Accept");
    if (!stir_slice_is(stir_slice_trim(x->if_none_match), tag))
        return false;
    x->status = 304;
    return true;
}

enum stir_err stir_pa_hash(unsigned char hash[STIR_SHA256], struct stir_clerk *clerk, struct stir_slice secret)
{
    return stir_es256_digest(clerk->ctx, secret, hash);
}

void stir_pa_hex(char text[STIR_PA_SHA_TEXT], const unsigned char hash[STIR_SHA256])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < STIR_SHA256; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text[2 * STIR_SHA256] = '\0';
}

enum stir_err stir_pa_audit(struct stir_clerk *clerk, int64_t now, const char *event, const char *actor, const char *subject, json_t *detail)
{
    char *text = detail ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(detail);
    if (!text)
        return STIR_ENOMEM;
    const struct stir_audit_entry entry = {event, actor, subject, text};
    enum stir_err err = stir_audit_add(clerk->store, clerk->node, now * 1000, &entry);
    free(text);
    return err;
}
