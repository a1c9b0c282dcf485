/* The strict x5u grammar: the one URL parser. A fetcher rebuilds the URL from these parts and never reads the text again. */
#ifndef STIR_CORE_URL_H
#define STIR_CORE_URL_H

#include <stir/limits.h>

#include "core/bytes.h"

struct stir_url {
    struct stir_slice host; /* as written, without brackets */
    uint16_t port;          /* 443 when absent */
    bool port_given;
    bool host_is_ip;         /* IPv4 in any of the spellings that inet_aton takes (dotted, octal, hex, one number), or IPv6 in brackets */
    struct stir_slice path;  /* begins with '/'; "/" when absent */
    struct stir_slice query; /* behind the '?'; absent when there is none */
};

enum stir_url_fault {
    STIR_URL_GOOD = 0,
    STIR_URL_SCHEME, /* not https (any case) */
    STIR_URL_SYNTAX, /* no such URL, or a character that none has */
    STIR_URL_USERINFO,
    STIR_URL_PORT, /* not 443 or 8443 */
    STIR_URL_QUERY,
    STIR_URL_FRAGMENT,
    STIR_URL_PARAMS, /* ';' in the path */
    STIR_URL_HOST,   /* empty, or no name that DNS has: a label empty, too long, or with other characters than letters, digits, '-', '_' */
    STIR_URL_IP,     /* an address instead of a name */
    STIR_URL_LONG,   /* longer than STIR_MAX_URL */
};

/* Take `text` apart and judge it by ATIS-1000074 5.3.1. `any_url` (labs) allows other ports and addresses. `*out` holds what could be read even when there is a
 * fault other than SYNTAX, SCHEME, LONG. The first fault in the order above is answered. */
enum stir_url_fault stir_url_parse(struct stir_url *out, struct stir_slice text, bool any_url);

/* The same for the URL of content that a token speaks of, rich call data (RFC 9795 §5.1): a query and parameters are no faults there. */
enum stir_url_fault stir_url_parse_content(struct stir_url *out, struct stir_slice text, bool any_url);

/* The URL as it is asked for: scheme and host in small letters, the port always, path and query as they came; NUL behind it. STIR_ELIMIT when `cap` is too
 * small. */
enum stir_err stir_url_write(char *buf, size_t cap, const struct stir_url *url) STIR_MUST_USE;

/* What a fault means, one line, for a person. */
const char *stir_url_fault_text(enum stir_url_fault fault);

#endif
