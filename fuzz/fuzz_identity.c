/* Identity values. Strict accepts exactly what tolerant reads without a departure; slices lie in the text; what is written reads back as itself. */
#include <stdlib.h>
#include <string.h>

#include <stir/identity.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static bool within(struct stir_slice part, struct stir_slice text)
{
    return !part.p || (part.p >= text.p && part.p <= text.p + text.n && part.n <= (size_t)(text.p + text.n - part.p));
}

static void check_parts(const struct stir_identity *id, struct stir_slice text)
{
    const struct stir_slice parts[] = {id->token, id->header, id->payload, id->signature, id->signing_input, id->info, id->alg, id->ppt};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        check(within(parts[i], text));
    check(id->token.n > 0 && id->token.n <= STIR_MAX_TOKEN);
    check(!id->info.p == !!(id->departures & STIR_ID_NO_INFO));
    if (id->departures & STIR_ID_BAD_PARTS) {
        check(!id->header.p && !id->payload.p && !id->signature.p && !id->signing_input.p && !id->compact);
        return;
    }
    check(id->header.n + id->payload.n + id->signature.n + 2 == id->token.n);
    check(id->compact ? !id->signing_input.p : id->signing_input.n == id->header.n + 1 + id->payload.n);
}

/* What cannot be written: what only the tolerant reader takes, and URLs with path parameters, which nobody may fetch. */
static void check_writing(const struct stir_identity *id)
{
    static char buf[STIR_MAX_IDENTITY + 64];
    struct stir_identity again;
    size_t len;
    if (!id->info.p)
        return;
    enum stir_err err = stir_identity_write(buf, sizeof(buf), &len, id->token, id->info, id->ppt, NULL);
    check(err == STIR_OK || id->departures || memchr(id->info.p, ';', id->info.n));
    if (err != STIR_OK || len > STIR_MAX_IDENTITY)
        return;
    check(stir_identity_parse(&again, stir_slice_of(buf, len), STIR_IDENTITY_STRICT, NULL, NULL) == STIR_OK);
    check(stir_slice_eq(again.token, id->token) && stir_slice_eq(again.info, id->info) && stir_slice_eq(again.ppt, id->ppt) && !again.ppt.p == !id->ppt.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(size ? (const void *)data : "", size);
    struct stir_identity id, strict;
    struct stir_diag diag = {.text = ""};
    enum stir_reason reason = STIR_R_NONE;
    enum stir_err err = stir_identity_parse(&id, text, STIR_IDENTITY_TOLERANT, &reason, &diag);
    enum stir_err err_strict = stir_identity_parse(&strict, text, STIR_IDENTITY_STRICT, NULL, NULL);
    if (err != STIR_OK) {
        check((err == STIR_ESYNTAX || err == STIR_ELIMIT) && err_strict == err && reason != STIR_R_NONE && diag.text[0]);
        return 0;
    }
    check((err_strict == STIR_OK) == (id.departures == 0));
    for (unsigned left = id.departures; left; left &= left - 1)
        check(stir_identity_departure_text((enum stir_identity_departure)(left & (~left + 1)))[0]);
    check_parts(&id, text);
    check_writing(&id);
    return 0;
}
