/* The header fields of a peer's answer. What cannot be read is as if it were not there: whoever needs it says so. */
#include "io/peer.h"

#include <stdio.h>
#include <stdlib.h>

#include <stir/call.h>

#include "core/bytes.h"
#include "core/url.h"

static bool is_printable(struct stir_slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] <= ' ' || (unsigned char)value.p[i] >= 0x7f)
            return false;
    return value.n && value.n <= STIR_PEER_MAX_FIELD;
}

static enum stir_err copy(char **out, struct stir_slice value)
{
    char *text = malloc(value.n + 1);
    if (!text)
        return STIR_ENOMEM;
    if (value.n)
        memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    free(*out);
    *out = text;
    return STIR_OK;
}

static struct stir_slice only_if(bool good, struct stir_slice value)
{
    return good ? value : stir_slice_str("");
}

static bool begins_with(struct stir_slice text, const char *what)
{
    struct stir_slice head = stir_slice_str(what);
    return text.n >= head.n && stir_slice_ieq(stir_slice_upto(text, head.n), head);
}

static bool is_absolute(struct stir_slice url)
{
    return begins_with(url, "https://") || begins_with(url, "http://");
}

/* base64url, as RFC 8555 §6.5.1 has it. */
static bool is_nonce(struct stir_slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (!stir_is_alpha(value.p[i]) && !stir_is_digit(value.p[i]) && value.p[i] != '-' && value.p[i] != '_')
            return false;
    return value.n && value.n <= STIR_PEER_MAX_FIELD;
}

static enum stir_err take_type(struct stir_peer_answer *a, struct stir_slice value)
{
    value = stir_slice_trim(stir_slice_upto(value, stir_slice_find(value, ';')));
    TRY(copy(&a->type, only_if(is_printable(value), value)));
    for (char *c = a->type; *c; c++)
        *c = stir_lower(*c);
    return STIR_OK;
}

/* Seconds, or a date (RFC 9110 §10.2.3). */
static void take_retry(struct stir_peer_answer *a, struct stir_slice value, int64_t now)
{
    int64_t seconds = 0, at;
    bool digits = value.n > 0;
    for (size_t i = 0; i < value.n && digits; i++) {
        digits = stir_is_digit(value.p[i]);
        seconds = digits && seconds <= STIR_PEER_MAX_RETRY ? seconds * 10 + (value.p[i] - '0') : seconds;
    }
    if (!digits) {
        if (stir_date_parse(&at, value) != STIR_OK)
            return;
        seconds = at > now ? at - now : 0;
    }
    a->retry_after = seconds > STIR_PEER_MAX_RETRY ? STIR_PEER_MAX_RETRY : seconds;
}

/* ---- Link: <URL>; rel="next", <URL>; rel=index (RFC 8288 §3) ---- */

/* Up to the first `stop` outside of quotes. */
static struct stir_slice upto_unquoted(struct stir_slice text, char stop)
{
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            quoted = !quoted;
        else if (quoted && text.p[i] == '\\')
            i++;
        else if (!quoted && text.p[i] == stop)
            return stir_slice_upto(text, i);
    }
    return text;
}

static struct stir_slice behind(struct stir_slice text, struct stir_slice part)
{
    return stir_slice_from(text, part.n < text.n ? part.n + 1 : part.n);
}

/* The first rel of the parameters. */
static struct stir_slice relation(struct stir_slice params)
{
    while (params.n) {
        struct stir_slice one = upto_unquoted(params, ';');
        size_t equals = stir_slice_find(one, '=');
        params = behind(params, one);
        if (equals == one.n || !stir_slice_ieq(stir_slice_trim(stir_slice_upto(one, equals)), stir_slice_str("rel")))
            continue;
        struct stir_slice value = stir_slice_trim(stir_slice_from(one, equals + 1));
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = stir_slice_of(value.p + 1, value.n - 2);
        return value;
    }
    return stir_slice_str("");
}

static enum stir_err take_link(struct stir_peer_answer *a, struct stir_slice link)
{
    size_t end = stir_slice_find(link, '>');
    if (!link.n || link.p[0] != '<' || end == link.n || a->n_links == STIR_PEER_MAX_LINKS)
        return STIR_OK;
    struct stir_slice url = stir_slice_of(link.p + 1, end - 1), rel = relation(stir_slice_from(link, end + 1));
    struct stir_peer_link *to = &a->links[a->n_links];
    if (!is_printable(url) || !is_absolute(url) || rel.n > STIR_PEER_MAX_FIELD)
        return STIR_OK;
    *to = (struct stir_peer_link){NULL, NULL};
    enum stir_err err = copy(&to->url, url);
    err = err == STIR_OK ? copy(&to->rel, rel) : err;
    if (err != STIR_OK) {
        free(to->url);
        return err;
    }
    a->n_links++;
    return STIR_OK;
}

/* Commas may stand inside of a URL: they divide only behind its '>'. */
static enum stir_err take_links(struct stir_peer_answer *a, struct stir_slice value)
{
    while (value.n) {
        size_t head = stir_slice_find(value, '>');
        struct stir_slice tail = upto_unquoted(stir_slice_from(value, head), ',');
        struct stir_slice one = stir_slice_upto(value, head + tail.n);
        TRY(take_link(a, stir_slice_trim(one)));
        value = behind(value, one);
    }
    return STIR_OK;
}

enum stir_err stir_peer_field(struct stir_peer_answer *a, struct stir_slice name, struct stir_slice value, int64_t now)
{
    value = stir_slice_trim(value);
    if (stir_slice_ieq(name, stir_slice_str("Content-Type")))
        return take_type(a, value);
    if (stir_slice_ieq(name, stir_slice_str("Location")))
        return copy(&a->location, only_if(is_printable(value) && is_absolute(value), value));
    if (stir_slice_ieq(name, stir_slice_str("Replay-Nonce")))
        return copy(&a->replay_nonce, only_if(is_nonce(value), value));
    if (stir_slice_ieq(name, stir_slice_str("ETag")))
        return copy(&a->etag, only_if(is_printable(value), value));
    if (stir_slice_ieq(name, stir_slice_str("Link")))
        return take_links(a, value);
    if (stir_slice_ieq(name, stir_slice_str("Retry-After")))
        take_retry(a, value, now);
    return STIR_OK;
}

/* The one URL parser reads https alone: http is read as that where it may be. */
/*= RFC9447-7a */
const char *stir_peer_url_fault(struct stir_slice url, bool any_url)
{
    char text[STIR_MAX_URL + 2];
    struct stir_url parts;
    bool http = begins_with(url, "http://");
    if (http && !any_url)
        return "its scheme is http: TLS is asked for (any-url = yes allows it, for labs)";
    if (url.n > STIR_MAX_URL)
        return stir_url_fault_text(STIR_URL_LONG);
    int n = snprintf(text, sizeof(text), "https%.*s", http ? (int)(url.n - 4) : 0, http ? url.p + 4 : "");
    enum stir_url_fault fault = stir_url_parse_content(&parts, http ? stir_slice_of(text, (size_t)n) : url, any_url);
    return fault == STIR_URL_GOOD ? NULL : stir_url_fault_text(fault);
}
