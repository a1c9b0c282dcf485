#include <stir/err.h>

#include "core/version.h"

const char *stir_err_name(enum stir_err err)
{
    switch (err) {
    case STIR_OK: return "STIR_OK";
    case STIR_ENOMEM: return "STIR_ENOMEM";
    case STIR_ELIMIT: return "STIR_ELIMIT";
    case STIR_ESYNTAX: return "STIR_ESYNTAX";
    case STIR_EDER: return "STIR_EDER";
    case STIR_EPEM: return "STIR_EPEM";
    case STIR_EJSON: return "STIR_EJSON";
    case STIR_EB64: return "STIR_EB64";
    case STIR_EVALUE: return "STIR_EVALUE";
    case STIR_EKEY: return "STIR_EKEY";
    case STIR_EPASS: return "STIR_EPASS";
    case STIR_ESIG: return "STIR_ESIG";
    case STIR_EMISMATCH: return "STIR_EMISMATCH";
    case STIR_ETIME: return "STIR_ETIME";
    case STIR_ESTATE: return "STIR_ESTATE";
    case STIR_EARG: return "STIR_EARG";
    case STIR_ENOTFOUND: return "STIR_ENOTFOUND";
    case STIR_ECRYPTO: return "STIR_ECRYPTO";
    case STIR_EIO: return "STIR_EIO";
    case STIR_EEXISTS: return "STIR_EEXISTS";
    case STIR_EBUSY: return "STIR_EBUSY";
    }
    return "STIR_E?";
}

const char *stir_err_text(enum stir_err err)
{
    switch (err) {
    case STIR_OK: return "done";
    case STIR_ENOMEM: return "out of memory";
    case STIR_ELIMIT: return "too long, too deep or too many";
    case STIR_ESYNTAX: return "does not follow its grammar";
    case STIR_EDER: return "not the DER its definition asks for";
    case STIR_EPEM: return "no usable PEM block";
    case STIR_EJSON: return "not strict JSON";
    case STIR_EB64: return "not base64url without padding";
    case STIR_EVALUE: return "a value that is not allowed here";
    case STIR_EKEY: return "not a usable P-256 key";
    case STIR_EPASS: return "the passphrase is missing or wrong";
    case STIR_ESIG: return "the signature does not verify";
    case STIR_EMISMATCH: return "these do not belong together";
    case STIR_ETIME: return "outside the time it is valid for";
    case STIR_ESTATE: return "called out of order";
    case STIR_EARG: return "bad argument";
    case STIR_ENOTFOUND: return "not found";
    case STIR_ECRYPTO: return "OpenSSL could not do it";
    case STIR_EIO: return "a file, folder, store or peer cannot be read or written";
    case STIR_EEXISTS: return "there already";
    case STIR_EBUSY: return "somebody else has it now";
    }
    return "unknown error";
}

const char *stir_version(void)
{
    return STIR_VERSION_TEXT;
}
