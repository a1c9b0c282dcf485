#include "service/header.h"

#include "core/bytes.h"

/* Registered compact forms (RFC 3261 §7.3.3 and the registry of SIP headers): of those that an operator may name. */
static char compact_of(struct stir_slice name)
{
    static const struct {
        const char *name;
        char compact;
    } forms[] = {{"From", 'f'},
                 {"To", 't'},
                 {"Call-ID", 'i'},
                 {"Contact", 'm'},
                 {"Via", 'v'},
                 {"Identity", 'y'},
                 {"Subject", 's'},
                 {"Content-Type", 'c'},
                 {"Supported", 'k'},
                 {"Content-Length", 'l'},
                 {"Content-Encoding", 'e'},
                 {"Refer-To", 'r'},
                 {"Event", 'o'},
                 {"Allow-Events", 'u'},
                 {"Referred-By", 'b'},
                 {"Accept-Contact", 'a'},
                 {"Reject-Contact", 'j'},
                 {"Request-Disposition", 'd'},
                 {"Session-Expires", 'x'}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (stir_slice_ieq(name, stir_slice_str(forms[i].name)))
            return forms[i].compact;
    return '\0';
}

/* The next header with all lines of its folds; false at the empty line or the end. */
static bool take_header(struct stir_slice *rest, struct stir_slice *header)
{
    size_t n = 0;
    do {
        const char *end = memchr(rest->p + n, '\n', rest->n - n);
        n = end ? (size_t)(end - rest->p) + 1 : rest->n;
    } while (n < rest->n && stir_is_space(rest->p[n]));
    *header = stir_slice_upto(*rest, n);
    *rest = stir_slice_from(*rest, n);
    return stir_slice_trim(*header).n > 0;
}

/* What stands behind the name and its colon; absent when it is another header. */
static struct stir_slice value_of(struct stir_slice header, struct stir_slice name, char compact)
{
    struct stir_slice none = {NULL, 0};
    size_t n = stir_span(header, STIR_C_TOKEN), colon = n;
    if (n == 0 || !((n == name.n && stir_slice_ieq(stir_slice_upto(header, n), name)) || (n == 1 && compact && stir_lower(header.p[0]) == compact)))
        return none;
    while (colon < header.n && stir_is_space(header.p[colon]))
        colon++;
    return colon < header.n && header.p[colon] == ':' ? stir_slice_trim(stir_slice_from(header, colon + 1)) : none;
}

size_t stir_header_find(struct stir_slice *value, struct stir_slice head, struct stir_slice name)
{
    struct stir_slice rest = head, header, first = {NULL, 0};
    char compact = compact_of(name);
    size_t seen = 0;
    bool start = true;
    while (rest.n && take_header(&rest, &header)) {
        struct stir_slice one = start ? stir_slice_of(NULL, 0) : value_of(header, name, compact);
        start = false;
        if (one.p && seen++ == 0)
            first = one;
    }
    if (value)
        *value = first;
    return seen;
}

struct stir_slice stir_header_only(struct stir_slice head, struct stir_slice name)
{
    struct stir_slice value;
    return stir_header_find(&value, head, name) == 1 ? value : stir_slice_of(NULL, 0);
}
