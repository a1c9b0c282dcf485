/* Revocation lists: whatever is read is found again, by issuer and serial, and reads the same a second time. */
#include <stdio.h>
#include <stdlib.h>
#include <stir/crl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* A certificate whose key is asked about every list. */
static struct stir_cert *the_signer(void)
{
    static struct stir_cert *signer;
    static char text[4096];
    size_t n = 0;
    if (signer)
        return signer;
    FILE *f = fopen(STIR_TEST_DATA "/crl/pa-crl.pem", "rb");
    hold(f != NULL);
    size_t len = fread(text, 1, sizeof(text), f);
    fclose(f);
    hold(stir_certs_parse(&signer, 1, &n, stir_slice_of(text, len), NULL) == STIR_OK);
    return signer;
}

static void check_entries(const struct stir_crl *crl)
{
    size_t n = stir_crl_info(crl)->n_entries;
    struct stir_crl_entry entry, found;
    for (size_t i = 0; i < n && i < 1000; i++) {
        hold(stir_crl_entry_at(crl, i, &entry));
        hold(stir_crl_find(crl, entry.issuer_der, entry.serial, &found));
        hold(stir_slice_eq(entry.issuer_der, found.issuer_der));
        hold(entry.serial.n > 0 && found.reason >= -1 && (found.reason != 8 || entry.reason == 8));
    }
    hold(!stir_crl_entry_at(crl, n, &entry));
    hold(!stir_crl_find(crl, stir_slice_str("no name"), stir_slice_str("1"), &found));
}

static void check_info(const struct stir_crl_info *info)
{
    hold(info->version == 1 || info->version == 2);
    hold(info->issuer != NULL && info->issuer_der.n >= 2 && info->n_entries <= STIR_MAX_REVOKED && info->der.n <= STIR_MAX_CRL);
    hold(info->idp != STIR_PART_BAD || info->unknown_critical);
    hold(info->only_user + info->only_ca + info->only_attribute <= 1 || info->idp == STIR_PART_BAD);
    hold(info->version == 2 || (!info->number.p && info->idp == STIR_PART_ABSENT && !info->delta && !info->unknown_critical));
    hold(!info->number.p || (info->number.n > 0 && (unsigned char)info->number.p[0] < 0x80));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_crl *crl = NULL, *again = NULL;
    struct stir_diag diag = {.text = ""};
    struct stir_cert *signer = the_signer();
    enum stir_err err = stir_crl_parse(&crl, stir_slice_of(data ? (const void *)data : "", size), &diag);
    if (err != STIR_OK) {
        hold(crl == NULL && (err == STIR_EDER || err == STIR_EPEM || err == STIR_ELIMIT || err == STIR_ENOMEM));
        hold(err == STIR_ENOMEM || diag.text[0]);
        return 0;
    }
    const struct stir_crl_info *info = stir_crl_info(crl);
    check_info(info);
    check_entries(crl);
    hold(stir_crl_parse(&again, info->der, NULL) == STIR_OK && stir_slice_eq(stir_crl_info(again)->der, info->der));
    hold(stir_crl_info(again)->n_entries == info->n_entries && stir_crl_info(again)->unknown_critical == info->unknown_critical);
    err = stir_crl_signed_by(crl, signer);
    hold(err == STIR_OK || err == STIR_ESIG || err == STIR_EKEY || err == STIR_ENOMEM || err == STIR_ECRYPTO);
    stir_crl_free(again);
    stir_crl_free(crl);
    return 0;
}
