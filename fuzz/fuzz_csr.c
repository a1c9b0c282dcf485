/* stir_csr_parse(): whatever comes, what is said lies in the request, and it is written and read again as the same. */
#include <stdlib.h>

#include "core/cert.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void within(struct stir_slice der, struct stir_slice s)
{
    require(s.p >= der.p && s.n <= der.n && (size_t)(s.p - der.p) <= der.n - s.n);
}

static void reads_back(const struct stir_csr *csr, const struct stir_csr_info *info)
{
    static char pem[2 * STIR_MAX_CERT];
    struct stir_csr *again = NULL;
    size_t len = 0;
    require(stir_csr_write_pem(pem, sizeof(pem), &len, csr) == STIR_OK);
    require(stir_csr_parse(&again, stir_slice_of(pem, len), NULL) == STIR_OK);
    require(stir_slice_eq(stir_csr_info(again)->der, info->der));
    stir_csr_free(again);
}

/* A request for the same name and numbers, with a key of ours, says the same again; names that no request of ours may have are refused. */
static void asks_again(const struct stir_csr_info *info)
{
    static struct stir_key_signer held;
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_csr *csr = NULL;
    if (!held.key)
        require(stir_key_generate(&held.key) == STIR_OK && stir_es256_ctx_new(&held.ctx) == STIR_OK);
    struct stir_signer signer = stir_signer_of_key(&held);
    params.cn = info->cn;
    params.o = info->o;
    params.c = info->c;
    params.serial_number = info->serial_number;
    params.tnauth = info->tnauth_list;
    params.role = info->wants_ca ? STIR_CERT_DELEGATE_CA : STIR_CERT_ROOT;
    const struct stir_cert_constraints constraints = {.der = info->constraints, .enhanced = info->constraints_enhanced};
    params.constraints = &constraints;
    enum stir_err err = stir_csr_make(&csr, &params, &signer, NULL);
    require((err == STIR_OK) == (csr != NULL) && (err == STIR_OK || err == STIR_EVALUE || err == STIR_ELIMIT));
    const struct stir_csr_info *again = stir_csr_info(csr);
    if (csr) {
        require(stir_slice_eq(again->cn, info->cn) && stir_slice_eq(again->o, info->o) && stir_slice_eq(again->c, info->c));
        require(stir_slice_eq(again->serial_number, info->serial_number) && stir_slice_eq(again->spki, stir_key_spki(held.key)));
        require((again->tnauth == STIR_PART_GOOD) == (info->tnauth_list != NULL));
        require(again->wants_ca == info->wants_ca && again->n_sans == 0);
        require(stir_slice_eq(again->constraints, info->constraints) && again->constraints_enhanced == info->constraints_enhanced);
    }
    stir_csr_free(csr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_csr *csr = NULL;
    struct stir_diag diag = {.text = ""};
    enum stir_err err = stir_csr_parse(&csr, stir_slice_of(data, size), &diag);
    require((err == STIR_OK) == (csr != NULL));
    require(err == STIR_OK || diag.text[0] || err == STIR_EARG);
    if (!csr)
        return 0;
    const struct stir_csr_info *info = stir_csr_info(csr);
    within(info->der, info->subject_der);
    within(info->der, info->spki);
    require(stir_utf8_valid(info->cn) && stir_utf8_valid(info->o) && stir_utf8_valid(info->c) && stir_utf8_valid(info->serial_number));
    require((info->tnauth == STIR_PART_GOOD) == (info->tnauth_list != NULL));
    require((info->key == STIR_CERT_KEY_P256) == (stir_csr_key(csr) != NULL));
    reads_back(csr, info);
    asks_again(info);
    stir_csr_free(csr);
    return 0;
}
