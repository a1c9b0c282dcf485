/* Any x5u body against a fixed snapshot: always judged, by the rules of the header, and the same twice. */
#include <stdio.h>
#include <stdlib.h>

#include <stir/stir.h>

enum { NOW = 1780272000 };

/* A file of tests/data; free `.p`. */
static struct stir_slice fuzz_file(const char *name)
{
    char path[512];
    enum { ROOM = 1 << 16 };
    snprintf(path, sizeof(path), "%s/%s", STIR_TEST_DATA, name);
    FILE *f = fopen(path, "rb");
    char *p = malloc(ROOM);
    if (!f || !p)
        abort();
    size_t n = fread(p, 1, ROOM, f);
    fclose(f);
    return stir_slice_of(p, n);
}

static const struct stir_trust *snapshot(void)
{
    static struct stir_trust *trust;
    struct stir_trust_builder *builder = NULL;
    struct stir_cert *pa[2];
    struct stir_crl *crl = NULL;
    if (trust)
        return trust;
    static const char *const roots[] = {"chain/root.pem", "crl/ca-root.pem", "crl/other-root.pem"}, *const signers[] = {"crl/pa-root.pem", "crl/pa-crl.pem"};
    bool good = stir_trust_builder_new(&builder) == STIR_OK;
    for (size_t i = 0; good && i < 3; i++) {
        struct stir_slice pem = fuzz_file(roots[i]);
        good = stir_trust_add_pem(builder, pem, NULL) == STIR_OK;
        free((void *)(uintptr_t)pem.p);
    }
    for (size_t i = 0; good && i < 2; i++) {
        size_t n = 0;
        struct stir_slice pem = fuzz_file(signers[i]);
        good = stir_certs_parse(pa, 2, &n, pem, NULL) == STIR_OK && stir_trust_add_pa(builder, pa[0]) == STIR_OK;
        stir_cert_free(n ? pa[0] : NULL);
        free((void *)(uintptr_t)pem.p);
    }
    struct stir_slice der = fuzz_file("crl/pa-indirect.crl");
    good = good && stir_crl_parse(&crl, der, NULL) == STIR_OK && stir_trust_add_crl(builder, crl) == STIR_OK;
    good = good && stir_trust_freeze(&trust, builder, 1) == STIR_OK;
    stir_crl_free(crl);
    free((void *)(uintptr_t)der.p);
    if (!good)
        abort();
    return trust;
}

static void check(const struct stir_chain *chain, const struct stir_policy *policy)
{
    const struct stir_chain_info *info = stir_chain_info(chain);
    bool fatal = false;
    for (size_t i = 0; i < info->n_reasons; i++) {
        if (i && info->reasons[i] <= info->reasons[i - 1])
            abort(); /* in the catalogue's order, each once */
        if (!stir_reason_info(info->reasons[i]))
            abort();
        fatal = fatal || stir_policy_severity(policy, info->reasons[i]) == STIR_SEVERITY_FAIL;
    }
    if (info->trusted == fatal || fatal != (info->detail[0] != '\0') || (info->trusted && !info->domain[0]))
        abort();
    if ((info->leaf == NULL) != (info->n_path == 0) || info->n_path > STIR_MAX_CHAIN + 1)
        abort();
    for (size_t i = 0; i + 1 < info->n_path; i++)
        if (stir_cert_signed_by(info->path[i], info->path[i + 1]) != STIR_OK)
            abort();
    for (const char *p = info->detail; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p == 0x7f)
            abort(); /* one line, nothing that a terminal obeys */
    if (stir_chain_check_time(chain, NOW) == STIR_R_NONE && info->n_path && (NOW < info->valid_from || NOW > info->valid_until))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_policy policy;
    struct stir_chain *chain = NULL, *again = NULL;
    if (stir_policy_preset(&policy, stir_slice_str("shaken")) != STIR_OK)
        abort();
    if (stir_chain_from_pem(&chain, stir_slice_of(data, size), snapshot(), &policy, NOW) != STIR_OK)
        abort();
    check(chain, &policy);
    if (stir_chain_from_pem(&again, stir_slice_of(data, size), snapshot(), &policy, NOW) != STIR_OK)
        abort();
    if (stir_chain_info(chain)->trusted != stir_chain_info(again)->trusted || stir_chain_info(chain)->n_reasons != stir_chain_info(again)->n_reasons)
        abort();
    stir_chain_free(chain);
    stir_chain_free(again);
    return 0;
}
