#include "core/uuid.h"

#include "core/bytes.h"

#include <openssl/rand.h>

enum { UUID_TEXT = 36 };

static bool is_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

/*= RFC8588-5 */
bool stir_is_uuid(struct stir_slice text)
{
    if (text.n != UUID_TEXT || text.p[8] != '-' || text.p[13] != '-' || text.p[18] != '-' || text.p[23] != '-')
        return false;
    unsigned hex = 0;
    for (size_t i = 0; i < UUID_TEXT; i++)
        hex += (stir_classes[(unsigned char)text.p[i]] & STIR_C_HEX) != 0;
    return hex == UUID_TEXT - 4; /* a dash is no hex digit */
}

void stir_uuid_write(char buf[37], const unsigned char random[STIR_UUID])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[STIR_UUID];
    size_t from = 0;
    memcpy(bytes, random, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
    for (size_t at = 0; at < UUID_TEXT; at++) {
        if (is_dash(at)) {
            buf[at] = '-';
            continue;
        }
        buf[at] = hex[from % 2 ? bytes[from / 2] & 15 : bytes[from / 2] >> 4];
        from++;
    }
    buf[UUID_TEXT] = '\0';
}

enum stir_err stir_uuid(char buf[37])
{
    unsigned char bytes[STIR_UUID];
    if (!buf)
        return STIR_EARG;
    STIR_OSSL_QUIET;
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return STIR_ECRYPTO;
    stir_uuid_write(buf, bytes);
    return STIR_OK;
}
