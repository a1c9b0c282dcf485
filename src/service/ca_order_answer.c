/* What an order looks like from outside, and several faults of one request. */
#include "service/ca_order.h"

#include <stdarg.h>
#include <stdlib.h>

#include <stir/call.h>

const char *stir_ca_time(struct stir_arena *arena, int64_t at)
{
    char text[21];
    return stir_time_write(text, at) == STIR_OK ? stir_arena_format(arena, "%s", text) : NULL;
}

/* Members that may be missing. jansson answers -1 to a NULL, and so does this. */
static int set_time(json_t *json, const char *name, struct stir_arena *arena, int64_t at)
{
    const char *text = stir_ca_time(arena, at);
    return text ? json_object_set_new(json, name, json_string(text)) : -1;
}
static int set_url(json_t *json, const char *name, const char *url)
{
    return url ? json_object_set_new(json, name, json_string(url)) : -1;
}

/* The x5u of a certificate (RFC 9448 §7): where its chain is published. */
static const char *x5u_of(struct stir_ca_request *r, struct stir_slice serial)
{
    const char *base = r->ca->conf->ca.publish_url;
    size_t n = strlen(base);
    return stir_arena_format(&r->arena, "%s%s%.*s.pem", base, n && base[n - 1] == '/' ? "" : "/", STIR_SHOW(serial));
}

/*= RFC9448-7 */
static int set_certificate(struct stir_ca_request *r, json_t *json, const struct stir_ca_order *order)
{
    const char *id = stir_arena_copy(&r->arena, order->id).p;
    int bad = set_url(json, "certificate", id ? stir_ca_url(r, "cert", id, NULL) : NULL);
    if (r->ca->conf->ca.publish_url[0])
        bad |= set_url(json, "x5u", x5u_of(r, order->serial));
    return bad;
}

static int set_error(json_t *json, const struct stir_ca_order *order)
{
    if (order->error.p)
        return json_object_set_new(json, "error", json_loadb(order->error.p, order->error.n, 0, NULL));
    if (order->over)
        return json_object_set_new(json, "error",
                                   stir_problem_json(STIR_PROBLEM_UNAUTHORIZED, 0, "the order was over before a certificate was asked for; make a new order"));
    return 0;
}

/*= RFC8555-7.1.3 */
static json_t *order_json(struct stir_ca_request *r, const struct stir_ca_order *order)
{
    const char *id = stir_arena_copy(&r->arena, order->id).p, *authorization = stir_arena_copy(&r->arena, order->authorization).p;
    if (!id || (order->authorization.p && !authorization))
        return NULL;
    json_t *json = json_pack("{s:s%, s:[{s:s%, s:s%}], s:s%}", "status", order->status.p, order->status.n, "identifiers", "type", order->type.p, order->type.n,
                             "value", order->value.p, order->value.n, "profile", order->profile.p, order->profile.n);
    if (!json)
        return NULL;
    json_t *list = json_array();
    int bad = authorization ? json_array_append_new(list, json_string(stir_ca_url(r, "authz", authorization, NULL))) : 0;
    bad |= json_object_set_new(json, "authorizations", list);
    bad |= set_url(json, "finalize", stir_ca_url(r, "order", id, "finalize"));
    bad |= set_time(json, "expires", &r->arena, order->expires);
    if (order->not_before)
        bad |= set_time(json, "notBefore", &r->arena, order->not_before);
    if (order->not_after)
        bad |= set_time(json, "notAfter", &r->arena, order->not_after);
    if (stir_ca_is(order->status, "valid"))
        bad |= set_certificate(r, json, order);
    if (stir_ca_is(order->status, "invalid"))
        bad |= set_error(json, order);
    if (!bad)
        return json;
    json_decref(json);
    return NULL;
}

void stir_ca_answer_order(struct stir_ca_request *r, int status, const struct stir_ca_order *order)
{
    struct stir_ca_order shown = *order;
    /* Clients under test see an order that is slower than it is (RFC 8555 §7.4: they ask again). */
    bool slow = status == 200 && stir_ca_is(order->status, "valid") && stir_ca_chance(r->ca, STIR_CHAOS_SLOW);
    if (slow)
        shown.status = stir_slice_str("processing");
    const char *id = stir_arena_copy(&r->arena, order->id).p, *url = id ? stir_ca_url(r, "order", id, NULL) : NULL;
    stir_ca_answer(r, status, order_json(r, &shown));
    if (url)
        stir_exchange_field(r->x, "Location", "%s", url);
    if (stir_ca_is(shown.status, "processing"))
        stir_ca_retry_after(r, STIR_CA_POLL);
}

/* --- faults of a request --- */

void stir_ca_fault(struct stir_ca_faults *faults, enum stir_problem problem, const char *format, ...)
{
    if (faults->n == STIR_CA_MAX_FAULTS) {
        faults->left_out++;
        return;
    }
    struct stir_ca_fault *fault = &faults->fault[faults->n++];
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    fault->problem = problem;
    fault->type = fault->value = (struct stir_slice){NULL, 0};
}

static json_t *fault_json(const struct stir_ca_fault *fault)
{
    json_t *json = stir_problem_json(fault->problem, 0, "%s", fault->text);
    json_object_del(json, "status"); /* of the answer, which has one */
    if (!fault->type.p || !json)
        return json;
    json_t *identifier = json_pack("{s:s%, s:s%}", "type", fault->type.p, fault->type.n, "value", fault->value.p, fault->value.n);
    if (json_object_set_new(json, "identifier", identifier) == 0)
        return json;
    json_decref(json);
    return NULL;
}

/* What all of them are, or `compound`. */
static enum stir_problem common(const struct stir_ca_faults *faults)
{
    for (size_t i = 1; i < faults->n; i++)
        if (faults->fault[i].problem != faults->fault[0].problem)
            return STIR_PROBLEM_COMPOUND;
    return faults->fault[0].problem;
}

/*= RFC8555-6.7.1 */
bool stir_ca_without_faults(struct stir_ca_request *r, const struct stir_ca_faults *faults, const char *what)
{
    if (!faults->n)
        return true;
    if (faults->n == 1 && !faults->fault[0].type.p)
        return stir_ca_refuse(r, faults->fault[0].problem, "%s", faults->fault[0].text);
    enum stir_problem problem = common(faults);
    json_t *json = faults->n == 1 ? stir_problem_json(problem, 0, "%s", faults->fault[0].text)
                                  : stir_problem_json(problem, 0, "%s: %zu faults, each in \"subproblems\"", what, faults->n + faults->left_out);
    json_t *list = json_array();
    int bad = json ? json_object_set_new(json, "subproblems", list) : (json_decref(list), -1);
    for (size_t i = 0; !bad && i < faults->n; i++)
        bad = json_array_append_new(list, fault_json(&faults->fault[i]));
    if (!bad)
        return stir_ca_refuse_json(r, json);
    json_decref(json);
    return stir_ca_went(r, STIR_ENOMEM, NULL);
}

bool stir_ca_text_member(struct stir_ca_request *r, const char *name, struct stir_slice *out)
{
    struct stir_json value;
    *out = (struct stir_slice){NULL, 0};
    if (!stir_json_member(r->jws.payload, name, &value))
        return true;
    if (value.type != STIR_JSON_STRING)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"%s\" is no string", name);
    return stir_ca_went(r, stir_json_string(out, value, &r->arena), NULL);
}
