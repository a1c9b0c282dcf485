/* Reason headers on their way back to the caller (RFC 9410 §7): what names a token of ours does not go past us. */
#include <stir/attest.h>

#include "core/bytes.h"

enum { SIGNATURE_MIN = 32 }; /* characters by which a signature is still one of a kind */

/* A token of ours, as far as it may travel in a Reason header: "..signature", or whole. */
struct mark {
    struct stir_slice payload, signature;
};

/* What stands between the characters of a token when it is quoted, folded or wrapped. */
static bool is_filler(char c)
{
    return c == '\\' || c == '"' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Does `text` go on with `word`, whatever filler stands between? */
static bool begins_with(struct stir_slice text, struct stir_slice word)
{
    size_t at = 0;
    for (size_t i = 0; at < text.n && i < word.n; at++) {
        if (is_filler(text.p[at]))
            continue;
        if (text.p[at] != word.p[i])
            return false;
        if (++i == word.n)
            return true;
    }
    return false;
}

/* Anywhere, and not in ppi alone: it is no matter where it would be read. */
static bool says(struct stir_slice text, struct stir_slice word)
{
    for (; word.n && text.n >= word.n; text = stir_slice_from(text, 1))
        if (text.p[0] == word.p[0] && begins_with(text, word))
            return true;
    return false;
}

static bool names_ours(struct stir_slice value, const struct mark *own, size_t n_own)
{
    for (size_t i = 0; i < n_own; i++)
        if (says(value, own[i].signature) || says(value, own[i].payload))
            return true;
    return false;
}

/* Up to the first comma outside of quotes (RFC 3326 §2); false when a quote does not end. */
static bool next_value(struct stir_slice *value, struct stir_slice *left)
{
    bool quoted = false;
    size_t n = 0;
    for (; n < left->n && (quoted || left->p[n] != ','); n++) {
        if (left->p[n] == '"')
            quoted = !quoted;
        else if (quoted && left->p[n] == '\\' && n + 1 < left->n)
            n++;
    }
    *value = stir_slice_trim(stir_slice_upto(*left, n));
    *left = stir_slice_from(*left, n < left->n ? n + 1 : n);
    return !quoted;
}

static enum stir_err read_marks(struct mark *marks, const struct stir_slice *own, size_t n_own)
{
    for (size_t i = 0; i < n_own; i++) {
        struct stir_identity identity;
        if (stir_identity_parse(&identity, own[i], STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK || identity.signature.n < SIGNATURE_MIN)
            return STIR_EVALUE;
        marks[i] = (struct mark){identity.payload, identity.signature};
    }
    return STIR_OK;
}

/*= RFC9410-7 */
enum stir_err stir_attest_reason_strip(char *buf, size_t cap, size_t *len, size_t *removed, struct stir_slice value, const struct stir_slice *own, size_t n_own)
{
    struct mark marks[STIR_MAX_IDENTITIES];
    struct stir_writer w = stir_writer_of(buf, cap);
    struct stir_slice one, left = value;
    size_t gone = 0;
    if ((!buf && cap) || !len || !value.p || (n_own && !own))
        return STIR_EARG;
    if (value.n > STIR_MAX_MESSAGE || n_own > STIR_MAX_IDENTITIES)
        return STIR_ELIMIT;
    TRY(read_marks(marks, own, n_own));
    while (left.n) {
        if (!next_value(&one, &left))
            return STIR_ESYNTAX;
        bool ours = names_ours(one, marks, n_own);
        gone += ours;
        if (ours || one.n == 0)
            continue;
        if (w.need)
            stir_put_text(&w, ", ");
        stir_put_slice(&w, one);
    }
    TRY(stir_writer_close(&w, len));
    if (removed)
        *removed = gone;
    return STIR_OK;
}
