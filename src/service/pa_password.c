/* Passwords of accounts: kept as scrypt (RFC 7914), which costs whoever steals the store 32 MiB and a tenth of a second for each guess. */
#include "service/pa_parts.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum {
    SALT = 16,
    HASH = 32,
    COST = 32768, /* N */
    BLOCK = 8,    /* r */
    LANES = 1,    /* p */
    MAX_COST = 1 << 20,
};

struct scheme {
    int64_t cost, block, lanes;
    unsigned char salt[SALT], hash[HASH];
};

static bool stretch(unsigned char hash[HASH], const struct scheme *scheme, struct stir_slice password)
{
    uint64_t cost = (uint64_t)scheme->cost, block = (uint64_t)scheme->block, lanes = (uint64_t)scheme->lanes;
    STIR_OSSL_QUIET;
    return EVP_PBE_scrypt(password.p, password.n, scheme->salt, SALT, cost, block, lanes, 128 * block * (cost + lanes + 4), hash, HASH) == 1;
}

enum stir_err stir_pa_password_make(char text[STIR_PA_PASSWORD_TEXT], struct stir_slice password)
{
    STIR_OSSL_QUIET;
    struct scheme scheme = {COST, BLOCK, LANES, {0}, {0}};
    if (RAND_bytes(scheme.salt, SALT) != 1 || !stretch(scheme.hash, &scheme, password))
        return STIR_ECRYPTO;
    struct stir_writer w = stir_writer_of(text, STIR_PA_PASSWORD_TEXT);
    stir_put_format(&w, "scrypt$%d$%d$%d$", COST, BLOCK, LANES);
    stir_put_b64url(&w, stir_slice_of(scheme.salt, SALT));
    stir_put_char(&w, '$');
    stir_put_b64url(&w, stir_slice_of(scheme.hash, HASH));
    return stir_writer_close(&w, NULL);
}

/* The next part between '$'; false at the end. */
static bool next_part(struct stir_slice *rest, struct stir_slice *part)
{
    if (!rest->p)
        return false;
    size_t n = stir_slice_find(*rest, '$');
    *part = stir_slice_upto(*rest, n);
    *rest = n < rest->n ? stir_slice_from(*rest, n + 1) : stir_slice_str(NULL);
    return true;
}

static bool next_number(struct stir_slice *rest, int64_t *out, int64_t max)
{
    struct stir_slice part;
    if (!next_part(rest, &part))
        return false;
    return stir_json_integer(out, (struct stir_json){STIR_JSON_NUMBER, part}) && *out >= 1 && *out <= max;
}

static bool next_bytes(struct stir_slice *rest, unsigned char *out, size_t want)
{
    struct stir_slice part;
    size_t n = 0;
    return next_part(rest, &part) && part.n == stir_b64url_encoded(want) && stir_b64url_decode(out, &n, part) == STIR_OK && n == want;
}

static bool read_scheme(struct scheme *scheme, struct stir_slice text)
{
    struct stir_slice name;
    if (!next_part(&text, &name) || !stir_slice_is(name, "scrypt"))
        return false;
    return next_number(&text, &scheme->cost, MAX_COST) && next_number(&text, &scheme->block, 32) && next_number(&text, &scheme->lanes, 16) &&
           next_bytes(&text, scheme->salt, SALT) && next_bytes(&text, scheme->hash, HASH) && !text.p;
}

bool stir_pa_password_is(struct stir_slice stored, struct stir_slice password)
{
    struct scheme scheme = {COST, BLOCK, LANES, {0}, {0}};
    unsigned char hash[HASH];
    bool known = stored.p && read_scheme(&scheme, stored);
    if (!known)
        scheme = (struct scheme){COST, BLOCK, LANES, {0}, {0}};
    bool same = stretch(hash, &scheme, password) && CRYPTO_memcmp(hash, scheme.hash, HASH) == 0;
    OPENSSL_cleanse(hash, sizeof(hash));
    return known && same;
}

enum stir_err stir_pa_password_new(char password[STIR_PA_PASSWORD])
{
    STIR_OSSL_QUIET;
    unsigned char bytes[18];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return STIR_ECRYPTO;
    struct stir_writer w = stir_writer_of(password, STIR_PA_PASSWORD);
    stir_put_b64url(&w, stir_slice_of(bytes, sizeof(bytes)));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return stir_writer_close(&w, NULL);
}
