/* Out of memory in trust and chain: every allocation fails once, in turn. */
#include "oom.h"

enum { NOW = 1780272000 };

struct texts {
    struct stir_slice roots, pa_root, pa_signer, list, body;
};

static enum stir_err add_pa(struct stir_trust_builder *builder, struct stir_slice pem)
{
    struct stir_cert *cert = NULL;
    size_t n = 0;
    enum stir_err err = stir_certs_parse(&cert, 1, &n, pem, NULL);
    if (err == STIR_OK)
        err = stir_trust_add_pa(builder, cert);
    stir_cert_free(cert);
    return err;
}

static enum stir_err add_crl(struct stir_trust_builder *builder, struct stir_slice der)
{
    struct stir_crl *crl = NULL;
    enum stir_err err = stir_crl_parse(&crl, der, NULL);
    if (err == STIR_OK)
        err = stir_trust_add_crl(builder, crl);
    stir_crl_free(crl);
    return err;
}

static enum stir_err make_trust(struct stir_trust **out, const struct texts *t)
{
    struct stir_trust_builder *builder = NULL;
    enum stir_err err = stir_trust_builder_new(&builder);
    if (err == STIR_OK)
        err = stir_trust_add_pem(builder, t->roots, NULL);
    if (err == STIR_OK)
        err = add_pa(builder, t->pa_root);
    if (err == STIR_OK)
        err = add_pa(builder, t->pa_signer);
    if (err == STIR_OK)
        err = add_crl(builder, t->list);
    if (err == STIR_OK)
        err = stir_trust_freeze(out, builder, 1);
    if (err != STIR_OK)
        stir_trust_builder_free(builder);
    return err;
}

static enum stir_err judge_chain(void *arg)
{
    const struct texts *t = arg;
    struct stir_trust *trust = NULL;
    struct stir_chain *chain = NULL;
    struct stir_policy policy;
    enum stir_err err = stir_policy_preset(&policy, S("shaken"));
    if (err == STIR_OK)
        err = make_trust(&trust, t);
    if (err == STIR_OK)
        err = stir_chain_from_pem(&chain, t->body, trust, &policy, NOW);
    if (err == STIR_OK)
        assert_true(stir_chain_info(chain)->n_reasons >= 1 && stir_chain_info(chain)->reasons[0] == STIR_R_REVOKED);
    stir_chain_free(chain);
    stir_trust_free(trust);
    return err;
}

static void trust_and_chain_answer_enomem(void **state)
{
    struct texts t = {support_file("crl/ca-root.pem"), support_file("crl/pa-root.pem"), support_file("crl/pa-crl.pem"), support_file("crl/pa-indirect.crl"),
                      support_file("crl/chain1.pem")};
    (void)state;
    oom_run(judge_chain, &t);
    support_free(t.roots);
    support_free(t.pa_root);
    support_free(t.pa_signer);
    support_free(t.list);
    support_free(t.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust_and_chain_answer_enomem),
    };
    return cmocka_run_group_tests_name("chain_oom", tests, NULL, NULL);
}
