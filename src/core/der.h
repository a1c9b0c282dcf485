/* DER for certificates, requests and lists: identifiers, and a writer on top of struct stir_writer. The reader is stir_der_get() of bytes.h. */
#ifndef STIR_CORE_DER_H
#define STIR_CORE_DER_H

#include "core/bytes.h"

/* Tags of X.690 and X.509. */
enum {
    STIR_DER_BOOLEAN = 0x01,
    STIR_DER_INTEGER = 0x02,
    STIR_DER_BIT_STRING = 0x03,
    STIR_DER_OCTET_STRING = 0x04,
    STIR_DER_NULL = 0x05,
    STIR_DER_OID = 0x06,
    STIR_DER_UTF8 = 0x0c,
    STIR_DER_NUMERIC = 0x12,
    STIR_DER_PRINTABLE = 0x13,
    STIR_DER_T61 = 0x14,
    STIR_DER_IA5 = 0x16,
    STIR_DER_UTC_TIME = 0x17,
    STIR_DER_GENERALIZED_TIME = 0x18,
    STIR_DER_VISIBLE = 0x1a,
    STIR_DER_UNIVERSAL = 0x1c,
    STIR_DER_BMP = 0x1e,
    STIR_DER_SEQUENCE = 0x30,
    STIR_DER_SET = 0x31,
};
/* Context-specific tags: [n] around or instead of a constructed, or of a primitive value. */
#define STIR_DER_CONSTRUCTED(n) (unsigned char)(0xa0 | (n))
#define STIR_DER_PRIMITIVE(n) (unsigned char)(0x80 | (n))

/* Content bytes of an OBJECT IDENTIFIER known at compile time. */
#define STIR_OID(bytes) stir_slice_of(bytes, sizeof(bytes) - 1)

/* The value that is all of `text`: as stir_der_get(), and STIR_EDER when bytes follow. */
enum stir_err stir_der_only(struct stir_slice text, unsigned char tag, struct stir_slice *content) STIR_MUST_USE;

/* Read over one value of any tag (one byte long). @return STIR_OK or STIR_EDER. */
enum stir_err stir_der_any(struct stir_reader *r, unsigned char *tag, struct stir_slice *content, struct stir_slice *whole) STIR_MUST_USE;

/* AuthorityInfoAccessSyntax (RFC 5280 §4.2.2.1): the first URI of access method `method`, absent when it has none. @return STIR_OK or STIR_EDER. */
enum stir_err stir_der_access(struct stir_slice value, struct stir_slice method, struct stir_slice *url) STIR_MUST_USE;
/* id-ad-caIssuers: where the issuer's certificate is. */
#define STIR_OID_CA_ISSUERS STIR_OID("\x2b\x06\x01\x05\x05\x07\x30\x02")

/* BOOLEAN. @return STIR_OK or STIR_EDER (other bytes than 00 and ff). */
enum stir_err stir_der_bool(struct stir_reader *r, bool *out) STIR_MUST_USE;

/* INTEGER content that is not empty and has no needless leading byte. */
bool stir_der_integer_ok(struct stir_slice content);

/* Dotted text of the content bytes of an OBJECT IDENTIFIER.
 * @return STIR_OK, STIR_EDER (no identifier, or one longer than any that exists), STIR_ENOMEM. */
enum stir_err stir_oid_text(struct stir_slice *out, struct stir_slice content, struct stir_arena *arena) STIR_MUST_USE;

/* Content bytes of dotted text, put into `w`. @return STIR_OK or STIR_EVALUE (no identifier in dotted form). */
enum stir_err stir_oid_put(struct stir_writer *w, struct stir_slice dotted) STIR_MUST_USE;

/* Write a value: open, put its content, close. The lengths come right when `w` has overflowed, too. */
size_t stir_der_open(struct stir_writer *w, unsigned char tag);
void stir_der_close(struct stir_writer *w, size_t at);
void stir_der_put(struct stir_writer *w, unsigned char tag, struct stir_slice content);

/* Time as X.509 has it (RFC 5280 §4.1.2.5): UTCTime or GeneralizedTime with seconds and Z. @return STIR_OK or STIR_EDER. `r` moves on. */
enum stir_err stir_der_time(struct stir_reader *r, int64_t *out) STIR_MUST_USE;

/* UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). @return STIR_OK or STIR_EVALUE (not in the years 1950 to 9999). */
enum stir_err stir_der_put_time(struct stir_writer *w, int64_t at) STIR_MUST_USE;

#endif
