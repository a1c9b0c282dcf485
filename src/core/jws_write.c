/* JSON Web Signatures written: ES256, compact and flattened. */
#include <stdlib.h>

#include "core/jws.h"

/* The bytes around the three parts. */
struct frame {
    const char *before, *between, *behind, *end;
};

static enum stir_err sign(unsigned char sig[STIR_ES256_SIG], struct stir_slice input, const struct stir_signer *signer)
{
    STIR_AUTO_STRUCT(stir_es256_ctx) *ctx = NULL;
    unsigned char digest[STIR_SHA256];
    TRY(stir_es256_ctx_new(&ctx));
    TRY(stir_es256_digest(ctx, input, digest));
    TRY(signer->sign(signer->arg, digest, sig));
    /* a device that signs with another key than it names, or miscalculates, is found here and not by whoever reads it */
    enum stir_err err = stir_es256_verify(ctx, signer->key, digest, stir_slice_of(sig, STIR_ES256_SIG));
    return err == STIR_ESIG ? STIR_EMISMATCH : err;
}

static enum stir_err put_signed(struct stir_writer *w, struct stir_slice header, struct stir_slice payload, const struct stir_signer *signer,
                                const struct frame *frame)
{
    unsigned char sig[STIR_ES256_SIG] = {0};
    size_t n_header = stir_b64url_encoded(header.n), n_payload = stir_b64url_encoded(payload.n), n = n_header + 1 + n_payload;
    size_t all = strlen(frame->before) + n_header + strlen(frame->between) + n_payload + strlen(frame->behind) + stir_b64url_encoded(STIR_ES256_SIG) +
                 strlen(frame->end);
    bool fits = w->need <= w->cap && all <= w->cap - w->need;
    char *input = malloc(n);
    if (!input)
        return STIR_ENOMEM;
    struct stir_writer in = stir_writer_of(input, n);
    stir_put_b64url(&in, header);
    stir_put_char(&in, '.');
    stir_put_b64url(&in, payload);
    enum stir_err err = fits ? sign(sig, stir_slice_of(input, n), signer) : STIR_OK;
    if (err == STIR_OK) {
        stir_put_text(w, frame->before);
        stir_put(w, input, n_header);
        stir_put_text(w, frame->between);
        stir_put(w, input + n_header + 1, n_payload);
        stir_put_text(w, frame->behind);
        stir_put_b64url(w, stir_slice_of(sig, sizeof(sig)));
        stir_put_text(w, frame->end);
    }
    free(input);
    return err;
}

static bool can_sign(const struct stir_signer *signer)
{
    return signer && signer->size >= sizeof(*signer) && signer->sign && signer->key;
}

enum stir_err stir_jws_put_compact(struct stir_writer *w, struct stir_slice header, struct stir_slice payload, const struct stir_signer *signer)
{
    static const struct frame compact = {"", ".", ".", ""};
    STIR_OSSL_QUIET;
    return can_sign(signer) && header.n ? put_signed(w, header, payload, signer, &compact) : STIR_EARG;
}

/*= RFC8555-6.2 */
enum stir_err stir_jws_put_flattened(struct stir_writer *w, struct stir_slice header, struct stir_slice payload, const struct stir_signer *signer)
{
    static const struct frame flattened = {"{\"protected\":\"", "\",\"payload\":\"", "\",\"signature\":\"", "\"}"};
    STIR_OSSL_QUIET;
    return can_sign(signer) && header.n ? put_signed(w, header, payload, signer, &flattened) : STIR_EARG;
}
