#include "core/json.h"

#define NO 0xff
static const unsigned char sextets[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO, NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,
    9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63, NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
#undef NO

/*= RFC7515-2 */
enum stir_err stir_b64url_decode(unsigned char *out, size_t *n, struct stir_slice text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    unsigned char *to = out;
    uint32_t bad = 0, word = 0;
    size_t tail = text.n % 4;
    for (const unsigned char *end = p + (text.n - tail); p != end; p += 4, to += 3) {
        uint32_t a = sextets[p[0]], b = sextets[p[1]], c = sextets[p[2]], d = sextets[p[3]];
        bad |= a | b | c | d;
        word = a << 18 | b << 12 | c << 6 | d;
        to[0] = (unsigned char)(word >> 16);
        to[1] = (unsigned char)(word >> 8);
        to[2] = (unsigned char)word;
    }
    if (tail == 1)
        return STIR_EB64;
    word = 0;
    for (size_t i = 0; i < tail; i++) {
        uint32_t a = sextets[p[i]];
        bad |= a;
        word |= a << (18 - 6 * i);
    }
    if ((bad & 0x80) || (tail == 2 && (word & 0xffff)) || (tail == 3 && (word & 0xff)))
        return STIR_EB64; /* a foreign character, or bits behind the last byte: another spelling of the same bytes */
    for (size_t i = 0; i + 1 < tail; i++)
        *to++ = (unsigned char)(word >> (16 - 8 * i));
    *n = (size_t)(to - out);
    return STIR_OK;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Whole triples of `p`, `n` of them. */
static void encode(char *to, const unsigned char *p, size_t n)
{
    for (; n; n--, p += 3, to += 4) {
        uint32_t word = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        to[0] = alphabet[word >> 18];
        to[1] = alphabet[word >> 12 & 63];
        to[2] = alphabet[word >> 6 & 63];
        to[3] = alphabet[word & 63];
    }
}

void stir_put_b64url(struct stir_writer *w, struct stir_slice bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t triples = bytes.n / 3, left = bytes.n % 3;
    if (bytes.n == 0)
        return; /* it may be absent, and nothing is added to no pointer */
    if (w->need <= w->cap && triples <= (w->cap - w->need) / 4) {
        encode(w->p + w->need, p, triples);
        w->need += 4 * triples;
        p += 3 * triples;
    } else {
        for (; triples; triples--, p += 3) { /* no room for all of it: what fits, and the count */
            char four[4];
            encode(four, p, 1);
            stir_put(w, four, 4);
        }
    }
    if (left) {
        uint32_t word = (uint32_t)p[0] << 16 | (left == 2 ? (uint32_t)p[1] << 8 : 0);
        char four[3] = {alphabet[word >> 18], alphabet[word >> 12 & 63], alphabet[word >> 6 & 63]};
        stir_put(w, four, left + 1);
    }
}
