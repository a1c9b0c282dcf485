/* stir_constraints_parse() and _check(): the first byte chooses the form (odd: RFC 9118), the rest is DER; then a few tokens are held against it. */
#include <stdlib.h>

#include "core/constraints.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const char *const payloads[] = {
    "{}",
    "{\"confidence\":\"high\"}",
    "{\"confidence\":\"l\\u006fw\",\"priority\":1}",
    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12125550100\"]},\"iat\":1792396800,\"orig\":{\"tn\":\"12155551212\"},\"origid\":\"x\"}",
    "{\"a\":1,\"b\":[true, null],\"c\":{\"y\" : 2,\"x\":\"\\u00e9\"},\"rcd\":{\"nam\":\"Example\"},\"\":\"\"}",
    "[\"a\"]",
};

static void hold(const struct stir_constraints *c, const char *text)
{
    static const char nobody[] = "";
    struct stir_json payload, value;
    enum stir_reason reason = STIR_R_IAT_FORM;
    struct stir_slice claim = stir_slice_of(nobody, 0);
    char name[32];
    require(stir_json_parse(&payload, stir_slice_str(text), NULL, NULL) == STIR_OK);
    require(stir_constraints_check(c, payload, &reason, &claim) == STIR_OK);
    if (reason == STIR_R_NONE) {
        require(claim.p == nobody);
        return;
    }
    require(!stir_constraints_is_void(c));
    require(reason == STIR_R_CLAIM_EXCLUDED || reason == STIR_R_CLAIM_REQUIRED || reason == STIR_R_CLAIM_NOT_PERMITTED);
    if (claim.n >= sizeof(name) || memchr(claim.p, 0, claim.n)) {
        require(reason == STIR_R_CLAIM_REQUIRED);
        return;
    }
    memcpy(name, claim.p, claim.n);
    name[claim.n] = '\0';
    require(stir_json_member(payload, name, &value) == (reason != STIR_R_CLAIM_REQUIRED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_constraints *c = NULL, *enhanced = NULL;
    if (size == 0)
        return 0;
    struct stir_slice der = stir_slice_of(data + 1, size - 1);
    enum stir_err err = stir_constraints_parse(&c, der, data[0] & 1);
    if (err != STIR_OK) {
        require((err == STIR_EDER || err == STIR_EVALUE || err == STIR_ELIMIT) && !c);
        return 0;
    }
    /* What the old form reads, the new one reads too, and it is not void. */
    require(stir_constraints_parse(&enhanced, der, true) == STIR_OK);
    require((data[0] & 1) || !stir_constraints_is_void(enhanced));
    stir_constraints_free(enhanced);
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
        hold(c, payloads[i]);
    stir_constraints_free(c);
    return 0;
}
