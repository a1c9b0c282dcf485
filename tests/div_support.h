/* Tokens of diverted calls, written in a line of text. */
#ifndef STIR_TESTS_DIV_SUPPORT_H
#define STIR_TESTS_DIV_SUPPORT_H

#include "call_support.h"

enum { ROOM = STIR_MAX_TOKEN + 256 };

/* "shaken 1>2" is signed by 1 for 2, "div 1>3 by 2" says that 2 diverted it to 3, and so does "div-o 1>3 by 2 [shaken 1>2]", around the token in brackets.
 * Behind one, "old" and "bad" make it stale or its signature wrong, "http" and "nowhere" its x5u one that may not be fetched, or none. Parties are single
 * characters that stand for numbers; dest may have several, as in "shaken 1>27". */
static inline const char *number(char digit, char room[16])
{
    snprintf(room, 16, "1212555010%c", digit);
    return room;
}

static inline void write_header(char header[256], const char *kind, const char *text)
{
    const char *x5u = strstr(text, "nowhere") ? "" : strstr(text, "http") ? ",\"x5u\":\"http://h/c\"" : ",\"x5u\":\"" X5U "\"";
    snprintf(header, 256, "{\"alg\":\"ES256\"%s%s%s,\"typ\":\"passport\"%s}", kind[0] ? ",\"ppt\":\"" : "", kind, kind[0] ? "\"" : "", x5u);
}

/* `token` gets what `text` says, `params` behind it; a token in brackets must be written already, as `opt`. */
static inline void write_one(struct pki *from, char *token, const char *text, const char *kind, const char *opt, const char *params)
{
    static char payload[ROOM];
    char header[256], orig[16], dest[128] = "", by[16], div[64] = "", claims[128] = "";
    const char *arrow = strchr(text, '>'), *diverter = strstr(text, "by ");
    long long iat = NOW - (strstr(text, "old") ? 3600 : 0);
    bool shaken = strcmp(kind, "shaken") == 0;
    assert_non_null(arrow);
    assert_int_equal(diverter != NULL, strncmp(kind, "div", 3) == 0);
    if (diverter)
        snprintf(div, sizeof(div), "\"div\":{\"tn\":\"%s\"},", number(diverter[3], by));
    if (shaken)
        snprintf(claims, sizeof(claims), ",\"origid\":\"" ORIGID "\"");
    if (strcmp(kind, "rph") == 0)
        snprintf(claims, sizeof(claims), ",\"rph\":{\"auth\":[\"ets.0\"]}");
    for (const char *p = arrow + 1; *p && *p != ' '; p++) {
        char one[16];
        size_t n = strlen(dest);
        snprintf(dest + n, sizeof(dest) - n, "%s\"%s\"", n ? "," : "", number(*p, one));
    }
    write_header(header, kind, text);
    snprintf(payload, sizeof(payload), "{%s\"dest\":{\"tn\":[%s]},%s\"iat\":%lld%s%s%s,\"orig\":{\"tn\":\"%s\"}%s}", shaken ? "\"attest\":\"A\"," : "", dest,
             div, iat, opt ? ",\"opt\":\"" : "", opt ? opt : "", opt ? "\"" : "", number(arrow[-1], orig), claims);
    pki_sign(from, token, ROOM, header, payload, params);
    if (strstr(text, "bad")) {
        char *within = strchr(strchr(token, '.') + 1, '.') + 10;
        *within = *within == 'A' ? 'B' : 'A';
    }
}

/* From the innermost to the outermost. */
static inline void write_token(struct pki *from, char *token, const char *text)
{
    static char inner[ROOM];
    char parts[12][64] = {{0}};
    size_t n = 0, depth = strcspn(text, "]");
    for (const char *p = text; p < text + depth && n < 12; n++) {
        size_t length = strcspn(p, "[]");
        assert_true(length < sizeof(parts[n]));
        memcpy(parts[n], p, length);
        p += length + 1;
    }
    for (size_t i = n; i-- > 0;) {
        char kind[16] = "", params[128] = "";
        snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(parts[i], " "), parts[i]);
        if (strcmp(kind, "base") == 0)
            kind[0] = '\0';
        if (i == 0)
            snprintf(params, sizeof(params), ";info=<" X5U ">;alg=ES256%s%s", kind[0] ? ";ppt=" : "", kind);
        if (i + 1 < n)
            memcpy(inner, token, ROOM);
        write_one(from, token, parts[i], kind, i + 1 < n ? inner : NULL, params);
    }
}

#endif
