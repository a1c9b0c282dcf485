#include "cli/csr.h"
#include "io/file.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {NULL, CLI_FLAG, NULL, NULL, false},
};

int csr_read(const struct cli *cli, struct stir_csr **out, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    int status = cli_read(cli, &text, path, STIR_MAX_CERT * 2, CLI_NO);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_csr_parse(out, text, &diag);
    stir_file_free(&text);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : CLI_NO, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

static int run(struct cli *cli)
{
    struct stir_csr *csr = NULL;
    int status = csr_read(cli, &csr, cli->operand[0]);
    if (status != CLI_YES)
        return status;
    const struct stir_csr_info *info = stir_csr_info(csr);
    char *list = cli_tnauth_text(info->tnauth_list);
    const char *state = list ? list : info->tnauth == STIR_PART_ABSENT ? "none" : "unreadable";
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("subject", info->subject);
        cli_json_str("tnauth", list);
        cli_json_bool("p256", info->key == STIR_CERT_KEY_P256);
        cli_json_bool("wants_ca", info->wants_ca);
        cli_json_str("constraints", !info->constraints.p ? NULL : info->constraints_enhanced ? "enhanced" : "plain");
        cli_json_int("subject_alt_names", (int64_t)info->n_sans);
        cli_json_hex("spki", info->spki);
        cli_json_end('}');
        cli_json_done();
    } else {
        printf("subject     ");
        cli_print(stir_slice_str(info->subject));
        printf("\nTNAuthList  ");
        cli_print(stir_slice_str(state));
        printf("\nkey         %s\nCA          %s\n", info->key == STIR_CERT_KEY_P256 ? "P-256" : "not P-256 on the named curve",
               info->wants_ca ? "asked for" : "not asked for");
        if (info->constraints.p)
            printf("claims      constrained (%s)\n", info->constraints_enhanced ? "RFC 9118" : "RFC 8226 section 8");
        if (info->n_sans)
            printf("names       %zu in a subjectAltName, which certificates of this kind do not have\n", info->n_sans);
        printf("signature   good: made by its key\n");
    }
    free(list);
    stir_csr_free(csr);
    return CLI_YES;
}

const struct cli_command cmd_csr_show = {"csr", "show", "FILE|-", 1, 1, "say what a certificate request asks for", options, run};
