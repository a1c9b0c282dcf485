/* stir_cert_parse(): whatever comes, what is said lies in the certificate or stands whole beside it; what is read is written and read again as the same. */
#include <stdlib.h>

#include "core/cert.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void within(struct stir_slice der, struct stir_slice s)
{
    require(!s.p || (s.p >= der.p && s.n <= der.n && (size_t)(s.p - der.p) <= der.n - s.n));
}

static void slices_lie_within(const struct stir_cert_info *info)
{
    const struct stir_slice singles[] = {info->serial, info->issuer_der, info->subject_der, info->spki,
                                         info->ski_id, info->aki_id,     info->tnlist_url,  info->ca_issuers_url};
    for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
        within(info->der, singles[i]);
    require(info->n_crldps <= STIR_MAX_CRLDP && info->n_policies <= STIR_MAX_POLICIES && info->n_ext <= STIR_MAX_EXTENSIONS);
    for (size_t i = 0; i < info->n_crldps; i++) {
        within(info->der, info->crldps[i].url);
        within(info->der, info->crldps[i].crl_issuer);
    }
    for (size_t i = 0; i < info->n_ext; i++)
        within(info->der, info->ext[i].value);
}

/* Names are UTF-8, one line is printable ASCII. */
static void texts_are_texts(const struct stir_cert_info *info)
{
    const struct stir_slice names[] = {info->cn, info->o, info->c, info->serial_number, info->issuer_cn, info->issuer_o, info->issuer_c};
    const char *lines[] = {info->issuer, info->subject, info->serial_hex};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        require(stir_utf8_valid(names[i]));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        for (const char *c = lines[i]; *c; c++)
            require(*c >= ' ' && *c < 0x7f);
}

static void parts_agree(const struct stir_cert *cert, const struct stir_cert_info *info)
{
    require(info->version >= 1 && info->version <= 3);
    require((info->tnauth == STIR_PART_GOOD) == (info->tnauth_list != NULL));
    require((info->key == STIR_CERT_KEY_P256) == (stir_cert_key(cert) != NULL));
    require(info->crldp == STIR_PART_GOOD || info->n_crldps == 0);
    require(info->policies == STIR_PART_GOOD || info->n_policies == 0);
    require(info->basic_constraints == STIR_PART_GOOD || (!info->is_ca && info->path_len == -1));
    require(info->key_usage == STIR_PART_GOOD || info->key_usage_bits == 0);
    require(info->constraints == STIR_PART_ABSENT || info->constraints == STIR_PART_TWICE || info->constraints == STIR_PART_BAD ||
            stir_cert_constraints(cert, 0));
}

static void reads_back(const struct stir_cert *cert, const struct stir_cert_info *info)
{
    static char pem[2 * STIR_MAX_CERT];
    struct stir_cert *again = NULL;
    size_t len = 0, n = 0;
    require(stir_cert_write_pem(pem, sizeof(pem), &len, cert) == STIR_OK);
    require(stir_certs_parse(&again, 1, &n, stir_slice_of(pem, len), NULL) == STIR_OK && n == 1);
    require(stir_slice_eq(stir_cert_info(again)->der, info->der));
    require(memcmp(stir_cert_info(again)->sha256, info->sha256, STIR_SHA256) == 0);
    stir_cert_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_cert *cert = NULL;
    struct stir_diag diag = {.text = ""};
    enum stir_err err = stir_cert_parse(&cert, stir_slice_of(data, size), &diag);
    require((err == STIR_OK) == (cert != NULL));
    require(err == STIR_OK || diag.text[0] || err == STIR_EARG);
    if (!cert)
        return 0;
    const struct stir_cert_info *info = stir_cert_info(cert);
    slices_lie_within(info);
    texts_are_texts(info);
    parts_agree(cert, info);
    reads_back(cert, info);
    err = stir_cert_signed_by(cert, cert);
    require(err == STIR_OK || err == STIR_ESIG || err == STIR_EKEY);
    stir_cert_free(cert);
    return 0;
}
